"""Libraries do not upgrade on the same day: with one that is a release behind everything is done that both know, and
what it does not know waits for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twisted.internet.defer import Deferred

from tests.node.service.older import KNOWN_METHODS, KNOWN_NOTICES, goes_on_in_the_first_release
from tests.node.service.small_city import SmallCity

NEWER, OLDER = "CQSPB", "CQBB"
LONGEST_PAUSE_S = 1200.0


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


@pytest.fixture
def upgrade(city: SmallCity) -> Callable[[], None]:
    return goes_on_in_the_first_release(city[OLDER])


def keep(city: SmallCity) -> None:
    """A notice that the older library does not know."""
    staff = city.kiosk(NEWER, "staff")
    assert staff.ask(staff.properties(city.item(OLDER, 5), "缺页")).item_properties_ok


def waits(city: SmallCity) -> list[str]:
    """The kinds of notices that wait for the older library."""
    keys = city[NEWER].column("SELECT key FROM outbox WHERE acked_at_ms IS NULL ORDER BY id")
    return [str(key).split("/")[0] for key in keys]


def test_the_first_release_knew_less_than_this_one() -> None:
    assert not KNOWN_METHODS & {"/tongjie.federation.v1.Owner/Hold", "/tongjie.federation.v1.Home/Places"}
    assert "ItemReturned" in KNOWN_NOTICES
    assert not KNOWN_NOTICES & {"PropertiesKept", "ReopenLoan", "HoldSnapshot"}


def test_what_it_does_not_know_waits_until_it_does_and_everything_else_arrives(
    city: SmallCity, upgrade: Callable[[], None]
) -> None:
    desk, bin_ = city.kiosk(NEWER), city.kiosk(NEWER, "bin")
    keep(city)
    for number in (1, 2, 3):
        assert desk.ask(desk.checkout(city.card(OLDER), city.item(OLDER, number))).ok
    city.cut(NEWER, OLDER)
    for number in (1, 2, 3):
        assert bin_.ask(bin_.checkin(city.item(OLDER, number))).ok
    city.heal()
    city.run_for(LONGEST_PAUSE_S)
    assert waits(city) == ["PropertiesKept"]
    assert city.loans() == city.places() == {}
    upgrade()
    city.check()
    assert city[OLDER].column("SELECT properties FROM item WHERE properties <> ''") == ["缺页"]


def test_both_lend_renew_and_take_back_as_always_while_something_waits(
    city: SmallCity, upgrade: Callable[[], None]
) -> None:
    keep(city)
    for branch, other in ((NEWER, OLDER), (OLDER, NEWER)):
        desk = city.kiosk(branch)
        for card, item in ((city.card(other), city.item(branch)), (city.card(branch), city.item(other, 2))):
            assert desk.ask(desk.checkout(card, item)).ok
            city.pass_days(1)
            assert desk.ask(desk.renew(card, item)).ok
            assert desk.ask(desk.information(card, 2)).charged_items == (item,)
            assert desk.ask(desk.checkin(item)).ok
    city.run_for(LONGEST_PAUSE_S)
    assert waits(city) == ["PropertiesKept"]
    assert city.loans() == city.places() == {}


def test_a_method_that_it_does_not_know_is_a_no_and_it_is_not_taken_for_a_silent_one(
    city: SmallCity, upgrade: Callable[[], None]
) -> None:
    desk = city.kiosk(NEWER)
    for number in range(1, 7):
        assert not desk.ask(desk.hold("+", city.card(NEWER), city.item(OLDER, number))).ok
        assert desk.ask(desk.checkout(city.card(NEWER), city.item(OLDER, number))).ok
    assert city[NEWER].core.peers.is_up(OLDER)


def test_it_is_left_out_of_a_comparison(city: SmallCity, upgrade: Callable[[], None]) -> None:
    found = city.wait_for(Deferred.fromCoroutine(city[NEWER].core.lookout.comparison.look()))
    assert OLDER in dict(found.silent)
    assert "CQCQ" not in dict(found.silent)
