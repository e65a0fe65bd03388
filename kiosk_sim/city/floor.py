"""The devices of the city: one client per terminal, connected and logged in when first used."""

from __future__ import annotations

from collections.abc import Callable

from kiosk_sim.city.terminals import Terminal
from kiosk_sim.city.world import WorldLibrary
from kiosk_sim.client import CHINESE, ENGLISH, KioskClient, KioskOptions, LineClosed
from kiosk_sim.line import Connect
from kiosk_sim.ports import Timers, Wall

Dial = Callable[[str, int], Connect]
"""From host and port to a way to connect."""


class CityFloor:
    """Keeps connections for as long as the nodes run; a terminal keeps its login over restarts."""

    def __init__(self, dial: Dial, timers: Timers, wall: Wall, chinese: bool) -> None:
        self._dial = dial
        self._timers = timers
        self._wall = wall
        self._language = CHINESE if chinese else ENGLISH
        self._clients: dict[tuple[str, str], KioskClient] = {}

    async def at(self, library: WorldLibrary, kind: str, area: str = "") -> KioskClient:
        """The device of that kind, ready. Raises `LineClosed` if it cannot connect or may not log in."""
        terminal = library.terminal(kind, area)
        client = self._clients.setdefault((library.code, terminal.login), self._client(library, terminal))
        if not client.is_connected and not await client.login(terminal.login, terminal.password):
            client.close()
            raise LineClosed(f"{library.code} refused the login of {terminal.login}")
        return client

    def leave(self, code: str | None = None) -> None:
        """Hang up at that library, or everywhere."""
        for (library, _), client in self._clients.items():
            if code in {None, library}:
                client.close()

    def _client(self, library: WorldLibrary, terminal: Terminal) -> KioskClient:
        options = KioskOptions(library.code, terminal.location, self._language)
        return KioskClient(self._dial(*library.sip2), self._timers, self._wall, options)
