"""A city that runs: laid out, stocked with books and cards, its nodes started, moved through time, stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from federation import certificates
from kiosk_sim.city import layout, world
from kiosk_sim.city.city import City
from kiosk_sim.city.clock import CityClock
from kiosk_sim.city.probe import require_free
from kiosk_sim.city.processes import Nodes
from kiosk_sim.city.stock import Stock
from kiosk_sim.ports import Wall

_CERTIFICATE_DAYS = 3650  # the story's clock runs ahead of the one the certificates were made by

Progress = Callable[[str, str], None]
"""Called with a stage (settings, stock, ready) and the library's code."""


def require_room(city: City) -> None:
    """Raise `NotEmpty` or `PortInUse` if the city has no place here."""
    layout.require_empty(city.root)
    require_free(port for branch in city.branches for port in branch.library.ports)


def lay_out(city: City, wall: Wall, progress: Progress) -> None:
    """Write everything but the databases."""
    layout.write_settings(city)
    codes = [branch.library.code for branch in city.branches]
    certificates.lay_out(city.root / "certs", codes, wall(), _CERTIFICATE_DAYS)
    for code in codes:
        progress("settings", code)


class RunningCity:
    """The nodes with their clock. `world` is where `world.json` lies once all are ready."""

    def __init__(self, city: City, nodes: Nodes, clock: CityClock, leave: Callable[[], None]) -> None:
        """`leave` hangs up every device before the nodes stop."""
        self._city = city
        self._nodes = nodes
        self._clock = clock
        self._leave = leave

    async def open(self, stock: Stock, progress: Progress) -> Path:
        """Import books and cards, start every node, and write `world.json` when all are ready."""
        await stock(self._city, lambda code: progress("stock", code))
        await self._nodes.start(self._city.branches, lambda code: progress("ready", code))
        return world.write(self._city, self._nodes.pids)

    async def travel(self, days: int) -> None:
        self._leave()
        await self._nodes.stop_all()
        self._clock.travel_to_opening(days)
        await self._nodes.start(self._city.branches)
        self._rewrite()

    async def stop(self, code: str) -> None:
        await self._nodes.stop([code])

    async def start(self, code: str) -> None:
        await self._nodes.start([self._city.branch(code)])
        self._rewrite()

    def today(self) -> date:
        return self._clock.today()

    def _rewrite(self) -> None:
        """Process ids change at a restart; the file keeps telling the truth."""
        world.write(self._city, self._nodes.pids)
