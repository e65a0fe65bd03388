"""Rows of the branch: what kiosks asked and were told, cards seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from node.storage.schema import kiosk_op, seen_card
from node.storage.transaction import Row, Statement, Tx, alteration, insertion, insertion_if_absent


class KioskOpRow(NamedTuple):
    """One operation of a kiosk. `answer` None: asked, and the kiosk has heard nothing yet."""

    seq: int
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


_COLUMNS = (
    kiosk_op.c.seq,
    kiosk_op.c.op,
    kiosk_op.c.base,
    kiosk_op.c.attempt,
    kiosk_op.c.message,
    kiosk_op.c.kiosk_date,
    kiosk_op.c.terminal,
    kiosk_op.c.card_digest,
    kiosk_op.c.barcode,
    kiosk_op.c.date_near,
    kiosk_op.c.asked_at_ms,
    kiosk_op.c.answer_by_ms,
    kiosk_op.c.told_at_ms,
    kiosk_op.c.answer,
    kiosk_op.c.question,
)
_LATEST_OF_BASE = Statement(
    select(*_COLUMNS).where(kiosk_op.c.base == bindparam("base_")).order_by(kiosk_op.c.attempt.desc()).limit(1)
)
_LATEST_OF_ITEM = Statement(
    select(*_COLUMNS).where(kiosk_op.c.barcode == bindparam("barcode_")).order_by(kiosk_op.c.seq.desc()).limit(1)
)
_RECENT_OF_ITEM = Statement(
    select(*_COLUMNS).where(kiosk_op.c.barcode == bindparam("barcode_")).order_by(kiosk_op.c.seq.desc()).limit(8)
)
_FIND = Statement(select(*_COLUMNS).where(kiosk_op.c.op == bindparam("op_")))
_UNTOLD = Statement(select(*_COLUMNS).where(kiosk_op.c.told_at_ms.is_(None)).order_by(kiosk_op.c.asked_at_ms))
_ADD = insertion(
    kiosk_op,
    *("op", "base", "attempt", "message", "kiosk_date", "terminal", "card_digest", "barcode", "date_near"),
    *("asked_at_ms", "answer_by_ms", "told_at_ms", "answer", "question"),
)
_TELL = Statement(
    update(kiosk_op).where(kiosk_op.c.op == bindparam("op_"), kiosk_op.c.told_at_ms.is_(None)),
    ("told_at_ms", "answer", "question"),
)


def _row(row: Row) -> KioskOpRow:
    return KioskOpRow(*(*row[:9], bool(row[9]), *row[10:]))


def latest_attempt(tx: Tx, base: str) -> KioskOpRow | None:
    row = tx.one(_LATEST_OF_BASE, base_=base)
    return None if row is None else _row(row)


def latest_about(tx: Tx, barcode: str) -> KioskOpRow | None:
    """The last operation on that item at this branch."""
    row = tx.one(_LATEST_OF_ITEM, barcode_=barcode)
    return None if row is None else _row(row)


def recent_about(tx: Tx, barcode: str) -> list[KioskOpRow]:
    """The last few operations on that item at this branch, latest first."""
    return [_row(row) for row in tx.all(_RECENT_OF_ITEM, barcode_=barcode)]


def find_kiosk_op(tx: Tx, op: str) -> KioskOpRow | None:
    row = tx.one(_FIND, op_=op)
    return None if row is None else _row(row)


def untold_ops(tx: Tx) -> list[KioskOpRow]:
    return [_row(row) for row in tx.all(_UNTOLD)]


def add_kiosk_op(
    tx: Tx,
    *,
    op: str,
    base: str,
    attempt: int,
    message: str,
    kiosk_date: str,
    terminal: str,
    card_digest: str,
    barcode: str,
    date_near: bool,
    asked_at_ms: int,
    answer_by_ms: int,
    told_at_ms: int | None,
    answer: str | None,
    question: str | None,
) -> None:
    tx.run(
        _ADD,
        op=op,
        base=base,
        attempt=attempt,
        message=message,
        kiosk_date=kiosk_date,
        terminal=terminal,
        card_digest=card_digest,
        barcode=barcode,
        date_near=int(date_near),
        asked_at_ms=asked_at_ms,
        answer_by_ms=answer_by_ms,
        told_at_ms=told_at_ms,
        answer=answer,
        question=question,
    )


def tell(tx: Tx, op: str, *, told_at_ms: int, answer: str) -> bool:
    """Written before the kiosk hears it (promise 5). The question is forgotten. False if it was told before."""
    return tx.run(_TELL, op_=op, told_at_ms=told_at_ms, answer=answer, question=None) > 0


# --- cards of other libraries --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SeenCardRow:
    card_digest: str
    home: str
    reader: str
    status: str
    expires_on: date | None
    seen_at_ms: int


_SEEN_COLUMNS = ("card_digest", "home", "reader", "status", "expires_on", "seen_at_ms")
_FIND_SEEN = Statement(
    select(*(seen_card.c[name] for name in _SEEN_COLUMNS)).where(seen_card.c.card_digest == bindparam("digest_"))
)
_ADD_SEEN = insertion_if_absent(seen_card, *_SEEN_COLUMNS)
_SET_SEEN = alteration(seen_card, "card_digest", *_SEEN_COLUMNS[1:])


def find_seen_card(tx: Tx, card_digest: str) -> SeenCardRow | None:
    row = tx.one(_FIND_SEEN, digest_=card_digest)
    if row is None:
        return None
    return SeenCardRow(*(*row[:4], None if row[4] is None else date.fromisoformat(row[4]), row[5]))


def see_card(tx: Tx, row: SeenCardRow) -> None:
    values = {
        "home": row.home,
        "reader": row.reader,
        "status": row.status,
        "expires_on": None if row.expires_on is None else row.expires_on.isoformat(),
        "seen_at_ms": row.seen_at_ms,
    }
    if not tx.run(_ADD_SEEN, card_digest=row.card_digest, **values):
        tx.run(_SET_SEEN, key_card_digest=row.card_digest, **values)


def see_reader(tx: Tx, card_digest: str, home: str, reader: str) -> None:
    """Whose card it is, of a card whose home was not asked how it stands: as if seen long ago."""
    tx.run(_ADD_SEEN, card_digest=card_digest, home=home, reader=reader, status="active", expires_on=None, seen_at_ms=0)
