"""The desk lends, renews and reserves: what the kiosk is told is written before it is sent.

One checkout, in one direction: desk → peers/local → books.

1. The desk finds out who decides: the card's home, the item's owner.
2. `_begin`, one transaction: told before? Then the same answer. What the branch itself knows may speak against it.
   * Home, owner and branch are this library: decided there and then (`Operation.decide_here`), and told.
   * The item is ours, the card is another's: our own owner's first step (`local.open_checkout`).
   * Else it is durable as asked, and the item's owner is to be asked.
3. Another's card: `local.ask_home` gives the owner's last step, which one transaction runs and tells (`_lend_own`).
   Another's item: its owner is asked again and again until its answer or the kiosk's time is up (`_ask_owner`).
4. After a "no" that it is not sure of the branch cancels, durably, until the owner confirms (promises 1, 3, 5).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred

from federation.contract import (
    CancelOp,
    CheckoutQuestion,
    ItemQuestion,
    ItemState,
    ItemView,
    Lent,
    Notice,
    NotPermitted,
    PeerUnreachable,
    Reason,
    Refused,
)
from federation.permissions import REFUSED_AT_THE_DOOR
from node.service.asking import ask_repeatedly
from node.service.delivery.courier import carried_notices
from node.service.desk.authorities import Undecided
from node.service.desk.branch import Branch
from node.service.desk.memory import RETRYING_MS, Ask, Fresh, Known, Told
from node.service.desk.operations import Asked, Checkout, Decision, Operation, Q, Question, renewal_op
from node.service.desk.thinning import with_title
from node.service.peers.local import LocalLibrary, Opened
from node.service.under_way import UnderWay
from node.storage.desk import denied, undecided
from node.storage.desk import operations as branch_rows
from node.storage.owner import loans as owner_rows
from node.storage.store import Tx

A = TypeVar("A", bound=Decision)

ASK_OWNER_AT_S = (0.0, 1.0, 2.0, 3.0)
MARGIN_S = 0.3
SETTLE_FIRST_S = 0.7
DESCRIBE_S = 1.5


@dataclass(frozen=True, slots=True)
class _Deciders:
    """Home of the card, owner of the item, "" where there is none; and what speaks against asking them at all."""

    home: str
    owner: str
    objection: Refused | None


@dataclass(frozen=True, slots=True)
class _OwnItem:
    """Begun by this library as its owner. `owed`: what waits for the card's home and must come before the question."""

    question: CheckoutQuestion
    opened: Opened
    owed: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class _OthersItem(Generic[Q, A]):
    """Durable as asked; `owner` is to be asked. `owed`: as above."""

    asked: Asked[Q, A]
    owner: str
    owed: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class _Awaiting:
    """The terminal asks again with another date before it is answered: first comes what is being decided."""

    op: str


