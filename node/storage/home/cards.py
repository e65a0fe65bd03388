"""Rows of the home: cards, places in the quota, the mirror of fines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, select, tuple_, update

from node.storage.schema import card, fine_mirror, place
from node.storage.transaction import Row, Statement, Tx, alteration, insertion, insertion_if_absent


def _on(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


class CardRow(NamedTuple):
    card: str
    reader: str
    name: str
    category: str
    status: str
    expires_on: date | None
    pin_hash: str | None
    violation: bool
    max_loans: int
    max_foreign: int
    places_used: int
    foreign_used: int

    def __repr__(self) -> str:  # a child's card and name stay out of every log
        return f"CardRow(reader={self.reader!r})"


_CARD_COLUMNS = (
    card.c.card,
    card.c.reader,
    card.c.name,
    card.c.category,
    card.c.status,
    card.c.expires_on,
    card.c.pin_hash,
    card.c.violation,
    card.c.max_loans,
    card.c.max_foreign,
    card.c.places_used,
    card.c.foreign_used,
)
_FIND_CARD = Statement(select(*_CARD_COLUMNS).where(card.c.card == bindparam("card_")))
_FIND_READER = Statement(select(*_CARD_COLUMNS).where(card.c.reader == bindparam("reader_")))
_COUNT = Statement(
    update(card)
    .where(card.c.reader == bindparam("reader_"))
    .values(
        places_used=card.c.places_used + bindparam("places"),
        foreign_used=card.c.foreign_used + bindparam("foreign"),
        forced_used=card.c.forced_used + bindparam("forced"),
    )
)
_SET_STATUS = alteration(card, "card", "status")
_ADD_CARD = insertion(
    card, "card", "reader", "name", "category", "status", "expires_on", "pin_hash", "max_loans", "max_foreign"
)


def _card(row: Row) -> CardRow:
    return CardRow(*(*row[:5], _on(row[5]), row[6], bool(row[7]), *row[8:]))


def find_card(tx: Tx, number: str) -> CardRow | None:
    row = tx.one(_FIND_CARD, card_=number)
    return None if row is None else _card(row)


def find_reader(tx: Tx, reader: str) -> CardRow | None:
    row = tx.one(_FIND_READER, reader_=reader)
    return None if row is None else _card(row)


def set_status(tx: Tx, number: str, status: str) -> None:
    tx.run(_SET_STATUS, key_card=number, status=status)


@dataclass(frozen=True, slots=True)
class NewCard:
    card: str
    reader: str
    name: str
    category: str
    expires_on: date | None
    pin_hash: str | None
    max_loans: int
    max_foreign: int

    def __repr__(self) -> str:
        return f"NewCard(reader={self.reader!r})"


def add_cards(tx: Tx, rows: list[NewCard]) -> None:
    tx.many(
        _ADD_CARD,
        [
            {
                "card": row.card,
                "reader": row.reader,
                "name": row.name,
                "category": row.category,
                "status": "active",
                "expires_on": None if row.expires_on is None else row.expires_on.isoformat(),
                "pin_hash": row.pin_hash,
                "max_loans": row.max_loans,
                "max_foreign": row.max_foreign,
            }
            for row in rows
        ],
    )


# --- places --------------------------------------------------------------------------------------------------


class PlaceRow(NamedTuple):
    op: str
    state: str
    reader: str | None
    owner: str
    barcode: str
    title: str
    foreign: bool
    forced: bool
    due_on: date | None
    renewals: int
    epoch: int
    version: int
    refusal: str | None


_PLACE_COLUMNS = (
    place.c.op,
    place.c.state,
    place.c.reader,
    place.c.owner,
    place.c.barcode,
    place.c.title,
    place.c.is_foreign,
    place.c.forced,
    place.c.due_on,
    place.c.renewals,
    place.c.epoch,
    place.c.version,
    place.c.refusal,
)
_FIND_PLACE = Statement(select(*_PLACE_COLUMNS).where(place.c.op == bindparam("op_")))
_HELD_PLACES = Statement(
    select(*_PLACE_COLUMNS)
    .where(place.c.reader == bindparam("reader_"), place.c.state == "held")
    .order_by(place.c.at_ms, place.c.op)
)
_HOLD = insertion(
    place,
    *("op", "state", "reader", "owner", "barcode", "title", "is_foreign", "forced", "due_on", "branch", "at_ms"),
)
_REFUSE = insertion(place, "op", "state", "owner", "barcode", "branch", "at_ms", "refusal")
_TOMBSTONE = insertion_if_absent(place, "op", "state", "owner", "at_ms", "epoch", "version")
_NAME = alteration(place, "op", "reader", "barcode", "title", "is_foreign", "forced", "due_on", "branch", "at_ms")
_FREE = alteration(place, "op", "state", "epoch", "version")
_HOLD_AGAIN = alteration(place, "op", "state", "forced")
_MIRROR_LOAN = alteration(place, "op", "due_on", "renewals", "epoch", "version")


def _place(row: Row) -> PlaceRow:
    return PlaceRow(*(*row[:6], bool(row[6]), bool(row[7]), _on(row[8]), *row[9:]))


def find_place(tx: Tx, op: str) -> PlaceRow | None:
    row = tx.one(_FIND_PLACE, op_=op)
    return None if row is None else _place(row)


def held_places(tx: Tx, reader: str) -> list[PlaceRow]:
    return [_place(row) for row in tx.all(_HELD_PLACES, reader_=reader)]


def hold_place(
    tx: Tx,
    *,
    op: str,
    reader: str,
    owner: str,
    barcode: str,
    title: str,
    foreign: bool,
    forced: bool,
    due_on: date,
    branch: str,
    at_ms: int,
) -> None:
    """Count the place and write its row. The CHECK on the card's row is the last word on the quota (R2)."""
    if forced:
        tx.run(_COUNT, reader_=reader, places=0, foreign=0, forced=1)
    else:
        tx.run(_COUNT, reader_=reader, places=1, foreign=int(foreign), forced=0)
    tx.run(
        _HOLD,
        op=op,
        state="held",
        reader=reader,
        owner=owner,
        barcode=barcode,
        title=title,
        is_foreign=int(foreign),
        forced=int(forced),
        due_on=due_on.isoformat(),
        branch=branch,
        at_ms=at_ms,
    )


