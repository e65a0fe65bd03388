"""A peer that was down is found back within seconds: it is probed, or it calls, and what waits for it goes out.

BRANCH has found out that OWNER does not answer.
"""

from __future__ import annotations

import pytest

from federation.troubles import Trouble
from tests.node.service.errands import lend
from tests.node.service.kiosks import Kiosk
from tests.node.service.small_city import SmallCity

BRANCH, HOME, OWNER = "CQBB", "CQSPB", "CQCQ"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


@pytest.fixture
def desk(city: SmallCity) -> Kiosk:
    return city.kiosk(BRANCH)


def down_at_the_branch(city: SmallCity, desk: Kiosk) -> None:
    """The owner is cut off, and everybody has found out."""
    city.isolate(OWNER)
    for number in range(1, 4):
        desk.ask(desk.checkout(city.card(BRANCH), city.item(OWNER, number)))
    assert not city[BRANCH].core.peers.is_up(OWNER)


@pytest.mark.parametrize("out_for_s", [1, 10, 100, 3600])
def test_a_peer_that_is_back_is_asked_within_seconds_although_nobody_had_asked_for_it(
    city: SmallCity, desk: Kiosk, out_for_s: float
) -> None:
    down_at_the_branch(city, desk)
    city.run_for(out_for_s)
    city.heal()
    city.run_for(2.6)
    desk = city.kiosk(BRANCH)
    assert desk.ask(desk.checkout(city.card(BRANCH), city.item(OWNER, 6))).ok
    city.check()


def test_a_peer_that_is_back_is_asked_within_seconds_however_often_it_was_asked_in_vain(
    city: SmallCity, desk: Kiosk
) -> None:
    down_at_the_branch(city, desk)
    for _ in range(6):
        assert not desk.ask(desk.checkout(city.card(BRANCH), city.item(OWNER, 6))).ok
        city.run_for(16)
    assert not desk.ask(desk.checkout(city.card(BRANCH), city.item(OWNER, 6))).ok
    city.heal()
    city.run_for(2.6)
    assert desk.ask(desk.checkout(city.card(BRANCH), city.item(OWNER, 7))).ok
    city.check()


def test_what_waits_for_a_peer_goes_out_as_soon_as_a_probe_finds_it_back(city: SmallCity, desk: Kiosk) -> None:
    item = city.item(OWNER, 9)
    assert lend(city, BRANCH, city.card(HOME), item).ok
    down_at_the_branch(city, desk)
    assert desk.ask(desk.checkin(item)).ok
    city.run_for(3600)  # the pauses between deliveries have grown to minutes
    city.heal()
    city.run_for(3.0)
    assert city.backlog() == {}
    assert city.loans() == {}
    city.check()


def test_a_peer_that_calls_is_asked_again_at_once(city: SmallCity, desk: Kiosk) -> None:
    down_at_the_branch(city, desk)
    city.heal()
    there = city.kiosk(OWNER)
    there.ask(there.item(city.item(BRANCH)))
    city.run_for(0.1)
    assert city[BRANCH].core.peers.is_up(OWNER)
    assert desk.ask(desk.checkout(city.card(BRANCH), city.item(OWNER, 6))).ok


def test_a_peer_that_calls_but_can_not_be_reached_is_still_not_waited_for(city: SmallCity, desk: Kiosk) -> None:
    down_at_the_branch(city, desk)
    city.refused_lines = {(BRANCH, OWNER)}
    there = city.kiosk(OWNER)
    there.ask(there.item(city.item(BRANCH)))
    began_s = city.clock.seconds()
    assert not desk.ask(desk.checkout(city.card(BRANCH), city.item(OWNER, 6))).ok
    assert city.clock.seconds() - began_s < 0.1
    city.check()


def test_probes_go_out_every_two_seconds_or_so_and_none_once_all_is_well(city: SmallCity, desk: Kiosk) -> None:
    down_at_the_branch(city, desk)
    city.run_for(60)
    city.sent.clear()
    city.run_for(60)
    probes = [caller for caller, peer, _ in city.sent if (caller, peer) == (BRANCH, OWNER)]
    assert 24 <= len(probes) <= 42
    city.settle()
    city.run_for(5)
    city.sent.clear()
    city.run_for(3600)
    assert city.sent == []
    city.check()


def test_a_node_that_is_stopping_probes_nobody(city: SmallCity, desk: Kiosk) -> None:
    down_at_the_branch(city, desk)
    city[BRANCH].core.peers.stop_probing()
    city.wait_for(city[BRANCH].core.courier.stop())
    city.run_for(3)  # a call under way
    city.sent.clear()
    city.run_for(60)
    assert [caller for caller, _, _ in city.sent if caller == BRANCH] == []


def test_the_log_says_once_that_a_library_is_down_and_why_and_once_that_it_is_back(
    city: SmallCity, desk: Kiosk
) -> None:
    down_at_the_branch(city, desk)
    city.run_for(60)
    city.heal()
    city.run_for(5)
    log = city[BRANCH].log
    assert [line["peer"] for line in log.of("peer_down")] == [OWNER]
    assert log.of("peer_down")[0]["reason"] == Trouble.NO_ANSWER
    assert "firewall" in str(log.of("peer_down")[0]["why"])
    assert log.of("peer_up") == [{"peer": OWNER}]
