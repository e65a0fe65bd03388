"""A peer that nobody asks anything is probed too, and how a peer stands can be seen."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from federation.peers import PeerLimits, Peers, PeerView
from federation.troubles import Trouble
from tests.federation.test_peers import PEER, Evenly, Probing, answer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watched(clock: Clock) -> Peers:
    return Peers(clock, lambda: int(clock.seconds() * 1000), Evenly(), PeerLimits(quiet_after_s=30.0))


def test_a_quiet_peer_is_probed_at_the_start_and_every_thirty_seconds(watched: Peers, clock: Clock) -> None:
    probing = Probing(watched, clock)
    for after_s in (2, 30, 30):
        clock.advance(after_s)
        probing.succeed()
    assert probing.at == [2, 32, 62]


def test_a_peer_that_answers_others_is_not_quiet(watched: Peers, clock: Clock) -> None:
    probing = Probing(watched, clock)
    clock.advance(2)
    probing.succeed()
    for _ in range(20):
        clock.advance(10)
        answer(watched)
    assert probing.at == [2]


def test_a_quiet_peer_that_is_dead_is_down_within_a_minute(watched: Peers, clock: Clock) -> None:
    told: list[tuple[str, Trouble]] = []
    watched.on_silence(lambda peer, trouble: told.append((peer, trouble)))
    probing = Probing(watched, clock)
    clock.advance(2)
    probing.succeed()
    clock.advance(30)
    for _ in range(5):
        probing.fail()
        clock.advance(2)
    assert told == [(PEER, Trouble.NO_ANSWER)]
    assert clock.seconds() < 60
    assert watched.view(PEER) == PeerView(
        up=False, since_ms=40_000, last_answer_ms=2_000, trouble=Trouble.NO_ANSWER, clock_apart_s=0.0
    )
    probing.succeed()
    assert watched.view(PEER).up
    assert watched.view(PEER).since_ms == 42_000


def test_after_the_end_of_probing_no_quiet_peer_is_looked_at(watched: Peers, clock: Clock) -> None:
    probing = Probing(watched, clock)
    watched.stop_probing()
    clock.advance(100)
    assert probing.at == []
    assert clock.getDelayedCalls() == []


def test_a_peer_that_does_not_permit_is_up_and_its_trouble_is_known(watched: Peers) -> None:
    watched.spoke(PEER, Trouble.NOT_PERMITTED)
    assert watched.view(PEER).up
    assert watched.view(PEER).trouble is Trouble.NOT_PERMITTED
    answer(watched)
    assert watched.view(PEER).trouble is None