def refuse_place(tx: Tx, *, op: str, owner: str, barcode: str, branch: str, at_ms: int, refusal: str) -> None:
    tx.run(_REFUSE, op=op, state="refused", owner=owner, barcode=barcode, branch=branch, at_ms=at_ms, refusal=refusal)


def bury_place(tx: Tx, *, op: str, owner: str, at_ms: int, epoch: int, version: int) -> None:
    """A tombstone: the release came before its question."""
    tx.run(_TOMBSTONE, op=op, state="freed", owner=owner, at_ms=at_ms, epoch=epoch, version=version)


def name_place(
    tx: Tx,
    *,
    op: str,
    reader: str,
    barcode: str,
    title: str,
    foreign: bool,
    due_on: date,
    branch: str,
    at_ms: int,
) -> None:
    """Whose loan it was, made off line, of which there is a tombstone: it holds nothing."""
    tx.run(
        _NAME,
        key_op=op,
        reader=reader,
        barcode=barcode,
        title=title,
        is_foreign=int(foreign),
        forced=1,
        due_on=due_on.isoformat(),
        branch=branch,
        at_ms=at_ms,
    )


def hold_again(tx: Tx, row: PlaceRow, *, forced: bool) -> None:
    """A place that was freed is held once more."""
    tx.run(_HOLD_AGAIN, key_op=row.op, state="held", forced=int(forced))
    if forced:
        tx.run(_COUNT, reader_=row.reader, places=0, foreign=0, forced=1)
    else:
        tx.run(_COUNT, reader_=row.reader, places=1, foreign=int(row.foreign), forced=0)


