"""The owner's decisions, as steps of an open transaction: lend, renew, take back, undo.

The loan row is the commit point of a checkout (promise 3). Every decision is a row under its operation id and the
first one stands; a cancellation that comes before its question leaves a row too (promise 2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from federation.contract import (
    CancelOp,
    CheckoutDecision,
    CheckoutQuestion,
    FineOrder,
    ForcedPlace,
    ItemDecision,
    ItemQuestion,
    ItemReturned,
    ItemState,
    ItemView,
    Lent,
    LoanRecorded,
    LoanSnapshot,
    Notice,
    NotPermitted,
    PlaceDecision,
    PlaceHeld,
    PlaceQuestion,
    Reason,
    Refused,
    ReleasePlace,
    RenewDecision,
    Renewed,
    RenewQuestion,
    Route,
    StandingDecision,
    TakenBack,
)
from node.domain import rules
from node.domain.calendar import civil_date
from node.service import refusals
from node.storage import owner as rows
from node.storage.transaction import Tx

Post = Callable[[Tx, str, Notice], None]

# Clocks of two branches may differ by this much before a return is matched to the wrong loan (design 4).
DIFFERENT_BRANCH_MS = 60_000


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


class OwnerSteps:
    """Decides about the items of `library`."""

    def __init__(
        self,
        library: str,
        epoch: int,
        rule_book: rules.RuleBook,
        wall_ms: Callable[[], int],
        post: Post,
    ) -> None:
        self._library = library
        self._epoch = epoch
        self._rule_book = rule_book
        self._wall_ms = wall_ms
        self._post = post

    # --- checkout ------------------------------------------------------------------------------------------

    def examine(self, tx: Tx, question: CheckoutQuestion) -> CheckoutDecision | Lendable | OnLoan | InProgress:
        """What the owner can say before it asks the home. Writes a row only for a "no"."""
        known = rows.find_op(tx, question.op)
        if known is not None:
            return self._decided_checkout(tx, known)
        item = rows.find_item(tx, question.barcode)
        if item is None:
            return self.refuse_checkout(tx, question, Refused(Reason.UNKNOWN_ITEM))
        rule = self._rule_book.rule_for(rules.DEFAULT_CATEGORY, item.item_type, civil_date(question.asked_at_ms))
        refused = rules.item_refusal(rule, item.item_type, item.location)
        if refused is not None:
            return self.refuse_checkout(tx, question, _titled(refused, item))
        loan = rows.open_loan_of(tx, question.barcode)
        if loan is not None:
            return OnLoan(loan, item)
        if item.pending_op is not None:
            return self.refuse_checkout(tx, question, _titled(Refused(Reason.BEING_LENT), item))
        return Lendable(item)

    def _decided_checkout(self, tx: Tx, known: rows.OpRow) -> CheckoutDecision | InProgress:
        if known.state == "reserving":
            return InProgress()
        if known.state == "done":
            loan = rows.find_loan(tx, known.loan or known.op)
            item = rows.find_item(tx, known.barcode)
            if loan is not None and item is not None:
                return self._lent(tx, loan, item)
        return _refusal_of(known)

    def refuse_checkout(self, tx: Tx, question: CheckoutQuestion, refused: Refused) -> Refused:
        known = rows.find_op(tx, question.op)
        if known is None:
            self._add_op(tx, question, "checkout", "refused", refused=refused)
            return refused
        return _refusal_of(known)

    def reserve(self, tx: Tx, question: CheckoutQuestion) -> None:
        """Durable before the home is asked: a crash from here on ends in `aborted` and a release."""
        self._add_op(tx, question, "checkout", "reserving")
        rows.set_pending(tx, question.barcode, question.op)

    def place_question(self, question: CheckoutQuestion, item: rows.ItemRow) -> PlaceQuestion:
        return PlaceQuestion(
            op=question.op,
            card=question.card,
            owner=self._library,
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
            if not isinstance(place, Refused):
                self._post(tx, question.home, ReleasePlace(question.op, self._library))
            return _refusal_of(known)
        refused = self._last_objection(question, item, place)
        if isinstance(place, Refused) or refused is not None:
            refused = _titled(refused or Refused(Reason.CANCELLED), item)
            self._settle(tx, question, known, "refused", refused)
            if not isinstance(place, Refused):
                self._post(tx, question.home, ReleasePlace(question.op, self._library))
            return refused
        self._settle(tx, question, known, "done", None)
        loan = self._open_loan(tx, question, item, place)
        if loan.due_on != place.due_on:
            self._tell_home(tx, loan)
        self._close_with_evidence(tx, loan, item)
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
            due_on=rules.due_on(self._rule_book.rule_for(place.category, item.item_type, on), on),
        )

    def _last_objection(self, question: CheckoutQuestion, item: rows.ItemRow, place: PlaceDecision) -> Refused | None:
        """R3 once more, now that the reader's category is known."""
        if isinstance(place, Refused):
            return place
        rule = self._rule_book.rule_for(place.category, item.item_type, civil_date(question.asked_at_ms))
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
            self._add_op(tx, question, "checkout", state, loan=loan, refused=refused)
        else:
            rows.settle_op(
                tx, question.op, state, loan=loan, refusal=None if refused is None else refusals.stored(refused)
            )
            rows.set_pending(tx, question.barcode, None)

    def abort(self, tx: Tx, op: str, refused: Refused) -> CheckoutDecision | InProgress:
        """The home gave no answer in time: what it decided is unknown, so the place is released (promise 1)."""
        known = rows.find_op(tx, op)
        if known is None:
            return Refused(Reason.CANCELLED)
        if known.state != "reserving":
            return self._decided_checkout(tx, known)
        rows.settle_op(tx, op, "aborted", refusal=refusals.stored(refused))
        rows.set_pending(tx, known.barcode, None)
        self._post(tx, known.home, ReleasePlace(op, self._library))
        return refused

    def abort_left_over(self, tx: Tx) -> int:
        """At a restart: nobody drives what is still `reserving`."""
        left = rows.reserving_ops(tx)
        for known in left:
            self.abort(tx, known.op, Refused(Reason.IN_DOUBT))
        return len(left)

    def _close_with_evidence(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow) -> None:
        """A return that overtook its checkout closes the loan as it opens."""
        for found in rows.unused_evidence(tx, loan.barcode, loan.opened_at_ms):
            if _belongs(loan, found.branch, found.returned_at_ms):
                self._close(tx, loan, item, found)
                return

    # --- the end of a loan ---------------------------------------------------------------------------------

    def cancel(self, tx: Tx, notice: CancelOp) -> None:
        """The kiosk was told "no": undo the operation if nothing followed it (promise 5)."""
        known = rows.find_op(tx, notice.op)
        if known is not None and known.branch != notice.branch:
            raise NotPermitted(f"{notice.branch} may not cancel an operation of {known.branch}")
        if known is None:
            rows.add_op(
                tx,
                op=notice.op,
                kind="unknown",
                state="cancelled",
                barcode=notice.barcode,
                branch=notice.branch,
                at_ms=self._wall_ms(),
            )
        elif known.state == "reserving":
            rows.settle_op(tx, known.op, "cancelled")
            rows.set_pending(tx, known.barcode, None)
            self._post(tx, known.home, ReleasePlace(known.op, self._library))
        elif known.state == "done" and known.kind == "checkout":
            self._undo_checkout(tx, known)
        elif known.state == "done" and known.kind == "renewal":
            self._undo_renewal(tx, known)

    def _undo_checkout(self, tx: Tx, known: rows.OpRow) -> None:
        loan = rows.find_loan(tx, known.loan or known.op)
        if loan is None or loan.closed_at_ms is not None or loan.renewals > 0:
            return
        rows.close_loan(tx, loan, at_ms=self._wall_ms(), how="cancelled", by=known.op)
        rows.settle_op(tx, known.op, "cancelled", loan=known.loan)
        self._post(tx, loan.home, ReleasePlace(loan.op, self._library))

    def _undo_renewal(self, tx: Tx, known: rows.OpRow) -> None:
        loan = rows.find_loan(tx, known.loan or "")
        if loan is None or loan.closed_at_ms is not None or loan.due_on != known.due_after or known.due_before is None:
            return
        rows.change_due(tx, loan, due_on=known.due_before, renewals=loan.renewals - 1)
        rows.settle_op(tx, known.op, "cancelled", loan=known.loan)
        self._tell_home(tx, rows.find_loan(tx, loan.op) or loan)

    def take_back(self, tx: Tx, notice: ItemReturned) -> TakenBack:
        """A return is a fact. It ends the loan that ran at that moment, at that time, once."""
        item = rows.find_item(tx, notice.barcode)
        new = rows.add_evidence(
            tx,
            op=notice.op,
            barcode=notice.barcode,
            branch=notice.branch,
            returned_at_ms=notice.returned_at_ms,
            at_ms=self._wall_ms(),
        )
        if item is None:
            return TakenBack(notice.op, False, "", "", "", "", Route.STAFF, known=False)
        if new:
            rows.set_whereabouts(tx, item.barcode, notice.branch)
            self._end_loan(tx, notice, item)
        return self._taken_back(tx, notice, item)

    def _end_loan(self, tx: Tx, notice: ItemReturned, item: rows.ItemRow) -> None:
        found = rows.EvidenceRow(notice.op, notice.barcode, notice.branch, notice.returned_at_ms, None)
        for loan in rows.loans_at(tx, notice.barcode, notice.returned_at_ms):
            if _belongs(loan, notice.branch, notice.returned_at_ms):
                self._close(tx, loan, item, found)
                return

    def _close(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow, found: rows.EvidenceRow) -> None:
        """Close an open loan, or move the end of a closed one back to earlier evidence."""
        rows.close_loan(tx, loan, at_ms=found.returned_at_ms, how="returned", by=found.op)
        rows.use_evidence(tx, found.op, loan.op)
        if loan.closed_at_ms is None:
            self._order_fine(tx, loan, item, found.branch, found.returned_at_ms)
            self._post(tx, loan.home, ReleasePlace(loan.op, self._library))
        else:
            self._lower_fine(tx, loan, item, found.returned_at_ms)

    def _order_fine(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow, branch: str, returned_at_ms: int) -> None:
        returned_on = civil_date(returned_at_ms)
        days = rules.days_late(loan.due_on, returned_on)
        rule = self._rule_book.rule_for(loan.category, item.item_type, loan.due_on)
        amount_fen = rules.late_fee_fen(rule, days)
        if amount_fen == 0:
            return
        order = rows.OrderRow(
            fine=f"{loan.op}:{loan.due_on.isoformat()}",
            loan=loan.op,
            due_on=loan.due_on,
            ledger=rules.fee_ledger(rule, lending=loan.branch, returning=branch, owner=self._library),
            returned_on=returned_on,
            days_late=days,
            amount_fen=amount_fen,
            version=1,
        )
        rows.add_order(tx, order)
        self._post(tx, order.ledger, self._order(order, loan, item))

    def _lower_fine(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow, returned_at_ms: int) -> None:
        """Later evidence says the item came back earlier: the fine may only go down (promise 6)."""
        returned_on = civil_date(returned_at_ms)
        for order in rows.orders_of(tx, loan.op):
            days = rules.days_late(order.due_on, returned_on)
            rule = self._rule_book.rule_for(loan.category, item.item_type, loan.due_on)
            amount_fen = rules.late_fee_fen(rule, days)
            if amount_fen < order.amount_fen:
                lowered = rows.OrderRow(
                    fine=order.fine,
                    loan=order.loan,
                    due_on=order.due_on,
                    ledger=order.ledger,
                    returned_on=returned_on,
                    days_late=days,
                    amount_fen=amount_fen,
                    version=order.version + 1,
                )
                rows.lower_order(tx, lowered)
                self._post(tx, order.ledger, self._order(lowered, loan, item))

    def _order(self, order: rows.OrderRow, loan: rows.LoanRow, item: rows.ItemRow) -> FineOrder:
        return FineOrder(
            fine=order.fine,
            version=order.version,
            loan=loan.op,
            owner=self._library,
            ledger=order.ledger,
            home=loan.home,
            reader=loan.reader,
            barcode=loan.barcode,
            title=item.title,
            due_on=order.due_on,
            returned_on=order.returned_on,
            days_late=order.days_late,
            amount_fen=order.amount_fen,
        )

    def _taken_back(self, tx: Tx, notice: ItemReturned, item: rows.ItemRow) -> TakenBack:
        """The answer follows from the rows, so a repeat gets the same one."""
        found = rows.find_evidence(tx, notice.op)
        loan = rows.find_loan(tx, found.loan) if found is not None and found.loan is not None else None
        fine = None
        if loan is not None and loan.closed_by == notice.op:
            fine = next((self._order(order, loan, item) for order in rows.orders_of(tx, loan.op)), None)
        away = notice.branch != self._library
        return TakenBack(
            op=notice.op,
            was_on_loan=loan is not None,
            title=item.title,
            item_type=item.item_type,
            location=item.location,
            call_number=item.call_number,
            route=Route.OWNER if away else Route.SHELF,
            destination=self._library if away else "",
            fine=fine,
        )

    def record_loan(self, tx: Tx, notice: LoanRecorded) -> None:
        """A loan that a kiosk made off line: it has left. Whoever had it before has it no more, unfined."""
        item = rows.find_item(tx, notice.barcode)
        if rows.find_op(tx, notice.op) is not None or item is None:
            return
        before = rows.open_loan_of(tx, notice.barcode)
        if before is not None:
            rows.close_loan(tx, before, at_ms=notice.lent_at_ms, how="superseded", by=notice.op)
            self._post(tx, before.home, ReleasePlace(before.op, self._library))
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
            at_ms=self._wall_ms(),
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
        self._post(
            tx,
            notice.home,
            ForcedPlace(
                op=notice.op,
                card=notice.card,
                owner=self._library,
                barcode=notice.barcode,
                title=item.title,
                foreign=item.foreign,
                due_on=notice.due_on,
                branch=notice.branch,
                lent_at_ms=notice.lent_at_ms,
            ),
        )
        self._close_with_evidence(tx, loan, item)

    # --- renewal -------------------------------------------------------------------------------------------

    def decided_renewal(self, tx: Tx, op: str) -> RenewDecision | None:
        known = rows.find_op(tx, op)
        if known is None:
            return None
        loan = rows.find_loan(tx, known.loan or "")
        item = rows.find_item(tx, known.barcode)
        if known.state == "done" and loan is not None and item is not None and known.due_after is not None:
            return Renewed(op, loan.op, item.title, item.item_type, known.due_after)
        return _refusal_of(known)

    def renew(self, tx: Tx, question: RenewQuestion, standing: StandingDecision) -> RenewDecision:
        """R5, R6: the loan's side first (it is about this item), then the card's, as its home knows it."""
        known = self.decided_renewal(tx, question.op)
        if known is not None:
            return known
        item = rows.find_item(tx, question.barcode)
        loan = rows.open_loan_of(tx, question.barcode)
        refused = self._renewal_objection(question, standing, item, loan)
        if refused is not None or item is None or loan is None or isinstance(standing, Refused):
            refused = refused or Refused(Reason.NOT_ON_LOAN)
            self._add_op(tx, question, "renewal", "refused", refused=refused)
            return refused
        on = civil_date(question.asked_at_ms)
        due_on = rules.renewed_due_on(self._rule_book.rule_for(standing.category, item.item_type, on), on)
        rows.change_due(tx, loan, due_on=due_on, renewals=loan.renewals + 1)
        rows.add_op(
            tx,
            op=question.op,
            kind="renewal",
            state="done",
            barcode=question.barcode,
            branch=question.branch,
            home=question.home,
            loan=loan.op,
            due_before=loan.due_on,
            due_after=due_on,
            at_ms=self._wall_ms(),
        )
        self._tell_home(tx, rows.find_loan(tx, loan.op) or loan)
        return Renewed(question.op, loan.op, item.title, item.item_type, due_on)

    def _renewal_objection(
        self,
        question: RenewQuestion,
        standing: StandingDecision,
        item: rows.ItemRow | None,
        loan: rows.LoanRow | None,
    ) -> Refused | None:
        if item is None:
            return Refused(Reason.UNKNOWN_ITEM)
        if loan is None:
            return _titled(Refused(Reason.NOT_ON_LOAN), item)
        if isinstance(standing, Refused):
            return _titled(standing, item)
        borrowed = loan.reader == standing.reader or any(place.op == loan.op for place in standing.loans)
        if loan.home != question.home or not borrowed:
            return _titled(Refused(Reason.NOT_BORROWER), item)
        on = civil_date(question.asked_at_ms)
        rule = self._rule_book.rule_for(standing.category, item.item_type, on)
        facts = rules.LoanFacts(due_on=loan.due_on, renewals=loan.renewals, reserved=False)
        refused = rules.loan_renewal_refusal(rule, facts, on) or standing.renewal
        return None if refused is None else _titled(refused, item, loan)

    # --- description ---------------------------------------------------------------------------------------

    def describe(self, tx: Tx, question: ItemQuestion, today_ms: int) -> ItemDecision:
        item = rows.find_item(tx, question.barcode)
        if item is None:
            return Refused(Reason.UNKNOWN_ITEM)
        loan = rows.open_loan_of(tx, question.barcode)
        rule = self._rule_book.rule_for(rules.DEFAULT_CATEGORY, item.item_type, civil_date(today_ms))
        return ItemView(
            barcode=item.barcode,
            owner=self._library,
            title=item.title,
            item_type=item.item_type,
            location=item.location,
            call_number=item.call_number,
            foreign=item.foreign,
            lendable=rules.item_refusal(rule, item.item_type, item.location) is None,
            state=self._state(item, loan),
            due_on=None if loan is None else loan.due_on,
            current_location=item.whereabouts or self._library,
            properties=item.properties,
        )

    def _state(self, item: rows.ItemRow, loan: rows.LoanRow | None) -> ItemState:
        if loan is not None:
            return ItemState.ON_LOAN
        if item.pending_op is not None:
            return ItemState.BEING_LENT
        if item.whereabouts not in ("", self._library):
            return ItemState.IN_TRANSIT
        return ItemState.AVAILABLE

    # --- small pieces --------------------------------------------------------------------------------------

    def _lent(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow) -> Lent:
        return Lent(loan.op, loan.reader, item.title, item.item_type, item.foreign, loan.due_on)

    def _tell_home(self, tx: Tx, loan: rows.LoanRow) -> None:
        self._post(
            tx,
            loan.home,
            LoanSnapshot(loan.op, self._library, self._epoch, loan.version, loan.due_on, loan.renewals),
        )

    def _add_op(
        self,
        tx: Tx,
        question: CheckoutQuestion | RenewQuestion,
        kind: str,
        state: str,
        *,
        loan: str | None = None,
        refused: Refused | None = None,
    ) -> None:
        rows.add_op(
            tx,
            op=question.op,
            kind=kind,
            state=state,
            barcode=question.barcode,
            branch=question.branch,
            home=question.home,
            loan=loan,
            refusal=None if refused is None else refusals.stored(refused),
            at_ms=self._wall_ms(),
        )


def _belongs(loan: rows.LoanRow, branch: str, returned_at_ms: int) -> bool:
    """Whether a return ended this loan: not before it opened; and at another branch, whose clock may differ, less
    than a minute after it opened it belongs to the loan before."""
    after_ms = returned_at_ms - loan.opened_at_ms
    return after_ms >= (0 if branch == loan.branch else DIFFERENT_BRANCH_MS)


def _refusal_of(known: rows.OpRow) -> Refused:
    return Refused(Reason.CANCELLED) if known.refusal is None else refusals.restored(known.refusal)


def _titled(refused: Refused, item: rows.ItemRow, loan: rows.LoanRow | None = None) -> Refused:
    """A refusal still names the item: the kiosk shows the title and the due date that stands."""
    return Refused(
        refused.reason,
        refused.library,
        refused.number,
        refused.title or item.title,
        refused.due_on or (None if loan is None else loan.due_on),
    )
