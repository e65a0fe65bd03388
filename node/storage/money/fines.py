"""Rows of the library where fees arise: fines and payments. Money is integer fen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, func, select

from node.storage.schema import fine, payment, payment_line
from node.storage.transaction import Row, Statement, Tx, alteration, insertion, insertion_if_absent


@dataclass(frozen=True, slots=True)
class FineRow:
    fine: str
    loan: str
    owner: str
    home: str
    reader: str
    barcode: str
    title: str
    due_on: date
    returned_on: date
    days_late: int
    amount_fen: int
    paid_fen: int
    order_version: int
    version: int

    @property
    def outstanding_fen(self) -> int:
        return max(0, self.amount_fen - self.paid_fen)


_COLUMNS = (
    fine.c.fine,
    fine.c.loan,
    fine.c.owner,
    fine.c.home,
    fine.c.reader,
    fine.c.barcode,
    fine.c.title,
    fine.c.due_on,
    fine.c.returned_on,
    fine.c.days_late,
    fine.c.amount_fen,
    fine.c.paid_fen,
    fine.c.order_version,
    fine.c.version,
)
_FIND = Statement(select(*_COLUMNS).where(fine.c.fine == bindparam("fine_")))
_OPEN_OF = Statement(
    select(*_COLUMNS)
    .where(
        fine.c.home == bindparam("home_"),
        fine.c.reader == bindparam("reader_"),
        fine.c.amount_fen > fine.c.paid_fen,
    )
    .order_by(fine.c.returned_on, fine.c.fine)
)
_ADD = insertion_if_absent(
    fine,
    *("fine", "loan", "owner", "home", "reader", "barcode", "title", "due_on", "returned_on", "days_late"),
    *("amount_fen", "order_version", "booked_at_ms"),
)
_LOWER = alteration(fine, "fine", "returned_on", "days_late", "amount_fen", "order_version", "version")
_PAID = alteration(fine, "fine", "paid_fen", "version")
_OUTSTANDING = Statement(
    select(func.coalesce(func.sum(fine.c.amount_fen - fine.c.paid_fen), 0)).where(fine.c.amount_fen > fine.c.paid_fen)
)
_FIND_PAYMENT = Statement(
    select(payment.c.receipt, payment.c.amount_fen).where(payment.c.pay_key == bindparam("pay_key_"))
)
_ADD_PAYMENT = insertion(payment, "pay_key", "receipt", "terminal", "home", "reader", "method", "amount_fen", "at_ms")
_ADD_LINE = insertion(payment_line, "pay_key", "fine", "amount_fen")
_LATEST_PAYMENT = Statement(
    select(payment.c.pay_key, payment.c.receipt, payment.c.amount_fen, payment.c.at_ms)
    .where(
        payment.c.terminal == bindparam("terminal_"),
        payment.c.home == bindparam("home_"),
        payment.c.reader == bindparam("reader_"),
    )
    .order_by(payment.c.at_ms.desc())
    .limit(1)
)


def _fine(row: Row) -> FineRow:
    return FineRow(*(*row[:7], date.fromisoformat(row[7]), date.fromisoformat(row[8]), *row[9:]))


def find_fine(tx: Tx, number: str) -> FineRow | None:
    row = tx.one(_FIND, fine_=number)
    return None if row is None else _fine(row)


def open_fines_of(tx: Tx, home: str, reader: str) -> list[FineRow]:
    """Oldest first: the order in which a payment settles them."""
    return [_fine(row) for row in tx.all(_OPEN_OF, home_=home, reader_=reader)]


def add_fine(tx: Tx, row: FineRow, booked_at_ms: int) -> bool:
    """True if it is new: one fine per order (promise 6)."""
    return bool(
        tx.run(
            _ADD,
            fine=row.fine,
            loan=row.loan,
            owner=row.owner,
            home=row.home,
            reader=row.reader,
            barcode=row.barcode,
            title=row.title,
            due_on=row.due_on.isoformat(),
            returned_on=row.returned_on.isoformat(),
            days_late=row.days_late,
            amount_fen=row.amount_fen,
            order_version=row.order_version,
            booked_at_ms=booked_at_ms,
        )
    )


def lower_fine(tx: Tx, row: FineRow) -> None:
    tx.run(
        _LOWER,
        key_fine=row.fine,
        returned_on=row.returned_on.isoformat(),
        days_late=row.days_late,
        amount_fen=row.amount_fen,
        order_version=row.order_version,
        version=row.version,
    )


def pay_fine(tx: Tx, number: str, paid_fen: int, version: int) -> None:
    tx.run(_PAID, key_fine=number, paid_fen=paid_fen, version=version)


def outstanding_fen(tx: Tx) -> int:
    row = tx.one(_OUTSTANDING)
    return 0 if row is None else int(row[0])


@dataclass(frozen=True, slots=True)
class PaymentRow:
    pay_key: str
    receipt: str
    amount_fen: int
    at_ms: int


def find_payment(tx: Tx, pay_key: str) -> tuple[str, int] | None:
    """(receipt, amount_fen) of a payment booked under that key."""
    row = tx.one(_FIND_PAYMENT, pay_key_=pay_key)
    return None if row is None else (row[0], row[1])


def latest_payment(tx: Tx, terminal: str, home: str, reader: str) -> PaymentRow | None:
    row = tx.one(_LATEST_PAYMENT, terminal_=terminal, home_=home, reader_=reader)
    return None if row is None else PaymentRow(*row)


def add_payment(
    tx: Tx,
    *,
    pay_key: str,
    receipt: str,
    terminal: str,
    home: str,
    reader: str,
    method: str,
    amount_fen: int,
    at_ms: int,
    lines: list[tuple[str, int]],
) -> None:
    """`lines`: (fine, fen) that add up to the amount."""
    tx.run(
        _ADD_PAYMENT,
        pay_key=pay_key,
        receipt=receipt,
        terminal=terminal,
        home=home,
        reader=reader,
        method=method,
        amount_fen=amount_fen,
        at_ms=at_ms,
    )
    for number, part_fen in lines:
        tx.run(_ADD_LINE, pay_key=pay_key, fine=number, amount_fen=part_fen)
