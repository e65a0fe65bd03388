"""What owners and branches tell a home, in odd orders and by the wrong one: places, cards, standings.

CQSPB is the home, CQCQ the owner.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from federation.contract import (
    CardEnabled,
    ForcedPlace,
    LoanSnapshot,
    Notice,
    PlaceRestored,
    Reason,
    Refused,
    ReleasePlace,
    StandingQuestion,
)
from federation.methods import STANDING
from node.domain.rules import LendingRule
from tests.node.service.members import ask, deliver, new_op
from tests.node.service.mishaps import screen, sentence
from tests.node.service.small_city import SmallCity

HOME, BRANCH, OWNER = "CQSPB", "CQBB", "CQCQ"
STRANGE = "2350199999999"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def tell(city: SmallCity, *notices: Notice, sender: str = OWNER) -> None:
    assert all(receipt.taken for receipt in deliver(city, sender, HOME, *notices))


def forced(city: SmallCity, op: str, owner: str = OWNER, number: int = 1) -> ForcedPlace:
    due_on = city.today + timedelta(days=30)
    item = city.item(owner, number)
    return ForcedPlace(op, city.card(HOME), owner, item, "书", False, due_on, BRANCH, city.wall_ms())


def kinds(city: SmallCity, code: str) -> list[str]:
    city.settle()
    return [kind for kind, _barcode, _detail in city[code].exceptions()]


# --- places ------------------------------------------------------------------------------------------------------


def test_loans_made_off_line_count_for_the_quota_although_they_stand_beside_it() -> None:
    city = SmallCity(rule=LendingRule(max_loans=1))
    tell(city, forced(city, new_op(), number=1))
    assert kinds(city, BRANCH) == []
    tell(city, forced(city, new_op(), number=2))
    assert kinds(city, BRANCH) == ["no_block_quota"]


def test_a_loan_that_was_over_before_the_home_heard_of_it_is_named_by_its_owner_alone(city: SmallCity) -> None:
    op = new_op()
    tell(city, ReleasePlace(op, OWNER, 1, 1))
    tell(city, forced(city, op, BRANCH), sender=BRANCH)
    assert city[HOME].column("SELECT reader FROM place") == [None]
    tell(city, forced(city, op))
    assert city[HOME].column("SELECT state || ' ' || reader FROM place") == [f"freed {HOME}-reader-1"]


def test_news_of_a_loan_that_the_home_does_not_know_changes_nothing(city: SmallCity) -> None:
    tell(city, LoanSnapshot(new_op(), OWNER, 1, 2, city.today, 1))
    assert city[HOME].column("SELECT op FROM place") == []


def test_news_of_a_loan_without_a_reader_changes_nothing(city: SmallCity) -> None:
    op = new_op()
    tell(city, ReleasePlace(op, OWNER), LoanSnapshot(op, OWNER, 1, 2, city.today, 1))
    assert city[HOME].column("SELECT due_on FROM place") == [None]
    tell(city, forced(city, op))
    assert city[HOME].column("SELECT due_on FROM place") == [(city.today + timedelta(days=30)).isoformat()]


@pytest.mark.parametrize(("foreign", "beside"), [(False, 0), (True, 1)])
def test_a_place_that_the_books_lost_is_held_again_beside_the_quota_if_that_is_full(foreign: bool, beside: int) -> None:
    city = SmallCity(rule=LendingRule(max_foreign_loans=0))
    reader, item = f"{HOME}-reader-1", city.item(OWNER)
    tell(city, PlaceRestored(new_op(), OWNER, 1, 2, city.today, 0, reader, item, "书", foreign))
    assert city[HOME].column("SELECT forced FROM place WHERE state = 'held'") == [beside]


def test_nobody_borrows_what_was_given_back_before_its_reader_was_known(city: SmallCity) -> None:
    op = new_op()
    tell(city, ReleasePlace(op, OWNER))
    home = city[HOME].core.books.home
    assert not city[HOME].read(lambda tx: home.borrows(tx, op, STRANGE))
    assert not city[HOME].read(lambda tx: home.borrows(tx, op, city.card(HOME)))


# --- cards -------------------------------------------------------------------------------------------------------


def test_what_the_staff_of_the_home_suspended_is_not_enabled_elsewhere(city: SmallCity) -> None:
    city[HOME].connection.execute("UPDATE card SET status = 'suspended'")
    tell(city, CardEnabled(new_op(), city.card(HOME), BRANCH, city.wall_ms()), sender=BRANCH)
    assert set(city[HOME].column("SELECT status FROM card")) == {"suspended"}


def test_an_owner_is_told_that_a_card_is_nobodys(city: SmallCity) -> None:
    asked = StandingQuestion(STRANGE, OWNER, city.wall_ms(), as_owner=True)
    assert ask(city, OWNER, HOME, STANDING, asked) == Refused(Reason.UNKNOWN_CARD)


@pytest.mark.parametrize("owner", [HOME, OWNER])
def test_an_overdue_item_stops_lending_where_the_rule_says_so(owner: str) -> None:
    city = SmallCity(rule=LendingRule(lending_refused_for=frozenset(("overdue_item",))))
    desk, card = city.kiosk(BRANCH), city.card(HOME)
    assert desk.ask(desk.checkout(card, city.item(owner, 1))).ok
    city.pass_days(31)
    refused = desk.ask(desk.checkout(card, city.item(owner, 2)))
    assert (refused.ok, screen(refused)) == (False, sentence(Refused(Reason.OVERDUE_ITEM, number=1)))
    assert desk.ask(desk.checkin(city.item(owner, 1))).ok
    city.pass_minutes(1)
    assert desk.ask(desk.checkout(card, city.item(owner, 2))).ok
