"""One storm from beginning to end: the town is laid out, the eras pass, calm comes, everything is checked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from random import Random  # noqa: TID251 - for typing only
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IReactorTime

from kiosk_sim.city.city import City
from kiosk_sim.city.probe import ReadyProbe
from kiosk_sim.city.running import lay_out, require_room
from kiosk_sim.client import KioskClient, KioskOptions
from kiosk_sim.line import connector
from kiosk_sim.ports import Timers, pause
from kiosk_sim.simulation.account import Account
from kiosk_sim.simulation.world import Device, Reader, World
from kiosk_sim.storm import verdict
from kiosk_sim.storm.devices import Counted, Kiosk, Sent
from kiosk_sim.storm.nodes import Machines
from kiosk_sim.storm.people import People, Things
from kiosk_sim.storm.plan import Era, draw
from kiosk_sim.storm.town import CODES, TownClock, database, fill, lead_through, look_into, world_of
from kiosk_sim.storm.ways import Ways
from kiosk_sim.storm.weather import Weather

Say = Callable[[str], None]
Stream = Callable[[str], Random]
"""Chance under a name: the storm's seed and the name make it."""

ALL_DONE_S = 60.0
_CALM_WITHIN_S = 120.0
_OWED = (
    "SELECT COALESCE(SUM(amount_fen - paid_fen), 0) FROM fine WHERE home = ? AND reader = ? AND amount_fen > paid_fen"
)


@dataclass(slots=True)
class Report:
    """What came of a storm. `operations`: what readers wanted; each may have been sent several times."""

    seed: int
    seconds: float = 0.0
    operations: int = 0
    repeats: int = 0
    unanswered: int = 0
    loans: int = 0
    returns: int = 0
    renewals: int = 0
    payments: int = 0
    refusals: int = 0
    kills: int = 0
    stops: int = 0
    cuts: int = 0
    disk_faults: int = 0
    starts: int = 0
    eras: int = 0
    violations: list[str] = field(default_factory=list)

    def never_done(self, asked_s: float) -> list[str]:
        """What readers do in every storm, and nobody was told that it was done. A short one, which was to blow for
        `asked_s`, may lack some of it; on a busy machine it takes longer, and no more is done in it."""
        done = {"loan": self.loans, "return": self.returns, "renewal": self.renewals, "payment": self.payments}
        return [f"no {what} succeeded" for what, count in done.items() if not count and asked_s >= ALL_DONE_S]

    def document(self) -> dict[str, Any]:
        return asdict(self)


