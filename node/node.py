"""A running node: the core of one library with its database, ports, threads and clock. The composition root.

Start: database, recovery, federation, HTTP, pages, and only then the kiosks' ports. Stop, the other way round: no new
kiosk, what runs is finished, the outbox gets at most 10 s, then everything is closed.

Each step of the start says at once how it ends. `stop` ends the steps that were made, the last one first, so it is
the same after a start that failed half way.
"""

from __future__ import annotations

import os
import random  # noqa: TID251 - the one place where randomness enters the node
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from federation.batching import BATCH
from federation.certificates import TlsIdentity
from federation.crowd import Crowd, Places
from federation.directory import Directory
from federation.methods import PATHS
from federation.transport.channels import GrpcTransport
from federation.transport.server import GrpcServer
from federation.waiting import at_most
from node.core import Core
from node.counting import CountCheck
from node.descriptors import raise_limit, shares_of
from node.doors import Doors, Ports, ServerPort
from node.kiosk.tls import CredentialsError
from node.nightly import Nightly, in_coroutine
from node.observe.http import status_site
from node.observe.logs import JsonLog, listen_to_twisted, stream_writer
from node.observe.metrics import Metrics
from node.observe.upkeep import TurnWatch
from node.pages import compose_house
from node.parts import Opened, Threads
from node.plan import Means, Plan
from node.planning import plan_of
from node.reloading import CertificatesInUse, Reloading
from node.reporting import StatusReport, connection_states
from node.secrets import Argon2Verifier
from node.service.office.composing import Office
from node.service.office.sessions import SessionLimits
from node.settings.library import NodeSettings
from node.soundness import Soundness
from node.starting import ClockAtStart
from node.storage.locking import DatabaseLock
from node.storage.meta import establish
from node.storage.opening import database_path, prepare_database
from node.storage.sqlite import GroupCommitStore
from node.storage.store import StoreUnavailable
from node.web.composing import website
from node.web.rendering import Templates

T = TypeVar("T")

FLUSH_S = 10.0
GRACE_S = 2.0
SWEEP_EVERY_S = 3600.0
WATCH_EVERY_S = 30.0


class StartError(Exception):
    """The node can't start; the text says why and what to do."""


def wall_clock(shift_ms: int) -> Callable[[], int]:
    """The wall clock, shifted (hidden option `--now`): timers are not affected."""
    return lambda: time.time_ns() // 1_000_000 + shift_ms


