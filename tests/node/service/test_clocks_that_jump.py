"""A library's clock that jumps by minutes, hours or weeks, and is put right: what came back is on nobody's account, and
whatever the dates can't tell is on a list."""

from __future__ import annotations

from typing import Any

import pytest

from federation.contract import ItemReturned
from tests.node.service.kiosks import Kiosk
from tests.node.service.small_city import DAY_MS, SmallCity

HERE, ELSEWHERE, THIRD = "CQSPB", "CQBB", "CQCQ"
HOURS = 60.0
"""In minutes. By half a minute the branch's memory keeps the order of what it did itself, and nothing is listed."""
JUMPS = [0.5, 1.5, 5.0, 2 * HOURS, 9 * HOURS, 40 * 24 * HOURS]


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def lend(city: SmallCity, desk: Kiosk, item: str, number: int = 1) -> Any:
    answer = desk.ask(desk.checkout(city.card(HERE, number), item))
    assert answer.ok
    city.settle()
    return answer


def bring_back(city: SmallCity, desk: Kiosk, item: str) -> Any:
    answer = desk.ask(desk.checkin(item))
    assert answer.ok
    city.settle()
    return answer


def kinds(city: SmallCity, code: str) -> list[str]:
    return [kind for kind, _barcode, _detail in city[code].exceptions()]


def fines(city: SmallCity) -> list[int]:
    return [fen for node in city.nodes.values() for fen in node.column("SELECT amount_fen FROM fine")]


# --- lent by a clock that was ahead ------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", JUMPS)
@pytest.mark.parametrize("login", ["bin", "sc", "staff"])
def test_what_was_lent_by_a_clock_that_was_ahead_comes_back(city: SmallCity, login: str, minutes: float) -> None:
    city.set_clock(HERE, minutes=minutes)
    lend(city, city.kiosk(HERE), city.item(HERE))
    city.set_clock(HERE)
    bring_back(city, city.kiosk(HERE, login), city.item(HERE))
    city.check()
    assert city.loans() == {}
    assert fines(city) == []
    assert kinds(city, HERE) == (["loan_in_future"] if minutes > 1 else [])


@pytest.mark.parametrize("minutes", JUMPS[2:])
def test_what_owner_and_branch_lent_when_both_were_ahead_comes_back_anywhere(city: SmallCity, minutes: float) -> None:
    """Two libraries on one machine, say."""
    for code in (HERE, ELSEWHERE):
        city.set_clock(code, minutes=minutes)
    lend(city, city.kiosk(ELSEWHERE), city.item(HERE))
    city.run_for(200)
    for code in (HERE, ELSEWHERE):
        city.set_clock(code)
    bring_back(city, city.kiosk(THIRD, "bin"), city.item(HERE))
    city.check()
    assert city.loans() == {}
    assert fines(city) == []
    assert kinds(city, HERE) == kinds(city, THIRD) == ["loan_in_future"]


@pytest.mark.parametrize("back", [ELSEWHERE, THIRD])
@pytest.mark.parametrize("minutes", JUMPS[1:])
def test_what_was_lent_before_the_branch_was_set_back_comes_back_there(
    city: SmallCity, minutes: float, back: str
) -> None:
    lend(city, city.kiosk(ELSEWHERE), city.item(HERE))
    city.run_for(70)
    city.set_clock(back, minutes=-minutes - 1.5)
    bring_back(city, city.kiosk(back, "bin"), city.item(HERE))
    city.check()
    assert city.loans() == {}
    assert fines(city) == []
    assert kinds(city, HERE) == kinds(city, back) == ["loan_in_future"]


@pytest.mark.parametrize("back", [HERE, ELSEWHERE])
@pytest.mark.parametrize("minutes", JUMPS)
def test_what_was_lent_before_the_owner_was_set_back_comes_back(city: SmallCity, minutes: float, back: str) -> None:
    lend(city, city.kiosk(HERE), city.item(HERE))
    city.run_for(200)
    city.set_clock(HERE, minutes=-minutes)
    bring_back(city, city.kiosk(back, "bin"), city.item(HERE))
    city.set_clock(HERE)
    city.check()
    assert city.loans() == {}
    assert fines(city) == []


