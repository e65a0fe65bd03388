"""Connections of strangers at the federation's port, over real sockets: they cost little, and libraries are heard."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager, suppress

import pytest
import pytest_twisted
from twisted.internet.defer import gatherResults
from twisted.internet.threads import deferToThread

from federation.crowd import Places
from federation.transport import front
from federation.transport.front import _hello_is_whole, _plain
from federation.troubles import TurnedAway
from tests.federation.grpc_ends import ASK, CALLER, HOST, LIBRARY, Answers, asking, both, grpc_server, until
from tests.federation.lanes import identity

ELSEWHERE = "127.6.6.6"


class Guarded:
    """A server with few places that writes down whom it refused."""

    def __init__(self, most: int = 20, of_address: int = 8) -> None:
        self.refused: list[tuple[str, str]] = []
        self.silent: list[str] = []
        self.server = grpc_server(
            Answers(),
            places=lambda: Places(most, of_address),
            refused=lambda why, host: self.refused.append((why, host)),
            turned_away=lambda who, why: self.silent.append(who) if why is TurnedAway.MADE_NO_CALL else None,
        )

    async def asked(self, count: int = 1) -> bool:
        """Whether a library is answered."""
        async with asking(self.server.port) as transport:
            answers = await gatherResults([transport.call(LIBRARY, ASK, b"abc", 10.0) for _ in range(count)])
        return answers == [b"cba"] * count


@contextmanager
def lines(count: int, port: int, host: str = ELSEWHERE, says: bytes = b"") -> Iterator[list[socket.socket]]:
    with ExitStack() as held:
        found = []
        for _ in range(count):
            line = held.enter_context(socket.socket())
            line.bind((host, 0))
            line.connect((HOST, port))
            line.sendall(says)
            found.append(line)
        yield found


def hello() -> bytes:
    """The first bytes of a client of TLS."""
    outgoing = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), outgoing).do_handshake()
    return outgoing.read()


HELLO = hello()


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest_twisted.ensureDeferred
async def test_a_crowd_of_silent_connections_has_few_places_and_a_library_is_answered_beside_it() -> None:
    guarded = Guarded()
    await guarded.server.start()
    before = descriptors()
    with lines(200, guarded.server.port):
        await until(lambda: len(guarded.refused) >= 192)
        assert len(guarded.server.crowd) == 8
        assert descriptors() - before - 200 < 20
        assert await guarded.asked()
    await guarded.server.stop(0.0)
    assert set(guarded.refused) == {("made_way", ELSEWHERE)}


@pytest_twisted.ensureDeferred
async def test_connections_that_begin_a_handshake_and_stop_are_bounded_too() -> None:
    guarded = Guarded()
    await guarded.server.start()
    before = descriptors()
    with lines(100, guarded.server.port, says=HELLO):
        await until(lambda: len(guarded.refused) >= 92)
        await until(lambda: descriptors() - before - 100 < 8 * front.DESCRIPTORS + 20)
        assert await guarded.asked()
    await guarded.server.stop(0.0)


@pytest_twisted.ensureDeferred
async def test_where_all_come_from_one_address_a_library_is_heard_beside_the_silent_ones() -> None:
    guarded = Guarded()
    await guarded.server.start()
    with lines(50, guarded.server.port, HOST):
        assert await guarded.asked()
    await guarded.server.stop(0.0)


@pytest_twisted.ensureDeferred
async def test_a_library_that_has_called_keeps_its_connection_whatever_comes() -> None:
    guarded = Guarded(most=6, of_address=4)
    await guarded.server.start()
    async with asking(guarded.server.port) as transport:
        assert await transport.call(LIBRARY, ASK, b"abc", 10.0) == b"cba"
        (its_own,) = guarded.server.crowd.guests()
        with lines(20, guarded.server.port), lines(20, guarded.server.port, HOST):
            await until(lambda: len(guarded.refused) >= 34)
            assert its_own in guarded.server.crowd.guests()
            assert await transport.call(LIBRARY, ASK, b"abc", 10.0) == b"cba"
    await guarded.server.stop(0.0)


@pytest_twisted.ensureDeferred
async def test_one_library_has_few_connections_however_many_calls_it_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "OF_LIBRARY", 3)
    guarded = Guarded()
    await guarded.server.start()
    for _ in range(3):
        async with asking(guarded.server.port) as one, asking(guarded.server.port) as other:
            await one.call(LIBRARY, ASK, b"abc", 10.0)
            await other.call(LIBRARY, ASK, b"abc", 10.0)
    async with AsyncExitStack() as held:
        for _ in range(4):
            line = await held.enter_async_context(asking(guarded.server.port))
            assert await line.call(LIBRARY, ASK, b"abc", 10.0) == b"cba"
        await until(lambda: len(guarded.server.crowd) == 3)
    await guarded.server.stop(0.0)


@pytest_twisted.ensureDeferred
async def test_silence_ends_after_a_while_and_so_does_a_handshake_without_a_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(front, "HELLO_WITHIN_S", 0.05)
    monkeypatch.setattr(front, "CALL_WITHIN_S", 0.05)
    guarded = Guarded()
    await guarded.server.start()
    with lines(2, guarded.server.port), lines(2, guarded.server.port, says=HELLO):
        await until(lambda: guarded.silent == [ELSEWHERE] * 4)
        assert len(guarded.server.crowd) == 0
    await guarded.server.stop(0.0)
    assert guarded.refused == []


@pytest_twisted.ensureDeferred
async def test_what_is_no_tls_is_closed_at_once() -> None:
    guarded = Guarded()
    await guarded.server.start()
    with lines(1, guarded.server.port, says=b"GET / HTTP/1.1\r\n\r\n") as (line,):
        line.settimeout(10.0)
        with suppress(ConnectionResetError):
            assert await deferToThread(line.recv, 1) == b""
    await guarded.server.stop(0.0)


@pytest_twisted.ensureDeferred
async def test_large_questions_and_answers_pass_whole() -> None:
    async with both(Answers()) as transport:
        large = bytes(range(256)) * 900
        assert await gatherResults([transport.call(LIBRARY, ASK, large, 20.0) for _ in range(8)]) == [large[::-1]] * 8


@pytest_twisted.ensureDeferred
async def test_many_libraries_may_come_from_one_address() -> None:
    guarded = Guarded(most=40, of_address=2)
    await guarded.server.start()
    async with AsyncExitStack() as held:
        for code in (CALLER, "CQCQ", "CQSE", "CQYZ", "CQJB"):
            line = await held.enter_async_context(asking(guarded.server.port, identity(code)))
            assert await line.call(LIBRARY, ASK, b"abc", 10.0) == b"cba"
        assert len(guarded.server.crowd) == 5
    await guarded.server.stop(0.0)


def test_a_hello_is_whole_when_its_record_is_and_anything_else_is_none() -> None:
    assert [_hello_is_whole(HELLO[:length]) for length in (0, 1, 3, 5, len(HELLO) - 1)] == [None, *[False] * 4]
    assert _hello_is_whole(HELLO) is True
    for wrong in (b"G", b"\x16\x02", b"\x17\x03\x01", b"\x16\x03\x01\xff\xff"):
        assert _hello_is_whole(wrong) is None


def test_an_address_is_the_same_over_ipv4_and_mapped_to_ipv6() -> None:
    assert [_plain(each) for each in ("::ffff:192.0.2.1", "192.0.2.1", "fe80::1%eth0")] == [
        *["192.0.2.1"] * 2,
        "fe80::1",
    ]
