"""`tongjie demo`: a city on this machine, with the story told in it (`--once`) or open to visitors (`--serve`)."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import click
from rich.console import Console
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from kiosk_sim.city import plan, story, world
from kiosk_sim.city.account import Lang, StepResult
from kiosk_sim.city.city import City, city
from kiosk_sim.city.clock import CityClock
from kiosk_sim.city.floor import CityFloor
from kiosk_sim.city.layout import NotEmpty
from kiosk_sim.city.probe import PortInUse, ReadyProbe
from kiosk_sim.city.processes import NodeFailed, Nodes
from kiosk_sim.city.running import RunningCity, lay_out, require_room
from kiosk_sim.city.scene import Scene
from kiosk_sim.city.stock import CommandStock, ImportFailed
from kiosk_sim.city.telling import Telling
from kiosk_sim.client import CHINESE, ENGLISH
from kiosk_sim.commands.reactor import INTERRUPTED, run
from kiosk_sim.line import connector
from kiosk_sim.ports import Timers

# the same interpreter, not whatever `tongjie` is first on the PATH
_TONGJIE = (sys.executable, "-m", "node")
DEFAULT_BASE_PORT = 6000


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for."""

    city: City
    serve: bool
    lang: Lang


@click.command(help="A whole city on this machine, and a reader's story in it.")
@click.option("--dir", "folder", type=click.Path(path_type=Path), help="Lay the city out here (new, or empty).")
@click.option("--libraries", default=",".join(plan.DEFAULT_CODES), show_default=True, help="CODE,... or all.")
@click.option("--base-port", default=DEFAULT_BASE_PORT, show_default=True, type=click.IntRange(1, 65_000))
@click.option("--once/--serve", "once", default=True, help="Tell the story and end, or stay up with fresh books.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per step.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def command(*, folder: Path | None, libraries: str, base_port: int, once: bool, as_json: bool, lang: Lang) -> None:
    codes = _codes(libraries)
    missing = [code for code in story.CODES if code not in codes]
    if once and missing:
        raise click.UsageError(f"the story needs {', '.join(missing)} too; add them to --libraries, or use --serve")
    telling = Telling(Console(highlight=False), lang, as_json)
    language = CHINESE if lang == "zh" else ENGLISH
    if folder is not None:
        sys.exit(_run(Wish(city(folder, codes, base_port, language=language), not once, lang), telling))
    root = Path(tempfile.mkdtemp(prefix="tongjie-"))
    status = 1
    try:
        status = _run(Wish(city(root, codes, base_port, language=language), not once, lang), telling)
    finally:
        if status == 0 or not any(root.iterdir()):
            shutil.rmtree(root, ignore_errors=True)
        else:
            telling.kept(root)
    sys.exit(status)


def _codes(libraries: str) -> Sequence[str]:
    codes = plan.all_codes() if libraries == "all" else [code.strip().upper() for code in libraries.split(",")]
    try:
        plan.libraries(codes, DEFAULT_BASE_PORT)
    except plan.UnknownLibrary as unknown:
        known = ", ".join(plan.all_codes())
        raise click.UsageError(f"unknown library code {unknown}; known are {known}, or all") from None
    return codes


def _run(wish: Wish, telling: Telling) -> int:
    from twisted.internet import reactor  # noqa: PLC0415, TID251 - installed by node.__main__ before this module

    demo = Demo(wish, telling, reactor)
    try:
        status = run(reactor, demo.main, demo.nodes.stop_all)
    except NotEmpty as error:
        raise click.ClickException(f"{error.folder} is not empty; name a new folder with --dir") from None
    except PortInUse as error:
        raise click.ClickException(f"{error}; choose other ports with --base-port") from None
    except (NodeFailed, ImportFailed) as error:
        raise click.ClickException(str(error)) from None
    return 0 if wish.serve and status == INTERRUPTED else status


def _wall() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the composition root of the demo: everyone else is handed it


class Demo:
    """Composes the city and runs the wish."""

    def __init__(self, wish: Wish, telling: Telling, reactor: object) -> None:
        timers, dialling = cast(Timers, reactor), cast(IReactorTime, reactor)
        self._wish = wish
        self._telling = telling
        self._timers = timers
        self._clock = CityClock(_wall)
        self.nodes = Nodes(
            timers=timers,
            probe=ReadyProbe(dialling),
            command=[*_TONGJIE, "node"],
            root=wish.city.root,
            now=None if wish.serve else self._clock,
        )
        self._stock = CommandStock(timers, _TONGJIE)
        self._floor = CityFloor(
            lambda host, port: connector(dialling, host, port), timers, self._clock, wish.lang == "zh"
        )

    async def main(self) -> int:
        """The exit status."""
        if not self._wish.serve:
            self._clock.travel_to_opening(0)
        require_room(self._wish.city)
        self._telling.opening(self._wish.city)
        lay_out(self._wish.city, _wall, self._telling.progress)
        running = RunningCity(self._wish.city, self.nodes, self._clock, self._floor.leave)
        where = await running.open(self._stock, self._telling.progress)
        if self._wish.serve:
            self._telling.directions(self._wish.city, where)
            await Deferred()  # until a signal cancels it
        return await self._tell(Scene(world.read(where), self._floor, running, self._timers))

    async def _tell(self, scene: Scene) -> int:
        began = self._timers.seconds()
        results: list[StepResult] = []
        async for result in story.tell(scene, self._wish.lang):
            self._telling.step(result)
            results.append(result)
        self._floor.leave()
        self._telling.summary(results, self._timers.seconds() - began)
        ok = all(result.ok for result in results)
        if ok:
            self._telling.what_next()
        return 0 if ok else 1
