"""The return date of 09: at a bin, a sorter or a staff desk a loan ends on it; at a self-check it is ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.node.service.kiosks import sip_date
from tests.node.service.small_city import TERMINALS, SmallCity

HERE, ELSEWHERE = "CQSPB", "CQBB"
DAY_MS = 86_400_000
OWNERS = pytest.mark.parametrize("owner", [HERE, ELSEWHERE])


@pytest.fixture
def city() -> SmallCity:
    """The terminals that take everything tell the return date, as the settings have it without a word."""
    return SmallCity(terminals=[replace(each, tells_return_date=each.takes_everything) for each in TERMINALS])


def late_by_five_days(city: SmallCity, owner: str) -> str:
    desk, item = city.kiosk(HERE), city.item(owner)
    assert desk.ask(desk.checkout(city.card(HERE), item)).ok
    city.settle()
    city.pass_days(35)
    return item


def brought(city: SmallCity, item: str, *, days_ago: float, login: str = "bin", slow_ms: int = 0) -> None:
    bin_ = city.kiosk(HERE, login)
    dated_ms = city.wall_ms() - slow_ms
    came_back = sip_date(dated_ms - int(days_ago * DAY_MS))
    assert bin_.ask(bin_.checkin(item, transaction_date=sip_date(dated_ms), return_date=came_back)).ok
    city.settle()


def fines(city: SmallCity) -> list[int]:
    return city[HERE].column("SELECT amount_fen FROM fine")


@OWNERS
def test_what_came_back_three_days_ago_is_charged_as_of_then(city: SmallCity, owner: str) -> None:
    item = late_by_five_days(city, owner)
    brought(city, item, days_ago=3)
    assert fines(city) == [40]
    returned_on = (city.today - timedelta(days=3)).isoformat()
    assert city[owner].column("SELECT returned_on FROM fine_order") == [returned_on]
    city.check()


@OWNERS
@pytest.mark.parametrize(
    ("days_ago", "slow_ms"),
    [(7.1, 0), (-0.5, 0), (3, 3_600_000), (0, 0)],
    ids=["too long ago", "after the transaction", "its clock is wrong", "now"],
)
def test_a_return_date_that_can_not_be_is_ours(city: SmallCity, owner: str, days_ago: float, slow_ms: int) -> None:
    item = late_by_five_days(city, owner)
    brought(city, item, days_ago=days_ago, slow_ms=slow_ms)
    assert fines(city) == [100]


def test_at_a_self_check_the_return_date_is_ours(city: SmallCity) -> None:
    brought(city, late_by_five_days(city, HERE), days_ago=3, login="sc2")
    assert fines(city) == [100]


@OWNERS
def test_a_later_scan_with_an_earlier_return_date_only_lowers_the_fine(city: SmallCity, owner: str) -> None:
    item = late_by_five_days(city, owner)
    brought(city, item, days_ago=1)
    assert fines(city) == [80]
    city.pass_minutes(90)
    brought(city, item, days_ago=4)
    assert fines(city) == [20]
    city.pass_minutes(90)
    brought(city, item, days_ago=2)
    assert fines(city) == [20]
    city.check()


@OWNERS
def test_a_loan_that_is_told_off_line_after_such_a_return_is_over(city: SmallCity, owner: str) -> None:
    """The item was seen after it was lent, whatever day the bin told. Found by the simulator."""
    lent_at, item = sip_date(city.wall_ms() - 2 * 3_600_000), city.item(owner)
    brought(city, item, days_ago=2)
    city.pass_minutes(10)
    desk = city.kiosk(HERE)
    told = desk.checkout(city.card(HERE), item, no_block=True, transaction_date=lent_at, nb_due_date=lent_at)
    assert desk.ask(told).ok
    city.settle()
    assert city.loans() == city.places() == {}
    city.check()


@OWNERS
def test_a_return_date_before_the_loan_ends_the_loan_all_the_same(city: SmallCity, owner: str) -> None:
    desk, item = city.kiosk(HERE), city.item(owner)
    assert desk.ask(desk.checkout(city.card(HERE), item)).ok
    city.pass_days(1)
    brought(city, item, days_ago=3)
    assert city.loans() == city.places() == {}
    city.check()
