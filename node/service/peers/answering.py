"""What this library answered to others, and who got no answer: counted, and lines in the log.

The line bears the operation's id, so an operation can be followed at every library that took part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from federation.clock import WallMs
from federation.contract import Reason
from federation.outcomes import AnswerOutcome
from federation.troubles import TURNED_AWAY, TurnedAway


class TurnedAwayReport:
    """`event("peer_turned_away", peer=... or address=..., reason=..., why=..., count=...)`, the 1st, 2nd, 4th, 8th ...
    time of each reason; `count(reason)` counts every one."""

    def __init__(self, event: Callable[..., None], count: Callable[[str, int], None], wall_ms: WallMs) -> None:
        self._event = event
        self._count = count
        self._wall_ms = wall_ms
        self._seen: Counter[TurnedAway] = Counter()
        self._last: dict[TurnedAway, tuple[str, int]] = {}

    def turned_away(self, who: str, why: TurnedAway, times: int = 1) -> None:
        """`who`: the library that the certificate names, or an address; "" if neither is known."""
        if times < 1:
            return
        self._count(why, times)
        before, self._seen[why] = self._seen[why], self._seen[why] + times
        self._last[why] = (who, self._wall_ms())
        if before.bit_length() != self._seen[why].bit_length():
            named = {"peer": who} if who.isalnum() else {"address": who} if who else {}
            self._event("peer_turned_away", **named, reason=why, why=TURNED_AWAY[why], count=self._seen[why])

    def each(self) -> Iterator[tuple[TurnedAway, str, int, int]]:
        """Of each reason: the last one's name or address, when (ms), and how many there were."""
        for why, (who, at_ms) in self._last.items():
            yield why, who, at_ms, self._seen[why]


class AnswerReport:
    """`event("federation", peer=..., method=..., op=...)`; `count(peer, method, outcome)` counts every answer."""

    def __init__(self, event: Callable[..., None], count: Callable[[str, str, str], None]) -> None:
        self._event = event
        self._count = count

    def answered(self, peer: str, method: str, op: str, outcome: AnswerOutcome, reason: Reason | None) -> None:
        """`op` is "" for a question that belongs to no operation, such as the standing of a card."""
        self._count(peer, method, outcome)
        if op:
            self._event("federation", op=op, peer=peer, method=method, outcome=outcome, reason=reason)
