"""The storage port: what the services know of a database, and all that they know.

Promises: a unit of work is kept whole or not at all, and its result is told once it is durable. Nothing here names a
database; `node.storage.sqlite` keeps the promises on SQLite.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from twisted.internet.defer import Deferred

from node.storage.statements import Statement

T = TypeVar("T")
Row: TypeAlias = tuple[Any, ...]
Values: TypeAlias = Sequence[object] | Mapping[str, object]


class Tx(Protocol):
    """One open transaction. Made by a store, used inside one unit of work, never kept."""

    def one(self, statement: Statement, /, **values: object) -> Row | None: ...

    def all(self, statement: Statement, /, **values: object) -> list[Row]: ...

    def run(self, statement: Statement, /, **values: object) -> int:
        """The number of rows touched."""
        ...

    def write(self, statement: Statement, values: Sequence[object], /) -> int:
        """The same, with the parameters in the statement's order."""
        ...

    def many(self, statement: Statement, rows: Sequence[Values], /) -> None: ...


Work = Callable[[Tx], T]


class StoreUnavailable(Exception):
    """The database can't be written (disk full, read only, locked too long). Nothing of the work was kept."""


class Store(Protocol):
    """A place where units of work run: a plain synchronous function of one open transaction."""

    def run(self, work: Work[T], name: str) -> Deferred[T]:
        """Fires with the result once it is *durable*. `name` labels the metric `tongjie_store_seconds`."""
        ...

    def read(self, work: Work[T]) -> Deferred[T]:
        """For work that only reads; sees the last commit."""
        ...


class StoreObserver(Protocol):
    """Who is told how a store works."""

    def group_committed(self, size: int, seconds: float) -> None: ...

    def work_done(self, name: str, seconds: float) -> None: ...
