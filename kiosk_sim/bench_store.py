"""How much committing together gains: the node's store with groups, against one commit for each unit of work."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import cast

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool

from federation.clock import Clock
from node.storage.sqlite import MAX_GROUP, GroupCommitStore
from node.storage.transaction import Tx

_ASKERS = 32
_UNITS_EACH = 60
_STATEMENTS = 10  # about as many as a checkout within one library makes


class _Silent:
    def group_committed(self, size: int, seconds: float) -> None: ...

    def work_done(self, name: str, seconds: float) -> None: ...


class _Sql:
    """A statement as the transaction takes it."""

    def __init__(self, sql: str) -> None:
        self.sql = sql


_INSERT = _Sql("INSERT INTO row (asker, n, text) VALUES (:asker, :n, :text)")


async def group_gain(folder: Path, reactor: object) -> float:
    """Units of work per second with groups, over those without."""
    together = await _units_per_s(folder / "together.db", MAX_GROUP, reactor)
    alone = await _units_per_s(folder / "alone.db", 1, reactor)
    return together / alone


async def _units_per_s(path: Path, max_group: int, reactor: object) -> float:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE row (asker INTEGER, n INTEGER, text TEXT)")
        connection.commit()
    clock = cast(Clock, reactor)
    store = GroupCommitStore(path, clock, _threaded(reactor), _Silent(), max_group)
    began = clock.seconds()
    await gatherResults([Deferred.fromCoroutine(_ask(store, asker)) for asker in range(_ASKERS)])
    took = clock.seconds() - began
    store.close()
    return _ASKERS * _UNITS_EACH / took


async def _ask(store: GroupCommitStore, asker: int) -> None:
    def work(tx: Tx) -> None:
        for n in range(_STATEMENTS):
            tx.run(_INSERT, asker=asker, n=n, text="x" * 60)  # type: ignore[arg-type]

    for _ in range(_UNITS_EACH):
        await store.run(work, "bench")


def _threaded(reactor: object) -> Callable[[Callable[[], None]], Deferred[None]]:
    threads = cast(IReactorFromThreads, reactor)
    pool = reactor.getThreadPool()  # type: ignore[attr-defined]
    return lambda function: deferToThreadPool(threads, pool, function)
