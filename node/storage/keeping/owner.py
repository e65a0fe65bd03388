"""What the owner forgets: who had an item, then the loan with its decisions, returns and fine orders; holds too."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, delete, exists, or_, update

from node.domain.keeping import FORGOTTEN
from node.domain.states import OpState
from node.storage.keeping.pieces import Aging, Kind, aged, is_needed, of_history, of_operations
from node.storage.schema import evidence, fine, fine_mirror, fine_order, hold, loan, owner_op

_owed_at_ledger = exists().where(
    fine.c.loan == loan.c.op,
    or_(fine.c.amount_fen > fine.c.paid_fen, fine.c.settled_at_ms >= bindparam("history")),
)
_owed_at_home = exists().where(
    fine_mirror.c.loan == loan.c.op,
    or_(fine_mirror.c.amount_fen > fine_mirror.c.paid_fen, fine_mirror.c.settled_at_ms >= bindparam("history")),
)
_is_reserving = owner_op.c.state == OpState.RESERVING
_op_has_loan = exists().where(loan.c.op == owner_op.c.loan)
_op_has_hold = exists().where(hold.c.hold == owner_op.c.hold)
_return_has_loan = exists().where(loan.c.op == evidence.c.loan)


KINDS: Final[tuple[Kind, ...]] = (
    Aging(
        "readers_of_loans",
        aged(loan.c.closed_at_ms, loan.c.op, loan.c.closed_at_ms, or_(_owed_at_ledger, _owed_at_home)).where(
            loan.c.closed_at_ms.is_not(None), or_(loan.c.reader.is_(None), loan.c.reader != FORGOTTEN)
        ),
        update(loan).where(loan.c.op == bindparam("key_")).values(reader=FORGOTTEN),
        before=of_history,
        stays=is_needed,
    ),
    Aging(
        "loans",
        aged(loan.c.closed_at_ms, loan.c.op, loan.c.closed_at_ms).where(
            loan.c.closed_at_ms.is_not(None), loan.c.reader == FORGOTTEN
        ),
        delete(fine_order).where(fine_order.c.loan == bindparam("key_")),
        delete(loan).where(loan.c.op == bindparam("key_")),
        before=of_operations,
    ),
    Aging(
        "readers_of_holds",
        aged(hold.c.ended_at_ms, hold.c.hold, hold.c.ended_at_ms).where(
            hold.c.ended_at_ms.is_not(None), hold.c.reader != FORGOTTEN
        ),
        update(hold).where(hold.c.hold == bindparam("key_")).values(reader=FORGOTTEN, title=""),
        before=of_history,
    ),
    Aging(
        "holds",
        aged(hold.c.ended_at_ms, hold.c.hold, hold.c.ended_at_ms).where(
            hold.c.ended_at_ms.is_not(None), hold.c.reader == FORGOTTEN
        ),
        delete(hold).where(hold.c.hold == bindparam("key_")),
        before=of_operations,
    ),
    Aging(
        "decisions",
        aged(owner_op.c.at_ms, owner_op.c.op, owner_op.c.at_ms, or_(_is_reserving, _op_has_loan, _op_has_hold)),
        delete(owner_op).where(owner_op.c.op == bindparam("key_")),
        before=of_operations,
        stays=is_needed,
    ),
    Aging(
        "returns",
        aged(evidence.c.at_ms, evidence.c.op, evidence.c.at_ms, _return_has_loan),
        delete(evidence).where(evidence.c.op == bindparam("key_")),
        before=of_operations,
        stays=is_needed,
    ),
)
