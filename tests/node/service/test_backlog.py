"""The alarm on an outbox: once when a limit is crossed, once when all is well again."""

from __future__ import annotations

from typing import Any

import pytest

from federation.peers import PeerView
from node.reporting import peer_states
from node.service.delivery.backlog import BacklogAlarm, BacklogLimits
from tests.node.service.small_city import SmallCity

HOUR_MS = 3_600_000
LIMITS = BacklogLimits(oldest_s=3600.0, notices=10)


@pytest.fixture
def told() -> list[tuple[str, dict[str, Any]]]:
    return []


@pytest.fixture
def alarm(told: list[tuple[str, dict[str, Any]]]) -> BacklogAlarm:
    return BacklogAlarm(LIMITS, ("CQSPB", "CQBB", "CQCQ"), lambda name, **fields: told.append((name, fields)))


def test_an_old_outbox_is_told_once_and_once_more_when_it_is_empty(alarm: BacklogAlarm, told: list[Any]) -> None:
    for now_ms in (0, HOUR_MS, HOUR_MS + 1, 2 * HOUR_MS):
        alarm.look([("CQBB", 3, 0)], now_ms)
    assert told == [("outbox_alarm", {"peer": "CQBB", "depth": 3, "oldest_s": 3600.001})]
    alarm.look([], 3 * HOUR_MS)
    alarm.look([], 4 * HOUR_MS)
    assert told[1:] == [("outbox_well", {"peer": "CQBB", "depth": 0, "oldest_s": 0.0})]


def test_a_large_outbox_is_told_and_may_be_told_again(alarm: BacklogAlarm, told: list[Any]) -> None:
    for depth in (10, 11, 12, 9, 11):
        alarm.look([("CQBB", depth, 0)], 0)
    assert [(name, fields["depth"]) for name, fields in told] == [
        ("outbox_alarm", 11),
        ("outbox_well", 9),
        ("outbox_alarm", 11),
    ]


def test_each_library_has_its_own_alarm(alarm: BacklogAlarm, told: list[Any]) -> None:
    alarm.look([("CQBB", 11, 0), ("CQCQ", 1, 0)], 0)
    alarm.look([("CQBB", 11, 0), ("CQCQ", 11, 0)], 0)
    assert [fields["peer"] for _name, fields in told] == ["CQBB", "CQCQ"]


def test_what_waits_for_no_member_is_told_at_once_however_little(alarm: BacklogAlarm, told: list[Any]) -> None:
    alarm.look([("CQXX", 1, 0)], 0)
    alarm.look([("CQXX", 1, 0)], 1)
    alarm.look([], 2)
    assert [(name, fields["peer"]) for name, fields in told] == [("outbox_alarm", "CQXX"), ("outbox_well", "CQXX")]


def test_a_clock_that_went_back_makes_nothing_old(alarm: BacklogAlarm, told: list[Any]) -> None:
    alarm.look([("CQBB", 1, HOUR_MS)], 0)
    assert told == []


def test_the_status_page_shows_every_library_and_whoever_has_left_with_something_waiting() -> None:
    plan = SmallCity()["CQSPB"].plan
    states = peer_states(
        plan, lambda _peer: PeerView(True, None, None, None, None), [("CQBB", 2, 5_000), ("CQXX", 1, 0)], 6_000
    )
    assert [(each.library, each.up, each.outbox_depth, each.oldest_s, each.alarm) for each in states] == [
        ("CQBB", True, 2, 1.0, False),
        ("CQCQ", True, 0, 0.0, False),
        ("CQWZ", True, 0, 0.0, False),
        ("CQXX", False, 1, 6.0, True),
    ]


def test_a_node_whose_peer_is_cut_off_raises_the_alarm_drops_nothing_and_takes_it_back(told: list[Any]) -> None:
    city = SmallCity(changes={"outbox_limits": LIMITS})
    node = city["CQSPB"]
    node.core.lookout.backlog._event = lambda name, **fields: told.append((name, fields["peer"], fields["depth"]))
    city.isolate("CQSPB")
    kiosk = city.kiosk("CQSPB")
    assert kiosk.ask(kiosk.checkin(city.item("CQBB"))).ok
    city.wait_for(node.core.lookout.look_at_outboxes())
    assert told == []
    city.pass_days(1)
    city.wait_for(node.core.lookout.look_at_outboxes())
    assert told == [("outbox_alarm", "CQBB", 1)]
    assert city.backlog() == {"CQSPB": 1}
    city.settle()
    city.wait_for(node.core.lookout.look_at_outboxes())
    assert told[1:] == [("outbox_well", "CQBB", 0)]
    assert node.column("SELECT acked_at_ms IS NOT NULL FROM outbox") == [1]
