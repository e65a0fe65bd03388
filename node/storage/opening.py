"""Opening the database of a library: made or brought up to date before anything else runs.

Promises: a database is at the version of this program, or `DatabaseError` says in a sentence what is wrong with
which file and what to do. A database that is up to date is recognised with one small read, without Alembic.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from node.storage import tally
from node.storage.schema import metadata
from node.storage.sqlite import SqliteTx, open_connection

__all__ = [
    "HEAD",
    "DatabaseError",
    "DatabaseState",
    "check_version",
    "database_path",
    "database_version",
    "describe_error",
    "inspect_database",
    "new_memory_database",
    "prepare_database",
]

HEAD: Final = "0010"
"""The version of the schema that this program works with: the newest in `node/storage/migrations/versions`."""

_SQLITE: Final = "sqlite:///"
_WAIT_S: Final = 10.0
_INSPECT_WAIT_MS: Final = 2_000
_GROUP_MAY_READ: Final = 0o660  # nobody else: the database knows who reads what


class DatabaseError(Exception):
    """The database can't be used; the text names the file and what to do."""


def database_path(url: str) -> Path:
    """The file of a database URL of the settings, `sqlite:///` and an absolute path."""
    return Path(url.removeprefix(_SQLITE))


def prepare_database(path: Path) -> None:
    """Make the SQLite file, or bring it to the version of this program, in one transaction.

    Errors: DatabaseError; then the file is as it was.
    """
    _check_place(path)
    try:
        with closing(_connect(path)) as connection:
            if database_version(connection) != HEAD:
                _migrate(connection, path)
    except sqlite3.Error as error:
        raise DatabaseError(describe_error(path, error)) from error


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """What a database file says of itself. `version` None: it is empty, or not there yet."""

    version: str | None = None
    library: str | None = None


def inspect_database(path: Path) -> DatabaseState:
    """Look at a database, and whether it can be written, without changing anything.

    Errors: DatabaseError, for whatever `prepare_database` would refuse.
    """
    _check_place(path)
    if not path.exists():
        return DatabaseState()
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA busy_timeout={_INSPECT_WAIT_MS}")
            connection.execute("BEGIN IMMEDIATE")
            version = database_version(connection)
            if version != HEAD:
                _refuse_unknown(version, path)
            return DatabaseState(version, None if version is None else _library(connection))
    except sqlite3.Error as error:
        raise DatabaseError(describe_error(path, error)) from error


def _library(connection: sqlite3.Connection) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE name = 'library'").fetchone()
    return None if row is None else str(row[0])


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """For whoever only uses a database. Errors: DatabaseError, if it is not at the version of this program."""
    version = database_version(connection)
    if version == HEAD:
        return
    _refuse_unknown(version, path)
    state = "empty" if version is None else f"of version {version}"
    raise DatabaseError(
        f"{path} is {state}, this program works with version {HEAD}: start this program's node once, "
        "it brings the database up to date"
    )


def database_version(connection: sqlite3.Connection) -> str | None:
    """The version that stands in the database; None for an empty one, "" for tables that are not ours."""
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "alembic_version" not in names:
        return "" if names else None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def new_memory_database() -> sqlite3.Connection:
    """A database of its own in memory, with all tables, set as the store sets its connections: tests, simulator."""
    connection = open_connection(":memory:")
    _template().backup(connection)
    return connection


@cache
def _template() -> sqlite3.Connection:
    """Every table, made once from the schema; a copy takes a fraction of the time."""
    connection = open_connection(":memory:")
    dialect = sqlite_dialect()
    for table in metadata.sorted_tables:
        connection.execute(str(CreateTable(table).compile(dialect=dialect)))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            connection.execute(str(CreateIndex(index).compile(dialect=dialect)))
    tally.begin(SqliteTx(connection.cursor()))
    return connection


def _check_place(path: Path) -> None:
    if not path.parent.is_dir():
        raise DatabaseError(f"{path}: there is no folder {path.parent}; make it, or correct `database` in node.toml")
    if path.exists() and not path.is_file():
        raise DatabaseError(f"{path} is not a file; correct `database` in node.toml")
    if path.exists() and not _allowed(path, os.R_OK | os.W_OK):
        raise DatabaseError(f"{path} can't be written by this user; give the file to the user that runs the node")
    if not _allowed(path.parent, os.W_OK | os.X_OK):
        # SQLite keeps its journal beside the file
        raise DatabaseError(f"{path}: the folder {path.parent} can't be written by this user; it needs to be")


def _allowed(path: Path, mode: int) -> bool:
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _connect(path: Path) -> sqlite3.Connection:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, _GROUP_MAY_READ))
    except OSError as error:
        raise DatabaseError(f"{path} can't be opened ({error.strerror}); check the file and the disk") from error
    return sqlite3.connect(path, isolation_level=None, timeout=_WAIT_S)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    from node.storage.migrations import migrate  # noqa: PLC0415 - slow, and seldom needed

    _refuse_unknown(database_version(connection), path)
    connection.execute("PRAGMA journal_mode=WAL")
    migrate(connection)


def _refuse_unknown(version: str | None, path: Path) -> None:
    from node.storage.migrations import known_versions  # noqa: PLC0415 - slow, and seldom needed

    if version == "":
        raise DatabaseError(f"{path} holds tables of another program; correct `database` in node.toml")
    if version is not None and version not in known_versions():
        raise DatabaseError(
            f"{path} is of version {version}, this program knows no newer than {HEAD}: "
            "install the version of tongjie that wrote it, or restore the backup made before it"
        )


def describe_error(path: Path, error: sqlite3.Error) -> str:
    """What an error of SQLite means for that file, as a sentence with what to do."""
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_NOTADB:
            return f"{path} is not an SQLite database; correct `database` in node.toml, or move the file away"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"{path} is locked by another process ({error}); stop what is writing to it and try again"
        case sqlite3.SQLITE_CORRUPT:
            return f"{path} is damaged ({error}); restore it from a backup"
        case sqlite3.SQLITE_READONLY:
            return f"{path} can't be written ({error}); give the file to the user that runs the node"
        case sqlite3.SQLITE_FULL:
            return f"{path}: no space is left on the disk ({error}); make room and try again"
    return f"{path} can't be opened ({error}); check the file and the disk"
