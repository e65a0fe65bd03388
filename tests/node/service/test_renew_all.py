"""Renew all (65): each loan by a renewal of its own, a reason for each that is not renewed, in the kiosk's time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from node.kiosk.terminal import Terminal
from tests.node.service.kiosks import read
from tests.node.service.small_city import TERMINALS, SmallCity, in_every_way_again

HERE, ELSEWHERE, THIRD = "CQSPB", "CQBB", "CQCQ"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def borrowed(city: SmallCity, home: str) -> list[str]:
    desk, card = city.kiosk(HERE, "sc2"), city.card(home)
    items = [city.item(owner, number) for owner in (HERE, ELSEWHERE, THIRD) for number in (1, 2)]
    for item in items:
        assert desk.ask(desk.checkout(card, item)).ok
    city.pass_days(3)
    return items


@pytest.mark.parametrize("home", [HERE, ELSEWHERE])
def test_everything_is_renewed_once_in_every_way(city: SmallCity, home: str) -> None:
    items, desk = borrowed(city, home), city.kiosk(HERE)
    answers = in_every_way_again(city, desk, desk.renew_all(city.card(home)))
    assert all(answer == answers[0] for answer in answers)
    assert (answers[0].ok, answers[0].renewed_count, answers[0].unrenewed_count) == (True, 6, 0)
    assert sorted(answers[0].renewed_items) == sorted(items)
    city.settle()
    assert [city[owner].column("SELECT renewals FROM loan") for owner in (HERE, ELSEWHERE, THIRD)] == [[1, 1]] * 3


def test_each_that_is_not_renewed_has_its_reason(city: SmallCity) -> None:
    items, desk, card = borrowed(city, ELSEWHERE), city.kiosk(HERE), city.card(ELSEWHERE)
    assert desk.ask(desk.renew(card, items[0])).ok
    assert desk.ask(desk.hold("+", city.card(THIRD), items[2])).ok
    city.cut(HERE, THIRD)
    city.pass_minutes(1)
    began_s = city.clock.seconds()
    answer = desk.ask(desk.renew_all(card))
    assert city.clock.seconds() - began_s <= 4.0
    assert (answer.ok, answer.renewed_count, answer.unrenewed_count) == (True, 2, 4)
    assert sorted(answer.renewed_items) == sorted([items[1], items[3]])
    reasons = dict(line.split(" ", 1) for line in answer.unrenewed_items)
    assert set(reasons) == {items[0], items[2], items[4], items[5]}
    assert "不能再续" in reasons[items[0]]
    assert "预约" in reasons[items[2]]
    assert THIRD in reasons[items[4]]
    city.check()
    assert city[THIRD].column("SELECT renewals FROM loan") == [0, 0]


def test_nothing_is_tried_for_a_card_that_is_not_valid_unknown_or_whose_home_is_silent(city: SmallCity) -> None:
    borrowed(city, ELSEWHERE)
    desk = city.kiosk(HERE)
    city[ELSEWHERE].connection.execute("UPDATE card SET status = 'suspended' WHERE reader LIKE '%-2'")
    for card in (city.card(ELSEWHERE, 2), "9999"):
        answer = desk.ask(desk.renew_all(card))
        assert (answer.ok, answer.renewed_count, answer.unrenewed_count) == (False, 0, 0)
        assert answer.screen_message
    city.cut(HERE, ELSEWHERE)
    assert not desk.ask(desk.renew_all(city.card(ELSEWHERE))).ok


def test_a_node_that_dies_in_the_middle_tells_what_became_of_each_item(city: SmallCity) -> None:
    items, desk, card = borrowed(city, HERE), city.kiosk(HERE), city.card(HERE)
    city.lose_answers(THIRD, HERE)
    data = desk.bytes_of(desk.renew_all(card))
    desk.say(data)
    city.run_for(1.5)
    assert desk.heard() == b""
    city.restart(HERE)
    city.heal()
    desk.connect()
    answer = read(desk.send(data))
    assert (answer.ok, answer.renewed_count, answer.unrenewed_count) == (True, 4, 2)
    assert sorted(answer.renewed_items) == sorted(items[:4])
    city.check()
    renewals = {owner: city[owner].column("SELECT renewals FROM loan") for owner in (HERE, ELSEWHERE, THIRD)}
    assert renewals == {HERE: [1, 1], ELSEWHERE: [1, 1], THIRD: [0, 0]}


# --- a checkout that is a renewal --------------------------------------------------------------------------------


@pytest.fixture
def renewing() -> SmallCity:
    terminals: list[Terminal] = [replace(each, renew_on_checkout=each.login == "sc") for each in TERMINALS]
    return SmallCity(terminals=terminals)


@pytest.mark.parametrize(("home", "owner"), [(HERE, HERE), (ELSEWHERE, HERE), (HERE, ELSEWHERE), (ELSEWHERE, THIRD)])
def test_a_second_checkout_renews_once_where_the_terminal_does_that(renewing: SmallCity, home: str, owner: str) -> None:
    city, desk = renewing, renewing.kiosk(HERE)
    card, item = city.card(home), city.item(owner)
    lent = desk.ask(desk.checkout(card, item, sc_renewal_policy=True))
    assert (lent.ok, lent.renewal_ok) == (True, False)
    city.pass_days(5)
    answers = in_every_way_again(city, desk, desk.checkout(card, item, sc_renewal_policy=True))
    assert all(answer == answers[0] for answer in answers)
    assert (answers[0].ok, answers[0].renewal_ok) == (True, True)
    assert answers[0].due_date > lent.due_date
    city.settle()
    assert city[owner].column("SELECT renewals FROM loan") == [1]


def test_a_repeat_of_the_first_checkout_with_a_fresh_date_is_never_a_renewal(renewing: SmallCity) -> None:
    city, desk = renewing, renewing.kiosk(HERE)
    card, item = city.card(HERE), city.item(ELSEWHERE)
    lent = desk.ask(desk.checkout(card, item, sc_renewal_policy=True))
    city.pass_minutes(2)
    again = desk.ask(desk.checkout(card, item, sc_renewal_policy=True))
    assert (again.ok, again.renewal_ok, again.due_date) == (True, False, lent.due_date)
    assert city[ELSEWHERE].column("SELECT renewals FROM loan") == [0]


def test_it_renews_for_nobody_else_nor_where_terminal_or_request_do_not_want_it(renewing: SmallCity) -> None:
    city, desk, plain = renewing, renewing.kiosk(HERE), renewing.kiosk(HERE, "sc2")
    card, item = city.card(HERE), city.item(HERE)
    assert desk.ask(desk.checkout(card, item)).ok
    city.pass_days(5)
    for refused in (
        desk.ask(desk.checkout(city.card(HERE, 2), item, sc_renewal_policy=True)),
        desk.ask(desk.checkout(card, item)),
        plain.ask(plain.checkout(card, item, sc_renewal_policy=True)),
    ):
        assert not refused.ok
    assert city[HERE].column("SELECT renewals FROM loan") == [0]


def test_a_renewal_that_the_kiosk_was_told_had_failed_is_undone(renewing: SmallCity) -> None:
    city, desk = renewing, renewing.kiosk(HERE)
    card, item = city.card(HERE), city.item(ELSEWHERE)
    assert desk.ask(desk.checkout(card, item, sc_renewal_policy=True)).ok
    city.pass_days(5)
    city.lose_answers(ELSEWHERE, HERE)
    assert not desk.ask(desk.checkout(card, item, sc_renewal_policy=True)).ok
    city.check()
    assert city[ELSEWHERE].column("SELECT renewals FROM loan") == [0]
