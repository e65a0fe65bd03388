"""Where kiosks connect: the factory of connections, with a limit, and an orderly end."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory

from federation.clock import Clock
from node.kiosk.connection import Desk, KioskConnection, Limits, Observer
from node.kiosk.terminal import Session


class KioskFactory(Factory):
    """`max_connections` over all listeners that share this factory; one more is closed at once, and counted."""

    noisy = False

    def __init__(self, desk: Desk, observer: Observer, clock: Clock, limits: Limits, max_connections: int) -> None:
        self._desk = desk
        self._observer = observer
        self._clock = clock
        self._limits = limits
        self._max_connections = max_connections
        self._open: set[_Tracked] = set()

    def buildProtocol(self, addr: IAddress | None) -> KioskConnection | None:
        if len(self._open) >= self._max_connections:
            # None makes Twisted close the connection: a clear refusal, not a kiosk that hangs.
            self._observer.disturbed("too_many_connections", Session())
            return None
        return _Tracked(self._open, self._desk, self._observer, self._clock, self._limits)

    def connected_logins(self) -> frozenset[str]:
        return frozenset(each.session.terminal.login for each in self._open if each.session.logged_in)

    def finish(self) -> Deferred[None]:
        """Answer what is being worked on, then close every connection."""
        return DeferredList([each.finish() for each in list(self._open)]).addCallback(lambda _results: None)


class _Tracked(KioskConnection):
    def __init__(self, tracked: set[_Tracked], *args: Any) -> None:
        super().__init__(*args)
        self._tracked = tracked

    def connectionMade(self) -> None:
        self._tracked.add(self)
        super().connectionMade()

    def connectionLost(self, *args: Any) -> None:
        self._tracked.discard(self)
        super().connectionLost(*args)
