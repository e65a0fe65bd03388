"""Guessing PINs made slow: a growing pause for one card at one place, and a budget of each place over all cards.

A place is a terminal of this branch, or, at the home of the cards, another library. Promises:

* A guess can never lock a card, only make it wait at this place, and never longer than the last pause. At every other
  place its reader is served at once: a terminal's budget is so far below its library's that it can't use that up.
* The pause of a card can't be pushed out by guesses at others: a place has no tries left long before.
* A right PIN costs nothing, and gives back what its reader mistyped before. So does a check that could not be made.
* Cards of nobody use up a terminal's budget. At the home they cost a library nothing: nobody learns a PIN by them.

Memory is bounded. The clock is passed in.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Final

from federation.clock import Clock
from node.service.budget import Allowance, Budgets

FORGOTTEN_AFTER_S = 900.0
CARD_MAX = 64
"""Characters of a card's number that count here."""
FREE_TRIES: Final = 3
"""A reader mistypes: so many wrong PINs in a row cost no pause."""
PAUSES_S: Final = (2.0, 4.0, 8.0, 15.0, 30.0)
"""After each further wrong one; the last stands for all that follow."""
CARDS_KEPT: Final = 256
"""Of each terminal: more than it can try before the first is forgotten."""
TERMINALS_KEPT: Final = 4096
CHECKING_MAX: Final = 16
"""PINs of one terminal that may be checked at the same time."""

TERMINAL_TRIES: Final = Allowance(burst=50, every_s=20.0)
"""Wrong PINs of one terminal over all cards: sixty pupils in ten minutes, 25 of them with cards of nobody, are fine."""
LIBRARY_TRIES: Final = Allowance(burst=120, every_s=2.0)
"""Wrong PINs of another library over all cards."""
LIBRARY_CARD_TRIES: Final = Allowance(burst=20, every_s=15.0)
"""Wrong PINs of another library at one card: more than two of its terminals may try that guess without end."""
LIBRARY_CARDS_KEPT: Final = 65_536
NOBODYS_TRIES: Final = Allowance(burst=240, every_s=1.0)
"""PINs for cards of nobody that another library may have checked as slowly as all others."""


@dataclass(slots=True)
class _Guesses:
    """`wrong`: tries since the last right one, those that are being checked included."""

    wrong: int = 0
    free_at_s: float = 0.0
    seen_s: float = 0.0


class PinThrottle:
    """Of the terminals of this branch. Asked before a PIN is checked, and told what came of it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._places: OrderedDict[str, OrderedDict[str, _Guesses]] = OrderedDict()
        self._budgets = Budgets(clock, TERMINAL_TRIES)
        self._checking: Counter[str] = Counter()

    def admits(self, place: str, card: str) -> bool:
        """Whether this PIN may be checked now. It counts as wrong until `right` or `unchecked` says otherwise; one of
        `right`, `wrong`, `unchecked` must follow."""
        card, now_s = card[:CARD_MAX], self._clock.seconds()
        guesses = self._guesses(place, card)
        if now_s < guesses.free_at_s or not self._budgets.left(place) or self._checking[place] >= CHECKING_MAX:
            return False
        self._budgets.spend(place)
        self._checking[place] += 1
        guesses.wrong += 1
        guesses.seen_s = now_s
        over = guesses.wrong - FREE_TRIES
        guesses.free_at_s = now_s + PAUSES_S[min(over, len(PAUSES_S)) - 1] if over > 0 else now_s
        self._keep(place, card, guesses)
        return True

    def right(self, place: str, card: str) -> int:
        """The PIN was right: whoever stands there is its reader. How often it was mistyped before."""
        guesses = self._places.get(place, OrderedDict()).pop(card[:CARD_MAX], None)
        tries = 1 if guesses is None else guesses.wrong
        self._ended(place, tries)
        return tries - 1

    def wrong(self, place: str) -> None:
        self._ended(place, 0)

    def unchecked(self, place: str, card: str) -> None:
        """Its home did not answer: that was no wrong guess."""
        cards = self._places.get(place, OrderedDict())
        guesses = cards.get(card[:CARD_MAX])
        if guesses is not None:
            guesses.wrong -= 1
            guesses.free_at_s = 0.0
            if guesses.wrong <= 0:
                del cards[card[:CARD_MAX]]
        self._ended(place, 1)

    def _ended(self, place: str, given_back: int) -> None:
        self._checking[place] -= 1
        if self._checking[place] <= 0:
            del self._checking[place]
        if given_back:
            self._budgets.give_back(place, given_back)

    def _guesses(self, place: str, card: str) -> _Guesses:
        guesses = self._places.get(place, OrderedDict()).get(card)
        if guesses is None or self._clock.seconds() - guesses.seen_s >= FORGOTTEN_AFTER_S:
            return _Guesses()
        return guesses

    def _keep(self, place: str, card: str, guesses: _Guesses) -> None:
        cards = self._places.setdefault(place, OrderedDict())
        cards[card] = guesses
        cards.move_to_end(card)
        self._places.move_to_end(place)
        if len(cards) > CARDS_KEPT:
            cards.popitem(last=False)
        if len(self._places) > TERMINALS_KEPT:
            self._places.popitem(last=False)


class LibraryThrottle:
    """The same at the home, for other libraries: by (library, card), and by library for all cards together."""

    def __init__(self, clock: Clock) -> None:
        self._cards = Budgets(clock, LIBRARY_CARD_TRIES, LIBRARY_CARDS_KEPT)
        self._libraries = Budgets(clock, LIBRARY_TRIES)
        self._nobodys = Budgets(clock, NOBODYS_TRIES)

    def admits(self, library: str, card: str) -> bool:
        """As `PinThrottle.admits`; after a wrong PIN nothing need follow."""
        place = (library, card[:CARD_MAX])
        if not self._libraries.left(library) or not self._cards.left(place):
            return False
        self._libraries.spend(library)
        self._cards.spend(place)
        return True

    def right(self, library: str, card: str) -> None:
        """The PIN was right: what was mistyped before is given back, and the card waits no more."""
        place = (library, card[:CARD_MAX])
        self._libraries.give_back(library, max(1, round(self._cards.spent(place))))
        self._cards.clear(place)

    def unchecked(self, library: str, card: str) -> None:
        self._libraries.give_back(library)
        self._cards.give_back((library, card[:CARD_MAX]))

    def nobodys(self, library: str, card: str) -> None:
        """It was no card: nothing was learnt."""
        self.unchecked(library, card)
        self._nobodys.spend(library)

    def asks_much_of_nobody(self, library: str) -> bool:
        """Whether cards are to be looked up first, without a slow check of the PIN."""
        return not self._nobodys.left(library)
