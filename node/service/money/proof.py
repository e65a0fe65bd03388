"""What bears out a fine that another library orders here: rows of this branch, never the order alone.

An owner may order a fine at the library where it arises (R8). That library was there when the item came back, or when
it was lent, and has a row of it. One such row bears out one fine, of the item that it names, and no fine is higher than
the rules allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Final

from federation.contract import FineKind, FineOrder
from federation.older import fine_kind
from node.domain.calendar import civil_date
from node.domain.rules import RuleBook, days_late
from node.storage.desk import operations as branch_rows
from node.storage.money import fines as rows
from node.storage.store import Tx

A_DAY: Final = timedelta(days=1)
CHECKOUT: Final = "11"


class Proof:
    """Of ledger `library`. `owners_of`: which libraries list a barcode."""

    def __init__(self, library: str, rule_book: RuleBook, owners_of: Callable[[str], tuple[str, ...]]) -> None:
        self._library = library
        self._rule_book = rule_book
        self._owners_of = owners_of

    def of(self, tx: Tx, order: FineOrder) -> str | None:
        """The operation that bears the order out; "" for one that needs none: of an own item, or of nothing. None if
        nothing does."""
        if order.owner == self._library or order.amount_fen == 0:
            return ""
        if order.amount_fen > self.at_most_fen(order):
            return None
        return next((op for op in self._candidates(tx, order) if self._is_free(tx, op, order)), None)

    def at_most_fen(self, order: FineOrder) -> int:
        """By the rules, whoever the reader is and whatever the item."""
        if fine_kind(order) is FineKind.HOLD:
            return self._rule_book.hold_fee_at_most_fen(order.due_on)
        return self._rule_book.late_fee_at_most_fen(days_late(order.due_on, order.returned_on), order.due_on)

    def _candidates(self, tx: Tx, order: FineOrder) -> Iterator[str]:
        """Where it arises: a hold's fee where the item was lent, a late fee by the rules that hold then."""
        arises = {rule.fee_arises_at for rule in self._rule_book.all_rules(order.due_on)}
        is_late = fine_kind(order) is FineKind.LATE
        if is_late and "return" in arises:
            yield from self._returns(tx, order)
        if not is_late or "lending" in arises:
            lent = branch_rows.find_kiosk_op(tx, order.loan)
            if lent is not None and lent.message == CHECKOUT and self._is_of(lent, order):
                yield lent.op

    def _returns(self, tx: Tx, order: FineOrder) -> list[str]:
        """The one on the day that the order says first."""
        found = [
            (abs(came_on - order.returned_on), row.op)
            for row in branch_rows.returns_of(tx, order.barcode)
            if self._is_of(row, order) and order.returned_on <= (came_on := _day_of(row)) + A_DAY
        ]
        return [op for _apart, op in sorted(found)]

    def _is_of(self, row: branch_rows.KioskOpRow, order: FineOrder) -> bool:
        """Whether it was about that owner's item: the barcode alone tells, or the branch found out."""
        owner = (row.owner,) if row.owner else self._owners_of(row.barcode)
        return row.barcode == order.barcode and owner == (order.owner,)

    def _is_free(self, tx: Tx, op: str, order: FineOrder) -> bool:
        return all(borne == (order.owner, order.fine) for borne in rows.borne_by(tx, op))


def _day_of(row: branch_rows.KioskOpRow) -> date:
    return civil_date(row.asked_at_ms)
