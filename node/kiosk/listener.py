"""Where kiosks connect: who may come in, how many at once, and an orderly end."""

from __future__ import annotations

from collections import Counter
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory

from federation.waiting import all_of
from node.kiosk.connection import KioskConnection
from node.kiosk.edge import OPEN_DOOR, Door, Edge
from node.kiosk.terminal import Session, address_of


class KioskFactory(Factory):
    """The connections of a node. It is itself a listener without restrictions; `behind` makes others.

    A connection over the limit, or from an address that is not allowed, is closed at once and counted. So the kiosk
    does not hang.
    """

    noisy = False

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self._open: dict[KioskConnection, None] = {}
        self._by_host: Counter[str] = Counter()

    def buildProtocol(self, addr: IAddress | None) -> KioskConnection | None:
        return self.admit(addr, OPEN_DOOR)

    def behind(self, door: Door) -> Listener:
        """The factory of one listener; limits count over all of them."""
        return Listener(self, door)

    def admit(self, addr: IAddress | None, door: Door) -> KioskConnection | None:
        """A connection from there; None makes Twisted close it."""
        host = str(getattr(addr, "host", ""))
        why = self._refused(host, door)
        if why:
            self.turned_away(why, host)
            return None
        return _Tracked(self, self.edge, door, host)

    def turned_away(self, why: str, host: str) -> None:
        """Count a connection that got no answer, and tell the operator."""
        self.edge.observer.disturbed(why, Session(), host)

    def _refused(self, host: str, door: Door) -> str:
        limits, address = self.edge.limits, address_of(host)
        if door.allow and (address is None or not any(address in network for network in door.allow)):
            return "address_not_allowed"
        if len(self._open) >= limits.max_connections:
            return "too_many_connections"
        loopback = address is None or address.is_loopback
        return "too_many_of_address" if not loopback and self._by_host[host] >= limits.per_address else ""

    def opened(self, connection: KioskConnection, host: str) -> None:
        self._open[connection] = None
        self._by_host[host] += 1

    def closed(self, connection: KioskConnection, host: str) -> None:
        if connection not in self._open:
            return
        del self._open[connection]
        self._by_host[host] -= 1
        if not self._by_host[host]:
            del self._by_host[host]

    def connected_logins(self) -> frozenset[str]:
        return self.edge.seated()

    def last_seen_ms(self, now_ms: int) -> dict[str, int]:
        """When each terminal last asked something, on the wall clock that says `now_ms`."""
        now_s = self.edge.clock.seconds()
        return {login: now_ms - round((now_s - at_s) * 1000) for login, at_s in self.edge.last_seen_s.items()}

    def finish(self) -> Deferred[None]:
        """Answer what is being worked on, then close every connection."""
        return all_of(each.finish() for each in list(self._open))


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

    def connectionMade(self) -> None:
        self._kiosks.opened(self, self._host)
        super().connectionMade()

    def connectionLost(self, *args: Any) -> None:
        self._kiosks.closed(self, self._host)
        super().connectionLost(*args)
