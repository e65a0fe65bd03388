"""Reservations that are changed, deleted or cancelled while a copy is kept, and copies of one title."""

from __future__ import annotations

from datetime import timedelta

import pytest

from federation.contract import CancelOp, ItemReturned, Reason, Route
from federation.methods import TAKE_BACK
from tests.node.service.kiosks import Kiosk, end_of
from tests.node.service.members import ask, deliver, new_op
from tests.node.service.mishaps import screen, sentence
from tests.node.service.small_city import SmallCity

HERE, OWNER, THIRD = "CQSPB", "CQBB", "CQCQ"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


@pytest.fixture
def desk(city: SmallCity) -> Kiosk:
    return city.kiosk(HERE)


def on_loan(city: SmallCity, number: int = 1) -> str:
    """An item of the owner, on loan to a reader of THIRD."""
    other, item = city.kiosk(OWNER, "sc2"), city.item(OWNER, number)
    assert other.ask(other.checkout(city.card(THIRD, 4), item)).ok
    city.pass_minutes(5)
    return item


def kept_here(city: SmallCity, desk: Kiosk) -> str:
    """An item of the owner that stands on the shelf of HERE for the first reader of HERE."""
    item = on_loan(city)
    assert desk.ask(desk.hold("+", city.card(HERE), item)).ok
    city.settle()
    assert desk.ask(desk.checkin(item)).alert_type == "01"
    city.settle()
    return item


def two_copies(city: SmallCity, *numbers: int) -> None:
    places = " OR ".join(f"barcode = '{city.item(HERE, number)}'" for number in numbers)
    city[HERE].connection.execute(f"UPDATE item SET title = '三体' WHERE {places}")


# --- changed -----------------------------------------------------------------------------------------------------


def test_a_copy_that_is_kept_travels_to_where_its_reader_wants_it_now_and_staff_send_it(
    city: SmallCity, desk: Kiosk
) -> None:
    item = kept_here(city, desk)
    city.pass_minutes(1)
    assert desk.ask(desk.hold("*", city.card(HERE), item, pickup_location=THIRD)).ok
    city.settle()
    assert city[OWNER].column("SELECT state || ' ' || pickup FROM hold") == [f"waiting {THIRD}"]
    assert city[OWNER].column("SELECT transit_to FROM item WHERE transit_to <> ''") == [THIRD]
    assert [kind for kind, _, _ in city[HERE].exceptions()] == ["hold_redirected"]
    assert city[OWNER].exceptions() == []
    third = city.kiosk(THIRD)
    assert third.ask(third.checkin(item)).alert_type == "01"


def test_a_hold_is_placed_for_another_library_from_the_beginning(city: SmallCity, desk: Kiosk) -> None:
    placed = desk.ask(desk.hold("+", city.card(HERE), on_loan(city), pickup_location=THIRD))
    assert (placed.ok, placed.pickup_location) == (True, THIRD)


def test_a_change_that_is_cancelled_leaves_the_hold_as_it_was(city: SmallCity, desk: Kiosk) -> None:
    card, item, until = city.card(HERE), on_loan(city), city.today + timedelta(days=20)
    assert desk.ask(desk.hold("+", card, item, expiration_date=end_of(until))).ok
    city.pass_minutes(1)
    later = end_of(until + timedelta(days=5))
    assert desk.ask(desk.hold("*", card, item, pickup_location=THIRD, expiration_date=later)).ok
    (change,) = city[OWNER].column("SELECT op FROM owner_op WHERE before IS NOT NULL")
    assert deliver(city, HERE, OWNER, CancelOp(change, item, HERE))[0].taken
    assert city[OWNER].column("SELECT pickup || ' ' || expires_on FROM hold") == [f"{HERE} {until.isoformat()}"]


