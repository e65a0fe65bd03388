"""The rows of the simulated year are those that a node writes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kiosk_sim.simulation.streams import stream
from kiosk_sim.year.books import Size, make_books
from node.storage import tally
from node.storage.sqlite import SqliteTx
from tests.node.service.small_city import START_MS, SmallCity

HERE = "CQSPB"
SIZE = Size(HERE, readers=200, items=400, loans=400, days=365, until_ms=START_MS)
WRITTEN = ("kiosk_op", "owner_op", "loan", "place", "evidence", "fine_order", "fine", "fine_mirror", "payment")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("year") / "node.db"
    make_books(path, SIZE, stream(1, "year"))
    return path


def shape(connection: sqlite3.Connection, table: str, condition: str) -> tuple[Any, ...]:
    """Of the first such row: which columns are filled, and the words of those that hold words."""
    cursor = connection.execute(f"SELECT * FROM {table} WHERE {condition} ORDER BY 1 LIMIT 1")
    row, names = cursor.fetchone(), [each[0] for each in cursor.description]
    words = ("state", "kind", "message", "closed_how", "route", "attempt", "epoch", "version", "lasting", "date_near")
    found = dict(zip(names, row, strict=True))
    filled = tuple((name, type(value).__name__, value in ("", None)) for name, value in found.items())
    return filled, tuple((name, found[name]) for name in words if name in found), str(found.get("answer"))[:8]


def test_a_loan_and_its_late_return_leave_the_same_rows_as_a_real_one(made: Path) -> None:
    city = SmallCity()
    desk = city.kiosk(HERE)
    card, item = city.card(HERE), city.item(HERE)
    assert desk.ask(desk.checkout(card, item)).ok
    city.pass_days(35)
    assert desk.ask(desk.checkin(item)).ok
    owed = desk.ask(desk.information(card, wanted=4))
    assert desk.ask(desk.pay(card, str(owed.fee_amount))).payment_accepted
    with closing(sqlite3.connect(made)) as connection:
        for table in WRITTEN:
            condition = "paid_fen > 0" if table in ("fine", "fine_mirror") else "1"
            condition = "closed_at_ms IS NOT NULL" if table == "loan" else condition
            condition = "state = 'freed'" if table == "place" else condition
            condition = "message = '11'" if table == "kiosk_op" else condition
            assert shape(connection, table, condition) == shape(city[HERE].connection, table, condition), table


def test_the_counts_are_those_of_the_rows(made: Path) -> None:
    with closing(sqlite3.connect(made)) as connection:
        tx = SqliteTx(connection.cursor())
        assert tally.errors(tx) == {}
        assert tally.value(tx, tally.LOANS_ACTIVE) > 0
        used = connection.execute("SELECT SUM(places_used) FROM card").fetchone()
        assert used == (tally.value(tx, tally.LOANS_ACTIVE),)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
