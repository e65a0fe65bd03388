"""What a reader wants of an item, as a value: lend it, renew it, reserve it.

An operation knows its question to the owner of the item, how it is decided where card, item and terminal are all of
this library, and which of the owner's decisions it asks for. `lending` carries any of them out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeAlias, TypeVar

from twisted.internet.defer import Deferred

from federation.contract import (
    CheckoutDecision,
    CheckoutQuestion,
    HoldDecision,
    HoldMode,
    HoldQuestion,
    Lent,
    Library,
    Notice,
    Reason,
    Refused,
    RenewDecision,
    Renewed,
    RenewQuestion,
)
from node.service.books import Books
from node.service.desk.authorities import Authorities, Whose
from node.service.desk.ids import derived
from node.service.desk.item_name import ItemName
from node.service.desk.memory import Ask, Fresh
from node.storage.store import Tx

LoanDecision: TypeAlias = Lent | Renewed | Refused
"""Of a checkout: it may turn out to be a renewal."""
Question: TypeAlias = CheckoutQuestion | RenewQuestion | HoldQuestion
Decision: TypeAlias = LoanDecision | HoldDecision
Q = TypeVar("Q", bound=Question)
A_co = TypeVar("A_co", bound=Decision, covariant=True)


class Operation(ABC, Generic[Q, A_co]):
    """`Q` is asked of the item's owner, `A_co` is what the kiosk may be told."""

    __slots__ = ()
    ask: Ask

    @property
    def barcode(self) -> str:
        return self.ask.barcode

    async def find_owner(self, authorities: Authorities) -> Whose:
        return await authorities.find_owner_to_lend(self.ask.item, self.ask.card)

    @property
    def concerns(self) -> tuple[str, ...]:
        """Libraries that must circulate with the branch, beside the card's home and the item's owner."""
        return ()

    def objection(self, fresh: Fresh) -> Refused | None:
        """What the branch knows to speak against it."""
        return Refused(Reason.ASKED_TWICE) if fresh.too_soon else None

    def loan_of(self, answer: object) -> str:
        """The loan that the reader was told to have by it, "" if none."""
        return ""

    @abstractmethod
    def question(self, fresh: Fresh, *, home: str, branch: str, carried: tuple[Notice, ...] = ()) -> Q: ...

    @abstractmethod
    def decide_here(self, tx: Tx, books: Books, question: Q) -> A_co:
        """Card, item and terminal are of one library: in one transaction."""

    @abstractmethod
    def ask_owner(self, owner: Library, question: Q, timeout_s: float) -> Deferred[Any]:
        """Fires with a decision. Errors: PeerUnreachable, NotPermitted."""

    def instead(self, question: Q, decision: Decision) -> Asked[Any, A_co] | None:
        """What is asked next, where the owner's decision shows that the reader wants something else."""
        return None


@dataclass(frozen=True, slots=True)
class Asked(Generic[Q, A_co]):
    """An operation with its question, as the owner is asked it."""

    operation: Operation[Q, A_co]
    question: Q

    def ask(self, owner: Library, timeout_s: float) -> Deferred[Any]:
        return self.operation.ask_owner(owner, self.question, timeout_s)

    def instead(self, decision: Decision) -> Asked[Any, A_co] | None:
        return self.operation.instead(self.question, decision)


