"""The owner takes items back: a return is a fact, and ends the loan that ran at that moment, at that time, once.

A late return orders one fine per loan and due date; later evidence may only lower it (promise 6). Where the item goes
next, to a reader who waits for it or home, is decided here as well, and answered the same to every repeat.
"""

from __future__ import annotations

from dataclasses import replace

from federation.contract import FineKind, FineOrder, ItemReturned, NotPermitted, ReleasePlace, Route, TakenBack
from federation.older import reader_text
from node.domain import rules
from node.domain.calendar import civil_date
from node.domain.staff import StaffKind
from node.domain.states import LoanEvent, LoanState
from node.service.owner.dating import JUST_NOW_MS, MEASURED_FOR_MS, clock_off_ms, is_fresh, seen_ms
from node.service.owner.holds import Holds
from node.service.owner.owning import Owning, loan_after
from node.service.staff import call_staff
from node.storage.owner import evidence as ev
from node.storage.owner import holds as hold_rows
from node.storage.owner import loans as rows
from node.storage.owner import waiting_fees
from node.storage.store import Tx

DIFFERENT_BRANCH_MS = 60_000
"""How far the clocks of two branches may differ where that was not measured, and at the most: further apart, nothing is
lent between them (design 4)."""
OVERTAKES_MS = 60_000
"""A return may overtake a question that is on its way, but that is answered within seconds."""


