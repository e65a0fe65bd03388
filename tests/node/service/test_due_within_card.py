"""`due_within_card`: no due date lies after the card's last day, whichever library lends."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from node.domain.rules import LendingRule
from tests.node.service.small_city import SmallCity

HERE, ELSEWHERE = "CQSPB", "CQBB"
HOMES_AND_OWNERS = pytest.mark.parametrize(
    ("home", "owner"), [(HERE, HERE), (HERE, ELSEWHERE), (ELSEWHERE, HERE), (ELSEWHERE, ELSEWHERE), ("CQCQ", ELSEWHERE)]
)


def city_of_cards_until(days: int, home: str) -> tuple[SmallCity, date]:
    """The cards of `home` end in so many days."""
    city = SmallCity(rule=LendingRule(due_within_card=True))
    last = city.today + timedelta(days=days)
    expire(city, home, last)
    return city, last


def expire(city: SmallCity, home: str, last: date) -> None:
    city[home].connection.execute("UPDATE card SET expires_on = ?", (last.isoformat(),))


def due_dates(city: SmallCity, home: str, owner: str) -> tuple[list[str], list[str]]:
    """In the books of the owner, and in the mirror of the home."""
    loans = city[owner].column("SELECT due_on FROM loan WHERE closed_at_ms IS NULL")
    return loans, city[home].column("SELECT due_on FROM place WHERE state = 'held'")


@HOMES_AND_OWNERS
def test_a_loan_is_due_on_the_last_day_of_the_card_at_owner_home_and_kiosk(home: str, owner: str) -> None:
    city, last = city_of_cards_until(10, home)
    desk = city.kiosk(HERE)
    answer = desk.ask(desk.checkout(city.card(home), city.item(owner)))
    assert answer.ok
    assert last.isoformat() in answer.screen_message[0]
    assert due_dates(city, home, owner) == ([last.isoformat()], [last.isoformat()])
    city.check()


@HOMES_AND_OWNERS
def test_a_renewal_reaches_to_the_last_day_of_the_card(home: str, owner: str) -> None:
    city, last = city_of_cards_until(40, home)
    desk, card, item = city.kiosk(HERE, "sc2"), city.card(home), city.item(owner)
    assert desk.ask(desk.checkout(card, item)).ok
    city.pass_days(20)
    assert desk.ask(desk.renew(card, item)).ok
    city.settle()
    assert due_dates(city, home, owner) == ([last.isoformat()], [last.isoformat()])
    city.check()


@HOMES_AND_OWNERS
def test_a_renewal_that_gains_no_day_is_refused_with_the_card_as_the_reason_and_not_counted(
    home: str, owner: str
) -> None:
    city, last = city_of_cards_until(30, home)
    desk, card, item = city.kiosk(HERE, "sc2"), city.card(home), city.item(owner)
    assert desk.ask(desk.checkout(card, item)).ok
    city.pass_days(20)
    refused = desk.ask(desk.renew(card, item))
    assert not refused.ok
    assert refused.screen_message == (f"您的借阅卡最迟{last}到期，续借不能再延后；请先到{home}延长借阅卡有效期",)
    assert city[owner].column("SELECT renewals FROM loan") == [0]
    expire(city, home, last + timedelta(days=365))
    city.pass_minutes(30)
    assert desk.ask(desk.renew(card, item)).ok, "the card was extended"
    city.check()


def test_renew_all_passes_over_what_the_card_does_not_outlast() -> None:
    city, _last = city_of_cards_until(30, HERE)
    desk, card, item = city.kiosk(HERE, "sc2"), city.card(HERE), city.item(ELSEWHERE)
    assert desk.ask(desk.checkout(card, item)).ok
    city.pass_days(20)
    answer = desk.ask(desk.renew_all(card))
    assert (answer.ok, answer.renewed_count, answer.unrenewed_count) == (True, 0, 1)
    assert "延长借阅卡有效期" in answer.unrenewed_items[0]


def test_without_the_setting_a_loan_may_run_beyond_the_card() -> None:
    city = SmallCity()
    expire(city, HERE, city.today + timedelta(days=10))
    desk = city.kiosk(HERE)
    assert desk.ask(desk.checkout(city.card(HERE), city.item(ELSEWHERE))).ok
    due = (city.today + timedelta(days=30)).isoformat()
    assert due_dates(city, HERE, ELSEWHERE) == ([due], [due])


@pytest.mark.parametrize("owner", [HERE, ELSEWHERE])
def test_what_a_kiosk_did_off_line_keeps_its_date_and_staff_are_told(owner: str) -> None:
    city, last = city_of_cards_until(10, HERE)
    desk, card, item = city.kiosk(HERE), city.card(HERE), city.item(owner)
    later = city.today + timedelta(days=20)
    assert desk.ask(desk.checkout(card, item, no_block=True, nb_due_date=f"{later:%Y%m%d}    235959")).ok
    city.settle()
    assert due_dates(city, HERE, owner) == ([later.isoformat()], [later.isoformat()])
    assert [kind for kind, _barcode, _detail in city[HERE].exceptions()] == ["no_block_due_date"]
    assert last < later


@pytest.mark.parametrize("owner", [HERE, ELSEWHERE])
def test_a_kiosk_that_told_no_date_off_line_hears_one_within_the_card(owner: str) -> None:
    city, last = city_of_cards_until(10, HERE)
    desk = city.kiosk(HERE)
    answer = desk.ask(desk.checkout(city.card(HERE), city.item(owner), no_block=True))
    assert answer.ok
    city.settle()
    assert due_dates(city, HERE, owner) == ([last.isoformat()], [last.isoformat()])
    assert city[HERE].exceptions() == []


@pytest.mark.parametrize("home", [HERE, ELSEWHERE])
def test_a_renewal_off_line_beyond_the_card_is_on_the_list_of_the_home(home: str) -> None:
    city, last = city_of_cards_until(30, home)
    desk, card, item = city.kiosk(HERE, "sc2"), city.card(home), city.item("CQCQ")
    assert desk.ask(desk.checkout(card, item)).ok
    city.settle()
    city.pass_days(20)
    later = last + timedelta(days=15)
    assert desk.ask(desk.renew(card, item, no_block=True, nb_due_date=f"{later:%Y%m%d}    235959")).ok
    city.settle()
    assert due_dates(city, home, "CQCQ") == ([later.isoformat()], [later.isoformat()])
    assert [kind for kind, _barcode, _detail in city[home].exceptions()] == ["no_block_renewal_past_card"]