@dataclass(frozen=True, slots=True)
class Checkout(Operation[CheckoutQuestion, LoanDecision]):
    """Where the reader has the item already, a terminal may renew the loan (`Ask.renews`)."""

    ask: Ask

    def objection(self, fresh: Fresh) -> Refused | None:
        """Somebody has put it where returns go: what is lent now would stay on the account."""
        return Refused(Reason.BUSY) if fresh.overtaken else Operation.objection(self, fresh)

    def loan_of(self, answer: object) -> str:
        if isinstance(answer, Lent):
            return answer.op
        return answer.loan if isinstance(answer, Renewed) else ""

    def question(self, fresh: Fresh, *, home: str, branch: str, carried: tuple[Notice, ...] = ()) -> CheckoutQuestion:
        return CheckoutQuestion(
            op=fresh.op,
            card=self.ask.card,
            home=home,
            barcode=self.barcode,
            branch=branch,
            asked_at_ms=fresh.asked_at_ms,
            answer_by_ms=fresh.answer_by_ms,
            carried=carried,
            fee_acknowledged=self.ask.fee_acknowledged,
            earlier_op=fresh.earlier_op,
        )

    def decide_here(self, tx: Tx, books: Books, question: CheckoutQuestion) -> LoanDecision:
        decision = books.lend_own_at_once(tx, question)
        renewal = self.instead(question, decision)
        return decision if renewal is None else renewal.operation.decide_here(tx, books, renewal.question)

    def ask_owner(self, owner: Library, question: CheckoutQuestion, timeout_s: float) -> Deferred[CheckoutDecision]:
        return owner.checkout(question, timeout_s)

    def instead(self, question: CheckoutQuestion, decision: Decision) -> Asked[Any, LoanDecision] | None:
        """Never right after this terminal lent it: the reader only asks again, and an owner of an older version does
        not know that."""
        own_loan = isinstance(decision, Refused) and decision.reason is Reason.ON_LOAN_TO_READER
        renews = own_loan and self.ask.renews and not question.earlier_op
        return Asked(Renewal(self.ask), _renewal_of(question)) if renews else None


@dataclass(frozen=True, slots=True)
class Renewal(Operation[RenewQuestion, RenewDecision]):
    ask: Ask

    def question(self, fresh: Fresh, *, home: str, branch: str, carried: tuple[Notice, ...] = ()) -> RenewQuestion:
        return RenewQuestion(
            op=fresh.op,
            card=self.ask.card,
            home=home,
            barcode=self.barcode,
            branch=branch,
            asked_at_ms=fresh.asked_at_ms,
            answer_by_ms=fresh.answer_by_ms,
            carried=carried,
        )

    def decide_here(self, tx: Tx, books: Books, question: RenewQuestion) -> RenewDecision:
        return books.renew_own(tx, question)

    def ask_owner(self, owner: Library, question: RenewQuestion, timeout_s: float) -> Deferred[RenewDecision]:
        return owner.renew(question, timeout_s)


@dataclass(frozen=True, slots=True)
class Hold(Operation[HoldQuestion, HoldDecision]):
    """`item`, or (empty) any copy of `title` among this branch's own items. `pickup`: a library's code, "" to leave it
    as it is. Nothing is done to the item, so its barcode is not the request's (`Ask.barcode`)."""

    ask: Ask
    mode: HoldMode
    item: ItemName
    title: str
    pickup: str
    expires_on: date | None

    @property
    def barcode(self) -> str:
        return self.item.barcode

    async def find_owner(self, authorities: Authorities) -> Whose:
        return await authorities.find_owner(self.item) if self.item.barcode else authorities.here

    @property
    def concerns(self) -> tuple[str, ...]:
        return (self.pickup,) if self.pickup else ()

    def question(self, fresh: Fresh, *, home: str, branch: str, carried: tuple[Notice, ...] = ()) -> HoldQuestion:
        return HoldQuestion(
            op=fresh.op,
            mode=self.mode,
            card=self.ask.card,
            home=home,
            barcode=self.item.barcode,
            title=self.title,
            branch=branch,
            pickup=self.pickup,
            expires_on=self.expires_on,
            asked_at_ms=fresh.asked_at_ms,
            answer_by_ms=fresh.answer_by_ms,
            fee_acknowledged=self.ask.fee_acknowledged,
            carried=carried,
        )

    def decide_here(self, tx: Tx, books: Books, question: HoldQuestion) -> HoldDecision:
        return books.hold_own(tx, question)

    def ask_owner(self, owner: Library, question: HoldQuestion, timeout_s: float) -> Deferred[HoldDecision]:
        return owner.hold(question, timeout_s)


def renewal_op(op: str) -> str:
    """The renewal that a checkout turned out to be: an operation of its own, derived from it."""
    return derived(op, "renewal")


def _renewal_of(question: CheckoutQuestion) -> RenewQuestion:
    return RenewQuestion(
        op=renewal_op(question.op),
        card=question.card,
        home=question.home,
        barcode=question.barcode,
        branch=question.branch,
        asked_at_ms=question.asked_at_ms,
        answer_by_ms=question.answer_by_ms,
        carried=question.carried,
    )
