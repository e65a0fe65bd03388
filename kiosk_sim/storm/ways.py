"""The ways between libraries: for each caller and peer a small TCP proxy on the loopback, which can be cut.

A way that is cut comes back as a line does: what was refused is refused, what was swallowed by silence arrives late.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, cast

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.interfaces import IProtocolFactory, IReactorTime
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from kiosk_sim.city.plan import HOST

Cut: TypeAlias = Literal["refused", "silent", "answers"]
"""Connections break and new ones are refused; nothing passes; questions pass and answers do not."""
CUTS: tuple[Cut, ...] = ("refused", "silent", "answers")

_CONNECT_WITHIN_S = 5


class Way:
    """From one library to the node that listens at `peer_port`."""

    def __init__(self, reactor: IReactorTime, peer_port: int) -> None:
        self._reactor = reactor
        self._peer_port = peer_port
        self._port: Any = None
        self._cut: Cut | None = None
        self._through: set[_Through] = set()

    async def open(self) -> int:
        """Listen; the port that stands for the peer."""
        factory = cast(IProtocolFactory, Factory.forProtocol(lambda: _Near(self)))
        endpoint = TCP4ServerEndpoint(self._reactor, 0, interface=HOST)
        self._port = await cast("Deferred[Any]", endpoint.listen(factory))
        return int(self._port.getHost().port)

    def cut(self, how: Cut) -> None:
        self._cut = how
        for each in list(self._through):
            each.follow(how)

    def heal(self) -> None:
        """What waited goes on."""
        self._cut = None
        for each in list(self._through):
            each.follow(None)

    async def close(self) -> None:
        """Again does nothing."""
        for each in list(self._through):
            each.abort()
        port, self._port = self._port, None
        if port is not None:
            await maybeDeferred(port.stopListening)

    # --- connections -----------------------------------------------------------------------------------------

    def accepted(self, near: _Near) -> _Through:
        through = _Through(self, near)
        self._through.add(through)
        through.follow(self._cut)
        return through

    def connect(self, far: _Far) -> Deferred[Any]:
        endpoint = TCP4ClientEndpoint(self._reactor, HOST, self._peer_port, timeout=_CONNECT_WITHIN_S)
        factory = cast(IProtocolFactory, Factory.forProtocol(lambda: far))
        return cast("Deferred[Any]", endpoint.connect(factory))

    def ended(self, through: _Through) -> None:
        self._through.discard(through)


class _Through:
    """One connection through the way: the caller's end and, once it is made, the peer's."""

    def __init__(self, way: Way, near: _Near) -> None:
        self._way = way
        self._near = near
        self._far = _Far(self)
        self._connecting = False
        self._joined = False
        self._over = False
        near.pause()  # until the peer's end is there

    def follow(self, cut: Cut | None) -> None:
        """Behave as the way does."""
        if cut == "refused":
            self.abort()
            return
        if not self._connecting and cut != "silent":
            self._connecting = True
            self._way.connect(self._far).addErrback(self._unreachable)
        self._near.flow(self._joined and cut != "silent")
        if self._joined:
            self._far.flow(cut is None)

    def joined(self) -> None:
        self._joined = True
        if self._over:
            self._far.abort()
            return
        self.follow(self._way._cut)

    def to_peer(self, data: bytes) -> None:
        self._far.write(data)

    def to_caller(self, data: bytes) -> None:
        self._near.write(data)

    def abort(self) -> None:
        """Both ends, at once; again does nothing."""
        if self._over:
            return
        self._over = True
        self._way.ended(self)
        self._near.abort()
        if self._joined:
            self._far.abort()

    def _unreachable(self, _failure: Failure) -> None:
        self.abort()


class _End(Protocol):
    """One end of a connection."""

    _wire: Any = None

    def write(self, data: bytes) -> None:
        self._wire.write(data)

    def pause(self) -> None:
        self._wire.pauseProducing()

    def flow(self, on: bool) -> None:
        if on:
            self._wire.resumeProducing()
        else:
            self._wire.pauseProducing()

    def abort(self) -> None:
        self._wire.abortConnection()


class _Near(_End):
    """The caller's end."""

    def __init__(self, way: Way) -> None:
        self._way = way

    def connectionMade(self) -> None:
        self._wire = self.transport
        self._through = self._way.accepted(self)

    def dataReceived(self, data: bytes) -> None:
        self._through.to_peer(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._through.abort()


class _Far(_End):
    """The peer's end."""

    def __init__(self, through: _Through) -> None:
        self._through = through

    def connectionMade(self) -> None:
        self._wire = self.transport
        self._through.joined()

    def dataReceived(self, data: bytes) -> None:
        self._through.to_caller(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._through.abort()


class Ways:
    """All ways of a city, by (caller, peer)."""

    def __init__(self, reactor: IReactorTime, peer_ports: dict[str, int]) -> None:
        self._ways = {
            (caller, peer): Way(reactor, port)
            for peer, port in peer_ports.items()
            for caller in peer_ports
            if caller != peer
        }
        self.ports: dict[tuple[str, str], int] = {}

    async def open(self) -> None:
        """Fills `ports`."""
        for pair, way in self._ways.items():
            self.ports[pair] = await way.open()

    def __getitem__(self, pair: tuple[str, str]) -> Way:
        return self._ways[pair]

    def heal(self) -> None:
        for way in self._ways.values():
            way.heal()

    async def close(self) -> None:
        for way in self._ways.values():
            await way.close()
