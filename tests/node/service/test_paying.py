"""Late fees are paid where they arose, by any card, each payment once (R7, R8)."""

from __future__ import annotations

from typing import Any

import pytest

from federation.contract import Reason, Refused
from tests.node.service.errands import lend, take_back
from tests.node.service.kiosks import Kiosk, read
from tests.node.service.mishaps import hold_back, screen, sentence
from tests.node.service.small_city import SmallCity

LEDGER, HOME, OWNER = "CQBB", "CQSPB", "CQCQ"
FINES = 3


@pytest.fixture
def city() -> SmallCity:
    """A reader of CQSPB owes 1.00 and, for a later return, 0.40 at CQBB."""
    city = SmallCity()
    for number in (1, 2):
        lend(city, LEDGER, city.card(HOME), city.item(OWNER, number))
    city.pass_days(32)
    take_back(city, LEDGER, city.item(OWNER, 2))
    city.pass_days(3)
    take_back(city, LEDGER, city.item(OWNER, 1))
    return city


@pytest.fixture
def desk(city: SmallCity) -> Kiosk:
    return city.kiosk(LEDGER)


def pay(desk: Kiosk, card: str, amount: str, **fields: Any) -> Any:
    return desk.ask(desk.pay(card, amount, **fields))


def outstanding(city: SmallCity) -> list[int]:
    """In fen, in the books of the ledger and in the mirror of the home, which must agree."""
    city.settle()
    booked = city[LEDGER].column("SELECT amount_fen - paid_fen FROM fine ORDER BY fine")
    assert city[HOME].column("SELECT amount_fen - paid_fen FROM fine_mirror ORDER BY fine") == booked
    return sorted(booked)


def test_a_payment_settles_the_oldest_first_and_says_what_is_left(city: SmallCity, desk: Kiosk) -> None:
    paid = pay(desk, city.card(HOME), "0.60")
    assert (paid.payment_accepted, screen(paid)) == (True, "缴费成功：0.60元，尚欠0.80元")
    assert outstanding(city) == [0, 80]
    lines = city[LEDGER].column("SELECT amount_fen FROM payment_line ORDER BY amount_fen")
    assert lines == [20, 40]
    city.pass_minutes(1)
    assert screen(pay(desk, city.card(HOME), "0.80")) == "缴费成功：0.80元"
    assert outstanding(city) == [0, 0]


def test_a_payment_can_name_the_fine_it_is_for(city: SmallCity, desk: Kiosk) -> None:
    assert pay(desk, city.card(HOME), "0.50", fee_identifier=city.item(OWNER, 1)).payment_accepted
    assert outstanding(city) == [40, 50]
    assert pay(desk, city.card(HOME), "0.50", fee_identifier=city.item(OWNER, 1)).payment_accepted
    assert outstanding(city) == [0, 40]
    refused = pay(desk, city.card(HOME), "0.50", fee_identifier=city.item(OWNER, 2))
    assert (refused.payment_accepted, screen(refused)) == (False, sentence(Refused(Reason.OVERPAYMENT, number=40)))


def test_more_than_is_owed_is_refused_whole(city: SmallCity, desk: Kiosk) -> None:
    refused = pay(desk, city.card(HOME), "1.41")
    assert (refused.payment_accepted, screen(refused)) == (False, sentence(Refused(Reason.OVERPAYMENT, number=140)))
    assert outstanding(city) == [40, 100]
    assert city[LEDGER].column("SELECT pay_key FROM payment") == []


@pytest.mark.parametrize("amount", ["0", "-1.00", "1.005", "much", "1e2"])
def test_what_is_no_amount_is_refused(city: SmallCity, desk: Kiosk, amount: str) -> None:
    refused = pay(desk, city.card(HOME), amount)
    assert (refused.payment_accepted, screen(refused)) == (False, sentence(Reason.BAD_AMOUNT))


def test_another_currency_is_refused(city: SmallCity, desk: Kiosk) -> None:
    assert not pay(desk, city.card(HOME), "1.00", currency_type="USD").payment_accepted


def test_elsewhere_the_money_is_refused_and_the_place_named_where_it_is_owed(city: SmallCity) -> None:
    for code in (HOME, OWNER):
        refused = pay(city.kiosk(code), city.card(HOME), "1.40")
        expected = sentence(Refused(Reason.FEE_ELSEWHERE, LEDGER, 140))
        assert (refused.payment_accepted, screen(refused)) == (False, expected)
    assert outstanding(city) == [40, 100]


def test_one_who_owes_nothing_is_told_so(city: SmallCity, desk: Kiosk) -> None:
    refused = pay(desk, city.card(OWNER), "1.00")
    assert (refused.payment_accepted, screen(refused)) == (False, sentence(Reason.NOTHING_OWED))


def test_the_fine_of_another_reader_is_not_paid_by_ones_card(city: SmallCity, desk: Kiosk) -> None:
    assert not pay(desk, city.card(HOME, 2), "1.00", fee_identifier=city.item(OWNER, 1)).payment_accepted
    assert outstanding(city) == [40, 100]


