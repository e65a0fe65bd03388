"""Who waits for a title and takes another copy than the one that is kept: the hold is collected, the kept copy free."""

from __future__ import annotations

import pytest

from tests.node.service.kiosks import Kiosk
from tests.node.service.small_city import SmallCity
from tests.node.service.test_holds import lists

HERE, ELSEWHERE, THIRD = "CQSPB", "CQBB", "CQCQ"
OTHER_COPY = "hold_other_copy"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def one_kept_of_three(city: SmallCity, owner: str, card: str) -> Kiosk:
    """At the owner: three copies of one title, the first kept ready for a reader who waits for any."""
    desk = city.kiosk(owner)
    for number in (1, 2, 3):
        title = f"UPDATE item SET title = '三体' WHERE barcode = '{city.item(owner, number)}'"
        city[owner].connection.execute(title)
    assert desk.ask(desk.hold("+", card, title_identifier="三体")).ok
    assert desk.ask(desk.checkin(city.item(owner, 1))).alert_type == "01"
    assert lists(city, desk, card) == ((city.item(owner, 1),), ())
    city.pass_minutes(1)
    return desk


@pytest.mark.parametrize("home", [HERE, ELSEWHERE])
def test_another_copy_of_the_title_collects_the_hold_and_frees_the_copy_that_was_kept(
    city: SmallCity, home: str
) -> None:
    card = city.card(home)
    desk = one_kept_of_three(city, HERE, card)
    assert desk.ask(desk.checkout(card, city.item(HERE, 2))).ok
    assert lists(city, desk, card) == ((), ())
    assert city[HERE].column("SELECT state FROM hold") == ["collected"]
    assert city[HERE].exceptions() == [(OTHER_COPY, city.item(HERE, 1), HERE)]
    assert desk.ask(desk.item(city.item(HERE, 1))).circulation_status == "03"
    assert desk.ask(desk.checkout(city.card(THIRD), city.item(HERE, 1))).ok
    city.check()


def test_the_copy_that_is_freed_is_kept_for_the_next_reader(city: SmallCity) -> None:
    card, second = city.card(HERE), city.card(ELSEWHERE)
    desk = one_kept_of_three(city, HERE, card)
    assert desk.ask(desk.hold("+", second, city.item(HERE, 1))).ok
    assert desk.ask(desk.checkout(card, city.item(HERE, 2))).ok
    assert lists(city, desk, second) == ((city.item(HERE, 1),), ())
    city.check()


def test_another_copy_taken_elsewhere_sends_the_copy_that_travelled_home(city: SmallCity) -> None:
    card = city.card(ELSEWHERE)
    desk, there = city.kiosk(HERE), city.kiosk(ELSEWHERE)
    for number in (1, 2):
        city[HERE].connection.execute(f"UPDATE item SET title = '三体' WHERE barcode = '{city.item(HERE, number)}'")
    assert desk.ask(desk.hold("+", card, title_identifier="三体", pickup_location=ELSEWHERE)).ok
    assert desk.ask(desk.checkin(city.item(HERE, 1))).alert_type == "02"
    assert there.ask(there.checkin(city.item(HERE, 1))).alert_type == "01"
    assert desk.ask(desk.checkout(card, city.item(HERE, 2))).ok
    city.settle()
    assert city[ELSEWHERE].exceptions() == [(OTHER_COPY, city.item(HERE, 1), HERE)]
    city.pass_minutes(30)
    assert there.ask(there.checkin(city.item(HERE, 1))).destination_location == HERE
    city.check()


def test_another_copy_whose_checkout_is_cancelled_leaves_the_reader_waiting(city: SmallCity) -> None:
    card = city.card(HERE)
    desk = one_kept_of_three(city, HERE, card)
    assert desk.ask(desk.checkout(card, city.item(HERE, 2))).ok
    assert desk.ask(desk.checkin(city.item(HERE, 2), cancel=True)).ok
    assert lists(city, desk, card) == ((), ("三体",))
    city.pass_minutes(30)
    assert desk.ask(desk.checkin(city.item(HERE, 1))).alert_type == "01"
    assert lists(city, desk, card) == ((city.item(HERE, 1),), ())


def test_a_hold_on_one_copy_is_not_collected_by_another(city: SmallCity) -> None:
    desk, card = city.kiosk(HERE), city.card(HERE)
    for number in (1, 2):
        city[HERE].connection.execute(f"UPDATE item SET title = '三体' WHERE barcode = '{city.item(HERE, number)}'")
    assert desk.ask(desk.hold("+", card, city.item(HERE, 1))).ok
    assert desk.ask(desk.checkin(city.item(HERE, 1))).alert_type == "01"
    assert desk.ask(desk.checkout(card, city.item(HERE, 2))).ok
    assert lists(city, desk, card) == ((city.item(HERE, 1),), ())
