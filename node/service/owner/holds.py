"""The owner keeps the queue of each of its items: who waits, whose turn it is, which copy is kept for whom.

A copy that is kept goes to its reader and to nobody else; it is on its way to the pickup library (the hold waits) or on
the shelf there (ready) for so many days. The reader's home has a mirror of every hold, by snapshots (promise 7).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from federation.contract import FineKind, FineOrder, HoldSnapshot, HoldState
from federation.older import hold_fee_name, reader_text
from node.domain.calendar import civil_date
from node.domain.staff import StaffKind
from node.domain.states import HOLD, IN_FORCE, HoldEvent
from node.service.owner.owning import Owning
from node.storage.owner import holds as rows
from node.storage.owner import loans as owner_rows
from node.storage.store import Tx

EXPIRY = "expiry"
_OVER: Final[Mapping[str, StaffKind]] = {
    HoldState.EXPIRED: StaffKind.HOLD_EXPIRED,
    HoldState.DELETED: StaffKind.HOLD_DELETED,
    HoldState.COLLECTED: StaffKind.HOLD_OTHER_COPY,
}


def hold_after(hold: rows.HoldRow, event: HoldEvent) -> rows.HoldRow:
    """The row in the state that follows. AssertionError if that can't happen to this hold."""
    return hold._replace(state=HOLD.after(hold.state, event))


