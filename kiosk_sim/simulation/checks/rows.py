"""What all the databases of a city say, read as plain rows for the checks.

Deliberately not through `node.storage`: what checks the books must not share a mistake with what writes them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

TABLES = (
    *("card", "place", "fine_mirror", "item", "owner_op", "loan", "evidence", "fine_order", "fine"),
    *("payment", "payment_line", "kiosk_op", "outbox", "seen_card", "staff_exception"),
    *("hold", "hold_mirror", "card_op", "denied_card", "undecided_return", "unconfirmed"),
)


class Record:
    """One row; its columns are attributes, and `library` says whose database it is in."""

    def __init__(self, library: str, columns: dict[str, Any]) -> None:
        self.library = library
        self.__dict__.update(columns)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def __repr__(self) -> str:
        return f"{self.library}:{ {k: v for k, v in self.__dict__.items() if k not in ('library', 'payload')} }"


@dataclass(frozen=True, slots=True)
class CityRows:
    """Every row of every table."""

    tables: dict[str, list[Record]]

    def all(self, table: str) -> list[Record]:
        return self.tables[table]

    def by(self, table: str, column: str) -> dict[Any, Record]:
        return {getattr(row, column): row for row in self.tables[table]}


def read_rows(databases: Iterable[tuple[str, sqlite3.Connection]]) -> CityRows:
    """(library code, database) for each library."""
    tables: dict[str, list[Record]] = {table: [] for table in TABLES}
    for code, connection in databases:
        for table in TABLES:
            cursor = connection.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in cursor.description]
            tables[table] += [Record(code, dict(zip(names, row, strict=True))) for row in cursor]
    return CityRows(tables)
