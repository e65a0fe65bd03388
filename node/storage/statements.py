"""Statements in SQLAlchemy Core, without a dialect, and their texts in one dialect.

Building and compiling at every call costs more than the database itself (design 7). So a statement is built once,
when its module is loaded, and compiled once for each dialect, when a database is opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from sqlalchemy import Table, bindparam, insert, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.elements import ClauseElement

Insert: TypeAlias = Callable[[Table], Any]
"""INSERT with ON CONFLICT: SQLAlchemy has it for each dialect apart, by the same names."""

_INSERTS: Final[dict[str, Insert]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_DECLARED: Final[list[Statement]] = []


class Statement:
    """One statement. `columns`: those that an INSERT or UPDATE sets from parameters. `order`: the names of its
    parameters, if they are bound by place; else they are bound by name.

    A statement with ON CONFLICT is given as a function of the dialect's own `insert`. A text is taken as it is.
    """

    __slots__ = ("_clause", "_columns", "order")

    def __init__(
        self,
        clause: ClauseElement | str | Callable[[Insert], ClauseElement],
        columns: tuple[str, ...] | None = None,
        order: tuple[str, ...] | None = None,
    ) -> None:
        self._clause = text(clause) if isinstance(clause, str) else clause
        self._columns = columns
        self.order = order
        _DECLARED.append(self)

    def text(self, dialect: Dialect) -> str:
        """The SQL in that dialect."""
        clause = self._clause if isinstance(self._clause, ClauseElement) else self._clause(_INSERTS[dialect.name])
        compiled: Any = clause.compile(
            dialect=dialect,
            column_keys=None if self._columns is None else list(self._columns),
            compile_kwargs={"render_postcompile": True},
        )
        if self.order is None:
            return _with_constants(compiled)
        assert compiled.positiontup == list(self.order), f"{compiled} takes {compiled.positiontup}, not {self.order}"
        return str(compiled)

    def __repr__(self) -> str:
        return f"Statement({self._clause})"


def _with_constants(compiled: Any) -> str:
    """The SQL with constants written out: a partial index is used only for a condition it can see."""
    sql = str(compiled)
    for name, bind in compiled.binds.items():
        if not bind.required and bind.value is not None:
            literal = compiled.render_literal_value(bind.value, bind.type)
            parameter = compiled.bindtemplate % {"name": name}
            sql = re.sub(rf"{re.escape(parameter)}(?!\w)", literal.replace("\\", r"\\"), sql)
    return sql


class Texts(dict[Statement, str]):
    """The texts of statements in one dialect. Each is compiled once: by `compile_all`, else when it is first used."""

    def __init__(self, named: Dialect, placed: Dialect) -> None:
        """The dialect twice: with parameters by name, and by place."""
        super().__init__()
        self._named = named
        self._placed = placed

    def __missing__(self, statement: Statement) -> str:
        found = self[statement] = statement.text(self._named if statement.order is None else self._placed)
        return found

    def compile_all(self) -> None:
        """Every statement of every module that is loaded: then no kiosk waits for it."""
        for statement in declared():
            if statement not in self:
                self.__missing__(statement)


def declared() -> tuple[Statement, ...]:
    """Every statement of every module that is loaded."""
    return tuple(_DECLARED)


def insertion(table: Table, *columns: str) -> Statement:
    """INSERT of the named columns; a conflict is an IntegrityError."""
    return Statement(insert(table), columns)


def insertion_if_absent(table: Table, *columns: str, unique: tuple[str, ...] = ()) -> Statement:
    """INSERT that leaves an existing row alone (rowcount 0): the first decision stands.

    `unique` names the columns that make the row the same one (default: the primary key).
    """
    return Statement(unless_there(table, unique), columns)


def unless_there(table: Table, unique: tuple[str, ...] = ()) -> Callable[[Insert], ClauseElement]:
    """INSERT that leaves a row alone that has the same `unique` columns (default: the primary key)."""
    names = list(unique or (column.name for column in table.primary_key))

    def clause(insert_into: Insert) -> ClauseElement:
        found: ClauseElement = insert_into(table).on_conflict_do_nothing(index_elements=names)
        return found

    return clause


def alteration(table: Table, key: str, *columns: str) -> Statement:
    """UPDATE of the named columns in the row whose `key` column equals the parameter `key_` + its name."""
    return Statement(update(table).where(table.c[key] == bindparam(f"key_{key}")), columns)
