"""Reservations: placed, changed, deleted, kept for their reader, expired; and the way of an item between libraries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.node.service.kiosks import Kiosk, end_of, sip_date
from tests.node.service.small_city import SmallCity, in_every_way_again

HERE, ELSEWHERE, THIRD, OUTSIDE = "CQSPB", "CQBB", "CQCQ", "CQWZ"
READY, WAITING = 0, 5


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def lists(city: SmallCity, desk: Kiosk, card: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(AS, CD), whose counts agree with them."""
    city.settle()
    ready, waiting = desk.ask(desk.information(card, READY)), desk.ask(desk.information(card, WAITING))
    assert ready.hold_items_count == len(ready.hold_items)
    assert waiting.unavailable_holds_count == len(waiting.unavailable_hold_items)
    return ready.hold_items, waiting.unavailable_hold_items


def lent_out(city: SmallCity, owner: str, number: int = 1) -> str:
    """An item of `owner`, on loan to a fourth reader of THIRD."""
    desk, item = city.kiosk(owner, "sc2"), city.item(owner, number)
    assert desk.ask(desk.checkout(city.card(THIRD, 4), item)).ok
    city.pass_minutes(5)
    return item


EVERYWHERE = [(HERE, HERE), (ELSEWHERE, HERE), (HERE, ELSEWHERE), (ELSEWHERE, ELSEWHERE), (ELSEWHERE, THIRD)]


@pytest.mark.parametrize(("home", "owner"), EVERYWHERE)
def test_a_hold_is_placed_once_in_every_way_and_stands_in_the_reader_s_list(
    city: SmallCity, home: str, owner: str
) -> None:
    desk, card, item = city.kiosk(HERE), city.card(home), lent_out(city, owner)
    until = city.today + timedelta(days=20)
    answers = in_every_way_again(city, desk, desk.hold("+", card, item, expiration_date=end_of(until)))
    assert all(answer == answers[0] for answer in answers)
    assert (answers[0].ok, answers[0].available) == (True, False)
    assert answers[0].queue_position == 1
    assert answers[0].pickup_location == HERE
    assert answers[0].expiration_date == end_of(until)
    assert lists(city, desk, card) == ((), (item,))
    assert city[owner].column("SELECT count(*) FROM hold") == [1]


def test_readers_wait_in_the_order_in_which_they_came(city: SmallCity) -> None:
    desk, other, item = city.kiosk(HERE), city.kiosk(ELSEWHERE), lent_out(city, THIRD)
    assert desk.ask(desk.hold("+", city.card(HERE), item)).queue_position == 1
    city.pass_minutes(1)
    assert other.ask(other.hold("+", city.card(ELSEWHERE), item)).queue_position == 2
    assert desk.ask(desk.item(item)).hold_queue_length == 2
    assert desk.ask(desk.hold("-", city.card(HERE), item)).ok
    assert other.ask(other.hold("*", city.card(ELSEWHERE), item)).queue_position == 1


def test_a_hold_is_deleted_once_in_every_way(city: SmallCity) -> None:
    desk, card, item = city.kiosk(HERE), city.card(ELSEWHERE), lent_out(city, THIRD)
    assert desk.ask(desk.hold("+", card, item)).ok
    city.pass_minutes(1)
    answers = in_every_way_again(city, desk, desk.hold("-", card, item))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].ok
    assert lists(city, desk, card) == ((), ())
    assert not desk.ask(desk.hold("*", card, item)).ok


def test_a_hold_is_changed_to_another_pickup_library(city: SmallCity) -> None:
    desk, card, item = city.kiosk(HERE), city.card(HERE), lent_out(city, THIRD)
    assert desk.ask(desk.hold("+", card, item)).ok
    answer = desk.ask(desk.hold("*", card, item, pickup_location=ELSEWHERE))
    assert (answer.ok, answer.pickup_location) == (True, ELSEWHERE)
    assert city[THIRD].column("SELECT pickup FROM hold") == [ELSEWHERE]
    until = end_of(city.today + timedelta(days=9))
    answer = desk.ask(desk.hold("*", card, item, expiration_date=until))
    assert (answer.ok, answer.pickup_location, answer.expiration_date) == (True, ELSEWHERE, until)


