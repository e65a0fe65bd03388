"""A kiosk repeats itself: in every way a repeat can come, the request is carried out once and heard once more.

And what only looks like a repeat (a stuck clock, a device counter that starts over) is carried out again.
"""

from __future__ import annotations

from typing import Any

import pytest

from federation.contract import Reason
from tests.node.service.kiosks import read
from tests.node.service.mishaps import hold_back, screen, sentence, slow_commit
from tests.node.service.repeating import BRANCH, ROLES, Case, but_for_the_date, same
from tests.node.service.small_city import in_every_way_again


@pytest.fixture(params=list(ROLES))
def case(request: Any) -> Case:
    return Case(request.param)


@pytest.fixture
def here() -> Case:
    return Case()


# --- the same request ------------------------------------------------------------------------------------------


def test_a_checkout(case: Case) -> None:
    answer = same(in_every_way_again(case.city, case.kiosk, case.kiosk.checkout(case.card, case.item)))
    assert answer.ok
    assert case.count(case.owner, "loan") == 1
    case.city.check()


def test_a_refused_checkout_stays_refused_when_its_reason_is_gone(case: Case) -> None:
    case.city[case.home].connection.execute("UPDATE card SET status = 'suspended'")
    request = case.kiosk.checkout(case.card, case.item)
    refused = case.kiosk.ask(request)
    case.city[case.home].connection.execute("UPDATE card SET status = 'active'")
    assert same([refused, *in_every_way_again(case.city, case.kiosk, request)]).ok is False
    case.city.pass_minutes(1)
    assert case.lend().ok


def test_a_late_return(case: Case) -> None:
    case.lend()
    case.city.pass_days(33)
    answer = same(in_every_way_again(case.city, case.kiosk, case.kiosk.checkin(case.item)))
    assert answer.ok
    assert "0.60" in screen(answer)
    case.city.check()
    assert case.count(BRANCH, "fine") == 1


def test_a_renewal(case: Case) -> None:
    case.lend()
    case.city.pass_days(5)
    assert same(in_every_way_again(case.city, case.kiosk, case.kiosk.renew(case.card, case.item))).ok
    case.city.check()
    assert case.city[case.owner].column("SELECT renewals FROM loan") == [1]


@pytest.mark.parametrize("number", [None, "BK-7"])
def test_a_payment(case: Case, number: str | None) -> None:
    case.owe()
    request = case.kiosk.pay(case.card, "0.50", transaction_id=number)
    assert same(in_every_way_again(case.city, case.kiosk, request)).payment_accepted
    assert case.paid_fen() == [50]


# --- again, with a fresh date ------------------------------------------------------------------------------------


def test_a_checkout_with_a_fresh_date_is_the_same_loan_and_never_a_renewal(case: Case) -> None:
    first = case.lend()
    case.city.pass_minutes(9)
    second = case.lend(sc_renewal_policy=True)
    assert but_for_the_date(second) == but_for_the_date(first)
    assert case.count(case.owner, "loan") == 1
    assert case.city[case.owner].column("SELECT renewals FROM loan") == [0]


def test_a_checkout_with_a_fresh_date_after_the_window_says_that_the_reader_has_it(case: Case) -> None:
    first = case.lend()
    case.city.pass_minutes(11)
    again = case.lend()
    assert (again.ok, again.renewal_ok, again.due_date) == (False, True, first.due_date)
    assert screen(again) == f"该书已由您借出，应还日期{first.due_date[:4]}-{first.due_date[4:6]}-{first.due_date[6:8]}"


def test_a_checkout_by_another_reader_is_no_repeat(case: Case) -> None:
    case.lend()
    other = case.kiosk.ask(case.kiosk.checkout(case.city.card(case.home, 2), case.item))
    assert (other.ok, screen(other)) == (False, sentence(Reason.ON_LOAN))


def test_a_checkout_at_another_terminal_is_no_repeat(case: Case) -> None:
    case.lend()
    kiosk = case.city.kiosk(BRANCH, "sc2")
    assert not kiosk.ask(kiosk.checkout(case.card, case.item)).ok


def test_a_return_with_a_fresh_date_is_the_same_return(case: Case) -> None:
    case.lend()
    case.city.pass_days(1)
    first = case.take_back()
    case.city.pass_minutes(9)
    assert but_for_the_date(case.take_back()) == but_for_the_date(first)


def test_a_late_return_with_a_fresh_date_is_fined_once_and_says_so_again(case: Case) -> None:
    case.lend()
    case.city.pass_days(33)
    first = case.take_back()
    case.city.pass_minutes(1)
    second, third = case.take_back(), case.take_back()
    assert "0.60" in screen(first)
    assert but_for_the_date(first) == but_for_the_date(second) == but_for_the_date(third)
    case.city.check()
    assert case.count(BRANCH, "fine") == 1


def test_a_checkout_with_a_fresh_date_while_the_first_is_being_decided_waits_for_it() -> None:
    case = Case("all different")
    held = hold_back(case.city[case.home], "hold_place")
    case.kiosk.say(case.kiosk.bytes_of(case.kiosk.checkout(case.card, case.item)))
    case.city.run_until(lambda: held.caught > 0)
    case.city.run_for(1.0)
    again = case.city.kiosk(BRANCH)  # the same terminal on a new line
    again.say(again.bytes_of(again.checkout(case.card, case.item)))
    case.city.run_for(0.5)
    held.let_go()
    case.city.run_until(lambda: bool(again.heard()))
    assert read(again.heard()).ok
    case.city.check()
    assert case.count(case.owner, "loan") == 1


