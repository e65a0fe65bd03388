"""Kiosks of two libraries side by side: one item goes out at one and comes in at the other within seconds."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from sip2 import messages as m
from tests.end_to_end.served_city import ServedCity, checkin, checkout, served_city, until

HOME, OWNER, ONE, OTHER = "CQSPB", "CQSPB", "CQBB", "CQCQ"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedCity]:
    with served_city(tmp_path_factory.mktemp("side") / "city") as served:
        yield served


def running(city: ServedCity, item: str) -> list[Any]:
    with closing(sqlite3.connect(city.root / OWNER / "node.db", timeout=60)) as books:
        sql = "SELECT reader FROM loan WHERE barcode = ? AND closed_at_ms IS NULL"
        return books.execute(sql, (item,)).fetchall()


def listed(city: ServedCity, item: str) -> list[Any]:
    with closing(sqlite3.connect(city.root / OWNER / "node.db", timeout=60)) as books:
        return books.execute("SELECT kind FROM staff_exception WHERE barcode = ?", (item,)).fetchall()


def warm_up(city: ServedCity) -> None:
    """The owner knows the clocks of both branches: it asks whoever calls it."""
    for branch in (ONE, OTHER):
        with city.at(branch) as kiosk:
            assert kiosk.ask(checkin(city.item(OWNER, 9)), m.CheckinResponse).ok


def test_out_at_one_library_and_in_at_another_within_seconds_leaves_nothing_on_the_account(city: ServedCity) -> None:
    warm_up(city)
    item, card = city.item(OWNER, 0), city.reader(HOME, 0)["card"]
    with city.at(ONE) as out, city.at(OTHER) as back:
        assert out.ask(checkout(card, item), m.CheckoutResponse).ok
        lent = time.monotonic()
        until(lambda: time.monotonic() > lent + 2, "somebody walks across")
        returned = back.ask(checkin(item), m.CheckinResponse)
    assert returned.ok
    assert "未在借" not in "".join(returned.screen_message)
    assert (running(city, item), listed(city, item)) == ([], [])


def test_what_was_lent_elsewhere_since_comes_back_at_the_same_bin(city: ServedCity) -> None:
    """Returned at one library's bin, lent at another, and returned at the same bin a minute later."""
    item = city.item(OWNER, 1)
    with city.at(ONE, "return") as back, city.at(OTHER) as out:
        with city.at(ONE) as first:
            assert first.ask(checkout(city.reader(HOME, 1)["card"], item), m.CheckoutResponse).ok
        assert back.ask(checkin(item), m.CheckinResponse).ok
        assert out.ask(checkout(city.reader(HOME, 2)["card"], item), m.CheckoutResponse).ok
        lent = time.monotonic()
        until(lambda: time.monotonic() > lent + 63, "a minute passes")
        returned = back.ask(checkin(item), m.CheckinResponse)
    assert returned.ok
    assert running(city, item) == []