class Storm:
    """Composes the town under `reactor`; `live` runs it; `clean_up` leaves no process and no port behind."""

    def __init__(
        self,
        town: City,
        seed: int,
        seconds: float,
        *,
        reactor: Any,
        clock: TownClock,
        chance: Stream,
        command: tuple[str, ...],
        say: Say,
    ) -> None:
        self._town = town
        self._seed = seed
        self._seconds = seconds
        self._reactor: IReactorTime = reactor
        self._timers: Timers = reactor
        self._clock = clock
        self._chance = chance
        self._say = say
        self._eras = draw(chance("plan"), CODES, seconds)
        self._ways = Ways(reactor, {branch.library.code: branch.library.federation_port for branch in town.branches})
        self._machines = Machines(town, reactor, ReadyProbe(reactor), command, clock)
        self._weather = Weather(self._machines, self._ways, reactor)
        self._account = Account(clock.seconds)
        self._sent: dict[int, Sent] = {}
        self._counted = Counted()

    async def live(self) -> Report:
        """Errors: NodeFailed, ImportFailed, PortInUse, NotEmpty: the storm could not be held."""
        began_s = self._timers.seconds()
        world = world_of(self._town)
        await self._prepare(world)
        people = self._settle(world)
        for number, era in enumerate(self._eras, start=1):
            await self._machines.start_all()
            self._say(f"era {number} of {len(self._eras)}: {era.seconds:.0f} s, {len(era.faults)} faults")
            await self._live_through(era, world, people)
        found = await self._calm()
        found += verdict.violations(self._town, world, self._account, self._sent)
        report = self._report(found, self._timers.seconds() - began_s)
        report.violations += report.never_done(self._seconds)
        return report

    async def clean_up(self) -> None:
        await self._machines.stop_all()
        await self._ways.close()

    # --- before ----------------------------------------------------------------------------------------------

    async def _prepare(self, world: World) -> None:
        require_room(self._town)
        lay_out(self._town, self._clock, lambda _stage, _code: None)
        await self._ways.open()
        lead_through(self._town, self._ways.ports)
        fill(self._town, world)

    def _settle(self, world: World) -> People:
        things = Things(world.items, self._clock)
        return People(world, things, self._owed_fen, self._timers, self._chance("people"))

    def _owed_fen(self, branch: str, reader: Reader) -> int:
        try:
            with closing(look_into(database(self._town, branch))) as books:
                return int(books.execute(_OWED, (reader.home, reader.reader)).fetchone()[0])
        except sqlite3.Error:  # its node is being killed just now
            return 0

    # --- the storm -------------------------------------------------------------------------------------------

    async def _live_through(self, era: Era, world: World, people: People) -> None:
        kiosks = [self._kiosk(device) for device in world.devices]
        working = gatherResults([Deferred.fromCoroutine(people.use(kiosk)) for kiosk in kiosks], consumeErrors=True)
        await self._weather.rage(era.faults, era.seconds)
        self._ways.heal()
        if era.days:
            await self._end_of_days(era, kiosks)
        else:
            for kiosk in kiosks:
                kiosk.closing = True  # who stands there may finish
        await working
        for kiosk in kiosks:
            kiosk.leave()
        self._clock.pass_days(era.days)

    async def _end_of_days(self, era: Era, kiosks: list[Kiosk]) -> None:
        """Everything goes down, mostly in the middle of the work."""
        if era.gently:
            self._weather.violations += await self._machines.stop_all()
        else:
            self._weather.counts["kill"] += len(CODES)
            await self._machines.kill_all()
        for kiosk in kiosks:
            kiosk.leave()

    def _kiosk(self, device: Device) -> Kiosk:
        branch = self._town.branch(device.branch)
        terminal = next(each for each in branch.terminals if each.login == device.login)
        connect = connector(self._reactor, "127.0.0.1", branch.library.sip2_port, timeout_s=3)
        options = KioskOptions(device.branch, terminal.location, timeout_s=6.0, retries=1)
        return Kiosk(
            device,
            KioskClient(connect, self._timers, self._clock, options),
            terminal.password,
            account=self._account,
            sent=self._sent,
            counted=self._counted,
            clock=self._clock,
            timers=self._timers,
            rng=self._chance(f"{device.login}/{self._clock.option}"),
        )

    # --- the calm --------------------------------------------------------------------------------------------

    async def _calm(self) -> list[str]:
        """All is up and whole; what waits must come to its end by itself, and the nodes stop when told to."""
        self._say("calm")
        found = list(self._weather.violations)
        ends_s = self._timers.seconds() + _CALM_WITHIN_S
        while verdict.outstanding(self._town):
            if self._timers.seconds() > ends_s:
                found.append(f"notices still wait {_CALM_WITHIN_S:.0f} s after the storm")
                break
            await pause(self._timers, 0.2)
        return found + await self._machines.stop_all()

    def _report(self, found: list[str], seconds: float) -> Report:
        counted, weather = self._counted, self._weather.counts
        return Report(
            seed=self._seed,
            seconds=round(seconds, 1),
            operations=counted.operations,
            repeats=counted.repeats,
            unanswered=counted.unanswered,
            loans=counted.yes.get("11", 0),
            returns=counted.yes.get("09", 0),
            renewals=counted.yes.get("29", 0),
            payments=counted.yes.get("37", 0),
            refusals=sum(counted.no.values()),
            kills=weather["kill"],
            stops=weather["stop"],
            cuts=weather["cut"],
            disk_faults=weather["disk"],
            starts=self._machines.starts,
            eras=len(self._eras),
            violations=found,
        )
