"""One history: a city is composed, lives through a storm, comes to rest in a calm, and its books are checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from kiosk_sim.simulation.account import Account, Intention
from kiosk_sim.simulation.checks import every as checks
from kiosk_sim.simulation.checks.rows import CityRows, read_rows
from kiosk_sim.simulation.clock import HeapClock
from kiosk_sim.simulation.digest import Digest, digest_of
from kiosk_sim.simulation.faults.network import End, SimNetwork
from kiosk_sim.simulation.faults.weather import DAY_S, Fault
from kiosk_sim.simulation.kiosk import Kiosk
from kiosk_sim.simulation.library import SimLibrary, Surroundings
from kiosk_sim.simulation.paths.counter import PathCounter
from kiosk_sim.simulation.people.people import People
from kiosk_sim.simulation.people.scene import Scene
from kiosk_sim.simulation.plan import Scenario
from kiosk_sim.simulation.plants.planting import Plant
from kiosk_sim.simulation.streams import stream
from kiosk_sim.simulation.trace import Trace
from kiosk_sim.simulation.watch import Watch
from kiosk_sim.simulation.world import EPOCH_MS, Device
from kiosk_sim.simulation.years import DAYS_S, NIGHT_EVERY_S, Later, draw_years, is_off_line
from node.observe.metrics import Metrics
from node.storage.sqlite import InlineStore

MAX_EVENTS = 200_000
MAX_CALM_EVENTS = 40_000


@dataclass(slots=True)
class Outcome:
    """What came of a history. `operations`: intentions at kiosks; `faults`: what the weather did."""

    seed: int
    operations: int = 0
    faults: int = 0
    events: int = 0
    violations: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    trace: Trace | None = None
    digest: Digest | None = None

    @property
    def failed(self) -> bool:
        return bool(self.violations or self.unfinished)


class History:
    """Composes the city of a scenario; `live` runs it."""

    def __init__(
        self,
        scenario: Scenario,
        metrics: Metrics,
        paths: PathCounter,
        plant: Plant | None = None,
        *,
        digests: bool = False,
        forgets: bool = True,
    ) -> None:
        self.scenario, self._digests, self._forgets = scenario, digests, forgets
        self.years = draw_years(stream(scenario.seed, "years"), scenario.world)
        self.clock = HeapClock()
        self.trace = Trace(self.clock.seconds)
        self.account = Account(self.clock.seconds)
        self.watch = Watch(scenario.world)
        self.outcome = Outcome(scenario.seed, trace=self.trace)
        self._plant = plant
        self._paths = paths
        seed, world, weather = f"{scenario.seed}", scenario.world, scenario.weather
        self.network = SimNetwork(self.clock, seed, weather, self.trace, self._end_of)
        around = Surroundings(
            world=world,
            seed=seed,
            weather=weather,
            clock=self.clock,
            network=self.network,
            trace=self.trace,
            log=self.watch,
            metrics=metrics,
            compose=self._composed,
            committed=self._committed,
        )
        self.libraries = {code: SimLibrary(code, around) for code in world.codes}
        self.kiosks = {device.login: self._kiosk(device) for device in world.devices}
        for code, library in self.libraries.items():
            library.on_crash = self._kiosks_of(code)
            library.opened = partial(self._opened, library)
        self.people = People(scenario.seed, self._scene())

    # --- composing -------------------------------------------------------------------------------------------

    def _kiosk(self, device: Device) -> Kiosk:
        return Kiosk(
            device,
            self.libraries[device.branch],
            clock=self.clock,
            account=self.account,
            trace=self.trace,
            rng=stream(f"{self.scenario.seed}", "kiosk", device.login),
            line_break=self.scenario.weather.line_break,
        )

    def _scene(self) -> Scene:
        return Scene(
            self.scenario.world,
            clock=self.clock,
            account=self.account,
            libraries=self.libraries,
            kiosks=self.kiosks,
            checked=self._after_a_step,
        )

    def _end_of(self, code: str) -> End | None:
        return self.libraries[code].end()

    def _kiosks_of(self, code: str) -> Callable[[], None]:
        mine = [kiosk for kiosk in self.kiosks.values() if kiosk.device.branch == code]

        def crashed() -> None:
            for kiosk in mine:
                kiosk.node_crashed()

        return crashed

    def _composed(self, library: SimLibrary) -> None:
        assert library.core is not None
        if self._plant is not None:
            self._plant(library)
        self._paths.observe(library, self.account)
        # Its nights are the same history as no nights: they take nothing from the chance of the weather.
        library.core.forgetting._store = InlineStore(library.connection)

    def _committed(self, library: SimLibrary, work: str) -> None:
        self.trace.add("commit", library.code, work)

    # --- living ----------------------------------------------------------------------------------------------

    def live(self, collect: bool = True) -> Outcome:
        """Run it to its end. `collect` the garbage then, for the errors in it (of histories before this one, too)."""
        with self.watch:
            for library in self.libraries.values():
                library.start()
            for action in self.scenario.actions:
                self.clock.callLater(action.at_s, self.people.begin, action)
            for fault in (*self.scenario.weather.faults, *self.scenario.weather.jumps):
                self.clock.callLater(fault.at_s, self._strike, fault)
            self._run(self.scenario.end_s, MAX_EVENTS)
            self._calm()
            # What is collected ends its coroutines, and that may change what follows: so nothing follows.
            if collect and not self.years:
                self.watch.collect()
            self._check()
            if self.years:
                self._live_for_years(collect)
        return self.outcome

    # --- years -----------------------------------------------------------------------------------------------

    def _live_for_years(self, collect: bool) -> None:
        for later in self.years:
            self._live_on(later)
        self.people.look_at_the_accounts()
        self._rests()
        if collect:
            self.watch.collect()
        self._note(self.watch.violations)

    def _live_on(self, later: Later) -> None:
        """Months in which nothing happens but nights, and then some days."""
        self.trace.add("years", round(later.gap_s / DAY_S))
        for number in range(1, int(later.gap_s / NIGHT_EVERY_S) + 1):
            self.clock.callLater(number * NIGHT_EVERY_S, self._night)
        for action in later.actions:
            self.clock.callLater(later.gap_s + action.at_s, self.people.begin, action)
        told = [what for _s, kind, what in self.trace.events if kind == "kiosk" and is_off_line(what[1])]
        for number, chance in enumerate(later.again if told else ()):
            at_s = later.gap_s + DAYS_S - 3600.0 * (3 - number)
            self.clock.callLater(at_s, self._send_again, *told[int(chance * len(told))])
        self._run(self.clock.seconds() + later.gap_s + DAYS_S, MAX_EVENTS)
        self._rests()

    def _night(self) -> None:
        for library in self.libraries.values():
            if self._forgets and library.core is not None:
                Deferred.fromCoroutine(library.core.forgetting.forget()).addErrback(self._awoke)

    def _awoke(self, failure: Failure) -> None:
        self._note([f"a night goes wrong: {failure.getErrorMessage()}"])

    def _send_again(self, login: str, data: bytes) -> None:
        self._paths.counts["off line told again after years"] += 1
        Deferred.fromCoroutine(self.kiosks[login].send_again(data))

    def rows(self) -> CityRows:
        """What all the books say now."""
        return read_rows([(code, library.connection) for code, library in self.libraries.items()])

    def now_ms(self) -> int:
        return EPOCH_MS + int(self.clock.seconds() * 1000)

    def _run(self, until_s: float, most: int) -> bool:
        """True if all that was to happen by then has happened."""
        return any(not self.clock.step(until_s) for _ in range(most))

    def _strike(self, fault: Fault) -> None:
        self.trace.add("fault", fault.kind, fault.library, fault.other, round(fault.for_s, 3), fault.amount)
        library = self.libraries[fault.library]
        match fault.kind:
            case "cut":
                self.network.cut(fault.library, fault.other, fault.for_s)
            case "slow":
                self.network.slow(fault.library, fault.other, fault.for_s, fault.amount)
            case "crash":
                library.crash("the power fails", fault.for_s)
            case "disk":
                library.refuse_writes(fault.for_s)
            case "clock":
                self._set_clock(library, fault.amount)
            case "jump":
                self._jump(library, fault.amount)
                self.clock.callLater(fault.for_s, self._jump, library, 0.0)

    def _set_clock(self, library: SimLibrary, skew_s: float) -> None:
        library.skew_s = skew_s
        self.account.clocks_set.append((library.code, self.clock.seconds()))

    def _opened(self, library: SimLibrary) -> None:
        if checks.is_behind_its_books(library.connection, library.wall_ms()):
            self.account.opened_behind.append(library.code)

    def _jump(self, library: SimLibrary, by_s: float) -> None:
        """`by_s` from the right time; 0: it is put right."""
        if library.jump_s != by_s:
            self.trace.add("jump", library.code, by_s)
            library.jump_s = by_s
            self.account.clocks_jump(library.code, by_s)
            library.look_at_clock()

    def _calm(self) -> None:
        """Everything is up and right; all that waits must come to its end by itself."""
        self.trace.add("calm")
        self.network.calm()
        for library in self.libraries.values():
            self._set_clock(library, 0.0)
            self._jump(library, 0.0)
            library.calm()
        for library in self.libraries.values():
            library.look_at_clock()
        for kiosk in self.kiosks.values():
            kiosk.calm()
        self._run(self.clock.seconds() + 3600.0, MAX_CALM_EVENTS)
        at_rest = self._rests()
        self.people.look_at_the_accounts()
        if not (at_rest and self._rests()):
            self.outcome.unfinished.append("calls are still planned after the calm")
        if self.people.busy:
            self.outcome.unfinished.append(f"{self.people.busy} people never came to an end")

    def _rests(self) -> bool:
        """The kiosks hang up; whether everything comes to an end by itself then."""
        self._run(self.clock.seconds() + 60.0, MAX_CALM_EVENTS)
        for kiosk in self.kiosks.values():
            kiosk.leave()
        return self._run(float("inf"), MAX_CALM_EVENTS)

    # --- checking --------------------------------------------------------------------------------------------

    def _after_a_step(self, intention: Intention) -> None:
        connections = {code: library.connection for code, library in self.libraries.items()}
        self._note(checks.after_a_step(self.scenario.world, connections, intention))

    def _check(self) -> None:
        databases = [(code, library.connection) for code, library in self.libraries.items()]
        self.outcome.digest = digest_of(self.scenario.seed, self.trace, databases) if self._digests else None
        books = read_rows(databases)
        self._note(checks.in_the_calm(self.scenario.world, books, self.account))
        self._note(self.watch.violations)
        self._note(f"compared: {sentence}" for sentence in self.people.differences)
        self.outcome.unfinished += checks.unfinished(books)
        self.outcome.operations = len(self.account.intentions)
        self.outcome.events = self.clock.events
        faulty = ("lost", "crash", "disk", "line broke", "fault")
        self.outcome.faults = sum(1 for _s, kind, _w in self.trace.events if kind in faulty)

    def _note(self, violations: Any) -> None:
        for violation in violations:
            if violation not in self.outcome.violations:
                self.outcome.violations.append(violation)
                self.trace.add("VIOLATION", violation)
