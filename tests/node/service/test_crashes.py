"""Every crash and every loss of a checkout and of a return, as a test: what is left, what repairs it, what is heard.

A reader of CQSPB stands at CQBB with an item of CQCQ: branch, home and owner are three libraries. A crash is a power
cut at a commit; then another process opens the same books.
"""

from __future__ import annotations

from typing import Any

import pytest

from federation.contract import Reason
from tests.node.service.kiosks import Kiosk, read
from tests.node.service.mishaps import AFTER, BEFORE, cut_power, hold_back, screen, sentence
from tests.node.service.small_city import SmallCity

BRANCH, HOME, OWNER = "CQBB", "CQSPB", "CQCQ"


class Desk:
    """The reader, the item, and the request that is sent again and again."""

    def __init__(self, late: bool = False) -> None:
        self.city = SmallCity()
        self.kiosk: Kiosk = self.city.kiosk(BRANCH)
        self.card, self.item = self.city.card(HOME), self.city.item(OWNER)
        self.data = self.kiosk.bytes_of(self.kiosk.checkout(self.card, self.item))

    def hand_in(self, days: float) -> None:
        """From now on the request is the return of the item, lent so many days ago."""
        assert self.kiosk.ask(self.kiosk.checkout(self.card, self.item)).ok
        self.city.pass_days(days)
        self.data = self.kiosk.bytes_of(self.kiosk.checkin(self.item))

    def say(self) -> None:
        self.kiosk.say(self.data)

    def hear(self) -> Any:
        self.city.run_until(lambda: self.kiosk.heard().endswith(b"\r"))
        return read(self.kiosk.heard())

    def ask(self) -> Any:
        self.say()
        return self.hear()

    def ask_again(self) -> Any:
        """The same bytes over a new connection."""
        self.kiosk.connect()
        return self.ask()

    def lent(self) -> bool:
        return self.item in self.city.loans().values()

    def closed_how(self) -> list[Any]:
        return self.city[OWNER].column("SELECT closed_how FROM loan")

    def told(self) -> list[Any]:
        return self.city[BRANCH].column("SELECT told_at_ms IS NOT NULL FROM kiosk_op WHERE message = '11'")

    def states(self, library: str, table: str) -> list[Any]:
        return self.city[library].column(f"SELECT state FROM {table}")


@pytest.fixture
def desk() -> Desk:
    return Desk()


# --- the branch dies in a checkout ---------------------------------------------------------------------------


def test_the_branch_dies_before_it_wrote_anything_and_a_retransmission_makes_the_same_operation(desk: Desk) -> None:
    unharmed = Desk()
    unharmed.ask()
    cut = cut_power(desk.city[BRANCH], BEFORE, "desk")
    desk.say()
    assert cut.happened()
    desk.city.restart(BRANCH)
    assert desk.told() == []
    assert desk.ask_again().ok
    ops = "SELECT op FROM kiosk_op WHERE message = '11'"
    assert desk.city[BRANCH].column(ops) == unharmed.city[BRANCH].column(ops)
    desk.city.check()


def test_the_branch_dies_after_asked_and_the_new_process_says_no_and_means_it(desk: Desk) -> None:
    cut = cut_power(desk.city[BRANCH], AFTER, "desk")
    desk.say()
    assert cut.happened()
    assert desk.told() == [0]
    desk.city.restart(BRANCH)
    refused = desk.ask_again()
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.IN_DOUBT))
    desk.city.check()
    assert not desk.lent()


def test_the_branch_dies_between_the_answer_and_told_and_the_loan_is_undone(desk: Desk) -> None:
    cut = cut_power(desk.city[BRANCH], BEFORE, "desk", nth=2)
    desk.say()
    desk.city.run_until(cut.happened)
    assert desk.lent()
    desk.city.restart(BRANCH)
    assert not desk.ask_again().ok
    desk.city.check()
    assert desk.closed_how() == ["cancelled"]


def test_the_branch_dies_after_told_and_the_retransmission_hears_lent(desk: Desk) -> None:
    cut = cut_power(desk.city[BRANCH], AFTER, "desk", nth=2)
    desk.say()
    desk.city.run_until(cut.happened)
    desk.city.restart(BRANCH)
    assert desk.ask_again().ok
    assert desk.lent()
    desk.city.check()