def test_without_the_home_and_with_a_card_never_seen_nothing_is_taken(city: SmallCity, desk: Kiosk) -> None:
    city[LEDGER].connection.execute("DELETE FROM seen_card")
    city.isolate(HOME)
    refused = pay(desk, city.card(HOME), "1.40")
    assert (refused.payment_accepted, screen(refused)) == (False, sentence(Reason.HOME_UNREACHABLE, HOME))
    city.heal()
    city.run_for(60)
    assert pay(desk, city.card(HOME), "1.40").payment_accepted


def test_without_the_home_money_is_taken_from_a_card_that_was_seen_and_told_later(city: SmallCity, desk: Kiosk) -> None:
    desk.ask(desk.information(city.card(HOME)))
    city.isolate(HOME)
    assert pay(desk, city.card(HOME), "1.40").payment_accepted
    assert outstanding(city) == [0, 0]


def test_fines_are_listed_with_their_library_wherever_the_reader_asks(city: SmallCity) -> None:
    for code in (LEDGER, HOME, OWNER):
        told = city.kiosk(code)
        answer = told.ask(told.information(city.card(HOME), FINES))
        assert (answer.fine_items_count, answer.fee_amount) == (2, "1.40")
        assert all(LEDGER in line for line in answer.fine_items)


def test_pay_and_then_renew_at_another_library_meets_no_stale_mirror(city: SmallCity, desk: Kiosk) -> None:
    item = city.item(LEDGER)
    lend(city, LEDGER, city.card(HOME), item)
    city.pass_days(1)
    refused = desk.ask(desk.renew(city.card(HOME), item))
    assert (refused.ok, screen(refused)) == (False, sentence(Refused(Reason.FEE_UNPAID, LEDGER, 140)))
    desk.ask(desk.information(city.card(HOME)))
    city.cut(LEDGER, HOME)
    assert pay(desk, city.card(HOME), "1.40").payment_accepted
    city.heal()
    city.pass_minutes(1)
    assert desk.ask(desk.renew(city.card(HOME), item)).ok


def test_a_fine_lowered_below_what_was_paid_is_a_refund_for_staff(city: SmallCity, desk: Kiosk) -> None:
    """CQSPB had the item in its bin since day 31, and was cut off."""
    late = SmallCity()
    card, item = late.card(HOME), late.item(OWNER)
    lend(late, LEDGER, card, item)
    late.pass_days(31)
    late.isolate(HOME)
    bin_ = late.kiosk(HOME, "bin")
    assert bin_.ask(bin_.checkin(item)).ok
    late.refused_lines -= {(HOME, LEDGER), (LEDGER, HOME)}
    late.pass_days(9)
    paying = late.kiosk(LEDGER)
    paying.ask(paying.checkin(item))
    assert pay(paying, card, "2.00").payment_accepted
    late.check()
    assert late[LEDGER].column("SELECT amount_fen FROM fine") == [20]
    assert late[LEDGER].exceptions() == [("refund_due", item, "180 fen")]
    assert late[HOME].column("SELECT amount_fen FROM fine_mirror") == [20]


def test_the_same_money_sent_again_with_a_new_date_while_it_is_being_booked_is_booked_once(
    city: SmallCity, desk: Kiosk
) -> None:
    """The home is slow to say whose card it is, and the terminal gives its payments no numbers."""
    held = hold_back(city[HOME], "standing")
    first = desk.pay(city.card(HOME), "0.20")
    desk.say(desk.bytes_of(first))
    city.run_until(lambda: held.caught > 0)
    city.run_for(1.0)
    again = city.kiosk(LEDGER)  # the same terminal on a new line
    again.say(again.bytes_of(again.pay(city.card(HOME), "0.20")))
    city.run_for(0.1)
    held.let_go()
    city.run_until(lambda: bool(again.heard()))
    assert read(again.heard()).payment_accepted
    assert sum(outstanding(city)) == 120


def test_the_same_amount_again_within_a_minute_is_booked_and_listed_for_staff(city: SmallCity, desk: Kiosk) -> None:
    """Without a number nobody can tell the next coin from a repeat of the last one."""
    assert pay(desk, city.card(HOME), "0.20").payment_accepted
    city.run_for(2.0)
    assert pay(desk, city.card(HOME), "0.20").payment_accepted
    assert sum(outstanding(city)) == 100
    assert city[LEDGER].exceptions() == [("payment_again", "", "20 fen")]


@pytest.mark.parametrize("minutes", [0, 2])
def test_payments_with_numbers_of_their_own_are_not_listed(city: SmallCity, desk: Kiosk, minutes: int) -> None:
    for number in ("1", "2"):
        city.run_for(2.0)
        city.pass_minutes(minutes)
        assert pay(desk, city.card(HOME), "0.20", transaction_id=number).payment_accepted
    assert city[LEDGER].exceptions() == []
