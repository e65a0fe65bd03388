"""Whether the pages of a database hold together: SQLite's own quick check, one table after the other.

Promises: nothing is written, and nobody waits for it: it has a connection of its own, and ends a read after each table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from node.storage.schema import metadata

__all__ = ["FIRST", "LATER", "damage_of"]

FIRST: Final = (
    "meta",
    "tally",
    "card",
    "item",
    "loan",
    "place",
    "hold",
    "hold_mirror",
    "fine",
    "fine_mirror",
    "outbox",
)
"""What every answer to a kiosk rests on, the small ones first."""
LATER: Final = tuple(sorted(metadata.tables.keys() - set(FIRST)))
"""Memories, which grow with the years."""
_OFTEN: Final = 10_000
"""Steps of SQLite between two questions whether to go on: about a millisecond."""


def damage_of(database: Path, table: str, give_up: Callable[[], bool]) -> str:
    """What is wrong with the pages of that table and its indexes, "" if nothing is, or if `give_up()` became true."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.set_progress_handler(lambda: int(give_up()), _OFTEN)
            rows = connection.execute(f"PRAGMA quick_check('{table}')").fetchmany(3)
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
            return ""
        return f"{table}: {error}"
    found = [str(row[0]) for row in rows if row[0] != "ok"]
    return f"{table}: {'; '.join(found)}" if found else ""
