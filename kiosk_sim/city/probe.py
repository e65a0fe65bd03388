"""Is a node ready? One small HTTP question; and is a port free at all?"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import cast

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IProtocolFactory, IReactorTime
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from kiosk_sim.city.plan import HOST
from kiosk_sim.ports import Wire

_ANSWER_WITHIN_S = 3
_STATUS_LINE_BYTES = 12  # b"HTTP/1.1 200"


class PortInUse(OSError):
    """A port of the city is taken by someone else."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} on {HOST} is in use")
        self.port = port


def require_free(ports: Iterable[int]) -> None:
    """Raise `PortInUse` for the first port that cannot be listened on."""
    for port in ports:
        with socket.socket() as probe:
            # as servers do: an old connection in TIME_WAIT does not count
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                raise PortInUse(port) from error


class ReadyProbe:
    """GET /readyz; the Deferred gives the status code, 0 if there was no answer. Never fails."""

    def __init__(self, reactor: IReactorTime) -> None:
        self._reactor = reactor

    def __call__(self, host: str, port: int) -> Deferred[int]:
        status: Deferred[int] = Deferred()
        endpoint = TCP4ClientEndpoint(self._reactor, host, port, timeout=_ANSWER_WITHIN_S)
        factory = Factory.forProtocol(lambda: _Question(status))
        connecting = endpoint.connect(cast(IProtocolFactory, factory))
        connecting.addErrback(lambda _: status.callback(0))
        return status


class _Question(Protocol):
    """Reads no further than the status line: the body is for people."""

    def __init__(self, status: Deferred[int]) -> None:
        self._status = status
        self._seen = b""

    def connectionMade(self) -> None:
        self._wire = cast(Wire, self.transport)
        self._wire.write(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")

    def dataReceived(self, data: bytes) -> None:
        self._seen += data
        if len(self._seen) >= _STATUS_LINE_BYTES:
            digits = self._seen.split(b" ", 2)[1][:3]
            self._tell(int(digits) if digits.isdigit() else 0)
            self._wire.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._tell(0)

    def _tell(self, status: int) -> None:
        if not self._status.called:
            self._status.callback(status)
