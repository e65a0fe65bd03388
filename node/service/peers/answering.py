"""What this library answered to others: counted, and one line in the log for each operation.

The line bears the operation's id, so an operation can be followed at every library that took part.
"""

from __future__ import annotations

from collections.abc import Callable

from federation.contract import Reason
from federation.outcomes import AnswerOutcome


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
