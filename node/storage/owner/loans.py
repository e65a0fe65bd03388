"""Rows of the owner: items, loans, the decisions about them (returns: `node.storage.owner.evidence`)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, func, or_, select, update

from node.storage.schema import item, loan, owner_op
from node.storage.transaction import Row, Statement, Tx, alteration, insertion


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
    transit_to: str


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
        item.c.transit_to,
    ).where(item.c.barcode == bindparam("barcode_"))
)
_SET_PENDING = alteration(item, "barcode", "pending_op")
_SET_WHEREABOUTS = alteration(item, "barcode", "whereabouts", "transit_to")
_SET_TRANSIT = alteration(item, "barcode", "transit_to")
_KEEP_PROPERTIES = Statement(
    update(item)
    .where(item.c.barcode == bindparam("key_barcode"), item.c.properties_at_ms <= bindparam("at"))
    .values(properties=bindparam("properties_"), properties_at_ms=bindparam("at"))
)
_COPIES = Statement(
    select(item.c.barcode, item.c.item_type, item.c.location)
    .where(item.c.title == bindparam("title_"))
    .order_by(item.c.barcode)
    .limit(64)
)
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


def set_whereabouts(tx: Tx, barcode: str, library: str, transit_to: str) -> None:
    """Where it was last seen, and where it goes from there ("": nowhere)."""
    tx.run(_SET_WHEREABOUTS, key_barcode=barcode, whereabouts=library, transit_to=transit_to)


def set_transit(tx: Tx, barcode: str, transit_to: str) -> None:
    tx.run(_SET_TRANSIT, key_barcode=barcode, transit_to=transit_to)


def keep_properties(tx: Tx, barcode: str, properties: str, at_ms: int) -> None:
    """The latest stands, in whatever order they come."""
    tx.run(_KEEP_PROPERTIES, key_barcode=barcode, properties_=properties, at=at_ms)


class CopyRow(NamedTuple):
    barcode: str
    item_type: str
    location: str


def copies_of(tx: Tx, title: str) -> list[CopyRow]:
    """The library's own items of that title."""
    return [CopyRow(*row) for row in tx.all(_COPIES, title_=title)]


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
    before: str | None


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
    owner_op.c.before,
)
_FIND_OP = Statement(select(*_OP_COLUMNS).where(owner_op.c.op == bindparam("op_")))
_RESERVING = Statement(select(*_OP_COLUMNS).where(owner_op.c.state == "reserving").order_by(owner_op.c.at_ms))
_ADD_OP = insertion(
    owner_op,
    *("op", "kind", "state", "barcode", "branch", "home", "loan", "due_before", "due_after", "refusal", "before"),
    "at_ms",
)
_SETTLE_OP = alteration(owner_op, "op", "state", "loan", "refusal")


def _on(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _op(row: Row) -> OpRow:
    return OpRow(*(*row[:7], _on(row[7]), _on(row[8]), *row[9:]))


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
    before: str | None = None,
) -> None:
    """`loan`: what it is about, a loan or a hold. `before`: what undoing it restores."""
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
        before=before,
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
_ADD_LOAN = insertion(
    loan,
    *("op", "barcode", "home", "reader", "category", "branch", "opened_at_ms", "due_on"),
    *("closed_at_ms", "closed_how", "closed_by"),
)
_CLOSE_LOAN = alteration(loan, "op", "closed_at_ms", "closed_how", "closed_by", "version")
_EXTEND_LOAN = alteration(loan, "op", "due_on", "renewals", "version")
_SET_READER = alteration(loan, "op", "reader", "category")
_OPENED_SINCE = Statement(
    select(func.count())
    .select_from(loan)
    .where(
        loan.c.barcode == bindparam("barcode_"), loan.c.opened_at_ms >= bindparam("at"), loan.c.op != bindparam("op_")
    )
)
_NEXT_LOAN = Statement(
    select(*_LOAN_COLUMNS)
    .where(
        loan.c.barcode == bindparam("barcode_"),
        loan.c.opened_at_ms > bindparam("at"),
        or_(loan.c.closed_how.is_(None), loan.c.closed_how != "cancelled"),
    )
    .order_by(loan.c.opened_at_ms)
    .limit(1)
)
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


def next_loan(tx: Tx, barcode: str, at_ms: int) -> LoanRow | None:
    """The first loan of the item that was made after that moment and not undone, running or not."""
    row = tx.one(_NEXT_LOAN, barcode_=barcode, at=at_ms)
    return None if row is None else _loan(row)


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
    over_at_ms: int | None = None,
    over_by: str | None = None,
) -> LoanRow:
    """`over_at_ms`, `over_by`: it was over, unfined, before anyone here heard of it."""
    how = None if over_at_ms is None else "superseded"
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
        closed_at_ms=over_at_ms,
        closed_how=how,
        closed_by=over_by,
    )
    return LoanRow(op, barcode, home, reader, category, branch, opened_at_ms, due_on, 0, 1, over_at_ms, how, over_by)


def close_loan(tx: Tx, row: LoanRow, *, at_ms: int, how: str, by: str) -> int:
    """Returns the new version."""
    version = row.version + 1
    tx.run(_CLOSE_LOAN, key_op=row.op, closed_at_ms=at_ms, closed_how=how, closed_by=by, version=version)
    return version


def reopen_loan(tx: Tx, row: LoanRow) -> LoanRow:
    """It goes on as it was."""
    version = row.version + 1
    tx.run(_CLOSE_LOAN, key_op=row.op, closed_at_ms=None, closed_how=None, closed_by=None, version=version)
    return row._replace(version=version, closed_at_ms=None, closed_how=None, closed_by=None)


def set_reader(tx: Tx, op: str, reader: str, category: str) -> None:
    tx.run(_SET_READER, key_op=op, reader=reader, category=category)


def opened_since(tx: Tx, row: LoanRow, at_ms: int) -> bool:
    """Whether another loan of the same item was opened at that moment or later."""
    found = tx.one(_OPENED_SINCE, barcode_=row.barcode, at=at_ms, op_=row.op)
    return found is not None and found[0] > 0


def change_due(tx: Tx, row: LoanRow, *, due_on: date, renewals: int) -> int:
    """Returns the new version."""
    version = row.version + 1
    tx.run(_EXTEND_LOAN, key_op=row.op, due_on=due_on.isoformat(), renewals=renewals, version=version)
    return version


def count_active_loans(tx: Tx) -> int:
    row = tx.one(_COUNT_ACTIVE)
    return 0 if row is None else int(row[0])
