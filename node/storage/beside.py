"""A command's work in the database of a node that may be running.

Promises: the work is done in one transaction, whole or not at all. A node commits in milliseconds and waits for its
turn as well, so the write lock is waited for, and held for one short piece of work.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, TypeVar

from node.storage.meta import known_identity
from node.storage.opening import DatabaseError, check_version, describe_error
from node.storage.sqlite import SqliteTx, open_connection
from node.storage.store import Tx

__all__ = ["connection_beside", "read_beside", "transaction", "write_beside"]

T = TypeVar("T")

# A node commits in milliseconds, an import in less than a second.
_LOCK_WAIT_MS: Final = 60_000
_UNDONE: Final = "nothing was changed"


def read_beside(database: Path, library: str, work: Callable[[Tx], T]) -> T:
    """What `work` finds in the database of `library`, as of the last commit. Errors: DatabaseError."""
    with _database_of(database, library, read_only=True) as connection:
        return work(SqliteTx(connection.cursor()))


def write_beside(database: Path, library: str, work: Callable[[Tx], T]) -> T:
    """Do `work` in the database of `library`; it is durable when this returns. Errors: DatabaseError, and the work's
    own; then nothing of it is kept."""
    with _database_of(database, library, read_only=False) as connection, transaction(connection):
        return work(SqliteTx(connection.cursor()))


@contextmanager
def _database_of(database: Path, library: str, *, read_only: bool) -> Iterator[sqlite3.Connection]:
    """Neither made nor brought up to date here: the node that uses it may be an older program."""
    if not database.is_file():
        raise DatabaseError(f"{database}: no such database; has the node been started yet?")
    with connection_beside(database, _UNDONE, read_only=read_only) as connection:
        check_version(connection, database)
        identity = known_identity(SqliteTx(connection.cursor()))
        if identity is None or identity.library != library:
            raise DatabaseError(f"{database} is no database of {library}; correct `database` in node.toml")
        yield connection


@contextmanager
def connection_beside(database: Path, undone: str, *, read_only: bool = False) -> Iterator[sqlite3.Connection]:
    """An open connection that waits for locks. Errors of SQLite become DatabaseError, which ends with `undone`: what
    has not happened."""
    try:
        with closing(open_connection(str(database), read_only=read_only)) as connection:
            connection.execute(f"PRAGMA busy_timeout={_LOCK_WAIT_MS}")
            yield connection
    except sqlite3.Error as error:
        raise DatabaseError(f"{describe_error(database, error)}; {undone}") from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction; an exception undoes it, the loss of the process as well."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # SQLite may have undone it itself
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
