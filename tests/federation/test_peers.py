"""What is known of a peer: down after five failures, probed until it answers, at once when it is heard."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from federation.contract import NotPermitted, PeerUnreachable
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
    limits = PeerLimits(failures_until_down=5, probe_every_s=2.0, alarm_apart_s=5.0)
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


def test_while_nobody_probes_one_call_is_let_through_as_the_probe_after_the_pause(peers: Peers, clock: Clock) -> None:
    fail(peers)
    clock.advance(1.99)
    assert peers.is_down(PEER)
    clock.advance(0.02)
    assert not peers.is_down(PEER)
    assert peers.admit(PEER)
    assert peers.is_down(PEER)
    assert not peers.admit(PEER)


def test_looking_whether_a_peer_is_down_does_not_use_up_the_probe(peers: Peers, clock: Clock) -> None:
    fail(peers)
    clock.advance(2)
    assert not peers.is_down(PEER)
    assert not peers.is_down(PEER)
    assert peers.admit(PEER)


def test_a_probe_that_succeeds_makes_the_peer_up(peers: Peers, clock: Clock) -> None:
    fail(peers)
    clock.advance(2)
    peers.admit(PEER)
    answer(peers)
    assert peers.is_up(PEER)
    assert peers.admit(PEER)


def test_a_hundred_calls_that_fail_together_do_not_lengthen_the_pause(peers: Peers, clock: Clock) -> None:
    for _ in range(100):
        peers.admit(PEER)
    for _ in range(100):
        peers.failed(PEER)
    clock.advance(2)
    assert peers.admit(PEER)


def test_a_probe_that_was_given_up_leaves_the_next_call_to_probe(peers: Peers, clock: Clock) -> None:
    fail(peers)
    clock.advance(2)
    peers.admit(PEER)
    peers.abandoned(PEER)
    assert peers.admit(PEER)


def test_the_delay_is_jittered_by_the_chance_that_was_passed_in(clock: Clock) -> None:
    chance = Evenly()
    peers = Peers(clock, lambda: 0, chance)
    fail(peers)
    assert chance.drawn == [(0.75, 1.25)]
    clock.advance(2)
    fail(peers, 1)
    assert chance.drawn == [(0.75, 1.25)] * 2


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


def test_only_a_peer_that_was_down_returns_and_only_with_an_answer(peers: Peers, clock: Clock) -> None:
    back: list[str] = []
    peers.on_return(back.append)
    fail(peers, 4)
    answer(peers)
    fail(peers)
    peers.heard_from(PEER)
    clock.advance(0)
    assert back == []
    answer(peers)
    answer(peers)
    assert back == []
    clock.advance(0)
    assert back == [PEER]


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


# --- probes ----------------------------------------------------------------------------------------------------


class Probing:
    """Every probe waits until the test ends it, as the client does: first the outcome, then the answer."""

    def __init__(self, peers: Peers, clock: Clock) -> None:
        self.peers = peers
        self.at: list[float] = []
        self._clock = clock
        self._under_way: list[Deferred[None]] = []
        peers.start_probing(self._probe, [PEER])

    def _probe(self, peer: str) -> Deferred[None]:
        assert peer == PEER
        self.at.append(self._clock.seconds())
        self._under_way.append(Deferred())
        return self._under_way[-1]

    def fail(self) -> None:
        self.peers.failed(PEER)
        self._under_way.pop().errback(PeerUnreachable(PEER, "cut"))

    def succeed(self) -> None:
        answer(self.peers)
        self._under_way.pop().callback(None)

    def forbid(self) -> None:
        self.peers.spoke(PEER)
        self._under_way.pop().errback(NotPermitted("no"))


@pytest.fixture
def probing(peers: Peers, clock: Clock) -> Probing:
    return Probing(peers, clock)


def test_a_peer_that_is_down_is_probed_every_two_seconds_until_it_answers(
    peers: Peers, clock: Clock, probing: Probing
) -> None:
    fail(peers)
    for _ in range(3):
        clock.advance(2)
        probing.fail()
    clock.advance(2)
    assert probing.at == [2, 4, 6, 8]
    assert not peers.is_up(PEER)
    probing.succeed()
    assert peers.is_up(PEER)
    assert peers.admit(PEER)
    clock.advance(0)
    assert clock.getDelayedCalls() == []


def test_a_peer_that_answers_is_never_probed(peers: Peers, clock: Clock, probing: Probing) -> None:
    fail(peers, 4)
    answer(peers)
    clock.advance(60)
    assert probing.at == []
    assert clock.getDelayedCalls() == []


def test_no_probe_goes_out_before_the_one_under_way_has_ended(peers: Peers, clock: Clock, probing: Probing) -> None:
    fail(peers)
    clock.advance(2)
    peers.failed(PEER)  # a delivery, or a call that was under way
    peers.abandoned(PEER)
    clock.advance(60)
    assert probing.at == [2]
    probing.fail()
    clock.advance(2)
    assert probing.at == [2, 64]


def test_while_somebody_probes_no_question_waits_for_a_peer_that_is_down(
    peers: Peers, clock: Clock, probing: Probing
) -> None:
    fail(peers)
    for _ in range(4):
        clock.advance(2)
        assert not peers.admit(PEER)
        probing.fail()
        assert not peers.admit(PEER)


def test_a_call_from_a_peer_that_is_down_has_it_probed_at_once(peers: Peers, clock: Clock, probing: Probing) -> None:
    fail(peers)
    clock.advance(0.5)
    peers.heard_from(PEER)
    clock.advance(0)
    assert probing.at == [0.5]
    probing.succeed()
    assert peers.is_up(PEER)


def test_a_call_that_comes_during_a_probe_has_the_next_one_follow_at_once(
    peers: Peers, clock: Clock, probing: Probing
) -> None:
    fail(peers)
    clock.advance(2)
    peers.heard_from(PEER)
    clock.advance(1)
    assert probing.at == [2]
    probing.fail()
    clock.advance(0)
    assert probing.at == [2, 3]


def test_another_answer_than_the_probes_ends_the_probes(peers: Peers, clock: Clock, probing: Probing) -> None:
    fail(peers)
    clock.advance(1)
    answer(peers)
    clock.advance(60)
    assert probing.at == []


def test_a_probe_that_may_not_ask_shows_that_the_peer_is_up(peers: Peers, clock: Clock, probing: Probing) -> None:
    fail(peers)
    clock.advance(2)
    probing.forbid()
    assert peers.is_up(PEER)
    clock.advance(60)
    assert probing.at == [2]


def test_a_peer_that_goes_down_again_during_the_last_probe_is_probed_when_that_has_ended(
    peers: Peers, clock: Clock, probing: Probing
) -> None:
    fail(peers)
    clock.advance(2)
    answer(peers)  # of a delivery
    fail(peers)
    clock.advance(3)
    assert probing.at == [2]
    probing.fail()
    clock.advance(2)
    assert probing.at == [2, 7]


def test_a_peer_that_was_down_before_the_probes_began_is_probed_at_once(peers: Peers, clock: Clock) -> None:
    fail(peers)
    clock.advance(2)
    assert peers.admit(PEER)  # as the probe
    probing = Probing(peers, clock)
    clock.advance(0)
    assert probing.at == [2]


def test_nobody_is_probed_any_more_once_the_node_is_stopping(peers: Peers, clock: Clock, probing: Probing) -> None:
    fail(peers)
    peers.stop_probing()
    assert clock.getDelayedCalls() == []
    peers.heard_from(PEER)
    clock.advance(60)
    assert probing.at == []


def test_a_probe_under_way_when_the_node_is_stopping_is_the_last_one(
    peers: Peers, clock: Clock, probing: Probing
) -> None:
    fail(peers)
    clock.advance(2)
    peers.stop_probing()
    probing.fail()
    clock.advance(60)
    assert probing.at == [2]


# --- clocks ----------------------------------------------------------------------------------------------------


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
