"""Guessing PINs made slow: a growing pause for one card at one place, after the first wrong ones.

A place is a terminal of this branch, or, at the home of the cards, another library. Promises: a guess can never lock
a card, only make this card wait at this place, and never longer than the last pause; at every other place its reader
is served at once. Memory is bounded. The clock is passed in.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from federation.clock import Clock

FORGOTTEN_AFTER_S = 900.0
CARD_MAX = 64
"""Characters of a card's number that count here."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`free_tries`: a reader mistypes; so many wrong PINs in a row cost no pause. `pauses_s`: after each further wrong
    one; the last stands for all that follow. `cards_kept`: of each place."""

    free_tries: int
    pauses_s: tuple[float, ...]
    cards_kept: int


TERMINAL_PACE: Final = Pace(3, (2.0, 4.0, 8.0, 15.0, 30.0), 256)
LIBRARY_PACE: Final = Pace(5, (1.0, 2.0, 4.0, 8.0, 15.0), 1024)
"""Of another library: its terminals have their own pauses, and two of them may have the same card at once. More cards
are kept than it can try before the first of them is forgotten."""
BURST: Final = 120
EVERY_S: Final = 2.0
"""So many wrong PINs a library may try on all cards together, and one more whenever so many seconds have passed."""


@dataclass(slots=True)
class _Guesses:
    """`wrong`: tries since the last right one, the one that is being checked included."""

    wrong: int = 0
    free_at_s: float = 0.0
    seen_s: float = 0.0


class PinThrottle:
    """Asked before a PIN is checked, told when it was right or could not be checked."""

    def __init__(self, clock: Clock, pace: Pace = TERMINAL_PACE) -> None:
        self._clock = clock
        self._pace = pace
        self._places: dict[str, OrderedDict[str, _Guesses]] = {}

    def admits(self, place: str, card: str) -> bool:
        """Whether this PIN may be checked now. It counts as wrong until `right` or `unchecked` says otherwise."""
        card = card[:CARD_MAX]
        cards = self._places.setdefault(place, OrderedDict())
        now_s = self._clock.seconds()
        guesses = cards.get(card)
        if guesses is None or now_s - guesses.seen_s >= FORGOTTEN_AFTER_S:
            guesses = cards[card] = _Guesses()
        if now_s < guesses.free_at_s:
            return False
        guesses.wrong += 1
        guesses.seen_s = now_s
        over, pauses_s = guesses.wrong - self._pace.free_tries, self._pace.pauses_s
        guesses.free_at_s = now_s + pauses_s[min(over, len(pauses_s)) - 1] if over > 0 else now_s
        cards.move_to_end(card)
        while len(cards) > self._pace.cards_kept:
            cards.popitem(last=False)
        return True

    def right(self, place: str, card: str) -> None:
        """The PIN was right: whoever stands there is its reader."""
        self._places.get(place, OrderedDict()).pop(card[:CARD_MAX], None)

    def unchecked(self, place: str, card: str) -> None:
        """Its home did not answer: that was no wrong guess."""
        guesses = self._places.get(place, OrderedDict()).get(card[:CARD_MAX])
        if guesses is not None:
            guesses.wrong -= 1
            guesses.free_at_s = 0.0


class LibraryThrottle:
    """The same at the home, for other libraries: by (library, card), and by library for all cards together."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._cards = PinThrottle(clock, LIBRARY_PACE)
        self._spent: dict[str, tuple[float, float]] = {}
        """Of each library: how many wrong ones count still, and since when they are worn off."""

    def admits(self, library: str, card: str) -> bool:
        """As `PinThrottle.admits`."""
        spent = self._spent_by(library)
        if spent > BURST - 1 or not self._cards.admits(library, card):
            return False
        self._spend(library, spent + 1)
        return True

    def right(self, library: str, card: str) -> None:
        self._spend(library, self._spent_by(library) - 1)
        self._cards.right(library, card)

    def unchecked(self, library: str, card: str) -> None:
        self._spend(library, self._spent_by(library) - 1)
        self._cards.unchecked(library, card)

    def _spent_by(self, library: str) -> float:
        spent, since_s = self._spent.get(library, (0.0, 0.0))
        return max(0.0, spent - (self._clock.seconds() - since_s) / EVERY_S)

    def _spend(self, library: str, spent: float) -> None:
        self._spent[library] = (max(0.0, spent), self._clock.seconds())