def free_place(tx: Tx, row: PlaceRow, epoch: int, version: int) -> None:
    """(`epoch`, `version`): the loan as it ended."""
    tx.run(_FREE, key_op=row.op, state="freed", epoch=epoch, version=version)
    if row.forced:
        tx.run(_COUNT, reader_=row.reader, places=0, foreign=0, forced=-1)
    else:
        tx.run(_COUNT, reader_=row.reader, places=-1, foreign=-int(row.foreign), forced=0)


def stay_free(tx: Tx, row: PlaceRow, epoch: int, version: int) -> None:
    """It is free, as of a newer version of the loan than was known."""
    tx.run(_FREE, key_op=row.op, state="freed", epoch=epoch, version=version)


def mirror_loan(tx: Tx, *, op: str, due_on: date, renewals: int, epoch: int, version: int) -> None:
    tx.run(_MIRROR_LOAN, key_op=op, due_on=due_on.isoformat(), renewals=renewals, epoch=epoch, version=version)


# --- the mirror of fines -------------------------------------------------------------------------------------


class MirrorRow(NamedTuple):
    fine: str
    ledger: str
    barcode: str
    title: str
    due_on: date
    amount_fen: int
    paid_fen: int


_MIRROR_COLUMNS = (
    "fine",
    "ledger",
    "reader",
    "barcode",
    "title",
    "due_on",
    "amount_fen",
    "paid_fen",
    "epoch",
    "version",
)
_ADD_MIRROR = insertion_if_absent(fine_mirror, *_MIRROR_COLUMNS)
_SET_MIRROR = Statement(
    update(fine_mirror).where(
        fine_mirror.c.ledger == bindparam("key_ledger"),
        fine_mirror.c.fine == bindparam("key_fine"),
        tuple_(fine_mirror.c.epoch, fine_mirror.c.version) < tuple_(bindparam("new_epoch"), bindparam("new_version")),
    ),
    ("amount_fen", "paid_fen", "epoch", "version"),
)
_RENAME_FINES = Statement(
    update(fine_mirror).where(fine_mirror.c.reader == bindparam("before_")).values(reader=bindparam("reader_"))
)
_OPEN_FINES = Statement(
    select(
        fine_mirror.c.fine,
        fine_mirror.c.ledger,
        fine_mirror.c.barcode,
        fine_mirror.c.title,
        fine_mirror.c.due_on,
        fine_mirror.c.amount_fen,
        fine_mirror.c.paid_fen,
    )
    .where(fine_mirror.c.reader == bindparam("reader_"), fine_mirror.c.amount_fen > fine_mirror.c.paid_fen)
    .order_by(fine_mirror.c.due_on, fine_mirror.c.fine)
)


def rename_fines(tx: Tx, before: str, reader: str) -> None:
    """Whose fines they are is known now."""
    tx.run(_RENAME_FINES, before_=before, reader_=reader)


def mirror_fine(
    tx: Tx,
    *,
    fine: str,
    ledger: str,
    reader: str,
    barcode: str,
    title: str,
    due_on: date,
    amount_fen: int,
    paid_fen: int,
    epoch: int,
    version: int,
) -> None:
    """Take over a snapshot if it is newer than what is known of that ledger's fine (promise 7)."""
    new = tx.run(
        _ADD_MIRROR,
        fine=fine,
        ledger=ledger,
        reader=reader,
        barcode=barcode,
        title=title,
        due_on=due_on.isoformat(),
        amount_fen=amount_fen,
        paid_fen=paid_fen,
        epoch=epoch,
        version=version,
    )
    if new == 0:
        tx.run(
            _SET_MIRROR,
            key_ledger=ledger,
            key_fine=fine,
            amount_fen=amount_fen,
            paid_fen=paid_fen,
            epoch=epoch,
            version=version,
            new_epoch=epoch,
            new_version=version,
        )


def open_fines(tx: Tx, reader: str) -> list[MirrorRow]:
    return [MirrorRow(*(*row[:4], date.fromisoformat(row[4]), *row[5:])) for row in tx.all(_OPEN_FINES, reader_=reader)]
