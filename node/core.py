"""One library, composed, without a socket or a process: everything that decides, over what is passed in.

A running node (`node.node`) and the simulator (`kiosk_sim.simulation`) build the same `Core`; they differ in the
clock, the store, the transport and the randomness that they hand in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from twisted.internet.defer import Deferred, succeed

from federation.batching import BatchAnswerer
from federation.clock import Clock, WallMs
from federation.directory import Directory
from federation.meter import Meter
from federation.server import FederationServer
from node.kiosk.answers import People, Voice
from node.kiosk.edge import Edge
from node.kiosk.item_translator import ItemTranslator
from node.kiosk.known_logins import KnownLogins
from node.kiosk.listener import KioskFactory
from node.kiosk.logins import Logins
from node.kiosk.observing import EdgeObserver
from node.kiosk.pins import GuessAlarm, Pins
from node.kiosk.reception import Reception
from node.kiosk.status_translator import StatusTranslator
from node.kiosk.terminal import CHINESE, Terminals
from node.kiosk.translator import House, Translator
from node.links import Links
from node.lookout import Lookout
from node.nightly import ForgettingReport
from node.plan import Means, Plan
from node.service.books import Books
from node.service.desk.composing import compose_desk
from node.service.desk.troubled import TroubledStore, WritableStore
from node.service.forgetting import Forgetting, every_kind
from node.service.peers.answering import AnswerReport
from node.service.peers.for_others import ForOthers
from node.service.peers.local import LocalLibrary
from node.service.throttle import PinThrottle
from node.storage.meta import LibraryIdentity
from node.storage.store import StoreUnavailable, Tx


class Core:
    """The library of `plan` over its store. `identity` is what the database says of itself."""

    def __init__(self, plan: Plan, identity: LibraryIdentity, store: WritableStore, means: Means) -> None:
        clock, wall_ms = means.clock, means.wall_ms
        self.plan = plan
        self.terminals = Terminals(plan.terminals)
        self.metrics, self._log = means.metrics, means.log
        self.store = TroubledStore(store, clock, self._settle_in_time)
        self.links = Links(plan, identity.epoch, self.store, means)
        self.books = self._books(identity.epoch, wall_ms)
        self.peers, self.courier = self.links.peers, self.links.courier
        self.local = LocalLibrary(
            self.books,
            self.store,
            self.courier,
            libraries=self.links.library,
            pins=means.pins,
            clock=clock,
            wall_ms=wall_ms,
            clock_settled=self.links.clock_settled,
        )
        self.links.know_own(self.local)
        self.lookout = Lookout(plan, self.books, self.store, self.links, means)
        self.server = self._server(identity.epoch, means)
        self.answer = BatchAnswerer(self.server.answer, clock, Meter(clock, self.lookout.peers.noted).admit)
        self.desk = compose_desk(
            plan,
            identity,
            books=self.books,
            store=self.store,
            courier=self.courier,
            local=self.local,
            libraries=self.links.library,
            clock=clock,
            wall_ms=wall_ms,
        )
        self.forgetting = self._forgetting(means)
        self.peers.on_recovery(self._answers_again)
        self.known_logins = KnownLogins(
            self.store, clock, digest_key=identity.digest_key, secret=means.secret, logins=self.terminals
        )
        self._compose_counter(plan, clock, Logins(means.passwords, self.known_logins, clock))

    def _books(self, epoch: int, wall_ms: WallMs) -> Books:
        plan = self.plan
        return Books(
            plan.library,
            epoch,
            plan.rule_book,
            wall_ms,
            ahead_ms=self.links.ahead_ms,
            owners_of=plan.directory.owners_of,
            clock_off_ms=self.links.clock_off_ms,
            against_timers_ms=self.links.against_timers_ms,
            kept_ms=plan.keep.operations_ms,
        )

    def _forgetting(self, means: Means) -> Forgetting:
        log = ForgettingReport(means.log, means.metrics)
        kinds = every_kind(self.plan.rule_book)
        return Forgetting(
            self.plan.keep,
            kinds,
            self.store,
            clock=means.clock,
            wall_ms=means.wall_ms,
            doubted=lambda: self.links.clock_off_ms() is not None,
            log=log,
        )

    def _answers_again(self, peer: str) -> None:
        """Not if it only called us: it may still be out of our reach."""
        if self.peers.failures(peer) == 0:
            self.desk.undecided.answered(peer)

    def _server(self, epoch: int, means: Means) -> FederationServer:
        """What other libraries reach of this one."""
        noted = self.lookout.peers.noted
        return FederationServer(
            own_code=self.plan.library,
            library=ForOthers(self.local, means.clock, noted),
            directory=self.plan.directory,
            peers=self.peers,
            wall_ms=means.wall_ms,
            epoch=epoch,
            noted=noted,
            answered=AnswerReport(means.log.event, means.metrics.federation_answered).answered,
            turned_away=self.lookout.turned_away.turned_away,
            refuse_apart_s=self.plan.clock_stop_s,
        )

    def _compose_counter(self, plan: Plan, clock: Clock, logins: Logins) -> None:
        voice = Voice(plan.library, _names(plan.directory), plan.rule_book.fees_stop_lending)
        reception = Reception(voice, self.desk, self._pins(clock), plan.offline_ok)
        items = ItemTranslator(reception, self._people)
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
            logins=logins,
            counters=self.metrics,
        )
        observer = EdgeObserver(self.metrics, self._log, partial(self.lookout.visitors.turned_away, "sip2"))
        self.kiosks = KioskFactory(
            Edge(translator, observer, clock, self.terminals, plan.limits, plan.login_required),
        )

    def _pins(self, clock: Clock) -> Pins:
        alarm, digest = GuessAlarm(clock, self._log.event), self.desk.branch.memory.card_digest
        return Pins(self.desk.patrons, PinThrottle(clock), alarm, clock=clock, digest=digest)

    async def recover(self) -> None:
        """After a restart, before anyone is served: what was being decided is aborted and released, what kiosks were
        still waiting for is answered "no" (or "taken", for a return), and the outbox is on its way again."""
        await self._settle_left_over()
        await self.known_logins.load()
        self.courier.start()
        self.desk.undecided.start()

    async def _settle_left_over(self) -> None:
        aborted = await self.local.abort_left_over()
        untold = await self.courier.write(self.desk.settle_untold, "recover")
        if aborted or untold:
            self._log.event("recovered", count=aborted + untold)

    def _settle_in_time(self) -> None:
        """The same while serving, after the disk refused a write; a new refusal has it tried again."""
        settling = Deferred.fromCoroutine(self._settle_left_over())
        settling.addErrback(lambda failure: failure.trap(StoreUnavailable))

    def _people(self, hold_reader: str, loan: str) -> Deferred[People]:
        """Readers of this library, for its own terminals only: names and cards never leave it."""

        def found(tx: Tx) -> People:
            home = self.books.home
            holder = home.card_of_reader(tx, hold_reader) if hold_reader else None
            borrower = home.card_of_borrower(tx, loan) if loan else None
            return People(
                hold_name="" if holder is None else holder.name,
                hold_card="" if holder is None else holder.card,
                borrower_card="" if borrower is None else borrower.card,
            )

        return self.store.read(found)

    def sweep(self) -> Deferred[int]:
        """End the holds whose time is over: from time to time, as often as anyone likes. None by a clock that most
        libraries contradict."""
        if self.links.clock_off_ms() is not None:
            return succeed(0)
        now_ms = self.books.wall_ms()
        return self.courier.write(lambda tx: self.books.owner.holds.sweep(tx, now_ms), "sweep")


def _names(directory: Directory) -> Callable[[str, str], str]:
    """Library codes as the names that readers know, in a language."""

    def name(code: str, language: str) -> str:
        entry = directory.entry(code)
        if entry is None:
            return code
        return entry.name if language == CHINESE else entry.english

    return name
