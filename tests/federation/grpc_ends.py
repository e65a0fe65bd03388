"""The two ends of a real gRPC connection on the loopback, for tests of the transport."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import deferLater

from federation.calling import Answerer
from federation.certificates import TlsIdentity
from federation.transport import GrpcServer, GrpcTransport
from tests.federation.lanes import identity
from tests.reactors import the_reactor

ASK, ECHO = "/test/Ask", "/test/Echo"
LIBRARY, CALLER = "CQSPB", "CQBB"
HOST = "127.0.0.1"


class Answers:
    """An `Answerer` that keeps what it was asked and answers by `answer`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bytes, float]] = []
        self.answer: Callable[[bytes], Deferred[bytes]] = lambda payload: succeed(payload[::-1])

    def __call__(self, caller: str, method: str, payload: bytes, time_left_s: float) -> Deferred[bytes]:
        self.asked.append((caller, method, payload, time_left_s))
        return self.answer(payload)


def pause(seconds: float) -> Deferred[None]:
    return deferLater(the_reactor(), seconds)


def grpc_server(answers: Answerer, own: TlsIdentity | None = None, port: int = 0, **more: Any) -> GrpcServer:
    bare = {ECHO: lambda payload: payload}
    return GrpcServer(own or identity(LIBRARY), answers, [ASK], host=HOST, port=port, bare=bare, **more)


@asynccontextmanager
async def listening(
    answers: Answerer, own: TlsIdentity | None = None, port: int = 0, **more: Any
) -> AsyncIterator[int]:
    server = grpc_server(answers, own, port, **more)
    await server.start()
    try:
        yield server.port
    finally:
        await server.stop(0.0)


@asynccontextmanager
async def asking(port: int, own: TlsIdentity | None = None) -> AsyncIterator[GrpcTransport]:
    transport = GrpcTransport(own or identity(CALLER), lambda _: (HOST, port))
    try:
        yield transport
    finally:
        await transport.close()


@asynccontextmanager
async def both(answers: Answerer, **more: Any) -> AsyncIterator[GrpcTransport]:
    async with listening(answers, **more) as port, asking(port) as transport:
        yield transport


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(300):
        if holds():
            return
        await pause(0.01)
    raise AssertionError("it did not come to that within 3 s")


def free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        port: int = found.getsockname()[1]
        return port
