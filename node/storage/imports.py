"""Many items or cards at once, beside a node that runs.

Promises: all rows or none, whatever interrupts the import; the write lock is held for one statement only. The rows
are gathered in a temporary table first, which is a file of its own and locks nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, MetaData, Table, func, insert, or_, select, text
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql.elements import ClauseElement

from node.storage import meta
from node.storage.beside import connection_beside, transaction
from node.storage.home.cards import NEW_CARDS, NewCard
from node.storage.opening import DatabaseError
from node.storage.owner.loans import NEW_ITEMS, NewItem
from node.storage.rows import Rows
from node.storage.schema import card, item
from node.storage.sqlite import DIALECT, TEXTS, SqliteTx
from node.storage.statements import Insert, Statement

__all__ = ["ImportReport", "NewItem", "claim_database", "import_cards", "import_items", "known_cards"]

BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How many rows were new, brought other values to a row that was there, or found it as they say."""

    new: int
    changed: int = 0
    unchanged: int = 0

    @property
    def rows(self) -> int:
        return self.new + self.changed + self.unchanged


def claim_database(database: Path, library: str, random_bytes: Callable[[int], bytes]) -> None:
    """Make sure that the database is that of this library (a new one becomes so). Errors: DatabaseError."""
    with _connection(database) as connection, transaction(connection):
        try:
            meta.establish(SqliteTx(connection.cursor()), library, random_bytes)
        except ValueError as error:
            raise DatabaseError(f"{database}: {error}") from error


def import_items(database: Path, rows: Iterable[NewItem]) -> ImportReport:
    """Add the items, and bring those whose barcode is there up to date, in one transaction.

    `rows` is used up before anything is written: an exception that it raises leaves the database as it was.
    Errors: DatabaseError; a barcode twice in `rows` is one.
    """
    with _connection(database) as connection:
        count = _gather(connection, _INCOMING_ITEM, map(NEW_ITEMS.stored, rows))
        with transaction(connection):
            cursor = connection.cursor()
            known = int(cursor.execute(TEXTS[_KNOWN_ITEMS]).fetchone()[0])
            touched = cursor.execute(TEXTS[_TAKE_ITEMS]).rowcount
    new = count - known
    return ImportReport(new, changed=touched - new, unchanged=count - touched)


def import_cards(database: Path, rows: Iterable[NewCard]) -> ImportReport:
    """Add the cards in one transaction. `rows` is used up before anything is written.

    Errors: DatabaseError; a card, or a reader, that is there already is one.
    """
    with _connection(database) as connection:
        count = _gather(connection, _INCOMING_CARD, map(NEW_CARDS.stored, rows))
        with transaction(connection):
            connection.execute(TEXTS[_TAKE_CARDS])
    return ImportReport(count)


def known_cards(database: Path) -> frozenset[str]:
    """The numbers of all cards of this library. Errors: DatabaseError."""
    with _connection(database) as connection:
        return frozenset(number for (number,) in connection.execute(TEXTS[_ALL_CARDS]))


# --- statements ----------------------------------------------------------------------------------------------


def _incoming(rows: Rows[Any]) -> Table:
    """A temporary table with some columns of a real one, and its key."""
    copies = [Column(each.name, each.type, primary_key=each.primary_key) for each in rows.columns.values()]
    return Table(f"incoming_{rows.table.name}", MetaData(), *copies, prefixes=["TEMPORARY"])


_INCOMING_ITEM: Final = _incoming(NEW_ITEMS)
_INCOMING_CARD: Final = _incoming(NEW_CARDS)


def _take_items(insert_into: Insert) -> ClauseElement:
    # without a WHERE, SQLite would take ON CONFLICT for the ON of a join
    rows = select(_INCOMING_ITEM).where(text("true")).order_by(_INCOMING_ITEM.c.barcode)
    taken = insert_into(item).from_select(list(NEW_ITEMS.names), rows)
    others = [name for name in NEW_ITEMS.names if name != "barcode"]
    changed: ClauseElement = taken.on_conflict_do_update(
        index_elements=["barcode"],
        set_={each: taken.excluded[each] for each in others},
        where=or_(*(item.c[each].is_distinct_from(taken.excluded[each]) for each in others)),
    )
    return changed


_TAKE_ITEMS: Final = Statement(_take_items)
_KNOWN_ITEMS: Final = Statement(
    select(func.count()).select_from(_INCOMING_ITEM.join(item, item.c.barcode == _INCOMING_ITEM.c.barcode))
)
_TAKE_CARDS: Final = Statement(
    insert(card).from_select(list(NEW_CARDS.names), select(_INCOMING_CARD).order_by(_INCOMING_CARD.c.card))
)
_ALL_CARDS: Final = Statement(select(card.c.card))


# --- gathering, and the one transaction ----------------------------------------------------------------------


@contextmanager
def _connection(database: Path) -> Iterator[sqlite3.Connection]:
    with connection_beside(database, "nothing was imported") as connection:
        try:
            yield connection
        except sqlite3.IntegrityError as error:
            why = "is there already, or comes twice"
            raise DatabaseError(f"{database}: a row of the import {why} ({error}); nothing was imported") from error


def _gather(connection: sqlite3.Connection, table: Table, rows: Iterable[Sequence[object]]) -> int:
    connection.execute(str(CreateTable(table).compile(dialect=DIALECT)))
    adding = f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(table.columns))})"
    remaining, count = iter(rows), 0
    while batch := list(islice(remaining, BATCH)):
        # short ones: an open transaction would keep the journal of a running node from being folded in
        connection.execute("BEGIN")
        connection.executemany(adding, batch)
        connection.execute("COMMIT")
        count += len(batch)
    return count
