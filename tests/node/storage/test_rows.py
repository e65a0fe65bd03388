"""A row is declared once, and comes back from the database as it was written."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table

import node.storage
from node.storage.rows import Rows
from node.storage.sqlite import SqliteTx, open_connection


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Thing(NamedTuple):
    name: str
    due_on: date
    colour: Colour
    foreign: bool
    picture: bytes
    ended_on: date | None = None
    paid: bool | None = None
    price_fen: int = 0
    number: int = 0


THING = Table(
    "thing",
    MetaData(),
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("price_fen", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("due_on", String, nullable=False),
    Column("ended_on", String, nullable=True),
    Column("colour", String, nullable=False),
    Column("is_foreign", Integer, nullable=False),
    Column("paid", Integer, nullable=True),
    Column("picture", LargeBinary, nullable=False),
)
THINGS = Rows(Thing, THING, foreign="is_foreign")
ALL = THINGS.selection(THINGS.select.order_by(THING.c.number))
ADD = THINGS.insertion()
CHANGE = THINGS.alteration("foreign", "ended_on", "price_fen")
BOOK = Thing("三体", date(2026, 3, 1), Colour.BLUE, foreign=True, picture=b"\0\1", price_fen=250)


@pytest.fixture
def tx() -> SqliteTx:
    connection = open_connection(":memory:")
    connection.execute(
        "CREATE TABLE thing (number INTEGER PRIMARY KEY, price_fen INT, name TEXT, due_on TEXT, ended_on TEXT,"
        " colour TEXT, is_foreign INT, paid INT, picture BLOB)"
    )
    return SqliteTx(connection.cursor())


def raw(tx: SqliteTx) -> list[tuple[Any, ...]]:
    return tx._cursor.execute("SELECT * FROM thing").fetchall()


def test_a_row_comes_back_as_it_was_written_and_numbered(tx: SqliteTx) -> None:
    assert ADD.run(tx, BOOK)
    assert ALL.one(tx) == BOOK._replace(number=1)
    found = ALL.all(tx)[0]
    assert (type(found), type(found.colour), found.foreign, found.paid) == (Thing, Colour, True, None)


def test_the_database_holds_text_and_numbers(tx: SqliteTx) -> None:
    ADD.run(tx, BOOK)
    assert raw(tx) == [(1, 250, "三体", "2026-03-01", None, "blue", 1, None, b"\0\1")]
    assert [type(value) for value in THINGS.stored(BOOK)][1:4] == [str, str, int]


def test_an_alteration_writes_its_fields_into_the_row_with_that_key(tx: SqliteTx) -> None:
    ADD.many(tx, [BOOK, BOOK])
    changed = Thing("other", date(2026, 4, 1), Colour.RED, False, b"", ended_on=date(2026, 3, 9), number=2)
    assert CHANGE.run(tx, changed) == 1
    assert ALL.all(tx) == [
        BOOK._replace(number=1),
        BOOK._replace(number=2, foreign=False, ended_on=date(2026, 3, 9), price_fen=0),
    ]
    assert CHANGE.run(tx, changed._replace(number=7)) == 0


def test_a_row_that_is_there_stays_as_it_is(tx: SqliteTx) -> None:
    class Named(NamedTuple):
        name: str
        picture: bytes

    table = Table(
        "named",
        MetaData(),
        Column("name", String, primary_key=True, nullable=False),
        Column("picture", LargeBinary, nullable=False),
    )
    named = Rows(Named, table)
    tx._cursor.execute("CREATE TABLE named (name TEXT PRIMARY KEY, picture BLOB)")
    add = named.insertion_if_absent()
    assert add.run(tx, Named("a", b"1"))
    assert not add.run(tx, Named("a", b"2"))
    assert named.selection(named.select).all(tx) == [Named("a", b"1")]


class Nullable(NamedTuple):
    due_on: date | None


class NeverNull(NamedTuple):
    ended_on: date


class OtherType(NamedTuple):
    name: int


class Unheard(NamedTuple):
    price_fen: float


@pytest.mark.parametrize("row", [Nullable, NeverNull, OtherType, Unheard])
def test_a_row_that_does_not_fit_its_table_is_an_error(row: type) -> None:
    with pytest.raises(TypeError, match="does not fit"):
        Rows(row, THING)


def test_a_field_without_a_column_is_an_error() -> None:
    with pytest.raises(KeyError):
        Rows(Thing, THING)


def test_a_column_that_is_never_null_where_it_is_read_may_be_said_to_be_so() -> None:
    assert Rows(NeverNull, THING, never_null=("ended_on",)).read(("2026-03-01",)) == NeverNull(date(2026, 3, 1))


def every_rows() -> list[Rows[Any]]:
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(node.storage.__path__, "node.storage.")
        if ".migrations." not in module.name
    ]
    return list(
        {id(each): each for module in modules for each in vars(module).values() if isinstance(each, Rows)}.values()
    )


@pytest.mark.parametrize("rows", every_rows(), ids=lambda rows: rows.row.__name__)
def test_a_default_of_a_row_is_that_of_its_table(rows: Rows[Any]) -> None:
    for field, default in getattr(rows.row, "_field_defaults", {}).items():
        column = rows.columns[field]
        if column.autoincrement is True:
            continue
        declared: Any = column.server_default
        in_table = None if declared is None else declared.arg.text.strip("'")
        in_row = int(default) if isinstance(default, bool) else default
        assert in_table == (None if in_row is None else str(in_row)), field
