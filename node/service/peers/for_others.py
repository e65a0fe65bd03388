"""This library as others ask it: the same decisions, and an eye on who asks what, and how often.

Its own terminals are slowed down where they stand (`kiosk/reception`); what another library tries on cards of this one
is slowed down and counted here. A reader who stands there waits for the guesses made at that library alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeAlias, TypeVar

from twisted.internet.defer import Deferred, succeed

from federation.clock import Clock
from federation.contract import (
    CheckoutDecision,
    CheckoutQuestion,
    FinesPage,
    FinesQuestion,
    HoldDecision,
    HoldQuestion,
    ItemDecision,
    ItemQuestion,
    ItemReturned,
    Library,
    Notice,
    PinCheck,
    PlaceDecision,
    PlaceQuestion,
    PlacesPage,
    PlacesQuestion,
    Reason,
    Receipt,
    Refused,
    RenewDecision,
    RenewQuestion,
    StandingDecision,
    StandingQuestion,
    TakenBack,
)
from node.service.peers.counting import CardsAsked
from node.service.throttle import LibraryThrottle
from node.service.under_way import UnderWay

MAX_CHECKS: Final = 16
"""PINs of one library that may wait to be checked: a check is slow on purpose, and this library's own readers wait in
the same queue."""

Noted: TypeAlias = Callable[[str, str], None]
"""`(library, kind)`: something was seen that is usual once, and not a hundred times an hour."""
D = TypeVar("D")
_Asked: TypeAlias = tuple[str, str, int, str | None]


class ForOthers:
    """`contract.Library` over `library`, for those who call from outside."""

    def __init__(self, library: Library, clock: Clock, noted: Noted) -> None:
        self._library: Final = library
        self._throttle: Final = LibraryThrottle(clock)
        self._noted: Final = noted
        self._cards: Final = CardsAsked(clock)
        self._checking: Final[UnderWay[_Asked, StandingDecision]] = UnderWay()

    # --- home ----------------------------------------------------------------------------------------------

    def standing(self, question: StandingQuestion, timeout_s: float) -> Deferred[StandingDecision]:
        """A repeat joins the check in progress."""
        self._count(question.branch, question.card)
        if question.pin is None:
            return self._library.standing(question, timeout_s).addCallback(self._seen, question.branch)
        asked = (question.branch, question.card, question.asked_at_ms, question.pin)
        if asked in self._checking:
            return self._checking.join(asked)
        refused = self._not_now(question)
        if refused is not None:
            return succeed(refused)
        return self._checking.lead(asked, self._check(question, timeout_s))

    def _not_now(self, question: StandingQuestion) -> Refused | None:
        if sum(1 for branch, *_ in self._checking if branch == question.branch) >= MAX_CHECKS:
            return Refused(Reason.BUSY)
        if not self._throttle.admits(question.branch, question.card):
            self._noted(question.branch, "wrong_pin")
            return Refused(Reason.PIN_THROTTLED)
        return None

    async def _check(self, question: StandingQuestion, timeout_s: float) -> StandingDecision:
        library, card = question.branch, question.card
        try:
            found = await self._checked(question, timeout_s)
        except Exception:
            self._throttle.unchecked(library, card)
            raise
        if isinstance(found, Refused):
            (self._throttle.nobodys if found.reason is Reason.UNKNOWN_CARD else self._throttle.unchecked)(library, card)
            return self._seen(found, library)
        if found.pin is PinCheck.RIGHT:
            self._throttle.right(library, card)
        else:
            self._noted(library, "wrong_pin")
        return found

    async def _checked(self, question: StandingQuestion, timeout_s: float) -> StandingDecision:
        """A library that has asked for very many cards of nobody costs no more slow checks for such."""
        if self._throttle.asks_much_of_nobody(question.branch):
            found = await self._library.standing(replace(question, pin=None), timeout_s)
            if isinstance(found, Refused):
                return found
        return await self._library.standing(question, timeout_s)

    def hold_place(self, question: PlaceQuestion, timeout_s: float) -> Deferred[PlaceDecision]:
        self._count(question.owner, question.card)
        return self._library.hold_place(question, timeout_s).addCallback(self._seen, question.owner)

    def _count(self, library: str, card: str) -> None:
        if self._cards.asked(library, card):
            self._noted(library, "many_cards")

    def _seen(self, decision: D, library: str) -> D:
        """Cards are told by their prefixes: one that its own home does not know was misread, or guessed."""
        if isinstance(decision, Refused) and decision.reason is Reason.UNKNOWN_CARD:
            self._noted(library, "unknown_card")
        return decision

    def kept_places(self, question: PlacesQuestion, timeout_s: float) -> Deferred[PlacesPage]:
        return self._library.kept_places(question, timeout_s)

    def kept_fines(self, question: FinesQuestion, timeout_s: float) -> Deferred[FinesPage]:
        return self._library.kept_fines(question, timeout_s)

    # --- owner, mailbox ------------------------------------------------------------------------------------

    def checkout(self, question: CheckoutQuestion, timeout_s: float) -> Deferred[CheckoutDecision]:
        return self._library.checkout(question, timeout_s)

    def renew(self, question: RenewQuestion, timeout_s: float) -> Deferred[RenewDecision]:
        return self._library.renew(question, timeout_s)

    def take_back(self, notice: ItemReturned, timeout_s: float) -> Deferred[TakenBack]:
        return self._library.take_back(notice, timeout_s)

    def describe(self, question: ItemQuestion, timeout_s: float) -> Deferred[ItemDecision]:
        return self._library.describe(question, timeout_s)

    def hold(self, question: HoldQuestion, timeout_s: float) -> Deferred[HoldDecision]:
        return self._library.hold(question, timeout_s)

    def deliver(self, notices: Sequence[Notice], timeout_s: float) -> Deferred[tuple[Receipt, ...]]:
        return self._library.deliver(notices, timeout_s)
