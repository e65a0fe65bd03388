"""The books of the library where a fee arises (R8): fines and payments, as steps of an open transaction.

A fine is booked once per order (promise 6); later evidence may only lower it; what was paid above the lowered amount
is a refund due and is listed for staff. Money is integer fen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from federation.contract import FineOrder, FineSnapshot, Notice, NotPermitted, Reason, Refused
from federation.older import fine_kind, fine_reader, reader_text
from node.domain.staff import StaffKind
from node.domain.states import FINE, FineEvent, FineState, fine_state
from node.service import unconfirmed
from node.service.money.proof import Proof
from node.service.staff import call_staff
from node.storage.money import fines as rows
from node.storage.store import Tx

Post = Callable[[Tx, str, Notice], None]


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment that is in the books."""

    receipt: str
    amount_fen: int
    left_fen: int


class LedgerSteps:
    """The fines that arose at `library`."""

    def __init__(self, library: str, epoch: int, wall_ms: Callable[[], int], post: Post, proof: Proof) -> None:
        self._library = library
        self._epoch = epoch
        self._wall_ms = wall_ms
        self._post = post
        self._proof = proof

    def book(self, tx: Tx, order: FineOrder) -> bool:
        """Book the order, or lower what is booked. False if our own rows do not bear it out: then it is kept
        unconfirmed, and staff are told.

        NotPermitted for an order to another ledger.
        """
        if order.ledger != self._library:
            raise NotPermitted(f"{order.owner} may not order this fine at {self._library}")
        known = rows.ordered_fine(tx, order.owner, order.fine)
        if known is None:
            return self._book_new(tx, order)
        if order.version > known.order_version and order.amount_fen < known.amount_fen:
            before = known
            known = known._replace(
                returned_on=order.returned_on,
                days_late=order.days_late,
                amount_fen=order.amount_fen,
                order_version=order.version,
                version=known.version + 1,
            )
            FINE.must_lead(_state_of(before), _lowered_to(known), _state_of(known))
            rows.lower_fine(tx, known, before, self._wall_ms())
            self._tell_home(tx, known)
            if known.paid_fen > known.amount_fen:
                self._refund_due(tx, known, order.barcode)
            if known.amount_fen == 0:
                self._look_again(tx, order.barcode)
        return True

    def _book_new(self, tx: Tx, order: FineOrder) -> bool:
        proof = self._proof.of(tx, order)
        if proof is None:
            unconfirmed.keep(tx, order, _subject(order.barcode), self._wall_ms(), listed=True)
            return False
        fine = _fine_of(order, self._free_name(tx, order), self._wall_ms(), proof)
        FINE.must_lead(None, FineEvent.ORDERED if fine.amount_fen else FineEvent.VOIDED, _state_of(fine))
        rows.add_fine(tx, fine)
        unconfirmed.drop(tx, order)
        self._tell_home(tx, fine)
        return True

    def _look_again(self, tx: Tx, barcode: str) -> None:
        """A fine of that item is void, so its return may bear out another one that came before this news."""
        for order in unconfirmed.about(tx, _subject(barcode)):
            if isinstance(order, FineOrder) and self._proof.of(tx, order) is not None:
                self._book_new(tx, order)

    def at_most_fen(self, order: FineOrder) -> int:
        """What such a fine is at the most, by the rules: more is not shown to anybody."""
        return self._proof.at_most_fen(order)

    def _free_name(self, tx: Tx, order: FineOrder) -> str:
        """The name under which this order is booked. Nobody knows here whose loan it is: an owner who came first with
        that name neither keeps the other's order out nor is lowered by it."""
        name = order.fine
        while rows.find_fine(tx, name) is not None:
            name = f"{order.owner}/{name}"
        return name

    def _refund_due(self, tx: Tx, fine: rows.FineRow, barcode: str) -> None:
        """`barcode`: as its owner says it; our row may have forgotten it."""
        call_staff(
            tx,
            StaffKind.REFUND_DUE,
            op=f"{fine.fine}/{fine.order_version}",
            at_ms=self._wall_ms(),
            barcode=barcode,
            detail=f"{fine.paid_fen - fine.amount_fen} fen",
        )

    def owed_here(self, tx: Tx, home: str, reader: str, listed: tuple[str, ...] = ()) -> list[rows.FineRow]:
        """What the reader owes here, oldest first; `listed`: fines that the home says are this reader's. They come
        before those that the home has not confirmed."""
        owed = {row.fine: row for row in rows.open_fines_of(tx, home, reader)}
        for number in listed:
            row = None if number in owed else rows.find_fine(tx, number)
            if row is not None and row.home == home and row.outstanding_fen > 0:
                owed[number] = row
        return sorted(owed.values(), key=lambda row: (row.fine not in listed, row.returned_on, row.fine))

    def pay(
        self,
        tx: Tx,
        *,
        pay_key: str,
        terminal: str,
        home: str,
        reader: str,
        amount_fen: int,
        method: str,
        fine: str = "",
        listed: tuple[str, ...] = (),
    ) -> Paid | Refused:
        """Settle fines of this library, oldest first, or the one named `fine`. Overpayment is refused whole."""
        if amount_fen <= 0:
            return Refused(Reason.BAD_AMOUNT)
        owed = [row for row in self.owed_here(tx, home, reader, listed) if fine in ("", row.fine, row.barcode)]
        total_fen = sum(row.outstanding_fen for row in owed)
        if total_fen == 0:
            return Refused(Reason.NOTHING_OWED)
        if amount_fen > total_fen:
            return Refused(Reason.OVERPAYMENT, number=total_fen)
        lines = self._settle(tx, owed, amount_fen)
        payment = rows.PaymentRow(
            pay_key=pay_key,
            receipt=f"{self._library}-{pay_key[:8].upper()}",
            terminal=terminal,
            home=home,
            reader=reader,
            method=method,
            amount_fen=amount_fen,
            at_ms=self._wall_ms(),
        )
        rows.add_payment(tx, payment, lines)
        return Paid(payment.receipt, amount_fen, total_fen - amount_fen)

    def _settle(self, tx: Tx, owed: list[rows.FineRow], amount_fen: int) -> list[tuple[str, int]]:
        lines: list[tuple[str, int]] = []
        left_fen = amount_fen
        for row in owed:
            part_fen = min(left_fen, row.outstanding_fen)
            if part_fen == 0:
                break
            paid = row._replace(paid_fen=row.paid_fen + part_fen, version=row.version + 1)
            event = FineEvent.PAID if paid.outstanding_fen == 0 else FineEvent.PAID_IN_PART
            FINE.must_lead(_state_of(row), event, _state_of(paid))
            rows.pay_fine(tx, paid, row, self._wall_ms())
            self._tell_home(tx, paid)
            lines.append((paid.fine, part_fen))
            left_fen -= part_fen
        return lines

    def _tell_home(self, tx: Tx, fine: rows.FineRow) -> None:
        self._post(tx, fine.home, self.snapshot(fine))

    def snapshot(self, fine: rows.FineRow) -> FineSnapshot:
        """The fine as it now stands, for its reader's home."""
        return FineSnapshot(
            fine=fine.fine,
            ledger=self._library,
            epoch=self._epoch,
            version=fine.version,
            reader=reader_text(fine.reader, fine.loan),
            barcode=fine.barcode,
            title=fine.title,
            due_on=fine.due_on,
            amount_fen=fine.amount_fen,
            paid_fen=fine.paid_fen,
            kind=fine.kind,
            loan=fine.loan,
            reader_unknown=fine.reader is None,
        )


def _state_of(fine: rows.FineRow) -> FineState:
    return fine_state(fine.amount_fen, fine.paid_fen)


def _lowered_to(fine: rows.FineRow) -> FineEvent:
    if fine.amount_fen == 0:
        return FineEvent.VOIDED
    return FineEvent.LOWERED if fine.outstanding_fen else FineEvent.COVERED


def _subject(barcode: str) -> str:
    return f"item:{barcode}"


def _fine_of(order: FineOrder, number: str, booked_at_ms: int, borne_by: str) -> rows.FineRow:
    return rows.FineRow(
        fine=number,
        loan=order.loan,
        owner=order.owner,
        home=order.home,
        reader=fine_reader(order),
        barcode=order.barcode,
        title=order.title,
        due_on=order.due_on,
        returned_on=order.returned_on,
        days_late=order.days_late,
        amount_fen=order.amount_fen,
        paid_fen=0,
        order_version=order.version,
        version=1,
        booked_at_ms=booked_at_ms,
        kind=fine_kind(order),
        ordered=order.fine,
        borne_by=borne_by,
    )
