"""The small city itself: it lends, loses lines, restarts, and its check finds what is wrong."""

from __future__ import annotations

import pytest

from tests.node.service.small_city import SmallCity, in_every_way_again


def test_a_reader_borrows_at_another_library_an_item_of_a_third_and_the_books_agree() -> None:
    city = SmallCity()
    desk = city.kiosk("CQBB")
    answer = desk.ask(desk.checkout(city.card("CQSPB"), city.item("CQCQ")))
    assert answer.ok
    assert list(city.loans().values()) == [city.item("CQCQ")]
    city.check()


def test_a_checkout_repeated_in_every_way_is_carried_out_once() -> None:
    city = SmallCity()
    desk = city.kiosk("CQBB")
    answers = in_every_way_again(city, desk, desk.checkout(city.card("CQSPB"), city.item("CQCQ")))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].ok
    assert len(city.loans()) == 1
    city.check()


def test_a_cut_line_is_refused_in_time_and_heals() -> None:
    city = SmallCity()
    desk = city.kiosk("CQBB")
    city.cut("CQBB", "CQCQ")
    began_s = city.clock.seconds()
    assert not desk.ask(desk.checkout(city.card("CQBB"), city.item("CQCQ"))).ok
    assert city.clock.seconds() - began_s <= 4.0
    city.heal()
    assert desk.ask(desk.checkout(city.card("CQBB"), city.item("CQCQ", 2))).ok
    city.check()


def test_the_check_finds_a_place_without_a_loan() -> None:
    city = SmallCity(["CQSPB"])
    desk = city.kiosk("CQSPB")
    assert desk.ask(desk.checkout(city.card("CQSPB"), city.item("CQSPB"))).ok
    city["CQSPB"].connection.execute("UPDATE loan SET closed_at_ms = 1, closed_how = 'returned'")
    with pytest.raises(AssertionError):
        city.check()
