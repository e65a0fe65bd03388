"""Rows of the library where fees arise: fines and payments. Money is integer fen."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, select

from federation.contract import FineKind
from node.storage import tally
from node.storage.rows import Rows
from node.storage.schema import fine, payment, payment_line
from node.storage.statements import Statement, insertion
from node.storage.store import Tx


class FineRow(NamedTuple):
    """`fine`: its name here. `ordered`: the name that its owner gave it. `reader` None: its owner did not know him.
    `borne_by`: the operation of this branch that bears it out, "" if it is of an own item. `settled_at_ms`: since when
    nothing is owed for it; its title and barcode are forgotten some time after that."""

    fine: str
    loan: str
    owner: str
    home: str
    reader: str | None
    barcode: str
    title: str
    due_on: date
    returned_on: date
    days_late: int
    amount_fen: int
    paid_fen: int
    order_version: int
    version: int
    booked_at_ms: int
    kind: FineKind
    ordered: str
    borne_by: str = ""
    settled_at_ms: int | None = None

    @property
    def outstanding_fen(self) -> int:
        return max(0, self.amount_fen - self.paid_fen)


class PaymentRow(NamedTuple):
    pay_key: str
    receipt: str
    terminal: str
    home: str
    reader: str
    method: str
    amount_fen: int
    at_ms: int


_FINES = Rows(FineRow, fine)
_FIND = _FINES.selection(_FINES.select.where(fine.c.fine == bindparam("fine_")))
_ORDERED = _FINES.selection(
    _FINES.select.where(fine.c.owner == bindparam("owner_"), fine.c.ordered == bindparam("ordered_"))
)
_OPEN_OF = _FINES.selection(
    _FINES.select.where(
        fine.c.home == bindparam("home_"),
        fine.c.reader == bindparam("reader_"),
        fine.c.amount_fen > fine.c.paid_fen,
    ).order_by(fine.c.returned_on, fine.c.fine)
)
_BORNE_BY = Statement(
    select(fine.c.owner, fine.c.ordered).where(
        fine.c.borne_by == bindparam("op_"), fine.c.borne_by != "", fine.c.amount_fen > 0
    )
)
_ADD = _FINES.insertion_if_absent()
_LOWER = _FINES.alteration("returned_on", "days_late", "amount_fen", "order_version", "version", "settled_at_ms")
_PAID = _FINES.alteration("paid_fen", "version", "settled_at_ms")
_PAYMENTS = Rows(PaymentRow, payment)
_ADD_PAYMENT = _PAYMENTS.insertion()
_ADD_LINE = insertion(payment_line, "pay_key", "fine", "amount_fen")
_LATEST_PAYMENT = _PAYMENTS.selection(
    _PAYMENTS.select.where(
        payment.c.terminal == bindparam("terminal_"),
        payment.c.home == bindparam("home_"),
        payment.c.reader == bindparam("reader_"),
    )
    .order_by(payment.c.at_ms.desc())
    .limit(1)
)


def find_fine(tx: Tx, number: str) -> FineRow | None:
    return _FIND.one(tx, fine_=number)


def ordered_fine(tx: Tx, owner: str, ordered: str) -> FineRow | None:
    """The fine that `owner` ordered by that name."""
    return _ORDERED.one(tx, owner_=owner, ordered_=ordered)


def borne_by(tx: Tx, op: str) -> list[tuple[str, str]]:
    """(owner, name that it gave) of the fines for which that operation of this branch stands, but for void ones."""
    return [(row[0], row[1]) for row in tx.all(_BORNE_BY, op_=op)]


def open_fines_of(tx: Tx, home: str, reader: str) -> list[FineRow]:
    """Oldest first: the order in which a payment settles them."""
    return _OPEN_OF.all(tx, home_=home, reader_=reader)


def add_fine(tx: Tx, row: FineRow) -> bool:
    """True if it is new: one fine per order (promise 6)."""
    is_new = _ADD.run(tx, _settled(row, row.booked_at_ms))
    if is_new:
        tally.change(tx, tally.FINES_OUTSTANDING_FEN, row.outstanding_fen)
    return is_new


def lower_fine(tx: Tx, row: FineRow, before: FineRow, at_ms: int) -> None:
    """Write what is owed by now; `before`: as it stood."""
    _LOWER.run(tx, _settled(row, at_ms))
    tally.change(tx, tally.FINES_OUTSTANDING_FEN, row.outstanding_fen - before.outstanding_fen)


def pay_fine(tx: Tx, row: FineRow, before: FineRow, at_ms: int) -> None:
    """Write how much of it is paid; `before`: as it stood."""
    _PAID.run(tx, _settled(row, at_ms))
    tally.change(tx, tally.FINES_OUTSTANDING_FEN, row.outstanding_fen - before.outstanding_fen)


def _settled(row: FineRow, at_ms: int) -> FineRow:
    """Since `at_ms` nothing is owed for it, if that is so and was not before."""
    return row if row.outstanding_fen else row._replace(settled_at_ms=row.settled_at_ms or at_ms)


def latest_payment(tx: Tx, terminal: str, home: str, reader: str) -> PaymentRow | None:
    return _LATEST_PAYMENT.one(tx, terminal_=terminal, home_=home, reader_=reader)


def add_payment(tx: Tx, row: PaymentRow, lines: list[tuple[str, int]]) -> None:
    """`lines`: (fine, fen) that add up to the amount."""
    _ADD_PAYMENT.run(tx, row)
    for number, part_fen in lines:
        tx.run(_ADD_LINE, pay_key=row.pay_key, fine=number, amount_fen=part_fen)
