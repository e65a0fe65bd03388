"""The nightly work on one kind of row, in small pieces. Each piece says where the next one goes on.

A kind of row is found by an index in the order of its time, or of its key. Rows that must stay are passed over, and
looked at again the next night. So a piece costs as much as it looks at, however large the table is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

from sqlalchemy import bindparam, select
from sqlalchemy.sql.expression import Select

from node.storage.statements import Statement
from node.storage.store import Row, Tx

Place: TypeAlias = int | str
"""Where a night's work on a kind has come to: the time or the key of the last row it looked at."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What ended before these instants (ms) may go: who borrowed what, operations, closed exceptions."""

    now_ms: int
    history_ms: int
    operations_ms: int
    exceptions_ms: int


class Piece(NamedTuple):
    """How many rows a piece looked at, how many of them it changed or dropped, and where the next one goes on; None: it
    was the last one."""

    looked: int
    gone: int
    after: Place | None


class Kind(Protocol):
    """A kind of row, and what happens to it. `name` is for the log and the metrics."""

    name: str
    start: Place

    def piece(self, tx: Tx, bounds: Bounds, after: Place, most: int) -> Piece: ...


class Aging:
    """Rows in the order of a time.

    `find`: a SELECT of (key, time, ...); its parameters are `after`, `before` and `most`, and `history` if it needs it.
    `before(bounds)`: what is older may go. `stays(row, bounds)`: what must stay all the same. `changes`: what happens
    to the rows that go, each with the parameter `key_`.
    """

    start: Place = 0

    def __init__(
        self,
        name: str,
        find: Select[Any],
        *changes: Any,
        before: Callable[[Bounds], int],
        stays: Callable[[Row, Bounds], bool] = lambda _row, _bounds: False,
    ) -> None:
        self.name = name
        self._find = Statement(find)
        self._changes = [Statement(change) for change in changes]
        self._before = before
        self._stays = stays

    def piece(self, tx: Tx, bounds: Bounds, after: Place, most: int) -> Piece:
        rows = tx.all(self._find, after=after, before=self._before(bounds), history=bounds.history_ms, most=most)
        going = [row[0] for row in rows if not self._stays(row, bounds)]
        for change in self._changes:
            tx.many(change, [{"key_": key} for key in going])
        return Piece(len(rows), len(going), self._next(rows, len(going), after, most))

    @staticmethod
    def _next(rows: Sequence[Row], gone: int, after: Place, most: int) -> Place | None:
        """Rows of one instant may be more than a piece takes. As long as some of them go, the next piece begins at the
        same instant; once all of a piece stay, it begins after it."""
        if len(rows) < most:
            return None
        last: int = rows[-1][1]
        return last + 1 if last == after and not gone else last


class Paged:
    """Rows in the order of their key: for small tables that have no index of their times.

    `find`: a SELECT of (key, may go); its parameters are `after`, `before`, `history` and `most`.
    """

    start: Place = ""

    def __init__(self, name: str, find: Select[Any], change: Any, *, before: Callable[[Bounds], int]) -> None:
        self.name = name
        self._find = Statement(find)
        self._change = Statement(change)
        self._before = before

    def piece(self, tx: Tx, bounds: Bounds, after: Place, most: int) -> Piece:
        rows = tx.all(self._find, after=after, before=self._before(bounds), history=bounds.history_ms, most=most)
        going = [row[0] for row in rows if row[1]]
        tx.many(self._change, [{"key_": key} for key in going])
        return Piece(len(rows), len(going), None if len(rows) < most else str(rows[-1][0]))


def of_history(bounds: Bounds) -> int:
    return bounds.history_ms


def of_operations(bounds: Bounds) -> int:
    return bounds.operations_ms


def of_exceptions(bounds: Bounds) -> int:
    return bounds.exceptions_ms


def aged(time: Any, *found: Any) -> Select[Any]:
    """`find` of an `Aging`: these columns, in the order of that time, from where the last piece stopped, up to what is
    still needed."""
    due = (time >= bindparam("after")) & (time < bindparam("before"))
    return select(*found).where(due).order_by(time).limit(bindparam("most"))


def is_needed(row: Row, _bounds: Bounds) -> bool:
    """`stays` of an `Aging` whose third column says so."""
    return bool(row[2])