def test_a_hold_without_an_item_is_by_title_among_the_branch_s_own(city: SmallCity) -> None:
    desk, card = city.kiosk(HERE), city.card(ELSEWHERE)
    city[HERE].connection.execute("UPDATE item SET title = '三体' WHERE barcode LIKE '%01' OR barcode LIKE '%02'")
    assert desk.ask(desk.hold("+", card, title_identifier="三体")).ok
    assert not desk.ask(desk.hold("+", card, title_identifier="无此书")).ok
    assert not desk.ask(desk.hold("+", card, title_identifier="")).ok
    assert lists(city, desk, card) == ((), ("三体",))
    answer = desk.ask(desk.checkin(city.item(HERE, 2)))
    assert (answer.alert, answer.alert_type) == (True, "01")
    assert lists(city, desk, card) == ((city.item(HERE, 2),), ())


def test_a_title_on_hold_leaves_the_other_copies_to_the_others(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    city[HERE].connection.execute("UPDATE item SET title = '三体' WHERE barcode LIKE '%01' OR barcode LIKE '%02'")
    assert desk.ask(desk.hold("+", city.card(ELSEWHERE), title_identifier="三体")).ok
    assert desk.ask(desk.checkout(city.card(HERE), city.item(HERE, 1))).ok
    assert not desk.ask(desk.checkout(city.card(HERE), city.item(HERE, 2))).ok
    assert desk.ask(desk.checkout(city.card(ELSEWHERE), city.item(HERE, 2))).ok
    city.check()


# --- who may not reserve -----------------------------------------------------------------------------------------


def test_nobody_waits_twice_for_the_same_nor_for_what_he_has_nor_for_what_is_not_lent(city: SmallCity) -> None:
    desk, card, item = city.kiosk(HERE), city.card(HERE), city.item(ELSEWHERE)
    assert desk.ask(desk.hold("+", card, item)).ok
    city.pass_minutes(1)
    assert "预约" in desk.ask(desk.hold("+", card, item)).screen_message[0]
    assert desk.ask(desk.checkout(card, city.item(ELSEWHERE, 2))).ok
    for barcode in (item, city.item(ELSEWHERE, 2), city.item(HERE, 14), "CQBB999"):
        assert not desk.ask(desk.hold("+", card, barcode)).ok
    assert city[ELSEWHERE].column("SELECT count(*) FROM hold") == [1]


def test_a_suspended_card_reserves_nothing_and_there_is_a_limit(city: SmallCity) -> None:
    desk, card = city.kiosk(HERE), city.card(ELSEWHERE)
    for number in range(1, 9):
        assert desk.ask(desk.hold("+", card, city.item(HERE, number))).ok
        city.settle()
    assert "8" in desk.ask(desk.hold("+", card, city.item(HERE, 9))).screen_message[0]
    city[ELSEWHERE].connection.execute("UPDATE card SET status = 'suspended' WHERE reader LIKE '%-2'")
    assert not desk.ask(desk.hold("+", city.card(ELSEWHERE, 2), city.item(HERE))).ok


def test_an_outer_library_s_card_and_pickup_are_out_of_scope(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    assert not desk.ask(desk.hold("+", city.card(OUTSIDE), city.item(HERE))).ok
    assert not desk.ask(desk.hold("+", city.card(HERE), city.item(HERE), pickup_location=OUTSIDE)).ok
    assert city[HERE].column("SELECT count(*) FROM hold") == [0]


def test_with_the_owner_or_the_home_out_of_reach_it_is_refused_and_nothing_is_left(city: SmallCity) -> None:
    desk, item = city.kiosk(HERE), city.item(ELSEWHERE)
    city.lose_answers(ELSEWHERE, HERE)
    assert not desk.ask(desk.hold("+", city.card(HERE), item)).ok
    city.heal()
    city.cut(ELSEWHERE, THIRD)
    assert not desk.ask(desk.hold("+", city.card(THIRD), item)).ok
    city.settle()
    assert city[ELSEWHERE].column("SELECT state FROM hold") == ["deleted"]
    assert lists(city, desk, city.card(HERE)) == ((), ())


def test_a_deletion_that_the_kiosk_was_told_had_failed_is_undone(city: SmallCity) -> None:
    desk, card, item = city.kiosk(HERE), city.card(HERE), city.item(ELSEWHERE)
    assert desk.ask(desk.hold("+", card, item)).ok
    city.lose_answers(ELSEWHERE, HERE)
    assert not desk.ask(desk.hold("-", card, item)).ok
    assert lists(city, desk, card) == ((), (item,))


# --- the item comes in, and goes out ----------------------------------------------------------------------------


def kept_here(city: SmallCity, card: str, owner: str = ELSEWHERE) -> str:
    """An item of `owner` that stands on the shelf of HERE for `card`."""
    desk, item = city.kiosk(HERE, "staff"), lent_out(city, owner)
    assert desk.ask(desk.hold("+", card, item)).ok
    city.settle()
    answer = desk.ask(desk.checkin(item))
    assert (answer.alert, answer.alert_type, answer.destination_location) == (True, "01", HERE)
    return item


def test_a_reserved_item_that_comes_in_where_it_is_wanted_is_kept_there(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    item = kept_here(city, city.card(HERE))
    view = desk.ask(desk.item(item))
    assert (view.circulation_status, view.hold_queue_length) == ("08", 1)
    assert view.hold_pickup_date == end_of(city.today + timedelta(days=7))
    assert lists(city, desk, city.card(HERE)) == ((item,), ())


def test_the_name_is_told_to_the_reader_s_own_library_only(city: SmallCity) -> None:
    desk, other, item = city.kiosk(HERE), city.kiosk(THIRD), lent_out(city, ELSEWHERE)
    assert desk.ask(desk.hold("+", city.card(HERE, 2), item)).ok
    away = other.ask(other.checkin(item))
    assert (away.alert_type, away.destination_location, away.hold_patron_name) == ("02", HERE, None)
    assert away.hold_patron_id is None
    city.pass_minutes(30)
    arrived = desk.ask(desk.checkin(item))
    assert (arrived.alert_type, arrived.hold_patron_name) == ("01", "读**")


def test_only_the_holder_borrows_it_and_that_ends_the_hold(city: SmallCity) -> None:
    desk, card = city.kiosk(HERE), city.card(THIRD)
    item = kept_here(city, card)
    for other in (city.card(HERE), city.card(THIRD, 2), city.card(ELSEWHERE)):
        refused = desk.ask(desk.checkout(other, item))
        assert not refused.ok
        assert "预约" in refused.screen_message[0]
    assert desk.ask(desk.checkout(card, item)).ok
    assert lists(city, desk, card) == ((), ())
    assert city[ELSEWHERE].column("SELECT state FROM hold") == ["collected"]
    city.check()


def test_whoever_is_next_and_takes_the_kept_copy_off_line_lets_its_reader_wait_on(city: SmallCity) -> None:
    desk, card, following = city.kiosk(HERE), city.card(HERE), city.card(HERE, 2)
    item = kept_here(city, card)
    assert desk.ask(desk.hold("+", following, item)).ok
    city.pass_minutes(30)
    assert desk.ask(desk.checkout(following, item, no_block=True)).ok
    assert lists(city, desk, card) == ((), (item,))
    assert lists(city, desk, following) == ((), ())
    city.pass_days(1)
    back = desk.ask(desk.checkin(item))
    assert (back.alert_type, back.hold_patron_name) == ("01", "读**")
    city.check()


def test_a_cancelled_checkout_leaves_the_item_on_the_shelf_for_its_reader(city: SmallCity) -> None:
    desk, card = city.kiosk(HERE), city.card(HERE)
    item = kept_here(city, card)
    assert desk.ask(desk.checkout(card, item)).ok
    assert desk.ask(desk.checkin(item, cancel=True)).ok
    assert desk.ask(desk.item(item)).circulation_status == "08"
    assert lists(city, desk, card) == ((item,), ())
    city.pass_minutes(1)
    assert desk.ask(desk.checkout(card, item)).ok


def test_a_check_in_that_is_undone_puts_the_hold_back_into_the_queue(city: SmallCity) -> None:
    desk, card = city.kiosk(HERE), city.card(HERE)
    item = kept_here(city, card)
    staff = city.kiosk(HERE, "staff")  # where it was checked in
    assert staff.ask(staff.checkout(city.card(THIRD, 4), item, cancel=True)).ok
    assert lists(city, desk, card) == ((), (item,))
    assert desk.ask(desk.item(item)).circulation_status == "04"
    city.check()


def test_a_reserved_loan_is_not_renewed(city: SmallCity) -> None:
    desk, item = city.kiosk(HERE), lent_out(city, ELSEWHERE)
    assert desk.ask(desk.hold("+", city.card(HERE), item)).ok
    refused = desk.ask(desk.renew(city.card(THIRD, 4), item))
    assert not refused.ok
    assert "预约" in refused.screen_message[0]
    assert desk.ask(desk.hold("-", city.card(HERE), item)).ok
    city.pass_days(1)
    assert desk.ask(desk.renew(city.card(THIRD, 4), item)).ok


def test_a_reserved_item_lent_off_line_to_somebody_else_leaves_its_reader_waiting(city: SmallCity) -> None:
    desk, card = city.kiosk(HERE), city.card(HERE)
    item = kept_here(city, card)
    assert desk.ask(desk.checkout(city.card(HERE, 2), item, no_block=True)).ok
    assert lists(city, desk, card) == ((), (item,))
    assert "no_block_reserved" in [kind for kind, _barcode, _detail in city[HERE].exceptions()]
    city.check()


# --- time --------------------------------------------------------------------------------------------------------


def test_after_its_days_on_the_shelf_it_goes_to_the_next_reader(city: SmallCity) -> None:
    desk, first, second = city.kiosk(HERE), city.card(HERE), city.card(HERE, 2)
    item = kept_here(city, first)
    assert desk.ask(desk.hold("+", second, item)).queue_position == 2
    city.pass_days(8)
    assert not desk.ask(desk.checkout(first, item)).ok
    city.wait_for(city[ELSEWHERE].core.sweep())
    assert lists(city, desk, first) == ((), ())
    city.pass_minutes(30)
    assert desk.ask(desk.checkin(item)).alert_type == "01"
    assert lists(city, desk, second) == ((item,), ())
    assert desk.ask(desk.checkout(second, item)).ok
    city.check()


def test_what_nobody_collects_is_swept_from_the_shelf_and_goes_home(city: SmallCity) -> None:
    desk, home = city.kiosk(HERE), city.kiosk(ELSEWHERE)
    item = kept_here(city, city.card(HERE))
    city.pass_days(7)
    assert city.wait_for(city[ELSEWHERE].core.sweep()) == 0
    city.pass_days(1)
    assert city.wait_for(city[ELSEWHERE].core.sweep()) == 1
    assert lists(city, desk, city.card(HERE)) == ((), ())
    assert [(kind, barcode) for kind, barcode, _detail in city[HERE].exceptions()] == [("hold_expired", item)]
    assert desk.ask(desk.item(item)).circulation_status == "10"
    assert home.ask(home.checkin(item)).screen_message == ("图书已到馆",)


@pytest.mark.parametrize("own", [False, True], ids=["another reader", "the reader who waits"])
def test_a_copy_that_came_back_before_its_reader_off_line_was_known_stays_kept(city: SmallCity, own: bool) -> None:
    """Found by the simulator: the copy travelled on, and nobody waited for it."""
    desk, card, item = city.kiosk(HERE), city.card(THIRD), city.item(HERE)
    waits = card if own else city.card(ELSEWHERE)
    assert desk.ask(desk.hold("+", waits, item, pickup_location=ELSEWHERE)).ok
    city.settle()
    city.isolate(THIRD)
    lent = desk.checkout(card, item, no_block=True, transaction_date=sip_date(city.wall_ms() - 3_600_000))
    assert desk.ask(lent).ok
    assert desk.ask(desk.checkin(item)).alert_type == "02"
    city.check()
    assert city[HERE].column("SELECT item FROM hold WHERE state = 'waiting'") == [item]
    assert city[HERE].column(f"SELECT transit_to FROM item WHERE barcode = '{item}'") == [ELSEWHERE]


@pytest.mark.parametrize("home", [HERE, THIRD])
def test_a_copy_that_came_back_before_its_loan_off_line_was_told_stays_kept(city: SmallCity, home: str) -> None:
    """Found by the simulator too."""
    desk, item = city.kiosk(HERE), city.item(HERE)
    assert desk.ask(desk.hold("+", city.card(ELSEWHERE), item, pickup_location=ELSEWHERE)).ok
    lent_at = sip_date(city.wall_ms() - 3_600_000)
    assert desk.ask(desk.checkin(item)).alert_type == "02"
    assert desk.ask(desk.checkout(city.card(home), item, no_block=True, transaction_date=lent_at)).ok
    city.settle()
    city.check()
    assert city.loans() == {}
    assert city[HERE].column("SELECT item FROM hold WHERE state = 'waiting'") == [item]
    assert city[HERE].column(f"SELECT transit_to FROM item WHERE barcode = '{item}'") == [ELSEWHERE]


def test_a_hold_that_is_no_longer_wanted_is_over(city: SmallCity) -> None:
    desk, item = city.kiosk(HERE), lent_out(city, ELSEWHERE)
    until = end_of(city.today + timedelta(days=3))
    assert desk.ask(desk.hold("+", city.card(HERE), item, expiration_date=until)).ok
    city.pass_days(4)
    assert desk.ask(desk.checkin(item)).alert_type == "04"
    assert lists(city, desk, city.card(HERE)) == ((), ())


def test_a_copy_whose_hold_is_over_before_it_left_stays_where_it_is_though_the_next_reader_is_refused(
    city: SmallCity,
) -> None:
    """Found by the simulator: it was on its way for nobody."""
    desk, home, item = city.kiosk(HERE), city.kiosk(ELSEWHERE), lent_out(city, ELSEWHERE)
    until = end_of(city.today + timedelta(days=3))
    assert desk.ask(desk.hold("+", city.card(HERE), item, expiration_date=until)).ok
    assert home.ask(home.checkin(item)).alert_type == "02"
    city.pass_days(4)
    suspended = city.card(THIRD)
    city[THIRD].connection.execute(f"UPDATE card SET status = 'suspended' WHERE card = '{suspended}'")
    assert not home.ask(home.checkout(suspended, item)).ok
    city.settle()
    assert city[ELSEWHERE].column(f"SELECT transit_to FROM item WHERE barcode = '{item}'") == [""]


# --- in transit ---------------------------------------------------------------------------------------------------


def journey(city: SmallCity, item: str) -> Any:
    desk = city.kiosk(THIRD, "sc2")
    return desk.ask(desk.item(item))


def test_an_item_returned_elsewhere_is_in_transit_until_it_arrives(city: SmallCity) -> None:
    desk, home, item = city.kiosk(HERE), city.kiosk(ELSEWHERE), lent_out(city, ELSEWHERE)
    answer = desk.ask(desk.checkin(item))
    assert (answer.alert_type, answer.destination_location) == ("04", ELSEWHERE)
    view = journey(city, item)
    assert (view.circulation_status, view.destination_location) == ("10", ELSEWHERE)
    city.pass_minutes(60)
    arrived = home.ask(home.checkin(item))
    assert (arrived.ok, arrived.alert, arrived.screen_message) == (True, False, ("图书已到馆",))
    assert journey(city, item).circulation_status == "03"
    city.pass_minutes(30)
    assert home.ask(home.checkin(item)).screen_message == ("该书未在借，已收下",)


def test_a_reserved_item_travels_to_where_it_is_wanted(city: SmallCity) -> None:
    desk, home, item = city.kiosk(HERE), city.kiosk(ELSEWHERE), lent_out(city, ELSEWHERE)
    assert desk.ask(desk.hold("+", city.card(HERE), item)).ok
    answer = home.ask(home.checkin(item))
    assert (answer.alert_type, answer.destination_location) == ("02", HERE)
    assert journey(city, item).circulation_status == "10"
    assert lists(city, desk, city.card(HERE)) == ((), (item,))
    arrived = desk.ask(desk.checkin(item))
    assert arrived.alert_type == "01"
    assert arrived.screen_message[0] == "图书已到馆"
    assert journey(city, item).circulation_status == "08"


def test_a_return_that_its_owner_hears_of_later_tells_staff_where_the_item_goes(city: SmallCity) -> None:
    desk, item = city.kiosk(HERE), lent_out(city, ELSEWHERE)
    assert desk.ask(desk.hold("+", city.card(HERE), item)).ok
    city.cut(HERE, ELSEWHERE)
    assert desk.ask(desk.checkin(item)).ok
    city.settle()
    assert [kind for kind, _barcode, _detail in city[HERE].exceptions()] == ["returned_hold_here"]
    assert lists(city, desk, city.card(HERE)) == ((item,), ())
