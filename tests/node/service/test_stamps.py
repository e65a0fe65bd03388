"""What a kiosk's date tells: one stamp for many operations, and clocks that stand still."""

from __future__ import annotations

from typing import Any

import pytest

from federation.contract import Reason
from sip2 import SipDate
from tests.node.service.mishaps import screen, sentence
from tests.node.service.repeating import BRANCH, ROLES, STUCK, Case, but_for_the_date


@pytest.fixture(params=list(ROLES))
def case(request: Any) -> Case:
    return Case(request.param)


@pytest.fixture
def here() -> Case:
    return Case()


# --- one stamp for many operations -----------------------------------------------------------------------------

MINUTE = SipDate("20260302    100000")


def stamped(case: Case, request: str, **fields: Any) -> Any:
    """A request with the stamp of that minute, whatever the time is."""
    return getattr(case, request)(transaction_date=MINUTE, **fields)


def test_out_in_out_with_one_stamp_is_refused_for_a_minute_and_then_lent(case: Case) -> None:
    assert stamped(case, "lend").ok
    case.city.pass_minutes(0.2)
    assert stamped(case, "take_back").ok
    case.city.pass_minutes(0.2)
    refused = stamped(case, "lend")
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.ASKED_TWICE))
    assert stamped(case, "lend").ok is False
    case.city.check()
    assert case.city.loans() == {}
    case.city.pass_minutes(1.1)
    assert stamped(case, "lend").ok
    case.city.check()
    assert list(case.city.loans().values()) == [case.item]


def test_in_out_in_with_one_stamp_takes_back_both(case: Case) -> None:
    case.lend()
    case.city.pass_minutes(3)
    for _ in range(2):
        assert stamped(case, "take_back").ok
        case.city.settle()
        assert case.city.loans() == {}
        case.city.pass_minutes(0.1)
        assert case.kiosk.ask(case.kiosk.checkout(case.city.card(case.home, 2), case.item)).ok
        case.city.pass_minutes(0.1)


def test_in_out_in_with_one_stamp_takes_back_what_was_lent_elsewhere_in_between(case: Case) -> None:
    case.lend()
    case.city.pass_days(1)
    elsewhere = case.city.kiosk("CQCQ")
    for _ in range(3):
        assert stamped(case, "take_back").ok
        case.city.settle()
        assert case.city.loans() == {}
        assert elsewhere.ask(elsewhere.checkout(case.card, case.item)).ok
        case.city.pass_minutes(1.5)


def test_out_elsewhere_in_out_with_one_stamp_is_never_lent_without_a_loan(case: Case) -> None:
    assert stamped(case, "lend").ok
    elsewhere = case.city.kiosk("CQCQ")
    case.city.pass_minutes(0.2)
    assert elsewhere.ask(elsewhere.checkin(case.item)).ok
    case.city.pass_minutes(0.2)
    assert stamped(case, "lend").ok is bool(case.city.loans())


def measure_clocks(case: Case) -> None:
    case.city[case.owner].core.links.start_measuring(for_ever=False)
    case.city.run_for(1)


def test_out_in_elsewhere_and_out_within_seconds_with_one_stamp_is_refused(case: Case) -> None:
    measure_clocks(case)
    elsewhere = case.city.kiosk("CQCQ")
    assert stamped(case, "lend").ok
    case.city.run_for(1.5)
    assert elsewhere.ask(elsewhere.checkin(case.item)).ok
    case.city.run_for(0.5)
    refused = stamped(case, "lend")
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.ASKED_TWICE))
    assert case.city.loans() == {}


def test_in_out_elsewhere_and_in_within_seconds_with_one_stamp_ends_the_loan(case: Case) -> None:
    measure_clocks(case)
    case.lend()
    elsewhere = case.city.kiosk("CQCQ")
    case.city.pass_minutes(3)
    for _ in range(2):
        assert stamped(case, "take_back").ok
        case.city.run_for(0.5)
        assert case.city.loans() == {}
        assert elsewhere.ask(elsewhere.checkout(case.city.card(case.home, 2), case.item)).ok
        case.city.run_for(1.5)


def test_a_checkout_that_is_repeated_while_the_owner_is_silent_is_told_again_for_a_minute() -> None:
    case = Case("owner elsewhere")
    first = stamped(case, "lend")
    case.city.cut(BRANCH, case.owner)
    case.city.pass_minutes(0.5)
    assert stamped(case, "lend") == first
    case.city.pass_minutes(1)
    assert screen(stamped(case, "lend")) == sentence(Reason.OWNER_UNREACHABLE, case.owner)


