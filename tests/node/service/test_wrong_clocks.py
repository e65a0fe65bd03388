"""Clocks that are wrong, and corrections that come late: they overrule nothing that is known to have happened; what
can't be known is on the lists of those who can find it out, and nobody is fined or freed by a guess."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from federation.contract import CancelOp, ItemReturned, Notice, ReopenLoan
from node.domain.calendar import civil_date
from tests.node.service.kiosks import Kiosk, end_of, sip_date
from tests.node.service.small_city import DAY_MS, SmallCity

HERE, ELSEWHERE = "CQSPB", "CQBB"
OWNERS = [HERE, ELSEWHERE]


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def lend(city: SmallCity, desk: Kiosk, item: str, number: int = 1) -> None:
    assert desk.ask(desk.checkout(city.card(HERE, number), item)).ok
    city.settle()


def bring_back(city: SmallCity, desk: Kiosk, item: str) -> None:
    assert desk.ask(desk.checkin(item)).ok
    city.settle()


def told_late(city: SmallCity, desk: Kiosk, item: str, number: int, at_ms: int) -> Any:
    """The kiosk lent it off line, as it says at that moment, and tells now."""
    due = end_of(civil_date(at_ms) + timedelta(days=30))
    answer = desk.ask(
        desk.checkout(city.card(HERE, number), item, no_block=True, transaction_date=sip_date(at_ms), nb_due_date=due)
    )
    city.check()
    return answer


def told_by(city: SmallCity, branch: str, notice: Notice) -> None:
    """To HERE."""
    city[branch].store.run_now(lambda tx: city[branch].core.books.post(tx, HERE, notice), "post")
    city[branch].core.courier.wake()
    city.check()


def owed(city: SmallCity, number: int = 1) -> str:
    desk = city.kiosk(HERE, "sc2")
    return str(desk.ask(desk.information(city.card(HERE, number))).fee_amount)


def has(city: SmallCity, number: int) -> tuple[str, ...]:
    desk = city.kiosk(HERE, "sc2")
    return tuple(desk.ask(desk.information(city.card(HERE, number), 2)).charged_items)


def kinds(city: SmallCity, code: str) -> list[str]:
    return [kind for kind, _barcode, _detail in city[code].exceptions()]


# --- a kiosk's clock is slow ---------------------------------------------------------------------------------


@pytest.mark.parametrize("owner", OWNERS)
def test_a_slow_kiosk_that_lent_off_line_voids_no_fine_and_frees_no_item(city: SmallCity, owner: str) -> None:
    """Returned late at twelve, lent again at a minute past, by a kiosk that says a minute to."""
    desk, bin_, item = city.kiosk(HERE), city.kiosk(HERE, "bin"), city.item(owner)
    lend(city, desk, item)
    city.pass_days(40)
    bring_back(city, bin_, item)
    city.pass_minutes(1)
    says_ms = city.wall_ms() - 120_000
    city.pass_minutes(30)
    assert told_late(city, desk, item, 2, says_ms).ok
    assert owed(city, 1) == "2.00"
    assert has(city, 2) == (item,)
    assert not desk.ask(desk.checkout(city.card(HERE, 3), item)).ok
    assert kinds(city, HERE) == ["no_block_order"]


def test_the_same_terminal_s_own_dates_tell_the_order(city: SmallCity) -> None:
    """It is two minutes slow all day: nothing is in doubt."""
    desk, item = city.kiosk(HERE), city.item(ELSEWHERE)
    lend(city, desk, item)
    city.pass_days(40)
    slow = sip_date(city.wall_ms() - 120_000)
    assert desk.ask(desk.checkin(item, transaction_date=slow, return_date=slow)).ok
    city.pass_minutes(1)
    says_ms = city.wall_ms() - 120_000
    city.pass_minutes(30)
    assert told_late(city, desk, item, 2, says_ms).ok
    assert owed(city, 1) == "2.00"
    assert has(city, 2) == (item,)
    assert kinds(city, HERE) == []


@pytest.mark.parametrize("owner", OWNERS)
def test_what_was_lent_off_line_and_brought_back_at_once_is_on_nobody_s_account(city: SmallCity, owner: str) -> None:
    """The clocks are right: the item stood on the shelf, and the return ended no other loan."""
    desk, bin_, item = city.kiosk(HERE), city.kiosk(HERE, "bin"), city.item(owner)
    lent_ms = city.wall_ms()
    city.pass_minutes(5)
    bring_back(city, bin_, item)
    city.pass_days(3)
    assert told_late(city, desk, item, 2, lent_ms).ok
    assert has(city, 2) == ()
    assert kinds(city, HERE) == ["no_block_order"]


@pytest.mark.parametrize("owner", OWNERS)
def test_a_loan_told_days_late_that_ran_before_a_return_ends_with_it_and_both_libraries_staff_look(
    city: SmallCity, owner: str
) -> None:
    """The kiosk's clock can't be so wrong: the first reader had the item no more, and owes nothing."""
    desk, bin_, item = city.kiosk(HERE), city.kiosk(HERE, "bin"), city.item(owner)
    lend(city, desk, item)
    city.pass_days(40)
    lent_ms = city.wall_ms()
    city.pass_minutes(60)
    bring_back(city, bin_, item)
    assert owed(city, 1) == "2.00"
    city.pass_days(2)
    assert told_late(city, desk, item, 2, lent_ms).ok
    assert owed(city, 1) == "0.00"
    assert has(city, 1) == has(city, 2) == ()
    assert kinds(city, HERE) == ["no_block_on_loan"]
    assert kinds(city, owner) == ["no_block_on_loan"]


# --- a library's clock is set back -----------------------------------------------------------------------------


@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize("minutes", [0.5, 1.0, 5.0, 600.0])
def test_what_is_lent_after_the_clock_was_set_right_is_lent(city: SmallCity, owner: str, minutes: float) -> None:
    """It was put into the bin and scanned again at the desk, before the clock was set back."""
    desk, bin_, item = city.kiosk(HERE), city.kiosk(HERE, "bin"), city.item(owner)
    lend(city, desk, item)
    city.pass_days(1)
    bring_back(city, bin_, item)
    city.pass_minutes(0.2)
    bring_back(city, desk, item)
    city.pass_minutes(-minutes)
    lend(city, desk, item, 2)
    city.check()
    assert has(city, 2) == (item,)
    city.pass_minutes(1.5)
    bring_back(city, desk, item)
    city.check()
    assert city.loans() == {}


# --- a library's clock is ahead --------------------------------------------------------------------------------

YEARS_MS = 250_000_000_000_000


def back_at(city: SmallCity, item: str, at_ms: int) -> None:
    """ELSEWHERE tells its owner HERE of a return at that moment, by its clock."""
    told_by(city, ELSEWHERE, ItemReturned(f"{at_ms:032x}", item, ELSEWHERE, at_ms))


@pytest.mark.parametrize("ahead_ms", [660_000, 400 * DAY_MS, YEARS_MS])
def test_a_return_in_the_future_costs_nothing_for_days_that_have_not_been(city: SmallCity, ahead_ms: int) -> None:
    desk, item = city.kiosk(HERE), city.item(HERE)
    lend(city, desk, item)
    city.pass_days(2)
    back_at(city, item, city.wall_ms() + ahead_ms)
    city.check()
    assert city.loans() == {}
    assert owed(city) == "0.00"
    assert kinds(city, HERE) == kinds(city, ELSEWHERE) == ["return_in_future"]


@pytest.mark.parametrize("ahead_ms", [30_000, 120_000, 500_000, DAY_MS, YEARS_MS])
def test_a_return_in_the_future_of_an_item_on_the_shelf_ends_no_later_loan(city: SmallCity, ahead_ms: int) -> None:
    desk, item = city.kiosk(HERE), city.item(HERE)
    back_at(city, item, city.wall_ms() + ahead_ms)
    lend(city, desk, item)
    city.check()
    assert has(city, 1) == (item,)


@pytest.mark.parametrize("ahead_ms", [55_000, 500_000])
def test_a_clock_that_is_ahead_by_minutes_is_believed(city: SmallCity, ahead_ms: int) -> None:
    """Ours may be behind: its loans and its returns must not be torn apart."""
    desk, item = city.kiosk(HERE), city.item(HERE)
    lend(city, desk, item)
    city.pass_days(2)
    at_ms = city.wall_ms() + ahead_ms
    back_at(city, item, at_ms)
    assert city[HERE].column("SELECT closed_at_ms FROM loan") == [at_ms]
    assert kinds(city, HERE) == kinds(city, ELSEWHERE) == []


# --- corrected late --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "listed"), [(0.9, []), (2.0, ["cancelled_late"])])
def test_a_checkout_undone_days_later_is_shown_to_staff(city: SmallCity, days: float, listed: list[str]) -> None:
    lend(city, city.kiosk(ELSEWHERE), city.item(HERE))
    (op,) = city.loans()
    city.pass_days(days)
    told_by(city, ELSEWHERE, CancelOp(op, city.item(HERE), ELSEWHERE))
    assert city.loans() == {}
    assert kinds(city, HERE) == kinds(city, ELSEWHERE) == listed


@pytest.mark.parametrize(("days", "listed"), [(0.9, []), (2.0, ["return_undone_late"])])
def test_a_return_undone_days_later_is_shown_to_staff(city: SmallCity, days: float, listed: list[str]) -> None:
    desk = city.kiosk(ELSEWHERE)
    lend(city, desk, city.item(HERE))
    city.pass_days(40)
    bring_back(city, desk, city.item(HERE))
    (returned,) = city[HERE].column("SELECT op FROM evidence")
    city.pass_days(days)
    told_by(city, ELSEWHERE, ReopenLoan("u" * 32, returned, city.item(HERE), ELSEWHERE))
    assert len(city.loans()) == 1
    assert kinds(city, HERE) == kinds(city, ELSEWHERE) == listed


def test_a_return_that_is_undone_does_not_leave_the_loan_ended_by_one_of_before(city: SmallCity) -> None:
    """The clock of the library where the loan before ended was ahead. Found by the simulator."""
    desk, item = city.kiosk(HERE), city.item(HERE)
    lend(city, desk, item)
    city.pass_minutes(5)
    before = ItemReturned("a" * 32, item, ELSEWHERE, city.wall_ms() + 50_000)
    take_back = city[HERE].core.books.owner.returns.take_back
    city[HERE].store.run_now(lambda tx: take_back(tx, before), "test")
    lend(city, desk, item)
    city.run_for(10)
    bring_back(city, desk, item)
    assert desk.ask(desk.checkout(city.card(HERE), item, cancel=True)).ok
    city.check()
    assert list(city.loans().values()) == [item]
