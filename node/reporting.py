"""How a running node stands: its core, its books, its ports and its last accidents, as the status page shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from typing import Any

from twisted.internet.defer import Deferred

from federation.clock import WallMs
from federation.clocks import ClockView
from federation.crowd import Crowd
from federation.peers import PeerView
from federation.troubles import TURNED_AWAY, WORDS
from node.core import Core
from node.doors import Ports
from node.kiosk.listener import KioskFactory
from node.kiosk.terminal import Terminals
from node.observe.logs import JsonLog
from node.observe.status import ClockState, ConnectionsState, NodeStatus, PeerState, TerminalState, TurnedAwayState
from node.observe.visitors import LISTENERS, Visitors
from node.plan import Plan
from node.service.delivery.backlog import Backlog
from node.settings.library import NodeSettings
from node.soundness import Soundness
from node.storage import tally
from node.storage.delivery import outbox
from node.storage.desk import exceptions as exception_rows
from node.storage.owner.waiting_fees import count_waiting_fees
from node.storage.store import Tx


class StatusReport:
    """`node.observe.status.StatusSource` of the node that started at `started_ms`. `certificates`: those in use, and
    `connections`: those open now, as in `NodeStatus`. `waits_for`: why it has not opened yet, "" if it has."""

    def __init__(
        self,
        core: Core,
        ports: Ports,
        certificates: Callable[[], Iterable[tuple[str, int]]],
        connections: Callable[[], tuple[ConnectionsState, ...]],
        log: JsonLog,
        *,
        soundness: Soundness,
        wall_ms: WallMs,
        started_ms: int,
        waits_for: Callable[[], str],
    ) -> None:
        self._core = core
        self._ports = ports
        self._certificates = certificates
        self._connections = connections
        self._log = log
        self._soundness = soundness
        self._wall_ms = wall_ms
        self._started_ms = started_ms
        self._waits_for = waits_for

    def status(self) -> Deferred[NodeStatus]:
        """One read of the books."""
        return self._core.store.read(self._status)

    def _status(self, tx: Tx) -> NodeStatus:
        plan, now_ms = self._core.plan, self._wall_ms()
        by_kind = exception_rows.count_open_by_kind(tx)
        return NodeStatus(
            library=plan.library,
            library_name=plan.library_name,
            version=version("tongjie"),
            now_ms=now_ms,
            started_ms=self._started_ms,
            database_writable=self._core.store.writable,
            database_checked=self._soundness.checked,
            database_damage=self._soundness.damage,
            loans_active=tally.value(tx, tally.LOANS_ACTIVE),
            exceptions_open=sum(count for _, count in by_kind),
            fines_outstanding_fen=tally.value(tx, tally.FINES_OUTSTANDING_FEN),
            listeners=self._ports.states(),
            terminals=terminal_states(self._core.terminals, self._core.kiosks, now_ms),
            peers=peer_states(plan, self._core.peers.view, outbox.backlog(tx), now_ms),
            last_errors=tuple(self._log.last_errors()),
            exceptions_by_kind=by_kind,
            certificates=tuple(self._certificates()),
            turned_away=tuple(
                TurnedAwayState(why, TURNED_AWAY[why], who, at_ms, count)
                for why, who, at_ms, count in self._core.lookout.turned_away.each()
            ),
            connections=self._connections(),
            clock=clock_state(tx, self._core.lookout.clock.view, self._waits_for()),
        )


def clock_state(tx: Tx, view: ClockView, waits_for: str) -> ClockState:
    """What `view` says of our clock, and the fees that wait for it."""
    return ClockState(
        contradicted=view.contradicted,
        apart=view.apart,
        measured=view.measured,
        off_s=round(view.off_ms / 1000, 1),
        fees_waiting=count_waiting_fees(tx),
        start_waits=waits_for,
    )


def connection_states(
    crowds: Mapping[str, Crowd[Any]], settings: NodeSettings, visitors: Visitors
) -> tuple[ConnectionsState, ...]:
    """Of each listener that is open."""
    wanted = {
        "sip2": settings.sip2.max_connections,
        "http": settings.http.max_connections,
        "federation": settings.federation.max_connections,
    }
    return tuple(
        ConnectionsState(name, len(crowds[name]), crowds[name].most, wanted[name], *visitors.crowded(name))
        for name in LISTENERS
        if name in crowds
    )


def terminal_states(terminals: Terminals, kiosks: KioskFactory, now_ms: int) -> tuple[TerminalState, ...]:
    """In the order of the settings."""
    connected, seen = kiosks.connected_logins(), kiosks.last_seen_ms(now_ms)
    return tuple(
        TerminalState(each.login, each.kind, each.location, each.login in connected, seen.get(each.login))
        for each in terminals.values()
    )


def peer_states(plan: Plan, view: Callable[[str], PeerView], backlog: Backlog, now_ms: int) -> tuple[PeerState, ...]:
    """The other libraries in the order of the directory; then whoever has left it, as long as something waits there."""
    waiting = {peer: (depth, max(0.0, (now_ms - oldest_ms) / 1000)) for peer, depth, oldest_ms in backlog}
    names = {entry.code: entry.name for entry in plan.directory.libraries if entry.code != plan.library}

    def state(code: str) -> PeerState:
        depth, oldest_s = waiting.get(code, (0, 0.0))
        alarm = code not in names or plan.outbox_limits.exceeded(depth, oldest_s)
        if code not in names:
            return PeerState(code, "", up=False, outbox_depth=depth, oldest_s=oldest_s, alarm=alarm)
        seen = view(code)
        return PeerState(
            code,
            names[code],
            seen.up,
            depth,
            oldest_s,
            last_answer_ms=seen.last_answer_ms,
            alarm=alarm,
            since_ms=seen.since_ms,
            trouble=seen.trouble or "",
            why="" if seen.trouble is None else WORDS[seen.trouble],
            clock_apart_s=seen.clock_apart_s,
        )

    return tuple(state(code) for code in (*names, *sorted(waiting.keys() - names.keys())))
