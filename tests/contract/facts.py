"""The small world of the contract suite: what library CQSPB has when a test begins.

Every implementation lays out these facts and nothing else: three cards of CQSPB, three items of CQSPB, no loans.
The asker is always CQBB.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

LIBRARY = "CQSPB"
ASKER = "CQBB"
NOW_MS = 1_772_416_800_000  # 2026-03-02 10:00 in Shanghai
TODAY = date(2026, 3, 2)
DUE_ON = date(2026, 4, 1)  # 30 days on (R4)
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class CardFact:
    """A card of category `pupil`. `places` is its quota."""

    number: str = field(repr=False)
    name: str = field(repr=False)
    pin: str = field(repr=False)
    places: int = 8
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class ItemFact:
    barcode: str
    title: str
    item_type: str = "book"
    lendable: bool = True


GOOD = CardFact("2350010000011", "学生甲", "1357")
NARROW = CardFact("2350010000022", "学生乙", "2468", places=1)
SUSPENDED = CardFact("2350010000033", "学生丙", "9999", suspended=True)
CARDS = (GOOD, NARROW, SUSPENDED)
STRANGE_CARD = "2350019999999"

BOOK = ItemFact("CQSPB0100000001", "山城棒棒军")
OTHER = ItemFact("CQSPB0100000002", "红岩")
REFERENCE = ItemFact("CQSPB0100000003", "辞海", "reference", lendable=False)
ITEMS = (BOOK, OTHER, REFERENCE)
STRANGE_ITEM = "CQSPB0199999999"
