"""The desk lends, renews and reserves: branch → owner → home, and what the kiosk is told is written before it is sent.

Where every role is this library's, the same steps are one transaction. Otherwise: asked (durable), the owner is asked
again and again until its answer or the kiosk's time is up, told (durable). After a "no" that it is not sure of the
branch cancels, durably, until the owner confirms (promises 1, 3, 5).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar
from uuid import UUID, uuid5

from twisted.internet.defer import Deferred

from federation.clock import Clock
from federation.contract import (
    CancelOp,
    CheckoutDecision,
    CheckoutQuestion,
    HoldDecision,
    HoldMode,
    HoldQuestion,
    Lent,
    Notice,
    NotPermitted,
    PeerUnreachable,
    Reason,
    Refused,
    RenewDecision,
    RenewQuestion,
)
from federation.permissions import REFUSED_AT_THE_DOOR
from node.service.asking import ask_repeatedly
from node.service.books import Books
from node.service.delivery.courier import Courier, carried_notices
from node.service.desk.authorities import Authorities, Nobody
from node.service.desk.kinds import Kind
from node.service.desk.memory import Ask, Begun, Fresh, InDoubt, KioskMemory, Told
from node.service.desk.troubled import known_before
from node.service.owner.checkouts import Lendable, OnLoan
from node.service.peers.local import LocalLibrary, Opened
from node.service.under_way import UnderWay
from node.storage.desk import denied
from node.storage.desk import operations as branch_rows
from node.storage.sqlite import Store, StoreUnavailable
from node.storage.transaction import Tx

T = TypeVar("T")

ASK_OWNER_AT_S = (0.0, 1.0, 2.0, 3.0)
MARGIN_S = 0.3
SETTLE_FIRST_S = 0.7

Question = CheckoutQuestion | RenewQuestion | HoldQuestion
Decision = CheckoutDecision | RenewDecision | HoldDecision


@dataclass(frozen=True, slots=True)
class HoldWish:
    """What a reader wants reserved: `barcode`, or (empty) any copy of `title` among this branch's own items.
    `pickup`: a library's code, "" to leave it as it is."""

    mode: HoldMode
    barcode: str
    title: str
    pickup: str
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class _Opened:
    """Durable as asked. `opened`: how this library, as the owner, has begun it. `owed`: what waits for the card's home
    and must not come after the question."""

    question: Question
    opened: Opened | None
    owed: tuple[Notice, ...]


