"""A kiosk repeats itself: in every way a repeat can come, the request is carried out once and heard once more.

And what only looks like a repeat (a stuck clock, a device counter that starts over) is carried out again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from federation.contract import Reason
from sip2 import SipDate
from tests.node.service.kiosks import Kiosk, read
from tests.node.service.mishaps import hold_back, screen, sentence
from tests.node.service.small_city import SmallCity, in_every_way_again

BRANCH = "CQBB"
ROLES = {
    "all one": ("CQBB", "CQBB"),
    "home elsewhere": ("CQSPB", "CQBB"),
    "owner elsewhere": ("CQBB", "CQCQ"),
    "both at another": ("CQSPB", "CQSPB"),
    "all different": ("CQSPB", "CQCQ"),
}
STUCK = SipDate("20010101    000000")


class Case:
    def __init__(self, roles: str = "all one") -> None:
        self.home, self.owner = ROLES[roles]
        self.city = SmallCity()
        self.kiosk: Kiosk = self.city.kiosk(BRANCH)
        self.card, self.item = self.city.card(self.home), self.city.item(self.owner)

    def lend(self, **fields: Any) -> Any:
        return self.kiosk.ask(self.kiosk.checkout(self.card, self.item, **fields))

    def take_back(self, **fields: Any) -> Any:
        return self.kiosk.ask(self.kiosk.checkin(self.item, **fields))

    def renew(self, **fields: Any) -> Any:
        return self.kiosk.ask(self.kiosk.renew(self.card, self.item, **fields))

    def pay(self, amount: str, **fields: Any) -> Any:
        return self.kiosk.ask(self.kiosk.pay(self.card, amount, **fields))

    def owe(self, days_late: int = 10) -> None:
        """0.20 yuan for each day."""
        assert self.lend().ok
        self.city.pass_days(30 + days_late)
        assert self.take_back().ok
        self.city.settle()

    def count(self, library: str, what: str) -> int:
        return int(self.city[library].column(f"SELECT count(*) FROM {what}")[0])

    def paid_fen(self) -> list[int]:
        return self.city[BRANCH].column("SELECT amount_fen FROM payment ORDER BY at_ms, pay_key")


@pytest.fixture(params=list(ROLES))
def case(request: Any) -> Case:
    return Case(request.param)


@pytest.fixture
def here() -> Case:
    return Case()


def but_for_the_date(answer: Any) -> Any:
    return replace(answer, transaction_date=STUCK)


def same(answers: list[Any]) -> Any:
    assert all(answer == answers[0] for answer in answers)
    return answers[0]


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
