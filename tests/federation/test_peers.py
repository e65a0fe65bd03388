"""What is known of a peer: down after five failures, probed with growing delays, tried again when it is heard."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from federation.peers import PeerLimits, Peers

PEER = "CQBB"


class Evenly:
    """No jitter: the middle of what may be drawn; keeps what was asked for."""

    def __init__(self) -> None:
        self.drawn: list[tuple[float, float]] = []

    def uniform(self, a: float, b: float, /) -> float:
        self.drawn.append((a, b))
        return (a + b) / 2


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def peers(clock: Clock) -> Peers:
    limits = PeerLimits(failures_until_down=5, first_s=1.0, max_s=4.0, alarm_apart_s=5.0)
    return Peers(clock, lambda: 0, Evenly(), limits)


def fail(peers: Peers, times: int = 5) -> None:
    for _ in range(times):
        assert peers.admit(PEER)
        peers.failed(PEER)


def answer(peers: Peers) -> None:
    peers.answered(PEER, 1_000, 1_000, 1_000)


def test_a_peer_never_asked_is_up(peers: Peers) -> None:
    assert peers.is_up(PEER)
    assert not peers.is_down(PEER)
    assert peers.admit(PEER)
    assert peers.clock_apart_s(PEER) is None


def test_four_failures_in_a_row_are_not_yet_down_and_the_fifth_is(peers: Peers) -> None:
    fail(peers, 4)
    assert not peers.is_down(PEER)
    fail(peers, 1)
    assert peers.is_down(PEER)
    assert not peers.is_up(PEER)
    assert not peers.admit(PEER)


def test_an_answer_in_between_starts_the_count_again(peers: Peers) -> None:
    fail(peers, 4)
    answer(peers)
    fail(peers, 4)
    assert not peers.is_down(PEER)


def test_after_the_delay_one_call_is_let_through_as_the_probe(peers: Peers, clock: Clock) -> None:
    fail(peers)
    clock.advance(0.99)
    assert peers.is_down(PEER)
    clock.advance(0.02)
    assert not peers.is_down(PEER)
    assert peers.admit(PEER)
    assert peers.is_down(PEER)
    assert not peers.admit(PEER)


def test_looking_whether_a_peer_is_down_does_not_use_up_the_probe(peers: Peers, clock: Clock) -> None:
    fail(peers)
    clock.advance(1)
    assert not peers.is_down(PEER)
    assert not peers.is_down(PEER)
    assert peers.admit(PEER)


def test_a_probe_that_succeeds_makes_the_peer_up(peers: Peers, clock: Clock) -> None:
    fail(peers)
    clock.advance(1)
    peers.admit(PEER)
    answer(peers)
    assert peers.is_up(PEER)
    assert peers.admit(PEER)


def test_probes_that_fail_double_the_delay_up_to_the_longest(peers: Peers, clock: Clock) -> None:
    fail(peers)
    for delay_s in (1, 2, 4, 4, 4):
        clock.advance(delay_s - 0.01)
        assert not peers.admit(PEER)
        clock.advance(0.01)
        assert peers.admit(PEER)
        peers.failed(PEER)


def test_a_hundred_calls_that_fail_together_do_not_lengthen_the_delay(peers: Peers, clock: Clock) -> None:
    for _ in range(100):
        peers.admit(PEER)
    for _ in range(100):
        peers.failed(PEER)
    clock.advance(1)
    assert peers.admit(PEER)


def test_a_probe_that_was_given_up_leaves_the_next_call_to_probe(peers: Peers, clock: Clock) -> None:
    fail(peers)
    clock.advance(1)
    peers.admit(PEER)
    peers.abandoned(PEER)
    assert peers.admit(PEER)


def test_the_delay_is_jittered_by_the_chance_that_was_passed_in(clock: Clock) -> None:
    chance = Evenly()
    peers = Peers(clock, lambda: 0, chance)
    fail(peers)
    assert chance.drawn == [(0.75, 1.25)]


def test_hearing_from_a_peer_that_is_down_makes_a_probe_due_and_tells_the_listeners(peers: Peers, clock: Clock) -> None:
    told: list[str] = []
    peers.on_recovery(told.append)
    fail(peers)
    peers.heard_from(PEER)
    assert told == []
    clock.advance(0)
    assert told == [PEER]
    assert not peers.is_up(PEER)
    assert peers.admit(PEER)
    assert not peers.admit(PEER)


def test_hearing_from_a_peer_starts_the_delays_again(peers: Peers, clock: Clock) -> None:
    fail(peers)
    clock.advance(1)
    fail(peers, 1)
    peers.heard_from(PEER)
    fail(peers, 1)
    clock.advance(1)
    assert peers.admit(PEER)


def test_with_a_one_way_cut_calls_from_there_cause_one_probe_a_delay(peers: Peers, clock: Clock) -> None:
    told: list[str] = []
    peers.on_recovery(told.append)
    fail(peers)
    for _ in range(20):
        peers.heard_from(PEER)
        if peers.admit(PEER):
            peers.failed(PEER)
        clock.advance(0.1)
    assert len(told) <= 3


def test_hearing_from_a_peer_that_answers_tells_nobody(peers: Peers, clock: Clock) -> None:
    told: list[str] = []
    peers.on_recovery(told.append)
    peers.heard_from(PEER)
    answer(peers)
    peers.heard_from(PEER)
    clock.advance(1)
    assert told == []


def test_the_listeners_are_told_once_when_a_failing_peer_answers(peers: Peers, clock: Clock) -> None:
    told: list[str] = []
    peers.on_recovery(told.append)
    fail(peers, 1)
    answer(peers)
    answer(peers)
    clock.advance(0)
    assert told == [PEER]


def test_peers_are_known_apart(peers: Peers) -> None:
    fail(peers)
    assert peers.is_up("CQCQ")
    assert peers.admit("CQCQ")


@pytest.mark.parametrize(
    ("theirs_ms", "apart_s"),
    [(10_000, 0.0), (12_000, 0.0), (11_000, 0.0), (13_500, 1.5), (4_000, -6.0)],
)
def test_a_clock_is_only_as_far_away_as_the_evidence_demands(peers: Peers, theirs_ms: int, apart_s: float) -> None:
    peers.answered(PEER, theirs_ms, 10_000, 12_000)
    assert peers.clock_apart_s(PEER) == apart_s


def test_our_own_clock_stepping_back_during_a_call_says_nothing_about_theirs(peers: Peers) -> None:
    peers.answered(PEER, 50_000, 12_000, 10_000)
    assert peers.clock_apart_s(PEER) is None


def test_clocks_apart_raise_one_alarm_until_they_have_come_together(peers: Peers, clock: Clock) -> None:
    alarms: list[tuple[str, float]] = []
    peers.on_clocks_apart(lambda peer, apart_s: alarms.append((peer, apart_s)))
    for apart_s in (4.9, 5.0, 61.0, -7.0, 0.0, -5.5):
        peers.clock_seen(PEER, apart_s)
    clock.advance(0)
    assert alarms == [(PEER, 5.0), (PEER, -5.5)]
