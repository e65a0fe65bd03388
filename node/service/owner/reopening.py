"""The owner corrects a return that was none: the check-in failed at the kiosk, which says so (SIP2 BI on 11).

The loan goes on as it was: same due date, no renewal counted, its fee void; unless the item came back again since: then
that later return ended it. Only if it was not lent since; a correction that comes before its return makes that return
void when it comes (promise 2).
"""

from __future__ import annotations

from federation.contract import NotPermitted, PlaceRestored, ReopenLoan
from node.domain.keeping import FORGOTTEN
from node.domain.staff import StaffKind
from node.domain.states import LoanEvent, LoanState
from node.service.owner.holds import Holds
from node.service.owner.owning import Owning, loan_after
from node.service.owner.returns import Returns
from node.storage.owner import evidence as ev
from node.storage.owner import loans as rows
from node.storage.store import Tx


class Reopening:
    """The step that undoes a return at the owner."""

    def __init__(self, own: Owning, returns: Returns, holds: Holds) -> None:
        self._own = own
        self._returns = returns
        self._holds = holds

    def reopen(self, tx: Tx, notice: ReopenLoan) -> None:
        """Once: a void return stays void, whatever is delivered again. A loan that has forgotten its reader does not go
        on: staff look where the item is."""
        found = ev.find_evidence(tx, notice.returned)
        if found is None:
            at_ms = self._own.wall_ms()
            none = ev.EvidenceRow(notice.returned, notice.barcode, notice.branch, 0, at_ms=at_ms, voided=True)
            ev.add_evidence(tx, none)
            return
        if found.branch != notice.branch:
            raise NotPermitted(f"{notice.branch} may not undo a return at {found.branch}")
        item = rows.find_item(tx, found.barcode)
        if item is None or found.voided or self._lent_since(tx, found, item):
            return
        loan = rows.find_loan(tx, found.loan) if found.loan is not None else None
        if loan is not None and loan.reader == FORGOTTEN:
            self._own.call_both(tx, found.op, found.branch, StaffKind.RETURN_UNDONE_LATE, item.barcode)
            return
        ev.void_evidence(tx, found.op)
        since = ev.first_since(tx, item.barcode, found.returned_at_ms, self._own.latest_ms())
        if since is None:
            self._holds.let_go(tx, item)
        if since is not None and since.loan not in (None, found.loan):
            since = None  # by a clock that is ahead: it ended a loan of before
        if loan is not None and loan.closed_how == LoanState.RETURNED and loan.closed_by == found.op:
            self._go_on(tx, loan, item, since)
            if self._own.is_late(found.returned_at_ms):
                self._own.call_both(tx, found.op, found.branch, StaffKind.RETURN_UNDONE_LATE, loan.barcode)

    def _lent_since(self, tx: Tx, found: ev.EvidenceRow, item: rows.ItemRow) -> bool:
        """Whether the item was lent since, or is being lent."""
        if rows.open_loan_of(tx, item.barcode) is not None or item.pending_op is not None:
            return True
        loan = rows.find_loan(tx, found.loan) if found.loan is not None else None
        return loan is not None and rows.opened_since(tx, loan, found.returned_at_ms, self._own.latest_ms())

    def _go_on(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow, since: ev.EvidenceRow | None) -> None:
        """`since`: how the item came back after that return, if it did."""
        other = ev.other_evidence_of(tx, item.barcode, loan.op)
        if other is not None:
            self._returns.move_end(tx, loan, other)
            return
        if since is not None:
            self._returns.end_later(tx, loan, item, since)
            return
        self._returns.void_fines(tx, loan, item)
        loan_after(loan, LoanEvent.REOPENED)
        again = rows.reopen_loan(tx, loan)
        rows.set_transit(tx, item.barcode, "")
        self._own.post(
            tx,
            loan.home,
            PlaceRestored(loan.op, self._own.library, self._own.epoch, again.version, again.due_on, again.renewals),
        )