def test_a_loan_of_the_future_comes_back_although_the_one_before_ended_in_the_future_too(city: SmallCity) -> None:
    desk, bin_, item = city.kiosk(HERE), city.kiosk(HERE, "bin"), city.item(HERE)
    city.set_clock(HERE, minutes=2 * HOURS)
    lend(city, desk, item)
    city.pass_minutes(2)
    bring_back(city, bin_, item)
    city.pass_minutes(2)
    lend(city, desk, item, 2)
    city.set_clock(HERE)
    city.pass_minutes(10)
    bring_back(city, bin_, item)
    city.check()
    assert city.loans() == {}


def test_what_came_back_after_a_jump_can_be_lent_returned_and_kept_for_others_again(city: SmallCity) -> None:
    """What the wrong clock wrote says nothing about what happens now."""
    desk, bin_, item = city.kiosk(HERE), city.kiosk(HERE, "bin"), city.item(HERE)
    city.set_clock(HERE, days=40)
    lend(city, desk, item)
    city.pass_minutes(2)
    bring_back(city, bin_, item)
    city.pass_minutes(2)
    lend(city, desk, item)
    city.set_clock(HERE)
    city.pass_minutes(2)
    bring_back(city, bin_, item)
    for number in (2, 3):
        lend(city, desk, item, number)
        city.pass_minutes(5)
        waiting = city.card(HERE, 5 - number)
        assert desk.ask(desk.hold("+", waiting, item_identifier=item)).ok
        assert bring_back(city, bin_, item).alert_type in {"01", "1"}
        lend(city, desk, item, 5 - number)
        city.pass_minutes(5)
        bring_back(city, bin_, item)
    city.check()
    assert city.loans() == {}


def test_a_return_of_a_loan_of_the_future_may_fail_at_the_kiosk(city: SmallCity) -> None:
    """BI on 11: the loan goes on, and the next return ends it."""
    desk, item = city.kiosk(HERE), city.item(HERE)
    city.set_clock(HERE, minutes=2 * HOURS)
    lend(city, desk, item)
    city.set_clock(HERE)
    bring_back(city, desk, item)
    assert desk.ask(desk.checkout(city.card(HERE), item, cancel=True)).ok
    city.check()
    assert list(city.loans().values()) == [item]
    city.pass_minutes(1)
    bring_back(city, desk, item)
    city.check()
    assert city.loans() == {}


# --- heard of late -----------------------------------------------------------------------------------------------


def test_a_return_that_is_told_late_ends_no_later_loan(city: SmallCity) -> None:
    """It came back at a library without a line, was carried home, and was lent again there."""
    item = city.item(HERE)
    lend(city, city.kiosk(HERE), item)
    city.run_for(200)
    city.isolate(ELSEWHERE)
    there = city.kiosk(ELSEWHERE, "bin")
    assert there.ask(there.checkin(item)).ok
    city.pass_minutes(90)
    bring = city.kiosk(HERE, "bin")
    assert bring.ask(bring.checkin(item)).ok
    desk = city.kiosk(HERE)
    assert desk.ask(desk.checkout(city.card(HERE, 2), item)).ok
    city.pass_minutes(30)
    city.check()
    assert list(city.loans().values()) == [item]
    assert kinds(city, HERE) == []


@pytest.mark.parametrize("days", [0.1, 40])
def test_a_return_told_late_of_a_loan_that_lies_in_the_future_is_listed(city: SmallCity, days: float) -> None:
    item = city.item(HERE)
    city.set_clock(HERE, days=days)
    lend(city, city.kiosk(HERE), item)
    city.set_clock(HERE)
    notice = ItemReturned("a" * 32, item, ELSEWHERE, city.wall_ms() - 3_600_000)
    city[HERE].store.run_now(lambda tx: city[HERE].core.books.apply(tx, notice), "test")
    assert list(city.loans().values()) == [item]
    assert kinds(city, HERE) == ["return_before_loan"]


