"""Rows of holds: the owner's queue of each item."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, or_, union_all

from federation.contract import HoldState
from node.storage.rows import Rows
from node.storage.schema import hold
from node.storage.store import Tx


class HoldRow(NamedTuple):
    """`barcode` "": any copy of the title. `item`: the copy that is kept, on its way (waiting) or on the shelf (ready).
    `category`: of the reader, when it was placed. `fee_fen`: what the reader agreed to pay for it. `ended_by`: the
    operation that ended it, at `ended_at_ms`. `reader` "": it is over, and forgotten."""

    hold: str
    barcode: str
    title: str
    home: str
    reader: str
    category: str
    branch: str
    pickup: str
    state: HoldState
    placed_at_ms: int
    expires_on: date | None
    item: str | None
    shelf_until_on: date | None
    fee_fen: int
    ended_by: str | None
    version: int
    ended_at_ms: int | None = None


QUEUE_MOST = 256
_HOLDS = Rows(HoldRow, hold)
_in_force = or_(hold.c.state == HoldState.WAITING, hold.c.state == HoldState.READY)
_FIND = _HOLDS.selection(_HOLDS.select.where(hold.c.hold == bindparam("hold_")))
_KEPT_FOR = _HOLDS.selection(_HOLDS.select.where(hold.c.item == bindparam("item_"), _in_force))
_on_copy = _HOLDS.select.where(_in_force, hold.c.barcode == bindparam("barcode_"), hold.c.barcode != "")
_on_title = _HOLDS.select.where(_in_force, hold.c.title == bindparam("title_"), hold.c.barcode == "")
_QUEUE = _HOLDS.selection(union_all(_on_copy, _on_title))
_OF_TITLE = _HOLDS.selection(
    _HOLDS.select.where(_in_force, hold.c.title == bindparam("title_"))
    .order_by(hold.c.placed_at_ms, hold.c.hold)
    .limit(QUEUE_MOST)
)
_OVERDUE = _HOLDS.selection(
    _HOLDS.select.where(
        _in_force,
        or_(
            (hold.c.state == HoldState.READY) & (hold.c.shelf_until_on < bindparam("today")),
            (hold.c.state == HoldState.WAITING) & (hold.c.expires_on < bindparam("today")),
        ),
    )
    .order_by(hold.c.placed_at_ms, hold.c.hold)
    .limit(QUEUE_MOST)
)
_ENDED_BY = _HOLDS.selection(
    _HOLDS.select.where(hold.c.ended_by == bindparam("op_"), hold.c.item == bindparam("item_"))
)
_ADD = _HOLDS.insertion()
_CHANGE = _HOLDS.alteration(
    *("pickup", "state", "expires_on", "item", "shelf_until_on", "fee_fen", "ended_by", "version", "ended_at_ms")
)


def find_hold(tx: Tx, number: str) -> HoldRow | None:
    return _FIND.one(tx, hold_=number)


def hold_kept_for(tx: Tx, barcode: str) -> HoldRow | None:
    """The hold for which this very copy is kept."""
    return _KEPT_FOR.one(tx, item_=barcode)


def queue_of(tx: Tx, barcode: str, title: str) -> list[HoldRow]:
    """The holds in force that this copy could serve, first come first."""
    queue = _QUEUE.all(tx, barcode_=barcode, title_=title)
    # Sorted here: mostly nobody waits, and SQLite makes two sorters for nothing.
    return sorted(queue, key=lambda row: (row.placed_at_ms, row.hold))[:QUEUE_MOST]


def holds_of_title(tx: Tx, title: str) -> list[HoldRow]:
    """The holds in force on any or all copies of the title, first come first."""
    return _OF_TITLE.all(tx, title_=title)


def overdue_holds(tx: Tx, today: date) -> list[HoldRow]:
    """Left too long on the shelf, or no longer wanted; as many as one step takes."""
    return _OVERDUE.all(tx, today=today.isoformat())


def hold_ended_by(tx: Tx, op: str, barcode: str) -> HoldRow | None:
    """The hold that this loan of the copy collected."""
    return _ENDED_BY.one(tx, op_=op, item_=barcode)


def add_hold(tx: Tx, row: HoldRow) -> None:
    _ADD.run(tx, row)


def change_hold(tx: Tx, row: HoldRow, at_ms: int) -> HoldRow:
    """Write the row as it is now given; its version rises. If it is over, it is so since `at_ms`."""
    ended_at_ms = None if row.state in (HoldState.WAITING, HoldState.READY) else at_ms
    changed = row._replace(version=row.version + 1, ended_at_ms=ended_at_ms)
    _CHANGE.run(tx, changed)
    return changed
