"""A running node: the core of one library with its database, ports, threads and clock. The composition root.

Start: database, recovery, federation, HTTP, and only then the kiosks' ports. Stop, the other way round: no new
kiosk, what runs is finished, the outbox gets at most 10 s, then everything is closed.
"""

from __future__ import annotations

import os
import random  # noqa: TID251 - the one place where randomness enters the node
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from federation import certificates
from federation.batching import BATCH
from federation.certificates import CertificateError, TlsIdentity
from federation.methods import PATHS
from federation.transport.channels import GrpcTransport
from federation.transport.server import GrpcServer
from federation.waiting import at_most
from node.core import Core, Plan
from node.doors import Doors, endpoint
from node.kiosk.tls import CredentialsError
from node.nightly import Nightly
from node.observe.http import status_site
from node.observe.logs import JsonLog, listen_to_twisted, stream_writer
from node.observe.metrics import Metrics
from node.observe.status import ListenerState, NodeStatus, PeerState, TerminalState
from node.planning import limits_of, needs_restart, plan_of, terminals_of
from node.secrets import Argon2Verifier
from node.service.delivery.backlog import Backlog
from node.settings.library import NodeSettings, SettingsError
from node.storage.delivery import outbox
from node.storage.desk import exceptions as exception_rows
from node.storage.meta import LibraryIdentity, establish
from node.storage.money import fines as ledger_rows
from node.storage.opening import database_path, prepare_database
from node.storage.owner import loans as owner_rows
from node.storage.sqlite import GroupCommitStore
from node.storage.store import Tx

T = TypeVar("T")

FLUSH_S = 10.0
GRACE_S = 2.0
FORGET_EVERY_S = 3600.0
WATCH_EVERY_S = 30.0


class StartError(Exception):
    """The node can't start; the text says why and what to do."""


def wall_clock(shift_ms: int) -> Callable[[], int]:
    """The wall clock, shifted (hidden option `--now`): timers are not affected."""
    return lambda: time.time_ns() // 1_000_000 + shift_ms