class Lending:
    """Checkout, renewal and reservation at the terminals of this branch."""

    def __init__(
        self,
        books: Books,
        store: Store,
        courier: Courier,
        *,
        local: LocalLibrary,
        authorities: Authorities,
        memory: KioskMemory,
        clock: Clock,
        answer_within_s: float,
    ) -> None:
        self._books = books
        self._store = store
        self._courier = courier
        self._local = local
        self._authorities = authorities
        self._memory = memory
        self._clock = clock
        self._answer_within_s = answer_within_s
        self.driving: UnderWay[str, Told] = UnderWay()  # by operation

    def checkout(self, ask: Ask) -> Deferred[Told]:
        """`Told.answer` is Lent or Refused."""
        return Deferred.fromCoroutine(self._operate(ask, self._lend_here))

    def renew(self, ask: Ask, began_s: float | None = None) -> Deferred[Told]:
        """`Told.answer` is Renewed or Refused. `began_s`: when the kiosk began to wait, if that is not now."""
        return Deferred.fromCoroutine(self._operate(ask, self._books.renew_own, began_s))

    def hold(self, ask: Ask, wish: HoldWish) -> Deferred[Told]:
        """`Told.answer` is HoldTaken or Refused."""
        return Deferred.fromCoroutine(self._operate(ask, self._books.hold_own, None, wish))

    def refuse(self, ask: Ask, refused: Refused) -> Deferred[Told]:
        """Refused before anybody was asked (nobody could check the PIN): a durable "no" like any other, lest an
        earlier copy of the same request, still on its way, is granted after it."""
        return Deferred.fromCoroutine(self._refuse(ask, refused))

    async def _refuse(self, ask: Ask, refused: Refused) -> Told:
        def work(tx: Tx) -> Begun:
            begun = self._memory.begin(tx, ask)
            return self._memory.told_at_once(tx, ask, begun, refused) if isinstance(begun, Fresh) else begun

        return await self._told(await self._write("desk", work))

    async def _operate(
        self,
        ask: Ask,
        decide_here: Callable[[Tx, Any], Decision],
        began_s: float | None = None,
        wish: HoldWish | None = None,
    ) -> Told:
        began_s = self._clock.seconds() if began_s is None else began_s
        barcode = ask.barcode if wish is None else wish.barcode
        home, owner, objection = await self._route(ask, barcode, wish)
        here = self._books.library

        def first(tx: Tx) -> Begun | _Opened:
            begun = self._memory.begin(tx, ask)
            if not isinstance(begun, Fresh):
                return begun
            if objection is not None:
                return self._memory.told_at_once(tx, ask, begun, objection)
            if begun.overtaken and ask.kind is Kind.CHECKOUT:
                # somebody has put it where returns go: what is lent now would stay on the account
                return self._memory.told_at_once(tx, ask, begun, Refused(Reason.BUSY))
            if home != here and denied.is_denied(tx, begun.card_digest):
                return self._memory.told_at_once(tx, ask, begun, Refused(Reason.CARD_SUSPENDED, library=home))
            if home == owner == here:
                question = self._question(ask, begun, home, (), wish)
                decision = self._or_renewed_here(tx, ask, question, decide_here(tx, question))
                return self._memory.told_at_once(tx, ask, begun, decision)
            if owner == here and ask.kind is Kind.CHECKOUT and not ask.renews:
                return self._begin_own(tx, ask, begun, home)
            self._memory.asked(tx, ask, begun, _left_over(owner, ask))
            question = self._question(ask, begun, home, self._owed(tx, owner, barcode, begun), wish)
            return _Opened(question, None, () if home in (here, owner) else self._owed(tx, home, barcode, begun))

        begun: Begun | _Opened
        try:
            begun = await self._write("desk", first)
        except StoreUnavailable:
            begun = await known_before(self._store, self._memory, ask)
        if not isinstance(begun, _Opened):
            return await self._told(begun)
        if begun.opened is not None:
            work = self._decide_own(begun.question, begun.opened, begun.owed, began_s)
            return await self.driving.lead(begun.question.op, work)
        return await self.driving.lead(begun.question.op, self._ask_and_tell(ask, begun, owner, began_s))

    async def _route(self, ask: Ask, barcode: str, wish: HoldWish | None) -> tuple[str, str, Refused | None]:
        """(home, owner, what speaks against asking at all)."""
        home = self._authorities.home_of(ask.card)
        # a title without an item is one of the branch's own
        owner = await self._authorities.find_owner(barcode) if barcode or wish is None else self._books.library
        if isinstance(home, Refused):
            return "", "", home
        if isinstance(owner, Nobody):
            reason = Reason.OWNER_UNREACHABLE if owner.silent else Reason.UNKNOWN_ITEM
            return home, "", Refused(reason, library=owner.silent[0] if owner.silent else "")
        if isinstance(owner, Refused):
            return home, "", owner
        pickup = (wish.pickup,) if wish is not None and wish.pickup else ()
        return home, owner, self._authorities.out_of_group(home, owner, *pickup)

    def _question(
        self, ask: Ask, fresh: Fresh, home: str, carried: tuple[Notice, ...], wish: HoldWish | None = None
    ) -> Question:
        common: dict[str, Any] = {
            "op": fresh.op,
            "card": ask.card,
            "home": home,
            "branch": self._books.library,
            "asked_at_ms": fresh.asked_at_ms,
            "answer_by_ms": fresh.answer_by_ms,
            "carried": carried,
        }
        if wish is not None:
            details = {name: getattr(wish, name) for name in ("mode", "barcode", "title", "pickup", "expires_on")}
            return HoldQuestion(**common, **details, fee_acknowledged=ask.fee_acknowledged)
        if ask.kind is Kind.CHECKOUT:
            return CheckoutQuestion(**common, barcode=ask.barcode, fee_acknowledged=ask.fee_acknowledged)
        return RenewQuestion(**common, barcode=ask.barcode)

    def _owed(self, tx: Tx, peer: str, barcode: str, fresh: Fresh) -> tuple[Notice, ...]:
        return carried_notices(tx, peer, item=barcode, card_digest=fresh.card_digest)

    # --- every role here: one transaction ------------------------------------------------------------------

    def _lend_here(self, tx: Tx, question: CheckoutQuestion) -> CheckoutDecision:
        checkouts, home = self._books.owner.checkouts, self._books.home
        examined = checkouts.examine(tx, question)
        if isinstance(examined, Lendable):
            place = home.hold_place(tx, checkouts.place_question(question, examined.item))
            return checkouts.conclude_at_once(tx, question, examined, place)
        if isinstance(examined, OnLoan):
            own = examined.loan.home == question.home and home.borrows(tx, examined.loan.op, question.card)
            reason = Reason.ON_LOAN_TO_READER if own else Reason.ON_LOAN
            refused = Refused(reason, title=examined.item.title, due_on=examined.loan.due_on)
            return checkouts.refuse(tx, question, refused)
        assert isinstance(examined, CheckoutDecision), "nothing is in progress within one transaction"
        return examined

    def _or_renewed_here(self, tx: Tx, ask: Ask, question: Question, decision: Decision) -> Decision:
        """The reader has the item already, and the terminal renews such loans (SIP2 11 with a renewal policy)."""
        if ask.renews and _is_own_loan(decision):
            return self._books.renew_own(tx, _renewal_of(question))
        return decision

    # --- the chain -----------------------------------------------------------------------------------------

    async def _told(self, begun: Begun) -> Told:
        if isinstance(begun, Told):
            return begun
        assert isinstance(begun, InDoubt)
        if begun.op in self.driving:
            return replace(await self.driving.join(begun.op), repeated=True)
        return await self._write("desk", lambda tx: self.give_up(tx, begun.op, begun.question))

    # --- this library's item, another's card: what is decided and what is told are one transaction ----------

    def _begin_own(self, tx: Tx, ask: Ask, fresh: Fresh, home: str) -> Told | _Opened:
        question: Any = self._question(ask, fresh, home, ())
        opened = self._local.open_checkout(tx, question)
        if not isinstance(opened, Opened):
            return self._memory.told_at_once(tx, ask, fresh, opened)
        self._memory.asked(tx, ask, fresh, _left_over(self._books.library, ask))
        return _Opened(question, opened, self._owed(tx, home, ask.barcode, fresh))

    async def _decide_own(self, question: Any, opened: Opened, owed: tuple[Notice, ...], began_s: float) -> Told:
        if owed:
            await self._courier.settle_first(question.home, SETTLE_FIRST_S)
        left_s = self._answer_within_s - MARGIN_S - (self._clock.seconds() - began_s)

        def tell(tx: Tx, decision: CheckoutDecision) -> Told:
            return self._tell(tx, question, decision)

        return await self._local.decide_checkout(question, opened, owed, left_s, tell)

    # --- another library's item ----------------------------------------------------------------------------

    async def _ask_and_tell(self, ask: Ask, begun: _Opened, owner: str, began_s: float) -> Told:
        here, question = self._books.library, begun.question
        if begun.owed:
            await self._courier.settle_first(question.home, SETTLE_FIRST_S)
        decision, unsure = await self._decision_of(owner, question, began_s)
        cancelled = question
        if ask.renews and _is_own_loan(decision):
            cancelled = _renewal_of(question)
            decision, unsure = await self._decision_of(owner, cancelled, began_s)

        def tell(tx: Tx) -> Told:
            told = self._tell(tx, question, decision)
            if unsure:
                self._books.post(tx, owner, CancelOp(cancelled.op, cancelled.barcode, here))
            return told

        return await self._write("desk", tell)

    def _tell(self, tx: Tx, question: Question, decision: Decision) -> Told:
        """Whose card it is, is kept (by its digest): a fee can be paid here although the card's home is silent."""
        if isinstance(decision, Lent) and question.home != self._books.library:
            branch_rows.see_reader(tx, self._memory.card_digest(question.card), question.home, decision.reader)
        return self._memory.tell(tx, question.op, decision)

    async def _decision_of(self, owner: str, question: Question, began_s: float) -> tuple[Decision, bool]:
        """The owner's decision, and whether it may have decided otherwise without our hearing of it."""
        left_s = self._answer_within_s - MARGIN_S - (self._clock.seconds() - began_s)
        try:
            decision: Decision = await ask_repeatedly(
                self._clock, lambda s: self._ask(owner, question, s), ASK_OWNER_AT_S, max(0.1, left_s)
            )
        except PeerUnreachable:
            return Refused(Reason.OWNER_UNREACHABLE, library=owner), True
        except NotPermitted:
            return Refused(Reason.OUT_OF_GROUP, library=owner), True
        return decision, isinstance(decision, Refused) and decision.reason in REFUSED_AT_THE_DOOR

    def _ask(self, owner: str, question: Question, timeout_s: float) -> Deferred[Any]:
        library = self._authorities.library(owner)
        if isinstance(question, CheckoutQuestion):
            return library.checkout(question, timeout_s)
        if isinstance(question, HoldQuestion):
            return library.hold(question, timeout_s)
        return library.renew(question, timeout_s)

    def give_up(self, tx: Tx, op: str, question: str) -> Told:
        """Asked before a restart, and nobody drives it any more: "no", and the owner undoes what it may have done."""
        told = self._memory.tell(tx, op, Refused(Reason.IN_DOUBT))
        asked = json.loads(question or "{}")
        if asked and not told.repeated:
            for begun in (op, *((_renewal_op(op),) if asked.get("renews") else ())):
                self._books.post(tx, asked["owner"], CancelOp(begun, asked["barcode"], self._books.library))
        return told

    def _write(self, name: str, work: Callable[[Tx], T]) -> Deferred[T]:
        return self._courier.write(work, name)


def _left_over(owner: str, ask: Ask) -> str:
    """What a restart needs to undo the operation; never a card."""
    left_over: dict[str, object] = {"owner": owner, "barcode": ask.barcode}
    return json.dumps(left_over | ({"renews": True} if ask.renews else {}))


def _is_own_loan(decision: Decision) -> bool:
    return isinstance(decision, Refused) and decision.reason is Reason.ON_LOAN_TO_READER


def _renewal_op(op: str) -> str:
    """The renewal that a checkout turned out to be: an operation of its own, derived from it."""
    return uuid5(UUID(op), "renewal").hex


def _renewal_of(question: Question) -> RenewQuestion:
    return RenewQuestion(
        op=_renewal_op(question.op),
        card=question.card,
        home=question.home,
        barcode=question.barcode,
        branch=question.branch,
        asked_at_ms=question.asked_at_ms,
        answer_by_ms=question.answer_by_ms,
        carried=question.carried,
    )
