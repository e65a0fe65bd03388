"""What other libraries do too often: counted in a metric, and told the operator, once an hour at most.

Nothing is refused here. A city has few libraries and this module few kinds, so memory is bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from federation.clock import Clock

HOUR_S: Final = 3600.0
UNUSUAL: Final = {"unknown_card": 100, "wrong_pin": 200, "out_of_bounds": 1, "many_cards": 1, "over_budget": 10}
"""How many in an hour are worth a word with that library."""


@dataclass(slots=True)
class _Hour:
    began_s: float
    count: int = 0


class PeerAlarm:
    """Tells `event("peer_alarm", peer=..., kind=..., count=...)`; `count(peer, kind)` counts each."""

    def __init__(self, clock: Clock, event: Callable[..., None], count: Callable[[str, str], None]) -> None:
        self._clock = clock
        self._event = event
        self._count = count
        self._hours: dict[tuple[str, str], _Hour] = {}

    def noted(self, peer: str, kind: str) -> None:
        self._count(peer, kind)
        now_s = self._clock.seconds()
        hour = self._hours.get((peer, kind))
        if hour is None or now_s - hour.began_s >= HOUR_S:
            hour = self._hours[peer, kind] = _Hour(now_s)
        hour.count += 1
        if hour.count == UNUSUAL[kind]:
            self._event("peer_alarm", peer=peer, kind=kind, count=hour.count)
