"""What the page, `/readyz` and the metrics say of this library's own clock."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from node.observe.http import readiness
from node.observe.metrics import Metrics
from node.observe.needs import Need, needs
from node.observe.status import ClockState, ListenerState, NodeStatus

CALM = NodeStatus(
    library="CQSPB",
    library_name="沙坪坝区图书馆",
    version="0.1.0",
    now_ms=1_685_606_400_000,
    started_ms=0,
    database_writable=True,
    loans_active=7,
    exceptions_open=0,
    fines_outstanding_fen=1240,
    listeners=(ListenerState("sip2", "127.0.0.1:6001", open=True),),
)
CONTRADICTED = ClockState(contradicted=True, apart=("CQBB", "CQCQ"), measured=3, off_s=-7200.0, fees_waiting=4)
WAITS = ClockState(start_waits="the clock is 70 s behind the newest row of the database")


def needs_of(clock: ClockState) -> tuple[Need, ...]:
    return needs(replace(CALM, clock=clock))


def test_nothing_is_said_of_a_clock_that_is_right() -> None:
    assert needs_of(ClockState(measured=3)) == ()


def test_the_page_says_that_most_contradict_the_clock_and_how_many_fees_wait() -> None:
    (need,) = needs_of(CONTRADICTED)
    assert need.bad
    assert "3 个馆中有 2 个" in need.chinese
    assert "约 2 小时" in need.chinese
    assert "4 wait" in need.english


def test_the_page_says_that_fees_still_wait_while_nobody_agrees() -> None:
    (need,) = needs_of(ClockState(fees_waiting=4))
    assert not need.bad
    assert "4 late fees" in need.english


def test_the_page_says_why_a_node_has_not_opened() -> None:
    (need,) = needs_of(WAITS)
    assert need.bad
    assert "--clock-is-right" in need.chinese
    assert "70 s behind" in need.english


@pytest.mark.parametrize(("clock", "code"), [(ClockState(), 200), (CONTRADICTED, 200), (WAITS, 503)])
def test_readyz_has_the_clock_in_its_body_and_a_start_that_waits_is_not_ready(clock: ClockState, code: int) -> None:
    answer = readiness(replace(CALM, clock=clock))
    assert answer.code == code
    said = json.loads(answer.body)["clock"]
    assert (said["contradicted"], tuple(said["apart"]), said["start_waits"]) == (
        clock.contradicted,
        clock.apart,
        clock.start_waits,
    )


def test_the_metrics_have_what_alerts_look_at() -> None:
    metrics = Metrics([], [], [])
    metrics.show(replace(CALM, clock=CONTRADICTED))
    text = metrics.text().decode()
    assert "tongjie_clock_contradicted 1.0" in text
    assert "tongjie_fees_waiting 4.0" in text
    metrics.show(CALM)
    assert "tongjie_clock_contradicted 0.0" in metrics.text().decode()
