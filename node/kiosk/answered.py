"""An answer to a kiosk, and what the decision says of it: its outcome, its reason, its operation.

Whoever makes a response wraps it here, beside the decision that it tells. Nothing is read back from the response.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from federation.contract import PinCheck, Reason, Refused
from node.kiosk.seen import Seen
from node.observe.outcomes import EdgeReason, Outcome
from node.service.desk.memory import Told
from sip2 import Message

NOBODY_SAYS: Final = frozenset((Reason.IN_DOUBT, Reason.OWNER_UNREACHABLE, Reason.HOME_UNREACHABLE))
"""Reasons that tell of a missing answer: the kiosk hears "no", the truth is unknown (promise 1)."""


class Answered(NamedTuple):
    """`reason`: why the kiosk was told "no". `op`: the operation, in hex; None if there is none."""

    response: Message
    outcome: Outcome
    reason: Reason | EdgeReason | None = None
    op: str | None = None


def done(response: Message, op: str | None = None) -> Answered:
    """It was done, or told, as asked."""
    return Answered(response, Outcome.OK, None, op)


def refused(response: Message, reason: Reason | EdgeReason, op: str | None = None) -> Answered:
    """It was not done, for that reason."""
    return Answered(response, Outcome.UNKNOWN if reason in NOBODY_SAYS else Outcome.REFUSED, reason, op)


def by_told(response: Message, told: Told[Any]) -> Answered:
    """The response tells what the desk decided."""
    op = told.op or None
    reason = told.answer.reason if isinstance(told.answer, Refused) else None
    if told.repeated:
        return Answered(response, Outcome.REPEATED, reason, op)
    return Answered(response, Outcome.OK, None, op) if reason is None else refused(response, reason, op)


def by_decision(response: Message, decision: object) -> Answered:
    """The response tells what some library decided, without an operation."""
    return refused(response, decision.reason) if isinstance(decision, Refused) else done(response)


def by_seen(response: Message, found: Seen | Refused) -> Answered:
    """The response tells how a card stands. That it may not borrow is an answer; a wrong PIN gets none."""
    if isinstance(found, Seen) and found.pin is PinCheck.WRONG:
        return refused(response, Reason.PIN_WRONG)
    return by_decision(response, found)


def failed(response: Message, refusal: Refused) -> Answered:
    """An accident of ours, whatever the fields of its response say."""
    return Answered(response, Outcome.ERROR, refusal.reason)


def late(response: Message, refusal: Refused) -> Answered:
    """The desk did not answer in time."""
    return Answered(response, Outcome.LATE, refusal.reason)
