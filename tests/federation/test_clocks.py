"""What calls say about the clock of another library, and when that is forgotten."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from federation.clocks import KNOWN_FOR_S, ClockView, PeerClocks

PEER, START_MS = "CQBB", 1_772_416_800_000


class Wall:
    """Our wall clock: the timers', and what it was set by."""

    def __init__(self) -> None:
        self.timers = Clock()
        self.set_by_ms = 0

    def ms(self) -> int:
        return START_MS + int(self.timers.seconds() * 1000) + self.set_by_ms


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def clocks(wall: Wall) -> PeerClocks:
    return PeerClocks(wall.timers, wall.ms)


def call(
    clocks: PeerClocks, wall: Wall, ahead_ms: int, *, there_ms: int = 10, back_ms: int = 10, peer: str = PEER
) -> None:
    """A call whose answer was sent by a clock that is so far ahead of ours."""
    now = wall.ms()
    clocks.answered(peer, now - back_ms + ahead_ms, now - back_ms - there_ms, now)


def test_nothing_is_known_before_the_first_call(clocks: PeerClocks) -> None:
    assert clocks.limits_ms(PEER) is None
    assert not clocks.is_known(PEER, 0)


@pytest.mark.parametrize("ahead_ms", [0, 250, -7_000])
def test_a_call_gives_two_limits(clocks: PeerClocks, wall: Wall, ahead_ms: int) -> None:
    call(clocks, wall, ahead_ms, there_ms=30, back_ms=20)
    assert clocks.limits_ms(PEER) == (ahead_ms - 20, ahead_ms + 30)


def test_several_calls_give_the_narrowest_limits(clocks: PeerClocks, wall: Wall) -> None:
    call(clocks, wall, 100, there_ms=5, back_ms=900)
    call(clocks, wall, 100, there_ms=900, back_ms=5)
    assert clocks.limits_ms(PEER) == (95, 105)


def test_the_limits_grow_with_time_and_are_forgotten_after_an_hour(clocks: PeerClocks, wall: Wall) -> None:
    call(clocks, wall, 0)
    wall.timers.advance(1000)
    assert clocks.limits_ms(PEER) == (-210, 210)
    assert clocks.is_known(PEER, KNOWN_FOR_S - 1000)
    assert not clocks.is_known(PEER, KNOWN_FOR_S - 999)
    wall.timers.advance(KNOWN_FOR_S - 1000 + 1)
    assert clocks.limits_ms(PEER) is None


def test_a_clock_that_was_set_is_measured_anew(clocks: PeerClocks, wall: Wall) -> None:
    call(clocks, wall, 0)
    call(clocks, wall, 30_000)
    assert clocks.limits_ms(PEER) == (29_990, 30_010)


@pytest.mark.parametrize(("apart_ms", "known"), [(0, True), (-3_000, True), (500, False), (-20_000, False)])
def test_what_a_peer_says_at_a_time_that_cannot_be_ends_what_was_known(
    clocks: PeerClocks, wall: Wall, apart_ms: int, known: bool
) -> None:
    """It may have been on its way for a while, but not have been said in the future."""
    call(clocks, wall, 0)
    clocks.heard(PEER, apart_ms)
    assert (clocks.limits_ms(PEER) is not None) is known


@pytest.mark.parametrize(
    ("heard_ms", "at_least_ms"),
    [
        ((), None),
        ((-200_100,), -200_100),
        ((-200_100, -200_020, -203_000), -200_020),
        ((-20, -200_020), -200_020),
        ((-200_020, -20), -20),
    ],
    ids=["nothing", "once", "what came fastest", "set back since", "set right since"],
)
def test_what_a_peer_says_was_said_before_it_is_heard(
    clocks: PeerClocks, heard_ms: tuple[int, ...], at_least_ms: int | None
) -> None:
    for apart_ms in heard_ms:
        clocks.heard(PEER, apart_ms)
    assert clocks.at_least_ms(PEER) == at_least_ms
    assert clocks.limits_ms(PEER) is None


def test_our_own_clock_may_be_set_in_between(clocks: PeerClocks, wall: Wall) -> None:
    call(clocks, wall, 0)
    wall.set_by_ms = -30_000
    assert clocks.limits_ms(PEER) == (29_990, 30_010)


def test_a_call_during_which_our_clock_was_set_back_says_nothing(clocks: PeerClocks) -> None:
    clocks.answered(PEER, START_MS, START_MS + 5, START_MS)
    assert clocks.limits_ms(PEER) is None


# --- what they say of ours ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ahead_s", "contradicted", "confirmed"),
    [
        ((), False, False),
        ((0,), False, True),
        ((59,), False, True),
        ((61,), True, False),
        ((-61,), True, False),
        ((61, 0), False, False),
        ((61, 3600, 0), True, False),
        ((61, -3600, 0), True, False),
        ((61, 0, 0), False, True),
        ((3_456_000, 3_456_000, 3_456_000, 0), True, False),
    ],
)
def test_most_of_those_that_answer_judge_our_clock(
    clocks: PeerClocks, wall: Wall, ahead_s: tuple[int, ...], contradicted: bool, confirmed: bool
) -> None:
    for number, each_s in enumerate(ahead_s):
        call(clocks, wall, each_s * 1000, peer=f"CQ{number}")
    view = clocks.view()
    assert (view.measured, view.contradicted, view.confirmed) == (len(ahead_s), contradicted, confirmed)


def test_how_far_ours_is_off_is_in_the_middle_of_all(clocks: PeerClocks, wall: Wall) -> None:
    for number, ahead_ms in enumerate((90_000, 120_000, 9_000_000)):
        call(clocks, wall, ahead_ms, peer=f"CQ{number}")
    assert clocks.view() == ClockView(3, ("CQ0", "CQ1", "CQ2"), 120_000)


def test_what_a_peer_says_in_its_own_calls_counts_if_it_was_not_measured(clocks: PeerClocks) -> None:
    clocks.heard(PEER, 120_000)
    assert clocks.view().apart == (PEER,)
    clocks.heard(PEER, -55_000)
    assert clocks.view().apart == ()


def test_what_was_measured_before_our_clock_was_set_says_nothing_about_it_now(clocks: PeerClocks, wall: Wall) -> None:
    call(clocks, wall, 0)
    assert clocks.set_since() == []
    wall.set_by_ms = 61_000
    assert clocks.view() == ClockView()
    assert clocks.set_since() == [PEER]
    call(clocks, wall, -61_000)
    assert clocks.view().contradicted
    assert clocks.set_since() == []


def test_who_is_no_member_any_more_says_nothing(clocks: PeerClocks, wall: Wall) -> None:
    call(clocks, wall, 90_000)
    clocks.heard(PEER, 90_000)
    clocks.forget(PEER)
    assert clocks.view() == ClockView()
