"""One timer for all connections with something that has a time limit: a request, half a frame, a full buffer.

Promises: an idle connection costs nothing, and the timer stops while no connection has a limit.
"""

from __future__ import annotations

from typing import Protocol

from federation.clock import Clock

TICK_S = 1.0


class Watched(Protocol):
    def look(self, now_s: float) -> bool:
        """End what has taken too long. Whether there is still something to watch."""
        ...


class Watch:
    """Looks at its connections once a second, as long as there are any."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._watched: dict[Watched, None] = {}  # in order, so that a replay looks at them in the same order
        self._ticking = False

    def over(self, one: Watched) -> None:
        """Watch this one until its `look` says that there is nothing more to watch."""
        self._watched[one] = None
        if not self._ticking:
            self._ticking = True
            self._clock.callLater(TICK_S, self._tick)

    def _tick(self) -> None:
        now_s = self._clock.seconds()
        # A look may end a connection, whose end may begin another watch: let it join the next round.
        looked, self._watched = self._watched, {}
        self._watched |= {one: None for one in looked if one.look(now_s)}
        self._ticking = bool(self._watched)
        if self._ticking:
            self._clock.callLater(TICK_S, self._tick)
