"""A transaction as the services see it, and statements compiled once.

SQL is written in SQLAlchemy Core, compiled when a module is loaded, and run on the DBAPI cursor: building and
compiling at every call cost more than the database itself (design 7).
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from sqlalchemy import Table, bindparam, insert, update
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql.elements import ClauseElement

Row: TypeAlias = tuple[Any, ...]

_DIALECT = sqlite_dialect(paramstyle="named")


def _with_constants(compiled: Any) -> str:
    """The SQL with constants written out: a partial index is used only for a condition it can see."""
    sql = str(compiled)
    for name, bind in compiled.binds.items():
        if not bind.required and bind.value is not None:
            literal = compiled.render_literal_value(bind.value, bind.type)
            sql = re.sub(rf":{re.escape(name)}\b", literal.replace("\\", r"\\"), sql)
    return sql


class Statement:
    """One compiled statement; parameters are bound by name."""

    __slots__ = ("sql",)

    def __init__(self, clause: ClauseElement, columns: tuple[str, ...] | None = None) -> None:
        compiled = clause.compile(
            dialect=_DIALECT,
            column_keys=list(columns) if columns is not None else None,
            compile_kwargs={"render_postcompile": True},
        )
        self.sql = _with_constants(compiled)

    def __repr__(self) -> str:
        return f"Statement({self.sql!r})"


def insertion(table: Table, *columns: str) -> Statement:
    """INSERT of the named columns; a conflict is an IntegrityError."""
    return Statement(insert(table), columns)


def insertion_if_absent(table: Table, *columns: str, unique: tuple[str, ...] = ()) -> Statement:
    """INSERT that leaves an existing row alone (rowcount 0): the first decision stands.

    `unique` names the columns that make the row the same one (default: the primary key).
    """
    names = unique or tuple(column.name for column in table.primary_key)
    return Statement(sqlite_insert(table).on_conflict_do_nothing(index_elements=list(names)), columns)


def alteration(table: Table, key: str, *columns: str) -> Statement:
    """UPDATE of the named columns in the row whose `key` column equals the parameter `key_` + its name."""
    return Statement(update(table).where(table.c[key] == bindparam(f"key_{key}")), columns)


class Tx:
    """One open transaction. Made by a store, used inside one unit of work, never kept."""

    __slots__ = ("_cursor",)

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def one(self, statement: Statement, **values: object) -> Row | None:
        row: Row | None = self._cursor.execute(statement.sql, values).fetchone()
        return row

    def all(self, statement: Statement, **values: object) -> list[Row]:
        rows: list[Row] = self._cursor.execute(statement.sql, values).fetchall()
        return rows

    def run(self, statement: Statement, **values: object) -> int:
        """The number of rows touched."""
        count: int = self._cursor.execute(statement.sql, values).rowcount
        return count

    def many(self, statement: Statement, rows: list[dict[str, object]]) -> None:
        self._cursor.executemany(statement.sql, rows)
