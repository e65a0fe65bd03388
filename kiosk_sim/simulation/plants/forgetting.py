"""Planted faults of forgetting: too much, too early, or nothing at all."""

from __future__ import annotations

from typing import Any

from kiosk_sim.simulation.library import SimLibrary
from kiosk_sim.simulation.plants.planting import Plant, core_of
from node.storage.keeping.pieces import Bounds, Kind, Piece, Place
from node.storage.statements import Statement
from node.storage.store import Tx


class _Careless:
    """In place of a kind: whatever the statement finds. `before_ms` is the end of loan histories."""

    start: Place = 0

    def __init__(self, name: str, *sql: str) -> None:
        self.name = name
        self._statements = [Statement(each) for each in sql]

    def piece(self, tx: Tx, bounds: Bounds, _after: Any, _most: int) -> Piece:
        gone = sum(tx.run(each, before_ms=bounds.history_ms) for each in self._statements)
        return Piece(gone, gone, None)


_OPEN_PLACES = _Careless("readers_of_places", "UPDATE place SET title = '' WHERE at_ms < :before_ms")
_EARLY = _Careless(
    "kiosk_operations",
    "DELETE FROM kiosk_op WHERE told_at_ms < :before_ms",
    "DELETE FROM owner_op WHERE at_ms < :before_ms",
)
_OFF_LINE = _Careless("kiosk_operations", "DELETE FROM kiosk_op WHERE lasting = 1 AND told_at_ms < :before_ms")
_UNPAID = _Careless(
    "items_of_fines",
    "UPDATE fine_mirror SET title = '', barcode = '', reader = '' WHERE due_on < date(:before_ms / 1000, 'unixepoch')",
)
_RETURNS = _Careless("returns", "DELETE FROM evidence WHERE at_ms < :before_ms")


def _instead(library: SimLibrary, careless: _Careless) -> None:
    forgetting = core_of(library).forgetting
    kinds: list[Kind] = [careless if kind.name == careless.name else kind for kind in forgetting._kinds]
    assert careless in kinds, f"nothing is called {careless.name}"
    forgetting._kinds = kinds


def title_of_an_open_loan_forgotten(library: SimLibrary) -> None:
    """Whoever keeps a book for long finds it without a title on the account."""
    _instead(library, _OPEN_PLACES)


def operations_forgotten_in_a_month(library: SimLibrary) -> None:
    """What was told, and what was decided, goes with the history of loans."""
    _instead(library, _EARLY)


def off_line_forgotten(library: SimLibrary) -> None:
    """A kiosk that sends its stored loans again makes them again."""
    _instead(library, _OFF_LINE)


def unpaid_fee_forgotten(library: SimLibrary) -> None:
    """A fee that is old is not shown any more, though nobody has paid it."""
    _instead(library, _UNPAID)


def returns_forgotten_early(library: SimLibrary) -> None:
    """The evidence of a return goes before its loan."""
    _instead(library, _RETURNS)


def nothing_forgotten(library: SimLibrary) -> None:
    """Who read what stands for ever."""
    core_of(library).forgetting._kinds = ()


PLANTS: tuple[Plant, ...] = (
    title_of_an_open_loan_forgotten,
    operations_forgotten_in_a_month,
    off_line_forgotten,
    unpaid_fee_forgotten,
    returns_forgotten_early,
    nothing_forgotten,
)