class Holds:
    """What returns, checkouts and renewals ask of the queue. Placing a hold: `node.service.owner.reserving`."""

    def __init__(self, own: Owning) -> None:
        self._own = own

    # --- whose turn it is --------------------------------------------------------------------------------------

    def claim(
        self,
        tx: Tx,
        item: owner_rows.ItemRow,
        on: date,
        *,
        at_hand: bool = False,
        queue: list[rows.HoldRow] | None = None,
    ) -> rows.HoldRow | None:
        """The hold that this copy serves next: nobody but its reader may borrow the copy, and it is not renewed (R6).

        A reader who waits for any copy of a title claims this one only if it is needed for that; or if it is
        `at_hand`, just brought in. Holds whose time is over are ended on the way. `queue`: if it was read already.
        """
        queue = self.waiting(tx, item) if queue is None else queue
        if not queue:
            return None
        standing = [hold for hold in queue if not self._expire_if_due(tx, hold, item, on)]
        kept = next((hold for hold in standing if hold.item == item.barcode), None)
        if kept is not None:
            return kept
        waiting = [hold for hold in standing if hold.item is None]
        any_copy = [hold for hold in waiting if hold.barcode == ""]
        if any_copy and not at_hand and len(any_copy) <= self._other_free_copies(tx, item):
            waiting = [hold for hold in waiting if hold.barcode]
        return waiting[0] if waiting else None

    def _other_free_copies(self, tx: Tx, item: owner_rows.ItemRow) -> int:
        copies = [copy for copy in owner_rows.copies_of(tx, item.title) if copy.barcode != item.barcode]
        return sum(
            1
            for copy in copies
            if owner_rows.open_loan_of(tx, copy.barcode) is None and rows.hold_kept_for(tx, copy.barcode) is None
        )

    def waiting(self, tx: Tx, item: owner_rows.ItemRow) -> list[rows.HoldRow]:
        """All who wait for this copy, or for any copy of its title."""
        return rows.queue_of(tx, item.barcode, item.title)

    # --- a copy comes in, and goes out -------------------------------------------------------------------------

    def arrive(self, tx: Tx, item: owner_rows.ItemRow, branch: str, on: date) -> rows.HoldRow | None:
        """The copy came in at `branch`: keep it for whose turn it is. None if nobody waits."""
        hold = self.claim(tx, item, on, at_hand=True)
        if hold is None:
            return None
        if branch != hold.pickup:
            return self._keep(tx, hold, item.barcode)
        return hold if hold.state == HoldState.READY else self._make_ready(tx, hold, item, on)

    def _keep(self, tx: Tx, hold: rows.HoldRow, barcode: str) -> rows.HoldRow:
        """On its way to the pickup library."""
        return self._change(tx, hold_after(hold, HoldEvent.SENT_ON)._replace(item=barcode, shelf_until_on=None))

    def _make_ready(self, tx: Tx, hold: rows.HoldRow, item: owner_rows.ItemRow, on: date) -> rows.HoldRow:
        rule = self._own.rule_book.rule_for(hold.category, item.item_type, on)
        until = on + timedelta(days=rule.hold_shelf_days)
        return self._change(tx, hold_after(hold, HoldEvent.SHELVED)._replace(item=item.barcode, shelf_until_on=until))

    def let_go(self, tx: Tx, item: owner_rows.ItemRow) -> None:
        """The copy did not come in after all: the hold for which it was kept waits on."""
        hold = rows.hold_kept_for(tx, item.barcode)
        if hold is not None:
            self._change(tx, hold_after(hold, HoldEvent.LET_GO)._replace(item=None, shelf_until_on=None))

    def collect(
        self,
        tx: Tx,
        item: owner_rows.ItemRow,
        loan: owner_rows.LoanRow,
        *,
        queue: list[rows.HoldRow],
        fee_fen: int = 0,
    ) -> rows.HoldRow | None:
        """The loan is that of a reader who waited for this copy: the hold has ended well, and costs `fee_fen`.

        Who waited for any copy of the title may take another than the one that is kept: that one is free then.
        `queue`: as it was before this step; what has ended since is passed over.
        """
        queue = [hold for hold in queue if self._stands(tx, hold)]
        mine = served_by(queue, item.barcode, loan.home, loan.reader)
        kept = next((hold for hold in queue if hold.item == item.barcode and hold is not mine), None)
        if kept is not None:
            # It left with somebody else (off line): its reader waits on.
            self._change(tx, hold_after(kept, HoldEvent.LET_GO)._replace(item=None, shelf_until_on=None))
        if mine is None:
            return None
        collected = hold_after(mine, HoldEvent.COLLECTED)
        ended = collected._replace(item=item.barcode, ended_by=loan.op, fee_fen=fee_fen)
        self._charge(tx, loan, item.title, fee_fen, version=1)
        if mine.item in (None, item.barcode):
            return self._change(tx, ended)
        return self._free_other_copy(tx, mine.item, self._change(tx, ended._replace(shelf_until_on=None)))

    def _free_other_copy(self, tx: Tx, barcode: str, ended: rows.HoldRow) -> rows.HoldRow:
        """What was kept, or travelled, for a reader who took another copy: the next reader's, or it goes home."""
        item = owner_rows.find_item(tx, barcode)
        if item is not None and owner_rows.open_loan_of(tx, barcode) is None:
            self._pass_on(tx, item, ended, civil_date(self._own.wall_ms()))
        return ended

    def _stands(self, tx: Tx, hold: rows.HoldRow) -> bool:
        now = rows.find_hold(tx, hold.hold)
        return now is not None and now.version == hold.version

    def _charge(self, tx: Tx, loan: owner_rows.LoanRow, title: str, fee_fen: int, version: int) -> None:
        """Owed where it was collected, by the same books as a late fee; version 2 takes it back."""
        if fee_fen == 0 and version == 1:
            return
        on = civil_date(loan.opened_at_ms)
        order = FineOrder(
            fine=hold_fee_name(loan.op),
            version=version,
            loan=loan.op,
            owner=self._own.library,
            ledger=loan.branch,
            home=loan.home,
            reader=reader_text(loan.reader, loan.op),
            barcode=loan.barcode,
            title=title,
            due_on=on,
            returned_on=on,
            days_late=0,
            amount_fen=fee_fen,
            kind=FineKind.HOLD,
            reader_unknown=loan.reader is None,
        )
        self._own.post(tx, loan.branch, order)

    def undo_collection(self, tx: Tx, loan: owner_rows.LoanRow) -> None:
        """The checkout was cancelled: the copy stands on the shelf for its reader as before, and nothing is owed."""
        hold = rows.hold_ended_by(tx, loan.op, loan.barcode)
        if hold is None:
            return
        self._waive(tx, loan, hold)
        if hold.shelf_until_on is None:
            self._change(tx, hold_after(hold, HoldEvent.WAITS_AGAIN)._replace(item=None, ended_by=None))
        else:
            self._change(tx, hold_after(hold, HoldEvent.PUT_BACK)._replace(ended_by=None))

    def waive_fee(self, tx: Tx, loan: owner_rows.LoanRow) -> None:
        """Nothing is owed for the hold that ended with this loan."""
        hold = rows.hold_ended_by(tx, loan.op, loan.barcode)
        if hold is not None:
            self._waive(tx, loan, hold)

    def _waive(self, tx: Tx, loan: owner_rows.LoanRow, hold: rows.HoldRow) -> None:
        if hold.fee_fen:
            self._charge(tx, loan, hold.title, 0, version=2)

    # --- the end of a hold -------------------------------------------------------------------------------------

    def end(self, tx: Tx, hold: rows.HoldRow, event: HoldEvent, by: str, on: date) -> rows.HoldRow:
        """Deleted or expired; the copy that was kept goes to the next reader, or home."""
        ended = self._change(tx, hold_after(hold, event)._replace(ended_by=by))
        item = owner_rows.find_item(tx, hold.item) if hold.item is not None else None
        if item is not None and owner_rows.open_loan_of(tx, item.barcode) is None:
            self._pass_on(tx, item, ended, on)
        return ended

    def _pass_on(self, tx: Tx, item: owner_rows.ItemRow, ended: rows.HoldRow, on: date) -> None:
        """A person where the copy stands must take it off the shelf, or put another label on it."""
        stands_at = item.whereabouts or self._own.library
        successor = self.claim(tx, item, on, at_hand=True)
        if successor is None:
            self._send_home(tx, item)
        elif successor.pickup == stands_at and item.transit_to == "":
            self._make_ready(tx, successor, item, on)
        else:
            self._keep(tx, successor, item.barcode)
            owner_rows.set_transit(tx, item.barcode, successor.pickup)
        self._own.call_staff(tx, f"{ended.hold}/{ended.version}", stands_at, _OVER[ended.state], item.barcode)

    def _send_home(self, tx: Tx, item: owner_rows.ItemRow) -> None:
        is_there = (item.whereabouts or self._own.library) == self._own.library
        owner_rows.set_transit(tx, item.barcode, "" if is_there else self._own.library)

    def _expire_if_due(self, tx: Tx, hold: rows.HoldRow, item: owner_rows.ItemRow, on: date) -> bool:
        """Whether its time is over. The copy at hand goes to whoever asked, or home; another copy that is kept for it
        is left to the sweep, which sends it on."""
        last_on = hold.shelf_until_on if hold.state == HoldState.READY else hold.expires_on
        if last_on is None or last_on >= on or self._own.clock_off_ms() is not None:
            return False
        if hold.item == item.barcode and item.transit_to:
            self._send_home(tx, item)
        if hold.item in (None, item.barcode):
            self._change(tx, hold_after(hold, HoldEvent.EXPIRED)._replace(ended_by=EXPIRY))
        return True

    def sweep(self, tx: Tx, today_ms: int) -> int:
        """End what is over by now, as much as one step takes; how many."""
        on = civil_date(today_ms)
        overdue = rows.overdue_holds(tx, on)
        for hold in overdue:
            current = rows.find_hold(tx, hold.hold)
            if current is not None and current.state in IN_FORCE:
                self.end(tx, current, HoldEvent.EXPIRED, EXPIRY, on)
        return len(overdue)

    def _change(self, tx: Tx, hold: rows.HoldRow) -> rows.HoldRow:
        changed = rows.change_hold(tx, hold, self._own.wall_ms())
        self.tell_home(tx, changed)
        return changed

    def tell_home(self, tx: Tx, hold: rows.HoldRow) -> None:
        self._own.post(
            tx,
            hold.home,
            HoldSnapshot(
                hold=hold.hold,
                owner=self._own.library,
                epoch=self._own.epoch,
                version=hold.version,
                reader=hold.reader,
                barcode=hold.item or hold.barcode,
                title=hold.title,
                state=HoldState(hold.state),
                pickup=hold.pickup,
            ),
        )


def served_by(queue: list[rows.HoldRow], barcode: str, home: str, reader: str | None) -> rows.HoldRow | None:
    """The hold of this reader that this copy serves: best the one for which it is kept; then one that has no copy yet;
    then one on any copy of the title, for which another copy is kept."""
    own = [hold for hold in queue if (hold.home, hold.reader) == (home, reader)]
    return min(own, key=lambda hold: (hold.item != barcode, hold.item is not None), default=None)
