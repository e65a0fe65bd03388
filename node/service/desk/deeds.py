"""What an operation of the branch came to, as far as its answer shows. None: it is not answered yet."""

from __future__ import annotations

from federation.contract import Lent, Reason, Refused
from node.service.desk.kinds import Kind
from node.storage.desk.operations import KioskOpRow


def asked_for_a_fee(answer: object) -> bool:
    return isinstance(answer, Refused) and answer.reason is Reason.FEE_NOT_ACKNOWLEDGED


def was_too_soon(answer: object) -> bool:
    return isinstance(answer, Refused) and answer.reason is Reason.ASKED_TWICE


def moved(row: KioskOpRow, answer: object) -> bool:
    """Whether it lent, renewed or took back the item, or may have: a loan told again is no other."""
    if isinstance(answer, Lent):
        return answer.op == row.op
    return row.message != Kind.KEEP and not isinstance(answer, Refused)


def did(row: KioskOpRow, answer: object) -> bool:
    """Whether it made a loan, or took the item back, as far as is known: a repeat of such a request did not."""
    match Kind(row.message):
        case Kind.CHECKOUT:
            return isinstance(answer, Lent) and answer.op == row.op
        case Kind.RETURN:
            return not isinstance(answer, Refused)
        case _:
            return False