class Returns:
    """The steps of a return at the owner."""

    def __init__(self, own: Owning, holds: Holds) -> None:
        self._own = own
        self._holds = holds

    def take_back(self, tx: Tx, notice: ItemReturned, *, on_line: bool = False) -> TakenBack:
        """A return is a fact. It ends the loan that ran at that moment, at that time, once. A moment in the future is
        taken as now, and listed: nobody owes for days that have not been. `on_line`: it is told as it happens."""
        told_ms, fresh = notice.returned_at_ms, is_fresh(self._own, notice, on_line=on_line)
        notice = replace(notice, returned_at_ms=self._own.by_now(told_ms))
        item = rows.find_item(tx, notice.barcode)
        found = self._evidence(notice)._replace(clock_off_ms=clock_off_ms(self._own, notice, fresh=fresh))
        new = ev.add_evidence(tx, found)
        if not new:
            self.is_known(tx, notice)
        if item is None:
            return TakenBack(notice.op, False, "", "", "", "", Route.STAFF, known=False)
        if new and notice.returned_at_ms != told_ms:
            self._own.call_both(tx, notice.op, notice.branch, StaffKind.RETURN_IN_FUTURE, notice.barcode)
        if new:
            self._end_loan(tx, notice, item, found, fresh=fresh)
            self._send_on(tx, notice, item)
        return self._taken_back(tx, notice, item)

    def _evidence(self, notice: ItemReturned) -> ev.EvidenceRow:
        return ev.EvidenceRow(
            notice.op,
            notice.barcode,
            notice.branch,
            notice.returned_at_ms,
            at_ms=self._own.wall_ms(),
            told_late_s=notice.told_late_s,
        )

    def is_known(self, tx: Tx, notice: ItemReturned) -> bool:
        """NotPermitted if another branch told of it."""
        found = ev.find_evidence(tx, notice.op)
        if found is not None and found.branch != notice.branch:
            raise NotPermitted(f"{notice.branch} may not tell of a return at {found.branch}")
        return found is not None

    # --- the same return again -------------------------------------------------------------------------------

    def _unfollowed(self, tx: Tx, notice: ItemReturned, earlier: ev.EvidenceRow | None) -> ev.EvidenceRow | None:
        """That earlier return at the same branch, if nothing followed it until this one: not lent, not moved."""
        if earlier is None or earlier.voided or (earlier.branch, earlier.barcode) != (notice.branch, notice.barcode):
            return None
        lent = rows.next_loan(tx, notice.barcode, earlier.returned_at_ms)
        if lent is not None and lent.began_ms <= seen_ms(notice):
            return None
        return None if ev.seen_elsewhere_since(tx, earlier) else earlier

    def _first_of(self, tx: Tx, notice: ItemReturned, found: ev.EvidenceRow) -> ev.EvidenceRow:
        """The return that ended the loan: this one, or the one that the same terminal told before it."""
        told = self._unfollowed(tx, notice, ev.find_evidence(tx, notice.earlier_op)) if notice.earlier_op else None
        if found.loan is not None or told is None:
            return found
        return self._unfollowed(tx, notice, ev.last_end(tx, found)) or found

    # --- the loan --------------------------------------------------------------------------------------------

    def _end_loan(
        self, tx: Tx, notice: ItemReturned, item: rows.ItemRow, found: ev.EvidenceRow, *, fresh: bool
    ) -> None:
        running = rows.open_loan_of(tx, notice.barcode)
        later = running if running is not None and running.began_ms > seen_ms(notice) else None
        if later is not None and fresh and self._was_made_before(tx, notice, later):
            self._end_future(tx, notice, later, item, found)
            return
        if self._end_what_ran(tx, notice, item, found) or later is None:
            return
        if fresh or later.made_before_ms is not None or later.began_ms > self._own.right_ms() + JUST_NOW_MS:
            self._doubt_dates(tx, later, found)

    def _was_made_before(self, tx: Tx, notice: ItemReturned, loan: rows.LoanRow) -> bool:
        """Whether a loan that began after this fresh return by its date was made before it all the same. At our own
        terminal it was; at the branch of the loan as well, for its question would have carried an earlier return. Else
        a return may have been overtaken on its way, but for seconds only."""
        if notice.branch in (self._own.library, loan.branch if loan.began_ms - seen_ms(notice) > JUST_NOW_MS else ""):
            return True
        asked = rows.find_op(tx, loan.op)
        return asked is not None and abs(self._own.wall_ms() - asked.at_ms) > JUST_NOW_MS

    def _end_future(
        self, tx: Tx, notice: ItemReturned, loan: rows.LoanRow, item: rows.ItemRow, found: ev.EvidenceRow
    ) -> None:
        """The loan is in the books, and the item is back: a clock was wrong when one of the two was dated."""
        if loan.opened_at_ms > self._own.right_ms():
            loan = rows.made_before(tx, loan, found.returned_at_ms)
        self._close(tx, loan, item, found)
        self._own.call_both(tx, found.op, notice.branch, StaffKind.LOAN_IN_FUTURE, loan.barcode)

    def _end_what_ran(self, tx: Tx, notice: ItemReturned, item: rows.ItemRow, found: ev.EvidenceRow) -> bool:
        """Whether it ended a loan that ran then, or was listed."""
        if notice.told_late_s and self._end_loan_seen(tx, notice, item, found):
            return True
        for loan in self._may_have_ended(tx, notice):
            if self._belongs(loan, notice.branch, notice.returned_at_ms):
                self._close(tx, loan, item, found)
                return loan.closed_at_ms is None
            if loan.closed_at_ms is None or loan.began_ms > notice.returned_at_ms:
                self._doubt(tx, loan, found)
                return loan.closed_at_ms is None
        return False

    def _may_have_ended(self, tx: Tx, notice: ItemReturned) -> list[rows.LoanRow]:
        """The loans that it may have ended by its clock: one that began after it by the clock of another branch, which
        may be ahead; and those that ran. The running one comes first, for it is the last, whatever the clocks say.
        Where it is in doubt, nothing changes."""
        ran = rows.loans_at(tx, notice.barcode, notice.returned_at_ms)
        return sorted([*self._opened_just_after(tx, notice), *ran], key=lambda loan: loan.closed_at_ms is not None)

    def _opened_just_after(self, tx: Tx, notice: ItemReturned) -> list[rows.LoanRow]:
        """The loan of another branch that began after the return, but only by so much as clocks may differ."""
        loan = rows.next_loan(tx, notice.barcode, notice.returned_at_ms)
        if loan is None or loan.branch == notice.branch:
            return []
        apart_ms = self._apart_ms(loan.branch, notice.branch, notice.returned_at_ms)
        return [loan] if loan.began_ms - notice.returned_at_ms <= apart_ms else []

    def _belongs(self, loan: rows.LoanRow, branch: str, returned_at_ms: int) -> bool:
        """Whether a return ended this loan: not before it opened. At another branch it belongs to the loan before if it
        came so soon after this one opened that the clocks may be to blame."""
        apart_ms = min(self._apart_ms(branch, loan.branch, returned_at_ms), DIFFERENT_BRANCH_MS)
        return returned_at_ms - loan.began_ms >= apart_ms

    def _apart_ms(self, one: str, other: str, at_ms: int) -> int:
        """How far at the most the clock of the one branch was ahead of that of the other. What is measured now says
        nothing of a moment long ago."""
        if one == other:
            return 0
        known_ms = None if self._own.wall_ms() - at_ms > MEASURED_FOR_MS else self._own.ahead_ms(one, other)
        return DIFFERENT_BRANCH_MS if known_ms is None else known_ms

    def _end_loan_seen(self, tx: Tx, notice: ItemReturned, item: rows.ItemRow, found: ev.EvidenceRow) -> bool:
        """The item was in the branch's hands, so the loan that ran then is over, since the day that the terminal said;
        but no loan ends before it began. Whether one ran."""
        for loan in rows.loans_at(tx, notice.barcode, seen_ms(notice)):
            if self._belongs(loan, notice.branch, seen_ms(notice)):
                ended_ms = max(loan.began_ms, notice.returned_at_ms)
                self._close(tx, loan, item, found._replace(returned_at_ms=ended_ms))
                return True
        return False

    def _doubt(self, tx: Tx, loan: rows.LoanRow, found: ev.EvidenceRow) -> None:
        """Came too soon to belong to this loan: it may lie in a library and stand on an account. Listed once."""
        if loan.closed_at_ms is not None:
            return
        later_s = (found.returned_at_ms - loan.began_ms) // 1000
        call_staff(
            tx,
            StaffKind.RETURN_TOO_SOON,
            op=found.op,
            at_ms=self._own.wall_ms(),
            barcode=loan.barcode,
            detail=f"lent at {loan.branch}, back at {found.branch} {later_s} s later, still on loan: "
            "if it lies in a library, take it back again there",
        )

    def _doubt_dates(self, tx: Tx, loan: rows.LoanRow, found: ev.EvidenceRow) -> None:
        """By its date it came before the loan that runs, and one of the dates may be wrong. Listed once."""
        call_staff(
            tx,
            StaffKind.RETURN_BEFORE_LOAN,
            op=found.op,
            at_ms=self._own.wall_ms(),
            barcode=loan.barcode,
            detail=f"lent at {loan.branch}, back at {found.branch}, still on loan",
        )

    def _close(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow, found: ev.EvidenceRow) -> None:
        """Close an open loan, or move the end of a closed one back to earlier evidence."""
        event = LoanEvent.RETURNED if loan.closed_at_ms is None else LoanEvent.RETURNED_EARLIER
        at_ms = max(found.returned_at_ms, loan.began_ms)
        version = rows.close_loan(tx, loan, at_ms=at_ms, how=loan_after(loan, event), by=found.op)
        ev.use_evidence(tx, found.op, loan.op)
        if loan.closed_at_ms is None:
            self._fine(tx, loan, item, found)
            self._own.post(tx, loan.home, ReleasePlace(loan.op, self._own.library, self._own.epoch, version))
        else:
            if loan.closed_by is not None:
                # the later return ended nothing, or a loan that a kiosk made meanwhile and has not told yet
                ev.use_evidence(tx, loan.closed_by, None)
            self._lower_fine(tx, loan, item, found.right_ms)

    def move_end(self, tx: Tx, loan: rows.LoanRow, found: ev.EvidenceRow) -> None:
        """The loan ended with this other return: the one that was taken for its end was none."""
        how = loan_after(loan, LoanEvent.RETURNED_LATER)
        rows.close_loan(tx, loan, at_ms=found.returned_at_ms, how=how, by=found.op)

    def end_later(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow, found: ev.EvidenceRow) -> None:
        """The return that ended the loan was none, and the item came back after that: fined by this return alone."""
        self.void_fines(tx, loan, item)
        ev.use_evidence(tx, found.op, loan.op)
        self.move_end(tx, loan, found)
        self._fine(tx, loan, item, found)

    def close_with_evidence(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow) -> bool:
        """A return that overtook its checkout closes the loan as it opens; whether one did."""
        later = ev.unused_evidence(tx, loan.barcode, loan.opened_at_ms)
        return self._close_with(tx, loan, item, [found for found in later if overtook(loan.opened_at_ms, found)])

    def close_told_late(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow) -> bool:
        """The same of a loan made off line, however long ago the item came back."""
        return self._close_with(tx, loan, item, ev.unused_evidence(tx, loan.barcode, loan.opened_at_ms))

    def _close_with(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow, later: list[ev.EvidenceRow]) -> bool:
        for found in later:
            if self._belongs(loan, found.branch, found.seen_ms):
                self._close(tx, loan, item, found)
                return True
        for found in later:
            self._doubt(tx, loan, found)
        return False

    def never_lent(self, tx: Tx, loan: rows.LoanRow, by: str) -> None:
        """The reader of this returned loan was told that he does not have it: he owes nothing for it, and the return
        that was taken for its end ended none. The same as if the cancellation had come before the return."""
        item = rows.find_item(tx, loan.barcode)
        if item is None or loan.closed_at_ms is None or loan.closed_by is None:
            return
        self.void_fines(tx, loan, item)
        ev.use_evidence(tx, loan.closed_by, None)
        rows.close_loan(tx, loan, at_ms=loan.closed_at_ms, how=loan_after(loan, LoanEvent.CANCELLED), by=by)

    # --- the fine --------------------------------------------------------------------------------------------

    def _fine(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow, found: ev.EvidenceRow) -> None:
        """Not while most libraries contradict our clock: it waits, and nobody hears of days that may not be owed."""
        own, off_ms = self._own, self._own.clock_off_ms()
        if off_ms is None:
            self.order_fine(tx, loan, item, found.branch, found.right_ms)
        else:
            row = waiting_fees.WaitingFeeRow(loan.op, own.wall_ms(), off_ms, own.against_timers_ms())
            waiting_fees.add_waiting_fee(tx, row)

    def order_fine(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow, branch: str, returned_at_ms: int) -> None:
        returned_on = civil_date(returned_at_ms)
        days = rules.days_late(loan.due_on, returned_on)
        rule = self._own.rule_book.rule_for(loan.category, item.item_type, loan.due_on)
        amount_fen = rules.late_fee_fen(rule, days)
        if amount_fen == 0:
            return
        voided = ev.count_voided(tx, loan.op, loan.due_on)
        order = ev.OrderRow(
            fine=f"{loan.op}:{loan.due_on.isoformat()}" + (f":{voided}" if voided else ""),
            loan=loan.op,
            due_on=loan.due_on,
            ledger=rules.fee_ledger(rule, lending=loan.branch, returning=branch, owner=self._own.library),
            returned_on=returned_on,
            days_late=days,
            amount_fen=amount_fen,
            version=1,
        )
        ev.add_order(tx, order)
        self._own.post(tx, order.ledger, self._order(order, loan, item))

    def _lower_fine(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow, returned_at_ms: int) -> None:
        """Later evidence says the item came back earlier: the fine may only go down (promise 6)."""
        returned_on = civil_date(returned_at_ms)
        for order in ev.orders_of(tx, loan.op):
            days = rules.days_late(order.due_on, returned_on)
            rule = self._own.rule_book.rule_for(loan.category, item.item_type, loan.due_on)
            amount_fen = rules.late_fee_fen(rule, days)
            if amount_fen < order.amount_fen:
                lowered = order._replace(
                    returned_on=returned_on, days_late=days, amount_fen=amount_fen, version=order.version + 1
                )
                ev.lower_order(tx, lowered)
                self._own.post(tx, order.ledger, self._order(lowered, loan, item))

    def judge_again(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow) -> None:
        """The reader's category is known now: if its late fee is lower, it holds. It is never raised (promise 6)."""
        found = ev.find_evidence(tx, loan.closed_by) if loan.closed_by is not None else None
        if loan.closed_how == LoanState.RETURNED and found is not None:
            self._lower_fine(tx, loan, item, max(found.right_ms, loan.began_ms))

    def void_fines(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow) -> None:
        """The return that caused them was none: nothing is owed, and what was paid is a refund due."""
        for order in ev.orders_of(tx, loan.op):
            self._own.post(tx, order.ledger, self._order(ev.void_order(tx, order), loan, item))

    def _order(self, order: ev.OrderRow, loan: rows.LoanRow, item: rows.ItemRow) -> FineOrder:
        return FineOrder(
            fine=order.fine,
            version=order.version,
            loan=loan.op,
            owner=self._own.library,
            ledger=order.ledger,
            home=loan.home,
            reader=reader_text(loan.reader, loan.op),
            barcode=loan.barcode,
            title=item.title,
            due_on=order.due_on,
            returned_on=order.returned_on,
            days_late=order.days_late,
            amount_fen=order.amount_fen,
            kind=FineKind.LATE,
            reader_unknown=loan.reader is None,
        )

    # --- where it goes ---------------------------------------------------------------------------------------

    def _send_on(self, tx: Tx, notice: ItemReturned, item: rows.ItemRow) -> None:
        """To the reader whose turn it is, or home. Late news of an item that has gone on since moves nothing."""
        late = ev.seen_since(tx, item.barcode, seen_ms(notice), self._own.latest_ms()) or item.pending_op is not None
        late = late or self._own.is_forgotten(seen_ms(notice))
        if late or rows.open_loan_of(tx, item.barcode) is not None:
            route, destination = self._home_of(notice.branch)
            ev.answer_evidence(tx, notice.op, arrived=False, route=route, destination=destination, hold=None)
            return
        hold = self._holds.arrive(tx, item, notice.branch, civil_date(self._own.wall_ms()))
        if hold is None:
            route, destination = self._home_of(notice.branch)
        elif hold.pickup == notice.branch:
            route, destination = Route.HOLD_HERE, hold.pickup
        else:
            route, destination = Route.HOLD_ELSEWHERE, hold.pickup
        earlier = self._unfollowed(tx, notice, ev.find_evidence(tx, notice.earlier_op)) if notice.earlier_op else None
        rows.set_whereabouts(tx, item.barcode, notice.branch, "" if destination == notice.branch else destination)
        ev.answer_evidence(
            tx,
            notice.op,
            arrived=item.transit_to == notice.branch or (earlier is not None and earlier.arrived),
            route=route,
            destination=destination,
            hold=None if hold is None else hold.hold,
        )

    def _home_of(self, branch: str) -> tuple[Route, str]:
        return (Route.SHELF, "") if branch == self._own.library else (Route.OWNER, self._own.library)

    def _taken_back(self, tx: Tx, notice: ItemReturned, item: rows.ItemRow) -> TakenBack:
        """The answer follows from the rows, so a repeat gets the same one."""
        found = ev.find_evidence(tx, notice.op)
        assert found is not None
        first = self._first_of(tx, notice, found)
        loan = rows.find_loan(tx, first.loan) if first.loan is not None else None
        fine = None
        if loan is not None and loan.closed_by == first.op:
            fine = next((self._order(order, loan, item) for order in ev.orders_of(tx, loan.op)), None)
        hold = hold_rows.find_hold(tx, found.hold) if found.hold is not None else None
        route, destination = self._home_of(notice.branch)
        return TakenBack(
            op=notice.op,
            was_on_loan=loan is not None,
            title=item.title,
            item_type=item.item_type,
            location=item.location,
            call_number=item.call_number,
            route=Route(found.route) if found.route else route,
            destination=found.destination if found.route else destination,
            fine=fine,
            arrived=found.arrived,
            properties=item.properties,
            loan="" if loan is None else loan.op,
            hold_home="" if hold is None else hold.home,
            hold_reader="" if hold is None else hold.reader,
        )


def overtook(asked_at_ms: int, found: ev.EvidenceRow) -> bool:
    """Whether a return that is known before a question was decided came after it was asked. One that seems to have come
    long after it did not: a clock is ahead, or has been set back in between."""
    return found.seen_ms - asked_at_ms <= OVERTAKES_MS