class Lending:
    """Checkout, renewal and reservation at the terminals of this branch."""

    def __init__(self, branch: Branch, local: LocalLibrary, *, answer_within_s: float) -> None:
        self._branch = branch
        self._local = local
        self._answer_within_s = answer_within_s
        self.driving: UnderWay[str, Told[Any]] = UnderWay()  # by operation

    def operate(self, operation: Operation[Q, A], began_s: float | None = None) -> Deferred[Told[A]]:
        """`began_s`: when the kiosk began to wait, if that is not now."""
        began_s = self._branch.clock.seconds() if began_s is None else began_s
        return Deferred.fromCoroutine(self._operate(operation, began_s))

    def refuse(self, ask: Ask, refused: Refused) -> Deferred[Told[Any]]:
        """Refused before anybody was asked (nobody could check the PIN): a durable "no" like any other, lest an
        earlier copy of the same request, still on its way, is granted after it."""
        return Deferred.fromCoroutine(self._refuse(ask, refused))

    async def _refuse(self, ask: Ask, refused: Refused) -> Told[Any]:
        return await self._told(await self._branch.write(lambda tx: self._branch.memory.once(tx, ask, refused), "desk"))

    async def _operate(self, operation: Operation[Q, A], began_s: float) -> Told[A]:
        deciders = await self._deciders(operation)
        begun = await self._begun(operation, deciders, followed=False)
        if isinstance(begun, Told):
            begun = await self._still_true(operation, deciders, begun)
        if isinstance(begun, _OwnItem):
            return await self.driving.lead(begun.question.op, self._lend_own(begun, began_s))
        if isinstance(begun, _OthersItem):
            return await self.driving.lead(begun.asked.question.op, self._ask_owner(begun, began_s))
        return await self._told(begun)

    async def _begun(
        self, operation: Operation[Q, A], deciders: _Deciders, *, followed: bool
    ) -> Known | _OwnItem | _OthersItem[Q, A]:
        while True:
            begun = await self._branch.begin(
                operation.ask, lambda tx: self._begin(tx, operation, deciders, followed=followed)
            )
            if not isinstance(begun, _Awaiting):
                return begun
            if begun.op in self.driving:  # it may have ended while this was committed
                await self.driving.join(begun.op)

    async def _still_true(
        self, operation: Operation[Q, A], deciders: _Deciders, told: Told[Any]
    ) -> Known | _OwnItem | _OthersItem[Q, A]:
        """ "Lent" is not said again without a loan: the owner of another library's item is asked, because a reader may
        have returned it elsewhere seconds ago. If the owner is silent, a kiosk that retries hears the same."""
        loan, owner = operation.loan_of(told.answer), deciders.owner
        age_ms = self._branch.wall_ms() - told.at_ms
        if not loan or owner in ("", self._branch.library):
            return told
        question = ItemQuestion(operation.barcode, self._branch.library)
        try:
            view = await self._branch.authorities.library(owner).describe(question, DESCRIBE_S)
        except (PeerUnreachable, NotPermitted):
            return told if age_ms <= RETRYING_MS else replace(told, answer=Refused(Reason.OWNER_UNREACHABLE, owner))
        runs = isinstance(view, ItemView) and view.state is ItemState.ON_LOAN and view.loan in ("", loan)
        if not runs:
            return await self._begun(operation, deciders, followed=True)
        return replace(told, answer=with_title(told.answer, view.title)) if isinstance(view, ItemView) else told

    async def _told(self, begun: Known) -> Told[Any]:
        """Known before: told, or joined, or left over from before a restart."""
        if isinstance(begun, Told):
            return begun
        if begun.op in self.driving:
            return replace(await self.driving.join(begun.op), repeated=True)
        return await self._branch.write(lambda tx: self.give_up(tx, begun.op, begun.question), "desk")

    # --- who decides, and the first transaction ------------------------------------------------------------

    async def _deciders(self, operation: Operation[Q, A]) -> _Deciders:
        authorities = self._branch.authorities
        home = authorities.home_of(operation.ask.card)
        owner = await operation.find_owner(authorities)
        if isinstance(home, Refused):
            return _Deciders("", "", home)
        if isinstance(owner, Undecided):
            reason = Reason.OWNER_UNREACHABLE if owner.silent else Reason.UNKNOWN_ITEM
            return _Deciders(home, "", Refused(reason, library=owner.silent[0] if owner.silent else ""))
        if isinstance(owner, Refused):
            return _Deciders(home, "", owner)
        return _Deciders(home, owner, authorities.out_of_group(home, owner, *operation.concerns))

    def _begin(
        self, tx: Tx, operation: Operation[Q, A], deciders: _Deciders, *, followed: bool
    ) -> Known | _Awaiting | _OwnItem | _OthersItem[Q, A]:
        memory, here = self._branch.memory, self._branch.library
        ask = self._branch.about(operation.ask, deciders.owner)
        fresh = memory.begin(tx, ask, followed=followed)
        if isinstance(fresh, Told) and deciders.owner == here and self._is_over(tx, operation, fresh):
            fresh = memory.begin(tx, ask, followed=True)
        if not isinstance(fresh, Fresh):
            return fresh
        if fresh.awaited in self.driving:
            return _Awaiting(fresh.awaited)
        home, owner = deciders.home, deciders.owner
        refused = deciders.objection or operation.objection(fresh) or self._denied(tx, fresh, home)
        refused = refused or self._unsettled(tx, operation)
        if refused is not None:
            return memory.told_at_once(tx, ask, fresh, refused)
        if home == owner == here:
            question = operation.question(fresh, home=home, branch=here)
            decision = operation.decide_here(tx, self._branch.books, question)
            return memory.told_at_once(tx, ask, fresh, decision)
        if owner == here and isinstance(operation, Checkout) and not ask.renews:
            return self._begin_own(tx, operation, fresh, home)
        memory.asked(tx, ask, fresh, _left_over(owner, ask))
        carried = self._owed(tx, owner, operation.barcode, fresh)
        question = operation.question(fresh, home=home, branch=here, carried=carried)
        owed = () if home in (here, owner) else self._owed(tx, home, operation.barcode, fresh)
        return _OthersItem(Asked(operation, question), owner, owed)

    def _is_over(self, tx: Tx, operation: Operation[Q, A], told: Told[Any]) -> bool:
        """Whether the loan of an own item, which the reader was told to have, has ended."""
        loan = operation.loan_of(told.answer)
        running = owner_rows.open_loan_of(tx, operation.barcode) if loan else None
        return bool(loan) and (running is None or running.op != loan)

    def _denied(self, tx: Tx, fresh: Fresh, home: str) -> Refused | None:
        """A terminal here has blocked it, whether or not its home has heard of that."""
        if home == self._branch.library or not denied.is_denied(tx, fresh.card_digest):
            return None
        return Refused(Reason.CARD_SUSPENDED, library=home)

    def _unsettled(self, tx: Tx, operation: Operation[Q, A]) -> Refused | None:
        """The item in hand may be the one that came back here while a library that may own it was silent. Its loan is
        over, though it still stands: to lend by it would give the item away without a loan."""
        barcode = operation.barcode
        if not isinstance(operation, Checkout) or not self._branch.authorities.may_be_of_several(barcode):
            return None
        return Refused(Reason.IN_DOUBT) if undecided.is_undecided(tx, barcode) else None

    def _owed(self, tx: Tx, peer: str, barcode: str, fresh: Fresh) -> tuple[Notice, ...]:
        return carried_notices(tx, peer, item=barcode, card_digest=fresh.card_digest)

    # --- this library's item, another's card: what is decided and what is told are one transaction ----------

    def _begin_own(self, tx: Tx, checkout: Checkout, fresh: Fresh, home: str) -> Known | _OwnItem:
        ask, here = checkout.ask, self._branch.library
        question = checkout.question(fresh, home=home, branch=here)
        opened = self._local.open_checkout(tx, question)
        if not isinstance(opened, Opened):
            return self._branch.memory.told_at_once(tx, ask, fresh, opened)
        self._branch.memory.asked(tx, ask, fresh, _left_over(here, ask))
        return _OwnItem(question, opened, self._owed(tx, home, ask.barcode, fresh))

    async def _lend_own(self, begun: _OwnItem, began_s: float) -> Told[Any]:
        question = begun.question
        if begun.owed:
            await self._branch.courier.settle_first(question.home, SETTLE_FIRST_S)
        conclude = await self._local.ask_home(question, begun.opened, begun.owed, self._left_s(began_s))
        return await self._branch.write(lambda tx: self._tell(tx, question, conclude(tx)), "checkout")

    # --- another library's item ----------------------------------------------------------------------------

    async def _ask_owner(self, begun: _OthersItem[Q, A], began_s: float) -> Told[A | Refused]:
        asked, owner = begun.asked, begun.owner
        if begun.owed:
            await self._branch.courier.settle_first(asked.question.home, SETTLE_FIRST_S)
        decision, unsure = await self._decision_of(owner, asked, began_s)
        instead = asked.instead(decision)
        if instead is not None:
            decision, unsure = await self._decision_of(owner, instead, began_s)
        last: Question = asked.question if instead is None else instead.question

        def tell(tx: Tx) -> Told[A | Refused]:
            told = self._tell(tx, asked.question, decision)
            if unsure:
                self._branch.books.post(tx, owner, CancelOp(last.op, last.barcode, self._branch.library))
            return told

        return await self._branch.write(tell, "desk")

    async def _decision_of(self, owner: str, asked: Asked[Q, A], began_s: float) -> tuple[A | Refused, bool]:
        """The owner's decision, and whether it may have decided otherwise without our hearing of it."""
        branch = self._branch

        def ask(timeout_s: float) -> Deferred[Any]:
            return asked.ask(branch.authorities.library(owner), timeout_s)

        try:
            decision: A = await ask_repeatedly(branch.clock, ask, ASK_OWNER_AT_S, max(0.1, self._left_s(began_s)))
        except PeerUnreachable:
            return Refused(Reason.OWNER_UNREACHABLE, library=owner), True
        except NotPermitted:
            return Refused(Reason.OUT_OF_GROUP, library=owner), True
        return decision, isinstance(decision, Refused) and decision.reason in REFUSED_AT_THE_DOOR

    # --- told ----------------------------------------------------------------------------------------------

    def _left_s(self, began_s: float) -> float:
        """Of the time in which the kiosk is answered."""
        return self._answer_within_s - MARGIN_S - (self._branch.clock.seconds() - began_s)

    def _tell(self, tx: Tx, question: Question, decision: A) -> Told[A]:
        """Whose card it is, is kept (by its digest): a fee can be paid here although the card's home is silent."""
        memory = self._branch.memory
        if isinstance(decision, Lent) and decision.reader and question.home != self._branch.library:
            digest, at_ms = memory.card_digest(question.card), self._branch.wall_ms()
            branch_rows.see_reader(tx, digest, question.home, decision.reader, at_ms)
        return memory.tell(tx, question.op, decision)

    def give_up(self, tx: Tx, op: str, question: str) -> Told[Refused]:
        """Asked before a restart, and nobody drives it any more: "no", and the owner undoes what it may have done."""
        told = self._branch.memory.tell(tx, op, Refused(Reason.IN_DOUBT))
        asked = json.loads(question or "{}")
        if asked and not told.repeated:
            for begun in (op, *((renewal_op(op),) if asked.get("renews") else ())):
                cancel = CancelOp(begun, asked["barcode"], self._branch.library)
                self._branch.books.post(tx, asked["owner"], cancel)
        return told


def _left_over(owner: str, ask: Ask) -> str:
    """What a restart needs to undo the operation; never a card."""
    left_over: dict[str, object] = {"owner": owner, "barcode": ask.barcode}
    return json.dumps(left_over | ({"renews": True} if ask.renews else {}))
