"""Rows of the owner: items, loans, the decisions about them, the evidence of returns, fine orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, func, or_, select

from node.storage.schema import evidence, fine_order, item, loan, owner_op
from node.storage.transaction import Row, Statement, Tx, alteration, insertion, insertion_if_absent


class ItemRow(NamedTuple):
    barcode: str
    title: str
    call_number: str
    item_type: str
    location: str
    foreign: bool
    whereabouts: str
    properties: str
    pending_op: str | None


_FIND_ITEM = Statement(
    select(
        item.c.barcode,
        item.c.title,
        item.c.call_number,
        item.c.item_type,
        item.c.location,
        item.c.is_foreign,
        item.c.whereabouts,
        item.c.properties,
        item.c.pending_op,
    ).where(item.c.barcode == bindparam("barcode_"))
)
_SET_PENDING = alteration(item, "barcode", "pending_op")
_SET_WHEREABOUTS = alteration(item, "barcode", "whereabouts")
ITEM_IMPORT_COLUMNS = (
    "barcode",
    "title",
    "author",
    "isbn",
    "call_number",
    "item_type",
    "location",
    "is_foreign",
    "price_fen",
)
_ADD_ITEM = insertion(item, *ITEM_IMPORT_COLUMNS)
_CHANGE_ITEM = alteration(item, "barcode", *ITEM_IMPORT_COLUMNS[1:])


def find_item(tx: Tx, barcode: str) -> ItemRow | None:
    row = tx.one(_FIND_ITEM, barcode_=barcode)
    return None if row is None else ItemRow(*(*row[:5], bool(row[5]), *row[6:]))


def set_pending(tx: Tx, barcode: str, op: str | None) -> None:
    tx.run(_SET_PENDING, key_barcode=barcode, pending_op=op)


def set_whereabouts(tx: Tx, barcode: str, library: str) -> None:
    tx.run(_SET_WHEREABOUTS, key_barcode=barcode, whereabouts=library)


def add_items(tx: Tx, rows: list[dict[str, object]]) -> None:
    tx.many(_ADD_ITEM, rows)


def change_items(tx: Tx, rows: list[dict[str, object]]) -> None:
    tx.many(_CHANGE_ITEM, [{"key_barcode": row["barcode"], **row} for row in rows])


# --- decisions -----------------------------------------------------------------------------------------------


class OpRow(NamedTuple):
    op: str
    kind: str
    state: str
    barcode: str
    branch: str
    home: str
    loan: str | None
    due_before: date | None
    due_after: date | None
    refusal: str | None


_OP_COLUMNS = (
    owner_op.c.op,
    owner_op.c.kind,
    owner_op.c.state,
    owner_op.c.barcode,
    owner_op.c.branch,
    owner_op.c.home,
    owner_op.c.loan,
    owner_op.c.due_before,
    owner_op.c.due_after,
    owner_op.c.refusal,
)
_FIND_OP = Statement(select(*_OP_COLUMNS).where(owner_op.c.op == bindparam("op_")))
_RESERVING = Statement(select(*_OP_COLUMNS).where(owner_op.c.state == "reserving").order_by(owner_op.c.at_ms))
_ADD_OP = insertion(
    owner_op, "op", "kind", "state", "barcode", "branch", "home", "loan", "due_before", "due_after", "refusal", "at_ms"
)
_SETTLE_OP = alteration(owner_op, "op", "state", "loan", "refusal")


def _on(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _op(row: Row) -> OpRow:
    return OpRow(*(*row[:7], _on(row[7]), _on(row[8]), row[9]))


def find_op(tx: Tx, op: str) -> OpRow | None:
    row = tx.one(_FIND_OP, op_=op)
    return None if row is None else _op(row)


def reserving_ops(tx: Tx) -> list[OpRow]:
    return [_op(row) for row in tx.all(_RESERVING)]


def add_op(
    tx: Tx,
    *,
    op: str,
    kind: str,
    state: str,
    barcode: str,
    branch: str,
    at_ms: int,
    home: str = "",
    loan: str | None = None,
    due_before: date | None = None,
    due_after: date | None = None,
    refusal: str | None = None,
) -> None:
    tx.run(
        _ADD_OP,
        op=op,
        kind=kind,
        state=state,
        barcode=barcode,
        branch=branch,
        home=home,
        loan=loan,
        due_before=None if due_before is None else due_before.isoformat(),
        due_after=None if due_after is None else due_after.isoformat(),
        refusal=refusal,
        at_ms=at_ms,
    )


def settle_op(tx: Tx, op: str, state: str, *, loan: str | None = None, refusal: str | None = None) -> None:
    tx.run(_SETTLE_OP, key_op=op, state=state, loan=loan, refusal=refusal)


# --- loans ---------------------------------------------------------------------------------------------------


class LoanRow(NamedTuple):
    op: str
    barcode: str
    home: str
    reader: str
    category: str
    branch: str
    opened_at_ms: int
    due_on: date
    renewals: int
    version: int
    closed_at_ms: int | None
    closed_how: str | None
    closed_by: str | None


_LOAN_COLUMNS = (
    loan.c.op,
    loan.c.barcode,
    loan.c.home,
    loan.c.reader,
    loan.c.category,
    loan.c.branch,
    loan.c.opened_at_ms,
    loan.c.due_on,
    loan.c.renewals,
    loan.c.version,
    loan.c.closed_at_ms,
    loan.c.closed_how,
    loan.c.closed_by,
)
_FIND_LOAN = Statement(select(*_LOAN_COLUMNS).where(loan.c.op == bindparam("op_")))
_OPEN_LOAN = Statement(
    select(*_LOAN_COLUMNS).where(loan.c.barcode == bindparam("barcode_"), loan.c.closed_at_ms.is_(None))
)
# The loan a return at that moment belongs to: opened before it, and not ended before it.
_LOAN_AT = Statement(
    select(*_LOAN_COLUMNS)
    .where(
        loan.c.barcode == bindparam("barcode_"),
        loan.c.opened_at_ms <= bindparam("at"),
        or_(loan.c.closed_at_ms.is_(None), loan.c.closed_at_ms > bindparam("at")),
        or_(loan.c.closed_how.is_(None), loan.c.closed_how == "returned"),
    )
    .order_by(loan.c.opened_at_ms.desc())
    .limit(2)
)
_ADD_LOAN = insertion(loan, "op", "barcode", "home", "reader", "category", "branch", "opened_at_ms", "due_on")
_CLOSE_LOAN = alteration(loan, "op", "closed_at_ms", "closed_how", "closed_by", "version")
_EXTEND_LOAN = alteration(loan, "op", "due_on", "renewals", "version")
_COUNT_ACTIVE = Statement(select(func.count()).select_from(loan).where(loan.c.closed_at_ms.is_(None)))


def _loan(row: Row) -> LoanRow:
    return LoanRow(*(*row[:7], date.fromisoformat(row[7]), *row[8:]))


def find_loan(tx: Tx, op: str) -> LoanRow | None:
    row = tx.one(_FIND_LOAN, op_=op)
    return None if row is None else _loan(row)


def open_loan_of(tx: Tx, barcode: str) -> LoanRow | None:
    row = tx.one(_OPEN_LOAN, barcode_=barcode)
    return None if row is None else _loan(row)


def loans_at(tx: Tx, barcode: str, at_ms: int) -> list[LoanRow]:
    """The loans that ran at that moment, latest opened first (two at the most)."""
    return [_loan(row) for row in tx.all(_LOAN_AT, barcode_=barcode, at=at_ms)]


def add_loan(
    tx: Tx,
    *,
    op: str,
    barcode: str,
    home: str,
    reader: str,
    category: str,
    branch: str,
    opened_at_ms: int,
    due_on: date,
) -> LoanRow:
    tx.run(
        _ADD_LOAN,
        op=op,
        barcode=barcode,
        home=home,
        reader=reader,
        category=category,
        branch=branch,
        opened_at_ms=opened_at_ms,
        due_on=due_on.isoformat(),
    )
    return LoanRow(op, barcode, home, reader, category, branch, opened_at_ms, due_on, 0, 1, None, None, None)


def close_loan(tx: Tx, row: LoanRow, *, at_ms: int, how: str, by: str) -> None:
    tx.run(_CLOSE_LOAN, key_op=row.op, closed_at_ms=at_ms, closed_how=how, closed_by=by, version=row.version + 1)


def change_due(tx: Tx, row: LoanRow, *, due_on: date, renewals: int) -> int:
    """Returns the new version."""
    version = row.version + 1
    tx.run(_EXTEND_LOAN, key_op=row.op, due_on=due_on.isoformat(), renewals=renewals, version=version)
    return version


def count_active_loans(tx: Tx) -> int:
    row = tx.one(_COUNT_ACTIVE)
    return 0 if row is None else int(row[0])


# --- evidence of returns -------------------------------------------------------------------------------------


class EvidenceRow(NamedTuple):
    op: str
    barcode: str
    branch: str
    returned_at_ms: int
    loan: str | None


_EVIDENCE_COLUMNS = (
    evidence.c.op,
    evidence.c.barcode,
    evidence.c.branch,
    evidence.c.returned_at_ms,
    evidence.c.loan,
)
_FIND_EVIDENCE = Statement(select(*_EVIDENCE_COLUMNS).where(evidence.c.op == bindparam("op_")))
_UNUSED_EVIDENCE = Statement(
    select(*_EVIDENCE_COLUMNS)
    .where(
        evidence.c.barcode == bindparam("barcode_"),
        evidence.c.loan.is_(None),
        evidence.c.returned_at_ms >= bindparam("since"),
    )
    .order_by(evidence.c.returned_at_ms, evidence.c.op)
    .limit(8)
)
_ADD_EVIDENCE = insertion_if_absent(evidence, "op", "barcode", "branch", "returned_at_ms", "at_ms")
_USE_EVIDENCE = alteration(evidence, "op", "loan")


def find_evidence(tx: Tx, op: str) -> EvidenceRow | None:
    row = tx.one(_FIND_EVIDENCE, op_=op)
    return None if row is None else EvidenceRow(*row)


def unused_evidence(tx: Tx, barcode: str, since_ms: int) -> list[EvidenceRow]:
    """Returns not yet matched to a loan, earliest first."""
    return [EvidenceRow(*row) for row in tx.all(_UNUSED_EVIDENCE, barcode_=barcode, since=since_ms)]


def add_evidence(tx: Tx, *, op: str, barcode: str, branch: str, returned_at_ms: int, at_ms: int) -> bool:
    """True if it is new."""
    return bool(
        tx.run(_ADD_EVIDENCE, op=op, barcode=barcode, branch=branch, returned_at_ms=returned_at_ms, at_ms=at_ms)
    )


def use_evidence(tx: Tx, op: str, loan_op: str | None) -> None:
    tx.run(_USE_EVIDENCE, key_op=op, loan=loan_op)


# --- fine orders ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OrderRow:
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
    ).where(fine_order.c.loan == bindparam("loan_"))
)
_ORDER_COLUMNS = ("fine", "loan", "due_on", "ledger", "returned_on", "days_late", "amount_fen", "version")
_ADD_ORDER = insertion(fine_order, *_ORDER_COLUMNS)
_LOWER_ORDER = alteration(fine_order, "fine", "returned_on", "days_late", "amount_fen", "version")


def orders_of(tx: Tx, loan_op: str) -> list[OrderRow]:
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
