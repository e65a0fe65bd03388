"""Long lists of two libraries' books, in pages, for the comparison. Nothing is written."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam

from federation.contract import FineKept, PlaceKept
from node.domain.states import PlaceState
from node.storage.rows import Rows
from node.storage.schema import fine, fine_mirror, loan, place
from node.storage.store import Tx


class LentRow(NamedTuple):
    """An open loan as its owner has it. `reader` None: the home has not said yet whose it is."""

    op: str
    barcode: str
    due_on: date
    renewals: int
    version: int
    opened_at_ms: int
    reader: str | None


class OwedRow(NamedTuple):
    """A fine, not fully paid, as its ledger has it."""

    fine: str
    amount_fen: int
    paid_fen: int
    version: int
    booked_at_ms: int


_PLACES = Rows(PlaceKept, place, never_null=("reader", "due_on"))
_MIRROR = Rows(FineKept, fine_mirror)
_LOANS = Rows(LentRow, loan)
_FINES = Rows(OwedRow, fine)
_HELD = _PLACES.selection(
    _PLACES.select.where(
        place.c.owner == bindparam("owner_"), place.c.state == PlaceState.HELD, place.c.op > bindparam("after")
    )
    .order_by(place.c.op)
    .limit(bindparam("most"))
)
_MIRRORED = _MIRROR.selection(
    _MIRROR.select.where(
        fine_mirror.c.ledger == bindparam("ledger_"),
        fine_mirror.c.amount_fen > fine_mirror.c.paid_fen,
        fine_mirror.c.fine > bindparam("after"),
    )
    .order_by(fine_mirror.c.fine)
    .limit(bindparam("most"))
)
_LENT = _LOANS.selection(
    _LOANS.select.where(
        loan.c.home == bindparam("home_"), loan.c.closed_at_ms.is_(None), loan.c.barcode > bindparam("after")
    )
    .order_by(loan.c.barcode)
    .limit(bindparam("most"))
)
_OWED = _FINES.selection(
    _FINES.select.where(
        fine.c.home == bindparam("home_"), fine.c.amount_fen > fine.c.paid_fen, fine.c.fine > bindparam("after")
    )
    .order_by(fine.c.fine)
    .limit(bindparam("most"))
)


def held_for(tx: Tx, owner: str, after: str, most: int) -> list[PlaceKept]:
    """The home's places for loans of `owner`, by operation."""
    return _HELD.all(tx, owner_=owner, after=after, most=most)


def mirrored_for(tx: Tx, ledger: str, after: str, most: int) -> list[FineKept]:
    """The home's mirror of the fines of `ledger` that are not fully paid, by fine."""
    return _MIRRORED.all(tx, ledger_=ledger, after=after, most=most)


def lent_to(tx: Tx, home: str, after: str, most: int) -> list[LentRow]:
    """The owner's open loans to readers of `home`, by barcode."""
    return _LENT.all(tx, home_=home, after=after, most=most)


def owed_by(tx: Tx, home: str, after: str, most: int) -> list[OwedRow]:
    """The ledger's fines of readers of `home`, by fine."""
    return _OWED.all(tx, home_=home, after=after, most=most)
