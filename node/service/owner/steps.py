"""The owner's decisions, as steps of an open transaction: lend, renew, take back, undo, describe.

A cancellation that comes before its question leaves a row too (promise 2).
"""

from __future__ import annotations

from federation.contract import (
    CancelOp,
    HoldState,
    ItemDecision,
    ItemQuestion,
    ItemState,
    ItemView,
    NotPermitted,
    PropertiesKept,
    Reason,
    Refused,
    ReleasePlace,
)
from node.domain.calendar import civil_date
from node.domain.staff import StaffKind
from node.domain.states import OPERATION, LoanState, OpEvent, OpState
from node.service.owner.checkouts import Checkouts
from node.service.owner.holds import Holds
from node.service.owner.offline import OffLine
from node.service.owner.owning import Owning
from node.service.owner.renewals import Renewals
from node.service.owner.reopening import Reopening
from node.service.owner.reserving import Reserving
from node.service.owner.returns import DIFFERENT_BRANCH_MS, Returns
from node.storage.owner import loans as rows
from node.storage.owner.holds import HoldRow
from node.storage.store import Tx


class OwnerSteps:
    """Decides about the items of one library."""

    def __init__(self, own: Owning) -> None:
        self.own = self._own = own
        self.holds = Holds(own)
        self.reserving = Reserving(own, self.holds)
        self.returns = Returns(own, self.holds)
        self.checkouts = Checkouts(own, self.returns, self.holds)
        self.renewals = Renewals(own, self.holds)
        self.offline = OffLine(own, self.checkouts, self.returns, self.holds)
        self.reopening = Reopening(own, self.returns, self.holds)

    def cancel(self, tx: Tx, notice: CancelOp) -> None:
        """The kiosk was told "no": undo the operation if nothing followed it (promise 5)."""
        known = rows.find_op(tx, notice.op)
        if known is not None and known.branch != notice.branch:
            raise NotPermitted(f"{notice.branch} may not cancel an operation of {known.branch}")
        if known is None:
            state = OPERATION.after(None, OpEvent.CANCELLED)
            row = rows.OpRow(notice.op, "unknown", state, notice.barcode, notice.branch, self._own.wall_ms())
            rows.add_op(tx, row)
        elif known.state == OpState.RESERVING:
            rows.settle_op(tx, known.op, OPERATION.after(known.state, OpEvent.CANCELLED))
            rows.set_pending(tx, known.barcode, None)
            self._own.post(tx, known.home, ReleasePlace(known.op, self._own.library))
        elif known.state == OpState.DONE and known.kind == "checkout":
            self.checkouts.undo(tx, known)
            self._show_if_late(tx, known)
        elif known.state == OpState.DONE and known.kind == "renewal":
            self.renewals.undo(tx, known)
        elif known.state == OpState.DONE and known.kind == "hold":
            self.reserving.undo(tx, known)

    def _show_if_late(self, tx: Tx, cancelled: rows.OpRow) -> None:
        """A loan that ran for days vanishes without a fee."""
        loan = rows.find_loan(tx, cancelled.loan or cancelled.op)
        if (
            loan is not None
            and loan.op == cancelled.op
            and loan.closed_how == LoanState.CANCELLED
            and self._own.is_late(loan.opened_at_ms)
        ):
            self._own.call_both(tx, loan.op, loan.branch, StaffKind.CANCELLED_LATE, loan.barcode)

    def keep_properties(self, tx: Tx, notice: PropertiesKept) -> None:
        rows.keep_properties(tx, notice.barcode, notice.properties, notice.kept_at_ms)

    def describe(self, tx: Tx, question: ItemQuestion, today_ms: int) -> ItemDecision:
        """No reader asks, so `lendable` says whether anybody may borrow it."""
        item = rows.find_item(tx, question.barcode)
        if item is None:
            return Refused(Reason.UNKNOWN_ITEM)
        loan = rows.open_loan_of(tx, question.barcode)
        queue = self.holds.waiting(tx, item)
        kept = next((hold for hold in queue if hold.item == item.barcode), None)
        return ItemView(
            barcode=item.barcode,
            owner=self._own.library,
            title=item.title,
            item_type=item.item_type,
            location=item.location,
            call_number=item.call_number,
            foreign=item.foreign,
            lendable=self._own.item_refusal(None, item, civil_date(today_ms)) is None,
            state=self._state(item, loan, kept),
            due_on=None if loan is None else loan.due_on,
            holds=len(queue),
            current_location=item.whereabouts or self._own.library,
            properties=item.properties,
            destination=item.transit_to,
            loan="" if loan is None else loan.op,
            ran=None if question.moment_ms is None else self._ran(tx, question.barcode, question.moment_ms),
            shelf_until_on=None if kept is None else kept.shelf_until_on,
        )

    def _ran(self, tx: Tx, barcode: str, at_ms: int) -> bool:
        """Whether a loan that was not undone ran then, as far as clocks tell: one that seems to have begun a little
        later counts as well, and one that lies in the future: its date is wrong."""
        loans = (*rows.loans_at(tx, barcode, at_ms), rows.next_loan(tx, barcode, at_ms))
        latest_ms = self._own.latest_ms()
        return any(
            loan is not None and (loan.began_ms <= at_ms + DIFFERENT_BRANCH_MS or loan.began_ms > latest_ms)
            for loan in loans
        )

    def _state(self, item: rows.ItemRow, loan: rows.LoanRow | None, kept: HoldRow | None) -> ItemState:
        if loan is not None:
            return ItemState.ON_LOAN
        if item.pending_op is not None:
            return ItemState.BEING_LENT
        if item.transit_to:
            return ItemState.IN_TRANSIT
        return ItemState.HOLD_SHELF if kept is not None and kept.state == HoldState.READY else ItemState.AVAILABLE
