"""One library, composed, without a socket or a process: everything that decides, over what is passed in.

A running node (`node.node`) and the simulator (`kiosk_sim.simulation`) build the same `Core`; they differ in the
clock, the store, the transport and the randomness that they hand in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from twisted.internet.defer import Deferred

from federation.batching import BatchAnswerer, BatchingTransport
from federation.calling import Transport
from federation.client import RemoteLibrary
from federation.clock import Clock, WallMs
from federation.contract import Library, PeerUnreachable
from federation.directory import AreaEntry, Directory
from federation.peers import PeerLimits, Peers
from federation.server import FederationServer
from node.domain.rules import RuleBook
from node.kiosk.answers import Voice
from node.kiosk.edge import Edge, Limits
from node.kiosk.item_translator import ItemTranslator
from node.kiosk.listener import KioskFactory
from node.kiosk.observing import EdgeObserver
from node.kiosk.reception import Reception
from node.kiosk.status_translator import StatusTranslator
from node.kiosk.terminal import Terminal, Terminals
from node.kiosk.translator import House, Translator
from node.nightly import ComparisonReport
from node.observe.logs import EventLog
from node.observe.metrics import Metrics
from node.service.books import Books
from node.service.delivery.backlog import BacklogAlarm, BacklogLimits
from node.service.delivery.comparison import Comparison
from node.service.delivery.courier import Chance, Courier
from node.service.delivery.differences import Differences
from node.service.desk.composing import compose_desk
from node.service.desk.troubled import TroubledStore, WritableStore
from node.service.peers.answering import AnswerReport
from node.service.peers.for_others import ForOthers
from node.service.peers.local import LocalLibrary
from node.service.peers.noticing import PeerAlarm
from node.service.throttle import PinThrottle
from node.storage.delivery import outbox
from node.storage.meta import LibraryIdentity
from node.storage.store import StoreUnavailable

PROBE_WITHIN_S = 2.5
"""Whoever takes longer to say nothing at all is too far away for a question on a kiosk's path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the settings say, as the core needs it. Durations in seconds."""

    library: str
    library_name: str
    directory: Directory
    rule_book: RuleBook
    areas: Mapping[str, AreaEntry]
    terminals: Mapping[str, Terminal]
    gate_grace_s: float = 86400.0
    login_required: bool = True
    not_on_loan_ok: bool = True
    offline_ok: bool = False
    answer_within_s: float = 4.0
    gate_within_s: float = 1.5
    return_wait_s: float = 1.5
    repeat_window_s: float = 600.0
    limits: Limits = field(default_factory=Limits)
    timeout_tenths: int = 100
    retries: int = 3
    clock_alarm_s: float = 5.0
    clock_stop_s: float = 60.0
    probe_every_s: float = 2.0
    outbox_first_retry_s: float = 5.0
    outbox_max_retry_s: float = 900.0
    outbox_limits: BacklogLimits = field(default_factory=BacklogLimits)


class SecretVerifier(Protocol):
    """Checks a PIN or a password against its hash, off the reactor's thread."""

    def verify(self, hashed: str, secret: str) -> Deferred[bool]: ...