class Node:
    """One library's process. `reactor` is the asyncio reactor, running when `start` is called. `clock_is_right`: the
    operator says so, whatever the books say."""

    def __init__(
        self, settings: NodeSettings, reactor: Any, shift_ms: int = 0, *, clock_is_right: bool = False
    ) -> None:
        self._settings = settings
        self._reactor = reactor
        self._wall_ms = wall_clock(shift_ms)
        self._started_ms = self._wall_ms()
        self._shares = shares_of(settings, raise_limit())
        self._crowds: dict[str, Crowd[Any]] = {}
        self._doors = Doors(reactor)
        self._ports = Ports(reactor)
        self._ends = AsyncExitStack()
        self._clock_is_right = clock_is_right
        self._recovered = False
        self._reloading: Reloading | None = None
        self._log: JsonLog | None = None

    # --- start ---------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Ready when it fires. Errors: StartError, DatabaseError, CertificateError, ListenError."""
        threads = Threads(self._pool(1, 1, "commit"), self._pool(0, 2, "hashing"), self._pool(0, 1, "logins"))
        path = database_path(self._settings.database)
        # before the database is touched, and until after it is closed
        self._ends.callback(DatabaseLock(path).release)
        prepare_database(path)
        plan = plan_of(self._settings)
        opened = await self._open_database(path, plan, threads)
        core, server, certificates = self._compose(plan, opened, threads)
        self._expect_ports(server)
        await self._open_when_clock_is_right(core, server, certificates, opened)
        await self._open_web(core, opened)
        await self._open_doors(core)
        core.links.start_probing()
        core.links.start_measuring(for_ever=True)
        self._sweep_later(core)
        self._watch_later(core)
        counting = self._in_thread(self._pool(0, 1, "counting"))
        self._plan_nights(core, CountCheck(path, opened.store, counting, opened.log), opened.log)
        self._watch_turns(opened.metrics)
        opened.log.event("ready", version=version("tongjie"))

    async def _open_when_clock_is_right(
        self, core: Core, server: GrpcServer, certificates: CertificatesInUse, opened: Opened
    ) -> None:
        """All but the kiosks' ports. If the clock is behind the books, the page opens first, and says so."""
        clock = ClockAtStart(core, self._reactor, self._wall_ms, opened.log)
        self._ends.callback(clock.stop)
        soundness = self._soundness(opened.log)
        is_open = False

        async def open_page() -> None:
            nonlocal is_open
            if not is_open:
                is_open = True
                await self._open_page(core, certificates, opened, clock, soundness)

        await clock.until_right(believed=self._clock_is_right, on_wait=open_page)
        await core.recover()
        self._recovered = True
        await server.start()
        await open_page()
        # a clock that is wrong is known before the first item comes back
        await core.links.measure_now()

    def _pool(self, least: int, most: int, name: str) -> ThreadPool:
        pool = ThreadPool(least, most, name)
        pool.start()
        self._ends.callback(pool.stop)
        return pool

    def _in_thread(self, pool: ThreadPool) -> Callable[[Callable[[], T]], Deferred[T]]:
        return lambda function: deferToThreadPool(self._reactor, pool, function)

    async def _open_database(self, path: Path, plan: Plan, threads: Threads) -> Opened:
        others = [code for code in plan.directory.codes if code != plan.library]
        metrics = Metrics(plan.terminals, others, plan.areas)
        metrics.start_at_zero(plan.terminals, others, plan.areas)
        store = GroupCommitStore(path, self._reactor, self._in_thread(threads.commits), metrics)
        self._ends.push_async_callback(_close_database, store)
        identity = await store.run(lambda tx: establish(tx, plan.library, os.urandom), "establish")
        log = JsonLog(stream_writer(sys.stderr), self._wall_ms, identity.digest_key, plan.library)
        self._log = log
        listen_to_twisted(log)
        return Opened(store, identity, metrics, log)

    def _compose(self, plan: Plan, opened: Opened, threads: Threads) -> tuple[Core, GrpcServer, CertificatesInUse]:
        """The library, and the server that is to let the others ask it."""
        between = self._settings.federation
        tls = TlsIdentity.load(between.certificate, between.key, between.ca)
        # It opens after the server, and closes after it: the page tells how the node ends.
        self._ends.push_async_callback(self._ports.close, "http")
        transport = GrpcTransport(tls, _addresses(plan.directory))
        core = Core(plan, opened.identity, opened.store, self._means(opened, transport, threads, tls.key))
        self._ends.push_async_callback(self._end_calls, core, transport)
        listen = between.listen
        server = GrpcServer(
            tls,
            core.answer,
            [*PATHS, BATCH],
            host=listen.host,
            port=listen.port,
            turned_away=core.lookout.turned_away.turned_away,
            places=lambda: Places(self._shares.federation, between.max_connections_per_address),
            refused=partial(core.lookout.visitors.turned_away, "federation"),
        )
        core.kiosks.files = self._shares.sip2
        self._crowds = {"sip2": core.kiosks.crowd, "federation": server.crowd}
        self._ends.push_async_callback(server.stop, GRACE_S)
        self._ends.push_async_callback(self._finish_kiosks, core)
        certificates = CertificatesInUse(tls, server, transport)
        self._reloading = Reloading(
            self._settings, core, self._doors, certificates, wall_ms=self._wall_ms, log=opened.log
        )
        return core, server, certificates

    def _means(self, opened: Opened, transport: GrpcTransport, threads: Threads, secret: bytes) -> Means:
        return Means(
            transport=transport,
            clock=self._reactor,
            wall_ms=self._wall_ms,
            rng=random.SystemRandom(),
            pins=Argon2Verifier(self._in_thread(threads.pins)),
            passwords=Argon2Verifier(self._in_thread(threads.logins)),
            metrics=opened.metrics,
            log=opened.log,
            secret=secret,
        )

    def _expect_ports(self, server: GrpcServer) -> None:
        """All that are to be open: the node is not ready before they are."""
        between, http = self._settings.federation.listen, self._settings.http.listen
        found = ServerPort(between.host, lambda: server.port, lambda: server.serving)
        self._ports.expect("federation", between.host, between.port, found)
        self._ports.expect("http", http.host, http.port)
        for each in self._settings.sip2.listeners:
            self._ports.expect("sip2", each.host, each.port)
        for page in self._settings.web.listeners:
            self._ports.expect("web", page.host, page.port)

    def _soundness(self, log: JsonLog) -> Soundness:
        """It looks at the database while the node serves."""
        path = database_path(self._settings.database)
        soundness = Soundness(path, self._reactor, self._in_thread(self._pool(0, 1, "soundness")), log)
        self._ends.callback(soundness.stop)
        soundness.start()
        return soundness

    async def _open_page(
        self, core: Core, certificates: CertificatesInUse, opened: Opened, clock: ClockAtStart, soundness: Soundness
    ) -> None:
        report = StatusReport(
            core,
            self._ports,
            lambda: (*certificates.expiring(), *self._doors.certificates()),
            lambda: connection_states(self._crowds, self._settings, core.lookout.visitors),
            opened.log,
            soundness=soundness,
            wall_ms=self._wall_ms,
            started_ms=self._started_ms,
            waits_for=lambda: clock.why,
        )
        http = self._settings.http
        site = status_site(
            opened.metrics,
            report,
            opened.log,
            self._reactor,
            self._in_thread(self._pool(0, 1, "metrics")),
            places=lambda: Places(self._shares.http, http.max_connections_per_address),
            turned_away=partial(core.lookout.visitors.turned_away, "http"),
        )
        self._crowds["http"] = site.crowd
        await self._listen("http", http.listen.host, http.listen.port, site)

    async def _open_doors(self, core: Core) -> None:
        for listener in self._settings.sip2.listeners:
            try:
                factory = self._doors.factory(listener, core.kiosks)
            except CredentialsError as error:
                raise StartError(str(error)) from None
            await self._listen("sip2", listener.host, listener.port, factory)

    async def _open_web(self, core: Core, opened: Opened) -> None:
        """The pages for people, where the settings have a port for them."""
        web = self._settings.web
        if not web.listeners:
            return
        pool = self._pool(0, 1, "pages")
        house = compose_house(
            core,
            opened.identity,
            SessionLimits(web.idle_timeout_s, web.session_max_s),
            self._in_thread(pool),
            # compiling them takes longer than other libraries should have to wait for an answer
            await deferToThreadPool(self._reactor, pool, Templates),
            clock=self._reactor,
            wall_ms=self._wall_ms,
            random_bytes=os.urandom,
            log=opened.log,
        )
        self._ends.push_async_callback(self._ports.close, "web")
        for listener in web.listeners:
            try:
                factory = self._doors.web_factory(listener, website(house, frozenset(listener.audience)))
            except CredentialsError as error:
                raise StartError(str(error)) from None
            await self._listen("web", listener.host, listener.port, factory)
        self._sweep_pages_later(house.office)

    async def _listen(self, purpose: str, host: str, port: int, factory: Any) -> None:
        try:
            await self._ports.listen(purpose, host, port, factory)
        except CannotListenError as error:
            raise StartError(
                f"can't listen at {host}:{port} ({purpose}): {error.socketError}. "
                "Is another node running, or another program using the port?"
            ) from None

    # --- from time to time ---------------------------------------------------------------------------------

    def _sweep_later(self, core: Core) -> None:
        """Holds whose time is over are ended."""
        core.sweep()
        self._reactor.callLater(SWEEP_EVERY_S, self._sweep_later, core)

    def _watch_later(self, core: Core) -> None:
        """Outboxes that have grown too old or too large raise an alarm."""
        core.lookout.look_at_outboxes()
        core.lookout.clock.look()
        self._reactor.callLater(WATCH_EVERY_S, self._watch_later, core)

    def _watch_turns(self, metrics: Metrics) -> None:
        turns = TurnWatch(self._reactor, metrics.upkeep.turn)
        self._ends.callback(turns.stop)
        turns.start()

    def _plan_nights(self, core: Core, counts: CountCheck, log: JsonLog) -> None:
        """Forgetting, counting, and the comparison with the other libraries."""
        self._ends.callback(core.forgetting.stop)
        for hour, work in (
            (self._settings.keep.hour, core.forgetting.forget),
            (self._settings.keep.hour, counts.check),
            (self._settings.federation.compare_hour, core.lookout.comparison.look_and_repair),
        ):
            nightly = Nightly(
                hour, in_coroutine(work), clock=self._reactor, wall_ms=self._wall_ms, rng=random.SystemRandom(), log=log
            )
            self._ends.callback(nightly.stop)
            nightly.start()

    def _sweep_pages_later(self, office: Office) -> None:
        """Rows of sessions that have ended are dropped."""
        Deferred.fromCoroutine(office.sessions.sweep()).addErrback(lambda failure: failure.trap(StoreUnavailable))
        self._reactor.callLater(SWEEP_EVERY_S, self._sweep_pages_later, office)

    # --- settings again ------------------------------------------------------------------------------------

    def reload(self, read: Callable[[], NodeSettings]) -> None:
        """Follow changed settings, once there is something that can."""
        if self._reloading is not None:
            self._reloading.follow(read)

    # --- stop ----------------------------------------------------------------------------------------------

    async def stop(self) -> None:
        """In order; the same if the node had not got further than that."""
        await self._ends.aclose()
        if self._log is not None:
            self._log.event("stopped")

    async def _finish_kiosks(self, core: Core) -> None:
        """No new kiosk; what the others asked for is finished, and what is owed for it gets a last chance."""
        core.peers.stop_probing()
        core.links.stop_measuring()
        core.desk.undecided.stop()
        if not self._recovered:
            return
        await self._ports.close("sip2")
        await core.kiosks.finish()
        await core.known_logins.keep_now()
        await at_most(self._reactor, core.courier.flush(), FLUSH_S)
        await core.courier.stop()

    async def _end_calls(self, core: Core, transport: GrpcTransport) -> None:
        """Between the libraries: those that are being answered, then the lines."""
        await at_most(self._reactor, core.server.quiet(), GRACE_S)
        await transport.close()


async def _close_database(store: GroupCommitStore) -> None:
    await store.idle()
    store.close()


def _addresses(directory: Directory) -> Callable[[str], tuple[str, int] | None]:
    """Where the node of a library listens; None for one that has left."""

    def address(code: str) -> tuple[str, int] | None:
        entry = directory.entry(code)
        return None if entry is None else (entry.host, entry.port)

    return address
