"""Who may connect to gRPC, which itself limits neither addresses nor silence.

gRPC keeps its sockets to itself: it lets in whoever connects, waits two minutes for a handshake, and its one limit
counts all callers together. So it listens on the loopback alone. The front listens for the libraries and passes bytes
on, without reading them: TLS and certificates stay gRPC's.

Promises: a connection that is silent, or no TLS, costs one descriptor and `HELLO_WITHIN_S` at most, and gRPC never
sees it. Connections that have made no call make way when there are too many (`federation.crowd`); those that have
made one stay. One connection is let in at a time, so that a flood leaves the reactor to others.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

from federation.crowd import Crowd, Places
from federation.troubles import TurnedAway, TurnedAwayHeard

__all__ = ["DESCRIPTORS", "PLACES", "Front"]

PLACES: Final = Places(most=256, of_address=32)
OF_LIBRARY: Final = 16
"""Connections of one library that have made calls. It needs one, and another while it changes its certificate."""
DESCRIPTORS: Final = 3
"""Of one connection: from the library, to gRPC, and gRPC's own end."""
HELLO_WITHIN_S: Final = 5.0
"""The first record of TLS."""
CALL_WITHIN_S: Final = 20.0
"""The first call after that. A library connects only when it has something to ask."""
CLOSE_WITHIN_S: Final = 5.0
ACCEPT_AGAIN_S: Final = 1.0
BACKLOG: Final = 1024
_LONGEST_HELLO: Final = 5 + 16_384 + 256
_LOOPBACK: Final = "127.0.0.1"
_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


class Front:
    """`turned_away(address, why)` hears of each connection that ended without a call; `refused(why, address)` of each
    that had to go because there were too many (`federation.crowd`)."""

    def __init__(
        self, places: Callable[[], Places], turned_away: TurnedAwayHeard, refused: Callable[[str, str], None]
    ) -> None:
        self.turned_away: Final = turned_away
        self.refused: Final = refused
        self.crowd: Final[Crowd[_Outside]] = Crowd(places, _Outside.make_way)
        self.by_port: Final[dict[int, _Outside]] = {}
        self.inner_port = 0
        self._sockets: list[socket.socket] = []
        self._of_library: Final[dict[str, dict[_Outside, None]]] = {}

    def open(self, host: str, port: int) -> int:
        """Take the port, and give its number; nobody is let in yet. Errors: OSError."""
        for family, address in _addresses(host, port):
            dual = host in _EVERYWHERE and family is socket.AF_INET6
            found = socket.create_server(address, family=family, backlog=BACKLOG, dualstack_ipv6=dual)
            found.setblocking(False)
            self._sockets.append(found)
        return int(self._sockets[0].getsockname()[1])

    def let_in(self, inner_port: int) -> None:
        """From now on; gRPC listens at that port of the loopback. Needs the running loop."""
        self.inner_port = inner_port
        for each in self._sockets:
            asyncio.get_running_loop().add_reader(each, self._accept, each)

    def let_nobody_in(self) -> None:
        for each in self._sockets:
            asyncio.get_running_loop().remove_reader(each)
            each.close()
        self._sockets.clear()

    def close(self) -> None:
        """Cut what is left."""
        for each in self.crowd.guests():
            each.cut()

    def address(self, inner_port: int) -> str:
        """Whose connection arrives at gRPC from that port of the loopback; "" if it has gone."""
        outside = self.by_port.get(inner_port)
        return "" if outside is None else outside.host

    def called(self, inner_port: int, library: str = "") -> None:
        """A call came over that connection; `library`: whose, "" if its certificate does not say so."""
        outside = self.by_port.get(inner_port)
        if outside is None:
            return
        outside.called = True
        if library and not outside.library:
            outside.library = library
            outside.wait_no_more()
            self.crowd.know(outside, free=True)
            lines = self._of_library.setdefault(library, {})
            lines[outside] = None
            if len(lines) > OF_LIBRARY:
                next(iter(lines)).make_way()

    def forget(self, outside: _Outside) -> None:
        self.crowd.leave(outside)
        lines = self._of_library.get(outside.library, {})
        lines.pop(outside, None)
        if not lines:
            self._of_library.pop(outside.library, None)

    def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            line, address = listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                # else this would be tried again at once, for ever
                loop.remove_reader(listening)
                loop.call_later(ACCEPT_AGAIN_S, self._accept_again, listening)
            return
        line.setblocking(False)
        # asyncio does this only for sockets that name the protocol; else an answer waits 40 ms for an acknowledgement
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        outside = _Outside(self, _plain(address[0]))
        why = self.crowd.enter(outside, outside.host)
        if why:
            line.close()
            self.refused(why, outside.host)
            return
        outside.begin(loop.connect_accepted_socket(lambda: outside, line))

    def _accept_again(self, listening: socket.socket) -> None:
        if listening in self._sockets:
            asyncio.get_running_loop().add_reader(listening, self._accept, listening)