class Core:
    """The library of `plan` over its store. `identity` is what the database says of itself."""

    def __init__(
        self,
        plan: Plan,
        identity: LibraryIdentity,
        store: WritableStore,
        *,
        transport: Transport,
        clock: Clock,
        wall_ms: WallMs,
        rng: Chance,
        secrets: SecretVerifier,
        metrics: Metrics,
        log: EventLog,
        passwords: SecretVerifier | None = None,
    ) -> None:
        self.plan = plan
        self.terminals = Terminals(plan.terminals)
        # Of their own: a flood of logins must not keep readers' PINs waiting.
        self._passwords = passwords or secrets
        store = self.store = TroubledStore(store, clock, self._settle_in_time)
        self.metrics = metrics
        limits = PeerLimits(probe_every_s=plan.probe_every_s, alarm_apart_s=plan.clock_alarm_s)
        self.peers = Peers(clock, wall_ms, rng, limits)
        self.books = Books(plan.library, identity.epoch, plan.rule_book, wall_ms)
        self._log = log
        lanes = BatchingTransport(transport, clock)
        self._libraries: dict[str, Library] = {
            code: RemoteLibrary(
                code,
                own_code=plan.library,
                epoch=identity.epoch,
                transport=lanes,
                peers=self.peers,
                clock=clock,
                wall_ms=wall_ms,
                observe=metrics.federation_called,
            )
            for code in plan.directory.codes
            if code != plan.library
        }
        self.courier = Courier(
            store,
            self._library,
            clock=clock,
            wall_ms=wall_ms,
            rng=rng,
            log=_DeliveryLog(log),
            first_retry_s=plan.outbox_first_retry_s,
            max_retry_s=plan.outbox_max_retry_s,
        )
        self.local = LocalLibrary(
            self.books,
            store,
            self.courier,
            libraries=self._library,
            pins=secrets,
            clock=clock,
            wall_ms=wall_ms,
        )
        self._libraries[plan.library] = self.local
        self.alarm = PeerAlarm(clock, log.event, metrics.peer_noted)
        self.server = FederationServer(
            own_code=plan.library,
            library=ForOthers(self.local, clock, self.alarm.noted),
            directory=plan.directory,
            peers=self.peers,
            wall_ms=wall_ms,
            epoch=identity.epoch,
            noted=self.alarm.noted,
            answered=AnswerReport(log.event, metrics.federation_answered).answered,
            refuse_apart_s=plan.clock_stop_s,
        )
        self.answer = BatchAnswerer(self.server.answer, clock)
        self.backlog = BacklogAlarm(plan.outbox_limits, plan.directory.codes, log.event)
        self.comparison = Comparison(
            plan.library,
            plan.directory.codes,
            Differences(self.books, wall_ms),
            store,
            mirrors=self._library,
            wake=self.courier.wake,
            clock=clock,
            wall_ms=wall_ms,
            log=ComparisonReport(plan.library, log, metrics),
        )
        self.peers.on_recovery(self.courier.sign_of_life)
        self.peers.on_return(self.courier.came_back)
        self.peers.on_clocks_apart(lambda peer, apart_s: log.event("clocks_apart", peer=peer, skew_ms=apart_s * 1000))
        self.desk = compose_desk(
            plan,
            identity.digest_key,
            books=self.books,
            store=store,
            courier=self.courier,
            local=self.local,
            libraries=self._library,
            clock=clock,
            wall_ms=wall_ms,
        )
        self._compose_counter(plan, clock)

    def _library(self, code: str) -> Library:
        """Any library of the directory. One that has left it can't be reached: what is owed to it waits."""
        library = self._libraries.get(code)
        if library is None:
            raise PeerUnreachable(code, "no member of the federation")
        return library

    def _compose_counter(self, plan: Plan, clock: Clock) -> None:
        voice = Voice(plan.library, _names(plan.directory))
        reception = Reception(voice, self.desk, PinThrottle(clock))
        items = ItemTranslator(reception, self._name_of_reader)
        translator = Translator(
            House(
                name=plan.library_name,
                timeout_tenths=plan.timeout_tenths,
                retries=plan.retries,
                offline_ok=plan.offline_ok,
                login_required=plan.login_required,
                writable=lambda: self.store.writable,
            ),
            reception,
            items=items,
            statuses=StatusTranslator(reception),
            terminals=self.terminals,
            passwords=self._passwords,
            counters=self.metrics,
        )
        observer = EdgeObserver(self.metrics, self._log)
        self.kiosks = KioskFactory(
            Edge(translator, observer, clock, self.terminals, plan.limits, plan.login_required),
        )

    async def recover(self) -> None:
        """After a restart, before anyone is served: what was being decided is aborted and released, what kiosks were
        still waiting for is answered "no" (or "taken", for a return), and the outbox is on its way again."""
        await self._settle_left_over()
        self.courier.start()

    async def _settle_left_over(self) -> None:
        aborted = await self.local.abort_left_over()
        untold = await self.courier.write(self.desk.settle_untold, "recover")
        if aborted or untold:
            self._log.event("recovered", count=aborted + untold)

    def _settle_in_time(self) -> None:
        """The same while serving, after the disk refused a write; a new refusal has it tried again."""
        settling = Deferred.fromCoroutine(self._settle_left_over())
        settling.addErrback(lambda failure: failure.trap(StoreUnavailable))

    def _name_of_reader(self, reader: str) -> Deferred[str]:
        """A reader of this library, for its own terminals only: the name never leaves it."""
        return self.store.read(lambda tx: self.books.home.name_of(tx, reader))

    def start_probing(self) -> None:
        """Ask a library that is down, until `peers.stop_probing`, whether it answers again: a delivery of nothing."""
        self.peers.start_probing(lambda peer: self._libraries[peer].deliver((), PROBE_WITHIN_S))

    def watch_outboxes(self) -> Deferred[None]:
        """Raise the alarm on those that have grown too old or too large: every half minute or so."""
        now_ms = self.books.wall_ms()
        return self.store.read(outbox.backlog).addCallback(self.backlog.look, now_ms)

    def sweep(self) -> Deferred[int]:
        """End the holds whose time is over: from time to time, as often as anyone likes."""
        now_ms = self.books.wall_ms()
        return self.courier.write(lambda tx: self.books.owner.holds.sweep(tx, now_ms), "sweep")


def _names(directory: Directory) -> Callable[[str], str]:
    """Library codes as the names that readers know."""
    names = {library.code: library.name for library in directory.libraries}
    return lambda code: names.get(code, code)


class _DeliveryLog:
    def __init__(self, log: EventLog) -> None:
        self._log = log

    def not_taken(self, peer: str, kind: str, why: str) -> None:
        self._log.event("notice_not_taken", peer=peer, kind=kind, why=why)
