"""This library as the contract has it: the authorities' steps, each in its transaction, and the owner's one question
to the home in between.

Served to other libraries, and used by the desk for what is its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

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
    NotPermitted,
    PeerUnreachable,
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
    Standing,
    StandingDecision,
    StandingQuestion,
    TakenBack,
)
from node.service.asking import ask_repeatedly
from node.service.books import Books
from node.service.delivery.courier import Courier, carried_notices
from node.service.delivery.mirroring import OwnMirror
from node.service.owner.checkouts import InProgress, Lendable, OnLoan
from node.service.owner.owning import check_asker
from node.service.under_way import UnderWay
from node.storage.owner import loans as rows
from node.storage.store import Store, Tx

ASK_HOME_AT_S = (0.0, 0.7, 1.4)
ABORT_AFTER_S = 2.5
MARGIN_S = 0.3


Deciding: TypeAlias = tuple[str, str]
"""(operation, the branch that asks it)."""
OfCard = CheckoutQuestion | RenewQuestion | HoldQuestion
Opened = Lendable | OnLoan | InProgress
"""A checkout that its owner has begun and not decided."""


class PinVerifier(Protocol):
    def verify(self, pin_hash: str, pin: str) -> Deferred[bool]:
        """Off the reactor's thread: a good hash takes tens of milliseconds."""
        ...


