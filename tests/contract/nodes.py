"""The library of the facts as a real node keeps it: a `Core` of CQSPB over an in-memory database."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from federation.contract import CardStatus, Library
from federation.methods import PATHS
from federation.transport import GrpcServer, GrpcTransport
from node.core import Core
from node.domain.rules import RuleBook
from node.observe.logs import Silence
from node.observe.metrics import Metrics
from node.plan import Means, Plan
from node.storage.home import cards as home
from node.storage.meta import establish
from node.storage.opening import new_memory_database
from node.storage.owner import loans as owner
from node.storage.sqlite import InlineStore
from node.storage.store import Tx
from tests.contract.facts import ASKER, CARDS, ITEMS, LIBRARY
from tests.contract.walls import Wall, told
from tests.federation.lanes import MEMBERS, MemoryLane, directory, identity, remote
from tests.node.watching import watched


class _Pins:
    def verify(self, hashed: str, secret: str) -> Deferred[bool]:
        return succeed(hashed == f"hash:{secret}")


@dataclass
class NodeUnderTest:
    """`library` as its asker meets it, at a door or not; `core` as it is; `sql` looks into the books."""

    library: Library
    core: Core
    store: InlineStore
    wall: Wall
    has_door: bool = True

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.store.connection.execute(query, values).fetchall()

    def again(self) -> Library:
        """The library after its process has died and another one has opened the same books."""
        return told(core_over(self.store, self.wall).local, self.wall)


def facts(tx: Tx) -> None:
    """Lay the facts out in an empty database."""
    cards = [
        home.NewCard(card.number, f"reader-{place}", card.name, "pupil", None, f"hash:{card.pin}", card.places, 3)
        for place, card in enumerate(CARDS)
    ]
    home.add_cards(tx, cards)
    for card in CARDS:
        if card.suspended:
            home.set_status(tx, card.number, CardStatus.SUSPENDED)
    items = [
        owner.NewItem(item.barcode, item.title, "", "", "", item.item_type, "", foreign=False, price_fen=0)
        for item in ITEMS
    ]
    owner.add_items(tx, items)


def core_over(store: InlineStore, wall: Wall) -> Core:
    plan = Plan(
        library=LIBRARY,
        library_name=LIBRARY,
        directory=directory(),
        rule_book=RuleBook(()),
        areas={},
        terminals={},
    )
    known = store.run_now(lambda tx: establish(tx, LIBRARY, random.Random(1).randbytes), "establish")
    return Core(
        plan,
        known,
        store,
        Means(
            transport=MemoryLane(LIBRARY, {}),
            clock=Clock(),
            wall_ms=wall,
            rng=random.Random(1),
            pins=_Pins(),
            passwords=_Pins(),
            metrics=Metrics([], [code for code in MEMBERS if code != LIBRARY], []),
            log=Silence(),
        ),
    )


def _laid_out(wall: Wall) -> tuple[Core, InlineStore]:
    store = InlineStore(watched(new_memory_database()))
    store.run_now(facts, "facts")
    return core_over(store, wall), store


@asynccontextmanager
async def called_directly() -> AsyncIterator[NodeUnderTest]:
    core, store = _laid_out(wall := Wall())
    yield NodeUnderTest(told(core.local, wall), core, store, wall, has_door=False)
    store.close()


@asynccontextmanager
async def over_a_lane_in_memory() -> AsyncIterator[NodeUnderTest]:
    core, store = _laid_out(wall := Wall())
    library = remote(MemoryLane(ASKER, {LIBRARY: core.server.answer}), ASKER, LIBRARY, wall)
    yield NodeUnderTest(told(library, wall), core, store, wall)
    store.close()


@asynccontextmanager
async def over_grpc() -> AsyncIterator[NodeUnderTest]:
    """With mutual TLS, on the loopback."""
    core, store = _laid_out(wall := Wall())
    listening = GrpcServer(identity(LIBRARY), core.server.answer, PATHS, host="127.0.0.1", port=0)
    await listening.start()
    transport = GrpcTransport(identity(ASKER), lambda _: ("127.0.0.1", listening.port))
    try:
        yield NodeUnderTest(told(remote(transport, ASKER, LIBRARY, wall), wall), core, store, wall)
    finally:
        await transport.close()
        await listening.stop(1.0)
        store.close()


NODES: dict[str, Callable[[], AbstractAsyncContextManager[NodeUnderTest]]] = {
    "node, called directly": called_directly,
    "node, over a lane in memory": over_a_lane_in_memory,
    "node, over gRPC": over_grpc,
}
