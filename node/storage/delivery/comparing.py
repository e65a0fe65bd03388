"""Long lists of two libraries' books, in pages, for the comparison. Nothing is written."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, select

from federation.contract import FineKept, PlaceKept
from node.storage.schema import fine, fine_mirror, loan, place
from node.storage.transaction import Row, Statement, Tx

_HELD = Statement(
    select(place.c.op, place.c.reader, place.c.due_on, place.c.renewals, place.c.epoch, place.c.version)
    .where(place.c.owner == bindparam("owner_"), place.c.state == "held", place.c.op > bindparam("after"))
    .order_by(place.c.op)
    .limit(bindparam("most"))
)
_MIRRORED = Statement(
    select(
        fine_mirror.c.fine,
        fine_mirror.c.amount_fen,
        fine_mirror.c.paid_fen,
        fine_mirror.c.epoch,
        fine_mirror.c.version,
    )
    .where(
        fine_mirror.c.ledger == bindparam("ledger_"),
        fine_mirror.c.amount_fen > fine_mirror.c.paid_fen,
        fine_mirror.c.fine > bindparam("after"),
    )
    .order_by(fine_mirror.c.fine)
    .limit(bindparam("most"))
)
_LENT = Statement(
    select(
        loan.c.op, loan.c.barcode, loan.c.due_on, loan.c.renewals, loan.c.version, loan.c.opened_at_ms, loan.c.reader
    )
    .where(loan.c.home == bindparam("home_"), loan.c.closed_at_ms.is_(None), loan.c.barcode > bindparam("after"))
    .order_by(loan.c.barcode)
    .limit(bindparam("most"))
)
_OWED = Statement(
    select(fine.c.fine, fine.c.amount_fen, fine.c.paid_fen, fine.c.version, fine.c.booked_at_ms)
    .where(fine.c.home == bindparam("home_"), fine.c.amount_fen > fine.c.paid_fen, fine.c.fine > bindparam("after"))
    .order_by(fine.c.fine)
    .limit(bindparam("most"))
)


def held_for(tx: Tx, owner: str, after: str, most: int) -> list[PlaceKept]:
    """The home's places for loans of `owner`, by operation."""
    rows = tx.all(_HELD, owner_=owner, after=after, most=most)
    return [PlaceKept(row[0], row[1], date.fromisoformat(row[2]), *row[3:]) for row in rows]


def mirrored_for(tx: Tx, ledger: str, after: str, most: int) -> list[FineKept]:
    """The home's mirror of the fines of `ledger` that are not fully paid, by fine."""
    return [FineKept(*row) for row in tx.all(_MIRRORED, ledger_=ledger, after=after, most=most)]


class LentRow(NamedTuple):
    """An open loan as its owner has it."""

    op: str
    barcode: str
    due_on: date
    renewals: int
    version: int
    opened_at_ms: int
    reader: str


def _lent(row: Row) -> LentRow:
    return LentRow(row[0], row[1], date.fromisoformat(row[2]), *row[3:])


def lent_to(tx: Tx, home: str, after: str, most: int) -> list[LentRow]:
    """The owner's open loans to readers of `home`, by barcode."""
    return [_lent(row) for row in tx.all(_LENT, home_=home, after=after, most=most)]


class OwedRow(NamedTuple):
    """A fine, not fully paid, as its ledger has it."""

    fine: str
    amount_fen: int
    paid_fen: int
    version: int
    booked_at_ms: int


def owed_by(tx: Tx, home: str, after: str, most: int) -> list[OwedRow]:
    """The ledger's fines of readers of `home`, by fine."""
    return [OwedRow(*row) for row in tx.all(_OWED, home_=home, after=after, most=most)]
