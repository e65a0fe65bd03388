"""Metrics: every name and label of design 11, and no way to make an unbounded one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from federation.contract import Reason
from federation.outcomes import AnswerOutcome, CallOutcome
from node.domain.staff import StaffKind
from node.observe.metrics import FEW_TERMINALS, OTHER, LabelSet, Metrics
from node.observe.outcomes import EdgeReason, Outcome
from node.observe.status import ConnectionsState, NodeStatus, PeerState, TerminalState
from node.storage.store import StoreObserver

CONTRACT: dict[str, Any] = {
    "tongjie_forgotten_rows_total": {"kind"},
    "tongjie_reactor_turn_seconds": set(),
    "tongjie_database_damaged": set(),
    "tongjie_sip2_requests_total": {"message", "outcome", "terminal"},
    "tongjie_sip2_refusals_total": {"message", "reason"},
    "tongjie_sip2_request_seconds": {"message"},
    "tongjie_sip2_connections": {"kind"},
    "tongjie_federation_calls_total": {"peer", "method", "outcome"},
    "tongjie_federation_refusals_total": {"method", "reason"},
    "tongjie_federation_answers_total": {"peer", "method", "outcome"},
    "tongjie_federation_call_seconds": {"peer", "method"},
    "tongjie_federation_noted_total": {"peer", "kind"},
    "tongjie_federation_turned_away_total": {"reason"},
    "tongjie_federation_peer_up": {"peer"},
    "tongjie_outbox_depth": {"peer"},
    "tongjie_outbox_oldest_seconds": {"peer"},
    "tongjie_comparison_differences": {"peer"},
    "tongjie_store_group_size": set(),
    "tongjie_store_seconds": {"work"},
    "tongjie_loans_active": set(),
    "tongjie_fines_outstanding_fen": set(),
    "tongjie_fines_paid_fen_total": {"method"},
    "tongjie_gate_passages_total": {"area", "decision"},
    "tongjie_connections": {"listener"},
    "tongjie_connections_most": {"listener"},
    "tongjie_connections_turned_away_total": {"listener", "reason"},
    "tongjie_exceptions_open": {"kind"},
    "tongjie_build_info": {"version"},
    "tongjie_start_time_seconds": set(),
    "tongjie_database_writable": set(),
    "tongjie_terminal_connected": {"terminal"},
    "tongjie_terminal_last_seen_timestamp_seconds": {"terminal"},
    "tongjie_certificate_not_after_timestamp_seconds": {"which"},
    "tongjie_federation_clock_offset_seconds": {"peer"},
    "tongjie_clock_contradicted": set(),
    "tongjie_fees_waiting": set(),
    "tongjie_federation_last_answer_timestamp_seconds": {"peer"},
    "tongjie_federation_peer_trouble": {"peer", "trouble"},
}


def new_metrics() -> Metrics:
    return Metrics(terminals=("self1",), peers=("CQBB",), areas=("children",))


def status() -> NodeStatus:
    return NodeStatus(
        library="CQSPB",
        library_name="沙坪坝区图书馆",
        version="0.1.0",
        connections=(ConnectionsState("sip2", 3, 5_000, 5_000),),
        now_ms=1_000,
        started_ms=0,
        database_writable=True,
        loans_active=7,
        exceptions_open=2,
        fines_outstanding_fen=1240,
        peers=(
            PeerState(
                "CQBB", "北碚图书馆", False, outbox_depth=3, oldest_s=61.5, trouble="no_answer", clock_apart_s=-6.5
            ),
        ),
        terminals=(
            TerminalState("self1", "selfcheck", "", connected=True, last_seen_ms=900),
            TerminalState("self2", "selfcheck", "", connected=False),
        ),
        exceptions_by_kind=(("refund_due", 2), ("a_newer_kind", 1)),
        certificates=(("federation", 86_400_000),),
    )


def use_everything(metrics: Metrics) -> None:
    metrics.request_answered("11", "ok", "self1", 0.012)
    metrics.request_refused("11", "quota")
    metrics.connection_opened("selfcheck")
    metrics.gate_passed("children", "open")
    metrics.connections.turned_away("http", "made_way")
    metrics.federation_called("CQBB", "hold_place", "refused", "quota", 1.4)
    metrics.federation_answered("CQBB", "hold_place", "ok")
    metrics.peer_noted("CQBB", "unknown_card")
    metrics.peer_turned_away("not_a_member", 2)
    metrics.group_committed(12, 0.002)
    metrics.work_done("checkout", 0.003)
    metrics.fine_paid("cash", 20)
    metrics.compared("CQBB", 1)
    metrics.upkeep.forgotten("loans", 1)
    metrics.show(status())


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_every_metric_of_the_contract_is_exposed_under_its_name_with_its_labels() -> None:
    metrics = new_metrics()
    use_everything(metrics)
    seen: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        seen[name] = {label for sample in family.samples for label in sample.labels} - {"le"}
    assert seen == CONTRACT


def test_the_state_of_the_node_becomes_gauges() -> None:
    metrics = new_metrics()
    metrics.show(status())
    assert value(metrics, "tongjie_loans_active") == 7
    assert value(metrics, "tongjie_connections", listener="sip2") == 3
    assert value(metrics, "tongjie_connections_most", listener="sip2") == 5_000
    assert value(metrics, "tongjie_exceptions_open", kind="refund_due") == 2
    assert value(metrics, "tongjie_exceptions_open", kind=StaffKind.NO_BLOCK_UNKNOWN_CARD) == 0
    assert value(metrics, "tongjie_exceptions_open", kind="other") == 1  # of a newer program
    assert value(metrics, "tongjie_build_info", version="0.1.0") == 1
    assert value(metrics, "tongjie_database_writable") == 1
    assert value(metrics, "tongjie_terminal_connected", terminal="self1") == 1
    assert value(metrics, "tongjie_terminal_last_seen_timestamp_seconds", terminal="self1") == 0.9
    assert value(metrics, "tongjie_terminal_last_seen_timestamp_seconds", terminal="self2") == 0
    assert value(metrics, "tongjie_certificate_not_after_timestamp_seconds", which="federation") == 86_400
    assert value(metrics, "tongjie_federation_clock_offset_seconds", peer="CQBB") == -6.5
    assert value(metrics, "tongjie_federation_peer_trouble", peer="CQBB", trouble="no_answer") == 1
    assert value(metrics, "tongjie_federation_peer_trouble", peer="CQBB", trouble="accident") == 0
    assert value(metrics, "tongjie_fines_outstanding_fen") == 1240
    assert value(metrics, "tongjie_federation_peer_up", peer="CQBB") == 0
    assert value(metrics, "tongjie_outbox_depth", peer="CQBB") == 3
    assert value(metrics, "tongjie_outbox_oldest_seconds", peer="CQBB") == 61.5


def test_two_nodes_in_one_process_count_apart() -> None:
    one, two = new_metrics(), new_metrics()
    one.fine_paid("cash", 20)
    assert value(one, "tongjie_fines_paid_fen_total", method="cash") == 20
    assert value(two, "tongjie_fines_paid_fen_total", method="cash") is None


def test_the_metrics_are_what_the_store_reports_to() -> None:
    metrics = new_metrics()
    observer: StoreObserver = metrics
    observer.group_committed(12, 0.002)
    observer.work_done("checkout", 0.003)
    assert value(metrics, "tongjie_store_group_size_sum") == 12
    assert value(metrics, "tongjie_store_seconds_count", work="commit") == 1
    assert value(metrics, "tongjie_store_seconds_count", work="checkout") == 1


def test_connections_are_counted_up_and_down() -> None:
    metrics = new_metrics()
    metrics.connection_opened("gate")
    metrics.connection_opened("gate")
    metrics.connection_closed("gate")
    assert value(metrics, "tongjie_sip2_connections", kind="gate") == 1


def test_every_reason_of_the_contract_and_of_the_edge_is_counted_under_its_name() -> None:
    metrics = new_metrics()
    for reason in (*Reason, *EdgeReason):
        metrics.request_refused("11", reason)
        metrics.federation_called("CQBB", "checkout", CallOutcome.REFUSED, reason, 0.01)
        assert value(metrics, "tongjie_sip2_refusals_total", message="11", reason=reason) == 1
        assert value(metrics, "tongjie_federation_refusals_total", method="checkout", reason=reason) == 1


def test_every_outcome_is_counted_under_its_name() -> None:
    metrics = new_metrics()
    for outcome in Outcome:
        metrics.request_answered("11", outcome, "self1", 0.01)
        assert value(metrics, "tongjie_sip2_requests_total", message="11", outcome=outcome, terminal="self1") == 1
    for called in CallOutcome:
        metrics.federation_called("CQBB", "checkout", called, None, 0.01)
        labels = {"peer": "CQBB", "method": "checkout", "outcome": called}
        assert value(metrics, "tongjie_federation_calls_total", **labels) == 1
    for answered in AnswerOutcome:
        metrics.federation_answered("CQBB", "checkout", answered)
        labels = {"peer": "CQBB", "method": "checkout", "outcome": answered}
        assert value(metrics, "tongjie_federation_answers_total", **labels) == 1


def test_what_the_line_itself_dealt_with_does_not_make_requests_look_fast() -> None:
    metrics = new_metrics()
    metrics.request_disturbed("11", Outcome.REPEATED, "self1")
    assert value(metrics, "tongjie_sip2_requests_total", message="11", outcome="repeated", terminal="self1") == 1
    assert value(metrics, "tongjie_sip2_request_seconds_count", message="11") is None


def test_strangers_fold_into_other() -> None:
    metrics = new_metrics()
    metrics.request_answered("ZZ", "whatever", "self99", 0.01)
    labels = {"message": OTHER, "outcome": OTHER, "terminal": OTHER}
    assert value(metrics, "tongjie_sip2_requests_total", **labels) == 1


@given(st.from_regex(r"[A-Z]{0,5}[0-9]{1,18}", fullmatch=True))
def test_a_card_or_item_number_never_becomes_a_label(number: str) -> None:
    metrics = new_metrics()
    metrics.request_answered(number + "x", number, number, 0.01)
    metrics.request_disturbed(number + "x", number, number)
    metrics.request_refused(number + "x", number)
    metrics.federation_called(number, number, number, number, 0.01)
    metrics.federation_answered(number, number, number)
    metrics.work_done(number, 0.01)
    metrics.fine_paid(number + "x", 1)
    metrics.gate_passed(number, number)
    metrics.connections.turned_away(number, number)
    values = {
        value
        for family in metrics.registry.collect()
        for sample in family.samples
        for label, value in sample.labels.items()
        if label != "le"
    }
    assert values == {OTHER}


def test_a_label_learns_a_limited_number_of_plain_words() -> None:
    labels = LabelSet(("known",), learn=2)
    assert [labels.fold(each) for each in ("a", "b", "c", "a", "known")] == ["a", "b", OTHER, "a", "known"]


def test_a_negative_payment_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="incremented"):
        new_metrics().fine_paid("cash", -1)


def test_counters_are_there_from_the_start_for_everything_that_can_be_counted() -> None:
    metrics = new_metrics()
    metrics.start_at_zero(["self1"], ["CQBB"], ["children"])
    for request in Outcome:
        labels = {"message": "11", "outcome": request, "terminal": "self1"}
        assert value(metrics, "tongjie_sip2_requests_total", **labels) == 0
    assert value(metrics, "tongjie_sip2_request_seconds_count", message="11") == 0
    assert value(metrics, "tongjie_sip2_refusals_total", message="11", reason="quota") == 0
    for outcome in CallOutcome:
        labels = {"peer": "CQBB", "method": "checkout", "outcome": outcome}
        assert value(metrics, "tongjie_federation_calls_total", **labels) == 0
    assert value(metrics, "tongjie_federation_answers_total", peer="CQBB", method="deliver", outcome="error") == 0
    assert value(metrics, "tongjie_federation_noted_total", peer="CQBB", kind="wrong_pin") == 0
    assert value(metrics, "tongjie_gate_passages_total", area="children", decision="shut") == 0
    assert value(metrics, "tongjie_fines_paid_fen_total", method="cash") == 0
    metrics.know_terminals(["self2"])
    metrics.know_peers(["CQNEW"])
    assert value(metrics, "tongjie_sip2_requests_total", message="11", outcome="error", terminal="self2") == 0
    assert value(metrics, "tongjie_federation_calls_total", peer="CQNEW", method="deliver", outcome="ok") == 0


def test_where_terminals_are_many_only_what_alerts_look_at_is_there_from_the_start() -> None:
    metrics = new_metrics()
    metrics.start_at_zero([f"self{number}" for number in range(FEW_TERMINALS)], [], [])
    assert value(metrics, "tongjie_sip2_requests_total", message="11", outcome="error", terminal="self7") == 0
    assert value(metrics, "tongjie_sip2_requests_total", message="11", outcome="ok", terminal="self7") is None


def test_the_process_is_in_the_metrics() -> None:
    metrics = new_metrics()
    metrics.start_at_zero([], [], [])
    assert (value(metrics, "process_resident_memory_bytes") or 0) > 0
    assert (value(metrics, "process_start_time_seconds") or 0) > 0


def test_a_terminal_that_has_left_the_settings_leaves_the_metrics() -> None:
    metrics = new_metrics()
    metrics.show(status())
    metrics.show(replace(status(), terminals=()))
    assert value(metrics, "tongjie_terminal_connected", terminal="self1") is None
