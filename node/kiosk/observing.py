"""What is counted and logged of every request: one line with terminal, message, outcome and time (lesson 25).

Outcome, reason and operation are those that came with the answer (`Answered`); nothing is read from its fields.
Heartbeats (99) are counted and not logged; a peculiarity of a terminal is logged once, not at every message; what
disturbs is logged the first time, the second, the fourth ... with its count, so that nobody can fill the disk from a
kiosk's line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from twisted.python.failure import Failure

from node.kiosk.answered import Answered
from node.kiosk.edge import UNREAD
from node.kiosk.terminal import Session
from node.observe.logs import EventLog
from node.observe.metrics import Metrics
from node.observe.outcomes import EdgeReason, Outcome
from node.observe.visitors import REASONS
from sip2 import Message

_REMARKS_KEPT = 2000
_LOGINS_KEPT = 2000
_NOBODY = "unknown"
_COUNTED_AS = {
    **dict.fromkeys(("damaged", "garbled", "ignored", "oversize"), Outcome.MALFORMED),
    **dict.fromkeys(("endless", "slow_message", "tls_on_plain_port"), Outcome.MALFORMED),
    **dict.fromkeys(("duplicate", "resend"), Outcome.REPEATED),
}
_UNCHECKED_LOGINS = frozenset((EdgeReason.TOO_MANY_WRONG_LOGINS, EdgeReason.LOGINS_BUSY))
"""Told by `login_refused` alone, with its count: whoever floods must not fill the disk with a line each."""
_REFUSALS = frozenset((Outcome.REFUSED, Outcome.UNKNOWN))


class EdgeObserver:
    """Feeds the metrics and the log from the connections. `turned_away(why, address)`: of those without a place."""

    def __init__(
        self, metrics: Metrics, log: EventLog, turned_away: Callable[[str, str], None] = lambda *_: None
    ) -> None:
        self._metrics = metrics
        self._log = log
        self._turned_away = turned_away
        self._remarked: set[tuple[str, str, str]] = set()
        self._disturbances: Counter[tuple[str, str]] = Counter()
        self._refused_logins: Counter[tuple[str, str, str]] = Counter()

    def connection_opened(self, kind: str) -> None:
        self._metrics.connection_opened(kind)

    def connection_closed(self, kind: str) -> None:
        self._metrics.connection_closed(kind)

    def answered(self, request: Message, answer: Answered, session: Session, seconds: float) -> None:
        command, terminal = request.command, session.terminal.login
        _, outcome, reason, op = answer
        self._metrics.request_answered(command, outcome, terminal or _NOBODY, seconds)
        if reason is not None and outcome in _REFUSALS:
            self._metrics.request_refused(command, reason)
        if command == "93" and outcome is Outcome.OK:
            self._forget_refused(terminal)
        if command != "99" and reason not in _UNCHECKED_LOGINS:
            self._log.event(
                "sip2", op=op, message=command, outcome=outcome, reason=reason, terminal=terminal, seconds=seconds
            )

    def login_refused(self, login: str, host: str, reason: str) -> None:
        """Counted by terminal where the login is one, else by address: whoever guesses makes few lines."""
        known = login if reason == EdgeReason.WRONG_PASSWORD else ""
        key = (known, host, reason)
        if key not in self._refused_logins and len(self._refused_logins) >= _LOGINS_KEPT:
            key = ("", "", reason)
        count = self._refused_logins[key] = self._refused_logins[key] + 1
        if count & (count - 1) == 0:
            self._log.event("login_refused", login=login, address=host, reason=reason, count=count)

    def _forget_refused(self, login: str) -> None:
        """It is right now: the next mistake is told at once."""
        for key in [key for key in self._refused_logins if key[0] == login]:
            del self._refused_logins[key]

    def disturbed(self, what: str, session: Session, detail: str = "", message: str = UNREAD) -> None:
        terminal = session.terminal.login
        if what in REASONS:
            self._turned_away(what, detail)
        if what in _COUNTED_AS:
            self._metrics.request_disturbed(message, _COUNTED_AS[what], terminal or _NOBODY)
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

    def accident(self, failure: Failure, request: Message, session: Session) -> None:
        self._log.accident("sip2_failed", failure, message=request.command, terminal=session.terminal.login)
