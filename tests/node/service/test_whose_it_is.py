"""Whose an item or a card is: another group's (R9), a bare number of an older system, nobody's (design 3)."""

from __future__ import annotations

import pytest

from federation.contract import Reason
from node.storage.owner import loans as owner_rows
from tests.node.service.errands import describe, lend, take_back
from tests.node.service.kiosks import read
from tests.node.service.mishaps import screen, sentence
from tests.node.service.small_city import SmallCity

BRANCH, HOME, OWNER = "CQBB", "CQSPB", "CQCQ"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


# --- R9: outside the group ------------------------------------------------------------------------------------------


@pytest.fixture
def wide() -> SmallCity:
    return SmallCity(["CQSPB", "CQBB", "CQWZ"])


def test_a_card_and_an_item_of_another_group_are_refused_by_name(wide: SmallCity) -> None:
    for card, item in ((wide.card("CQWZ"), wide.item(BRANCH)), (wide.card(BRANCH), wide.item("CQWZ"))):
        refused = lend(wide, BRANCH, card, item)
        assert (refused.ok, screen(refused)) == (False, sentence(Reason.OUT_OF_GROUP, "CQWZ"))
    assert wide.loans() == wide.places() == {}


def test_an_item_of_another_group_is_refused_at_a_self_check_and_taken_at_a_bin(wide: SmallCity) -> None:
    card, item = wide.card("CQWZ"), wide.item("CQWZ")
    assert lend(wide, "CQWZ", card, item).ok
    wide.pass_days(1)
    refused = take_back(wide, BRANCH, item)
    assert (refused.ok, refused.alert, screen(refused)) == (False, True, sentence(Reason.OUT_OF_GROUP, "CQWZ"))
    assert item in wide.loans().values()
    wide.pass_minutes(1)
    assert take_back(wide, BRANCH, item, "bin").ok
    assert ("return_out_of_group", item, "CQWZ") in wide[BRANCH].exceptions()
    wide.check()
    assert wide.loans() == {}


def test_an_item_of_another_group_is_taken_at_a_bin_even_if_its_owner_is_out_of_reach(wide: SmallCity) -> None:
    card, item = wide.card("CQWZ"), wide.item("CQWZ")
    lend(wide, "CQWZ", card, item)
    wide.pass_days(1)
    wide.isolate("CQWZ")
    desk = wide.kiosk(BRANCH, "bin")
    assert desk.ask(desk.checkin(item)).ok
    wide.check()
    assert wide.loans() == {}


# --- whose is it? ---------------------------------------------------------------------------------------------------

OLD = "0042317"


def put_old_item(city: SmallCity, code: str) -> None:
    """An item with the bare number of an older system."""
    row = owner_rows.NewItem(OLD, f"{code}旧书", "", "", "K1", "book", "", foreign=False, price_fen=0)
    city[code].store.run_now(lambda tx: owner_rows.add_items(tx, [row]), "furnish")


def test_a_bare_number_that_one_peer_knows_is_that_peers(city: SmallCity) -> None:
    put_old_item(city, OWNER)
    lent = lend(city, BRANCH, city.card(HOME), OLD)
    assert (lent.ok, lent.title_identifier) == (True, f"{OWNER}旧书")
    assert describe(city, BRANCH, OLD).title_identifier == f"{OWNER}旧书"
    city.pass_minutes(2)
    taken = take_back(city, BRANCH, OLD)
    assert (taken.ok, taken.destination_location) == (True, OWNER)
    city.check()
    assert city.loans() == {}


def test_a_bare_number_of_two_peers_is_for_staff(city: SmallCity) -> None:
    put_old_item(city, HOME)
    put_old_item(city, OWNER)
    refused = lend(city, BRANCH, city.card(HOME), OLD)
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.AMBIGUOUS_ITEM))
    refused = take_back(city, BRANCH, OLD)
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.AMBIGUOUS_ITEM))
    taken = take_back(city, BRANCH, OLD, "bin")
    assert (taken.ok, taken.alert) == (True, True)
    assert [kind for kind, _, _ in city[BRANCH].exceptions()] == ["return_ambiguous_item"]


def test_a_bare_number_of_nobody_is_refused_at_a_self_check_and_for_staff_at_a_bin(city: SmallCity) -> None:
    for answer in (lend(city, BRANCH, city.card(HOME), OLD), take_back(city, BRANCH, OLD)):
        assert (answer.ok, screen(answer)) == (False, sentence(Reason.UNKNOWN_ITEM))
    taken = take_back(city, BRANCH, OLD, "bin")
    assert (taken.ok, taken.alert) == (True, True)
    assert [kind for kind, _, _ in city[BRANCH].exceptions()] == ["return_unknown_item"]


@pytest.mark.parametrize("login", ["sc", "bin"])
def test_a_bare_number_that_a_silent_peer_may_know_is_taken_and_settled_later(city: SmallCity, login: str) -> None:
    put_old_item(city, OWNER)
    assert lend(city, BRANCH, city.card(HOME), OLD).ok
    city.pass_days(3)
    city.isolate(OWNER)
    desk = city.kiosk(BRANCH, login)
    began_s = city.clock.seconds()
    taken = desk.ask(desk.checkin(OLD))
    assert (taken.ok, taken.alert) == (True, True)
    assert city.clock.seconds() - began_s <= 4.0
    city.check()
    assert city.loans() == {}


def test_a_bare_number_that_a_silent_peer_may_know_is_not_lent(city: SmallCity) -> None:
    put_old_item(city, OWNER)
    city.isolate(OWNER)
    desk = city.kiosk(BRANCH)
    refused = desk.ask(desk.checkout(city.card(HOME), OLD))
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.OWNER_UNREACHABLE, OWNER))


def test_a_bare_number_whose_owner_is_known_and_another_peer_silent_is_lent(city: SmallCity) -> None:
    put_old_item(city, OWNER)
    city.isolate(HOME)
    desk = city.kiosk(BRANCH)
    assert desk.ask(desk.checkout(city.card(BRANCH), OLD)).ok


def test_an_unknown_item_with_an_owners_prefix_is_a_clear_refusal(city: SmallCity) -> None:
    for code in (BRANCH, OWNER):
        strange = f"{code}0199999999"
        for answer in (lend(city, BRANCH, city.card(HOME), strange), take_back(city, BRANCH, strange)):
            assert (answer.ok, screen(answer)) == (False, sentence(Reason.UNKNOWN_ITEM))
        assert take_back(city, BRANCH, strange, "bin").ok
    city.check()


def test_a_correction_about_a_bare_number_is_told_once_although_its_owner_falls_silent_meanwhile(
    city: SmallCity,
) -> None:
    put_old_item(city, OWNER)
    assert lend(city, BRANCH, city.card(HOME), OLD).ok
    desk = city.kiosk(BRANCH, "sc2")
    correction = desk.bytes_of(desk.checkin(OLD, cancel=True))
    desk.say(correction)
    begun = "SELECT op FROM kiosk_op WHERE message = '09 cancel'"
    city.run_until(lambda: len(city[BRANCH].column(begun)) == 1)
    city.isolate(OWNER)
    again = city.kiosk(BRANCH, "sc2")  # the same terminal on a new line, while the owner is asked
    again.say(correction)
    city.run_until(lambda: bool(again.heard()))
    assert read(again.heard()).ok
    city.check()
    assert city.loans() == {}
