"""The owner lends: the loan row is the commit point of a checkout (promise 3).

Every decision is a row under its operation id and the first one stands; a "no" is a row like a "yes".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from federation.contract import (
    CheckoutDecision,
    CheckoutQuestion,
    ForcedPlace,
    Lent,
    LoanRecorded,
    PlaceDecision,
    PlaceHeld,
    PlaceQuestion,
    Reason,
    Refused,
    ReleasePlace,
)
from federation.permissions import REFUSED_AT_THE_DOOR
from node.domain import rules
from node.domain.calendar import civil_date
from node.service import refusals
from node.service.owning import Owning, refusal_of, titled
from node.service.returns import Returns
from node.storage import owner as rows
from node.storage.transaction import Tx


@dataclass(frozen=True, slots=True)
class Lendable:
    """Nothing at the owner speaks against lending this item: the home is to be asked."""

    item: rows.ItemRow


@dataclass(frozen=True, slots=True)
class OnLoan:
    """On loan: whose it is decides between "yours already" and "another reader's"."""

    loan: rows.LoanRow
    item: rows.ItemRow


class InProgress:
    """The same operation is being decided now: join it."""


class Checkouts:
    """The steps of a checkout at the owner."""

    def __init__(self, own: Owning, returns: Returns) -> None:
        self._own = own
        self._returns = returns

    def examine(self, tx: Tx, question: CheckoutQuestion) -> CheckoutDecision | Lendable | OnLoan | InProgress:
        """What the owner can say before it asks the home. Writes a row only for a "no"."""
        known = rows.find_op(tx, question.op)
        if known is not None:
            return self._decided_checkout(tx, known)
        item = rows.find_item(tx, question.barcode)
        if item is None:
            return self.refuse(tx, question, Refused(Reason.UNKNOWN_ITEM))
        rule = self._own.rule_book.rule_for(rules.DEFAULT_CATEGORY, item.item_type, civil_date(question.asked_at_ms))
        refused = rules.item_refusal(rule, item.item_type, item.location)
        if refused is not None:
            return self.refuse(tx, question, titled(refused, item))
        loan = rows.open_loan_of(tx, question.barcode)
        if loan is not None:
            return OnLoan(loan, item)
        if item.pending_op is not None:
            return self.refuse(tx, question, titled(Refused(Reason.BEING_LENT), item))
        return Lendable(item)

    def _decided_checkout(self, tx: Tx, known: rows.OpRow) -> CheckoutDecision | InProgress:
        if known.state == "reserving":
            return InProgress()
        if known.state == "done":
            loan = rows.find_loan(tx, known.loan or known.op)
            item = rows.find_item(tx, known.barcode)
            if loan is not None and item is not None:
                return self._lent(tx, loan, item)
        return refusal_of(known)

    def refuse(self, tx: Tx, question: CheckoutQuestion, refused: Refused) -> Refused:
        known = rows.find_op(tx, question.op)
        if known is None:
            self._own.add_op(tx, question, "checkout", "refused", refused=refused)
            return refused
        return refusal_of(known)

    def reserve(self, tx: Tx, question: CheckoutQuestion) -> None:
        """Durable before the home is asked: a crash from here on ends in `aborted` and a release."""
        self._own.add_op(tx, question, "checkout", "reserving")
        rows.set_pending(tx, question.barcode, question.op)

    def place_question(self, question: CheckoutQuestion, item: rows.ItemRow) -> PlaceQuestion:
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
        )

    def conclude(
        self, tx: Tx, question: CheckoutQuestion, item: rows.ItemRow, place: PlaceDecision
    ) -> CheckoutDecision:
        """The home has spoken: the loan row, or the refusal, unless the operation was cancelled meanwhile."""
        known = rows.find_op(tx, question.op)
        if known is not None and known.state != "reserving":
            if _may_be_held(place):
                self._own.post(tx, question.home, ReleasePlace(question.op, self._own.library))
            return refusal_of(known)
        refused = self._last_objection(question, item, place)
        if isinstance(place, Refused) or refused is not None:
            refused = titled(refused or Refused(Reason.CANCELLED), item)
            self._settle(tx, question, known, "refused", refused)
            if _may_be_held(place):
                self._own.post(tx, question.home, ReleasePlace(question.op, self._own.library))
            return refused
        self._settle(tx, question, known, "done", None)
        loan = self._open_loan(tx, question, item, place)
        if loan.due_on != place.due_on:
            self._own.tell_home(tx, loan)
        self._returns.close_with_evidence(tx, loan, item)
        return self._lent(tx, loan, item)

    def _open_loan(self, tx: Tx, question: CheckoutQuestion, item: rows.ItemRow, place: PlaceHeld) -> rows.LoanRow:
        on = civil_date(question.asked_at_ms)
        return rows.add_loan(
            tx,
            op=question.op,
            barcode=item.barcode,
            home=question.home,
            reader=place.reader,
            category=place.category,
            branch=question.branch,
            opened_at_ms=question.asked_at_ms,
            due_on=rules.due_on(self._own.rule_book.rule_for(place.category, item.item_type, on), on),
        )

    def _last_objection(self, question: CheckoutQuestion, item: rows.ItemRow, place: PlaceDecision) -> Refused | None:
        """R3 once more, now that the reader's category is known."""
        if isinstance(place, Refused):
            return place
        rule = self._own.rule_book.rule_for(place.category, item.item_type, civil_date(question.asked_at_ms))
        return rules.item_refusal(rule, item.item_type, item.location)

    def _settle(
        self,
        tx: Tx,
        question: CheckoutQuestion,
        known: rows.OpRow | None,
        state: str,
        refused: Refused | None,
    ) -> None:
        loan = question.op if state == "done" else None
        if known is None:
            self._own.add_op(tx, question, "checkout", state, loan=loan, refused=refused)
        else:
            rows.settle_op(
                tx, question.op, state, loan=loan, refusal=None if refused is None else refusals.stored(refused)
            )
            rows.set_pending(tx, question.barcode, None)

    def abort(self, tx: Tx, op: str, refused: Refused) -> CheckoutDecision:
        """The home gave no answer in time: what it decided is unknown, so the place is released (promise 1)."""
        known = rows.find_op(tx, op)
        if known is None:
            return Refused(Reason.CANCELLED)
        if known.state != "reserving":
            decided = self._decided_checkout(tx, known)
            assert not isinstance(decided, InProgress), "it is no longer reserving"
            return decided
        rows.settle_op(tx, op, "aborted", refusal=refusals.stored(refused))
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
        loan = rows.find_loan(tx, known.loan or known.op)
        if loan is None or loan.closed_at_ms is not None or loan.renewals > 0:
            return
        rows.close_loan(tx, loan, at_ms=self._own.wall_ms(), how="cancelled", by=known.op)
        rows.settle_op(tx, known.op, "cancelled", loan=known.loan)
        self._own.post(tx, loan.home, ReleasePlace(loan.op, self._own.library))

    def record(self, tx: Tx, notice: LoanRecorded) -> None:
        """A loan that a kiosk made off line: it has left. Whoever had it before has it no more, unfined."""
        item = rows.find_item(tx, notice.barcode)
        if rows.find_op(tx, notice.op) is not None or item is None:
            return
        before = rows.open_loan_of(tx, notice.barcode)
        if before is not None:
            rows.close_loan(tx, before, at_ms=notice.lent_at_ms, how="superseded", by=notice.op)
            self._own.post(tx, before.home, ReleasePlace(before.op, self._own.library))
        if item.pending_op is not None:
            self.abort(tx, item.pending_op, Refused(Reason.ON_LOAN))
        rows.add_op(
            tx,
            op=notice.op,
            kind="checkout",
            state="done",
            barcode=notice.barcode,
            branch=notice.branch,
            home=notice.home,
            loan=notice.op,
            at_ms=self._own.wall_ms(),
        )
        # The home knows the reader behind the operation; the owner is not told the card for keeps.
        loan = rows.add_loan(
            tx,
            op=notice.op,
            barcode=notice.barcode,
            home=notice.home,
            reader=f"op:{notice.op}",
            category=rules.DEFAULT_CATEGORY,
            branch=notice.branch,
            opened_at_ms=notice.lent_at_ms,
            due_on=notice.due_on,
        )
        self._own.post(
            tx,
            notice.home,
            ForcedPlace(
                op=notice.op,
                card=notice.card,
                owner=self._own.library,
                barcode=notice.barcode,
                title=item.title,
                foreign=item.foreign,
                due_on=notice.due_on,
                branch=notice.branch,
                lent_at_ms=notice.lent_at_ms,
            ),
        )
        self._returns.close_with_evidence(tx, loan, item)

    def _lent(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow) -> Lent:
        return Lent(loan.op, loan.reader, item.title, item.item_type, item.foreign, loan.due_on)


def _may_be_held(place: PlaceDecision) -> bool:
    """A refusal at the home's door has no row there: an earlier copy of the question may have been granted."""
    return not isinstance(place, Refused) or place.reason in REFUSED_AT_THE_DOOR
