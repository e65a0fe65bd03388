"""An answer leaves at once where it can, and whole and in order where it can't; over real sockets."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater

from node.kiosk.lines import send
from tests.reactors import the_reactor

PIECE = 64 * 1024
PIECES = 200


class _Line(Protocol):
    def connectionMade(self) -> None:
        self.factory.connected.callback(self.transport)


@pytest_twisted.async_yield_fixture
async def line() -> AsyncIterator[tuple[Any, socket.socket]]:
    """A node's end of a line as Twisted has it, and the kiosk's end."""
    factory: Any = Factory.forProtocol(_Line)
    factory.connected = Deferred()
    port = the_reactor().listenTCP(0, factory, interface="127.0.0.1")
    with socket.create_connection(("127.0.0.1", port.getHost().port)) as kiosk:
        kiosk.setblocking(False)
        transport = await factory.connected
        yield transport, kiosk
        transport.abortConnection()
        await port.stopListening()


async def _read(kiosk: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        try:
            found += kiosk.recv(PIECE)
        except BlockingIOError:
            await deferLater(the_reactor(), 0)
    return bytes(found)


@pytest_twisted.ensureDeferred
async def test_an_answer_has_left_before_the_reactor_turns(line: tuple[Any, socket.socket]) -> None:
    transport, kiosk = line
    send(transport, b"98YYYNYN\r")
    assert kiosk.recv(PIECE) == b"98YYYNYN\r"


@pytest_twisted.ensureDeferred
async def test_what_the_line_does_not_take_follows_whole_and_in_order(line: tuple[Any, socket.socket]) -> None:
    transport, kiosk = line
    pieces = [bytes([n]) * PIECE for n in range(PIECES)]
    for piece in pieces:
        send(transport, piece)
    begun = kiosk.recv(16 * PIECE)  # so that there is room for the last, which must wait all the same
    send(transport, b"the last")
    rest = await _read(kiosk, PIECES * PIECE + 8 - len(begun))
    assert begun + rest == b"".join(pieces) + b"the last"


@pytest_twisted.ensureDeferred
async def test_what_is_sent_before_the_line_is_closed_still_arrives(line: tuple[Any, socket.socket]) -> None:
    transport, kiosk = line
    for _ in range(PIECES):
        send(transport, bytes(PIECE))
    transport.loseConnection()
    assert await _read(kiosk, PIECES * PIECE) == bytes(PIECES * PIECE)


@pytest_twisted.ensureDeferred
async def test_a_line_that_the_kiosk_left_raises_nothing(line: tuple[Any, socket.socket]) -> None:
    transport, kiosk = line
    kiosk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    kiosk.close()
    for _ in range(3):
        send(transport, b"98\r")
        await deferLater(the_reactor(), 0)