def test_a_return_told_late_ends_a_loan_that_is_known_to_have_been_made_before(city: SmallCity) -> None:
    """The owner was set right and the others agree, an hour before the item came back at a library without a line."""
    item = city.item(HERE)
    city.set_clock(HERE, days=40)
    city.look_at_clocks()
    lend(city, city.kiosk(HERE), item)
    city.set_clock(HERE)
    city.look_at_clocks()
    assert kinds(city, HERE) == ["clock_was_ahead"]
    city.pass_minutes(60)
    city.isolate(ELSEWHERE)
    bin_ = city.kiosk(ELSEWHERE, "bin")
    assert bin_.ask(bin_.checkin(item)).ok
    city.pass_minutes(600)
    city.check()
    assert city.loans() == {}
    assert fines(city) == []


# --- renewals and due dates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "due_on"), [(-40, "2026-04-01"), (40, "2026-05-11")])
def test_nothing_is_due_too_early_by_a_clock_that_the_others_contradict(
    city: SmallCity, days: int, due_on: str
) -> None:
    city.set_clock(HERE, days=days)
    city.look_at_clocks()
    lend(city, city.kiosk(HERE), city.item(HERE))
    assert city[HERE].column("SELECT due_on FROM loan") == [due_on]


def test_the_only_library_that_answers_may_be_the_one_whose_clock_is_wrong(city: SmallCity) -> None:
    """Neither is anything due too early, nor is a fee reckoned by its clock: ours was right, for nobody set it."""
    lend(city, city.kiosk(HERE), city.item(HERE))
    city.pass_days(35)
    city.set_clock(ELSEWHERE, days=-40)
    city.cut(HERE, THIRD)
    city.wait_for(city[HERE].core.links.measure_now())
    bin_, desk = city.kiosk(HERE, "bin"), city.kiosk(HERE)
    assert bin_.ask(bin_.checkin(city.item(HERE))).ok
    assert desk.ask(desk.checkout(city.card(HERE), city.item(HERE, 2))).ok
    assert city[HERE].column("SELECT due_on FROM loan WHERE closed_at_ms IS NULL") == ["2026-05-06"]
    assert fines(city) == []
    city.set_clock(ELSEWHERE)
    city.heal()
    city.look_at_clocks()
    assert fines(city) == [100]
    assert city[HERE].column("SELECT clock_off_ms FROM evidence") == [0]


def test_a_renewal_of_the_future_comes_back_without_a_fee(city: SmallCity) -> None:
    desk, item = city.kiosk(HERE), city.item(HERE)
    lend(city, desk, item)
    city.set_clock(HERE, days=20)
    assert desk.ask(desk.renew(city.card(HERE), item)).ok
    city.set_clock(HERE)
    city.pass_days(29)
    bring_back(city, desk, item)
    city.check()
    assert city.loans() == {}
    assert fines(city) == []


@pytest.mark.parametrize("days", [-40, 40])
def test_no_reservation_ends_by_a_clock_that_the_others_contradict(city: SmallCity, days: int) -> None:
    desk = city.kiosk(HERE)
    lend(city, desk, city.item(HERE))
    assert desk.ask(desk.hold("+", city.card(HERE, 2), item_identifier=city.item(HERE))).ok
    bring_back(city, desk, city.item(HERE))
    city.set_clock(HERE, days=days)
    city.look_at_clocks()
    city.wait_for(city[HERE].core.sweep())
    assert city[HERE].column("SELECT state FROM hold") == ["ready"]


# --- fees --------------------------------------------------------------------------------------------------------


def at_owner_and_branch(city: SmallCity, days: float, back: str = HERE) -> Any:
    """Lent rightly, 35 days ago: five days late. It comes back while the owner's clock is wrong."""
    lend(city, city.kiosk(HERE), city.item(HERE))
    city.pass_days(35)
    city.set_clock(HERE, days=days)
    city.look_at_clocks()
    return bring_back(city, city.kiosk(back, "bin"), city.item(HERE))


