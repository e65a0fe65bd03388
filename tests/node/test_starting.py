"""A node whose clock is behind its own books waits, says why, and opens when the clock is known to be right."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed

from node.starting import TELL_AGAIN_S, ClockAtStart
from node.storage.newest import newest_row_ms
from tests.node.service.small_city import SmallCity

HERE, ELSEWHERE = "CQSPB", "CQBB"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


class Start:
    """One start of HERE, as far as its clock is concerned."""

    def __init__(self, city: SmallCity, *, believed: bool = False) -> None:
        node = city[HERE]
        self.clock = ClockAtStart(node.core, node.clock, node.wall_ms, node.log)
        self.waited = 0
        self.opened: list[Any] = []
        started = Deferred.fromCoroutine(self.clock.until_right(believed=believed, on_wait=self._waits))
        started.addBoth(self.opened.append)

    def _waits(self) -> Deferred[None]:
        self.waited += 1
        return succeed(None)


def lend(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    assert desk.ask(desk.checkout(city.card(HERE), city.item(HERE))).ok


def kinds(city: SmallCity) -> list[str]:
    return [kind for kind, _barcode, _detail in city[HERE].exceptions()]


@pytest.mark.parametrize("minutes", [0, 0.9, -1, 60 * 24 * 365])
def test_a_clock_that_is_not_behind_opens_at_once(city: SmallCity, minutes: float) -> None:
    city.isolate(HERE)
    city.set_clock(HERE, minutes=max(0.0, -minutes))
    lend(city)
    city.set_clock(HERE, minutes=max(0.0, minutes) - (0.9 if minutes == 0.9 else 0))
    start = Start(city)
    assert (start.opened, start.waited, start.clock.why) == ([None], 0, "")


def test_a_library_whose_books_are_empty_opens_at_any_time(city: SmallCity) -> None:
    city.isolate(HERE)
    city.set_clock(HERE, days=-20_000)
    assert Start(city).opened == [None]


@pytest.mark.parametrize("minutes", [1.1, 120, 40 * 24 * 60])
def test_alone_it_waits_and_says_why(city: SmallCity, minutes: float) -> None:
    lend(city)
    city.isolate(HERE)
    city.set_clock(HERE, minutes=-minutes)
    start = Start(city)
    city.run_for(4)
    assert (start.opened, start.waited) == ([], 1)
    assert f"{round(minutes * 60)} s behind" in start.clock.why
    assert "--clock-is-right" in start.clock.why
    assert [line["skew_ms"] for line in city[HERE].log.of("clock_behind")] == [pytest.approx(minutes * 60_000, abs=100)]


def test_it_opens_when_the_clock_has_passed_the_newest_row(city: SmallCity) -> None:
    lend(city)
    city.isolate(HERE)
    city.set_clock(HERE, minutes=-10)
    start = Start(city)
    city.run_for(530)
    assert start.opened == []
    city.run_for(20)
    assert (start.opened, start.clock.why, kinds(city)) == ([None], "", [])


def test_it_opens_when_somebody_sets_the_clock(city: SmallCity) -> None:
    lend(city)
    city.isolate(HERE)
    city.set_clock(HERE, days=-10)
    start = Start(city)
    city.run_for(30)
    city.set_clock(HERE)
    city.run_for(6)
    assert start.opened == [None]


def test_it_says_so_again_from_time_to_time(city: SmallCity) -> None:
    lend(city)
    city.isolate(HERE)
    city.set_clock(HERE, days=-10)
    Start(city)
    city.run_for(2 * TELL_AGAIN_S + 130)
    assert len(city[HERE].log.of("clock_behind")) == 3


def test_it_opens_at_once_if_the_others_agree_with_the_clock_and_staff_are_told(city: SmallCity) -> None:
    """It was ahead for a while, and was put right."""
    city.set_clock(HERE, days=40)
    lend(city)
    city.set_clock(HERE)
    start = Start(city)
    city.run_for(3)
    assert (start.opened, start.waited) == ([None], 0)
    assert kinds(city) == ["clock_was_ahead"]
    (line,) = city[HERE].log.of("clock_rows_marked")
    assert (line["count"], line["reason"]) == (1, "peers")


def test_it_waits_while_the_others_say_that_the_clock_is_wrong(city: SmallCity) -> None:
    lend(city)
    city.set_clock(HERE, days=-3)
    start = Start(city)
    city.run_for(60)
    assert start.opened == []
    city.set_clock(HERE)
    city.run_for(6)
    assert start.opened == [None]


def test_it_opens_as_soon_as_somebody_can_be_reached_who_agrees(city: SmallCity) -> None:
    city.set_clock(HERE, days=40)
    lend(city)
    city.set_clock(HERE)
    city.isolate(HERE)
    start = Start(city)
    city.run_for(120)
    assert start.opened == []
    city.heal()
    city.run_for(8)
    assert start.opened == [None]


def test_an_operator_who_says_that_the_clock_is_right_is_believed_once_and_it_is_noted(city: SmallCity) -> None:
    """One jump ahead does not stop every start for weeks; being behind after that does."""
    city.set_clock(HERE, days=40)
    lend(city)
    city.set_clock(HERE)
    city.isolate(HERE)
    start = Start(city, believed=True)
    assert (start.opened, start.waited) == ([None], 0)
    assert kinds(city) == ["clock_was_ahead"]
    assert city[HERE].log.of("clock_rows_marked")[0]["reason"] == "operator"
    assert city[HERE].column("SELECT made_before_ms FROM loan") == [city.wall_ms()]
    assert Start(city).opened == [None]
    city.pass_minutes(5)
    assert Start(city).opened == [None]
    city.set_clock(HERE, minutes=-10)
    again = Start(city)
    city.run_for(20)
    assert again.opened == []


def test_whoever_says_it_of_a_clock_that_is_right_anyway_changes_nothing(city: SmallCity) -> None:
    lend(city)
    assert Start(city, believed=True).opened == [None]
    assert kinds(city) == []


def test_what_was_done_since_the_rows_were_marked_counts_again(city: SmallCity) -> None:
    city.set_clock(HERE, days=40)
    lend(city)
    city.set_clock(HERE)
    Start(city, believed=True)
    city.pass_days(1)
    desk = city.kiosk(HERE)
    assert desk.ask(desk.checkin(city.item(HERE))).ok
    assert city[HERE].read(newest_row_ms) == city.wall_ms()


def test_a_start_that_is_given_up_never_opens(city: SmallCity) -> None:
    lend(city)
    city.isolate(HERE)
    city.set_clock(HERE, minutes=-5)
    start = Start(city)
    city.run_for(12)
    start.clock.stop()
    city.set_clock(HERE)
    city.run_for(100)
    assert start.opened == []


@pytest.mark.parametrize("table", ["kiosk_op", "outbox", "owner_op", "evidence", "place", "staff_exception"])
def test_the_newest_row_of_every_table_counts_also_if_later_ones_are_older(city: SmallCity, table: str) -> None:
    lend(city)
    desk = city.kiosk(ELSEWHERE)
    assert desk.ask(desk.checkout(city.card(HERE, 2), city.item(HERE, 2))).ok
    bin_ = city.kiosk(ELSEWHERE, "bin")
    assert bin_.ask(bin_.checkin(city.item(HERE, 2))).ok
    city.settle()
    columns = {"kiosk_op": "asked_at_ms", "outbox": "created_at_ms"}
    column, newest = columns.get(table, "at_ms"), city.wall_ms() + 77_000_000
    if not city[HERE].column(f"SELECT count(*) FROM {table}")[0]:
        city[HERE].connection.execute(
            "INSERT INTO staff_exception (op, kind, barcode, terminal, at_ms) VALUES ('o', 'k', '', '', 0)"
            if table == "staff_exception"
            else "INSERT INTO outbox (peer, key, payload, created_at_ms) VALUES ('p', 'k', x'00', 0)"
        )
    first = f"(SELECT min(rowid) FROM {table})"
    city[HERE].connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = {first}", (newest,))
    assert city[HERE].read(newest_row_ms) == newest