class Node:
    """One library's process. `reactor` is the asyncio reactor, running when `start` is called."""

    def __init__(self, settings: NodeSettings, reactor: Any, shift_ms: int = 0) -> None:
        self._settings = settings
        self._doors = Doors(reactor)
        self._reactor = reactor
        self._wall_ms = wall_clock(shift_ms)
        self._started_ms = self._wall_ms()
        self._commits = ThreadPool(1, 1, "commit")
        self._hashing = ThreadPool(0, 2, "hashing")
        self._logins = ThreadPool(0, 1, "logins")
        self._ports: list[tuple[str, Any]] = []
        self._grpc: GrpcServer | None = None
        self._nightly: Nightly | None = None
        self.log: JsonLog | None = None

    # --- start ---------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Ready when it fires. Errors: StartError, DatabaseError, CertificateError, ListenError."""
        settings = self._settings
        self._commits.start()
        self._hashing.start()
        self._logins.start()
        path = database_path(settings.database)
        prepare_database(path)
        plan = plan_of(settings)
        self._metrics = Metrics(
            plan.terminals, [code for code in plan.directory.codes if code != plan.library], plan.areas
        )
        self._store = GroupCommitStore(path, self._reactor, self._in_thread(self._commits), self._metrics)
        identity = await self._store.run(lambda tx: establish(tx, plan.library, os.urandom), "establish")
        self.log = JsonLog(stream_writer(sys.stderr), self._wall_ms, identity.digest_key, plan.library)
        listen_to_twisted(self.log)
        self._compose(plan, identity)
        self._plan_nights(settings.federation.compare_hour)
        await self._core.recover()
        await self._open_ports()
        self._core.start_probing()
        self._forget_later()
        self._watch_later()
        if self._nightly is not None:
            self._nightly.start()
        self.log.event("ready", version=version("tongjie"))

    def _compose(self, plan: Plan, identity: LibraryIdentity) -> None:
        settings = self._settings
        tls = TlsIdentity.load(settings.federation.certificate, settings.federation.key, settings.federation.ca)
        self._tls = tls

        def address(code: str) -> tuple[str, int] | None:
            entry = plan.directory.entry(code)
            return None if entry is None else (entry.host, entry.port)

        self._transport = GrpcTransport(tls, address)
        assert self.log is not None
        self._core = Core(
            plan,
            identity,
            self._store,
            transport=self._transport,
            clock=self._reactor,
            wall_ms=self._wall_ms,
            rng=random.SystemRandom(),
            secrets=Argon2Verifier(self._in_thread(self._hashing)),
            passwords=Argon2Verifier(self._in_thread(self._logins)),
            metrics=self._metrics,
            log=self.log,
        )
        listen = settings.federation.listen
        self._grpc = GrpcServer(
            tls,
            self._core.answer,
            [*PATHS, BATCH],
            host=listen.host,
            port=listen.port,
        )

    def _in_thread(self, pool: ThreadPool) -> Callable[[Callable[[], T]], Deferred[T]]:
        return lambda function: deferToThreadPool(self._reactor, pool, function)

    async def _open_ports(self) -> None:
        assert self._grpc is not None
        assert self.log is not None
        await self._grpc.start()
        site = status_site(self._metrics, self, self.log, self._reactor)
        http = self._settings.http.listen
        await self._listen("http", http.host, http.port, site)
        for listener in self._settings.sip2.listeners:
            try:
                factory = self._doors.factory(listener, self._core.kiosks)
            except CredentialsError as error:
                raise StartError(str(error)) from None
            await self._listen("sip2", listener.host, listener.port, factory)

    async def _listen(self, name: str, host: str, port: int, factory: Any) -> None:
        try:
            self._ports.append((name, await endpoint(self._reactor, host, port).listen(factory)))
        except CannotListenError as error:
            raise StartError(
                f"can't listen at {host}:{port} ({name}): {error.socketError}. "
                "Is another node running, or another program using the port?"
            ) from None

    def _forget_later(self) -> None:
        """Acknowledged notices are dropped after a week."""
        self._core.courier.forget_old()
        self._core.sweep()
        self._reactor.callLater(FORGET_EVERY_S, self._forget_later)

    def _watch_later(self) -> None:
        """Outboxes that have grown too old or too large raise an alarm."""
        self._core.watch_outboxes()
        self._reactor.callLater(WATCH_EVERY_S, self._watch_later)

    def _plan_nights(self, hour: int) -> None:
        """The comparison with the other libraries; an hour of -1: never."""
        assert self.log is not None
        if hour >= 0:
            self._nightly = Nightly(
                hour,
                lambda: Deferred.fromCoroutine(self._core.comparison.look_and_repair()),
                clock=self._reactor,
                wall_ms=self._wall_ms,
                rng=random.SystemRandom(),
                log=self.log,
            )

    # --- settings again ------------------------------------------------------------------------------------

    def reload(self, read: Callable[[], NodeSettings]) -> None:
        """Follow changed settings: terminals, their switches, limits, certificates. No session is dropped; what is
        wrong leaves everything as it was, and is logged."""
        if self.log is None or not hasattr(self, "_core"):
            return
        try:
            settings = read()
        except SettingsError as error:
            self.log.error("settings_refused", what=str(error), fields={})
            return
        self._doors.follow(settings.sip2.listeners)
        for why in (*self._doors.read_again(), *self._renew_certificates(settings)):
            self.log.error("certificate_refused", what=why, fields={})
        self._core.kiosks.edge.limits = limits_of(settings.sip2)
        self._core.terminals.replace(terminals_of(settings))
        self._metrics.know_terminals(self._core.terminals)
        later = needs_restart(self._settings, settings)
        if later:
            what = f"changed, and followed at the next start: {', '.join(later)}"
            self.log.error("restart_needed", what=what, fields={})
        self.log.event("settings_read", count=len(self._core.terminals))

    def _renew_certificates(self, settings: NodeSettings) -> Iterator[str]:
        """Those between the libraries; what is wrong with them, if they can't be used. Calls under way go on."""
        assert self.log is not None
        assert self._grpc is not None
        between = settings.federation
        try:
            tls = TlsIdentity.load(between.certificate, between.key, between.ca)
        except CertificateError as error:
            yield str(error)
            return
        now = datetime.fromtimestamp(self._wall_ms() / 1000, UTC)
        problems = certificates.check(tls, settings.library, now, soon_days=0)
        yield from problems
        if not problems and tls != self._tls:
            self._tls = tls
            self._grpc.reload(tls)
            self._transport.reload(tls)
            self.log.event("certificates_renewed")

    # --- stop ----------------------------------------------------------------------------------------------

    async def stop(self) -> None:
        """In order; each step even if the node had not got further than that."""
        if self._nightly is not None:
            self._nightly.stop()
        if hasattr(self, "_core"):
            self._core.peers.stop_probing()
            await DeferredList([maybeDeferred(port.stopListening) for name, port in self._ports if name == "sip2"])
            await self._core.kiosks.finish()
            await at_most(self._reactor, self._core.courier.flush(), FLUSH_S)
            await self._core.courier.stop()
        if self._grpc is not None:
            await self._grpc.stop(GRACE_S)
        if hasattr(self, "_core"):
            await at_most(self._reactor, self._core.server.quiet(), GRACE_S)
            await self._transport.close()
        await DeferredList([maybeDeferred(port.stopListening) for name, port in self._ports if name != "sip2"])
        if hasattr(self, "_store"):
            await self._store.idle()
            self._store.close()
        for pool in (self._commits, self._hashing, self._logins):
            if pool.started:
                pool.stop()
        if self.log is not None:
            self.log.event("stopped")

    # --- status --------------------------------------------------------------------------------------------

    def status(self) -> Deferred[NodeStatus]:
        """`StatusSource`: one read of the books."""
        return self._store.read(self._status)

    def _status(self, tx: Tx) -> NodeStatus:
        plan, now_ms = self._core.plan, self._wall_ms()
        connected = self._core.kiosks.connected_logins()
        return NodeStatus(
            library=plan.library,
            library_name=plan.library_name,
            version=version("tongjie"),
            now_ms=now_ms,
            started_ms=self._started_ms,
            database_writable=self._store.writable,
            loans_active=owner_rows.count_active_loans(tx),
            exceptions_open=exception_rows.count_open_exceptions(tx),
            fines_outstanding_fen=ledger_rows.outstanding_fen(tx),
            listeners=tuple(
                ListenerState(name, f"{port.getHost().host}:{port.getHost().port}", True) for name, port in self._ports
            ),
            terminals=tuple(
                TerminalState(each.login, each.kind, each.location, each.login in connected)
                for each in self._core.terminals.values()
            ),
            peers=peer_states(plan, self._core.peers.is_up, outbox.backlog(tx), now_ms),
            last_errors=() if self.log is None else tuple(self.log.last_errors()),
        )


def peer_states(plan: Plan, is_up: Callable[[str], bool], backlog: Backlog, now_ms: int) -> tuple[PeerState, ...]:
    """The other libraries in the order of the directory; then whoever has left it, as long as something waits there."""
    waiting = {peer: (depth, max(0.0, (now_ms - oldest_ms) / 1000)) for peer, depth, oldest_ms in backlog}
    names = {entry.code: entry.name for entry in plan.directory.libraries if entry.code != plan.library}

    def state(code: str) -> PeerState:
        depth, oldest_s = waiting.get(code, (0, 0.0))
        alarm = code not in names or plan.outbox_limits.exceeded(depth, oldest_s)
        up = code in names and is_up(code)
        return PeerState(code, names.get(code, ""), up, depth, oldest_s, alarm=alarm)

    return tuple(state(code) for code in (*names, *sorted(waiting.keys() - names.keys())))
