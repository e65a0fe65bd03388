"""Counts that are kept as the rows are written: a scrape of the metrics may not count a million rows.

They are made with the identity of the database, and compared with the rows every night (`node.storage.keeping`).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, func, select, update

from node.storage.schema import fine, loan, tally
from node.storage.statements import Statement, insertion_if_absent
from node.storage.store import Tx

LOANS_ACTIVE: Final = "loans_active"
"""Open loans of this library's items."""
FINES_OUTSTANDING_FEN: Final = "fines_outstanding_fen"
"""What readers owe to this library."""

_ADD = insertion_if_absent(tally, "name", "value")
_CHANGE = Statement(
    update(tally).where(tally.c.name == bindparam("name_")).values(value=tally.c.value + bindparam("by"))
)
_FIND = Statement(select(tally.c.value).where(tally.c.name == bindparam("name_")))
_COUNTED: Final = {
    LOANS_ACTIVE: Statement(select(func.count()).select_from(loan).where(loan.c.closed_at_ms.is_(None))),
    FINES_OUTSTANDING_FEN: Statement(
        select(func.coalesce(func.sum(fine.c.amount_fen - fine.c.paid_fen), 0)).where(
            fine.c.amount_fen > fine.c.paid_fen
        )
    ),
}


def begin(tx: Tx) -> None:
    """Each at zero, unless it is there."""
    for name in _COUNTED:
        tx.run(_ADD, name=name, value=0)


def change(tx: Tx, name: str, by: int) -> None:
    if by:
        tx.run(_CHANGE, name_=name, by=by)


def value(tx: Tx, name: str) -> int:
    row = tx.one(_FIND, name_=name)
    return 0 if row is None else int(row[0])


def errors(tx: Tx) -> dict[str, int]:
    """By how much each kept count differs from the rows: rows minus count. Linear, so not on the reactor's thread."""
    found = {}
    for name, counted in _COUNTED.items():
        row = tx.one(counted)
        found[name] = (0 if row is None else int(row[0])) - value(tx, name)
    return {name: error for name, error in found.items() if error}
