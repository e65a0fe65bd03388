"""Kiosks tell whole seconds: of equal dates of one terminal, what arrived first happened first."""

from __future__ import annotations

from typing import Any

import pytest

from tests.node.service.small_city import SmallCity

HERE, ELSEWHERE = "CQSPB", "CQBB"
OWNERS = pytest.mark.parametrize("owner", [HERE, ELSEWHERE])
LENT_OFF_LINE = pytest.mark.parametrize("off_line", [False, True], ids=["lent on line", "lent off line"])


@pytest.fixture
def city() -> SmallCity:
    city = SmallCity()
    city.run_for(0.7)  # the branch's clock stands between two seconds of the kiosk's
    return city


def endings(city: SmallCity, owner: str) -> list[Any]:
    city.check()
    return city[owner].column("SELECT closed_how FROM loan ORDER BY opened_at_ms")


@OWNERS
@LENT_OFF_LINE
def test_a_return_off_line_in_the_second_of_the_checkout_ends_the_loan(
    city: SmallCity, owner: str, off_line: bool
) -> None:
    desk, card, item = city.kiosk(HERE), city.card(HERE), city.item(owner)
    at = desk.now
    assert desk.ask(desk.checkout(card, item, no_block=off_line, transaction_date=at)).ok
    assert desk.ask(desk.checkin(item, no_block=True, transaction_date=at, return_date=at)).ok
    assert endings(city, owner) == ["returned"]


@OWNERS
@LENT_OFF_LINE
def test_lent_again_off_line_in_the_second_of_the_return_it_is_on_loan(
    city: SmallCity, owner: str, off_line: bool
) -> None:
    desk, card, item = city.kiosk(HERE), city.card(HERE), city.item(owner)
    at = desk.now
    assert desk.ask(desk.checkout(card, item, no_block=off_line, transaction_date=at)).ok
    assert desk.ask(desk.checkin(item, no_block=True, transaction_date=at, return_date=at)).ok
    again = desk.checkout(city.card(HERE, 2), item, no_block=True, transaction_date=at)
    assert desk.ask(again).ok
    assert endings(city, owner) == ["returned", None]
    assert city[HERE].exceptions() == []


@OWNERS
def test_a_loan_off_line_in_the_second_of_a_return_on_line_runs(city: SmallCity, owner: str) -> None:
    desk, card, item = city.kiosk(HERE), city.card(HERE), city.item(owner)
    at = desk.now
    assert desk.ask(desk.checkout(city.card(HERE, 2), item)).ok
    assert desk.ask(desk.checkin(item, transaction_date=at, return_date=at)).ok
    assert desk.ask(desk.checkout(card, item, no_block=True, transaction_date=at)).ok
    assert endings(city, owner) == ["returned", None]
    assert city[HERE].exceptions() == []