def test_a_late_return_that_is_repeated_while_the_owner_is_silent_is_told_again() -> None:
    case = Case("owner elsewhere")
    case.lend()
    case.city.pass_days(33)
    first = case.take_back()
    case.city.cut(BRANCH, case.owner)
    case.city.pass_minutes(0.5)
    again = case.kiosk.ask(case.kiosk.checkin(case.item, transaction_date=first.transaction_date))
    assert "0.60" in screen(first)
    assert but_for_the_date(again) == but_for_the_date(first)


def test_what_another_reader_was_refused_in_between_makes_no_repeat_a_new_operation(case: Case) -> None:
    first = stamped(case, "lend")
    assert not case.kiosk.ask(case.kiosk.checkout(case.city.card(case.home, 2), case.item)).ok
    case.city.pass_minutes(0.3)
    assert stamped(case, "lend") == first


# --- a clock that stands still ---------------------------------------------------------------------------------


def test_a_kiosk_with_a_stuck_clock_makes_real_loans_and_real_returns(case: Case) -> None:
    """Every request carries the same date; what is answered in between makes the next one new."""
    for _ in range(3):
        assert case.lend(transaction_date=STUCK).ok
        case.city.pass_days(1)
        assert case.take_back(transaction_date=STUCK, return_date=STUCK).ok
        assert case.city.loans() == {}
        case.city.pass_days(1)
    case.city.check()
    assert case.count(case.owner, "loan") == 3


def test_a_stuck_clock_swallows_no_return_of_a_loan_made_elsewhere(case: Case) -> None:
    elsewhere = case.city.kiosk("CQCQ")
    for _ in range(2):
        assert elsewhere.ask(elsewhere.checkout(case.card, case.item)).ok
        case.city.pass_days(1)
        assert case.take_back(transaction_date=STUCK, return_date=STUCK).ok
        case.city.settle()
        assert case.city.loans() == {}
        case.city.pass_days(1)
    case.city.check()


def test_a_return_with_a_stuck_clock_that_nothing_followed_is_answered_the_same(case: Case) -> None:
    case.lend(transaction_date=STUCK)
    case.city.pass_days(1)
    first = case.take_back(transaction_date=STUCK, return_date=STUCK)
    case.city.pass_minutes(9)
    again = case.take_back(transaction_date=STUCK, return_date=STUCK)
    assert but_for_the_date(again) == but_for_the_date(first)


def test_a_retransmission_with_a_true_date_is_a_repeat_for_ever(case: Case) -> None:
    """The kiosk was switched off for a week with the message in its queue."""
    request = case.kiosk.checkout(case.card, case.item)
    first = case.kiosk.ask(request)
    case.city.pass_days(7)
    case.kiosk.connect()
    assert case.kiosk.ask(request) == first
    case.city.check()


def test_a_retry_with_a_true_date_is_a_repeat_for_a_minute_although_another_reader_asked_meanwhile(here: Case) -> None:
    request = here.kiosk.checkout(here.card, here.item)
    first = here.kiosk.ask(request)
    other = here.city.kiosk(BRANCH, "sc2")
    assert not other.ask(other.checkout(here.city.card(BRANCH, 2), here.item)).ok
    here.city.pass_minutes(1)
    assert here.kiosk.ask(request) == first


def test_the_same_bytes_more_than_a_minute_later_are_answered_by_the_loan_that_is_still_open(
    here: Case,
) -> None:
    request = here.kiosk.checkout(here.card, here.item)
    first = here.kiosk.ask(request)
    other = here.city.kiosk(BRANCH, "sc2")
    assert not other.ask(other.checkout(here.city.card(BRANCH, 2), here.item)).ok
    here.city.pass_minutes(1)
    here.city.run_for(0.001)
    again = here.kiosk.ask(request)
    assert (again.ok, again.renewal_ok, again.due_date) == (True, False, first.due_date)
    assert len(here.city[here.owner].connection.execute("SELECT op FROM loan").fetchall()) == 1


def test_what_the_branch_remembers_holds_no_card(case: Case) -> None:
    case.lend()
    case.renew()
    case.take_back()
    written = "\n".join(case.city[BRANCH].connection.iterdump())
    of_the_branch = [line for line in written.splitlines() if 'INSERT INTO "kiosk_op"' in line]
    assert len(of_the_branch) == 3
    assert not any(case.card in line for line in of_the_branch)


@pytest.mark.parametrize("roles", ROLES)
def test_an_item_that_comes_back_after_the_clock_was_set_back_a_little_ends_its_loan(roles: str) -> None:
    case = Case(roles)
    assert case.lend().ok
    case.city.pass_days(-30 / 86_400)
    assert case.take_back().ok
    case.city.settle()
    assert case.count(case.owner, "loan WHERE closed_at_ms IS NULL") == 0
    assert case.count(case.home, "place WHERE state = 'held'") == 0
