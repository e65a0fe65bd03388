"""Rows of the home: cards, places in the quota, the mirror of fines."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, delete, tuple_, update

from federation.contract import FineKind
from node.domain.states import PLACE, PlaceEvent, PlaceState
from node.storage.rows import Rows
from node.storage.schema import card, fine_mirror, place
from node.storage.statements import Statement, alteration
from node.storage.store import Tx


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


class NewCard(NamedTuple):
    """One card, as an import brings it."""

    card: str
    reader: str
    name: str
    category: str
    expires_on: date | None
    pin_hash: str | None
    max_loans: int
    max_foreign: int

    def __repr__(self) -> str:  # the same
        return f"NewCard(reader={self.reader!r})"


NEW_CARDS = Rows(NewCard, card)
_CARDS = Rows(CardRow, card)
_FIND_CARD = _CARDS.selection(_CARDS.select.where(card.c.card == bindparam("card_")))
_FIND_READER = _CARDS.selection(_CARDS.select.where(card.c.reader == bindparam("reader_")))
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
_ADD_CARD = NEW_CARDS.insertion()


def find_card(tx: Tx, number: str) -> CardRow | None:
    return _FIND_CARD.one(tx, card_=number)


def find_reader(tx: Tx, reader: str) -> CardRow | None:
    return _FIND_READER.one(tx, reader_=reader)


def set_status(tx: Tx, number: str, status: str) -> None:
    tx.run(_SET_STATUS, key_card=number, status=status)


def add_cards(tx: Tx, rows: list[NewCard]) -> None:
    _ADD_CARD.many(tx, rows)


# --- places --------------------------------------------------------------------------------------------------


class PlaceRow(NamedTuple):
    """`at_ms`: when the reader asked, or when the home heard of it. `epoch`, `version`: of the loan. `barred`: staff
    here have freed it, and no owner's word holds it again. `ended_at_ms`: when it was freed or refused. `reader` "":
    forgotten since."""

    op: str
    state: PlaceState
    owner: str
    at_ms: int
    reader: str | None = None
    barcode: str = ""
    title: str = ""
    foreign: bool = False
    forced: bool = False
    due_on: date | None = None
    renewals: int = 0
    epoch: int = 0
    version: int = 0
    branch: str = ""
    refusal: str | None = None
    barred: bool = False
    ended_at_ms: int | None = None


_PLACES = Rows(PlaceRow, place, foreign="is_foreign")
_FIND_PLACE = _PLACES.selection(_PLACES.select.where(place.c.op == bindparam("op_")))
_HELD_PLACES = _PLACES.selection(
    _PLACES.select.where(place.c.reader == bindparam("reader_"), place.c.state == PlaceState.HELD).order_by(
        place.c.at_ms, place.c.op
    )
)
_ADD_PLACE = _PLACES.insertion()
_TOMBSTONE = _PLACES.insertion_if_absent()
_NAME = _PLACES.alteration("reader", "barcode", "title", "foreign", "forced", "due_on", "branch", "at_ms")
_FREE = _PLACES.alteration("state", "epoch", "version", "ended_at_ms")
_BAR = _PLACES.alteration("barred")
_HOLD_AGAIN = _PLACES.alteration("state", "forced", "ended_at_ms")
_DROP_PLACE = Statement(delete(place).where(place.c.op == bindparam("op_")))
_MIRROR_LOAN = _PLACES.alteration("due_on", "renewals", "epoch", "version")


def find_place(tx: Tx, op: str) -> PlaceRow | None:
    return _FIND_PLACE.one(tx, op_=op)


def held_places(tx: Tx, reader: str) -> list[PlaceRow]:
    return _HELD_PLACES.all(tx, reader_=reader)


def hold_place(tx: Tx, row: PlaceRow) -> None:
    """Count the place and write its row. The CHECK on the card's row is the last word on the quota (R2)."""
    _count(tx, row, 1)
    _ADD_PLACE.run(tx, row)


def _count(tx: Tx, row: PlaceRow, places: int) -> None:
    """One more, or (-1) one less; a forced place counts beside the quota."""
    if row.forced:
        tx.run(_COUNT, reader_=row.reader, places=0, foreign=0, forced=places)
    else:
        tx.run(_COUNT, reader_=row.reader, places=places, foreign=places * row.foreign, forced=0)


def refuse_place(tx: Tx, row: PlaceRow) -> None:
    _ADD_PLACE.run(tx, row)


def bury_place(tx: Tx, *, op: str, owner: str, at_ms: int, epoch: int, version: int) -> None:
    """A tombstone: the release came before its question."""
    state = PLACE.after(None, PlaceEvent.BURIED)
    row = PlaceRow(op=op, state=state, owner=owner, at_ms=at_ms, epoch=epoch, version=version, ended_at_ms=at_ms)
    _TOMBSTONE.run(tx, row)


def name_place(tx: Tx, row: PlaceRow) -> None:
    """Whose loan it was, made off line, of which there is a tombstone: it holds nothing."""
    _NAME.run(tx, row)


