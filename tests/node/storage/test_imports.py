"""Imports into the database: all rows or none, beside whoever else uses it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from node.storage import beside
from node.storage.home.cards import NewCard
from node.storage.imports import (
    BATCH,
    ImportReport,
    NewItem,
    claim_database,
    import_cards,
    import_items,
    known_cards,
)
from node.storage.opening import DatabaseError, prepare_database

ITEM = NewItem("CQBB0000000001", "三体", "刘慈欣", "9787536692930", "I247.55", "book", "少儿借阅区", False, 2300)
CARD = NewCard("2350010000017", "r1", "李小雨", "pupil", date(2027, 8, 31), "$argon2id$...", 8, 3)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    prepare_database(tmp_path / "node.db")
    return tmp_path / "node.db"


def items(count: int) -> list[NewItem]:
    return [ITEM._replace(barcode=f"CQBB{n:010d}") for n in range(count)]


def rows(database: Path, query: str = "SELECT barcode, title FROM item ORDER BY barcode") -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


def test_items_are_added_changed_and_counted(database: Path) -> None:
    one, two, three = items(3)
    assert import_items(database, [one, two]) == ImportReport(new=2)
    renamed = two._replace(title="三体Ⅱ")
    assert import_items(database, [one, renamed, three]) == ImportReport(new=1, changed=1, unchanged=1)
    assert [title for _, title in rows(database)] == ["三体", "三体Ⅱ", "三体"]


def test_a_change_leaves_alone_what_the_import_does_not_bring(database: Path) -> None:
    import_items(database, [ITEM])
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE item SET whereabouts = 'CQSPB', pending_op = 'op'")
        connection.commit()
    import_items(database, [ITEM._replace(title="新的", foreign=True)])
    assert rows(database, "SELECT title, is_foreign, whereabouts, pending_op FROM item") == [("新的", 1, "CQSPB", "op")]


def test_nothing_to_import_is_no_error(database: Path) -> None:
    assert import_items(database, []) == ImportReport(new=0)


def test_rows_that_end_in_an_exception_leave_nothing(database: Path) -> None:
    def broken() -> Iterator[NewItem]:
        yield from items(BATCH * 2)
        raise LookupError("the file ends here")

    with pytest.raises(LookupError):
        import_items(database, broken())
    assert rows(database) == []


def test_a_barcode_twice_leaves_nothing(database: Path) -> None:
    with pytest.raises(DatabaseError, match=r"comes twice.*nothing was imported"):
        import_items(database, [*items(BATCH + 1), items(1)[0]])
    assert rows(database) == []


def test_a_process_that_dies_in_the_middle_leaves_nothing(database: Path) -> None:
    program = """
import os, sys
from pathlib import Path
from node.storage import imports
from node.storage.imports import NewItem
def rows():
    for n in range(3000):
        yield NewItem(f"B{n}", "t", "", "", "", "book", "", False, 0)
if sys.argv[2] == "gathering":
    def dying():
        yield from rows()
        os._exit(9)
    imports.import_items(Path(sys.argv[1]), dying())
else:
    taking = imports.TEXTS[imports._TAKE_ITEMS]
    def transaction(connection):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(taking)
        os._exit(9)
    imports.transaction = transaction
    imports.import_items(Path(sys.argv[1]), rows())
"""
    for moment in ("gathering", "writing"):
        done = subprocess.run([sys.executable, "-c", program, str(database), moment], check=False)
        assert done.returncode == 9
        assert rows(database) == []
    assert import_items(database, items(3)).new == 3


def test_gathering_the_rows_locks_nobody_out(database: Path) -> None:
    other = sqlite3.connect(database, isolation_level=None, timeout=0)

    def watched() -> Iterator[NewItem]:
        for number, row in enumerate(items(BATCH * 3)):
            if number % BATCH == 5:
                other.execute("INSERT INTO meta VALUES (?, '')", (f"written meanwhile {number}",))
            yield row

    assert import_items(database, watched()).new == BATCH * 3
    other.close()


def test_a_lock_that_is_never_given_back_is_a_clear_error(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "_LOCK_WAIT_MS", 0)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseError, match=r"locked by another process.*nothing was imported"):
            import_items(database, [ITEM])


def test_cards_are_added_once(database: Path) -> None:
    other = CARD._replace(card="2350010000025", reader="r2", expires_on=None, pin_hash=None)
    assert import_cards(database, [CARD, other]) == ImportReport(new=2)
    assert known_cards(database) == {CARD.card, other.card}
    query = "SELECT reader, status, expires_on, max_loans, max_foreign, places_used FROM card ORDER BY card"
    assert rows(database, query) == [("r1", "active", "2027-08-31", 8, 3, 0), ("r2", "active", None, 8, 3, 0)]


def test_a_card_that_is_there_leaves_all_of_the_import_out_and_is_not_named(database: Path) -> None:
    import_cards(database, [CARD])
    with pytest.raises(DatabaseError) as caught:
        import_cards(database, [CARD._replace(card="2350010000025", reader="r2"), CARD._replace(reader="r3")])
    assert known_cards(database) == {CARD.card}
    assert CARD.card not in str(caught.value)


def test_a_database_belongs_to_one_library(database: Path) -> None:
    claim_database(database, "CQBB", lambda count: b"\0" * count)
    claim_database(database, "CQBB", lambda count: b"\1" * count)
    with pytest.raises(DatabaseError, match="belongs to library CQBB, not CQSPB"):
        claim_database(database, "CQSPB", lambda count: b"\0" * count)