class LocalLibrary:
    """`contract.Library` over this library's own books. `libraries(code)` reaches any library, this one too.
    `clock_settled`: see `Links`."""

    def __init__(
        self,
        books: Books,
        store: Store,
        courier: Courier,
        *,
        libraries: Callable[[str], Library],
        pins: PinVerifier,
        clock: Clock,
        wall_ms: Callable[[], int],
        clock_settled: Callable[[], Deferred[None]],
    ) -> None:
        self._books = books
        self._store = store
        self._courier = courier
        self._mirror = OwnMirror(store)
        self._libraries = libraries
        self._pins = pins
        self._clock = clock
        self._wall_ms = wall_ms
        self.clock_settled = clock_settled
        self.deciding: UnderWay[Deciding, CheckoutDecision] = UnderWay()

    # --- owner ---------------------------------------------------------------------------------------------

    def checkout(self, question: CheckoutQuestion, timeout_s: float) -> Deferred[CheckoutDecision]:
        """A repeat joins the decision in progress; another branch with the same operation meets its row."""
        asked = (question.op, question.branch)
        if asked in self.deciding:
            return self.deciding.join(asked)
        return self.deciding.lead(asked, self._checkout(question, timeout_s))

    async def _checkout(self, question: CheckoutQuestion, timeout_s: float) -> CheckoutDecision:
        began_s = self._clock.seconds()

        def first(tx: Tx) -> tuple[CheckoutDecision | Opened, tuple[Notice, ...]]:
            return self.open_checkout(tx, question), carried_notices(tx, question.home, item=question.barcode)

        opened, owed = await self._courier.write(first, "checkout")
        if not isinstance(opened, Opened):
            return opened
        left_s = timeout_s - (self._clock.seconds() - began_s)
        conclude = await self.ask_home(question, opened, owed, left_s)
        return await self._courier.write(conclude, "checkout")

    def open_checkout(self, tx: Tx, question: CheckoutQuestion) -> CheckoutDecision | Opened:
        """The owner's first step: decided, or durable as `reserving` before the home is asked."""
        self._books.apply_carried(tx, question.carried)
        self._books.check(tx, question)
        if question.home == self._books.library:
            return self._books.lend_own(tx, question)
        checkouts = self._books.owner.checkouts
        examined = checkouts.examine(tx, question)
        if isinstance(examined, Lendable):
            checkouts.reserve(tx, question)
        return examined

    async def ask_home(
        self, question: CheckoutQuestion, opened: Opened, owed: tuple[Notice, ...], timeout_s: float
    ) -> Callable[[Tx], CheckoutDecision]:
        """The home is asked. Gives the owner's last step, which takes the answer, or the lack of one, into the books.

        `owed`: what waited for the home when it was opened. Errors: PeerUnreachable, if it can't be known now.
        """
        if isinstance(opened, InProgress):
            # Left over from before a restart that is still being cleared up: unknown, never "no".
            raise PeerUnreachable(self._books.library, "the operation is still in progress")
        if isinstance(opened, OnLoan):
            return await self._whose_loan(question, opened, timeout_s)
        within_s = max(0.05, min(ABORT_AFTER_S, timeout_s - MARGIN_S))
        return await self._reserve_at_home(question, opened.item, owed, within_s)

    async def _reserve_at_home(
        self, question: CheckoutQuestion, item: rows.ItemRow, owed: tuple[Notice, ...], within_s: float
    ) -> Callable[[Tx], CheckoutDecision]:
        checkouts = self._books.owner.checkouts
        asked = checkouts.place_question(question, item, carried=owed)
        home = self._libraries(question.home)
        try:
            place = await ask_repeatedly(
                self._clock, lambda left_s: home.hold_place(asked, left_s), ASK_HOME_AT_S, within_s
            )
        except (PeerUnreachable, NotPermitted):
            refused = Refused(Reason.HOME_UNREACHABLE, library=question.home, title=item.title)
            return lambda tx: checkouts.abort(tx, question.op, refused)
        return lambda tx: checkouts.conclude(tx, question, item, place)

    async def _whose_loan(
        self, question: CheckoutQuestion, found: OnLoan, timeout_s: float
    ) -> Callable[[Tx], CheckoutDecision]:
        """On loan: to this reader, or to another? Only the home can match a card to its opaque reference."""
        own = False
        if found.loan.home == question.home:
            standing = await self._standing_of(question, timeout_s)
            own = isinstance(standing, Standing) and found.is_of(standing)
        refused = found.refused(to_reader=own)
        return lambda tx: self._books.owner.checkouts.refuse(tx, question, refused)

    async def _standing_of(self, question: OfCard, timeout_s: float) -> StandingDecision:
        """The card's standing as its home knows it; the home out of reach is a refusal here (design 4)."""
        asked = StandingQuestion(
            card=question.card,
            branch=self._books.library,
            asked_at_ms=question.asked_at_ms,
            carried=await self._courier.carried(question.home, item=question.barcode),
            as_owner=True,
        )
        home = self._libraries(question.home)
        within_s = max(0.05, min(ABORT_AFTER_S, timeout_s - MARGIN_S))
        try:
            return await ask_repeatedly(
                self._clock, lambda left_s: home.standing(asked, left_s), ASK_HOME_AT_S, within_s
            )
        except (PeerUnreachable, NotPermitted):
            return Refused(Reason.HOME_UNREACHABLE, library=question.home)

    def renew(self, question: RenewQuestion, timeout_s: float) -> Deferred[RenewDecision]:
        return Deferred.fromCoroutine(self._renew(question, timeout_s))

    async def _renew(self, question: RenewQuestion, timeout_s: float) -> RenewDecision:
        def first(tx: Tx) -> RenewDecision | None:
            self._books.apply_carried(tx, question.carried)
            self._books.check(tx, question)
            check_asker(tx, question)
            known = self._books.owner.renewals.decided(tx, question.op)
            if known is None and question.home == self._books.library:
                return self._books.renew_own(tx, question)
            return known

        decided = await self._courier.write(first, "renew")
        if decided is not None:
            return decided
        standing = await self._standing_of(question, timeout_s)
        return await self._courier.write(lambda tx: self._books.owner.renewals.renew(tx, question, standing), "renew")

    def take_back(self, notice: ItemReturned, timeout_s: float) -> Deferred[TakenBack]:
        """One that can't be taken now waits in the outbox of its branch."""

        def work(tx: Tx) -> TakenBack:
            if why := self._books.strangers.objection(tx, notice):
                raise PeerUnreachable(self._books.library, why)
            return self._books.owner.returns.take_back(tx, notice, on_line=True)

        return self._courier.write(work, "take_back")

    def describe(self, question: ItemQuestion, timeout_s: float) -> Deferred[ItemDecision]:
        def work(tx: Tx) -> ItemDecision:
            self._books.apply_carried(tx, question.carried)
            return self._books.owner.describe(tx, question, self._wall_ms())

        return self._courier.write(work, "describe") if question.carried else self._store.read(work)

    def hold(self, question: HoldQuestion, timeout_s: float) -> Deferred[HoldDecision]:
        return Deferred.fromCoroutine(self._hold(question, timeout_s))

    async def _hold(self, question: HoldQuestion, timeout_s: float) -> HoldDecision:
        def first(tx: Tx) -> HoldDecision | None:
            self._books.apply_carried(tx, question.carried)
            self._books.check(tx, question)
            check_asker(tx, question)
            known = self._books.owner.reserving.decided(tx, question.op)
            if known is None and question.home == self._books.library:
                return self._books.hold_own(tx, question)
            return known

        decided = await self._courier.write(first, "hold")
        if decided is not None:
            return decided
        standing = await self._standing_of(question, timeout_s)
        return await self._courier.write(lambda tx: self._books.owner.reserving.decide(tx, question, standing), "hold")

    # --- home ----------------------------------------------------------------------------------------------

    def hold_place(self, question: PlaceQuestion, timeout_s: float) -> Deferred[PlaceDecision]:
        def work(tx: Tx) -> PlaceDecision:
            self._books.apply_carried(tx, question.carried)
            self._books.check(tx, question)
            decision = self._books.home.hold_place(tx, question)
            if isinstance(decision, Refused):
                self._books.strangers.count(question.owner, question.card)
            return decision

        return self._courier.write(work, "hold_place")

    def standing(self, question: StandingQuestion, timeout_s: float) -> Deferred[StandingDecision]:
        if question.pin is None:
            return self._standing(question, PinCheck.ABSENT)
        return Deferred.fromCoroutine(self._standing_with_pin(question, question.pin))

    async def _standing_with_pin(self, question: StandingQuestion, pin: str) -> StandingDecision:
        pin_hash = await self._store.read(lambda tx: self._books.home.pin_hash(tx, question.card))
        # An unknown card is checked as well, against nothing: it takes as long as a wrong PIN.
        right = await self._pins.verify(pin_hash or "", pin)
        return await self._standing(question, PinCheck.RIGHT if right else PinCheck.WRONG)

    def _standing(self, question: StandingQuestion, pin: PinCheck) -> Deferred[StandingDecision]:
        def work(tx: Tx) -> StandingDecision:
            self._books.apply_carried(tx, question.carried)
            return self._books.home.standing(tx, question, pin)

        return self._courier.write(work, "standing") if question.carried else self._store.read(work)

    def kept_places(self, question: PlacesQuestion, timeout_s: float) -> Deferred[PlacesPage]:
        return self._mirror.kept_places(question, timeout_s)

    def kept_fines(self, question: FinesQuestion, timeout_s: float) -> Deferred[FinesPage]:
        return self._mirror.kept_fines(question, timeout_s)

    # --- mailbox -------------------------------------------------------------------------------------------

    def deliver(self, notices: Sequence[Notice], timeout_s: float) -> Deferred[tuple[Receipt, ...]]:
        if not notices:
            return succeed(())
        return self._courier.write(lambda tx: tuple(self._take(tx, notice) for notice in notices), "deliver")

    def _take(self, tx: Tx, notice: Notice) -> Receipt:
        """One that its sender may not say is not taken; the others are."""
        try:
            self._books.take(tx, notice)
        except NotPermitted as error:
            return Receipt(False, str(error))
        return Receipt(True)

    def abort_left_over(self) -> Deferred[int]:
        """What nobody decides any more: at a restart, and after the disk refused a write."""
        deciding = {op for op, _branch in self.deciding}
        return self._courier.write(lambda tx: self._books.owner.checkouts.abort_left_over(tx, deciding), "recover")
