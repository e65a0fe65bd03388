"""A fee for collecting a reservation, where the policy sets one: asked for (BT, BV) until the reader agrees (BO)."""

from __future__ import annotations

import pytest

from federation.contract import CancelOp
from node.domain.rules import LendingRule
from tests.node.service.members import deliver
from tests.node.service.small_city import SmallCity, in_every_way_again

HERE, ELSEWHERE = "CQSPB", "CQBB"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity(rule=LendingRule(hold_fee_fen=150))


def test_a_hold_is_placed_once_the_reader_has_agreed_to_its_fee(city: SmallCity) -> None:
    desk, card, item = city.kiosk(HERE), city.card(HERE), city.item(ELSEWHERE)
    asked = desk.ask(desk.hold("+", card, item))
    assert (asked.ok, asked.fee_type, asked.currency_type, asked.fee_amount) == (False, "09", "CNY", "1.50")
    assert "1.50" in asked.screen_message[0]
    answers = in_every_way_again(city, desk, desk.hold("+", card, item, fee_acknowledged=True))
    assert all(answer == answers[0] for answer in answers)
    assert (answers[0].ok, answers[0].fee_amount) == (True, "1.50")
    assert city[ELSEWHERE].column("SELECT count(*) FROM hold") == [1]


def test_it_is_owed_where_the_item_is_collected_and_paid_there(city: SmallCity) -> None:
    desk, card, item = city.kiosk(HERE), city.card(HERE), city.item(ELSEWHERE)
    assert desk.ask(desk.hold("+", card, item, fee_acknowledged=True)).ok
    lent = desk.ask(desk.checkout(card, item))
    assert (lent.ok, lent.fee_type, lent.fee_amount) == (True, "09", "1.50")
    city.settle()
    assert desk.ask(desk.information(card)).fee_amount == "1.50"
    assert city[HERE].column("SELECT kind FROM fine") == city[HERE].column("SELECT kind FROM fine_mirror") == ["hold"]
    city.pass_days(1)
    assert desk.ask(desk.renew(card, item)).ok
    assert desk.ask(desk.pay(card, "1.50", fee_type="09")).payment_accepted
    city.check()


def test_a_hold_from_before_the_fee_asks_for_it_when_it_is_collected(city: SmallCity) -> None:
    desk, card, item = city.kiosk(HERE), city.card(HERE), city.item(ELSEWHERE)
    assert desk.ask(desk.hold("+", card, item, fee_acknowledged=True)).ok
    city[ELSEWHERE].connection.execute("UPDATE hold SET fee_fen = 0")
    first = desk.checkout(card, item)
    asked = desk.ask(first)
    assert (asked.ok, asked.fee_type, asked.fee_amount) == (False, "09", "1.50")
    agreed = desk.checkout(card, item, fee_acknowledged=True, transaction_date=first.transaction_date)
    answers = in_every_way_again(city, desk, agreed)
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].ok
    assert len(city.loans()) == 1
    city.check()


def test_a_cancelled_checkout_takes_the_fee_back(city: SmallCity) -> None:
    desk, card, item = city.kiosk(HERE), city.card(HERE), city.item(ELSEWHERE)
    assert desk.ask(desk.hold("+", card, item, fee_acknowledged=True)).ok
    assert desk.ask(desk.checkout(card, item)).ok
    assert desk.ask(desk.checkin(item, cancel=True)).ok
    city.settle()
    assert desk.ask(desk.information(card)).fee_amount == "0.00"
    city.check()


def test_an_ordinary_loan_costs_nothing(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    lent = desk.ask(desk.checkout(city.card(HERE), city.item(HERE)))
    assert (lent.ok, lent.fee_type, lent.fee_amount) == (True, None, None)


def collected_and_cancelled_after_its_return(city: SmallCity) -> None:
    """The cancellation was long on its way."""
    desk, card, item = city.kiosk(HERE), city.card(HERE), city.item(ELSEWHERE)
    assert desk.ask(desk.hold("+", card, item, fee_acknowledged=True)).ok
    assert desk.ask(desk.checkout(card, item)).ok
    (loan,) = city.loans()
    city.pass_minutes(2)
    assert desk.ask(desk.checkin(item)).ok
    assert deliver(city, HERE, ELSEWHERE, CancelOp(loan, item, HERE))[0].taken
    city.settle()


def test_a_cancellation_after_the_return_takes_the_fee_back(city: SmallCity) -> None:
    collected_and_cancelled_after_its_return(city)
    assert city[HERE].column("SELECT amount_fen FROM fine") == [0]
    city.check()


def test_where_collecting_costs_nothing_no_fee_is_booked_nor_taken_back() -> None:
    city = SmallCity()
    collected_and_cancelled_after_its_return(city)
    assert city[HERE].column("SELECT fine FROM fine") == []
    city.check()
