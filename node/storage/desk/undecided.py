"""Rows of the branch: returns whose owner is not known yet."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, delete, select

from node.storage.rows import Rows
from node.storage.schema import undecided_return
from node.storage.statements import Statement
from node.storage.store import Tx


class UndecidedReturnRow(NamedTuple):
    """The return `op`, as it would be told to the owner."""

    op: str
    barcode: str
    returned_at_ms: int
    no_block: bool
    earlier_op: str
    told_late_s: int


_RETURNS = Rows(UndecidedReturnRow, undecided_return)
_ADD = _RETURNS.insertion_if_absent()
_ALL = _RETURNS.selection(_RETURNS.select.order_by(undecided_return.c.returned_at_ms, undecided_return.c.op))
_OF_ITEM = Statement(select(undecided_return.c.op).where(undecided_return.c.barcode == bindparam("barcode_")).limit(1))
_DROP = Statement(delete(undecided_return).where(undecided_return.c.op == bindparam("op_")))


def add_undecided(tx: Tx, row: UndecidedReturnRow) -> None:
    _ADD.run(tx, row)


def undecided_returns(tx: Tx) -> list[UndecidedReturnRow]:
    """Oldest first."""
    return _ALL.all(tx)


def is_undecided(tx: Tx, barcode: str) -> bool:
    """Whether an item with that barcode came back here, and nobody knows yet whose it is."""
    return tx.one(_OF_ITEM, barcode_=barcode) is not None


def drop_undecided(tx: Tx, op: str) -> bool:
    """Decided, or undone. False if there was none."""
    return tx.run(_DROP, op_=op) > 0