@pytest.mark.parametrize("back", [HERE, ELSEWHERE])
@pytest.mark.parametrize("days", [-40, -0.1, 0.1, 40])
def test_a_fee_is_decided_when_the_clock_is_right_and_by_the_right_time(
    city: SmallCity, days: float, back: str
) -> None:
    answer = at_owner_and_branch(city, days, back)
    city.look_at_clocks()
    assert "滞纳金" not in str(answer)
    assert fines(city) == []
    assert city[HERE].column("SELECT count(*) FROM fee_waiting") == [1]
    city.set_clock(HERE)
    city.look_at_clocks()
    city.check()
    assert fines(city) == [100]
    assert city[HERE].column("SELECT count(*) FROM fee_waiting") == [0]
    assert city.loans() == {}


@pytest.mark.parametrize("back", [HERE, ELSEWHERE])
def test_nobody_owes_for_days_that_have_not_been(city: SmallCity, back: str) -> None:
    lend(city, city.kiosk(HERE), city.item(HERE))
    city.pass_days(3)
    city.set_clock(HERE, days=40)
    city.look_at_clocks()
    bring_back(city, city.kiosk(back, "bin"), city.item(HERE))
    city.set_clock(HERE)
    city.look_at_clocks()
    city.check()
    assert fines(city) == []
    assert city[HERE].column("SELECT count(*) FROM fee_waiting") == [0]


def test_a_clock_that_was_set_just_now_is_compared_before_a_fee_is_told(city: SmallCity) -> None:
    """Without waiting for the next measurement."""
    lend(city, city.kiosk(HERE), city.item(HERE))
    city.look_at_clocks()
    city.set_clock(HERE, days=40)
    bring_back(city, city.kiosk(HERE, "bin"), city.item(HERE))
    assert fines(city) == []


@pytest.mark.parametrize("minutes", [-40 * 24 * HOURS, -5, 5, 40 * 24 * HOURS])
def test_the_clock_of_the_branch_alone_is_wrong_and_the_owner_reckons_by_its_own(
    city: SmallCity, minutes: float
) -> None:
    """At two minutes to midnight of the due date."""
    lend(city, city.kiosk(HERE), city.item(HERE))
    city.pass_days(30)
    city.pass_minutes(13 * 60 + 58)
    city.set_clock(ELSEWHERE, minutes=minutes)
    city.look_at_clocks()
    bring_back(city, city.kiosk(ELSEWHERE, "bin"), city.item(HERE))
    city.check()
    assert fines(city) == []
    assert city.loans() == {}


def test_a_library_alone_goes_on_as_before(city: SmallCity) -> None:
    lend(city, city.kiosk(HERE), city.item(HERE))
    city.isolate(HERE)
    city.pass_days(35)
    bin_ = city.kiosk(HERE, "bin")
    assert bin_.ask(bin_.checkin(city.item(HERE))).ok
    assert fines(city) == [100]


def test_a_return_that_was_none_owes_nothing_later_either(city: SmallCity) -> None:
    lend(city, city.kiosk(HERE), city.item(HERE))
    city.pass_days(35)
    city.set_clock(HERE, days=40)
    city.look_at_clocks()
    desk = city.kiosk(HERE)
    bring_back(city, desk, city.item(HERE))
    assert desk.ask(desk.checkout(city.card(HERE), city.item(HERE), cancel=True)).ok
    city.set_clock(HERE)
    city.look_at_clocks()
    city.check()
    assert fines(city) == []
    assert len(city.loans()) == 1


def test_the_log_says_when_the_others_contradict_and_when_they_agree_again(city: SmallCity) -> None:
    city.set_clock(HERE, minutes=-DAY_MS / 60_000)
    city.look_at_clocks()
    city.look_at_clocks()
    city.set_clock(HERE)
    city.look_at_clocks()
    told = [name for name, _fields in city[HERE].log.lines if name.startswith("clock_") and name != "clock_set"]
    assert [name for name in told if name != "clock_rows_marked"] == ["clock_contradicted", "clock_agrees"]
