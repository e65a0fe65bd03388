"""The owner records what kiosks did off line (SIP2 no block): it has happened, so it is never refused.

A loan that a kiosk made ends, unfined, whatever loan the item was on before. The owner is told the card only to pass
it on: the loan's reader is `op:` and its operation until the home says whose it is. What broke a rule goes on the
branch's list of exceptions: what no reader may do at once, what readers of this category may not once it is known.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from federation.contract import (
    ForcedPlace,
    LoanRecorded,
    ReaderKnown,
    Reason,
    Refused,
    ReleasePlace,
    RenewalRecorded,
)
from node.domain import rules
from node.domain.calendar import civil_date
from node.domain.staff import StaffKind, rule_broken_off_line
from node.domain.states import OPERATION, LoanEvent, LoanState, OpEvent
from node.service import refusals
from node.service.owner.checkouts import Checkouts
from node.service.owner.holds import Holds
from node.service.owner.owning import LONGEST_LOAN, OLDEST_MS, Owning, asked_by, loan_after
from node.service.owner.returns import Returns
from node.storage.owner import evidence as ev
from node.storage.owner import loans as rows
from node.storage.store import Tx


class OffLine:
    """The steps that record, at the owner."""

    def __init__(self, own: Owning, checkouts: Checkouts, returns: Returns, holds: Holds) -> None:
        self._own = own
        self._checkouts = checkouts
        self._returns = returns
        self._holds = holds

    # --- a loan ----------------------------------------------------------------------------------------------

    def record(self, tx: Tx, notice: LoanRecorded) -> None:
        """Whoever had the item before has it no more; if it was lent again since, this loan is over already.

        Of what is older than operations are remembered nobody knows whether it was recorded before: no loan is made of
        it, and staff of both look at it."""
        known = rows.find_op(tx, notice.op)
        if known is not None:
            asked_by(notice.branch, known)
            return
        item = rows.find_item(tx, notice.barcode)
        if item is None:
            self._add_op(tx, notice, "checkout", loan=None)
            self._own.call_staff(tx, notice.op, notice.branch, StaffKind.NO_BLOCK_UNKNOWN_ITEM, notice.barcode)
            return
        if self._own.is_forgotten(notice.lent_at_ms):
            self._add_op(tx, notice, "checkout", loan=None)
            self._own.call_both(tx, notice.op, notice.branch, StaffKind.NO_BLOCK_DATE, notice.barcode)
            return
        notice = self._that_can_be(tx, notice)
        self._broken_rules(tx, notice, item)
        if item.pending_op is not None:
            self._checkouts.abort(tx, item.pending_op, Refused(Reason.ON_LOAN))
        self._end_what_ran(tx, notice, item)
        since = rows.next_loan(tx, notice.barcode, notice.lent_at_ms)
        before = rows.open_loan_of(tx, notice.barcode)
        if before is not None and since is None:
            how = loan_after(before, LoanEvent.TAKEN)
            version = rows.close_loan(tx, before, at_ms=notice.lent_at_ms, how=how, by=notice.op)
            self._own.post(tx, before.home, ReleasePlace(before.op, self._own.library, self._own.epoch, version))
        self._add_op(tx, notice, "checkout", loan=notice.op)
        loan = _loan_of(notice)
        if since is not None:  # over, unfined, before anyone here heard of it
            loan = loan._replace(closed_at_ms=since.began_ms, closed_how=LoanState.SUPERSEDED, closed_by=since.op)
        rows.add_loan(tx, loan)
        if since is None:
            self._open(tx, notice, loan, item)

    def _that_can_be(self, tx: Tx, notice: LoanRecorded) -> LoanRecorded:
        """Whatever a branch says, nothing was lent in the future, nor for more than a year. Staff of both look at a
        date that can't be, and at news older than a branch takes from its kiosks: it may have been long on its way."""
        lent_ms = self._own.by_now(notice.lent_at_ms)
        on = civil_date(lent_ms)
        due_on = min(max(notice.due_on, on), on + LONGEST_LOAN)
        old = lent_ms < self._own.wall_ms() - OLDEST_MS
        if old or (lent_ms, due_on) != (notice.lent_at_ms, notice.due_on):
            self._own.call_both(tx, notice.op, notice.branch, StaffKind.NO_BLOCK_DATE, notice.barcode)
        return replace(notice, lent_at_ms=lent_ms, due_on=due_on)

    def _end_what_ran(self, tx: Tx, notice: LoanRecorded, item: rows.ItemRow) -> None:
        """A loan that a later return was taken to have ended was over when the kiosk lent the item: it ends then,
        unfined, and the return may end the loan that the kiosk made."""
        for loan in rows.loans_at(tx, notice.barcode, notice.lent_at_ms):
            if loan.closed_at_ms is not None and loan.closed_by is not None:
                self._returns.void_fines(tx, loan, item)
                ev.use_evidence(tx, loan.closed_by, None)
                how = loan_after(loan, LoanEvent.TAKEN)
                rows.close_loan(tx, loan, at_ms=notice.lent_at_ms, how=how, by=notice.op)

    def _open(self, tx: Tx, notice: LoanRecorded, loan: rows.LoanRow, item: rows.ItemRow) -> None:
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
        current = rows.find_loan(tx, loan.op) or loan
        if current.closed_at_ms is None and not self._returns.close_told_late(tx, current, item):
            rows.set_transit(tx, item.barcode, "")

    def _broken_rules(self, tx: Tx, notice: LoanRecorded, item: rows.ItemRow) -> None:
        on = civil_date(notice.lent_at_ms)
        ran = rows.loans_at(tx, item.barcode, notice.lent_at_ms)
        if ran or rows.open_loan_of(tx, item.barcode) is not None:
            self._own.call_both(tx, notice.op, notice.branch, StaffKind.NO_BLOCK_ON_LOAN, item.barcode)
        broken = {
            StaffKind.NO_BLOCK_NOT_LENDABLE: self._own.item_refusal(None, item, on) is not None,
            StaffKind.NO_BLOCK_RESERVED: self._holds.claim(tx, item, on) is not None,
            StaffKind.NO_BLOCK_DUE_DATE: self._is_too_long(None, item, on, notice.due_on),
        }
        for kind, is_broken in broken.items():
            if is_broken:
                self._own.call_staff(tx, notice.op, notice.branch, kind, item.barcode)

    def _is_too_long(self, category: str | None, item: rows.ItemRow, on: date, due_on: date) -> bool:
        """Whether no rule for such readers gives a loan as long as the kiosk did."""
        lendings = self._own.rule_book.rules_for(category, item.item_type, on)
        return all(due_on > rules.due_on(rule, on, None) for rule in lendings)

    def _broken_by_reader(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow) -> None:
        """What only readers of other categories may do; what nobody may was said when the loan was recorded. A date
        that was renewed since holds no more."""
        on = civil_date(loan.opened_at_ms)
        if self._own.item_refusal(loan.category, item, on) is not None:
            self._own.call_staff(tx, loan.op, loan.branch, StaffKind.NO_BLOCK_NOT_LENDABLE, item.barcode)
        if loan.renewals == 0 and self._is_too_long(loan.category, item, on, loan.due_on):
            self._own.call_staff(tx, loan.op, loan.branch, StaffKind.NO_BLOCK_DUE_DATE, item.barcode)

    def reader_known(self, tx: Tx, notice: ReaderKnown) -> None:
        """The home says whose loan it is. Nobody's is none: what staff do about the item, they do by hand."""
        loan = rows.find_loan(tx, notice.op)
        if loan is None or loan.home != notice.home or loan.reader is not None:
            return
        if notice.reader == "":
            if loan.closed_at_ms is None:
                how = loan_after(loan, LoanEvent.CANCELLED)
                rows.close_loan(tx, loan, at_ms=self._own.wall_ms(), how=how, by=notice.op)
            return
        rows.set_reader(tx, notice.op, notice.reader, notice.category)
        loan = loan._replace(reader=notice.reader, category=notice.category)
        item = rows.find_item(tx, loan.barcode)
        if item is not None:
            self._broken_by_reader(tx, loan, item)
            self._returns.judge_again(tx, loan, item)
            queue = self._holds.waiting(tx, item)
            if loan.closed_at_ms is not None or ev.seen_since(tx, item.barcode, loan.began_ms, self._own.latest_ms()):
                # it has come back since, and may be kept for the next reader
                queue = [hold for hold in queue if hold.item != item.barcode]
            self._holds.collect(tx, item, loan, queue=queue)

    # --- a renewal -------------------------------------------------------------------------------------------

    def record_renewal(self, tx: Tx, notice: RenewalRecorded) -> None:
        """The reader was told a date, so that date holds; never an earlier one than before. What is not on loan is not
        renewed."""
        known = rows.find_op(tx, notice.op)
        if known is not None:
            asked_by(notice.branch, known)
            return
        loan = rows.open_loan_of(tx, notice.barcode)
        item = rows.find_item(tx, notice.barcode)
        if item is None or loan is None or loan.home != notice.home:
            reason = Reason.UNKNOWN_ITEM if item is None else Reason.NOT_ON_LOAN
            nothing = Refused(reason, title="" if item is None else item.title)
            self._add_op(tx, notice, "renewal", loan=None, refused=nothing)
            kind = StaffKind.NO_BLOCK_UNKNOWN_ITEM if item is None else StaffKind.NO_BLOCK_NOT_ON_LOAN
            self._own.call_staff(tx, notice.op, notice.branch, kind, notice.barcode)
            return
        on = civil_date(self._own.by_now(notice.renewed_at_ms))
        reserved = self._holds.claim(tx, item, on) is not None
        facts = rules.LoanFacts(civil_date(loan.opened_at_ms), loan.due_on, loan.renewals, reserved)
        category = None if loan.reader is None else loan.category
        lendings = self._own.rule_book.rules_for(category, item.item_type, on)
        objections = [rules.loan_renewal_refusal(rule, facts, on) for rule in lendings]
        refused = objections[0] if all(objections) else None
        if refused is not None:
            self._own.call_staff(tx, notice.op, notice.branch, rule_broken_off_line(refused.reason), notice.barcode)
        due_on = max(loan.due_on, min(notice.due_on, on + LONGEST_LOAN))
        loan_after(loan, LoanEvent.RENEWED)
        rows.change_due(tx, loan, due_on=due_on, renewals=loan.renewals + 1)
        self._add_op(tx, notice, "renewal", loan=loan.op, before=loan.due_on, after=due_on)
        self._own.tell_home(tx, rows.find_loan(tx, loan.op) or loan)

    def _add_op(
        self,
        tx: Tx,
        notice: LoanRecorded | RenewalRecorded,
        kind: str,
        *,
        loan: str | None,
        before: date | None = None,
        after: date | None = None,
        refused: Refused | None = None,
    ) -> None:
        row = rows.OpRow(
            op=notice.op,
            kind=kind,
            state=OPERATION.after(None, OpEvent.REFUSED if loan is None else OpEvent.DECIDED),
            barcode=notice.barcode,
            branch=notice.branch,
            at_ms=self._own.wall_ms(),
            home=notice.home,
            loan=loan,
            refusal=None if refused is None else refusals.stored(refused),
            due_before=before,
            due_after=after,
        )
        rows.add_op(tx, row)


def _loan_of(notice: LoanRecorded) -> rows.LoanRow:
    return rows.LoanRow(
        op=notice.op,
        barcode=notice.barcode,
        home=notice.home,
        reader=None,
        category=rules.DEFAULT_CATEGORY,
        branch=notice.branch,
        opened_at_ms=notice.lent_at_ms,
        due_on=notice.due_on,
    )