@pytest.mark.parametrize("mode", ["*", "-"])
def test_who_has_no_hold_can_neither_change_nor_delete_one(city: SmallCity, desk: Kiosk, mode: str) -> None:
    item = on_loan(city)
    assert desk.ask(desk.hold("+", city.card(HERE, 2), item)).ok
    refused = desk.ask(desk.hold(mode, city.card(HERE), item))
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.NO_SUCH_HOLD))
    assert city[OWNER].column("SELECT state FROM hold") == ["waiting"]


def test_of_two_copies_the_one_that_is_named_is_no_longer_reserved(city: SmallCity, desk: Kiosk) -> None:
    two_copies(city, 1, 2)
    card = city.card(OWNER)
    for number in (1, 2):
        assert desk.ask(desk.hold("+", card, city.item(HERE, number))).ok
        city.pass_minutes(1)
    assert desk.ask(desk.hold("-", card, city.item(HERE, 2))).ok
    left = "SELECT barcode FROM hold WHERE state = 'waiting'"
    assert city[HERE].column(left) == [city.item(HERE, 1)]


# --- copies ------------------------------------------------------------------------------------------------------


def test_a_title_is_reserved_by_the_copy_that_is_lent(city: SmallCity, desk: Kiosk) -> None:
    city[HERE].connection.execute(f"UPDATE item SET item_type = 'reference' WHERE barcode = '{city.item(HERE, 1)}'")
    two_copies(city, 1, 2)
    assert desk.ask(desk.hold("+", city.card(HERE), title_identifier="三体")).ok


def test_a_title_of_which_no_copy_is_lent_is_known_and_refused(city: SmallCity, desk: Kiosk) -> None:
    two_copies(city, 14)
    refused = desk.ask(desk.hold("+", city.card(HERE), title_identifier="三体"))
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.NOT_LENDABLE))


def test_a_copy_on_the_shelf_does_not_make_another_one_available(city: SmallCity, desk: Kiosk) -> None:
    two_copies(city, 1, 2)
    assert desk.ask(desk.checkout(city.card(THIRD), city.item(HERE, 1))).ok
    assert desk.ask(desk.hold("+", city.card(HERE), city.item(HERE, 1))).available is False
    city.pass_minutes(1)
    assert desk.ask(desk.hold("+", city.card(HERE, 2), title_identifier="三体")).queue_position == 2
    city.pass_minutes(1)
    assert desk.ask(desk.hold("+", city.card(HERE, 3), city.item(HERE, 2))).queue_position == 2


def test_a_title_is_available_while_one_copy_stands_on_the_shelf(city: SmallCity, desk: Kiosk) -> None:
    two_copies(city, 1, 2)
    assert desk.ask(desk.checkout(city.card(THIRD), city.item(HERE, 1))).ok
    assert desk.ask(desk.hold("+", city.card(HERE), title_identifier="三体")).available is True


def test_an_item_that_is_on_its_way_is_not_available(city: SmallCity, desk: Kiosk) -> None:
    item = on_loan(city)
    third = city.kiosk(THIRD)
    assert third.ask(third.checkin(item)).alert_type == "04"
    placed = desk.ask(desk.hold("+", city.card(HERE), item))
    assert (placed.ok, placed.available) == (True, False)


# --- returned ----------------------------------------------------------------------------------------------------


def test_who_takes_a_reserved_item_back_is_told_for_whom(city: SmallCity, desk: Kiosk) -> None:
    item = on_loan(city)
    assert desk.ask(desk.hold("+", city.card(HERE, 2), item)).ok
    taken = ask(city, HERE, OWNER, TAKE_BACK, ItemReturned(new_op(), item, HERE, city.wall_ms()))
    assert (taken.route, taken.hold_home, taken.hold_reader) == (Route.HOLD_HERE, HERE, f"{HERE}-reader-2")


def test_who_takes_an_item_back_that_nobody_waits_for_is_told_of_nobody(city: SmallCity) -> None:
    taken = ask(city, HERE, OWNER, TAKE_BACK, ItemReturned(new_op(), on_loan(city), HERE, city.wall_ms()))
    assert (taken.route, taken.hold_home, taken.hold_reader) == (Route.OWNER, "", "")