def test_the_kiosk_gives_up_after_lent_and_nothing_is_ever_cancelled_but_a_return_closes_it(desk: Desk) -> None:
    assert desk.ask().ok
    desk.city.run_for(24 * 3600)
    desk.city.pass_days(20)
    assert desk.lent()
    desk.kiosk.connect()
    assert desk.kiosk.ask(desk.kiosk.checkin(desk.item)).ok
    desk.city.check()
    assert desk.closed_how() == ["returned"]


# --- the way to the owner, and the owner ------------------------------------------------------------------------


def test_a_question_lost_on_its_way_is_asked_again_within_the_kiosks_time(desk: Desk) -> None:
    desk.city.cut(BRANCH, OWNER)
    began_s = desk.city.clock.seconds()
    desk.say()
    desk.city.run_for(0.5)
    desk.city.heal()
    assert desk.hear().ok
    assert desk.city.clock.seconds() - began_s < 1.5
    desk.city.check()


def test_the_owner_dies_while_it_reserves_and_aborts_and_releases_when_it_lives_again(desk: Desk) -> None:
    cut = cut_power(desk.city[OWNER], AFTER, "checkout")
    desk.say()
    desk.city.run_until(cut.happened)
    assert desk.states(OWNER, "owner_op") == ["reserving"]
    desk.city.restart(OWNER)
    assert desk.states(OWNER, "owner_op") == ["aborted"]
    assert not desk.hear().ok
    desk.city.check()
    assert desk.states(HOME, "place") in (["freed"], [])
    assert desk.kiosk.ask(desk.kiosk.checkout(desk.card, desk.city.item(OWNER, 2))).ok


def test_the_owner_dies_while_its_home_holds_a_place_and_the_place_is_freed(desk: Desk) -> None:
    cut = cut_power(desk.city[OWNER], BEFORE, "checkout", nth=2)
    desk.say()
    desk.city.run_until(cut.happened)
    assert desk.states(HOME, "place") == ["held"]
    desk.city.restart(OWNER)
    assert not desk.hear().ok
    desk.city.check()
    assert desk.states(HOME, "place") == ["freed"]


def test_the_owner_dies_after_the_loan_row_and_the_branch_hears_lent_when_it_asks_again(desk: Desk) -> None:
    cut = cut_power(desk.city[OWNER], AFTER, "checkout", nth=2)
    desk.say()
    desk.city.run_until(cut.happened)
    desk.city.restart(OWNER)
    assert desk.hear().ok
    desk.city.check()
    assert desk.lent()


def test_the_owners_answer_is_lost_for_good_and_the_loan_is_undone(desk: Desk) -> None:
    desk.city.lose_answers(OWNER, BRANCH)
    refused = desk.ask()
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.OWNER_UNREACHABLE, OWNER))
    assert desk.lent()
    desk.city.check()
    assert desk.closed_how() == ["cancelled"]


def test_the_owners_first_answers_are_lost_and_the_same_loan_answers_the_next_question(desk: Desk) -> None:
    desk.city.lose_answers(OWNER, BRANCH)
    desk.say()
    desk.city.run_for(1.5)
    desk.city.heal()
    assert desk.hear().ok
    desk.city.check()
    assert desk.closed_how() == [None]


def test_a_cancellation_overtakes_a_slow_checkout(desk: Desk) -> None:
    slow = hold_back(desk.city[OWNER], "checkout")
    desk.say()
    assert not desk.hear().ok
    assert slow.caught == 4
    assert not desk.lent()
    desk.city.settle()
    slow.let_go()
    desk.city.check()
    assert not desk.lent()


# --- the way to the home, and the home ---------------------------------------------------------------------------


def test_the_way_to_the_home_is_cut_and_the_operation_is_aborted_and_its_place_released(desk: Desk) -> None:
    desk.city.cut(OWNER, HOME)
    refused = desk.ask()
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.HOME_UNREACHABLE, HOME))
    assert desk.states(OWNER, "owner_op") == ["aborted"]
    desk.city.check()


def test_the_homes_answers_are_lost_and_the_place_it_holds_is_released(desk: Desk) -> None:
    desk.city.lose_answers(HOME, OWNER)
    assert not desk.ask().ok
    assert desk.city[HOME].column("SELECT reader IS NOT NULL FROM place") == [1]  # it was held, not buried
    assert desk.states(HOME, "place") == ["freed"]
    desk.city.check()


def test_the_homes_first_answer_is_lost_and_the_second_is_the_same(desk: Desk) -> None:
    desk.city.lose_answers(HOME, OWNER)
    desk.say()
    desk.city.run_for(0.5)
    desk.city.heal()
    assert desk.hear().ok
    desk.city.check()


