"""The node's Prometheus metrics (design 11): one registry per node, typed methods, bounded labels.

Promises: a label value is one of a known set, or one of a limited number of plain words. Anything else becomes
"other". So no card, item or reader can become a label, and a broken caller cannot fill the memory. A strange value
raises nothing, because counting must never stop lending.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from federation.methods import METHODS
from federation.outcomes import AnswerOutcome, CallOutcome
from federation.troubles import TurnedAway
from node.observe.gauges import StateGauges
from node.observe.outcomes import REASONS, Outcome
from node.observe.status import NodeStatus
from node.observe.upkeep import UpkeepMetrics
from node.observe.visitors import ConnectionCounter

# A second series with the creation time of each counter would double the exposition; no contract has it.
disable_created_metrics()  # type: ignore[no-untyped-call]

OTHER = "other"
OWN = "own"  # this library, compared with itself
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Requests of SIP2 2.00, by code.
MESSAGES = ("01", "09", "11", "15", "17", "19", "23", "25", "29", "35", "37", "63", "65", "93", "97", "99")
TERMINAL_KINDS = ("selfcheck", "return", "sorter", "gate", "staff", "unknown")
GATE_DECISIONS = ("open", "shut")
# SIP2 payment types (cash, VISA, credit card) and their words.
PAYMENTS = ("00", "01", "02", "cash", "visa", "credit_card")

METHOD_NAMES = (*(each.name for each in METHODS), "deliver")
ALERTING = (Outcome.ERROR, Outcome.LATE)
FEW_TERMINALS = 40
"""So many have every outcome of every request from the start: some thousand lines."""

# What other libraries do that is usual once.
NOTED = ("unknown_card", "wrong_pin", "out_of_bounds", "many_cards", "over_budget")

# The name under which the commit of a group appears among the units of work.
COMMIT = "commit"

# A kiosk is answered within 4 s (design 4): the buckets are dense below that, and one is above.
ANSWER_BUCKETS_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 2.5, 4.0, 10.0)
STORE_BUCKETS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
GROUP_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


@lru_cache(maxsize=8192)
def _child(metric: Any, *labels: str) -> Any:
    """The series of these labels. Looking it up in the metric costs several times as much as counting."""
    return metric.labels(*labels)


class LabelSet:
    """The values one label may take: the `known` ones, and at most `learn` more that are plain words.

    A plain word has lower-case letters, dots and underscores alone: no number of a card, item or reader passes.
    """

    _WORD = re.compile(r"[a-z][a-z_.]{0,39}")

    def __init__(self, known: Collection[str], learn: int = 0) -> None:
        self._values = set(known)
        self._room = learn

    def add(self, values: Collection[str]) -> None:
        """Further values that may come, such as terminals that are new in the settings."""
        self._values.update(values)

    def fold(self, value: str) -> str:
        if value in self._values:
            return value
        if self._room and self._WORD.fullmatch(value):
            self._room -= 1
            self._values.add(value)
            return value
        return OTHER


class Metrics:
    """Every metric of one node, on its own registry.

    `terminals`: the logins of the settings; `peers`: the codes of the other libraries; `areas`: of the gates.
    Durations are seconds, money is fen.
    """

    def __init__(self, terminals: Collection[str], peers: Collection[str], areas: Collection[str]) -> None:
        self.registry = CollectorRegistry()
        self.upkeep = UpkeepMetrics(self.registry, LabelSet((), learn=32).fold)
        self._terminals = LabelSet((*terminals, *TERMINAL_KINDS))
        self._peers = LabelSet(peers)
        self._homes = LabelSet((*peers, OWN))
        self._areas = LabelSet(areas)
        self._noted = LabelSet(NOTED)
        self._turned_away_for = LabelSet(list(TurnedAway))
        self._messages = LabelSet(MESSAGES, learn=len(MESSAGES))
        self._outcomes = LabelSet(list(Outcome))
        self._call_outcomes = LabelSet(list(CallOutcome))
        self._answer_outcomes = LabelSet(list(AnswerOutcome))
        self._reasons = LabelSet(REASONS)
        self._kinds = LabelSet(TERMINAL_KINDS)
        self._methods = LabelSet(METHOD_NAMES, learn=32)
        self._from_zero = False
        self._works = LabelSet((COMMIT,), learn=128)
        self._payments = LabelSet(PAYMENTS, learn=16)
        self._decisions = LabelSet(GATE_DECISIONS)
        # Every request needs these two: found by one look.
        self._series = lru_cache(maxsize=8192)(self._series_of)
        self._declare_kiosks()
        self._declare_federation()
        self._declare_peers()
        self._declare_deliveries()
        self._declare_books()
        self.connections = ConnectionCounter(self.registry)
        self._state = StateGauges(self.registry)

    def know_terminals(self, logins: Collection[str]) -> None:
        """The settings were read again."""
        self._terminals.add(logins)
        self._series.cache_clear()
        if self._from_zero:
            self._zero_requests(logins)

    def know_peers(self, peers: Collection[str]) -> None:
        """The directory was read again."""
        self._peers.add(peers)
        self._homes.add(peers)
        if self._from_zero:
            self._zero_peers(peers)

    # --- from the start on -------------------------------------------------------------------------------

    def start_at_zero(self, terminals: Collection[str], peers: Collection[str], areas: Collection[str]) -> None:
        """Show every counter from the start, or Prometheus does not see its first step. Where terminals are many, only
        the outcomes of their requests that alerts look at: all of them would make scrapes slow. Also the process."""
        self._from_zero = True
        ProcessCollector(registry=self.registry)
        for message in MESSAGES:
            _child(self._request_seconds, message)
            for reason in REASONS:
                _child(self._refusals, message, reason)
        for method in METHOD_NAMES:
            for reason in REASONS:
                _child(self._call_refusals, method, reason)
        for payment in PAYMENTS:
            _child(self._paid, payment)
        for why in TurnedAway:
            _child(self._turned_away, why)
        self.connections.start_at_zero()
        for area in areas:
            for decision in GATE_DECISIONS:
                _child(self._passages, area, decision)
        for kind in TERMINAL_KINDS:
            _child(self._connections, kind)
        self._zero_requests((*terminals, "unknown"))
        self._zero_peers(peers)

    def _zero_requests(self, terminals: Collection[str]) -> None:
        outcomes = tuple(Outcome) if len(terminals) <= FEW_TERMINALS else ALERTING
        for message in MESSAGES:
            for outcome in outcomes:
                for terminal in terminals:
                    _child(self._requests, message, outcome, terminal)

    def _zero_peers(self, peers: Collection[str]) -> None:
        for peer in peers:
            for kind in NOTED:
                _child(self._peer_noted, peer, kind)
            for method in METHOD_NAMES:
                for outcome in CallOutcome:
                    _child(self._calls, peer, method, outcome)
                for answered in AnswerOutcome:
                    _child(self._answers, peer, method, answered)

    def _declare_kiosks(self) -> None:
        registry = self.registry
        self._requests = Counter(
            "tongjie_sip2_requests",
            "SIP2 requests answered.",
            ("message", "outcome", "terminal"),
            registry=registry,
        )
        self._refusals = Counter(
            "tongjie_sip2_refusals",
            "SIP2 requests refused, or not known to be granted, by reason.",
            ("message", "reason"),
            registry=registry,
        )
        self._request_seconds = Histogram(
            "tongjie_sip2_request_seconds",
            "Time from a SIP2 request to its answer.",
            ("message",),
            buckets=ANSWER_BUCKETS_S,
            registry=registry,
        )
        self._connections = Gauge(
            "tongjie_sip2_connections", "Open SIP2 connections by kind of terminal.", ("kind",), registry=registry
        )
        self._passages = Counter(
            "tongjie_gate_passages", "Decisions of the access gates.", ("area", "decision"), registry=registry
        )

    def _declare_federation(self) -> None:
        registry = self.registry
        self._calls = Counter(
            "tongjie_federation_calls",
            "Questions asked to other libraries.",
            ("peer", "method", "outcome"),
            registry=registry,
        )
        self._call_refusals = Counter(
            "tongjie_federation_refusals",
            "Questions that other libraries refused, by reason.",
            ("method", "reason"),
            registry=registry,
        )
        self._answers = Counter(
            "tongjie_federation_answers",
            "Questions of other libraries answered here.",
            ("peer", "method", "outcome"),
            registry=registry,
        )
        self._call_seconds = Histogram(
            "tongjie_federation_call_seconds",
            "Time until another library answered, or was given up.",
            ("peer", "method"),
            buckets=ANSWER_BUCKETS_S,
            registry=registry,
        )

    def _declare_peers(self) -> None:
        registry = self.registry
        self._peer_noted = Counter(
            "tongjie_federation_noted",
            "What another library did that is usual once, and not often.",
            ("peer", "kind"),
            registry=registry,
        )
        self._turned_away = Counter(
            "tongjie_federation_turned_away",
            "Connections and calls of others that got no answer here, by reason.",
            ("reason",),
            registry=registry,
        )
        self._peer_up = Gauge(
            "tongjie_federation_peer_up", "1 if the other library answers, 0 if not.", ("peer",), registry=registry
        )

    def _declare_deliveries(self) -> None:
        registry = self.registry
        self._outbox_depth = Gauge(
            "tongjie_outbox_depth", "Notices not yet acknowledged by the library.", ("peer",), registry=registry
        )
        self._differences = Gauge(
            "tongjie_comparison_differences", "Found when last compared with the library.", ("peer",), registry=registry
        )
        self._outbox_oldest = Gauge(
            "tongjie_outbox_oldest_seconds", "Age of the oldest such notice.", ("peer",), registry=registry
        )

    def _declare_books(self) -> None:
        registry = self.registry
        self._group_size = Histogram(
            "tongjie_store_group_size",
            "Units of work committed together.",
            buckets=GROUP_BUCKETS,
            registry=registry,
        )
        self._store_seconds = Histogram(
            "tongjie_store_seconds",
            "Time from asking for a unit of work to its commit.",
            ("work",),
            buckets=STORE_BUCKETS_S,
            registry=registry,
        )
        self._loans = Gauge("tongjie_loans_active", "Open loans of this library's items.", registry=registry)
        self._fines = Gauge("tongjie_fines_outstanding_fen", "Fen owed to this library.", registry=registry)
        self._paid = Counter("tongjie_fines_paid_fen", "Fen paid at this library.", ("method",), registry=registry)

    # --- the edge ----------------------------------------------------------------------------------------

    def request_answered(self, message: str, outcome: str, terminal: str, seconds: float) -> None:
        """One SIP2 request was answered. `terminal`: its login, or its kind; `outcome`: an `Outcome`."""
        count, times = self._series(message, outcome, terminal)
        count.inc()
        times.observe(seconds)

    def _series_of(self, message: str, outcome: str, terminal: str) -> tuple[Any, Any]:
        message = self._messages.fold(message)
        count = self._requests.labels(message, self._outcomes.fold(outcome), self._terminals.fold(terminal))
        return count, self._request_seconds.labels(message)

    def request_disturbed(self, message: str, outcome: str, terminal: str) -> None:
        """The line itself dealt with it: a repeat, or what can't be read. It took no time, so no time is observed."""
        message = self._messages.fold(message)
        _child(self._requests, message, self._outcomes.fold(outcome), self._terminals.fold(terminal)).inc()

    def request_refused(self, message: str, reason: str) -> None:
        """A request was told "no"; `reason`: a `Reason` or an `EdgeReason`."""
        _child(self._refusals, self._messages.fold(message), self._reasons.fold(reason)).inc()

    def connection_opened(self, kind: str) -> None:
        """A kiosk connected; before its login `kind` is "unknown"."""
        _child(self._connections, self._kinds.fold(kind)).inc()

    def connection_closed(self, kind: str) -> None:
        """It went away, or became known under another kind."""
        _child(self._connections, self._kinds.fold(kind)).dec()

    def gate_passed(self, area: str, decision: str) -> None:
        """A gate was told `decision` (open or shut)."""
        _child(self._passages, self._areas.fold(area), self._decisions.fold(decision)).inc()

    # --- other libraries ---------------------------------------------------------------------------------

    def federation_called(self, peer: str, method: str, outcome: str, reason: str | None, seconds: float) -> None:
        """A question to `peer` ended; `outcome`: a `CallOutcome`, `reason`: that of a refusal."""
        peer, method = self._peers.fold(peer), self._methods.fold(method)
        _child(self._calls, peer, method, self._call_outcomes.fold(outcome)).inc()
        _child(self._call_seconds, peer, method).observe(seconds)
        if reason is not None:
            _child(self._call_refusals, method, self._reasons.fold(reason)).inc()

    def federation_answered(self, peer: str, method: str, outcome: str) -> None:
        """A question of `peer` was answered; `outcome`: an `AnswerOutcome`."""
        peer, method = self._peers.fold(peer), self._methods.fold(method)
        _child(self._answers, peer, method, self._answer_outcomes.fold(outcome)).inc()

    def peer_noted(self, peer: str, kind: str) -> None:
        """`peer` asked for a card that is nobody's, tried a wrong PIN, ... (`NOTED`)."""
        _child(self._peer_noted, self._peers.fold(peer), self._noted.fold(kind)).inc()

    def peer_turned_away(self, reason: str, times: int) -> None:
        """Who connected got no answer; `reason`: a `TurnedAway`."""
        _child(self._turned_away, self._turned_away_for.fold(reason)).inc(times)

    def peer_seen(self, peer: str, up: bool) -> None:
        """`peer` answers, or has stopped answering."""
        _child(self._peer_up, self._peers.fold(peer)).set(1 if up else 0)

    def outbox_waits(self, peer: str, depth: int, oldest_s: float) -> None:
        """What is not yet acknowledged by `peer`."""
        peer = self._peers.fold(peer)
        _child(self._outbox_depth, peer).set(depth)
        _child(self._outbox_oldest, peer).set(oldest_s)

    def compared(self, peer: str, differences: int) -> None:
        """Our books were held against the mirror of `peer` (`OWN`: our own)."""
        _child(self._differences, self._homes.fold(peer)).set(differences)

    # --- the books ---------------------------------------------------------------------------------------

    def group_committed(self, size: int, seconds: float) -> None:
        """`size` units of work became durable together; the commit itself took `seconds`."""
        self._group_size.observe(size)
        _child(self._store_seconds, COMMIT).observe(seconds)

    def work_done(self, name: str, seconds: float) -> None:
        """The unit of work `name` is durable, or was given up, `seconds` after it was asked for."""
        _child(self._store_seconds, self._works.fold(name)).observe(seconds)

    def fine_paid(self, method: str, amount_fen: int) -> None:
        """`amount_fen` was paid by `method` (cash, card, ...). A negative amount is a bug of the caller."""
        _child(self._paid, self._payments.fold(method)).inc(amount_fen)

    # --- at a scrape -------------------------------------------------------------------------------------

    def show(self, status: NodeStatus) -> None:
        """Set every gauge that depends on the state of the node. Called before each scrape."""
        self._loans.set(status.loans_active)
        self._fines.set(status.fines_outstanding_fen)
        self._state.show(status)
        for peer in status.peers:
            self.peer_seen(peer.library, peer.up)
            self.outbox_waits(peer.library, peer.outbox_depth, peer.oldest_s)

    def text(self) -> bytes:
        """The exposition, as `CONTENT_TYPE`."""
        return generate_latest(self.registry)
