"""Rows of the owner about returns: the evidence of each, what was answered to it, and the fines ordered for it."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from node.storage.schema import evidence, fine_order
from node.storage.transaction import Row, Statement, Tx, alteration, insertion, insertion_if_absent

# --- evidence of returns -------------------------------------------------------------------------------------


class EvidenceRow(NamedTuple):
    """`loan` None: it ended none. `route`, `destination`, `hold`, `arrived`: what was answered to it."""

    op: str
    barcode: str
    branch: str
    returned_at_ms: int
    loan: str | None = None
    voided: bool = False
    arrived: bool = False
    route: str = ""
    destination: str = ""
    hold: str | None = None


_COLUMNS = tuple(evidence.c[name] for name in EvidenceRow._fields)
_FIND_EVIDENCE = Statement(select(*_COLUMNS).where(evidence.c.op == bindparam("op_")))
_UNUSED_EVIDENCE = Statement(
    select(*_COLUMNS)
    .where(
        evidence.c.barcode == bindparam("barcode_"),
        evidence.c.loan.is_(None),
        evidence.c.voided == 0,
        evidence.c.returned_at_ms >= bindparam("since"),
    )
    .order_by(evidence.c.returned_at_ms, evidence.c.op)
    .limit(8)
)
_OTHERS_OF_LOAN = Statement(
    select(*_COLUMNS)
    .where(evidence.c.barcode == bindparam("barcode_"), evidence.c.loan == bindparam("loan_"), evidence.c.voided == 0)
    .order_by(evidence.c.returned_at_ms, evidence.c.op)
    .limit(1)
)
_FIRST_SINCE = Statement(
    select(*_COLUMNS)
    .where(
        evidence.c.barcode == bindparam("barcode_"),
        evidence.c.returned_at_ms > bindparam("at"),
        evidence.c.voided == 0,
    )
    .order_by(evidence.c.returned_at_ms, evidence.c.op)
    .limit(1)
)
_ADD_EVIDENCE = insertion_if_absent(evidence, "op", "barcode", "branch", "returned_at_ms", "at_ms", "voided")
_USE_EVIDENCE = alteration(evidence, "op", "loan")
_ANSWER = alteration(evidence, "op", "arrived", "route", "destination", "hold")
_VOID = alteration(evidence, "op", "voided", "loan")


def _evidence(row: Row) -> EvidenceRow:
    return EvidenceRow(*(*row[:5], bool(row[5]), bool(row[6]), *row[7:]))


def find_evidence(tx: Tx, op: str) -> EvidenceRow | None:
    row = tx.one(_FIND_EVIDENCE, op_=op)
    return None if row is None else _evidence(row)


def unused_evidence(tx: Tx, barcode: str, since_ms: int) -> list[EvidenceRow]:
    """Returns not yet matched to a loan, earliest first."""
    return [_evidence(row) for row in tx.all(_UNUSED_EVIDENCE, barcode_=barcode, since=since_ms)]


def other_evidence_of(tx: Tx, barcode: str, loan_op: str) -> EvidenceRow | None:
    """The earliest return that is known of the loan."""
    row = tx.one(_OTHERS_OF_LOAN, barcode_=barcode, loan_=loan_op)
    return None if row is None else _evidence(row)


def seen_since(tx: Tx, barcode: str, at_ms: int) -> bool:
    """Whether the item was brought back anywhere after that moment."""
    return first_since(tx, barcode, at_ms) is not None


def first_since(tx: Tx, barcode: str, at_ms: int) -> EvidenceRow | None:
    """The first return of the item after that moment."""
    row = tx.one(_FIRST_SINCE, barcode_=barcode, at=at_ms)
    return None if row is None else _evidence(row)


def add_evidence(
    tx: Tx, *, op: str, barcode: str, branch: str, returned_at_ms: int, at_ms: int, voided: bool = False
) -> bool:
    """True if it is new."""
    return bool(
        tx.run(
            _ADD_EVIDENCE,
            op=op,
            barcode=barcode,
            branch=branch,
            returned_at_ms=returned_at_ms,
            at_ms=at_ms,
            voided=int(voided),
        )
    )


def use_evidence(tx: Tx, op: str, loan_op: str | None) -> None:
    tx.run(_USE_EVIDENCE, key_op=op, loan=loan_op)


def answer_evidence(tx: Tx, op: str, *, arrived: bool, route: str, destination: str, hold: str | None) -> None:
    """The first answer to a return stands: a repeat gets it again."""
    tx.run(_ANSWER, key_op=op, arrived=int(arrived), route=route, destination=destination, hold=hold)


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


_ORDERS = Statement(
    select(
        fine_order.c.fine,
        fine_order.c.loan,
        fine_order.c.due_on,
        fine_order.c.ledger,
        fine_order.c.returned_on,
        fine_order.c.days_late,
        fine_order.c.amount_fen,
        fine_order.c.version,
    ).where(fine_order.c.loan == bindparam("loan_"), fine_order.c.voided == 0)
)
_ORDER_COLUMNS = ("fine", "loan", "due_on", "ledger", "returned_on", "days_late", "amount_fen", "version")
_ADD_ORDER = insertion(fine_order, *_ORDER_COLUMNS)
_VOID_ORDER = alteration(fine_order, "fine", "amount_fen", "version", "voided")
_COUNT_VOIDED = Statement(
    select(func.count())
    .select_from(fine_order)
    .where(fine_order.c.loan == bindparam("loan_"), fine_order.c.due_on == bindparam("due_"), fine_order.c.voided == 1)
)
_LOWER_ORDER = alteration(fine_order, "fine", "returned_on", "days_late", "amount_fen", "version")


def orders_of(tx: Tx, loan_op: str) -> list[OrderRow]:
    """Those that stand: a voided one belongs to a return that was none."""
    return [
        OrderRow(*(*row[:2], date.fromisoformat(row[2]), row[3], date.fromisoformat(row[4]), *row[5:]))
        for row in tx.all(_ORDERS, loan_=loan_op)
    ]


def add_order(tx: Tx, row: OrderRow) -> None:
    tx.run(
        _ADD_ORDER,
        fine=row.fine,
        loan=row.loan,
        due_on=row.due_on.isoformat(),
        ledger=row.ledger,
        returned_on=row.returned_on.isoformat(),
        days_late=row.days_late,
        amount_fen=row.amount_fen,
        version=row.version,
    )


def lower_order(tx: Tx, row: OrderRow) -> None:
    tx.run(
        _LOWER_ORDER,
        key_fine=row.fine,
        returned_on=row.returned_on.isoformat(),
        days_late=row.days_late,
        amount_fen=row.amount_fen,
        version=row.version,
    )


def void_order(tx: Tx, row: OrderRow) -> OrderRow:
    """Nothing is owed for it, for ever; a later return of the same loan has an order of its own."""
    voided = row._replace(amount_fen=0, version=row.version + 1)
    tx.run(_VOID_ORDER, key_fine=row.fine, amount_fen=0, version=voided.version, voided=1)
    return voided


def count_voided(tx: Tx, loan_op: str, due_on: date) -> int:
    row = tx.one(_COUNT_VOIDED, loan_=loan_op, due_=due_on.isoformat())
    return 0 if row is None else int(row[0])
