"""Statements know no database: each is compiled for the one that is opened."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys

import pytest
from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

import node.storage
from node.storage import statements
from node.storage.opening import new_memory_database
from node.storage.schema import hold, hold_mirror, meta, metadata
from node.storage.sqlite import TEXTS, SqliteTx
from node.storage.statements import Statement, Texts, insertion_if_absent
from tests.node.storage.stores import ADD


def ours() -> list[Statement]:
    """Every statement that stands by a name, or in a list, in a module of the storage."""
    names = [module.name for module in pkgutil.walk_packages(node.storage.__path__, "node.storage.")]
    modules = [importlib.import_module(name) for name in names if ".migrations." not in name]
    values = [value for module in modules if module is not statements for value in vars(module).values()]
    each = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return [found for one in each if isinstance(found := getattr(one, "statement", one), Statement)]


def postgresql_texts() -> Texts:
    return Texts(postgresql.dialect(paramstyle="pyformat"), postgresql.dialect(paramstyle="format"))


def test_every_statement_is_compiled_for_sqlite_and_for_postgresql() -> None:
    statements_here = set(ours())
    texts = postgresql_texts()
    texts.compile_all()
    TEXTS.compile_all()
    assert len(statements_here) > 100
    assert statements_here <= texts.keys() & TEXTS.keys()


def test_sqlite_prepares_every_statement() -> None:
    connection = new_memory_database()
    for statement in ours():
        text = TEXTS[statement]
        named = dict.fromkeys(re.findall(r":(\w+)", text))
        if "incoming_" not in text:  # these tables are made by an import
            connection.execute(f"EXPLAIN {text}", [None] * len(statement.order) if statement.order else named)


def test_nothing_is_compiled_when_the_modules_are_loaded() -> None:
    program = (
        "import node.core, node.storage.imports; from node.storage.sqlite import TEXTS;"
        "from node.storage.statements import declared; assert declared() and not TEXTS"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_statement_is_compiled_once_for_each_dialect() -> None:
    texts = postgresql_texts()
    assert texts[ADD] is texts[ADD]
    assert texts[ADD].startswith("INSERT INTO meta (name, value) VALUES (%(name)s")


def test_a_row_that_is_there_is_left_alone_in_both_dialects() -> None:
    statement = insertion_if_absent(hold_mirror, "hold", "title", unique=("hold", "owner"))
    for texts in (TEXTS, postgresql_texts()):
        assert texts[statement].startswith("INSERT INTO hold_mirror (hold, title) VALUES")
        assert texts[statement].endswith("ON CONFLICT (hold, owner) DO NOTHING")


def test_a_constant_is_written_out_so_that_a_partial_index_serves() -> None:
    query = select(hold.c.hold).where(hold.c.title == "O'Hara", hold.c.reader == bindparam("title_1_too"))
    statement = Statement(query)
    for texts, parameter in ((TEXTS, ":title_1_too"), (postgresql_texts(), "%(title_1_too)s")):
        text = texts[statement].replace("::VARCHAR", "")
        assert f"hold.title = 'O''Hara' AND hold.reader = {parameter}" in text


def test_a_statement_whose_parameters_stand_in_another_order_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "_DECLARED", [])  # it is none of the program's
    dialect = postgresql.dialect(paramstyle="format")
    right = Statement(hold.insert(), ("hold", "title"), order=("hold", "title"))
    assert "VALUES (%s" in right.text(dialect)
    wrong = Statement(hold.insert(), ("hold", "title"), order=("title", "hold"))
    with pytest.raises(AssertionError, match="not"):
        wrong.text(dialect)


def test_an_index_of_some_rows_is_one_of_the_same_rows_in_every_database() -> None:
    found = 0
    for table in metadata.sorted_tables:
        for index in table.indexes:
            wheres = [index.dialect_options[name]["where"] for name in ("sqlite", "postgresql")]
            assert str(wheres[0]) == str(wheres[1]), index.name
            found += wheres[0] is not None
    assert found > 10


def test_every_table_can_be_made_in_postgresql() -> None:
    for table in metadata.sorted_tables:
        CreateTable(table).compile(dialect=postgresql.dialect())
        for index in table.indexes:
            CreateIndex(index).compile(dialect=postgresql.dialect())


def test_a_transaction_gives_rows_and_counts() -> None:
    tx = SqliteTx(new_memory_database().cursor())
    every = Statement(select(meta.c.name).order_by(meta.c.name))
    assert tx.run(ADD, name="b", value="1") == 1
    tx.many(ADD, [{"name": "a", "value": "1"}])
    assert tx.one(every) == ("a",)
    assert tx.all(every) == [("a",), ("b",)]
