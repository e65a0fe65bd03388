"""Rows of the library where fees arise: fines and payments. Money is integer fen."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from federation.contract import FineKind
from node.storage.rows import Rows
from node.storage.schema import fine, payment, payment_line
from node.storage.statements import Statement, insertion
from node.storage.store import Tx


class FineRow(NamedTuple):
    """`fine`: its name here. `ordered`: the name that its owner gave it. `reader` None: its owner did not know him.
    `borne_by`: the operation of this branch that bears it out, "" if it is of an own item."""

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
_LOWER = _FINES.alteration("returned_on", "days_late", "amount_fen", "order_version", "version")
_PAID = _FINES.alteration("paid_fen", "version")
_OUTSTANDING = Statement(
    select(func.coalesce(func.sum(fine.c.amount_fen - fine.c.paid_fen), 0)).where(fine.c.amount_fen > fine.c.paid_fen)
)
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
    return _ADD.run(tx, row)


def lower_fine(tx: Tx, row: FineRow) -> None:
    _LOWER.run(tx, row)


def pay_fine(tx: Tx, row: FineRow) -> None:
    """Write how much of it is paid."""
    _PAID.run(tx, row)


def outstanding_fen(tx: Tx) -> int:
    row = tx.one(_OUTSTANDING)
    return 0 if row is None else int(row[0])


def latest_payment(tx: Tx, terminal: str, home: str, reader: str) -> PaymentRow | None:
    return _LATEST_PAYMENT.one(tx, terminal_=terminal, home_=home, reader_=reader)


def add_payment(tx: Tx, row: PaymentRow, lines: list[tuple[str, int]]) -> None:
    """`lines`: (fine, fen) that add up to the amount."""
    _ADD_PAYMENT.run(tx, row)
    for number, part_fen in lines:
        tx.run(_ADD_LINE, pay_key=row.pay_key, fine=number, amount_fen=part_fen)
