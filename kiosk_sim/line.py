"""One TCP connection of a device, as frames: write bytes, read the next frame, within a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeAlias, cast

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IProtocolFactory, IReactorTime
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from kiosk_sim.ports import DelayedCall, Timers, Wire
from sip2.framing import Framer


class NoAnswer(Exception):
    """No frame came within the time."""


class LineClosed(Exception):
    """The connection was closed, by either side, or could not be made."""


class Line(Protocol):
    """Frames that come while nobody reads are kept in order."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._framer = Framer()
        self._frames: deque[bytes] = deque()
        self._reader: Deferred[bytes] | None = None
        self.closed = False

    def connectionMade(self) -> None:
        self._wire = cast(Wire, self.transport)

    def write(self, data: bytes) -> None:
        """Send bytes as they are. Raises `LineClosed`."""
        if self.closed:
            raise LineClosed("not connected")
        self._wire.write(data)

    def read(self, timeout_s: float) -> Deferred[bytes]:
        """The next frame, without terminator; fails with `NoAnswer` or `LineClosed`. One reader at a time."""
        if self._reader is not None:
            raise RuntimeError("two readers on one line")
        if self._frames:
            return succeed(self._frames.popleft())
        if self.closed:
            return fail(LineClosed("closed"))
        reader: Deferred[bytes] = Deferred(lambda _: self._give_up())
        self._reader = reader
        timer: DelayedCall = self._timers.callLater(timeout_s, self._time_out, timeout_s)
        return reader.addBoth(_stop, timer)

    def forget_frames(self) -> None:
        """Throw away frames that came too late for whoever asked for them."""
        self._frames.clear()

    def close(self) -> None:
        if not self.closed:
            self._wire.loseConnection()

    def dataReceived(self, data: bytes) -> None:
        for frame in self._framer.feed(data):
            if isinstance(frame, bytes):
                self._frames.append(frame)
        if self._frames and self._reader is not None:
            reader, self._reader = self._reader, None
            reader.callback(self._frames.popleft())

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.closed = True
        self._fail(LineClosed("the library closed the connection"))

    def _time_out(self, after_s: float) -> None:
        self._fail(NoAnswer(f"no answer within {after_s:g} s"))

    def _give_up(self) -> None:
        self._reader = None

    def _fail(self, error: Exception) -> None:
        if self._reader is not None:
            reader, self._reader = self._reader, None
            reader.errback(error)


Connect: TypeAlias = Callable[[], Deferred[Line]]
"""Opens a connection; fails with `LineClosed`."""


def connector(reactor: IReactorTime, host: str, port: int, timeout_s: int = 10) -> Connect:
    """Connections to that port, over the given reactor (its timers and its TCP)."""
    endpoint = TCP4ClientEndpoint(reactor, host, port, timeout=timeout_s)
    timers = cast(Timers, reactor)

    def connect() -> Deferred[Line]:
        factory = Factory.forProtocol(lambda: Line(timers))
        connecting = cast(Deferred[Line], endpoint.connect(cast(IProtocolFactory, factory)))
        return connecting.addErrback(_not_connected)

    return connect


def _not_connected(failure: Failure) -> Line:
    raise LineClosed(failure.getErrorMessage())


def _stop(result: bytes | Failure, timer: DelayedCall) -> bytes | Failure:
    if timer.active():
        timer.cancel()
    return result
