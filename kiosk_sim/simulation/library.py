"""One library of the city: a disk that lasts, and the lives that a node lives over it, from crash to crash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from kiosk_sim.simulation.clock import HeapClock, Life, NodeClock
from kiosk_sim.simulation.faults.disk import SimStore
from kiosk_sim.simulation.faults.network import End, SimNetwork
from kiosk_sim.simulation.faults.weather import Weather
from kiosk_sim.simulation.streams import stream
from kiosk_sim.simulation.trace import Trace
from kiosk_sim.simulation.world import EPOCH_MS, World, stock
from node.core import Core
from node.observe.logs import EventLog
from node.observe.metrics import Metrics
from node.plan import Means, Plan
from node.starting import ClockAtStart
from node.storage.meta import establish
from node.storage.opening import new_memory_database
from node.storage.sqlite import InlineStore
from node.storage.store import StoreUnavailable

RESTART_AGAIN_S = 5.0
LOOKS_S = (1.0, 30.0, 900.0)
"""When a library measures the others after a clock was set: in practice without end, here as long as it matters."""
OUTBOX_MAX_RETRY_S = 4 * 3600.0
"""Longer than in practice: a cut of days is the same history with fewer attempts."""


class PlainSecrets:
    """PINs and passwords as they are: hashing is no part of what is proved here."""

    def verify(self, hashed: str, secret: str) -> Deferred[bool]:
        return succeed(hashed == secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all libraries of one history share. `seed` is the history's.

    `compose` is called with each new core before it serves: faults are planted and paths are counted there.
    `committed` is called with the name of each unit of work that is in the books.
    """

    world: World
    seed: str
    weather: Weather
    clock: HeapClock
    network: SimNetwork
    trace: Trace
    log: EventLog
    metrics: Metrics
    compose: Callable[[SimLibrary], None]
    committed: Callable[[SimLibrary, str], None]


class SimLibrary:
    """The library `code`; `core` is that of the life it lives now, None while it is down."""

    def __init__(self, code: str, around: Surroundings) -> None:
        self.code = code
        self.world = around.world
        self.clock = around.clock
        self.trace = around.trace
        self.skew_s = 0.0
        self.jump_s = 0.0
        self.connection = new_memory_database()
        stock(self.world, code, self.connection)
        self.rng = stream(around.seed, "library", code)
        identity_rng = stream(around.seed, "identity", code)
        self._identity = InlineStore(self.connection).run_now(
            lambda tx: establish(tx, code, identity_rng.randbytes), "establish"
        )
        self._around = around
        self._power_cut = around.weather.power_cut
        self._refused_until_s = -1.0
        self._probes = False  # every two seconds through a cut of days: only once the lines are whole again
        self.on_crash: Callable[[], None] = lambda: None
        self.opened: Callable[[], None] = lambda: None
        self.waits: Callable[[], None] = lambda: None
        self.lives = 0
        self.life = Life()
        self.life.alive = False
        self.core: Core | None = None
        self.serving = False

    # --- time and trouble ------------------------------------------------------------------------------------

    def wall_ms(self) -> int:
        return EPOCH_MS + int((self.clock.seconds() + self.skew_s + self.jump_s) * 1000)

    def look_at_clock(self) -> None:
        """Measure the others, and see what they say, some times from now on: see `node.clock_watch`."""
        for after_s in LOOKS_S:
            self.clock.callLater(after_s, self._look_at_clock, self.life)

    def _look_at_clock(self, life: Life) -> None:
        if life.alive and self.serving and self.core is not None:
            watch = self.core.lookout.clock
            self.core.links.measure_now().addCallback(lambda _none: watch.look() if life.alive else None)

    def refuse_writes(self, for_s: float) -> None:
        self._refused_until_s = max(self._refused_until_s, self.clock.seconds() + for_s)

    def refuses(self) -> bool:
        refused = self._refused_until_s > self.clock.seconds()
        if refused:
            self.trace.add("disk", self.code)
        return refused

    def _power_fails(self, _moment: str, name: str) -> bool:
        return self._power_cut > 0 and self.rng.random() < self._power_cut and name != "stock"

    def calm(self) -> None:
        """Power and disk are right from now on; a node that is down is started."""
        self._power_cut = 0.0
        self._refused_until_s = -1.0
        self._probes = True
        if not self.life.alive:
            self.start()
        elif self.serving and self.core is not None:
            self.core.links.start_probing()

    # --- lives -----------------------------------------------------------------------------------------------

    def end(self) -> End | None:
        """How the network reaches it now."""
        return End(self.core.answer, self.life) if self.serving and self.core is not None else None

    def crash(self, why: str, down_s: float | None = None) -> None:
        """The program is gone at once; its disk keeps what was committed."""
        if not self.life.alive:
            return
        self.life.alive = self.serving = False
        self.core = None
        seconds = self.rng.choice((1.0, 5.0, 60.0, 3600.0)) if down_s is None else down_s
        self.trace.add("crash", self.code, why, seconds)
        self.on_crash()
        self.clock.callLater(seconds, self.start)

    def start(self) -> None:
        """A new life, unless one is being lived: recover, then serve."""
        if self.life.alive:
            return
        self.lives += 1
        self.life = life = Life()
        self.core = self._new_core(life)
        self._around.compose(self)
        self.trace.add("start", self.code, self.lives)
        Deferred.fromCoroutine(self._open(self.core, life)).addCallbacks(
            lambda _none: self._serve(life), lambda failure: self._not_recovered(life, failure)
        )

    async def _open(self, core: Core, life: Life) -> None:
        """As `node.node` does."""
        clock = cast(Any, NodeClock(self.clock, life))
        gate = ClockAtStart(core, clock, self.wall_ms, self._around.log)
        await gate.until_right(believed=False, on_wait=lambda: self._waits(life))
        await core.recover()

    def _waits(self, life: Life) -> Deferred[None]:
        """Its clock is behind its books, and nobody agrees with it."""
        self.trace.add("waits", self.code)
        self.waits()
        return succeed(None) if life.alive else Deferred()

    def _serve(self, life: Life) -> None:
        if life.alive and self.core is not None:
            self.serving = True
            self.opened()
            self.core.links.start_measuring(for_ever=False)
            if self._probes:
                self.core.links.start_probing()

    def _not_recovered(self, life: Life, failure: Failure) -> None:
        failure.trap(StoreUnavailable)
        if life.alive:
            self.crash("its disk refuses to be written", RESTART_AGAIN_S)

    def _new_core(self, life: Life) -> Core:
        store = SimStore(
            self.connection,
            self.clock,
            life,
            rng=self.rng,
            commit_s=self._around.weather.commit_s,
            refuses=self.refuses,
            power_fails=self._power_fails,
            crash=self.crash,
            committed=lambda name: self._around.committed(self, name),
        )
        plan = Plan(
            library=self.code,
            library_name=self.code,
            directory=self.world.directory,
            rule_book=self.world.rule_book,
            areas=self.world.areas,
            terminals=self.world.terminals(self.code),
            offline_ok=True,
            outbox_max_retry_s=OUTBOX_MAX_RETRY_S,
        )
        return Core(
            plan,
            self._identity,
            store,
            Means(
                transport=self._around.network.transport(self.code, life),
                clock=cast(Any, NodeClock(self.clock, life)),
                wall_ms=self.wall_ms,
                rng=self.rng,
                pins=PlainSecrets(),
                passwords=PlainSecrets(),
                metrics=self._around.metrics,
                log=self._around.log,
            ),
        )
