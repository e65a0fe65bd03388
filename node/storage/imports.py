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
from typing import Final

from sqlalchemy import Column, MetaData, Table, func, insert, or_, select, text
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.schema import CreateTable

from node.storage import meta
from node.storage.beside import connection_beside, transaction
from node.storage.home.cards import NewCard
from node.storage.opening import DatabaseError
from node.storage.owner.loans import ITEM_IMPORT_COLUMNS
from node.storage.schema import card, item
from node.storage.transaction import Statement, Tx

__all__ = ["ImportReport", "NewItem", "claim_database", "import_cards", "import_items", "known_cards"]

BATCH: Final = 1_000

_CARD_COLUMNS: Final = ("card", "reader", "name", "category", "expires_on", "pin_hash", "max_loans", "max_foreign")


@dataclass(frozen=True, slots=True)
class NewItem:
    """One item, as an import brings it. `price_fen` in fen."""

    barcode: str
    title: str
    author: str
    isbn: str
    call_number: str
    item_type: str
    location: str
    foreign: bool
    price_fen: int


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
            meta.establish(Tx(connection.cursor()), library, random_bytes)
        except ValueError as error:
            raise DatabaseError(f"{database}: {error}") from error


def import_items(database: Path, rows: Iterable[NewItem]) -> ImportReport:
    """Add the items, and bring those whose barcode is there up to date, in one transaction.

    `rows` is used up before anything is written: an exception that it raises leaves the database as it was.
    Errors: DatabaseError; a barcode twice in `rows` is one.
    """
    with _connection(database) as connection:
        count = _gather(connection, _INCOMING_ITEM, map(_item_values, rows))
        with transaction(connection):
            cursor = connection.cursor()
            known = int(cursor.execute(_KNOWN_ITEMS.sql).fetchone()[0])
            touched = cursor.execute(_TAKE_ITEMS.sql).rowcount
    new = count - known
    return ImportReport(new, changed=touched - new, unchanged=count - touched)


def import_cards(database: Path, rows: Iterable[NewCard]) -> ImportReport:
    """Add the cards in one transaction. `rows` is used up before anything is written.

    Errors: DatabaseError; a card, or a reader, that is there already is one.
    """
    with _connection(database) as connection:
        count = _gather(connection, _INCOMING_CARD, map(_card_values, rows))
        with transaction(connection):
            connection.execute(_TAKE_CARDS.sql)
    return ImportReport(count)


def known_cards(database: Path) -> frozenset[str]:
    """The numbers of all cards of this library. Errors: DatabaseError."""
    with _connection(database) as connection:
        return frozenset(number for (number,) in connection.execute(_ALL_CARDS.sql))


# --- statements ----------------------------------------------------------------------------------------------


def _incoming(table: Table, columns: Sequence[str]) -> Table:
    """A temporary table with some columns of a real one, and its key."""
    copies = [Column(each, table.c[each].type, primary_key=table.c[each].primary_key) for each in columns]
    return Table(f"incoming_{table.name}", MetaData(), *copies, prefixes=["TEMPORARY"])


def _create(table: Table) -> str:
    return str(CreateTable(table).compile(dialect=sqlite_dialect()))


_INCOMING_ITEM: Final = _incoming(item, ITEM_IMPORT_COLUMNS)
_INCOMING_CARD: Final = _incoming(card, _CARD_COLUMNS)


def _take_items() -> Statement:
    # without a WHERE, SQLite would take ON CONFLICT for the ON of a join
    rows = select(_INCOMING_ITEM).where(text("true")).order_by(_INCOMING_ITEM.c.barcode)
    taken = sqlite_insert(item).from_select(list(ITEM_IMPORT_COLUMNS), rows)
    others = ITEM_IMPORT_COLUMNS[1:]
    return Statement(
        taken.on_conflict_do_update(
            index_elements=["barcode"],
            set_={each: taken.excluded[each] for each in others},
            where=or_(*(item.c[each].is_distinct_from(taken.excluded[each]) for each in others)),
        )
    )


_TAKE_ITEMS: Final = _take_items()
_KNOWN_ITEMS: Final = Statement(
    select(func.count()).select_from(_INCOMING_ITEM.join(item, item.c.barcode == _INCOMING_ITEM.c.barcode))
)
_TAKE_CARDS: Final = Statement(
    insert(card).from_select(list(_CARD_COLUMNS), select(_INCOMING_CARD).order_by(_INCOMING_CARD.c.card))
)
_ALL_CARDS: Final = Statement(select(card.c.card))


def _item_values(row: NewItem) -> tuple[object, ...]:
    return (
        *(row.barcode, row.title, row.author, row.isbn, row.call_number, row.item_type, row.location),
        int(row.foreign),
        row.price_fen,
    )


def _card_values(row: NewCard) -> tuple[object, ...]:
    expires_on = None if row.expires_on is None else row.expires_on.isoformat()
    return (
        *(row.card, row.reader, row.name, row.category, expires_on, row.pin_hash),
        *(row.max_loans, row.max_foreign),
    )


# --- gathering, and the one transaction ----------------------------------------------------------------------


@contextmanager
def _connection(database: Path) -> Iterator[sqlite3.Connection]:
    with connection_beside(database, "nothing was imported") as connection:
        try:
            yield connection
        except sqlite3.IntegrityError as error:
            why = "is there already, or comes twice"
            raise DatabaseError(f"{database}: a row of the import {why} ({error}); nothing was imported") from error


def _gather(connection: sqlite3.Connection, table: Table, rows: Iterable[tuple[object, ...]]) -> int:
    connection.execute(_create(table))
    adding = f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(table.columns))})"
    remaining, count = iter(rows), 0
    while batch := list(islice(remaining, BATCH)):
        # short ones: an open transaction would keep the journal of a running node from being folded in
        connection.execute("BEGIN")
        connection.executemany(adding, batch)
        connection.execute("COMMIT")
        count += len(batch)
    return count
