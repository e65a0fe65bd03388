"""How much committing together gains: the node's store with groups, against one commit for each unit of work."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import cast

from twisted.internet.defer import Deferred, execute, gatherResults
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool

from federation.clock import Clock
from node.storage.sqlite import MAX_GROUP, GroupCommitStore
from node.storage.statements import Statement
from node.storage.store import Tx

_ASKERS = 32
_UNITS_EACH = 60
_STATEMENTS = 10  # about as many as a checkout within one library makes


class _Silent:
    def group_committed(self, size: int, seconds: float) -> None: ...

    def work_done(self, name: str, seconds: float) -> None: ...


_COUNT = Statement("SELECT max(n) FROM row WHERE rowid = 1")
_INSERT = Statement("INSERT INTO row (asker, n, text) VALUES (:asker, :n, :text)")


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


async def _ask(store: GroupCommitStore, asker: int, units: int = _UNITS_EACH) -> None:
    def work(tx: Tx) -> None:
        for n in range(_STATEMENTS):
            tx.run(_INSERT, asker=asker, n=n, text="x" * 60)

    for _ in range(units):
        await store.run(work, "bench")


# --- a gate beside 200 kiosks ----------------------------------------------------------------------------------


async def gate_beside_kiosks(folder: Path, reactor: object, slow_s: float) -> dict[str, float]:
    """How late a gate is answered (p99) while 200 kiosks write: commits in a thread, as the node does it, and commits
    on the reactor's thread; on this disk, and on one whose fsync takes `slow_s` longer."""
    found: dict[str, float] = {}
    for where, defer in (("thread", _threaded(reactor)), ("inline", execute)):
        for disk, extra_s in (("", 0.0), ("_slow_disk", slow_s)):
            path = folder / f"gate_{where}{disk}.db"
            late_s = await _gate_late_s(path, reactor, _slowed(defer, extra_s))
            found[f"gate_beside_kiosks_{where}{disk}_p99_s"] = late_s
    return found


def _slowed(defer: Callable[..., Deferred[None]], extra_s: float) -> Callable[[Callable[[], None]], Deferred[None]]:
    def commit(function: Callable[[], None]) -> None:
        time.sleep(extra_s)  # the disk, not the node: this runs where the commit runs
        function()

    return lambda function: defer(lambda: commit(function))


async def _gate_late_s(path: Path, reactor: object, defer: Callable[[Callable[[], None]], Deferred[None]]) -> float:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE row (asker INTEGER, n INTEGER, text TEXT)")
        connection.commit()
    clock = cast(Clock, reactor)
    store = GroupCommitStore(path, clock, defer, _Silent())
    kiosks = gatherResults([Deferred.fromCoroutine(_ask(store, asker, 15)) for asker in range(200)])
    late: list[float] = []
    while not kiosks.called:
        due: Deferred[None] = Deferred()
        wanted = clock.seconds() + 0.002
        clock.callLater(0.002, due.callback, None)
        await due
        await store.read(lambda tx: tx.all(_COUNT))
        late.append(clock.seconds() - wanted)
    await kiosks
    store.close()
    return sorted(late)[int(len(late) * 0.99)]


def _threaded(reactor: object) -> Callable[[Callable[[], None]], Deferred[None]]:
    threads = cast(IReactorFromThreads, reactor)
    pool = reactor.getThreadPool()  # type: ignore[attr-defined]
    return lambda function: deferToThreadPool(threads, pool, function)
