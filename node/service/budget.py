"""How much each place may still do: a number at once, and one more whenever some time has passed.

Promises: what was given back is free again, a place that is quiet has all of it again, and memory is bounded. The clock
is passed in.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

from federation.clock import Clock

PLACES_KEPT: Final = 4096


@dataclass(frozen=True, slots=True)
class Allowance:
    """`burst` at once, and one more every `every_s` seconds."""

    burst: int
    every_s: float


class Budgets:
    """One budget a place. A place is whatever its user counts by: a terminal, a library, an address."""

    def __init__(self, clock: Clock, allowance: Allowance, places_kept: int = PLACES_KEPT) -> None:
        self._clock = clock
        self._allowance = allowance
        self._places_kept = places_kept
        self._spent: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()
        """Of each place: how much was spent, and when that was so."""

    def left(self, place: Hashable) -> bool:
        """Whether one more is allowed now."""
        return self.spent(place) <= self._allowance.burst - 1

    def spend(self, place: Hashable) -> None:
        self._set(place, self.spent(place) + 1)

    def give_back(self, place: Hashable, count: int = 1) -> None:
        """So many were not what is counted here after all."""
        self._set(place, self.spent(place) - count)

    def clear(self, place: Hashable) -> None:
        self._spent.pop(place, None)

    def spent(self, place: Hashable) -> float:
        """How much counts still."""
        spent, since_s = self._spent.get(place, (0.0, 0.0))
        return max(0.0, spent - (self._clock.seconds() - since_s) / self._allowance.every_s)

    def _set(self, place: Hashable, spent: float) -> None:
        self._spent.pop(place, None)
        if spent > 0:
            self._spent[place] = (spent, self._clock.seconds())
        if len(self._spent) > self._places_kept:
            self._forget()

    def _forget(self) -> None:
        """Those that count no more; if there are none, the one that spent nothing for the longest time."""
        over = [place for place in self._spent if self.spent(place) <= 0]
        for place in over:
            del self._spent[place]
        if not over:
            self._spent.popitem(last=False)