def hold_again(tx: Tx, row: PlaceRow, *, forced: bool) -> None:
    """A place that was freed is held once more."""
    held = row._replace(state=PLACE.after(row.state, PlaceEvent.RESTORED), forced=forced, ended_at_ms=None)
    _HOLD_AGAIN.run(tx, held)
    _count(tx, held, 1)


def free_place(tx: Tx, row: PlaceRow, epoch: int, version: int, at_ms: int) -> None:
    """(`epoch`, `version`): the loan as it ended."""
    stay_free(tx, row, epoch, version, at_ms)
    _count(tx, row, -1)


def bar_place(tx: Tx, row: PlaceRow, at_ms: int) -> None:
    """Staff free it, and no owner's word holds it again."""
    free_place(tx, row, row.epoch, row.version, at_ms)
    _BAR.run(tx, row._replace(barred=True))


def drop_place(tx: Tx, op: str) -> None:
    """One that has forgotten whose it was: its owner tells it anew."""
    tx.run(_DROP_PLACE, op_=op)


def stay_free(tx: Tx, row: PlaceRow, epoch: int, version: int, at_ms: int) -> None:
    """It is free, as of a newer version of the loan than was known."""
    freed = PLACE.after(row.state, PlaceEvent.RELEASED)
    _FREE.run(tx, row._replace(state=freed, epoch=epoch, version=version, ended_at_ms=at_ms))


def mirror_loan(tx: Tx, row: PlaceRow) -> None:
    """The due date, the renewals and the version of the loan, as its owner now says."""
    _MIRROR_LOAN.run(tx, row)


# --- the mirror of fines -------------------------------------------------------------------------------------


class MirrorRow(NamedTuple):
    """`reader` None: not known yet, `loan` is. `loan` "": an older ledger did not say it. `settled_at_ms`: since when
    nothing is owed for it."""

    fine: str
    ledger: str
    barcode: str
    title: str
    due_on: date
    amount_fen: int
    paid_fen: int
    reader: str | None
    epoch: int
    version: int
    kind: FineKind
    loan: str
    settled_at_ms: int | None = None


_MIRROR = Rows(MirrorRow, fine_mirror)
_ADD_MIRROR = _MIRROR.insertion_if_absent()
_SET_MIRROR = Statement(
    update(fine_mirror).where(
        fine_mirror.c.ledger == bindparam("key_ledger"),
        fine_mirror.c.fine == bindparam("key_fine"),
        tuple_(fine_mirror.c.epoch, fine_mirror.c.version) < tuple_(bindparam("new_epoch"), bindparam("new_version")),
    ),
    ("amount_fen", "paid_fen", "epoch", "version", "settled_at_ms"),
)
_NAME_FINES = Statement(
    update(fine_mirror)
    .where(fine_mirror.c.loan == bindparam("loan_"), fine_mirror.c.reader.is_(None))
    .values(reader=bindparam("reader_"))
)
_FIND_MIRROR = _MIRROR.selection(
    _MIRROR.select.where(fine_mirror.c.ledger == bindparam("ledger_"), fine_mirror.c.fine == bindparam("fine_"))
)
_OF_LOAN = _MIRROR.selection(
    _MIRROR.select.where(
        fine_mirror.c.reader == bindparam("reader_"),
        fine_mirror.c.loan == bindparam("loan_"),
        fine_mirror.c.amount_fen > 0,
    )
)
_OPEN_FINES = _MIRROR.selection(
    _MIRROR.select.where(
        fine_mirror.c.reader == bindparam("reader_"), fine_mirror.c.amount_fen > fine_mirror.c.paid_fen
    ).order_by(fine_mirror.c.due_on, fine_mirror.c.fine)
)


def name_fines(tx: Tx, loan: str, reader: str) -> None:
    """Whose loan it was is known now, and so who owes for it."""
    tx.run(_NAME_FINES, loan_=loan, reader_=reader)


def mirror_fine(tx: Tx, row: MirrorRow) -> None:
    """Take over a snapshot if it is newer than what is known of that ledger's fine (promise 7)."""
    if not _ADD_MIRROR.run(tx, row):
        tx.run(
            _SET_MIRROR,
            key_ledger=row.ledger,
            key_fine=row.fine,
            amount_fen=row.amount_fen,
            paid_fen=row.paid_fen,
            epoch=row.epoch,
            version=row.version,
            settled_at_ms=row.settled_at_ms,
            new_epoch=row.epoch,
            new_version=row.version,
        )


def find_mirror(tx: Tx, ledger: str, fine: str) -> MirrorRow | None:
    return _FIND_MIRROR.one(tx, ledger_=ledger, fine_=fine)


def fines_of_loan(tx: Tx, reader: str, loan: str) -> list[MirrorRow]:
    """What was ever owed for that loan of the reader, paid or not, but for what is void."""
    return _OF_LOAN.all(tx, reader_=reader, loan_=loan)


def open_fines(tx: Tx, reader: str) -> list[MirrorRow]:
    return _OPEN_FINES.all(tx, reader_=reader)
