"""What other libraries say about nobody, and again and again about one card: bounded by library.

Every "no" and every tombstone is a row (promise 2), and so is what is said about a card or an item that nobody knows.
Each such row is needed: its question may still be on its way. So nothing is dropped, but only so many are taken of one
library; the rest waits with it. Memory is bounded, and forgets with a restart.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from federation.contract import (
    CancelOp,
    CardBlocked,
    CheckoutQuestion,
    ForcedPlace,
    HoldQuestion,
    ItemReturned,
    LoanRecorded,
    PlaceQuestion,
    PlaceRestored,
    PropertiesKept,
    ReleasePlace,
    RenewalRecorded,
    RenewQuestion,
    ReopenLoan,
)
from federation.permissions import SPEAKER
from node.storage.home import cards as home_rows
from node.storage.owner import loans as owner_rows
from node.storage.store import Tx

BURST: Final = 10_000
"""Rows about nobody that one library may make at once: more than it gives up while a neighbour is down for a day."""
EACH_S: Final = 1.0
"""And so many more with every second."""
OF_ONE_CARD: Final = 300
"""Refused places, places beside the quota and blocks of one card by one library in an hour. A reader who tries every
book of a shelf, three times each, makes fewer."""
CARDS_KEPT: Final = 20_000
HOUR_MS: Final = 3600 * 1000

_OF_ITEM: Final = (
    *(ItemReturned, LoanRecorded, RenewalRecorded, ReopenLoan, PropertiesKept),
    *(CheckoutQuestion, RenewQuestion),
)
_OF_CARD: Final = (ForcedPlace, CardBlocked, PlaceQuestion)


class Strangers:
    """At library `library`: what its own terminals say is not counted."""

    def __init__(self, library: str, wall_ms: Callable[[], int]) -> None:
        self._library = library
        self._wall_ms = wall_ms
        self._spent: dict[str, tuple[float, int]] = {}
        self._cards: OrderedDict[tuple[str, str], tuple[int, int]] = OrderedDict()

    def objection(self, tx: Tx, said: Any) -> str:
        """Why that can't be taken now, "" if it can: then it counts."""
        speaker = getattr(said, SPEAKER[type(said)])
        if speaker == self._library:
            return ""
        if isinstance(said, _OF_CARD) and self._of_card(speaker, said.card) >= OF_ONE_CARD:
            return f"{speaker} has said too much about one card within an hour"
        if is_about_nobody(tx, said) and not self._spend(speaker):
            return f"{speaker} has said too much about what nobody knows here"
        if isinstance(said, ForcedPlace | CardBlocked):
            self.count(speaker, said.card)
        return ""

    def count(self, library: str, card: str) -> None:
        """One more row that this library has made about that card."""
        now_ms = self._wall_ms()
        count, began_ms = self._cards.get((library, card), (0, now_ms))
        fresh = now_ms - began_ms >= HOUR_MS
        self._cards[library, card] = (1, now_ms) if fresh else (count + 1, began_ms)
        self._cards.move_to_end((library, card))
        while len(self._cards) > CARDS_KEPT:
            self._cards.popitem(last=False)

    def _of_card(self, library: str, card: str) -> int:
        count, began_ms = self._cards.get((library, card), (0, 0))
        return count if self._wall_ms() - began_ms < HOUR_MS else 0

    def _spend(self, library: str) -> bool:
        now_ms = self._wall_ms()
        spent, at_ms = self._spent.get(library, (0.0, now_ms))
        spent = max(0.0, spent - max(0, now_ms - at_ms) / 1000 * EACH_S)
        is_left = spent + 1 <= BURST
        self._spent[library] = (spent + 1 if is_left else spent), now_ms
        return is_left


def is_about_nobody(tx: Tx, said: Any) -> bool:
    """Whether a row that it makes would be of a card, an item or an operation that nobody here knows."""
    if isinstance(said, CancelOp):
        return owner_rows.find_op(tx, said.op) is None
    if isinstance(said, _OF_ITEM):
        return owner_rows.find_item(tx, said.barcode) is None
    if isinstance(said, HoldQuestion):
        return bool(said.barcode) and owner_rows.find_item(tx, said.barcode) is None
    if isinstance(said, ReleasePlace):
        return home_rows.find_place(tx, said.op) is None
    if isinstance(said, _OF_CARD):
        return home_rows.find_card(tx, said.card) is None
    if isinstance(said, PlaceRestored):
        return home_rows.find_place(tx, said.op) is None and home_rows.find_reader(tx, said.reader) is None
    return False
