"""Rows of the owner: items, loans, the decisions about them (returns: `node.storage.owner.evidence`)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, func, or_, select, update

from node.domain.states import LOAN, LoanEvent, LoanState, OpState, loan_state
from node.storage import tally
from node.storage.rows import Rows
from node.storage.schema import item, loan, owner_op
from node.storage.statements import Statement, alteration
from node.storage.store import Tx


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


class NewItem(NamedTuple):
    """One item, as an import brings it. `price_fen` in fen."""

    barcode: str
    title: str
    author: str
    isbn: str
    call_number: str
    item_type: str
    location: str
    foreign: bool
    price_fen: int


class CopyRow(NamedTuple):
    barcode: str
    item_type: str
    location: str


NEW_ITEMS = Rows(NewItem, item, foreign="is_foreign")
_ITEMS = Rows(ItemRow, item, foreign="is_foreign")
_COPIES = Rows(CopyRow, item)
_FIND_ITEM = _ITEMS.selection(_ITEMS.select.where(item.c.barcode == bindparam("barcode_")))
_BARCODES = Statement(select(item.c.barcode).order_by(item.c.barcode))
_SET_PENDING = alteration(item, "barcode", "pending_op")
_SET_WHEREABOUTS = alteration(item, "barcode", "whereabouts", "transit_to")
_SET_TRANSIT = alteration(item, "barcode", "transit_to")
_KEEP_PROPERTIES = Statement(
    update(item)
    .where(item.c.barcode == bindparam("key_barcode"), item.c.properties_at_ms <= bindparam("at"))
    .values(properties=bindparam("properties_"), properties_at_ms=bindparam("at"))
)
_COPIES_OF = _COPIES.selection(
    _COPIES.select.where(item.c.title == bindparam("title_")).order_by(item.c.barcode).limit(64)
)
_ADD_ITEM = NEW_ITEMS.insertion()


def find_item(tx: Tx, barcode: str) -> ItemRow | None:
    return _FIND_ITEM.one(tx, barcode_=barcode)


def barcodes(tx: Tx) -> list[str]:
    """Of all items."""
    return [row[0] for row in tx.all(_BARCODES)]


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


def copies_of(tx: Tx, title: str) -> list[CopyRow]:
    """The library's own items of that title."""
    return _COPIES_OF.all(tx, title_=title)


def add_items(tx: Tx, rows: list[NewItem]) -> None:
    _ADD_ITEM.many(tx, rows)


# --- decisions -----------------------------------------------------------------------------------------------


class OpRow(NamedTuple):
    """`loan`, `hold`: what it is about, if it was decided so. `before`: what undoing it restores."""

    op: str
    kind: str
    state: OpState
    barcode: str
    branch: str
    at_ms: int
    home: str = ""
    loan: str | None = None
    due_before: date | None = None
    due_after: date | None = None
    refusal: str | None = None
    before: str | None = None
    hold: str | None = None


_OPS = Rows(OpRow, owner_op)
_FIND_OP = _OPS.selection(_OPS.select.where(owner_op.c.op == bindparam("op_")))
_RESERVING = _OPS.selection(_OPS.select.where(owner_op.c.state == OpState.RESERVING).order_by(owner_op.c.at_ms))
_ADD_OP = _OPS.insertion()
_SETTLE_OP = alteration(owner_op, "op", "state", "loan", "refusal")


def find_op(tx: Tx, op: str) -> OpRow | None:
    return _FIND_OP.one(tx, op_=op)


def reserving_ops(tx: Tx) -> list[OpRow]:
    return _RESERVING.all(tx)


def add_op(tx: Tx, row: OpRow) -> None:
    _ADD_OP.run(tx, row)


def settle_op(tx: Tx, op: str, state: OpState, *, loan: str | None = None, refusal: str | None = None) -> None:
    tx.run(_SETTLE_OP, key_op=op, state=state, loan=loan, refusal=refusal)


# --- loans ---------------------------------------------------------------------------------------------------


class LoanRow(NamedTuple):
    """`reader` None: it was made off line, and the home has not said yet whose it is; "": it is over, and forgotten.
    `made_before_ms`: the clock of `opened_at_ms` was ahead, and the loan was made before this moment."""

    op: str
    barcode: str
    home: str
    reader: str | None
    category: str
    branch: str
    opened_at_ms: int
    due_on: date
    renewals: int = 0
    version: int = 1
    closed_at_ms: int | None = None
    closed_how: LoanState | None = None
    closed_by: str | None = None
    made_before_ms: int | None = None

    @property
    def began_ms(self) -> int:
        """The latest moment at which it can have begun."""
        return self.opened_at_ms if self.made_before_ms is None else min(self.opened_at_ms, self.made_before_ms)


