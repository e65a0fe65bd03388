"""The implementations of `contract.Library` that must keep the promises: for each, how it comes to be.

An implementation is an async context manager: given a `Facts` world (tests/contract/facts.py) laid out at library
CQSPB, it yields that library as CQBB meets it. Add one here, and the whole suite runs over it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from twisted.internet.defer import Deferred

from federation.calling import Transport
from federation.contract import Library
from federation.methods import PATHS
from federation.transport import GrpcServer, GrpcTransport
from kiosk_sim.simulation.clock import HeapClock, Life
from kiosk_sim.simulation.faults.network import End, SimNetwork
from kiosk_sim.simulation.faults.weather import CALM
from kiosk_sim.simulation.trace import Trace
from tests.contract.facts import ASKER, LIBRARY
from tests.contract.nodes import NODES, NodeUnderTest
from tests.contract.scripted import ScriptedLibrary
from tests.contract.walls import Wall, told
from tests.federation.lanes import MemoryLane, identity, remote, server


@asynccontextmanager
async def local() -> AsyncIterator[Library]:
    """Called directly."""
    yield ScriptedLibrary()


@asynccontextmanager
async def in_memory() -> AsyncIterator[Library]:
    """Through client, wire and server, without a network."""
    wall = Wall()
    answering = server(ScriptedLibrary(), LIBRARY, wall)
    yield told(remote(MemoryLane(ASKER, {LIBRARY: answering.answer}), ASKER, LIBRARY, wall), wall)


@asynccontextmanager
async def over_grpc() -> AsyncIterator[Library]:
    """Through mutual TLS on the loopback."""
    wall = Wall()
    answering = server(ScriptedLibrary(), LIBRARY, wall)
    listening = GrpcServer(identity(LIBRARY), answering.answer, PATHS, host="127.0.0.1", port=0)
    await listening.start()
    transport = GrpcTransport(identity(ASKER), lambda _: ("127.0.0.1", listening.port))
    try:
        yield told(remote(transport, ASKER, LIBRARY, wall), wall)
    finally:
        await transport.close()
        await listening.stop(1.0)


class Driven:
    """`Transport` over a simulated one: its clock runs until the answer is there."""

    def __init__(self, inner: Transport, clock: HeapClock) -> None:
        self._inner = inner
        self._clock = clock

    def call(self, peer: str, method: str, payload: bytes, timeout_s: float) -> Deferred[bytes]:
        answer = self._inner.call(peer, method, payload, timeout_s)
        while not answer.called and self._clock.step(float("inf")):
            pass
        return answer


@asynccontextmanager
async def simulated() -> AsyncIterator[Library]:
    """Over the simulator's lines, on which half of all questions and answers come twice, and some late."""
    clock, life = HeapClock(), Life()
    wall = Wall()
    answering = server(ScriptedLibrary(), LIBRARY, wall)
    weather = replace(CALM, duplicate=0.5, delay_s=0.05)
    network = SimNetwork(clock, "contract", weather, Trace(clock.seconds), lambda _code: End(answering.answer, life))
    yield told(remote(Driven(network.transport(ASKER, life), clock), ASKER, LIBRARY, wall), wall)


def _library_of(
    node: Callable[[], AbstractAsyncContextManager[NodeUnderTest]],
) -> Callable[[], AbstractAsyncContextManager[Library]]:
    @asynccontextmanager
    async def implementation() -> AsyncIterator[Library]:
        async with node() as found:
            yield found.library

    return implementation


IMPLEMENTATIONS: dict[str, Callable[[], AbstractAsyncContextManager[Library]]] = {
    "local": local,
    "in memory": in_memory,
    "over gRPC": over_grpc,
    "simulated": simulated,
    **{name: _library_of(node) for name, node in NODES.items()},
}
