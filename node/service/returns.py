"""The owner takes items back: a return is a fact, and ends the loan that ran at that moment, at that time, once.

A late return orders one fine per loan and due date; later evidence may only lower it (promise 6).
"""

from __future__ import annotations

from federation.contract import FineOrder, ItemReturned, ReleasePlace, Route, TakenBack
from node.domain import rules
from node.domain.calendar import civil_date
from node.service.owning import Owning
from node.storage import owner as rows
from node.storage.transaction import Tx

# Clocks of two branches may differ by this much before a return is matched to the wrong loan (design 4).
DIFFERENT_BRANCH_MS = 60_000


class Returns:
    """The steps of a return at the owner."""

    def __init__(self, own: Owning) -> None:
        self._own = own

    def take_back(self, tx: Tx, notice: ItemReturned) -> TakenBack:
        """A return is a fact. It ends the loan that ran at that moment, at that time, once."""
        item = rows.find_item(tx, notice.barcode)
        new = rows.add_evidence(
            tx,
            op=notice.op,
            barcode=notice.barcode,
            branch=notice.branch,
            returned_at_ms=notice.returned_at_ms,
            at_ms=self._own.wall_ms(),
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
            if belongs(loan, notice.branch, notice.returned_at_ms):
                self._close(tx, loan, item, found)
                return

    def _close(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow, found: rows.EvidenceRow) -> None:
        """Close an open loan, or move the end of a closed one back to earlier evidence."""
        rows.close_loan(tx, loan, at_ms=found.returned_at_ms, how="returned", by=found.op)
        rows.use_evidence(tx, found.op, loan.op)
        if loan.closed_at_ms is None:
            self._order_fine(tx, loan, item, found.branch, found.returned_at_ms)
            self._own.post(tx, loan.home, ReleasePlace(loan.op, self._own.library))
        else:
            self._lower_fine(tx, loan, item, found.returned_at_ms)

    def _order_fine(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow, branch: str, returned_at_ms: int) -> None:
        returned_on = civil_date(returned_at_ms)
        days = rules.days_late(loan.due_on, returned_on)
        rule = self._own.rule_book.rule_for(loan.category, item.item_type, loan.due_on)
        amount_fen = rules.late_fee_fen(rule, days)
        if amount_fen == 0:
            return
        order = rows.OrderRow(
            fine=f"{loan.op}:{loan.due_on.isoformat()}",
            loan=loan.op,
            due_on=loan.due_on,
            ledger=rules.fee_ledger(rule, lending=loan.branch, returning=branch, owner=self._own.library),
            returned_on=returned_on,
            days_late=days,
            amount_fen=amount_fen,
            version=1,
        )
        rows.add_order(tx, order)
        self._own.post(tx, order.ledger, self._order(order, loan, item))

    def _lower_fine(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow, returned_at_ms: int) -> None:
        """Later evidence says the item came back earlier: the fine may only go down (promise 6)."""
        returned_on = civil_date(returned_at_ms)
        for order in rows.orders_of(tx, loan.op):
            days = rules.days_late(order.due_on, returned_on)
            rule = self._own.rule_book.rule_for(loan.category, item.item_type, loan.due_on)
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
                self._own.post(tx, order.ledger, self._order(lowered, loan, item))

    def _order(self, order: rows.OrderRow, loan: rows.LoanRow, item: rows.ItemRow) -> FineOrder:
        return FineOrder(
            fine=order.fine,
            version=order.version,
            loan=loan.op,
            owner=self._own.library,
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
        away = notice.branch != self._own.library
        return TakenBack(
            op=notice.op,
            was_on_loan=loan is not None,
            title=item.title,
            item_type=item.item_type,
            location=item.location,
            call_number=item.call_number,
            route=Route.OWNER if away else Route.SHELF,
            destination=self._own.library if away else "",
            fine=fine,
        )

    def close_with_evidence(self, tx: Tx, loan: rows.LoanRow, item: rows.ItemRow) -> None:
        """A return that overtook its checkout closes the loan as it opens."""
        for found in rows.unused_evidence(tx, loan.barcode, loan.opened_at_ms):
            if belongs(loan, found.branch, found.returned_at_ms):
                self._close(tx, loan, item, found)
                return


def belongs(loan: rows.LoanRow, branch: str, returned_at_ms: int) -> bool:
    """Whether a return ended this loan: not before it opened; and at another branch, whose clock may differ, less
    than a minute after it opened it belongs to the loan before."""
    after_ms = returned_at_ms - loan.opened_at_ms
    return after_ms >= (0 if branch == loan.branch else DIFFERENT_BRANCH_MS)
