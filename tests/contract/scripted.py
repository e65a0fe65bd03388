"""A library in a hundred lines: keeps the promises of the contract for the facts, in memory, at once.

It is a stand-in for tests of whatever lies between a library and its asker; it knows no rules beyond those that the
promises need.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, succeed

from federation.contract import (
    CancelOp,
    CardStatus,
    CheckoutDecision,
    CheckoutQuestion,
    FinesPage,
    FinesQuestion,
    HoldDecision,
    HoldMode,
    HoldQuestion,
    HoldTaken,
    ItemDecision,
    ItemQuestion,
    ItemReturned,
    ItemState,
    ItemView,
    Lent,
    Notice,
    PinCheck,
    PlaceDecision,
    PlaceHeld,
    PlaceQuestion,
    PlacesPage,
    PlacesQuestion,
    PlaceView,
    Reason,
    Receipt,
    Refused,
    ReleasePlace,
    RenewDecision,
    Renewed,
    RenewQuestion,
    Route,
    Standing,
    StandingDecision,
    StandingQuestion,
    TakenBack,
)
from tests.contract.facts import CARDS, DUE_ON, ITEMS, LIBRARY, NOW_MS, TODAY, CardFact, ItemFact

T = TypeVar("T")
LOAN = timedelta(days=30)


@dataclass(frozen=True)
class Loan:
    op: str
    reader: str
    due_on: date
    renewed: bool = False


class ScriptedLibrary:
    """`contract.Library`; `asked` is everything that reached it, in order."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.cards = {card.number: card for card in CARDS}
        self.items = {item.barcode: item for item in ITEMS}
        self.loans: dict[str, Loan] = {}
        self.places: dict[str, tuple[str, PlaceView]] = {}
        self.decisions: dict[str, Any] = {}

    def standing(self, question: StandingQuestion, timeout_s: float) -> Deferred[StandingDecision]:
        self._apply(question)
        card = self.cards.get(question.card)
        return succeed(self._standing(card, question) if card else Refused(Reason.UNKNOWN_CARD))

    def hold_place(self, question: PlaceQuestion, timeout_s: float) -> Deferred[PlaceDecision]:
        self._apply(question)
        return succeed(self._once(question.op, lambda: self._hold(question)))

    def checkout(self, question: CheckoutQuestion, timeout_s: float) -> Deferred[CheckoutDecision]:
        self._apply(question)
        return succeed(self._once(question.op, lambda: self._lend(question)))

    def renew(self, question: RenewQuestion, timeout_s: float) -> Deferred[RenewDecision]:
        self._apply(question)
        return succeed(self._once(question.op, lambda: self._renew(question)))

    def take_back(self, notice: ItemReturned, timeout_s: float) -> Deferred[TakenBack]:
        self.asked.append(notice)
        return succeed(self._once(notice.op, lambda: self._take_back(notice)))

    def describe(self, question: ItemQuestion, timeout_s: float) -> Deferred[ItemDecision]:
        self._apply(question)
        item = self.items.get(question.barcode)
        return succeed(self._view(item) if item else Refused(Reason.UNKNOWN_ITEM))

    def hold(self, question: HoldQuestion, timeout_s: float) -> Deferred[HoldDecision]:
        self._apply(question)
        return succeed(self._once(question.op, lambda: self._reserve(question)))

    def deliver(self, notices: Sequence[Notice], timeout_s: float) -> Deferred[tuple[Receipt, ...]]:
        self.asked.append(tuple(notices))
        for notice in notices:
            self._take(notice)
        return succeed(tuple(Receipt(True) for _ in notices))

    def kept_places(self, question: PlacesQuestion, timeout_s: float) -> Deferred[PlacesPage]:
        self.asked.append(question)
        return succeed(PlacesPage((), True))

    def kept_fines(self, question: FinesQuestion, timeout_s: float) -> Deferred[FinesPage]:
        self.asked.append(question)
        return succeed(FinesPage((), True))

    def _apply(self, question: Any) -> None:
        self.asked.append(question)
        for notice in question.carried:
            self._take(notice)

    def _take(self, notice: Notice) -> None:
        if isinstance(notice, ItemReturned):
            self._once(notice.op, lambda: self._take_back(notice))
        elif isinstance(notice, ReleasePlace):
            self.places.pop(notice.op, None)
            self.decisions[notice.op] = Refused(Reason.CANCELLED)
        elif isinstance(notice, CancelOp):
            self._cancel(notice)

    def _once(self, op: str, decide: Callable[[], T]) -> T:
        if op not in self.decisions:
            self.decisions[op] = decide()
        found: T = self.decisions[op]
        return found

    def _cancel(self, notice: CancelOp) -> None:
        if self.loans.get(notice.barcode) and self.loans[notice.barcode].op == notice.op:
            del self.loans[notice.barcode]
            self.places.pop(notice.op, None)
        self.decisions[notice.op] = Refused(Reason.CANCELLED)

    def _hold(self, question: PlaceQuestion) -> PlaceDecision:
        card = self.cards.get(question.card)
        if card is None:
            return Refused(Reason.UNKNOWN_CARD)
        if card.suspended:
            return Refused(Reason.CARD_SUSPENDED)
        if len(self._loans_of(card)) >= card.places:
            return Refused(Reason.QUOTA, LIBRARY, card.places)
        view = PlaceView(question.op, question.owner, question.barcode, question.title, question.foreign, DUE_ON)
        self.places[question.op] = (card.number, view)
        return PlaceHeld(question.op, _reader(card), "pupil", DUE_ON)

    def _lend(self, question: CheckoutQuestion) -> CheckoutDecision:
        item = self.items.get(question.barcode)
        if item is None:
            return Refused(Reason.UNKNOWN_ITEM)
        if not item.lendable:
            return Refused(Reason.NOT_LENDABLE, title=item.title)
        if item.barcode in self.loans:
            return Refused(Reason.ON_LOAN, title=item.title)
        at_ms, branch = question.asked_at_ms, question.branch
        place = PlaceQuestion(
            question.op, question.card, LIBRARY, item.barcode, item.title, item.item_type, False, branch, at_ms
        )
        held = self._hold(place)
        if isinstance(held, Refused):
            return held
        self.loans[item.barcode] = Loan(question.op, held.reader, held.due_on)
        return Lent(question.op, held.reader, item.title, item.item_type, False, held.due_on)

    def _reserve(self, question: HoldQuestion) -> HoldDecision:
        item = self.items.get(question.barcode)
        if item is None:
            return Refused(Reason.UNKNOWN_ITEM)
        position = 0 if question.mode is HoldMode.DELETE else 1
        free = item.barcode not in self.loans
        return HoldTaken(question.op, question.op, item.barcode, item.title, position, question.pickup, None, free)

    def _renew(self, question: RenewQuestion) -> RenewDecision:
        loan, card = self.loans.get(question.barcode), self.cards.get(question.card)
        if loan is None:
            return Refused(Reason.NOT_ON_LOAN)
        if card is None or loan.reader != _reader(card):
            return Refused(Reason.NOT_BORROWER)
        if loan.renewed:
            return Refused(Reason.RENEWAL_LIMIT, due_on=loan.due_on)
        due_on = TODAY + timedelta(milliseconds=question.asked_at_ms - NOW_MS) + LOAN
        if due_on <= loan.due_on:
            from_on = loan.due_on - LOAN + timedelta(days=1)
            return Refused(Reason.RENEWAL_TOO_EARLY, due_on=loan.due_on, from_on=from_on)
        self.loans[question.barcode] = replace(loan, renewed=True, due_on=due_on)
        item = self.items[question.barcode]
        return Renewed(question.op, loan.op, item.title, item.item_type, due_on)

    def _take_back(self, notice: ItemReturned) -> TakenBack:
        item, loan = self.items.get(notice.barcode), self.loans.pop(notice.barcode, None)
        if item is None:
            return TakenBack(notice.op, False, "", "", "", "", Route.STAFF, known=False)
        if loan is not None:
            self.places.pop(loan.op, None)
        return TakenBack(notice.op, loan is not None, item.title, item.item_type, "", "", Route.OWNER, LIBRARY)

    def _view(self, item: ItemFact) -> ItemView:
        loan = self.loans.get(item.barcode)
        state, due_on = (ItemState.ON_LOAN, loan.due_on) if loan else (ItemState.AVAILABLE, None)
        return ItemView(item.barcode, LIBRARY, item.title, item.item_type, "", "", False, item.lendable, state, due_on)

    def _loans_of(self, card: CardFact) -> tuple[PlaceView, ...]:
        return tuple(view for number, view in self.places.values() if number == card.number)

    def _standing(self, card: CardFact, question: StandingQuestion) -> Standing:
        return Standing(
            reader=_reader(card),
            name=card.name if question.branch == LIBRARY else "",
            status=CardStatus.SUSPENDED if card.suspended else CardStatus.ACTIVE,
            pin=_pin_check(card, question.pin),
            category="pupil",
            expires_on=None,
            max_loans=card.places,
            max_foreign=3,
            loans=self._loans_of(card),
            fines=(),
            lending=Refused(Reason.CARD_SUSPENDED) if card.suspended else None,
            renewal=Refused(Reason.CARD_SUSPENDED) if card.suspended else None,
        )


def _reader(card: CardFact) -> str:
    return f"reader-{CARDS.index(card)}"


def _pin_check(card: CardFact, pin: str | None) -> PinCheck:
    if pin is None:
        return PinCheck.ABSENT
    return PinCheck.RIGHT if pin == card.pin else PinCheck.WRONG
