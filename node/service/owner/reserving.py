"""The owner decides about holds: placed, changed, deleted (SIP2 15), by item or by any copy of a title.

Every decision is a row under its operation id and the first one stands; what was done is undone by a cancellation, if
nothing followed it.
"""

from __future__ import annotations

import json
from datetime import date

from federation.contract import (
    HoldDecision,
    HoldMode,
    HoldQuestion,
    HoldState,
    HoldTaken,
    Reason,
    Refused,
    Standing,
    StandingDecision,
)
from node.domain import rules
from node.domain.calendar import civil_date
from node.domain.keeping import FORGOTTEN
from node.domain.staff import StaffKind
from node.domain.states import HOLD, IN_FORCE, OPERATION, HoldEvent, OpEvent, OpState
from node.service import refusals
from node.service.owner.holds import Holds, hold_after
from node.service.owner.owning import Owning, check_asker, refusal_of
from node.storage.owner import holds as hold_rows
from node.storage.owner import loans as rows
from node.storage.store import Tx


class Reserving:
    """The steps of a hold at the owner."""

    def __init__(self, own: Owning, holds: Holds) -> None:
        self._own = own
        self._holds = holds

    def decided(self, tx: Tx, op: str) -> HoldDecision | None:
        known = rows.find_op(tx, op)
        if known is None:
            return None
        hold = hold_rows.find_hold(tx, known.hold or "")
        if known.state == OpState.DONE and hold is not None:
            return self._taken(tx, op, hold)
        return refusal_of(known)

    def decide(self, tx: Tx, question: HoldQuestion, standing: StandingDecision) -> HoldDecision:
        check_asker(tx, question)
        known = self.decided(tx, question.op)
        if known is not None:
            return known
        steps = {HoldMode.PLACE: self._place, HoldMode.CHANGE: self._change, HoldMode.DELETE: self._delete}
        if isinstance(standing, Refused):
            result: HoldDecision = standing
        else:
            result = steps[question.mode](tx, question, standing, civil_date(question.asked_at_ms))
        if isinstance(result, Refused):
            self._add_op(tx, question, OpEvent.REFUSED, refusal=refusals.stored(result))
        return result

    # --- placed ------------------------------------------------------------------------------------------------

    def _place(self, tx: Tx, question: HoldQuestion, standing: Standing, on: date) -> HoldDecision:
        item = rows.find_item(tx, question.barcode) if question.barcode else self._any_copy(tx, question, standing)
        if item is None:
            return Refused(Reason.UNKNOWN_ITEM)
        rule = self._own.rule_book.rule_for(standing.category, item.item_type, on)
        refused = (
            self._own.item_refusal(standing.category, item, on)
            or rules.card_refusal(standing, on)
            or self._own_already(tx, question, standing, item)
            or self._too_many(standing, on)
            or self._fee_objection(question, rule)
        )
        if refused is not None:
            return Refused(refused.reason, refused.library, refused.number, item.title, refused.due_on)
        hold = hold_rows.HoldRow(
            hold=question.op,
            barcode=question.barcode,
            title=item.title,
            home=question.home,
            reader=standing.reader,
            category=standing.category,
            branch=question.branch,
            pickup=question.pickup or question.branch,
            state=HOLD.after(None, HoldEvent.PLACED),
            placed_at_ms=question.asked_at_ms,
            expires_on=_wanted_until(question, on),
            item=None,
            shelf_until_on=None,
            fee_fen=rule.hold_fee_fen,
            ended_by=None,
            version=1,
        )
        hold_rows.add_hold(tx, hold)
        self._holds.tell_home(tx, hold)
        self._add_op(tx, question, OpEvent.DECIDED, hold=hold.hold)
        return self._taken(tx, question.op, hold)

    def _any_copy(self, tx: Tx, question: HoldQuestion, standing: Standing) -> rows.ItemRow | None:
        """Any copy of the title: one that is lent to such readers, if there is one."""
        on = civil_date(question.asked_at_ms)
        copies = rows.copies_of(tx, question.title)
        for copy in copies:
            if self._own.item_refusal(standing.category, copy, on) is None:
                return rows.find_item(tx, copy.barcode)
        return rows.find_item(tx, copies[0].barcode) if copies else None

    def _own_already(self, tx: Tx, question: HoldQuestion, standing: Standing, item: rows.ItemRow) -> Refused | None:
        """Nobody waits twice for the same, nor for what he has at home."""
        mine = (question.home, standing.reader)
        for hold in hold_rows.holds_of_title(tx, item.title):
            same = not question.barcode or hold.barcode in ("", question.barcode)
            if same and (hold.home, hold.reader) == mine:
                return Refused(Reason.ALREADY_RESERVED)
        loan = rows.open_loan_of(tx, item.barcode)
        if loan is not None and loan.home == question.home:
            borrowed = loan.reader == standing.reader or any(place.op == loan.op for place in standing.loans)
            return Refused(Reason.ON_LOAN_TO_READER, due_on=loan.due_on) if borrowed else None
        return None

    def _too_many(self, standing: Standing, on: date) -> Refused | None:
        rule = self._own.rule_book.rule_for(standing.category, rules.ANY_TYPE, on)
        return Refused(Reason.HOLD_LIMIT, number=rule.max_holds) if len(standing.holds) >= rule.max_holds else None

    def _fee_objection(self, question: HoldQuestion, rule: rules.LendingRule) -> Refused | None:
        """What collecting it will cost must be agreed to first (SIP2 BO)."""
        if rule.hold_fee_fen == 0 or question.fee_acknowledged:
            return None
        return Refused(Reason.FEE_NOT_ACKNOWLEDGED, number=rule.hold_fee_fen)

    # --- changed, deleted --------------------------------------------------------------------------------------

    def _of_reader(self, tx: Tx, question: HoldQuestion, standing: Standing) -> hold_rows.HoldRow | None:
        item = rows.find_item(tx, question.barcode) if question.barcode else None
        title = item.title if item is not None else question.title
        for hold in hold_rows.holds_of_title(tx, title):
            named = not question.barcode or question.barcode in (hold.barcode, hold.item)
            if named and (hold.home, hold.reader) == (question.home, standing.reader):
                return hold
        return None

    def _change(self, tx: Tx, question: HoldQuestion, standing: Standing, on: date) -> HoldDecision:
        hold = self._of_reader(tx, question, standing)
        if hold is None:
            return Refused(Reason.NO_SUCH_HOLD)
        self._add_op(tx, question, OpEvent.DECIDED, hold=hold.hold, before=_noted(hold))
        expires_on = _wanted_until(question, on) or hold.expires_on
        changed = hold_rows.change_hold(
            tx,
            hold_after(hold, HoldEvent.CHANGED)._replace(pickup=question.pickup or hold.pickup, expires_on=expires_on),
            self._own.wall_ms(),
        )
        self._holds.tell_home(tx, changed)
        self._redirect(tx, hold, changed)
        return self._taken(tx, question.op, hold_rows.find_hold(tx, hold.hold) or changed)

    def _redirect(self, tx: Tx, before: hold_rows.HoldRow, hold: hold_rows.HoldRow) -> None:
        """A copy that is kept already must travel to where the reader wants it now."""
        item = rows.find_item(tx, hold.item) if hold.item is not None else None
        if item is None or before.pickup == hold.pickup:
            return
        sent_on = hold_after(hold, HoldEvent.SENT_ON)._replace(shelf_until_on=None)
        self._holds.tell_home(tx, hold_rows.change_hold(tx, sent_on, self._own.wall_ms()))
        rows.set_transit(tx, item.barcode, hold.pickup)
        stands_at = item.whereabouts or self._own.library
        self._own.call_staff(tx, f"{hold.hold}/{hold.version}", stands_at, StaffKind.HOLD_REDIRECTED, item.barcode)

    def _delete(self, tx: Tx, question: HoldQuestion, standing: Standing, on: date) -> HoldDecision:
        hold = self._of_reader(tx, question, standing)
        if hold is None:
            return Refused(Reason.NO_SUCH_HOLD)
        self._add_op(tx, question, OpEvent.DECIDED, hold=hold.hold, before=_noted(hold))
        return self._taken(tx, question.op, self._holds.end(tx, hold, HoldEvent.DELETED, question.op, on))

    # --- undone ------------------------------------------------------------------------------------------------

    def undo(self, tx: Tx, known: rows.OpRow) -> None:
        """The kiosk was told "no": a hold placed is ended, one deleted waits again in its place, one changed is as it
        was. Only what still is as the operation left it."""
        hold = hold_rows.find_hold(tx, known.hold or "")
        if hold is None or hold.reader == FORGOTTEN:
            return
        on = civil_date(self._own.wall_ms())
        if known.before is None:
            if hold.state in IN_FORCE:
                self._holds.end(tx, hold, HoldEvent.DELETED, known.op, on)
        else:
            before = json.loads(known.before)
            if hold.state == HoldState.DELETED and hold.ended_by == known.op:
                waiting = hold_after(hold, HoldEvent.WAITS_AGAIN)
                restored = waiting._replace(item=None, shelf_until_on=None, ended_by=None)
                self._holds.tell_home(tx, hold_rows.change_hold(tx, restored, self._own.wall_ms()))
            elif hold.state in IN_FORCE and hold.version <= before["version"] + 2:
                expires_on = date.fromisoformat(before["expires_on"]) if before["expires_on"] else None
                former = hold_after(hold, HoldEvent.CHANGED)._replace(pickup=before["pickup"], expires_on=expires_on)
                changed = hold_rows.change_hold(tx, former, self._own.wall_ms())
                self._holds.tell_home(tx, changed)
                self._redirect(tx, hold, changed)
        rows.settle_op(tx, known.op, OPERATION.after(known.state, OpEvent.CANCELLED))

    # --- answers -----------------------------------------------------------------------------------------------

    def _taken(self, tx: Tx, op: str, hold: hold_rows.HoldRow) -> HoldTaken:
        queue = [
            each.hold
            for each in hold_rows.holds_of_title(tx, hold.title)
            if not hold.barcode or each.barcode in ("", hold.barcode)
        ]
        position = queue.index(hold.hold) + 1 if hold.hold in queue else 0
        return HoldTaken(
            op=op,
            hold=hold.hold,
            barcode=hold.barcode,
            title=hold.title,
            position=position,
            pickup=hold.pickup,
            expires_on=hold.expires_on,
            available=position <= 1 and self._on_the_shelf(tx, hold),
            fee_fen=hold.fee_fen,
        )

    def _on_the_shelf(self, tx: Tx, hold: hold_rows.HoldRow) -> bool:
        copies = [hold.barcode] if hold.barcode else [copy.barcode for copy in rows.copies_of(tx, hold.title)]
        return any(self._is_free(tx, barcode) for barcode in copies)

    def _is_free(self, tx: Tx, barcode: str) -> bool:
        item = rows.find_item(tx, barcode)
        if item is None or item.pending_op is not None or item.transit_to:
            return False
        return rows.open_loan_of(tx, barcode) is None and hold_rows.hold_kept_for(tx, barcode) is None

    def _add_op(
        self,
        tx: Tx,
        question: HoldQuestion,
        event: OpEvent,
        *,
        hold: str | None = None,
        refusal: str | None = None,
        before: str | None = None,
    ) -> None:
        row = rows.OpRow(
            op=question.op,
            kind="hold",
            state=OPERATION.after(None, event),
            barcode=question.barcode,
            branch=question.branch,
            at_ms=self._own.wall_ms(),
            home=question.home,
            refusal=refusal,
            before=before,
            hold=hold,
        )
        rows.add_op(tx, row)


def _wanted_until(question: HoldQuestion, on: date) -> date | None:
    """The last day on which it is wanted; a day that has passed is none."""
    expires_on = question.expires_on
    return expires_on if expires_on is not None and expires_on >= on else None


def _noted(hold: hold_rows.HoldRow) -> str:
    expires_on = None if hold.expires_on is None else hold.expires_on.isoformat()
    return json.dumps({"pickup": hold.pickup, "expires_on": expires_on, "version": hold.version})
