"""What a home holds for other libraries. Each asks for its own part, so that the two sets of books can be compared.

A home mirrors the open loans of an owner as places, and the fines of a ledger library. Each library may ask only for
its own, in pages. The conventions are those of `federation.contract`, where everyone imports them from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from twisted.internet.defer import Deferred


@dataclass(frozen=True, slots=True)
class PlacesQuestion:
    """Owner to home: which places do you hold for loans of mine? In the order of their operations, those after
    `after` ("": from the first)."""

    owner: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class PlaceKept:
    """A place that is held, as of the owner's (`epoch`, `version`); 0, 0: as it was held at first."""

    op: str
    reader: str
    due_on: date
    renewals: int
    epoch: int
    version: int


@dataclass(frozen=True, slots=True)
class PlacesPage:
    """`complete`: there are no more."""

    places: tuple[PlaceKept, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class FinesQuestion:
    """Ledger to home: which fines of mine do you take for not fully paid? Those after `after`."""

    ledger: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class FineKept:
    """A fine in the home's mirror, as of the ledger's (`epoch`, `version`)."""

    fine: str
    amount_fen: int
    paid_fen: int
    epoch: int
    version: int


@dataclass(frozen=True, slots=True)
class FinesPage:
    """`complete`: there are no more."""

    fines: tuple[FineKept, ...]
    complete: bool


class Mirror(Protocol):
    """The home's side of a comparison. Nothing is written."""

    def kept_places(self, question: PlacesQuestion, timeout_s: float) -> Deferred[PlacesPage]: ...

    def kept_fines(self, question: FinesQuestion, timeout_s: float) -> Deferred[FinesPage]: ...
