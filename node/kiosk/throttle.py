"""Guessing PINs made slow: a growing pause for one card at one terminal, after the first wrong ones.

Promises: a guess can never lock a card, only make this card wait at this terminal, and never longer than the last
pause; at every other terminal its reader is served at once. Memory is bounded. The clock is passed in.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from federation.clock import Clock

FREE_TRIES = 3
"""A reader mistypes; so many wrong PINs in a row cost no pause."""
PAUSES_S = (2.0, 4.0, 8.0, 15.0, 30.0)
"""After each further wrong one; the last stands for all that follow."""
FORGOTTEN_AFTER_S = 900.0
CARDS_KEPT = 256
"""Of each terminal."""
CARD_MAX = 64
"""Characters of a card's number that count here."""


@dataclass(slots=True)
class _Guesses:
    """`wrong`: tries since the last right one, the one that is being checked included."""

    wrong: int = 0
    free_at_s: float = 0.0
    seen_s: float = 0.0


class PinThrottle:
    """Asked before a PIN is checked, told when it was right or could not be checked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._terminals: dict[str, OrderedDict[str, _Guesses]] = {}

    def admits(self, terminal: str, card: str) -> bool:
        """Whether this PIN may be checked now. It counts as wrong until `right` or `unchecked` says otherwise."""
        card = card[:CARD_MAX]
        cards = self._terminals.setdefault(terminal, OrderedDict())
        now_s = self._clock.seconds()
        guesses = cards.get(card)
        if guesses is None or now_s - guesses.seen_s >= FORGOTTEN_AFTER_S:
            guesses = cards[card] = _Guesses()
        if now_s < guesses.free_at_s:
            return False
        guesses.wrong += 1
        guesses.seen_s = now_s
        over = guesses.wrong - FREE_TRIES
        guesses.free_at_s = now_s + PAUSES_S[min(over, len(PAUSES_S)) - 1] if over > 0 else now_s
        cards.move_to_end(card)
        while len(cards) > CARDS_KEPT:
            cards.popitem(last=False)
        return True

    def right(self, terminal: str, card: str) -> None:
        """The PIN was right: whoever stands there is its reader."""
        self._terminals.get(terminal, OrderedDict()).pop(card[:CARD_MAX], None)

    def unchecked(self, terminal: str, card: str) -> None:
        """Its home did not answer: that was no wrong guess."""
        guesses = self._terminals.get(terminal, OrderedDict()).get(card[:CARD_MAX])
        if guesses is not None:
            guesses.wrong -= 1
            guesses.free_at_s = 0.0
