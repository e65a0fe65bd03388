"""The home's mirror of its readers' holds."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, or_, select

from node.storage.schema_holds import hold_mirror
from node.storage.transaction import Statement, Tx, alteration, insertion


class HoldMirrorRow(NamedTuple):
    hold: str
    owner: str
    barcode: str
    title: str
    state: str
    pickup: str


_MIRROR_VERSION = Statement(
    select(hold_mirror.c.owner, hold_mirror.c.epoch, hold_mirror.c.version).where(
        hold_mirror.c.hold == bindparam("hold_")
    )
)
_MIRROR_COLUMNS = ("hold", "owner", "reader", "barcode", "title", "state", "pickup", "epoch", "version")
_ADD_MIRROR = insertion(hold_mirror, *_MIRROR_COLUMNS)
_SET_MIRROR = alteration(hold_mirror, "hold", "barcode", "title", "state", "pickup", "epoch", "version")
_MIRRORED = Statement(
    select(*(hold_mirror.c[name] for name in HoldMirrorRow._fields))
    .where(
        hold_mirror.c.reader == bindparam("reader_"),
        or_(hold_mirror.c.state == "waiting", hold_mirror.c.state == "ready"),
    )
    .order_by(hold_mirror.c.hold)
)


def mirrored_holds(tx: Tx, reader: str) -> list[HoldMirrorRow]:
    """The reader's holds in force, at all owners."""
    return [HoldMirrorRow(*row) for row in tx.all(_MIRRORED, reader_=reader)]


def mirror_hold(tx: Tx, *, hold: str, owner: str, epoch: int, version: int, **values: str) -> None:
    """Take over a snapshot (`reader`, `barcode`, `title`, `state`, `pickup`) if it is newer (promise 7)."""
    known = tx.one(_MIRROR_VERSION, hold_=hold)
    if known is None:
        tx.run(_ADD_MIRROR, hold=hold, owner=owner, epoch=epoch, version=version, **values)
    elif known[0] == owner and tuple(known[1:]) < (epoch, version):
        changes = {name: value for name, value in values.items() if name != "reader"}
        tx.run(_SET_MIRROR, key_hold=hold, epoch=epoch, version=version, **changes)
