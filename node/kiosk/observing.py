"""What is counted and logged of every request: one line with terminal, message, outcome and time (lesson 25).

Heartbeats (99) are counted and not logged; a peculiarity of a terminal is logged once, not at every message; what
disturbs is logged the first time, the second, the fourth ... with its count, so that nobody can fill the disk from a
kiosk's line.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from twisted.python.failure import Failure

from node.kiosk.terminal import Session
from node.observe.logs import EventLog
from node.observe.metrics import Metrics
from sip2 import Message

_OK_FIELDS = ("ok", "payment_accepted", "end_session", "item_properties_ok", "online_status")
_REMARKS_KEPT = 2000
_MALFORMED = frozenset(("damaged", "ignored", "oversize", "endless", "slow_message", "tls_on_plain_port"))
_REPEATED = frozenset(("duplicate", "resend"))


def _outcome(response: Any) -> str:
    for name in _OK_FIELDS:
        value = getattr(response, name, None)
        if value is not None:
            return "ok" if value else "refused"
    return "ok" if getattr(response, "valid_patron", None) is not False else "refused"


class EdgeObserver:
    """Feeds the metrics and the log from the connections."""

    def __init__(self, metrics: Metrics, log: EventLog) -> None:
        self._metrics = metrics
        self._log = log
        self._remarked: set[tuple[str, str, str]] = set()
        self._disturbances: Counter[tuple[str, str]] = Counter()

    def connection_opened(self, kind: str) -> None:
        self._metrics.connection_opened(kind)

    def connection_closed(self, kind: str) -> None:
        self._metrics.connection_closed(kind)

    def answered(self, request: Message, response: Message, session: Session, seconds: float) -> None:
        outcome = _outcome(response)
        terminal = session.terminal
        self._metrics.request_answered(request.command, outcome, terminal.login or "unknown", seconds)
        if request.command != "99":
            self._log.event("sip2", message=request.command, outcome=outcome, terminal=terminal.login, seconds=seconds)

    def disturbed(self, what: str, session: Session, detail: str = "") -> None:
        terminal = session.terminal.login
        if what in _MALFORMED or what in _REPEATED:
            outcome = "repeated" if what in _REPEATED else "malformed"
            self._metrics.request_answered("other", outcome, terminal or "unknown", 0.0)
        count = self._disturbances[what, terminal] = self._disturbances[what, terminal] + 1
        if count & (count - 1) == 0:
            extra = {"why": detail} if detail else {}
            self._log.event("sip2_disturbed", reason=what, terminal=terminal, count=count, **extra)

    def remarked(self, request: Message, warnings: tuple[str, ...], session: Session) -> None:
        terminal = session.terminal.login
        for warning in warnings:
            remark = (terminal, request.command, warning)
            if remark not in self._remarked and len(self._remarked) < _REMARKS_KEPT:
                self._remarked.add(remark)
                self._log.event("sip2_remark", message=request.command, terminal=terminal, why=warning)
            if warning.startswith("not "):
                self._metrics.request_answered("other", "malformed", terminal or "unknown", 0.0)

    def accident(self, failure: Failure, request: Message, session: Session) -> None:
        self._log.accident("sip2_failed", failure, message=request.command, terminal=session.terminal.login)