def test_what_was_being_decided_may_be_decided_before_the_next_one_begins_to_wait_for_it() -> None:
    """Found by the simulator: the second request had no answer."""
    case = Case("all different")
    held = hold_back(case.city[case.home], "hold_place")
    case.kiosk.say(case.kiosk.bytes_of(case.kiosk.checkout(case.card, case.item)))
    case.city.run_until(lambda: held.caught > 0)
    case.city.run_for(1.0)
    again = case.city.kiosk(BRANCH)
    slow_commit(case.city[BRANCH], 0.5)
    again.say(again.bytes_of(again.checkout(case.card, case.item)))
    held.let_go()
    case.city.run_until(lambda: bool(again.heard()))
    assert read(again.heard()).ok
    case.city.check()
    assert case.count(case.owner, "loan") == 1


def test_a_return_with_a_fresh_date_ends_the_loan_that_was_made_elsewhere_meanwhile(case: Case) -> None:
    """One kiosk has an item returned, another library lends it, and the same kiosk gets it back 63 s later."""
    case.lend()
    case.city.pass_days(1)
    assert case.take_back().ok
    elsewhere = case.city.kiosk("CQCQ")
    assert elsewhere.ask(elsewhere.checkout(case.city.card(case.home, 2), case.item)).ok
    case.city.pass_minutes(1.05)
    assert case.take_back().ok
    case.city.check()
    assert case.city.loans() == {}


def test_a_checkout_with_a_fresh_date_after_a_return_elsewhere_is_a_loan_of_its_own(case: Case) -> None:
    case.lend()
    case.city.pass_minutes(2)
    elsewhere = case.city.kiosk("CQCQ")
    assert elsewhere.ask(elsewhere.checkin(case.item)).ok
    case.city.pass_minutes(1)
    assert case.lend().ok
    case.city.check()
    assert list(case.city.loans().values()) == [case.item]
    assert case.count(case.owner, "loan") == 2


def test_a_return_told_twice_and_undone_is_none(case: Case) -> None:
    case.lend()
    case.city.pass_days(33)
    case.take_back()
    case.city.pass_minutes(1)
    case.take_back()
    assert case.lend(cancel=True).ok
    case.city.settle()
    assert list(case.city.loans().values()) == [case.item]
    assert case.city[BRANCH].column("SELECT sum(amount_fen) FROM fine") == [0]


def test_a_checkout_told_twice_and_undone_is_none(case: Case) -> None:
    case.lend()
    case.city.pass_minutes(1)
    assert case.lend().ok
    case.city.pass_minutes(1)
    for _ in range(2):
        assert case.take_back(cancel=True).ok
        case.city.settle()
        assert case.city.loans() == {}
        case.city.pass_minutes(1)


def test_a_return_with_a_fresh_date_after_the_window_is_of_an_item_not_on_loan(case: Case) -> None:
    case.lend()
    case.city.pass_days(1)
    case.take_back()
    case.city.pass_minutes(11)
    again = case.take_back()
    assert again.ok
    assert "未在借" in screen(again)


def test_a_return_after_a_new_loan_is_a_return_of_that(case: Case) -> None:
    case.lend()
    case.city.pass_minutes(2)
    case.take_back()
    case.city.pass_minutes(2)
    assert case.lend().ok
    case.city.pass_minutes(2)
    assert case.take_back().ok
    case.city.check()
    assert case.city.loans() == {}
    assert case.count(case.owner, "loan") == 2


def test_a_renewal_with_a_fresh_date_is_another_renewal(case: Case) -> None:
    case.lend()
    case.city.pass_days(5)
    first = case.renew()
    case.city.pass_minutes(1)
    second = case.renew()
    assert (first.ok, second.ok) == (True, False)
    assert second.due_date == first.due_date
    case.city.check()


def test_a_payment_without_a_number_and_with_a_fresh_date_is_the_same_once_nothing_is_owed(case: Case) -> None:
    case.owe()
    first = case.pay("2.00")
    case.city.pass_minutes(1)
    again = case.pay("2.00")
    assert (again.payment_accepted, again.transaction_id) == (True, first.transaction_id)
    assert case.paid_fen() == [200]
    case.city.pass_minutes(11)
    late = case.pay("2.00")
    assert (late.payment_accepted, screen(late)) == (False, sentence(Reason.NOTHING_OWED))


def test_a_payment_without_a_number_and_with_a_fresh_date_is_another_one_while_something_is_owed(case: Case) -> None:
    case.owe()
    for _ in range(2):
        assert case.pay("1.00").payment_accepted
        case.city.pass_minutes(1)
    assert case.paid_fen() == [100, 100]


def test_a_payment_with_a_number_is_the_same_with_any_date_within_the_window(here: Case) -> None:
    here.owe()
    first = here.pay("0.50", transaction_id="42")
    here.city.pass_minutes(9)
    assert here.pay("0.50", transaction_id="42") == first
    assert here.paid_fen() == [50]


def test_a_device_counter_that_starts_over_makes_new_payments(here: Case) -> None:
    here.owe()
    here.pay("0.50", transaction_id="1")
    here.city.pass_days(1)
    assert here.pay("0.50", transaction_id="1").payment_accepted
    assert here.paid_fen() == [50, 50]


def test_the_number_of_a_payment_is_that_of_its_terminal_its_amount_and_its_card(here: Case) -> None:
    here.owe()
    other = here.city.kiosk(BRANCH, "sc2")
    assert here.pay("0.50", transaction_id="1").payment_accepted
    assert here.pay("0.20", transaction_id="1").payment_accepted
    assert other.ask(other.pay(here.card, "0.50", transaction_id="1")).payment_accepted
    assert sorted(here.paid_fen()) == [20, 50, 50]
