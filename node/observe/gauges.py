"""What a scrape shows of the node's state, besides what is counted: terminals, peers, certificates, the version.

Each is set anew at every scrape, so that a terminal or a library that has left the settings leaves the metrics too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Gauge

from federation.troubles import Trouble
from node.domain.staff import StaffKind
from node.observe.status import NodeStatus, PeerState, TerminalState

OTHER = "other"
_KINDS = frozenset(StaffKind)
NEVER_S = 0.0
"""The instant of what has not happened since the node started."""


class StateGauges:
    """On `registry`. Instants are seconds since 1970."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, help_: str, *labels: str) -> Any:
            return Gauge(f"tongjie_{name}", help_, labels, registry=registry)

        self._build = gauge("build_info", "Always 1; the version of the program.", "version")
        self._started = gauge("start_time_seconds", "When the node started.")
        self._writable = gauge("database_writable", "1 if a write was seen to succeed since the last that failed.")
        self._damaged = gauge("database_damaged", "1 if pages of the database do not hold together.")
        self._exceptions = gauge("exceptions_open", "Exceptions waiting for staff.", "kind")
        self._connected = gauge("terminal_connected", "1 if the terminal is logged in now.", "terminal")
        self._seen = gauge("terminal_last_seen_timestamp_seconds", "When it last asked; 0: not yet.", "terminal")
        self._not_after = gauge("certificate_not_after_timestamp_seconds", "When the certificate expires.", "which")
        self._offset = gauge(
            "federation_clock_offset_seconds", "How far its clock is ahead of ours, at the least.", "peer"
        )
        self._open = gauge("connections", "Open connections.", "listener")
        self._most = gauge("connections_most", "So many are let in at once.", "listener")
        self._contradicted = gauge("clock_contradicted", "1 while most libraries that answer contradict this clock.")
        self._fees_waiting = gauge("fees_waiting", "Returned loans whose fee waits for the right time.")
        self._answered = gauge("federation_last_answer_timestamp_seconds", "When it last answered; 0: not yet.", "peer")
        self._trouble = gauge("federation_peer_trouble", "1 for what the last call to it met.", "peer", "trouble")

    def show(self, status: NodeStatus) -> None:
        self._build.labels(status.version).set(1)
        self._started.set(status.started_ms / 1000)
        self._writable.set(status.database_writable)
        self._contradicted.set(status.clock.contradicted)
        self._fees_waiting.set(status.clock.fees_waiting)
        self._damaged.set(bool(status.database_damage))
        self._show_exceptions(status)
        self._show_terminals(status.terminals)
        self._show_peers(status.peers)
        for each in status.connections:
            self._open.labels(each.name).set(each.open)
            self._most.labels(each.name).set(each.most)
        self._not_after.clear()
        for which, at_ms in status.certificates:
            self._not_after.labels(which).set(at_ms / 1000)

    def _show_exceptions(self, status: NodeStatus) -> None:
        self._exceptions.clear()
        for known in StaffKind:
            self._exceptions.labels(known).set(0)
        for kind, count in status.exceptions_by_kind:
            self._exceptions.labels(kind if kind in _KINDS else OTHER).inc(count)

    def _show_terminals(self, terminals: Iterable[TerminalState]) -> None:
        self._connected.clear()
        self._seen.clear()
        for each in terminals:
            self._connected.labels(each.login).set(each.connected)
            self._seen.labels(each.login).set(_seconds(each.last_seen_ms))

    def _show_peers(self, peers: Iterable[PeerState]) -> None:
        for gauge in (self._offset, self._answered, self._trouble):
            gauge.clear()
        for each in peers:
            self._answered.labels(each.library).set(_seconds(each.last_answer_ms))
            if each.clock_apart_s is not None:
                self._offset.labels(each.library).set(each.clock_apart_s)
            for trouble in Trouble:
                self._trouble.labels(each.library, trouble).set(each.trouble == trouble)


def _seconds(at_ms: int | None) -> float:
    return NEVER_S if at_ms is None else at_ms / 1000
