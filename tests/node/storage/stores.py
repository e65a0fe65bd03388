"""Both stores behind one face, for the contract suite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import select
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from node.storage.schema import meta
from node.storage.sqlite import GroupCommitStore, InlineStore, open_connection
from node.storage.statements import Statement, insertion
from node.storage.store import Store, Tx

ADD = insertion(meta, "name", "value")
ALL = Statement(select(meta.c.name).order_by(meta.c.name))


def add(name: str) -> Callable[[Tx], str]:
    """A unit of work that writes one row and gives its name."""

    def work(tx: Tx) -> str:
        tx.run(ADD, name=name, value="1")
        return name

    return work


def add_and_fail(name: str, error: Exception) -> Callable[[Tx], str]:
    def work(tx: Tx) -> str:
        add(name)(tx)
        raise error

    return work


def names(tx: Tx) -> list[str]:
    return [row[0] for row in tx.all(ALL)]


@dataclass
class Watch:
    """What the store reported."""

    groups: list[int] = field(default_factory=list)
    works: list[str] = field(default_factory=list)

    def group_committed(self, size: int, seconds: float) -> None:
        self.groups.append(size)

    def work_done(self, name: str, seconds: float) -> None:
        self.works.append(name)


class HeldCommits:
    """A `defer_to_thread` under the test's hand: a commit happens when it is let go."""

    def __init__(self) -> None:
        self.held: list[tuple[Callable[[], None], Deferred[None]]] = []
        self.hold = False
        self.fail_with: Exception | None = None

    def __call__(self, commit: Callable[[], None]) -> Deferred[None]:
        if self.fail_with is not None:
            return fail(self.fail_with)
        if not self.hold:
            commit()
            return succeed(None)
        done: Deferred[None] = Deferred()
        self.held.append((commit, done))
        return done

    def let_go(self) -> None:
        commit, done = self.held.pop(0)
        commit()
        done.callback(None)


class Bench(Protocol):
    """A store on `path`, and the means to let time pass and to see what an outsider sees."""

    store: Store
    path: Path

    def turn(self) -> None: ...

    def close(self) -> None: ...


class GroupBench:
    def __init__(self, path: Path, max_group: int = 256) -> None:
        self.path, self.clock, self.watch, self.commits = path, Clock(), Watch(), HeldCommits()
        self.group_store = GroupCommitStore(path, self.clock, self.commits, self.watch, max_group)
        self.store: Store = self.group_store

    def turn(self) -> None:
        while self._is_due():
            self.clock.advance(0)

    def _is_due(self) -> bool:
        calls: Sequence[Any] = self.clock.getDelayedCalls()
        return any(call.getTime() <= self.clock.seconds() for call in calls)

    def close(self) -> None:
        self.group_store.close()


class InlineBench:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = open_connection(str(path))
        self.store: Store = InlineStore(self.connection)

    def turn(self) -> None:
        return None

    def close(self) -> None:
        self.connection.close()


def seen_from_outside(path: Path) -> list[str]:
    """What another process would find committed."""
    connection = sqlite3.connect(path)
    try:
        return [name for (name,) in connection.execute("SELECT name FROM meta ORDER BY name")]
    finally:
        connection.close()


def outcome(deferred: Deferred[Any]) -> Any:
    """The result, or the exception, or None while it has not fired; may be asked again and again."""
    deferred.addErrback(lambda failure: failure.value)
    return deferred.result if deferred.called else None
