"""Rows of the owner about returns: the evidence of each, what was answered to it, and the fines ordered for it."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from node.storage.rows import Rows
from node.storage.schema import evidence, fine_order
from node.storage.statements import Statement, alteration
from node.storage.store import Tx

# --- evidence of returns -------------------------------------------------------------------------------------


class EvidenceRow(NamedTuple):
    """`at_ms`: when it was heard of. `loan` None: it ended none. `route`, `destination`, `hold`, `arrived`: what was
    answered to it. `told_late_s`: how long after `returned_at_ms`, which the terminal told, the item was in its hands.
    `clock_off_ms`: how far the clock of that date was behind the right time, if it was wrong by more than a minute.
    """

    op: str
    barcode: str
    branch: str
    returned_at_ms: int
    at_ms: int
    loan: str | None = None
    voided: bool = False
    arrived: bool = False
    route: str = ""
    destination: str = ""
    hold: str | None = None
    told_late_s: int = 0
    clock_off_ms: int = 0

    @property
    def right_ms(self) -> int:
        """When it came back by the right time, as far as that is known."""
        return self.returned_at_ms + self.clock_off_ms

    @property
    def seen_ms(self) -> int:
        """When the item was in the hands of the branch, whatever day its terminal told."""
        return self.returned_at_ms + self.told_late_s * 1000


_EVIDENCE = Rows(EvidenceRow, evidence)
_FIND_EVIDENCE = _EVIDENCE.selection(_EVIDENCE.select.where(evidence.c.op == bindparam("op_")))
_UNUSED_EVIDENCE = _EVIDENCE.selection(
    _EVIDENCE.select.where(
        evidence.c.barcode == bindparam("barcode_"),
        evidence.c.loan.is_(None),
        evidence.c.voided == 0,
        evidence.c.returned_at_ms + evidence.c.told_late_s * 1000 >= bindparam("since"),
    )
    .order_by(evidence.c.returned_at_ms, evidence.c.op)
    .limit(8)
)
_OTHERS_OF_LOAN = _EVIDENCE.selection(
    _EVIDENCE.select.where(
        evidence.c.barcode == bindparam("barcode_"), evidence.c.loan == bindparam("loan_"), evidence.c.voided == 0
    )
    .order_by(evidence.c.returned_at_ms, evidence.c.op)
    .limit(1)
)
_FIRST_SINCE = _EVIDENCE.selection(
    _EVIDENCE.select.where(
        evidence.c.barcode == bindparam("barcode_"),
        evidence.c.returned_at_ms > bindparam("at"),
        evidence.c.returned_at_ms <= bindparam("until"),
        evidence.c.voided == 0,
    )
    .order_by(evidence.c.returned_at_ms, evidence.c.op)
    .limit(1)
)
_LAST_END = _EVIDENCE.selection(
    _EVIDENCE.select.where(
        evidence.c.barcode == bindparam("barcode_"),
        evidence.c.loan.is_not(None),
        evidence.c.voided == 0,
        evidence.c.returned_at_ms <= bindparam("at"),
        evidence.c.op != bindparam("op_"),
    )
    .order_by(evidence.c.returned_at_ms.desc(), evidence.c.op)
    .limit(1)
)
_ELSEWHERE_SINCE = _EVIDENCE.selection(
    _EVIDENCE.select.where(
        evidence.c.barcode == bindparam("barcode_"),
        evidence.c.branch != bindparam("branch_"),
        evidence.c.voided == 0,
        evidence.c.returned_at_ms >= bindparam("at"),
    ).limit(1)
)
_ADD_EVIDENCE = _EVIDENCE.insertion_if_absent()
_USE_EVIDENCE = alteration(evidence, "op", "loan")
_ANSWER = alteration(evidence, "op", "arrived", "route", "destination", "hold")
_CORRECT = alteration(evidence, "op", "clock_off_ms")
_VOID = alteration(evidence, "op", "voided", "loan")


def find_evidence(tx: Tx, op: str) -> EvidenceRow | None:
    return _FIND_EVIDENCE.one(tx, op_=op)


def unused_evidence(tx: Tx, barcode: str, since_ms: int) -> list[EvidenceRow]:
    """Returns not yet matched to a loan, of items that were seen since then; earliest first."""
    return _UNUSED_EVIDENCE.all(tx, barcode_=barcode, since=since_ms)


def other_evidence_of(tx: Tx, barcode: str, loan_op: str) -> EvidenceRow | None:
    """The earliest return that is known of the loan."""
    return _OTHERS_OF_LOAN.one(tx, barcode_=barcode, loan_=loan_op)


def seen_since(tx: Tx, barcode: str, at_ms: int, until_ms: int) -> bool:
    """Whether the item was brought back anywhere after that moment. One that is dated after `until_ms` has the date of
    a clock that was ahead, and says nothing."""
    return first_since(tx, barcode, at_ms, until_ms) is not None


def first_since(tx: Tx, barcode: str, at_ms: int, until_ms: int) -> EvidenceRow | None:
    """The first return of the item after that moment, and not after `until_ms`."""
    return _FIRST_SINCE.one(tx, barcode_=barcode, at=at_ms, until=until_ms)


def last_end(tx: Tx, row: EvidenceRow) -> EvidenceRow | None:
    """The last return before this one that ended a loan of the item."""
    return _LAST_END.one(tx, barcode_=row.barcode, at=row.returned_at_ms, op_=row.op)


def seen_elsewhere_since(tx: Tx, row: EvidenceRow) -> bool:
    """Whether the item was brought back at another library after this return."""
    return _ELSEWHERE_SINCE.one(tx, barcode_=row.barcode, branch_=row.branch, at=row.returned_at_ms) is not None


def add_evidence(tx: Tx, row: EvidenceRow) -> bool:
    """True if it is new."""
    return _ADD_EVIDENCE.run(tx, row)


def use_evidence(tx: Tx, op: str, loan_op: str | None) -> None:
    tx.run(_USE_EVIDENCE, key_op=op, loan=loan_op)


def answer_evidence(tx: Tx, op: str, *, arrived: bool, route: str, destination: str, hold: str | None) -> None:
    """The first answer to a return stands: a repeat gets it again."""
    tx.run(_ANSWER, key_op=op, arrived=int(arrived), route=route, destination=destination, hold=hold)


def correct_evidence(tx: Tx, row: EvidenceRow, clock_off_ms: int) -> EvidenceRow:
    """It is known better how wrong the clock was that dated it."""
    tx.run(_CORRECT, key_op=row.op, clock_off_ms=clock_off_ms)
    return row._replace(clock_off_ms=clock_off_ms)


def void_evidence(tx: Tx, op: str) -> None:
    tx.run(_VOID, key_op=op, voided=1, loan=None)


# --- fine orders ---------------------------------------------------------------------------------------------


class OrderRow(NamedTuple):
    fine: str
    loan: str
    due_on: date
    ledger: str
    returned_on: date
    days_late: int
    amount_fen: int
    version: int
    voided: bool = False


_ORDERS = Rows(OrderRow, fine_order)
_ORDERS_OF = _ORDERS.selection(_ORDERS.select.where(fine_order.c.loan == bindparam("loan_"), fine_order.c.voided == 0))
_ADD_ORDER = _ORDERS.insertion()
_CHANGE_ORDER = _ORDERS.alteration("returned_on", "days_late", "amount_fen", "version", "voided")
_COUNT_VOIDED = Statement(
    select(func.count())
    .select_from(fine_order)
    .where(fine_order.c.loan == bindparam("loan_"), fine_order.c.due_on == bindparam("due_"), fine_order.c.voided == 1)
)


def orders_of(tx: Tx, loan_op: str) -> list[OrderRow]:
    """Those that stand: a voided one belongs to a return that was none."""
    return _ORDERS_OF.all(tx, loan_=loan_op)


def add_order(tx: Tx, row: OrderRow) -> None:
    _ADD_ORDER.run(tx, row)


def lower_order(tx: Tx, row: OrderRow) -> None:
    _CHANGE_ORDER.run(tx, row)


def void_order(tx: Tx, row: OrderRow) -> OrderRow:
    """Nothing is owed for it, for ever; a later return of the same loan has an order of its own."""
    voided = row._replace(amount_fen=0, version=row.version + 1, voided=True)
    _CHANGE_ORDER.run(tx, voided)
    return voided


def count_voided(tx: Tx, loan_op: str, due_on: date) -> int:
    row = tx.one(_COUNT_VOIDED, loan_=loan_op, due_=due_on.isoformat())
    return 0 if row is None else int(row[0])
