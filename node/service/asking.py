"""Asking again: the same question at fixed moments until an answer comes or time is up.

Every question carries its operation id, so asking twice is asking once (design 4).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from federation.clock import Clock
from federation.contract import PeerUnreachable

T = TypeVar("T")


def ask_repeatedly(
    clock: Clock, ask: Callable[[float], Deferred[T]], at_s: tuple[float, ...], within_s: float
) -> Deferred[T]:
    """`ask(timeout_s)` at each moment of `at_s` (0 first) until one answers, or `within_s` is over.

    Fires with the first answer. Errors: `PeerUnreachable` when time is up, or at once when the peer is known to be
    down; any other error of `ask` as it comes. Later copies go on in the background: the first answer stands
    because the peer gives the same one to each.
    """
    return _Asking(clock, ask, at_s, within_s).answer


class _Asking:
    def __init__(
        self, clock: Clock, ask: Callable[[float], Deferred[Any]], at_s: tuple[float, ...], within_s: float
    ) -> None:
        self._clock = clock
        self._ask = ask
        self._began_s = clock.seconds()
        self._within_s = within_s
        # One timer at a time: a timer that is set only to be cancelled costs as much as the question itself.
        self._moments = [*(moment for moment in at_s[1:] if moment < within_s), within_s]
        self._last: PeerUnreachable | None = None
        self.answer: Deferred[Any] = Deferred()
        self._next = clock.callLater(self._moments[0], self._moment)
        self._once()

    def _moment(self) -> None:
        reached = self._moments.pop(0)
        if not self._moments:
            self._finish(Failure(self._last or PeerUnreachable("", "no answer in time")))
            return
        self._next = self._clock.callLater(self._moments[0] - reached, self._moment)
        self._once()

    def _once(self) -> None:
        left_s = self._began_s + self._within_s - self._clock.seconds()
        if left_s > 0:
            self._ask(left_s).addCallbacks(self._finish, self._failed)

    def _finish(self, result: object) -> None:
        if self._next.active():
            self._next.cancel()
        if not self.answer.called:
            self.answer.callback(result)

    def _failed(self, failure: Failure) -> None:
        if isinstance(failure.value, PeerUnreachable) and failure.value.why != "down":
            self._last = failure.value
            return
        self._finish(failure)
