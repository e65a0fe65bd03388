"""Rows of what staff must look at. Nothing is ever dropped."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select

from node.storage.schema import staff_exception
from node.storage.transaction import Statement, Tx, insertion_if_absent

__all__ = ["add_exception", "count_calls", "count_open_exceptions"]

_open = staff_exception.c.closed_at_ms.is_(None)
_ADD = insertion_if_absent(
    staff_exception, "op", "kind", "barcode", "terminal", "detail", "at_ms", unique=("op", "kind")
)
_COUNT_OPEN = Statement(select(func.count()).select_from(staff_exception).where(_open))
_LATEST = (
    select(staff_exception.c.detail, staff_exception.c.at_ms)
    .order_by(staff_exception.c.id.desc())
    .limit(2_000)
    .subquery()
)
_CALLS = Statement(
    select(func.count())
    .select_from(_LATEST)
    .where(_LATEST.c.detail == bindparam("library"), _LATEST.c.at_ms > bindparam("since"))
)


def add_exception(tx: Tx, *, op: str, kind: str, barcode: str, terminal: str, detail: str, at_ms: int) -> None:
    """Once for each operation and kind."""
    tx.run(_ADD, op=op, kind=kind, barcode=barcode, terminal=terminal, detail=detail, at_ms=at_ms)


def count_open_exceptions(tx: Tx) -> int:
    """How many wait for staff."""
    row = tx.one(_COUNT_OPEN)
    return 0 if row is None else int(row[0])


def count_calls(tx: Tx, library: str, since_ms: int) -> int:
    """How many exceptions another library has put on the list since then, among the latest ones."""
    row = tx.one(_CALLS, library=library, since=since_ms)
    return 0 if row is None else int(row[0])
