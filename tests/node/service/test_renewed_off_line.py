"""A renewal made off line is answered with the due date that is in the books; without a loan it is none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.node.service.kiosks import end_of
from tests.node.service.small_city import SmallCity, in_every_way_again

HERE, ELSEWHERE, THIRD = "CQSPB", "CQBB", "CQCQ"
ALL = pytest.mark.parametrize(("home", "owner"), [(HERE, HERE), (ELSEWHERE, HERE), (HERE, ELSEWHERE), (THIRD, THIRD)])


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


@ALL
@pytest.mark.parametrize("told", ["nothing", "now"])
def test_without_a_due_date_or_with_now_the_answer_is_the_date_in_the_books(
    city: SmallCity, home: str, owner: str, told: str
) -> None:
    desk, card, item = city.kiosk(HERE), city.card(home), city.item(owner)
    assert desk.ask(desk.checkout(card, item)).ok
    city.pass_days(10)
    sent = {} if told == "nothing" else {"nb_due_date": desk.now}
    answers = in_every_way_again(city, desk, desk.renew(card, item, no_block=True, **sent))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].due_date == end_of(city.today + timedelta(days=30))
    city.settle()
    due = (city.today + timedelta(days=30)).isoformat()
    assert city[owner].column("SELECT due_on || ' ' || renewals FROM loan") == [f"{due} 1"]
    assert city[HERE].exceptions() == []


@ALL
def test_a_shorter_date_than_that_of_the_loan_is_answered_with_that_of_the_loan(
    city: SmallCity, home: str, owner: str
) -> None:
    desk, card, item = city.kiosk(HERE), city.card(home), city.item(owner)
    assert desk.ask(desk.checkout(card, item)).ok
    due = city.today + timedelta(days=30)
    city.pass_days(10)
    early = end_of(city.today + timedelta(days=5))
    answer = desk.ask(desk.renew(card, item, no_block=True, nb_due_date=early))
    assert (answer.ok, answer.due_date) == (True, end_of(due))
    assert city[owner].column("SELECT due_on FROM loan") == [due.isoformat()]


@ALL
def test_what_is_on_loan_to_nobody_is_not_renewed(city: SmallCity, home: str, owner: str) -> None:
    desk, card, item = city.kiosk(HERE), city.card(home), city.item(owner)
    answers = in_every_way_again(city, desk, desk.renew(card, item, no_block=True))
    assert [answer.ok for answer in answers] == [False] * len(answers)
    assert answers[0].screen_message
    city.settle()
    assert [kind for kind, _barcode, _detail in city[HERE].exceptions()] == ["no_block_not_on_loan"]


def test_out_of_the_owners_reach_the_date_is_told_that_will_be_in_its_books(city: SmallCity) -> None:
    desk, card, item = city.kiosk(HERE), city.card(HERE), city.item(ELSEWHERE)
    assert desk.ask(desk.checkout(card, item)).ok
    city.pass_days(10)
    city.cut(HERE, ELSEWHERE)
    renewal = desk.renew(card, item, no_block=True, nb_due_date=desk.now)
    answer = desk.ask(renewal)
    due = city.today + timedelta(days=30)
    assert (answer.ok, answer.due_date) == (True, end_of(due))
    city.restart(HERE)
    city.heal()
    city.settle()
    again = city.kiosk(HERE)
    assert again.ask(renewal).due_date == end_of(due)
    assert city[ELSEWHERE].column("SELECT due_on || ' ' || renewals FROM loan") == [f"{due.isoformat()} 1"]
    city.check()


def test_a_renewal_cut_short_by_a_restart_stands(city: SmallCity) -> None:
    desk, card, item = city.kiosk(HERE), city.card(HERE), city.item(ELSEWHERE)
    assert desk.ask(desk.checkout(card, item)).ok
    city.pass_days(10)
    city.cut(HERE, ELSEWHERE)
    renewal = desk.renew(card, item, no_block=True)
    desk.say(desk.bytes_of(renewal))
    city.run_for(0.2)
    city.restart(HERE)
    city.heal()
    city.settle()
    again = city.kiosk(HERE)
    assert again.ask(renewal).ok
    due = (city.today + timedelta(days=30)).isoformat()
    assert city[ELSEWHERE].column("SELECT due_on || ' ' || renewals FROM loan") == [f"{due} 1"]
    city.check()