_began = func.coalesce(loan.c.made_before_ms, loan.c.opened_at_ms)
_LOANS = Rows(LoanRow, loan)
_FIND_LOAN = _LOANS.selection(_LOANS.select.where(loan.c.op == bindparam("op_")))
_OPEN_LOAN = _LOANS.selection(
    _LOANS.select.where(loan.c.barcode == bindparam("barcode_"), loan.c.closed_at_ms.is_(None))
)
# The loan a return at that moment belongs to: opened before it, and not ended before it.
_LOAN_AT = _LOANS.selection(
    _LOANS.select.where(
        loan.c.barcode == bindparam("barcode_"),
        _began <= bindparam("at"),
        or_(loan.c.closed_at_ms.is_(None), loan.c.closed_at_ms > bindparam("at")),
        or_(loan.c.closed_how.is_(None), loan.c.closed_how == LoanState.RETURNED),
    )
    .order_by(_began.desc())
    .limit(2)
)
_ADD_LOAN = _LOANS.insertion()
_CLOSE_LOAN = _LOANS.alteration("closed_at_ms", "closed_how", "closed_by", "version")
_EXTEND_LOAN = _LOANS.alteration("due_on", "renewals", "version")
_MADE_BEFORE = alteration(loan, "op", "made_before_ms")
_OF_THE_FUTURE = _LOANS.selection(
    _LOANS.select.where(loan.c.closed_at_ms.is_(None), _began > bindparam("at")).order_by(loan.c.barcode)
)
_SET_READER = alteration(loan, "op", "reader", "category")
_OPENED_SINCE = Statement(
    select(func.count())
    .select_from(loan)
    .where(
        loan.c.barcode == bindparam("barcode_"),
        _began >= bindparam("at"),
        _began <= bindparam("until"),
        loan.c.op != bindparam("op_"),
    )
)
_NEXT_LOAN = _LOANS.selection(
    _LOANS.select.where(
        loan.c.barcode == bindparam("barcode_"),
        _began > bindparam("at"),
        or_(loan.c.closed_how.is_(None), loan.c.closed_how != LoanState.CANCELLED),
    )
    .order_by(_began)
    .limit(1)
)


def find_loan(tx: Tx, op: str) -> LoanRow | None:
    return _FIND_LOAN.one(tx, op_=op)


def open_loan_of(tx: Tx, barcode: str) -> LoanRow | None:
    return _OPEN_LOAN.one(tx, barcode_=barcode)


def loans_at(tx: Tx, barcode: str, at_ms: int) -> list[LoanRow]:
    """The loans that ran at that moment, latest opened first (two at the most)."""
    return _LOAN_AT.all(tx, barcode_=barcode, at=at_ms)


def next_loan(tx: Tx, barcode: str, at_ms: int) -> LoanRow | None:
    """The first loan of the item that was made after that moment and not undone, running or not."""
    return _NEXT_LOAN.one(tx, barcode_=barcode, at=at_ms)


def add_loan(tx: Tx, row: LoanRow) -> LoanRow:
    """Returns the row. It may be over already."""
    event = LoanEvent.LENT if row.closed_how is None else LoanEvent.LENT_BEFORE
    LOAN.must_lead(None, event, loan_state(row.closed_how))
    _ADD_LOAN.run(tx, row)
    if row.closed_at_ms is None:
        tally.change(tx, tally.LOANS_ACTIVE, 1)
    return row


def close_loan(tx: Tx, row: LoanRow, *, at_ms: int, how: LoanState, by: str) -> int:
    """Returns the new version."""
    closed = row._replace(closed_at_ms=at_ms, closed_how=how, closed_by=by, version=row.version + 1)
    _CLOSE_LOAN.run(tx, closed)
    if row.closed_at_ms is None:
        tally.change(tx, tally.LOANS_ACTIVE, -1)
    return closed.version


def reopen_loan(tx: Tx, row: LoanRow) -> LoanRow:
    """It goes on as it was."""
    running = row._replace(closed_at_ms=None, closed_how=None, closed_by=None, version=row.version + 1)
    _CLOSE_LOAN.run(tx, running)
    tally.change(tx, tally.LOANS_ACTIVE, 1)
    return running


def made_before(tx: Tx, row: LoanRow, at_ms: int) -> LoanRow:
    """The clock that dated it was ahead: it was made before that moment."""
    tx.run(_MADE_BEFORE, key_op=row.op, made_before_ms=at_ms)
    return row._replace(made_before_ms=at_ms)


def open_loans_after(tx: Tx, at_ms: int) -> list[LoanRow]:
    """The open loans that began after that moment, by their dates."""
    return _OF_THE_FUTURE.all(tx, at=at_ms)


def set_reader(tx: Tx, op: str, reader: str, category: str) -> None:
    tx.run(_SET_READER, key_op=op, reader=reader, category=category)


def opened_since(tx: Tx, row: LoanRow, at_ms: int, until_ms: int) -> bool:
    """Whether another loan of the same item was opened at that moment or later. One that is dated after `until_ms` has
    the date of a clock that was ahead, and says nothing."""
    found = tx.one(_OPENED_SINCE, barcode_=row.barcode, at=at_ms, until=until_ms, op_=row.op)
    return found is not None and found[0] > 0


def change_due(tx: Tx, row: LoanRow, *, due_on: date, renewals: int) -> int:
    """Returns the new version."""
    changed = row._replace(due_on=due_on, renewals=renewals, version=row.version + 1)
    _EXTEND_LOAN.run(tx, changed)
    return changed.version
