"""Rows of the owner: returned loans whose fee is decided later, when this library's clock is known to be right."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select

from node.storage.rows import Rows
from node.storage.schema import fee_waiting
from node.storage.statements import Statement
from node.storage.store import Tx


class WaitingFeeRow(NamedTuple):
    """`off_ms`: how far the others said that this library's clock was behind at `at_ms`; `ours_ms`: that clock then,
    against timers that nobody sets."""

    loan: str
    at_ms: int
    off_ms: int
    ours_ms: int


_WAITING = Rows(WaitingFeeRow, fee_waiting)
_ADD = _WAITING.insertion_if_absent()
_SOME = _WAITING.selection(_WAITING.select.order_by(fee_waiting.c.at_ms, fee_waiting.c.loan).limit(bindparam("most")))
_DROP = Statement(delete(fee_waiting).where(fee_waiting.c.loan == bindparam("loan_")))
_COUNT = Statement(select(func.count()).select_from(fee_waiting))


def add_waiting_fee(tx: Tx, row: WaitingFeeRow) -> None:
    """The last return of a loan counts: one before it was none."""
    drop_waiting_fee(tx, row.loan)
    _ADD.run(tx, row)


def waiting_fees(tx: Tx, most: int) -> list[WaitingFeeRow]:
    """Those that have waited longest."""
    return _SOME.all(tx, most=most)


def drop_waiting_fee(tx: Tx, loan_op: str) -> None:
    tx.run(_DROP, loan_=loan_op)


def count_waiting_fees(tx: Tx) -> int:
    row = tx.one(_COUNT)
    return 0 if row is None else int(row[0])