class _Outside(asyncio.Protocol):
    """The end of one connection at the other library, or at whoever it is."""

    def __init__(self, front: Front, host: str) -> None:
        self.host: Final = host
        self.library = ""
        self._front: Final = front
        self._begun = b""
        self._line: Any = None
        self._inside: _Inside | None = None
        self.called = False
        self._gone = self._ends = False
        self._deadline: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[Any] | None = None

    def begin(self, connecting: Any) -> None:
        self._task = asyncio.get_running_loop().create_task(connecting)
        self._task.add_done_callback(self._begun_or_not)

    def _begun_or_not(self, task: asyncio.Task[Any]) -> None:
        if self._line is None or task.cancelled() or task.exception() is not None:
            self._front.forget(self)
            self.cut()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._line = transport
        if self._gone:
            self.cut()
        self._within(HELLO_WITHIN_S)

    def data_received(self, data: bytes) -> None:
        if self._ends:
            return
        if self._inside is not None:
            self._inside.line.write(data)
            return
        self._begun += data
        whole = _hello_is_whole(self._begun)
        if whole is None:
            self.cut()
        elif whole:
            self._line.pause_reading()
            self._within(CALL_WITHIN_S)
            self.begin(self._connect())

    async def _connect(self) -> None:
        try:
            _, inside = await asyncio.get_running_loop().create_connection(
                lambda: _Inside(self._front, self), _LOOPBACK, self._front.inner_port
            )
        except OSError:
            self.cut()
            return
        if self._gone:
            inside.line.abort()
            return
        self._inside = inside
        inside.line.write(self._begun)
        self._begun = b""
        self._line.resume_reading()

    def wait_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()

    def write(self, data: bytes) -> None:
        if self._line is not None:
            self._line.write(data)

    def pause_reading(self) -> None:
        self._line.pause_reading()

    def resume_reading(self) -> None:
        self._line.resume_reading()

    # asyncio tells us that what was written to the library has to wait

    def pause_writing(self) -> None:
        if self._inside is not None:
            self._inside.line.pause_reading()

    def resume_writing(self) -> None:
        if self._inside is not None:
            self._inside.line.resume_reading()

    def make_way(self) -> None:
        self._front.refused("made_way", self.host)
        self.cut()

    def cut(self) -> None:
        """End it at once."""
        self._gone = True
        if self._line is not None:
            self._line.abort()

    def finish(self) -> None:
        """gRPC has closed its end. What it said last, such as why it refuses a certificate, must still be read there:
        a connection that is closed before all of its bytes were read is reset, and the other end may lose them."""
        self._ends = True
        if self._line is not None and not self._gone and not self._line.is_closing():
            self._line.write_eof()
            self._line.resume_reading()
            self._within(CLOSE_WITHIN_S)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone = True
        self._front.forget(self)
        self.wait_no_more()
        if self._inside is not None:
            self._inside.line.close()
        if not self.called:
            self._front.turned_away(self.host, TurnedAway.MADE_NO_CALL)

    def _within(self, seconds: float) -> None:
        self.wait_no_more()
        self._deadline = asyncio.get_running_loop().call_later(seconds, self.cut)


class _Inside(asyncio.Protocol):
    """The end at gRPC."""

    def __init__(self, front: Front, outside: _Outside) -> None:
        self._front: Final = front
        self._outside: Final = outside
        self._port = 0
        self.line: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.line = transport
        self._port = int(transport.get_extra_info("sockname")[1])
        self._front.by_port[self._port] = self._outside

    def data_received(self, data: bytes) -> None:
        self._outside.write(data)

    def pause_writing(self) -> None:
        self._outside.pause_reading()

    def resume_writing(self) -> None:
        self._outside.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._front.by_port.get(self._port) is self._outside:
            del self._front.by_port[self._port]
        self._outside.finish()


def _hello_is_whole(begun: bytes) -> bool | None:
    """Whether the first record of TLS has come; None if it is none: a handshake (0x16) of version 3."""
    if begun[:1] != b"\x16" or begun[1:2] not in (b"", b"\x03") or len(begun) > 2 * _LONGEST_HELLO:
        return None
    length = 5 + int.from_bytes(begun[3:5], "big")
    if len(begun) >= 5 and length > _LONGEST_HELLO:
        return None
    return len(begun) >= 5 and len(begun) >= length


def _addresses(host: str, port: int) -> list[tuple[Any, Any]]:
    """(family, address) of each place to listen at. Everywhere is IPv4 and IPv6, where the system has both."""
    if host in _EVERYWHERE and socket.has_dualstack_ipv6():
        return [(socket.AF_INET6, ("::", port))]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, address[:2]) for family, _, _, _, address in found))


def _plain(host: str) -> str:
    """IPv4 mapped to IPv6 as IPv4."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
