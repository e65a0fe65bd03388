"""Statements in SQLAlchemy Core, without a dialect, and their texts in one dialect.

Building and compiling at every call costs more than the database itself (design 7). So a statement is built once,
when its module is loaded, and compiled once for each dialect, when a database is opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from sqlalchemy import Table, bindparam, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.elements import ClauseElement

Insert: TypeAlias = Callable[[Table], Any]
"""INSERT with ON CONFLICT: SQLAlchemy has it for each dialect apart, by the same names."""

_INSERTS: Final[dict[str, Insert]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_DECLARED: Final[list[Statement]] = []


class Statement:
    """One statement; parameters are bound by name. `columns`: those that an INSERT or UPDATE sets from parameters.

    A statement with ON CONFLICT is given as a function of the dialect's own `insert`.
    """

    __slots__ = ("_clause", "_columns")

    def __init__(
        self, clause: ClauseElement | Callable[[Insert], ClauseElement], columns: tuple[str, ...] | None = None
    ) -> None:
        self._clause = clause
        self._columns = columns
        _DECLARED.append(self)

    def text(self, dialect: Dialect) -> str:
        """The SQL in that dialect."""
        clause = self._clause if isinstance(self._clause, ClauseElement) else self._clause(_INSERTS[dialect.name])
        compiled = clause.compile(
            dialect=dialect,
            column_keys=None if self._columns is None else list(self._columns),
            compile_kwargs={"render_postcompile": True},
        )
        return _with_constants(compiled)

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

    def __init__(self, dialect: Dialect) -> None:
        super().__init__()
        self._dialect = dialect

    def __missing__(self, statement: Statement) -> str:
        text = self[statement] = statement.text(self._dialect)
        return text

    def compile_all(self) -> None:
        """Every statement of every module that is loaded: then no kiosk waits for it."""
        for statement in declared():
            if statement not in self:
                self[statement] = statement.text(self._dialect)


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
    names = list(unique or (column.name for column in table.primary_key))
    return Statement(lambda insert_into: insert_into(table).on_conflict_do_nothing(index_elements=names), columns)


def alteration(table: Table, key: str, *columns: str) -> Statement:
    """UPDATE of the named columns in the row whose `key` column equals the parameter `key_` + its name."""
    return Statement(update(table).where(table.c[key] == bindparam(f"key_{key}")), columns)
