"""How many cards of this library another one asks about in an hour, against what it usually asks.

A branch asks about the readers who stand there. One that goes through all cards asks about far more of them than in any
hour before. Nothing is refused: the operator is told, once an hour. What is usual is learnt anew after a restart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from federation.clock import Clock

HOUR_S: Final = 3600.0
ALWAYS_USUAL: Final = 500
"""Distinct cards of one home at one branch in an hour: a full school day at its gates is less."""
TIMES_USUAL: Final = 4
COUNTED_MAX: Final = 50_000
"""Cards that are told apart in an hour, of one library."""
LEARNT: Final = 0.2
"""How much of an hour goes into what is usual: about a day of opening hours."""


@dataclass(slots=True)
class _Hour:
    """`usual`: distinct cards in the hours before, on the average of those that had any."""

    began_s: float
    usual: float = 0.0
    cards: set[int] = field(default_factory=set)
    told: bool = False

    @property
    def limit(self) -> float:
        """More cards than this are too many."""
        return min(max(ALWAYS_USUAL, TIMES_USUAL * self.usual), COUNTED_MAX - 1)


class CardsAsked:
    """By library. Keeps hashes of the card numbers of one hour, in memory only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hours: dict[str, _Hour] = {}

    def asked(self, library: str, card: str) -> bool:
        """True if with this card it is far too many: once an hour."""
        hour = self._hour_of(library)
        if len(hour.cards) < COUNTED_MAX:
            hour.cards.add(hash(card))
        if hour.told or len(hour.cards) <= hour.limit:
            return False
        hour.told = True
        return True

    def _hour_of(self, library: str) -> _Hour:
        now_s = self._clock.seconds()
        hour = self._hours.setdefault(library, _Hour(now_s))
        if now_s - hour.began_s >= HOUR_S:
            hour = self._hours[library] = _Hour(now_s, _usual(hour))
        return hour


def _usual(hour: _Hour) -> float:
    """What was too many is learnt no faster than what was just not: a library that has grown is told of for some hours,
    and a flood in each."""
    count = min(len(hour.cards), hour.limit)
    return count if hour.usual == 0.0 else (1 - LEARNT) * hour.usual + LEARNT * count
