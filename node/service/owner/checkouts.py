"""The owner lends: the loan row is the commit point of a checkout (promise 3).

Every decision is a row under its operation id and the first one stands; a "no" is a row like a "yes".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from federation.contract import (
    CheckoutDecision,
    CheckoutQuestion,
    Lent,
    Notice,
    PlaceDecision,
    PlaceHeld,
    PlaceQuestion,
    Reason,
    Refused,
    ReleasePlace,
    Standing,
)
from federation.permissions import REFUSED_AT_THE_DOOR
from node.domain import rules
from node.domain.calendar import civil_date
from node.domain.states import OPERATION, LoanEvent, LoanState, OpEvent, OpState
from node.service import refusals
from node.service.owner.holds import Holds, served_by
from node.service.owner.owning import Owning, asked_by, loan_after, refusal_of, titled
from node.service.owner.returns import Returns, overtook
from node.storage.owner import evidence as ev
from node.storage.owner import loans as rows
from node.storage.owner.holds import HoldRow
from node.storage.store import Tx

AGAIN_MS = 10 * 60 * 1000
"""How long after a loan the same wish of the same terminal is that of somebody who missed the answer."""


@dataclass(frozen=True, slots=True)
class Lendable:
    """Nothing at the owner speaks against lending this item: the home is to be asked. `awaited`: holds are on it."""

    item: rows.ItemRow
    awaited: bool


@dataclass(frozen=True, slots=True)
class OnLoan:
    """On loan: whose it is decides between "yours already" and "another reader's"."""

    loan: rows.LoanRow
    item: rows.ItemRow

    def is_of(self, standing: Standing) -> bool:
        """A loan recorded off line may be known to the home alone, by its place."""
        return self.loan.reader == standing.reader or any(place.op == self.loan.op for place in standing.loans)

    def refused(self, *, to_reader: bool) -> Refused:
        """`to_reader`: the reader who asks has it."""
        reason = Reason.ON_LOAN_TO_READER if to_reader else Reason.ON_LOAN
        return titled(Refused(reason), self.item, self.loan)


class InProgress:
    """The same operation is being decided now: join it."""


class Checkouts:
    """The steps of a checkout at the owner."""

    def __init__(self, own: Owning, returns: Returns, holds: Holds) -> None:
        self._own = own
        self._returns = returns
        self._holds = holds

    def examine(self, tx: Tx, question: CheckoutQuestion) -> CheckoutDecision | Lendable | OnLoan | InProgress:
        """What the owner can say before it asks the home. Writes a row only for a "no".

        The reader's category is not known yet, so R3 refuses here what nobody may borrow: see `_last_objection`."""
        known = rows.find_op(tx, question.op)
        if known is not None:
            return self._decided_checkout(tx, asked_by(question.branch, known))
        item = rows.find_item(tx, question.barcode)
        if item is None:
            return self.refuse(tx, question, Refused(Reason.UNKNOWN_ITEM))
        refused = self._own.item_refusal(None, item, civil_date(question.asked_at_ms))
        if refused is not None:
            return self.refuse(tx, question, titled(refused, item))
        loan = rows.open_loan_of(tx, question.barcode)
        if loan is not None and _was_just_lent(question, loan):
            return self._lent_before(tx, question, loan, item)
        if loan is not None:
            return OnLoan(loan, item)
        if self._came_back_since(tx, question):
            return self.refuse(tx, question, titled(Refused(Reason.ON_LOAN), item))
        if item.pending_op is not None:
            return self.refuse(tx, question, titled(Refused(Reason.BEING_LENT), item))
        queue = self._holds.waiting(tx, item)
        hold = self._holds.claim(tx, item, civil_date(question.asked_at_ms), queue=queue)
        if hold is not None and hold.home != question.home:
            return self.refuse(tx, question, titled(Refused(Reason.RESERVED), item))
        return Lendable(item, awaited=bool(queue))

    def _came_back_since(self, tx: Tx, question: CheckoutQuestion) -> bool:
        """A return overtook this question on its way: when the reader asked the item was on loan to somebody else,
        and now it has been put where returns go at that same branch. To lend it would leave it on the account."""
        if question.branch == self._own.library:
            return False  # asked and decided in one transaction
        for loan in rows.loans_at(tx, question.barcode, question.asked_at_ms):
            found = ev.find_evidence(tx, loan.closed_by) if loan.closed_by is not None else None
            if found is not None and found.branch == question.branch and overtook(question.asked_at_ms, found):
                return True
        return False

    def _lent_before(self, tx: Tx, question: CheckoutQuestion, loan: rows.LoanRow, item: rows.ItemRow) -> Lent:
        """The terminal asks again with another date: the answer again, and nothing is renewed. This operation made
        nothing, so there is nothing of it to undo."""
        self._own.add_op(tx, question, "checkout", OpEvent.DECIDED, loan=loan.op)
        return self._lent(tx, loan, item)

    def _decided_checkout(self, tx: Tx, known: rows.OpRow) -> CheckoutDecision | InProgress:
        if known.state == OpState.RESERVING:
            return InProgress()
        if known.state == OpState.DONE:
            loan = rows.find_loan(tx, known.loan or known.op)
            item = rows.find_item(tx, known.barcode)
            if loan is not None and item is not None:
                return self._lent(tx, loan, item)
        return refusal_of(known)

    def refuse(self, tx: Tx, question: CheckoutQuestion, refused: Refused) -> Refused:
        known = rows.find_op(tx, question.op)
        if known is None:
            self._own.add_op(tx, question, "checkout", OpEvent.REFUSED, refused=refused)
            return refused
        return refusal_of(asked_by(question.branch, known))

    def reserve(self, tx: Tx, question: CheckoutQuestion) -> None:
        """Durable before the home is asked: a crash from here on ends in `aborted` and a release."""
        self._own.add_op(tx, question, "checkout", OpEvent.ASKED)
        rows.set_pending(tx, question.barcode, question.op)

    def place_question(
        self, question: CheckoutQuestion, item: rows.ItemRow, carried: tuple[Notice, ...] = ()
    ) -> PlaceQuestion:
        return PlaceQuestion(
            op=question.op,
            card=question.card,
            owner=self._own.library,
            barcode=item.barcode,
            title=item.title,
            item_type=item.item_type,
            foreign=item.foreign,
            branch=question.branch,
            asked_at_ms=question.asked_at_ms,
            carried=carried,
        )

    def conclude(
        self, tx: Tx, question: CheckoutQuestion, item: rows.ItemRow, place: PlaceDecision
    ) -> CheckoutDecision:
        """The home has spoken: the loan row, or the refusal, unless the operation was cancelled meanwhile."""
        known = rows.find_op(tx, question.op)
        if known is not None and known.state != OpState.RESERVING:
            if _may_be_held(place):
                self._own.post(tx, question.home, ReleasePlace(question.op, self._own.library))
            return refusal_of(known)
        return self._decide(tx, question, item, place, known=known, queue=self._holds.waiting(tx, item))

    def conclude_at_once(
        self, tx: Tx, question: CheckoutQuestion, examined: Lendable, place: PlaceDecision
    ) -> CheckoutDecision:
        """The same in the transaction that examined: what was not there a moment ago is not read again."""
        queue = self._holds.waiting(tx, examined.item) if examined.awaited else []
        return self._decide(tx, question, examined.item, place, known=None, queue=queue)

    def _decide(
        self,
        tx: Tx,
        question: CheckoutQuestion,
        item: rows.ItemRow,
        place: PlaceDecision,
        *,
        known: rows.OpRow | None,
        queue: list[HoldRow],
    ) -> CheckoutDecision:
        refused = self._last_objection(tx, question, item, place, queue)
        if isinstance(place, Refused) or refused is not None:
            refused = titled(refused or Refused(Reason.CANCELLED), item)
            self._settle(tx, question, known, OpEvent.REFUSED, refused)
            if _may_be_held(place):
                self._own.post(tx, question.home, ReleasePlace(question.op, self._own.library))
            return refused
        self._settle(tx, question, known, OpEvent.DECIDED, None)
        loan = self._open_loan(tx, question, item, place)
        if loan.due_on != place.due_on:
            self._own.tell_home(tx, loan)
        fee_fen = self._hold_fee_fen(question, item, place)
        collected = self._holds.collect(tx, item, loan, queue=queue, fee_fen=fee_fen)
        if not self._returns.close_with_evidence(tx, loan, item) and item.transit_to:
            rows.set_transit(tx, item.barcode, "")
        return self._lent(tx, loan, item, fee_fen if collected else 0)

    def _open_loan(self, tx: Tx, question: CheckoutQuestion, item: rows.ItemRow, place: PlaceHeld) -> rows.LoanRow:
        on = self._own.day_of(question.asked_at_ms)
        rule = self._own.rule_book.rule_for(place.category, item.item_type, on)
        last_due_on = self._own.rule_book.last_due_on(place.category, place.expires_on, on)
        loan = rows.LoanRow(
            op=question.op,
            barcode=item.barcode,
            home=question.home,
            reader=place.reader,
            category=place.category,
            branch=question.branch,
            opened_at_ms=question.asked_at_ms,
            due_on=rules.due_on(rule, on, last_due_on),
        )
        return rows.add_loan(tx, loan)

    def _last_objection(
        self, tx: Tx, question: CheckoutQuestion, item: rows.ItemRow, place: PlaceDecision, queue: list[HoldRow]
    ) -> Refused | None:
        """R3 and the queue once more, now that the reader and the category are known."""
        if isinstance(place, Refused):
            return place
        on = civil_date(question.asked_at_ms)
        refused = self._own.item_refusal(place.category, item, on)
        hold = self._holds.claim(tx, item, on, queue=queue)
        if refused is not None:
            return refused
        if hold is not None and (hold.home, hold.reader) != (question.home, place.reader):
            return Refused(Reason.RESERVED)
        mine = hold or served_by(queue, item.barcode, question.home, place.reader)
        if mine is None:
            return None
        fee_fen = self._hold_fee_fen(question, item, place)
        if fee_fen > mine.fee_fen and not question.fee_acknowledged:
            return Refused(Reason.FEE_NOT_ACKNOWLEDGED, number=fee_fen)
        return None

    def _hold_fee_fen(self, question: CheckoutQuestion, item: rows.ItemRow, place: PlaceHeld) -> int:
        on = civil_date(question.asked_at_ms)
        return self._own.rule_book.rule_for(place.category, item.item_type, on).hold_fee_fen

    def _settle(
        self,
        tx: Tx,
        question: CheckoutQuestion,
        known: rows.OpRow | None,
        event: OpEvent,
        refused: Refused | None,
    ) -> None:
        loan = question.op if event == OpEvent.DECIDED else None
        if known is None:
            self._own.add_op(tx, question, "checkout", event, loan=loan, refused=refused)
        else:
            state = OPERATION.after(known.state, event)
            rows.settle_op(
                tx, question.op, state, loan=loan, refusal=None if refused is None else refusals.stored(refused)
            )
            rows.set_pending(tx, question.barcode, None)

    def abort(self, tx: Tx, op: str, refused: Refused) -> CheckoutDecision:
        """The home gave no answer in time: what it decided is unknown, so the place is released (promise 1)."""
        known = rows.find_op(tx, op)
        if known is None:
            return Refused(Reason.CANCELLED)
        if known.state != OpState.RESERVING:
            decided = self._decided_checkout(tx, known)
            assert not isinstance(decided, InProgress), "it is no longer reserving"
            return decided
        rows.settle_op(tx, op, OPERATION.after(known.state, OpEvent.GIVEN_UP), refusal=refusals.stored(refused))
        rows.set_pending(tx, known.barcode, None)
        self._own.post(tx, known.home, ReleasePlace(op, self._own.library))
        return refused

    def abort_left_over(self, tx: Tx, deciding: Collection[str] = ()) -> int:
        """Whatever is still `reserving` and not among those that are being decided."""
        left = [known for known in rows.reserving_ops(tx) if known.op not in deciding]
        for known in left:
            self.abort(tx, known.op, Refused(Reason.IN_DOUBT))
        return len(left)

    def undo(self, tx: Tx, known: rows.OpRow) -> None:
        """The loan stays where another operation made it: its kiosk was told so."""
        loan = rows.find_loan(tx, known.loan or known.op)
        if loan is None or loan.op != known.op or loan.renewals > 0:
            return
        cancelled = OPERATION.after(known.state, OpEvent.CANCELLED)
        if loan.closed_how == LoanState.RETURNED:
            self._returns.never_lent(tx, loan, known.op)
            self._holds.waive_fee(tx, loan)
            rows.settle_op(tx, known.op, cancelled, loan=known.loan)
        if loan.closed_at_ms is not None:
            return
        version = rows.close_loan(
            tx, loan, at_ms=self._own.wall_ms(), how=loan_after(loan, LoanEvent.CANCELLED), by=known.op
        )
        rows.settle_op(tx, known.op, cancelled, loan=known.loan)
        self._own.post(tx, loan.home, ReleasePlace(loan.op, self._own.library, self._own.epoch, version))
        self._holds.undo_collection(tx, loan)

    def _lent(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow, fee_fen: int = 0) -> Lent:
        return Lent(
            op=loan.op,
            reader=loan.reader or "",
            title=item.title,
            item_type=item.item_type,
            foreign=item.foreign,
            due_on=loan.due_on,
            properties=item.properties,
            fee_fen=fee_fen,
        )


def _was_just_lent(question: CheckoutQuestion, loan: rows.LoanRow) -> bool:
    """Whether it is the loan that the same terminal was told of, of the same card: its branch says which. Both times
    are of that branch's clock."""
    same = (loan.op, loan.branch, loan.home) == (question.earlier_op, question.branch, question.home)
    return same and question.asked_at_ms - loan.opened_at_ms <= AGAIN_MS


def _may_be_held(place: PlaceDecision) -> bool:
    """A refusal at the home's door has no row there: an earlier copy of the question may have been granted."""
    return not isinstance(place, Refused) or place.reason in REFUSED_AT_THE_DOOR
