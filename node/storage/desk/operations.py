"""Rows of the branch: what kiosks asked and were told, cards seen."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from node.storage.rows import Rows
from node.storage.schema import kiosk_op, seen_card
from node.storage.statements import Statement, alteration
from node.storage.store import Tx


class KioskOpRow(NamedTuple):
    """One operation of a kiosk. `answer` None: asked, and the kiosk has heard nothing yet. `owner`: of the item, ""
    where its barcode alone tells it. `lasting`: as `Ask.lasting`. `card_digest` "": forgotten. `seq`: numbered by the
    database, 0 before."""

    op: str
    base: str
    attempt: int
    message: str
    kiosk_date: str
    terminal: str
    card_digest: str
    barcode: str
    date_near: bool
    asked_at_ms: int
    answer_by_ms: int
    told_at_ms: int | None
    answer: str | None
    question: str | None
    owner: str = ""
    lasting: bool = False
    seq: int = 0


_OPS = Rows(KioskOpRow, kiosk_op)
_LATEST_OF_BASE = _OPS.selection(
    _OPS.select.where(kiosk_op.c.base == bindparam("base_")).order_by(kiosk_op.c.attempt.desc()).limit(1)
)
_OF_ITEM = _OPS.select.where(kiosk_op.c.barcode == bindparam("barcode_")).order_by(kiosk_op.c.seq.desc())
_LATEST_OF_ITEM = _OPS.selection(_OF_ITEM.limit(1))
_LATEST_OF_OWNED = _OPS.selection(_OF_ITEM.where(kiosk_op.c.owner.in_(("", bindparam("owner_")))).limit(1))
_RECENT_OF_ITEM = _OPS.selection(_OF_ITEM.limit(8))
_OTHERS_TAKEN_IN = Statement(
    select(kiosk_op.c.op)
    .where(kiosk_op.c.barcode == bindparam("barcode_"), kiosk_op.c.owner != bindparam("owner_"))
    .where(kiosk_op.c.message == "09")
    .limit(1)
)
_RETURNS_OF_ITEM = _OPS.selection(_OF_ITEM.where(kiosk_op.c.message == "09").limit(32))
_FIND = _OPS.selection(_OPS.select.where(kiosk_op.c.op == bindparam("op_")))
_UNTOLD = _OPS.selection(_OPS.select.where(kiosk_op.c.told_at_ms.is_(None)).order_by(kiosk_op.c.asked_at_ms))
_ADD = _OPS.insertion()
_TELL = Statement(
    update(kiosk_op).where(kiosk_op.c.op == bindparam("op_"), kiosk_op.c.told_at_ms.is_(None)),
    ("told_at_ms", "answer", "question"),
)
_SET_OWNER = Statement(update(kiosk_op).where(kiosk_op.c.op == bindparam("op_")), ("owner",))


def latest_attempt(tx: Tx, base: str) -> KioskOpRow | None:
    return _LATEST_OF_BASE.one(tx, base_=base)


def latest_about(tx: Tx, barcode: str, owner: str = "") -> KioskOpRow | None:
    """The last operation on that item at this branch. With an owner: on its item, or on one that may have been."""
    if owner:
        return _LATEST_OF_OWNED.one(tx, barcode_=barcode, owner_=owner)
    return _LATEST_OF_ITEM.one(tx, barcode_=barcode)


def recent_about(tx: Tx, barcode: str, owner: str = "") -> list[KioskOpRow]:
    """The last few operations on that item at this branch, latest first; with an owner as `latest_about`."""
    return [row for row in _RECENT_OF_ITEM.all(tx, barcode_=barcode) if not owner or row.owner in ("", owner)]


def others_taken_in(tx: Tx, barcode: str, owner: str) -> bool:
    """Whether an item with that barcode came back here that was not, or may not have been, that library's."""
    return tx.one(_OTHERS_TAKEN_IN, barcode_=barcode, owner_=owner) is not None


def returns_of(tx: Tx, barcode: str) -> list[KioskOpRow]:
    """The last returns here of items with that barcode, latest first."""
    return _RETURNS_OF_ITEM.all(tx, barcode_=barcode)


def find_kiosk_op(tx: Tx, op: str) -> KioskOpRow | None:
    return _FIND.one(tx, op_=op)


def untold_ops(tx: Tx) -> list[KioskOpRow]:
    return _UNTOLD.all(tx)


def add_kiosk_op(tx: Tx, row: KioskOpRow) -> None:
    _ADD.run(tx, row)


def tell(tx: Tx, op: str, *, told_at_ms: int, answer: str) -> bool:
    """Written before the kiosk hears it (promise 5). The question is forgotten. False if it was told before."""
    return tx.run(_TELL, op_=op, told_at_ms=told_at_ms, answer=answer, question=None) > 0


def set_owner(tx: Tx, op: str, owner: str) -> None:
    """It was not known when the operation was told."""
    tx.run(_SET_OWNER, op_=op, owner=owner)


# --- cards of other libraries --------------------------------------------------------------------------------


class SeenCardRow(NamedTuple):
    card_digest: str
    home: str
    reader: str
    status: str
    expires_on: date | None
    seen_at_ms: int
    noted_at_ms: int


_SEEN = Rows(SeenCardRow, seen_card)
_FIND_SEEN = _SEEN.selection(_SEEN.select.where(seen_card.c.card_digest == bindparam("digest_")))
_ADD_SEEN = _SEEN.insertion_if_absent()
_SET_SEEN = _SEEN.alteration("home", "reader", "status", "expires_on", "seen_at_ms", "noted_at_ms")
_NOTE_SEEN = alteration(seen_card, "card_digest", "noted_at_ms")


def find_seen_card(tx: Tx, card_digest: str) -> SeenCardRow | None:
    return _FIND_SEEN.one(tx, digest_=card_digest)


def see_card(tx: Tx, row: SeenCardRow) -> None:
    if not _ADD_SEEN.run(tx, row):
        _SET_SEEN.run(tx, row)


def see_reader(tx: Tx, card_digest: str, home: str, reader: str, at_ms: int) -> None:
    """Whose card it is, of a card whose home was not asked how it stands: as if seen long ago."""
    if not _ADD_SEEN.run(tx, SeenCardRow(card_digest, home, reader, "active", None, 0, at_ms)):
        tx.run(_NOTE_SEEN, key_card_digest=card_digest, noted_at_ms=at_ms)
