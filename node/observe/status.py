"""The state of one node at one moment, as values, for the status page, `/readyz` and the gauges.

The node implements `StatusSource`. Nothing here knows a database or a connection. Instants are
`..._ms` (UTC since 1970), money is integer fen. No card, reader or item appears in a status.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from twisted.internet.defer import Deferred


@dataclass(frozen=True, slots=True)
class ListenerState:
    """One listening port: `name` is sip2, federation or http, `address` is "host:port"."""

    name: str
    address: str
    open: bool


@dataclass(frozen=True, slots=True)
class TerminalState:
    """One terminal of the settings. `last_seen_ms` None: not since the node started."""

    login: str
    kind: str
    location: str
    connected: bool
    last_seen_ms: int | None = None


@dataclass(frozen=True, slots=True)
class PeerState:
    """One other library, and what waits for it. `oldest_s` is the age of the oldest notice in its outbox; `alarm`: it
    is too old, or too many wait. `since_ms`: when it went up or down, None: not since the node started. `trouble`: a
    `federation.troubles.Trouble` of the last call to it, "" if it was answered; `why`: the same in words.
    `clock_apart_s`: its clock is so far ahead of ours."""

    library: str
    name: str
    up: bool
    outbox_depth: int
    oldest_s: float
    last_answer_ms: int | None = None
    alarm: bool = False
    since_ms: int | None = None
    trouble: str = ""
    why: str = ""
    clock_apart_s: float | None = None


@dataclass(frozen=True, slots=True)
class ConnectionsState:
    """The connections of one listener (`name` as in `ListenerState`): `open` of at most `most`. The settings want
    `wanted`; `most` is less where the system allows too few files. `turned_away`: how many met a limit since the
    start, the last from `who` at `at_ms`."""

    name: str
    open: int
    most: int
    wanted: int
    turned_away: int = 0
    who: str = ""
    at_ms: int | None = None

    @property
    def near(self) -> bool:
        """Whether few places are left."""
        return self.open >= self.most * 0.8


@dataclass(frozen=True, slots=True)
class TurnedAwayState:
    """Callers that got no answer for one `federation.troubles.TurnedAway`: `count` since the start, the last at
    `at_ms`. `who`: the last one's library or address, "" if neither is known; `why`: the reason in words."""

    reason: str
    why: str
    who: str
    at_ms: int
    count: int


@dataclass(frozen=True, slots=True)
class ClockState:
    """What the other libraries say of this one's clock. `contradicted`: most of the `measured` say that it is wrong by
    more than a minute (`apart`), so late fees wait; `off_s`: theirs are so far ahead, in the middle of all.
    `fees_waiting`: how many. `start_waits`: why the node has not opened yet, "" if it has."""

    contradicted: bool = False
    apart: tuple[str, ...] = ()
    measured: int = 0
    off_s: float = 0.0
    fees_waiting: int = 0
    start_waits: str = ""


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """One accident of the log, already free of secrets."""

    at_ms: int
    event: str
    text: str


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """Everything at once. `terminals` and `peers` are in the order in which they shall be shown.

    `loans_active` counts the open loans of this library's items, `exceptions_open` what waits for staff,
    `fines_outstanding_fen` what readers owe to this library. `certificates`: which, and the instant (ms) at which the
    first of that file expires. `database_checked`: its pages were looked at since the start, as far as readiness waits
    for that; `database_damage`: what was found in words, "" if nothing was.
    """

    library: str
    library_name: str
    version: str
    now_ms: int
    started_ms: int
    database_writable: bool
    loans_active: int
    exceptions_open: int
    fines_outstanding_fen: int
    listeners: tuple[ListenerState, ...] = ()
    terminals: tuple[TerminalState, ...] = ()
    peers: tuple[PeerState, ...] = ()
    last_errors: tuple[ErrorLine, ...] = ()
    exceptions_by_kind: tuple[tuple[str, int], ...] = ()
    certificates: tuple[tuple[str, int], ...] = ()
    turned_away: tuple[TurnedAwayState, ...] = ()
    connections: tuple[ConnectionsState, ...] = ()
    clock: ClockState = ClockState()
    database_checked: bool = True
    database_damage: str = ""

    @property
    def ready(self) -> bool:
        """Whether kiosks may be sent to this node. A peer that is down does not make it unready (design 1)."""
        listens = bool(self.listeners) and all(each.open for each in self.listeners)
        sound = self.database_writable and self.database_checked and not self.database_damage
        return sound and listens and not self.clock.start_waits

    @property
    def uptime_s(self) -> int:
        return max(0, self.now_ms - self.started_ms) // 1000


class StatusSource(Protocol):
    """The node's state now. It may fail or be slow, so callers wait with a limit."""

    def status(self) -> Deferred[NodeStatus]: ...
