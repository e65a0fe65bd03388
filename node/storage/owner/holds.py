"""Rows of holds: the owner's queue of each item."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, func, or_, select, union_all

from node.storage.schema_holds import hold
from node.storage.transaction import Row, Statement, Tx, alteration, insertion


class HoldRow(NamedTuple):
    """`barcode` "": any copy of the title. `item`: the copy that is kept, on its way (waiting) or on the shelf (ready).
    `fee_fen`: what the reader agreed to pay for it. `ended_by`: the operation that ended it."""

    hold: str
    barcode: str
    title: str
    home: str
    reader: str
    branch: str
    pickup: str
    state: str
    placed_at_ms: int
    expires_on: date | None
    item: str | None
    shelf_until_on: date | None
    fee_fen: int
    ended_by: str | None
    version: int


QUEUE_MOST = 256
_COLUMNS = tuple(hold.c[name] for name in HoldRow._fields)
_in_force = or_(hold.c.state == "waiting", hold.c.state == "ready")
_FIND = Statement(select(*_COLUMNS).where(hold.c.hold == bindparam("hold_")))
_KEPT_FOR = Statement(select(*_COLUMNS).where(hold.c.item == bindparam("item_"), _in_force))
_on_copy = select(*_COLUMNS).where(_in_force, hold.c.barcode == bindparam("barcode_"), hold.c.barcode != "")
_on_title = select(*_COLUMNS).where(_in_force, hold.c.title == bindparam("title_"), hold.c.barcode == "")
_QUEUE = Statement(union_all(_on_copy, _on_title))
_OF_TITLE = Statement(
    select(*_COLUMNS)
    .where(_in_force, hold.c.title == bindparam("title_"))
    .order_by(hold.c.placed_at_ms, hold.c.hold)
    .limit(QUEUE_MOST)
)
_OVERDUE = Statement(
    select(*_COLUMNS)
    .where(
        _in_force,
        or_(
            (hold.c.state == "ready") & (hold.c.shelf_until_on < bindparam("today")),
            (hold.c.state == "waiting") & (hold.c.expires_on < bindparam("today")),
        ),
    )
    .order_by(hold.c.placed_at_ms, hold.c.hold)
    .limit(QUEUE_MOST)
)
_ENDED_BY = Statement(select(*_COLUMNS).where(hold.c.ended_by == bindparam("op_"), hold.c.item == bindparam("item_")))
_COUNT = Statement(select(func.count()).select_from(hold).where(_in_force))
_ADD = insertion(
    hold,
    *("hold", "barcode", "title", "home", "reader", "branch", "pickup", "state", "placed_at_ms", "expires_on"),
    "fee_fen",
)
_CHANGE = alteration(
    hold, "hold", "pickup", "state", "expires_on", "item", "shelf_until_on", "fee_fen", "ended_by", "version"
)


def _on(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _hold(row: Row) -> HoldRow:
    return HoldRow(*(*row[:9], _on(row[9]), row[10], _on(row[11]), *row[12:]))


def find_hold(tx: Tx, number: str) -> HoldRow | None:
    row = tx.one(_FIND, hold_=number)
    return None if row is None else _hold(row)


def hold_kept_for(tx: Tx, barcode: str) -> HoldRow | None:
    """The hold for which this very copy is kept."""
    row = tx.one(_KEPT_FOR, item_=barcode)
    return None if row is None else _hold(row)


def queue_of(tx: Tx, barcode: str, title: str) -> list[HoldRow]:
    """The holds in force that this copy could serve, first come first."""
    queue = [_hold(row) for row in tx.all(_QUEUE, barcode_=barcode, title_=title)]
    # Sorted here: mostly nobody waits, and SQLite makes two sorters for nothing.
    return sorted(queue, key=lambda row: (row.placed_at_ms, row.hold))[:QUEUE_MOST]


def holds_of_title(tx: Tx, title: str) -> list[HoldRow]:
    """The holds in force on any or all copies of the title, first come first."""
    return [_hold(row) for row in tx.all(_OF_TITLE, title_=title)]


def overdue_holds(tx: Tx, today: date) -> list[HoldRow]:
    """Left too long on the shelf, or no longer wanted; as many as one step takes."""
    return [_hold(row) for row in tx.all(_OVERDUE, today=today.isoformat())]


def hold_ended_by(tx: Tx, op: str, barcode: str) -> HoldRow | None:
    """The hold that this loan of the copy collected."""
    row = tx.one(_ENDED_BY, op_=op, item_=barcode)
    return None if row is None else _hold(row)


def count_holds(tx: Tx) -> int:
    row = tx.one(_COUNT)
    return 0 if row is None else int(row[0])


def add_hold(tx: Tx, row: HoldRow) -> None:
    values = {name: getattr(row, name) for name in HoldRow._fields[:9]}
    tx.run(_ADD, **values, expires_on=_text(row.expires_on), fee_fen=row.fee_fen)


def change_hold(tx: Tx, row: HoldRow) -> HoldRow:
    """Write the row as it is now given; its version rises."""
    changed = row._replace(version=row.version + 1)
    tx.run(
        _CHANGE,
        key_hold=row.hold,
        pickup=row.pickup,
        state=row.state,
        expires_on=_text(row.expires_on),
        item=row.item,
        shelf_until_on=_text(row.shelf_until_on),
        fee_fen=row.fee_fen,
        ended_by=row.ended_by,
        version=changed.version,
    )
    return changed
