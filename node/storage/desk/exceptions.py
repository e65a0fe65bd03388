"""Rows of what staff must look at. Nothing is ever dropped: a person closes a row, and it stays."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, func, select, update

from node.storage.rows import Rows
from node.storage.schema import staff_exception
from node.storage.statements import Statement, insertion_if_absent
from node.storage.store import Tx

__all__ = [
    "ExceptionRow",
    "add_exception",
    "close_exception",
    "close_own",
    "count_calls",
    "count_open_by_kind",
    "find_exception",
    "is_own",
    "list_exceptions",
    "page_of_closed",
    "page_of_open",
    "rename_closer",
]


class ExceptionRow(NamedTuple):
    """One thing to look at. `kind` is a `StaffKind`, or the word of a newer library. `detail`: what the kind leaves
    open; the code of the library that called, if another one did. `closed_by` and `closing_note` say who closed it
    and why; all three are None while it is open."""

    id: int
    op: str
    kind: str
    barcode: str
    terminal: str
    detail: str
    at_ms: int
    closed_at_ms: int | None
    closed_by: str | None
    closing_note: str | None


_EXCEPTIONS = Rows(ExceptionRow, staff_exception)
_open = staff_exception.c.closed_at_ms.is_(None)
_ADD = insertion_if_absent(
    staff_exception,
    *("op", "kind", "barcode", "terminal", "detail", "at_ms", "said_by"),
    unique=("op", "kind", "said_by"),
)
_FIND = _EXCEPTIONS.selection(_EXCEPTIONS.select.where(staff_exception.c.id == bindparam("id_")))
_ALL = _EXCEPTIONS.selection(_EXCEPTIONS.select.order_by(staff_exception.c.id))
_OPEN = _EXCEPTIONS.selection(_EXCEPTIONS.select.where(_open).order_by(staff_exception.c.id))
_OPEN_AFTER = _EXCEPTIONS.selection(
    _EXCEPTIONS.select.where(_open, staff_exception.c.id > bindparam("after"))
    .order_by(staff_exception.c.id)
    .limit(bindparam("most"))
)
_CLOSED_BEFORE = _EXCEPTIONS.selection(
    _EXCEPTIONS.select.where(staff_exception.c.closed_at_ms.is_not(None), staff_exception.c.id < bindparam("before"))
    .order_by(staff_exception.c.id.desc())
    .limit(bindparam("most"))
)
_COUNT_BY_KIND = Statement(select(staff_exception.c.kind, func.count()).where(_open).group_by(staff_exception.c.kind))
_OWN = Statement(
    select(staff_exception.c.id).where(
        staff_exception.c.op == bindparam("op_"),
        staff_exception.c.kind == bindparam("kind_"),
        staff_exception.c.said_by == "",
    )
)
_CLOSE = Statement(
    update(staff_exception).where(staff_exception.c.id == bindparam("id_"), _open),
    ("closed_at_ms", "closed_by", "closing_note"),
)
_RENAME_CLOSER = Statement(
    update(staff_exception).where(staff_exception.c.closed_by == bindparam("name_")), ("closed_by",)
)
_LATEST = (
    select(staff_exception.c.said_by, staff_exception.c.at_ms)
    .order_by(staff_exception.c.id.desc())
    .limit(2_000)
    .subquery()
)
_CALLS = Statement(
    select(func.count())
    .select_from(_LATEST)
    .where(_LATEST.c.said_by == bindparam("library"), _LATEST.c.at_ms > bindparam("since"))
)


def add_exception(
    tx: Tx, *, op: str, kind: str, barcode: str, terminal: str, detail: str, at_ms: int, said_by: str = ""
) -> None:
    """Once for each operation, kind and library that says so ("": this one), whether the row is open or closed."""
    about = {"op": op, "kind": kind, "said_by": said_by}
    tx.run(_ADD, **about, barcode=barcode, terminal=terminal, detail=detail, at_ms=at_ms)


def is_own(tx: Tx, op: str, kind: str) -> bool:
    """Whether this library has put that on its list itself."""
    return tx.one(_OWN, op_=op, kind_=kind) is not None


def find_exception(tx: Tx, number: int) -> ExceptionRow | None:
    """The row with that `id`."""
    return _FIND.one(tx, id_=number)


def list_exceptions(tx: Tx, *, closed_too: bool) -> list[ExceptionRow]:
    """Oldest first."""
    return (_ALL if closed_too else _OPEN).all(tx)


def page_of_open(tx: Tx, *, after: int, most: int) -> list[ExceptionRow]:
    """Oldest first, those behind `after`."""
    return _OPEN_AFTER.all(tx, after=after, most=most)


def page_of_closed(tx: Tx, *, before: int, most: int) -> list[ExceptionRow]:
    """Newest first, those before `before`."""
    return _CLOSED_BEFORE.all(tx, before=before, most=most)


def close_exception(tx: Tx, number: int, *, at_ms: int, by: str, note: str) -> bool:
    """False if there is no such row, or it is closed already: the first closing stands."""
    return tx.run(_CLOSE, id_=number, closed_at_ms=at_ms, closed_by=by, closing_note=note) > 0


def rename_closer(tx: Tx, name: str, ref: str) -> None:
    """A reference in place of a name that is erased, in every row that somebody of that name closed."""
    tx.run(_RENAME_CLOSER, name_=name, closed_by=ref)


def close_own(tx: Tx, op: str, kind: str, *, at_ms: int, by: str, note: str) -> None:
    """What this library has put on its list itself, closed at once: it only says who did it and why."""
    row = tx.one(_OWN, op_=op, kind_=kind)
    if row is not None:
        close_exception(tx, row[0], at_ms=at_ms, by=by, note=note)


def count_open_by_kind(tx: Tx) -> tuple[tuple[str, int], ...]:
    """How many wait for staff: (kind, count)."""
    return tuple((str(kind), int(count)) for kind, count in tx.all(_COUNT_BY_KIND))


def count_calls(tx: Tx, library: str, since_ms: int) -> int:
    """How many exceptions another library has put on the list since then, among the latest ones."""
    row = tx.one(_CALLS, library=library, since=since_ms)
    return 0 if row is None else int(row[0])
