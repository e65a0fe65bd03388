"""How a call between two libraries ended: for the one that asked, and for the one that was asked.

Both enums are label values of the metrics, so they are bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

from federation.contract import Reason, Receipt, Refused


class CallOutcome(StrEnum):
    """What the asking library heard."""

    OK = "ok"
    """A decision; of a delivery: every notice was taken."""
    REFUSED = "refused"
    """A `Refused`; of a delivery: some notice was not taken."""
    NOT_UNDERSTOOD = "not_understood"
    """The peer is there; its answer can't be read, or it does not know the method."""
    NOT_PERMITTED = "not_permitted"
    UNREACHABLE = "unreachable"
    """No answer in time, or the peer can't tell now."""
    ERROR = "error"
    """The peer said that it had an accident."""
    DOWN = "down"
    """Not sent: the peer is known to be down."""
    CANCELLED = "cancelled"
    """Given up here before the answer came."""


class AnswerOutcome(StrEnum):
    """What the answering library said."""

    OK = "ok"
    REFUSED = "refused"
    NOT_PERMITTED = "not_permitted"
    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    """It can't tell now: a third library that it needs does not answer."""
    ERROR = "error"
    """An accident of its own."""


Called: TypeAlias = Callable[[str, str, CallOutcome, "Reason | None", float], None]
"""`(peer, method, outcome, reason, seconds)`; the reason is that of a `Refused`."""

Answered: TypeAlias = Callable[[str, str, str, AnswerOutcome, "Reason | None"], None]
"""`(caller, method, op, outcome, reason)`; `op` is "" where the question has none, or could not be read."""


def refusal_of(decision: object) -> tuple[bool, Reason | None]:
    """Whether something was refused, and why. Of receipts, which are sentences, no reason is known."""
    if isinstance(decision, Refused):
        return True, decision.reason
    if isinstance(decision, tuple):
        return any(isinstance(each, Receipt) and not each.taken for each in decision), None
    return False, None
