"""What the rows of a library go through, told by triggers: a change of state that is in no table is a fault.

    watched(connection); ...; assert unlisted() == []

The triggers are temporary: the books stay as they are. What a rolled back unit of work did is seen as well.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from node.domain.states import FINE, HOLD, LOAN, OPERATION, PLACE, Machine

Change: TypeAlias = tuple[str, str | None, str]
"""(table, state before, state after); None: there was no row."""

MACHINES: tuple[Machine[Any, Any], ...] = (OPERATION, PLACE, LOAN, HOLD, FINE)
STATE_OF = {
    LOAN.name: "coalesce({0}.closed_how, 'open')",
    FINE.name: (
        "CASE WHEN {0}.amount_fen = 0 THEN 'void' WHEN {0}.amount_fen > {0}.paid_fen THEN 'owed' ELSE 'paid' END"
    ),
}
SEEN: set[Change] = set()
"""All that any watched library went through since it was cleared."""


def watched(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.create_function("seen", 3, lambda *change: SEEN.add(change))
    for machine in MACHINES:
        table, state = machine.name, STATE_OF.get(machine.name, "{0}.state")
        old, new = state.format("OLD"), state.format("NEW")
        for event, when, before in (("INSERT", "true", "NULL"), ("UPDATE", f"({old}) <> ({new})", old)):
            connection.execute(
                f"CREATE TEMP TRIGGER {table}_{event} AFTER {event} ON main.{table} WHEN {when}"
                f" BEGIN SELECT seen('{table}', {before}, {new}); END"
            )
    return connection


@contextmanager
def by_hand() -> Iterator[None]:
    """What a test itself does to the books, to damage them, is no step of the library."""
    before = set(SEEN)
    yield
    SEEN.intersection_update(before)


def listed() -> set[Change]:
    return {(machine.name, before, after) for machine in MACHINES for before, _event, after in machine}


def unlisted() -> list[Change]:
    return sorted(SEEN - listed(), key=str)
