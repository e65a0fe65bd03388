"""A cancellation that reaches the owner after the item has come back: the reader was told "not lent", so he owes
nothing for it, however late that was, and whichever of the two is heard of first."""

from __future__ import annotations

import pytest

from federation.contract import Reason
from tests.node.service.errands import renew, take_back
from tests.node.service.kiosks import read
from tests.node.service.mishaps import screen, sentence
from tests.node.service.small_city import SmallCity

HOME, OWNER, BRANCH = "CQSPB", "CQBB", "CQCQ"
LATE_DAYS = 35


@pytest.fixture
def city() -> SmallCity:
    """The reader of HOME was told "not lent" at BRANCH; the owner has lent the item, and does not know that yet."""
    city = SmallCity()
    desk = city.kiosk(BRANCH)
    city.lose_answers(OWNER, BRANCH)
    desk.say(desk.bytes_of(desk.checkout(city.card(HOME), city.item(OWNER))))
    city.run_until(lambda: city.loans() != {})
    city.cut(BRANCH, OWNER)
    city.run_until(lambda: desk.heard() != b"")
    answer = read(desk.heard())
    assert (answer.ok, screen(answer)) == (False, sentence(Reason.OWNER_UNREACHABLE, OWNER))
    assert list(city.loans().values()) == [city.item(OWNER)]
    return city


def back_late(city: SmallCity, code: str) -> None:
    """Found on a shelf and scanned. It stays at the branch that has no line, so far as others know."""
    desk = city.kiosk(code)
    city.pass_days(LATE_DAYS)
    assert desk.ask(desk.checkin(city.item(OWNER))).ok
    city.run_for(30)


def owed(city: SmallCity, ledger: str = OWNER) -> tuple[list[int], list[int]]:
    """At the library where the fee arose, and as the reader's home has it."""
    return city[ledger].column("SELECT amount_fen FROM fine"), city[HOME].column("SELECT amount_fen FROM fine_mirror")


@pytest.mark.parametrize("ledger", [OWNER, HOME])
def test_the_fine_of_a_loan_that_the_reader_was_told_he_does_not_have_is_lowered_to_nothing(
    city: SmallCity, ledger: str
) -> None:
    back_late(city, ledger)
    assert owed(city, ledger) == ([100], [100])
    city.check()
    assert owed(city, ledger) == ([0], [0])
    assert city[OWNER].column("SELECT closed_how FROM loan") == ["cancelled"]
    desk = city.kiosk(HOME)
    assert desk.ask(desk.information(city.card(HOME))).fee_amount == "0.00"


def test_if_it_was_paid_a_refund_is_due(city: SmallCity) -> None:
    back_late(city, OWNER)
    desk = city.kiosk(OWNER)
    assert desk.ask(desk.pay(city.card(HOME), "1.00")).payment_accepted
    city.check()
    assert ("refund_due", city.item(OWNER), "100 fen") in city[OWNER].exceptions()


def test_the_end_is_the_same_whichever_is_heard_of_first(city: SmallCity) -> None:
    city.settle()
    assert city[OWNER].column("SELECT closed_how FROM loan") == ["cancelled"]
    city.pass_days(LATE_DAYS)
    assert take_back(city, OWNER, city.item(OWNER)).ok
    city.check()
    assert owed(city) == ([], [])
    assert city[OWNER].column("SELECT closed_how FROM loan") == ["cancelled"]
    assert city[OWNER].column("SELECT loan FROM evidence") == [None]


def test_the_return_stands_and_ends_no_loan(city: SmallCity) -> None:
    back_late(city, OWNER)
    city.check()
    assert city[OWNER].column("SELECT loan FROM evidence") == [None]
    desk = city.kiosk(OWNER)
    assert desk.ask(desk.checkout(city.card(HOME), city.item(OWNER))).ok
    city.check()


def test_a_cancellation_that_is_delivered_again_changes_nothing(city: SmallCity) -> None:
    back_late(city, OWNER)
    city.refused_lines.clear()  # what BRANCH says arrives, and it hears no answer
    city.run_for(1200)
    assert city.backlog()
    city.check()
    assert owed(city) == ([0], [0])
    assert city[OWNER].column("SELECT version FROM fine_order") == [2]


def test_the_return_failed_at_the_kiosk_and_the_loan_does_not_go_on(city: SmallCity) -> None:
    desk = city.kiosk(OWNER)
    city.pass_days(LATE_DAYS)
    assert desk.ask(desk.checkin(city.item(OWNER))).ok
    city.settle()
    desk.ask(desk.checkout(city.card(HOME), city.item(OWNER), cancel=True))
    city.check()
    assert city.loans() == {}
    assert owed(city) == ([0], [0])


def test_the_fine_of_a_renewed_loan_stands(city: SmallCity) -> None:
    """The reader has used it: he knows of it."""
    city.pass_days(20)
    assert renew(city, OWNER, city.card(HOME), city.item(OWNER)).ok
    back_late(city, OWNER)
    city.check()
    assert owed(city) == ([100], [100])
    assert city[OWNER].column("SELECT closed_how FROM loan") == ["returned"]
