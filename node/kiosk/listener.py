"""Where kiosks connect: who may come in, how many at once, and an orderly end."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory

from federation.crowd import MADE_WAY, Crowd, Places
from federation.waiting import all_of
from node.kiosk.connection import KioskConnection
from node.kiosk.edge import OPEN_DOOR, Door, Edge
from node.kiosk.terminal import NOBODY, Session, Terminal, address_of
from sip2 import Received


class KioskFactory(Factory):
    """The connections of a node. It is itself a listener without restrictions; `behind` makes others.

    A connection over the limit, or from an address that is not allowed, is closed at once and counted. So the kiosk
    does not hang. Terminals that are logged in keep their places: where all are taken, a connection without a login
    makes way (where none is needed, one that has asked nothing), and those of an address are counted without its
    terminals. So many terminals may share one address.

    `files`: more connections than this can't be open, whatever the settings say.
    """

    noisy = False

    def __init__(self, edge: Edge, files: int = 100_000) -> None:
        self.edge = edge
        self.files = files
        self.crowd: Crowd[_Tracked] = Crowd(self._places, _Tracked.make_way)

    def _places(self) -> Places:
        limits = self.edge.limits
        most = min(limits.max_connections, self.files)
        return Places(most, limits.per_address, address_makes_way=False)

    def buildProtocol(self, addr: IAddress | None) -> KioskConnection | None:
        return self.admit(addr, OPEN_DOOR)

    def behind(self, door: Door) -> Listener:
        """The factory of one listener; limits count over all of them."""
        return Listener(self, door)

    def admit(self, addr: IAddress | None, door: Door) -> KioskConnection | None:
        """A connection from there; None makes Twisted close it."""
        host = str(getattr(addr, "host", ""))
        address = address_of(host)
        if door.allow and (address is None or not any(address in network for network in door.allow)):
            self.turned_away("address_not_allowed", host)
            return None
        connection = _Tracked(self, self.edge, door, host)
        limited = address is not None and not address.is_loopback
        why = self.crowd.enter(connection, str(address or host), limited=limited)
        if why:
            self.turned_away(why, host)
            return None
        return connection

    def turned_away(self, why: str, host: str) -> None:
        """Count a connection that got no answer, and tell the operator."""
        self.edge.observer.disturbed(why, Session(), host)

    def connected_logins(self) -> frozenset[str]:
        return self.edge.seated()

    def last_seen_ms(self, now_ms: int) -> dict[str, int]:
        """When each terminal last asked something, on the wall clock that says `now_ms`."""
        now_s = self.edge.clock.seconds()
        return {login: now_ms - round((now_s - at_s) * 1000) for login, at_s in self.edge.last_seen_s.items()}

    def finish(self) -> Deferred[None]:
        """Answer what is being worked on, then close every connection."""
        return all_of(each.finish() for each in self.crowd.guests())


class Listener(Factory):
    """`door` may change. New connections use the new one."""

    noisy = False

    def __init__(self, kiosks: KioskFactory, door: Door) -> None:
        self._kiosks = kiosks
        self.door = door

    def buildProtocol(self, addr: IAddress | None) -> KioskConnection | None:
        return self._kiosks.admit(addr, self.door)


class _Tracked(KioskConnection):
    def __init__(self, kiosks: KioskFactory, edge: Edge, door: Door, host: str) -> None:
        super().__init__(edge, door, host)
        self._kiosks = kiosks

    def connectionLost(self, *args: Any) -> None:
        self._kiosks.crowd.leave(self)
        super().connectionLost(*args)

    def make_way(self) -> None:
        self._kiosks.turned_away(MADE_WAY, self._host)
        self._abort()

    def _seat(self, terminal: Terminal) -> None:
        if terminal is NOBODY:
            self._kiosks.crowd.know_no_more(self)
        else:
            self._kiosks.crowd.know(self, free=True)
        super()._seat(terminal)

    def _process(self, received: Received) -> None:
        if not self._seated_as and not self._must_log_in:
            self._kiosks.crowd.know(self)
        super()._process(received)
