"""The proxies of a storm: what passes, what breaks, what comes late."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.protocol import Factory, Protocol

from kiosk_sim.storm.ways import CUTS, Cut, Way
from tests.federation.grpc_ends import until
from tests.reactors import the_reactor

HOST = "127.0.0.1"


class Echo(Protocol):
    transport: Any
    factory: Any

    def dataReceived(self, data: bytes) -> None:
        self.factory.heard.append(data)
        self.transport.write(data)


class Caller(Protocol):
    transport: Any

    def __init__(self) -> None:
        self.heard = b""
        self.lost = False

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def connectionLost(self, reason: Any = None) -> None:
        self.lost = True

    def say(self, data: bytes) -> None:
        self.transport.write(data)


class Ends:
    """A way with an echo behind it. `heard`: what arrived there."""

    def __init__(self, way: Way, port: int, direct: int, heard: list[bytes]) -> None:
        self.way = way
        self._port = port
        self._direct = direct
        self.heard = heard

    async def call(self) -> Caller:
        return await self._call(self._port)

    async def nothing_more_comes(self) -> None:
        """What could have come by the way has come: a question beside it goes there and back, twice."""
        beside = await self._call(self._direct)
        for said in (b"1", b"12"):
            beside.say(said[-1:])
            await until(lambda said=said: beside.heard == said)  # type: ignore[misc]
            self.heard.remove(said[-1:])
        beside.transport.loseConnection()

    async def _call(self, port: int) -> Caller:
        endpoint: Any = TCP4ClientEndpoint(the_reactor(), HOST, port, timeout=5)
        caller = await endpoint.connect(Factory.forProtocol(Caller))
        assert isinstance(caller, Caller)
        return caller


@asynccontextmanager
async def ends() -> AsyncIterator[Ends]:
    reactor = the_reactor()
    factory: Any = Factory.forProtocol(Echo)
    factory.heard = []
    echo: Any = await TCP4ServerEndpoint(reactor, 0, interface=HOST).listen(factory)
    way = Way(reactor, echo.getHost().port)
    port = await way.open()
    try:
        yield Ends(way, port, echo.getHost().port, factory.heard)
    finally:
        await way.close()
        await echo.stopListening()


@pytest_twisted.ensureDeferred
async def test_a_whole_way_passes_everything_in_both_directions() -> None:
    async with ends() as town:
        caller = await town.call()
        caller.say(b"a question")
        await until(lambda: caller.heard == b"a question")


@pytest_twisted.ensureDeferred
async def test_a_refused_way_breaks_what_is_there_and_takes_nothing_new_until_it_is_healed() -> None:
    async with ends() as town:
        before = await town.call()
        before.say(b"a")
        await until(lambda: before.heard == b"a")
        town.way.cut("refused")
        await until(lambda: before.lost)
        during = await town.call()
        await until(lambda: during.lost)
        town.way.heal()
        after = await town.call()
        after.say(b"b")
        await until(lambda: after.heard == b"b")
        assert town.heard == [b"a", b"b"]


@pytest_twisted.ensureDeferred
async def test_what_is_said_into_silence_arrives_late_over_old_and_new_connections() -> None:
    async with ends() as town:
        old = await town.call()
        old.say(b"a")
        await until(lambda: old.heard == b"a")
        town.way.cut("silent")
        new = await town.call()
        old.say(b"b")
        new.say(b"c")
        await town.nothing_more_comes()
        assert (old.heard, new.heard, town.heard) == (b"a", b"", [b"a"])
        town.way.heal()
        await until(lambda: (old.heard, new.heard) == (b"ab", b"c"))


@pytest_twisted.ensureDeferred
async def test_where_only_answers_are_cut_questions_arrive() -> None:
    async with ends() as town:
        caller = await town.call()
        town.way.cut("answers")
        caller.say(b"a")
        await until(lambda: town.heard == [b"a"])
        await town.nothing_more_comes()
        assert caller.heard == b""
        town.way.heal()
        await until(lambda: caller.heard == b"a")


@pytest.mark.parametrize("how", CUTS)
@pytest_twisted.ensureDeferred
async def test_a_way_closes_whatever_befell_it(how: Cut) -> None:
    async with ends() as town:
        caller = await town.call()
        town.way.cut(how)
    await until(lambda: caller.lost)
    await town.way.close()
