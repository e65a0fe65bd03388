"""The newest row that this library has written by its own clock: a clock that is behind it is wrong, or was.

Promises: this reads the last rows of some tables by their numbers, so it takes a moment, however large the books are.
What was written until staff said that the clock is right (`mark_rows`) says nothing about the clock any more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Table, bindparam, func, literal_column, select

from node.storage import meta
from node.storage.schema import evidence, kiosk_op, outbox, owner_op, place, staff_exception
from node.storage.statements import Statement
from node.storage.store import Tx

LOOKED_AT: Final = 1_000
"""So many rows of each table. Rows of a clock that was ahead are among the last ones, or long ago."""

_MARKS: Final = "clock_marks"


def _number_of(table: Table) -> Any:
    """Rows in the order in which they were written."""
    whole = [column for column in table.primary_key if column.autoincrement is True]
    return whole[0] if whole else literal_column("rowid")


def _newest(table: Table, at: Any) -> Statement:
    number = _number_of(table)
    last = select(at.label("at")).select_from(table).where(number > bindparam("mark")).order_by(number.desc())
    return Statement(select(func.max(last.limit(LOOKED_AT).subquery().c.at)))


_TABLES: Final[Mapping[str, tuple[Table, Any]]] = {
    "kiosk_op": (kiosk_op, kiosk_op.c.asked_at_ms),
    "outbox": (outbox, outbox.c.created_at_ms),
    "owner_op": (owner_op, owner_op.c.at_ms),
    "evidence": (evidence, evidence.c.at_ms),
    "place": (place, place.c.at_ms),
    "staff_exception": (staff_exception, staff_exception.c.at_ms),
}
_NEWEST: Final = {name: _newest(table, at) for name, (table, at) in _TABLES.items()}
_LAST: Final = {
    name: Statement(select(func.max(_number_of(table))).select_from(table)) for name, (table, _at) in _TABLES.items()
}


def newest_row_ms(tx: Tx) -> int:
    """0 if there is none yet."""
    marks: dict[str, int] = json.loads(meta.kept(tx, _MARKS) or "{}")
    found = [marks.get("at_ms", 0)]
    for name, statement in _NEWEST.items():
        row = tx.one(statement, mark=marks.get(name, 0))
        found.append(0 if row is None or row[0] is None else int(row[0]))
    return max(found)


def mark_rows(tx: Tx, at_ms: int) -> None:
    """The clock is right at this moment: later dates that stand in the books now are wrong."""
    marks = {"at_ms": at_ms}
    for name, statement in _LAST.items():
        row = tx.one(statement)
        marks[name] = 0 if row is None or row[0] is None else int(row[0])
    meta.keep(tx, _MARKS, json.dumps(marks))