@pytest.mark.parametrize("moment", [BEFORE, AFTER])
def test_the_home_dies_at_its_decision_and_the_next_question_gets_it(desk: Desk, moment: str) -> None:
    cut = cut_power(desk.city[HOME], moment, "hold_place")
    desk.say()
    desk.city.run_until(cut.happened)
    assert desk.states(HOME, "place") == ([] if moment == BEFORE else ["held"])
    desk.city.restart(HOME)
    assert desk.hear().ok
    desk.city.check()


@pytest.mark.parametrize("moment", [BEFORE, AFTER])
def test_the_home_dies_at_a_refusal_and_the_refusal_stands(desk: Desk, moment: str) -> None:
    desk.city[HOME].connection.execute("UPDATE card SET max_loans = 0")
    cut = cut_power(desk.city[HOME], moment, "hold_place")
    desk.say()
    desk.city.run_until(cut.happened)
    desk.city.restart(HOME)
    refused = desk.hear()
    assert (refused.ok, screen(refused)) == (False, "已借满0册，请先还书再借")
    desk.city[HOME].connection.execute("UPDATE card SET max_loans = 8")
    assert desk.ask_again() == refused
    desk.city.check()


def test_a_release_overtakes_a_slow_reservation(desk: Desk) -> None:
    slow = hold_back(desk.city[HOME], "hold_place")
    desk.say()
    assert not desk.hear().ok
    assert slow.caught == 3
    desk.city.settle()
    assert desk.city[HOME].column("SELECT reader FROM place") == [None]  # a tombstone
    slow.let_go()
    assert desk.states(HOME, "place") == ["freed"]
    desk.city.check()


# --- returns -------------------------------------------------------------------------------------------------------


def test_the_branch_dies_before_it_wrote_the_return_and_has_said_nothing(desk: Desk) -> None:
    desk.hand_in(10)
    cut = cut_power(desk.city[BRANCH], BEFORE, "desk")
    desk.say()
    assert cut.happened()
    desk.city.restart(BRANCH)
    assert desk.lent()
    assert desk.ask_again().ok
    desk.city.check()
    assert not desk.lent()


def test_the_branch_dies_after_it_wrote_the_return_and_the_outbox_delivers_it_at_its_time(desk: Desk) -> None:
    desk.hand_in(10)
    handed_in_ms = desk.city.wall_ms()
    cut = cut_power(desk.city[BRANCH], AFTER, "desk")
    desk.say()
    assert cut.happened()
    desk.city.pass_days(40)
    desk.city.restart(BRANCH)
    desk.city.check()
    assert desk.city[OWNER].column("SELECT closed_at_ms FROM loan") == [handed_in_ms]
    assert desk.city[OWNER].column("SELECT count(*) FROM fine_order") == [0]
    assert desk.ask_again().ok


def test_a_return_that_the_branch_took_and_did_not_answer_is_answered_ok_when_it_is_sent_again(desk: Desk) -> None:
    desk.hand_in(10)
    cut_power(desk.city[BRANCH], AFTER, "desk")
    desk.say()
    desk.city.restart(BRANCH)
    assert desk.ask_again().ok
    desk.city.check()
    assert desk.closed_how() == ["returned"]


def test_the_owners_answer_to_a_late_return_is_lost_and_there_is_one_fine(desk: Desk) -> None:
    desk.hand_in(33)
    desk.city.lose_answers(OWNER, BRANCH)
    assert desk.ask().ok
    desk.city.run_for(60)
    desk.city.check()
    assert desk.city[BRANCH].column("SELECT amount_fen FROM fine") == [60]
    assert desk.city[HOME].column("SELECT amount_fen FROM fine_mirror") == [60]
    assert desk.city[OWNER].column("SELECT count(*) FROM evidence") == [1]


@pytest.mark.parametrize("moment", [BEFORE, AFTER])
def test_the_owner_dies_at_a_late_return_and_the_branch_delivers_it_again(desk: Desk, moment: str) -> None:
    desk.hand_in(33)
    cut = cut_power(desk.city[OWNER], moment, "take_back")
    desk.say()
    desk.city.run_until(cut.happened)
    desk.city.restart(OWNER)
    assert desk.hear().ok
    desk.city.check()
    assert desk.city[BRANCH].column("SELECT amount_fen FROM fine") == [60]
    assert desk.closed_how() == ["returned"]
    assert desk.states(HOME, "place") == ["freed"]
