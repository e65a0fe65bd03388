"""A row is declared once. From its class and its table follow the select list, the conversion and the parameters.

A row is a class of typed fields. Each field is a column of the table, by its name or by the one given for it, and its
type says what the column holds:

    str, bytes, int    the same (instants in milliseconds, money in fen, counts)
    bool               a number, 0 or 1
    date               a civil date as ISO text
    a StrEnum          one of its words
    ... | None         NULL for None

A row that does not fit its table can't be imported. To add a column, add a line to the row and one to the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from enum import StrEnum
from operator import itemgetter
from types import NoneType
from typing import Any, Final, Generic, TypeVar, get_args, get_type_hints

from sqlalchemy import Column, Integer, LargeBinary, Select, String, Table, bindparam, insert, select, update
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.types import TypeEngine

from node.storage.statements import Insert, Statement, unless_there
from node.storage.store import Row, Tx

__all__ = ["Alteration", "Insertion", "Rows", "Selection"]

R = TypeVar("R")
TupleT = TypeVar("TupleT", bound=tuple[Any, ...])

Convert = Callable[[Any], Any]
Conversions = tuple[tuple[int, Convert], ...]
"""(place, function) for the values that are not taken as they are."""

_STORED: Final[dict[type, type[TypeEngine[Any]]]] = {
    str: String,
    bytes: LargeBinary,
    int: Integer,
    bool: Integer,
    date: String,
    StrEnum: String,
}


class Rows(Generic[R]):
    """The rows of `table` as values of the class `row`: a NamedTuple, or, if it is only read, a dataclass.

    `renamed`: the columns that are named otherwise than their fields. `never_null`: fields whose columns may be NULL,
    but not in the rows that are read. Errors: TypeError if the row does not fit.
    """

    def __init__(self, row: type[R], table: Table, *, never_null: Sequence[str] = (), **renamed: str) -> None:
        hints = get_type_hints(row)
        self.row = row
        self.table = table
        self.columns = {field: table.c[renamed.get(field, field)] for field in hints}
        self.names = tuple(column.name for column in self.columns.values())
        self.read = _reader(row, _conversions(hints, _read_as))
        self.conversions = _conversions(hints, _stored_as)
        for field, hint in hints.items():
            _check_fit(row, field, hint, self.columns[field], is_never_null=field in never_null)

    @property
    def select(self) -> Select[Any]:
        return select(*self.columns.values())

    def selection(self, query: ClauseElement) -> Selection[R]:
        """A query of `select`, with conditions and in some order."""
        return Selection(Statement(query), self.read)

    def stored(self, row: Iterable[object]) -> list[object]:
        """The values of the columns, in the order of the fields."""
        values: list[Any] = list(row)
        for place, convert in self.conversions:
            values[place] = convert(values[place])
        return values

    def insertion(self: Rows[TupleT]) -> Insertion[TupleT]:
        """INSERT of the whole row; a conflict is an IntegrityError."""
        return Insertion(self, insert(self.table))

    def insertion_if_absent(self: Rows[TupleT]) -> Insertion[TupleT]:
        """INSERT of the whole row, unless one with its key is there."""
        return Insertion(self, unless_there(self.table))

    def alteration(self: Rows[TupleT], *fields: str) -> Alteration[TupleT]:
        """UPDATE of those fields in the row that has the key of the given one."""
        return Alteration(self, fields)


class Selection(Generic[R]):
    """A query that gives rows."""

    __slots__ = ("_read", "statement")

    def __init__(self, statement: Statement, read: Callable[[Row], R]) -> None:
        self.statement = statement
        self._read = read

    def one(self, tx: Tx, /, **values: object) -> R | None:
        raw = tx.one(self.statement, **values)
        return None if raw is None else self._read(raw)

    def all(self, tx: Tx, /, **values: object) -> list[R]:
        return [self._read(raw) for raw in tx.all(self.statement, **values)]


class _Placed(Generic[TupleT]):
    """From a row to the parameters of a statement, by place: the driver takes them twice as fast as by name."""

    __slots__ = ("_conversions", "_pick", "names")

    def __init__(self, rows: Rows[TupleT], fields: Iterable[str], keys: Iterable[Column[Any]] = ()) -> None:
        """Of those fields, in the order of the table, and then of the keys."""
        written = {rows.columns[field].name for field in fields}
        in_order = [column.name for column in rows.table.columns if column.name in written]
        found = [column.name for column in keys]
        places = [rows.names.index(name) for name in (*in_order, *found)]
        by_place = dict(rows.conversions)
        self.names = tuple(in_order)
        self._pick = itemgetter(*places)
        self._conversions = [(at, by_place[place]) for at, place in enumerate(places) if place in by_place]

    def __call__(self, row: TupleT) -> list[object]:
        values: list[Any] = list(self._pick(row))
        for at, convert in self._conversions:
            values[at] = convert(values[at])
        return values


class Insertion(Generic[TupleT]):
    """Writes new rows. A column that the database numbers itself is left out."""

    __slots__ = ("_values", "statement")

    def __init__(self, rows: Rows[TupleT], clause: ClauseElement | Callable[[Insert], ClauseElement]) -> None:
        self._values = _Placed(rows, (field for field, each in rows.columns.items() if each.autoincrement is not True))
        self.statement = Statement(clause, self._values.names, order=self._values.names)

    def run(self, tx: Tx, row: TupleT) -> bool:
        """False if such a row was there and was left alone."""
        return tx.write(self.statement, self._values(row)) > 0

    def many(self, tx: Tx, rows: Iterable[TupleT]) -> None:
        tx.many(self.statement, [self._values(row) for row in rows])


class Alteration(Generic[TupleT]):
    """Writes some fields of a row that is there."""

    __slots__ = ("_values", "statement")

    def __init__(self, rows: Rows[TupleT], fields: Sequence[str]) -> None:
        keys = tuple(rows.table.primary_key)
        self._values = _Placed(rows, fields, keys)
        found = update(rows.table).where(*(key == bindparam(f"key_{key.name}") for key in keys))
        order = (*self._values.names, *(f"key_{key.name}" for key in keys))
        self.statement = Statement(found, self._values.names, order=order)

    def run(self, tx: Tx, row: TupleT) -> int:
        """The number of rows touched: 0 or 1."""
        return tx.write(self.statement, self._values(row))


# --- types of fields -----------------------------------------------------------------------------------------


def _reader(row: type[R], conversions: Conversions) -> Callable[[Row], R]:
    """From the driver's tuple to the row. It runs for every row of every checkout: no step too many."""
    make: Callable[[Any, Any], Any] = tuple.__new__ if issubclass(row, tuple) else lambda cls, values: cls(*values)

    def read(raw: Row) -> Any:
        values = list(raw)
        for place, convert in conversions:
            values[place] = convert(values[place])
        return make(row, values)

    return read


