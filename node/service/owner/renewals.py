"""The owner renews: the loan's side first (it is about this item), then the card's, as its home knows it (R5, R6)."""

from __future__ import annotations

from datetime import date

from federation.contract import Reason, Refused, RenewDecision, Renewed, RenewQuestion, Standing, StandingDecision
from node.domain import rules
from node.domain.calendar import civil_date
from node.domain.states import OPERATION, LoanEvent, OpEvent, OpState
from node.service.owner.holds import Holds
from node.service.owner.owning import Owning, check_asker, loan_after, refusal_of, titled
from node.storage.owner import loans as rows
from node.storage.store import Tx


class Renewals:
    """The steps of a renewal at the owner."""

    def __init__(self, own: Owning, holds: Holds) -> None:
        self._own = own
        self._holds = holds

    def decided(self, tx: Tx, op: str) -> RenewDecision | None:
        known = rows.find_op(tx, op)
        if known is None:
            return None
        loan = rows.find_loan(tx, known.loan or "")
        item = rows.find_item(tx, known.barcode)
        if known.state == OpState.DONE and loan is not None and item is not None and known.due_after is not None:
            return Renewed(op, loan.op, item.title, item.item_type, known.due_after)
        return refusal_of(known)

    def renew(self, tx: Tx, question: RenewQuestion, standing: StandingDecision) -> RenewDecision:
        """R5, R6: the loan's side first (it is about this item), then the card's, as its home knows it."""
        check_asker(tx, question)
        known = self.decided(tx, question.op)
        if known is not None:
            return known
        item = rows.find_item(tx, question.barcode)
        loan = rows.open_loan_of(tx, question.barcode)
        refused = self._renewal_objection(tx, question, standing, item, loan)
        if refused is not None or item is None or loan is None or isinstance(standing, Refused):
            refused = refused or Refused(Reason.NOT_ON_LOAN)
            self._own.add_op(tx, question, "renewal", OpEvent.REFUSED, refused=refused)
            return refused
        on = civil_date(question.asked_at_ms)
        rule = self._own.rule_book.rule_for(standing.category, item.item_type, on)
        from_on = self._own.day_of(question.asked_at_ms)
        due_on = rules.renewed_due_on(rule, from_on, self._last_due_on(standing, on))
        loan_after(loan, LoanEvent.RENEWED)
        rows.change_due(tx, loan, due_on=due_on, renewals=loan.renewals + 1)
        row = rows.OpRow(
            op=question.op,
            kind="renewal",
            state=OPERATION.after(None, OpEvent.DECIDED),
            barcode=question.barcode,
            branch=question.branch,
            at_ms=self._own.wall_ms(),
            home=question.home,
            loan=loan.op,
            due_before=loan.due_on,
            due_after=due_on,
        )
        rows.add_op(tx, row)
        self._own.tell_home(tx, rows.find_loan(tx, loan.op) or loan)
        return Renewed(question.op, loan.op, item.title, item.item_type, due_on)

    def _renewal_objection(
        self,
        tx: Tx,
        question: RenewQuestion,
        standing: StandingDecision,
        item: rows.ItemRow | None,
        loan: rows.LoanRow | None,
    ) -> Refused | None:
        if item is None:
            return Refused(Reason.UNKNOWN_ITEM)
        if loan is None:
            return titled(Refused(Reason.NOT_ON_LOAN), item)
        if isinstance(standing, Refused):
            return titled(standing, item)
        borrowed = loan.reader == standing.reader or any(place.op == loan.op for place in standing.loans)
        if loan.home != question.home or not borrowed:
            return titled(Refused(Reason.NOT_BORROWER), item)
        on = civil_date(question.asked_at_ms)
        rule = self._own.rule_book.rule_for(standing.category, item.item_type, on)
        reserved = self._holds.claim(tx, item, on) is not None
        lent_on = civil_date(loan.began_ms)
        last_due_on = self._last_due_on(standing, on)
        facts = rules.LoanFacts(lent_on, loan.due_on, loan.renewals, reserved, last_due_on)
        refused = rules.loan_renewal_refusal(rule, facts, on) or standing.renewal
        return None if refused is None else titled(refused, item, loan)

    def _last_due_on(self, standing: Standing, on: date) -> date | None:
        return self._own.rule_book.last_due_on(standing.category, standing.expires_on, on)

    def undo(self, tx: Tx, known: rows.OpRow) -> None:
        loan = rows.find_loan(tx, known.loan or "")
        if loan is None or loan.closed_at_ms is not None or loan.due_on != known.due_after or known.due_before is None:
            return
        loan_after(loan, LoanEvent.RENEWED)
        rows.change_due(tx, loan, due_on=known.due_before, renewals=loan.renewals - 1)
        rows.settle_op(tx, known.op, OPERATION.after(known.state, OpEvent.CANCELLED), loan=known.loan)
        self._own.tell_home(tx, rows.find_loan(tx, loan.op) or loan)
