"""A renewal gains days, or it is none: refused, not counted, and told from which day it gains (R5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from node.domain.rules import LendingRule
from tests.node.service.small_city import SmallCity

HERE, ELSEWHERE = "CQSPB", "CQBB"
OWNERS = pytest.mark.parametrize("owner", [HERE, ELSEWHERE])


def lent(city: SmallCity, owner: str) -> tuple[Any, str, str]:
    desk, card, item = city.kiosk(HERE, "sc2"), city.card(HERE), city.item(owner)
    assert desk.ask(desk.checkout(card, item)).ok
    return desk, card, item


@OWNERS
def test_on_the_day_of_the_loan_a_renewal_is_refused_with_the_day_from_which_it_gains(
    city: SmallCity, owner: str
) -> None:
    desk, card, item = lent(city, owner)
    tomorrow = (city.today + timedelta(days=1)).isoformat()
    refused = desk.ask(desk.renew(card, item))
    assert not refused.ok
    assert f"请在{tomorrow}或之后续借" in refused.screen_message[0]
    assert city[owner].column("SELECT renewals FROM loan") == [0]
    city.pass_days(1)
    assert desk.ask(desk.renew(card, item)).ok
    city.check()


@OWNERS
def test_renew_all_passes_over_a_loan_that_gains_nothing(city: SmallCity, owner: str) -> None:
    desk, card, item = lent(city, owner)
    answer = desk.ask(desk.renew_all(card))
    assert (answer.ok, answer.renewed_count, answer.unrenewed_count) == (True, 0, 1)
    assert answer.unrenewed_items[0].startswith(f"{item} ")
    assert "或之后续借" in answer.unrenewed_items[0]
    assert city[owner].column("SELECT renewals FROM loan") == [0]


@OWNERS
def test_a_long_loan_is_never_shortened_by_a_renewal(owner: str) -> None:
    city = SmallCity(rule=LendingRule(loan_days=60))
    desk, card, item = lent(city, owner)
    due = city[owner].column("SELECT due_on FROM loan")
    city.pass_days(30)
    assert not desk.ask(desk.renew(card, item)).ok
    assert city[owner].column("SELECT due_on FROM loan") == due
    city.pass_days(1)
    assert desk.ask(desk.renew(card, item)).ok
    assert city[owner].column("SELECT due_on FROM loan") > due


@OWNERS
def test_a_rule_may_say_how_many_days_after_lending_a_renewal_is_allowed(owner: str) -> None:
    city = SmallCity(rule=LendingRule(renewable_from_day=7))
    desk, card, item = lent(city, owner)
    city.pass_days(6)
    assert not desk.ask(desk.renew(card, item)).ok
    city.pass_days(1)
    assert desk.ask(desk.renew(card, item)).ok


@OWNERS
def test_a_renewal_off_line_that_gains_nothing_is_listed(city: SmallCity, owner: str) -> None:
    desk, card, item = lent(city, owner)
    assert desk.ask(desk.renew(card, item, no_block=True)).ok
    city.settle()
    assert [kind for kind, _barcode, _detail in city[HERE].exceptions()] == ["no_block_renewal_too_early"]


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()
