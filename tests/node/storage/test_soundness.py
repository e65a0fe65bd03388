"""Damage of the file is found and named by its table; a look can be given up."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from node.storage.opening import prepare_database
from node.storage.soundness import FIRST, LATER, damage_of


def never() -> bool:
    return False


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "node.db"
    prepare_database(path)
    with closing(sqlite3.connect(path)) as connection:
        rows = [(f"B{number:06d}", "title " * 10, "book") for number in range(2_000)]
        connection.executemany("INSERT INTO item (barcode, title, item_type) VALUES (?, ?, ?)", rows)
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def overwrite_a_page(path: Path, table: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute(
            "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno DESC LIMIT 1", (table,)
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)


def test_a_whole_database_has_no_damage(database: Path) -> None:
    assert [damage_of(database, table, never) for table in (*FIRST, *LATER)] == [""] * len((*FIRST, *LATER))


def test_every_table_of_the_schema_is_looked_at() -> None:
    from node.storage.schema import metadata

    assert set(FIRST) | set(LATER) == set(metadata.tables)


def test_a_page_that_was_overwritten_is_found_in_its_table_alone(database: Path) -> None:
    overwrite_a_page(database, "item")
    found = {table: damage_of(database, table, never) for table in FIRST}
    assert found["item"].startswith("item: ")
    assert [table for table, text in found.items() if text] == ["item"]


def test_a_look_that_is_given_up_says_nothing(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        rows = [(f"C{number:06d}", "title " * 10, "book") for number in range(20_000)]
        connection.executemany("INSERT INTO item (barcode, title, item_type) VALUES (?, ?, ?)", rows)
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    overwrite_a_page(database, "item")
    assert damage_of(database, "item", never) != ""
    assert damage_of(database, "item", lambda: True) == ""
