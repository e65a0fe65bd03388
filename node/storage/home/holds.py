"""The home's mirror of its readers' holds."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, or_

from federation.contract import HoldState
from node.storage.rows import Rows
from node.storage.schema import hold_mirror
from node.storage.store import Tx


class HoldMirrorRow(NamedTuple):
    """`barred`: staff here have ended it, and no owner's word puts it in force again. `ended_at_ms`: since when it is
    not in force; `reader` "": forgotten since."""

    hold: str
    owner: str
    barcode: str
    title: str
    state: str
    pickup: str
    reader: str
    epoch: int
    version: int
    barred: bool = False
    ended_at_ms: int | None = None


_MIRROR = Rows(HoldMirrorRow, hold_mirror)
_FIND = _MIRROR.selection(_MIRROR.select.where(hold_mirror.c.hold == bindparam("hold_")))
_ADD = _MIRROR.insertion()
_CHANGE = _MIRROR.alteration("reader", "barcode", "title", "state", "pickup", "epoch", "version", "ended_at_ms")
_BAR = _MIRROR.alteration("state", "barred", "ended_at_ms")
_MIRRORED = _MIRROR.selection(
    _MIRROR.select.where(
        hold_mirror.c.reader == bindparam("reader_"),
        or_(hold_mirror.c.state == HoldState.WAITING, hold_mirror.c.state == HoldState.READY),
    ).order_by(hold_mirror.c.hold)
)


def mirrored_holds(tx: Tx, reader: str) -> list[HoldMirrorRow]:
    """The reader's holds in force, at all owners."""
    return _MIRRORED.all(tx, reader_=reader)


def find_hold_mirror(tx: Tx, hold: str) -> HoldMirrorRow | None:
    return _FIND.one(tx, hold_=hold)


def add_hold_mirror(tx: Tx, row: HoldMirrorRow) -> None:
    _ADD.run(tx, row)


def change_hold_mirror(tx: Tx, row: HoldMirrorRow) -> None:
    """Take over a newer snapshot."""
    _CHANGE.run(tx, row)


def bar_hold_mirror(tx: Tx, row: HoldMirrorRow, at_ms: int) -> None:
    """Staff end it, and no owner's word puts it in force again."""
    _BAR.run(tx, row._replace(state=HoldState.DELETED, barred=True, ended_at_ms=at_ms))
