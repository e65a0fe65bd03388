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

from node.storage.statements import Statement, insertion_if_absent
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
        self._stored = _conversions(hints, _stored_as)
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
        for place, convert in self._stored:
            values[place] = convert(values[place])
        return values

    def insertion(self: Rows[TupleT]) -> Insertion[TupleT]:
        """INSERT of the whole row; a conflict is an IntegrityError."""
        return Insertion(self, lambda names: Statement(insert(self.table), names))

    def insertion_if_absent(self: Rows[TupleT]) -> Insertion[TupleT]:
        """INSERT of the whole row, unless one with its key is there."""
        return Insertion(self, lambda names: insertion_if_absent(self.table, *names))

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


class Insertion(Generic[TupleT]):
    """Writes new rows. A column that the database numbers itself is left out."""

    __slots__ = ("_names", "_pick", "_rows", "statement")

    def __init__(self, rows: Rows[TupleT], statement: Callable[[tuple[str, ...]], Statement]) -> None:
        given = [place for place, column in enumerate(rows.columns.values()) if column.autoincrement is not True]
        self._rows = rows
        self._names = tuple(rows.names[place] for place in given)
        self._pick = itemgetter(*given)
        self.statement = statement(self._names)

    def run(self, tx: Tx, row: TupleT) -> bool:
        """False if such a row was there and was left alone."""
        return tx.run(self.statement, **self._parameters(row)) > 0

    def many(self, tx: Tx, rows: Iterable[TupleT]) -> None:
        tx.many(self.statement, [self._parameters(row) for row in rows])

    def _parameters(self, row: TupleT) -> dict[str, object]:
        return dict(zip(self._names, self._pick(self._rows.stored(row)), strict=True))


class Alteration(Generic[TupleT]):
    """Writes some fields of a row that is there."""

    __slots__ = ("_names", "_pick", "_rows", "statement")

    def __init__(self, rows: Rows[TupleT], fields: Sequence[str]) -> None:
        keys = tuple(rows.table.primary_key)
        places = {column.name: place for place, column in enumerate(rows.columns.values())}
        changed = [rows.columns[field].name for field in fields]
        self._rows = rows
        self._names = (*(f"key_{key.name}" for key in keys), *changed)
        self._pick = itemgetter(*(places[name] for name in (*(key.name for key in keys), *changed)))
        found = update(rows.table).where(*(key == bindparam(f"key_{key.name}") for key in keys))
        self.statement = Statement(found, tuple(changed))

    def run(self, tx: Tx, row: TupleT) -> int:
        """The number of rows touched: 0 or 1."""
        return tx.run(self.statement, **dict(zip(self._names, self._pick(self._rows.stored(row)), strict=True)))


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
