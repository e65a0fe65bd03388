"""What the desk tells a kiosk beside the decisions of the contract: each is kept with its operation, as those are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Final

from federation.contract import Refused


@dataclass(frozen=True, slots=True)
class Recorded:
    """A loan or a renewal that the kiosk made off line is in this branch's books, and on its way to the owner."""

    op: str
    due_on: date
    title: str = ""
    item_type: str = ""


@dataclass(frozen=True, slots=True)
class Undone:
    """The checkout, or the return, that failed at the kiosk is undone, or will be once its owner hears of it."""

    op: str
    title: str = ""
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What the terminal wants kept about an item is kept."""

    op: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """A card was blocked, or enabled."""

    op: str


@dataclass(frozen=True, slots=True)
class AllRenewed:
    """Every loan was tried: the barcodes that were renewed, and those that were not with the reason."""

    op: str
    renewed: tuple[str, ...]
    refused: tuple[tuple[str, Refused], ...]


RECORDED: Final = "recorded"
"""In the question of a renewal made off line: the due date that is on its way to the owner."""


def is_renewal_off_line(question: str) -> bool:
    """Whether a renewal that was asked and not told yet was taken down as a fact."""
    return RECORDED in json.loads(question or "{}")