def _bare(hint: Any) -> tuple[Any, bool]:
    """The type without None, and whether None is allowed."""
    parts = get_args(hint)
    bare = [part for part in parts if part is not NoneType] or [hint]
    return bare[0], len(bare) < len(parts)


def _conversions(hints: dict[str, Any], by_type: Callable[[Any], Convert | None]) -> Conversions:
    found = []
    for place, hint in enumerate(hints.values()):
        bare, optional = _bare(hint)
        convert = by_type(bare)
        if convert is not None:
            found.append((place, _unless_none(convert) if optional else convert))
    return tuple(found)


def _read_as(bare: Any) -> Convert | None:
    if bare is date:
        return date.fromisoformat
    return bare if bare is bool or issubclass(bare, StrEnum) else None


def _stored_as(bare: Any) -> Convert | None:
    if bare is date:
        return date.isoformat
    if bare is bool:
        return int
    return str if issubclass(bare, StrEnum) else None


def _unless_none(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _check_fit(row: type, field: str, hint: Any, column: Column[Any], *, is_never_null: bool) -> None:
    bare, optional = _bare(hint)
    stored = _STORED.get(StrEnum if issubclass(bare, StrEnum) else bare)
    nullable = bool(column.nullable) and not is_never_null
    if stored is None or not isinstance(column.type, stored) or optional is not nullable:
        raise TypeError(f"{row.__name__}.{field}: {hint} does not fit the column {column!r}")
