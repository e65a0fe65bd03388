"""Every alert that docs/operations.md advises can fire: what it asks for happens in a city, and is in the metrics."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail, succeed

from federation.certificates import expires_at_ms, issue, make_authority
from federation.contract import Notice, Receipt
from federation.outcomes import AnswerOutcome, CallOutcome
from node.observe.outcomes import REASONS, Outcome
from node.observe.status import ConnectionsState, NodeStatus
from node.reporting import clock_state, peer_states, terminal_states
from node.storage.delivery import outbox
from sip2 import tailoring
from tests.federation.lanes import NOW
from tests.node.observe.test_metrics import CONTRACT
from tests.node.service.notebook import counted
from tests.node.service.small_city import SmallCity

MANUAL = Path(__file__).resolve().parents[3] / "docs" / "operations.md"
BRANCH, OWNER = "CQBB", "CQCQ"
VALUES: dict[str, dict[str, Any]] = {
    "tongjie_sip2_requests_total": {"outcome": list(Outcome)},
    "tongjie_sip2_refusals_total": {"reason": REASONS},
    "tongjie_federation_calls_total": {"outcome": list(CallOutcome)},
    "tongjie_federation_answers_total": {"outcome": list(AnswerOutcome)},
}


def alerts() -> list[str]:
    block = MANUAL.read_text("utf-8").partition("Alerts worth having:")[2].split("```")[1]
    return [re.sub(r"\s+", " ", line.strip()) for line in block.splitlines() if line.strip()]


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def show(city: SmallCity, damage: str = "") -> Any:
    """The metrics of the branch as a scrape finds them. `damage`: found in its database."""
    core, now_ms = city[BRANCH].core, city.wall_ms()
    peers = peer_states(core.plan, core.peers.view, city[BRANCH].read(outbox.backlog), now_ms)
    terminals = terminal_states(core.terminals, core.kiosks, now_ms)
    clock = city[BRANCH].read(lambda tx: clock_state(tx, core.lookout.clock.view, ""))
    counts = (core.store.writable, 0, 0, 0)
    seen = NodeStatus(BRANCH, BRANCH, "", now_ms, now_ms, *counts, peers=peers, terminals=terminals, clock=clock)
    core.metrics.show(replace(seen, database_damage=damage))
    return core.metrics


def test_the_alerts_of_the_manual_are_those_that_are_shown_to_fire_here() -> None:
    assert alerts() == [
        "tongjie_federation_peer_up == 0 for 10m",
        "tongjie_outbox_oldest_seconds > 3600 and on(instance, peer) tongjie_federation_peer_up == 1",
        "histogram_quantile(0.99, sum by (le) (rate(tongjie_sip2_request_seconds_bucket[5m]))) > 1",
        'sum(rate(tongjie_sip2_requests_total{outcome="error"}[5m])) > 0',
        'sum(rate(tongjie_federation_answers_total{outcome="error"}[5m])) > 0',
        "tongjie_database_writable == 0",
        "tongjie_database_damaged == 1",
        "tongjie_terminal_connected == 0 for 30m",
        "tongjie_certificate_not_after_timestamp_seconds - time() < 30 * 86400",
        "abs(tongjie_federation_clock_offset_seconds) >= 5",
        "tongjie_connections / tongjie_connections_most > 0.8 for 10m",
        "tongjie_clock_contradicted == 1",
        "tongjie_fees_waiting > 0 for 24h",
    ]


def test_every_label_and_value_in_the_manual_is_one_that_a_node_writes() -> None:
    selectors = re.findall(r'(tongjie_\w+)\{(\w+)="(\w+)"', MANUAL.read_text("utf-8"))
    assert selectors
    for metric, label, value in selectors:
        assert label in CONTRACT[metric]
        assert value in VALUES[metric][label]


def test_every_outcome_and_reason_of_the_edge_is_explained_in_the_manual() -> None:
    words = set(re.findall(r"`(\w+)`", MANUAL.read_text("utf-8")))
    assert {*Outcome, *CallOutcome, *AnswerOutcome} <= words


def test_places_at_a_port_become_few(city: SmallCity) -> None:
    kiosks = city[BRANCH].core.kiosks
    kiosks.files = 10
    for number in range(9):
        assert kiosks.buildProtocol(IPv4Address("TCP", f"10.0.0.{number}", 40_000)) is not None  # type: ignore[arg-type]
    now_ms = city.wall_ms()
    state = ConnectionsState("sip2", len(kiosks.crowd), kiosks.crowd.most, 5_000)
    metrics = city[BRANCH].core.metrics
    metrics.show(NodeStatus(BRANCH, BRANCH, "", now_ms, now_ms, True, 0, 0, 0, connections=(state,)))
    open_now = counted(metrics, "tongjie_connections", listener="sip2")
    assert open_now / counted(metrics, "tongjie_connections_most", listener="sip2") > 0.8
    assert state.near


def test_a_library_that_is_away_is_down(city: SmallCity) -> None:
    desk = city.kiosk(BRANCH)
    city.cut(BRANCH, OWNER)
    for number in range(1, 6):
        desk.ask(desk.checkout(city.card(BRANCH), city.item(OWNER, number)))
    assert counted(show(city), "tongjie_federation_peer_up", peer=OWNER) == 0
    city.heal()
    city.run_for(30.0)
    assert counted(show(city), "tongjie_federation_peer_up", peer=OWNER) == 1


def test_an_outbox_grows_old_though_its_library_is_up(city: SmallCity, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = city.kiosk(BRANCH)
    desk.ask(desk.checkout(city.card(BRANCH), city.item(OWNER)))
    city.cut(BRANCH, OWNER)
    desk.ask(desk.checkin(city.item(OWNER)))
    server: Any = city[OWNER].core.server

    def takes_none(notices: tuple[Notice, ...], _left_s: float) -> Deferred[tuple[Receipt, ...]]:
        return succeed(tuple(Receipt(False, "not now") for _ in notices))

    monkeypatch.setattr(server._library, "deliver", takes_none)
    city.heal()
    city.run_for(3_700.0)
    metrics = show(city)
    assert counted(metrics, "tongjie_outbox_oldest_seconds", peer=OWNER) > 3600
    assert counted(metrics, "tongjie_federation_peer_up", peer=OWNER) == 1
    assert counted(metrics, "tongjie_federation_calls_total", peer=OWNER, method="deliver", outcome="refused") > 0


def test_answers_that_come_late_are_in_the_buckets_beyond_a_second(city: SmallCity) -> None:
    desk = city.kiosk(BRANCH)
    city.lose_answers(OWNER, BRANCH)
    desk.ask(desk.checkout(city.card(BRANCH), city.item(OWNER)))
    metrics, bucket = city[BRANCH].core.metrics, "tongjie_sip2_request_seconds_bucket"
    within, all_of_them = counted(metrics, bucket, le="1.0"), counted(metrics, bucket, le="+Inf")
    assert within < 0.99 * all_of_them


def test_an_accident_in_an_answer_is_an_error(city: SmallCity, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = city.kiosk(BRANCH)
    monkeypatch.setattr(tailoring, "answered", lambda *_asked: 1 / 0)
    desk.ask(desk.item(city.item(BRANCH)))
    assert counted(city[BRANCH].core.metrics, "tongjie_sip2_requests_total", outcome="error") == 1


def test_an_accident_in_an_answer_to_another_library_is_an_error_at_both(city: SmallCity) -> None:
    desk = city.kiosk(BRANCH)
    store: Any = city[OWNER].store
    store.run = lambda *_asked: fail(RuntimeError("the disk"))
    desk.ask(desk.checkout(city.card(BRANCH), city.item(OWNER)))
    asked, owner = city[BRANCH].core.metrics, city[OWNER].core.metrics
    assert counted(owner, "tongjie_federation_answers_total", peer=BRANCH, method="checkout", outcome="error") > 0
    assert counted(asked, "tongjie_sip2_requests_total", message="11", outcome="unknown") == 1


def test_a_disk_that_refuses_is_not_writable(city: SmallCity) -> None:
    city.kiosk(BRANCH)
    assert counted(show(city), "tongjie_database_writable") == 1
    city[BRANCH].store.writable = False
    assert counted(show(city), "tongjie_database_writable") == 0


def test_a_database_that_is_damaged_is_shown(city: SmallCity) -> None:
    assert counted(show(city), "tongjie_database_damaged") == 0
    assert counted(show(city, damage="card: a page"), "tongjie_database_damaged") == 1


def test_a_terminal_that_is_not_logged_in_is_not_connected_and_when_it_asked_last_is_known(city: SmallCity) -> None:
    assert counted(show(city), "tongjie_terminal_connected", terminal="sc") == 0
    assert counted(show(city), "tongjie_terminal_last_seen_timestamp_seconds", terminal="sc") == 0
    city.kiosk(BRANCH)
    asked_ms = city.wall_ms()
    city.run_for(60.0)
    assert counted(show(city), "tongjie_terminal_connected", terminal="sc") == 1
    seen_s = counted(show(city), "tongjie_terminal_last_seen_timestamp_seconds", terminal="sc")
    assert seen_s == pytest.approx(asked_ms / 1000, abs=1.0)


def test_a_clock_that_is_wrong_is_seen_with_its_sign(city: SmallCity) -> None:
    desk = city.kiosk(BRANCH)
    city[BRANCH].core.peers.clock_seen(OWNER, -7.0)
    assert counted(show(city), "tongjie_federation_clock_offset_seconds", peer=OWNER) == -7.0
    desk.ask(desk.item(city.item(OWNER)))
    assert counted(show(city), "tongjie_federation_clock_offset_seconds", peer=OWNER) == 0


def test_a_clock_that_most_contradict_is_seen_and_so_are_the_fees_that_wait_for_it(city: SmallCity) -> None:
    desk, item = city.kiosk(BRANCH), city.item(BRANCH)
    assert desk.ask(desk.checkout(city.card(BRANCH), item)).ok
    city.pass_days(35)
    city.set_clock(BRANCH, days=1)
    city.look_at_clocks()
    assert desk.ask(desk.checkin(item)).ok
    assert counted(show(city), "tongjie_clock_contradicted") == 1
    assert counted(show(city), "tongjie_fees_waiting") == 1
    city.set_clock(BRANCH)
    city.look_at_clocks()
    assert counted(show(city), "tongjie_clock_contradicted") == 0
    assert counted(show(city), "tongjie_fees_waiting") == 0


def test_the_end_of_a_certificate_is_known_before_it_comes() -> None:
    pair = issue(make_authority("city", NOW), ["cqbb"], NOW, days=20)
    left_s = expires_at_ms(pair.certificate) / 1000 - NOW.timestamp()
    assert 19 * 86_400 < left_s < 30 * 86_400
