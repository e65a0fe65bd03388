"""SQLite, the embedded store: one writer, and whatever waits is committed together.

Statements run on the reactor's thread at the end of a turn, each unit of work in its own savepoint; the COMMIT of
the group, with its fsync, runs in a thread. So a slow disk delays answers but never stalls the edge, and no
statement pays for a thread switch (measured in `docs/performance.md`). Reads have their own connection: in WAL mode
they see the last commit and wait for nobody.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy.dialects.sqlite import dialect
from twisted.internet.defer import Deferred, execute, fail
from twisted.python.failure import Failure

from federation.clock import Clock, DelayedCall
from federation.waiting import Quiet
from node.storage.meta import prove_writable, remove_proof
from node.storage.statements import Statement, Texts
from node.storage.store import Row, StoreObserver, StoreUnavailable, Tx, Values, Work

T = TypeVar("T")

MAX_GROUP = 256
MAX_WAITING = 10_000
BUSY_RETRY_S = 0.005
BUSY_LIMIT_S = 10.0
OPENING_WAIT_S = 5.0
PROBE_EVERY_S = 1.0

_TROUBLES = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    )
)


DIALECT: Final = dialect(paramstyle="named")
TEXTS: Final = Texts(named=DIALECT, placed=dialect(paramstyle="qmark"))
"""Shared by all databases of this process."""


class SqliteTx:
    """A transaction on a cursor of SQLite."""

    __slots__ = ("_cursor",)

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    def one(self, statement: Statement, /, **values: object) -> Row | None:
        row: Row | None = self._cursor.execute(TEXTS[statement], values).fetchone()
        return row

    def all(self, statement: Statement, /, **values: object) -> list[Row]:
        return self._cursor.execute(TEXTS[statement], values).fetchall()

    def run(self, statement: Statement, /, **values: object) -> int:
        return self._cursor.execute(TEXTS[statement], values).rowcount

    def write(self, statement: Statement, values: Sequence[object], /) -> int:
        return self._cursor.execute(TEXTS[statement], values).rowcount

    def many(self, statement: Statement, rows: Sequence[Values], /) -> None:
        self._cursor.executemany(TEXTS[statement], rows)


def open_connection(path: str, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection with the settings every promise rests on: WAL, synchronous=FULL, foreign keys.

    Threads: serialised by the caller (statements on one thread, commits on another, never both at once).
    """
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=OPENING_WAIT_S, cached_statements=512
    )
    if path != ":memory:":
        connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA cache_size=-65536")
    if read_only:
        connection.execute("PRAGMA query_only=ON")
    # from now on whoever waits for the lock does so by the reactor's clock, not inside SQLite
    connection.execute("PRAGMA busy_timeout=0")
    return connection


def _fails_everybody(error: sqlite3.Error) -> bool:
    """Whether the database itself is in trouble (disk full, read only, damaged), not one unit's statement."""
    return (getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF) in _TROUBLES


@dataclass(slots=True)
class _Unit:
    work: Callable[[Tx], Any]
    name: str
    done: Deferred[Any]
    result: Any = None


def _run_unit(connection: sqlite3.Connection, tx: Tx, unit: _Unit, *, alone: bool) -> None:
    """Run one unit in its savepoint; its own exception undoes it alone. `sqlite3.Error`: the group is lost."""
    if not alone:
        connection.execute("SAVEPOINT unit")
    try:
        unit.result = unit.work(tx)
    except Exception as error:
        if isinstance(error, sqlite3.Error) and _fails_everybody(error):
            raise
        # Handed to the caller's Deferred after the group's commit; here only its own work is undone.
        unit.result = Failure()
        connection.execute("ROLLBACK" if alone else "ROLLBACK TO unit")
    if not alone:
        connection.execute("RELEASE unit")


class GroupCommitStore:
    """The store of a running node.

    `defer_to_thread(function) -> Deferred` runs the commit; `clock` gives turns of the reactor.
    `writable` is False from a refused write until a probe was written: a commit without changes proves nothing, and
    a small write may still find room on a full disk.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        defer_to_thread: Callable[[Callable[[], None]], Deferred[None]],
        observer: StoreObserver,
        max_group: int = MAX_GROUP,
    ) -> None:
        self._clock = clock
        self._defer_to_thread = defer_to_thread
        self._observer = observer
        self._max_group = max_group
        self._writer = open_connection(str(path))
        # What a savepoint needs to undo itself stays in memory: of a group SQLite would write it to a temporary file.
        self._writer.execute("PRAGMA temp_store=MEMORY")
        self._reader = open_connection(str(path), read_only=True)
        self._write_tx = SqliteTx(self._writer.cursor())
        self._read_tx = SqliteTx(self._reader.cursor())
        TEXTS.compile_all()
        self._waiting: deque[_Unit] = deque()
        self._busy = False
        self._busy_since: float | None = None
        self._idle = Quiet()
        self._probes = 0
        self._next_probe: DelayedCall | None = None
        self.writable = True

    def run(self, work: Work[T], name: str) -> Deferred[T]:
        if len(self._waiting) >= MAX_WAITING:
            return fail(StoreUnavailable("too much work is waiting for the database"))
        done: Deferred[T] = Deferred()
        self._waiting.append(_Unit(work, name, done))
        if not self._busy:
            self._busy = True
            self._clock.callLater(0, self._start_group)
        return done

    def read(self, work: Work[T]) -> Deferred[T]:
        return execute(work, self._read_tx)

    def idle(self) -> Deferred[None]:
        """Fires when nothing waits and nothing is being committed."""
        return self._idle.after(self._busy)

    def close(self) -> None:
        if self._next_probe is not None and self._next_probe.active():
            self._next_probe.cancel()
        self._reader.close()
        self._writer.close()

    def _start_group(self) -> None:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            self._writer_busy(error)
            return
        self._busy_since = None
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._max_group))]
        alone = len(group) == 1
        for unit in group:
            started = self._clock.seconds()
            try:
                _run_unit(self._writer, self._write_tx, unit, alone=alone)
            except sqlite3.Error as error:
                # The database itself failed (not the unit): the group is lost as a whole, and says so.
                self._lost(group, error)
                return
            self._observer.work_done(unit.name, self._clock.seconds() - started)
        began = self._clock.seconds()
        committed = self._defer_to_thread(self._writer.commit)
        committed.addCallbacks(
            lambda _none: self._committed(group, began), lambda failure: self._lost(group, failure.value)
        )

    def _writer_busy(self, error: sqlite3.Error) -> None:
        """Another process writes (an import): wait without stalling the reactor, then give up with a clear error."""
        now = self._clock.seconds()
        self._busy_since = now if self._busy_since is None else self._busy_since
        # a closed connection is an error without a code
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        locked = code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        if locked and now - self._busy_since < BUSY_LIMIT_S:
            self._clock.callLater(BUSY_RETRY_S, self._start_group)
            return
        self._busy_since = None
        group, self._waiting = list(self._waiting), deque()
        self._lost(group, error)

    def _committed(self, group: list[_Unit], began: float) -> None:
        self._observer.group_committed(len(group), self._clock.seconds() - began)
        self._next()
        for unit in group:
            unit.done.callback(unit.result)

    def _lost(self, group: list[_Unit], error: BaseException) -> None:
        if self.writable:
            self.writable = False
            self._probe_later()
        with suppress(sqlite3.Error):  # whoever waits must hear of it; the next group tries again
            self._writer.rollback()
        self._next()
        for unit in group:
            unit.done.errback(StoreUnavailable(f"the database can't be written: {error}"))

    def _probe_later(self) -> None:
        self._next_probe = self._clock.callLater(PROBE_EVERY_S, self._probe)

    def _probe(self) -> None:
        self._probes += 1
        probes = self._probes
        written = self.run(lambda tx: prove_writable(tx, probes), "probe")
        written.addCallbacks(lambda _none: self._proved(), lambda _failure: self._probe_later())

    def _proved(self) -> None:
        self.writable = True
        # If this is refused, the next probe follows, and removes the same row.
        self.run(remove_proof, "probe").addErrback(lambda _failure: None)

    def _next(self) -> None:
        """Let the next group start after the answers of this one were sent on their way."""
        if self._waiting:
            self._clock.callLater(0, self._start_group)
            return
        self._busy = False
        self._idle.reached()


class InlineStore:
    """Runs and commits at once, on the caller's thread: tests, imports and the simulator.

    `between` is called before and after each commit with the work's name: the simulator crashes a node there.
    """

    def __init__(
        self, connection: sqlite3.Connection, between: Callable[[str, str], None] = lambda _moment, _name: None
    ) -> None:
        self.connection = connection
        self._tx = SqliteTx(connection.cursor())
        self._between = between
        self.writable = True

    def run(self, work: Work[T], name: str) -> Deferred[T]:
        return execute(self.run_now, work, name)

    def run_now(self, work: Work[T], name: str) -> T:
        """Errors: the work's own, and StoreUnavailable; then nothing of it was kept."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            result = work(self._tx)
            self._between("before commit", name)
            self.connection.execute("COMMIT")
        except BaseException as error:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error) and _fails_everybody(error):
                raise StoreUnavailable(f"the database can't be written: {error}") from error
            raise
        self._between("after commit", name)
        return result

    def read(self, work: Work[T]) -> Deferred[T]:
        return execute(work, self._tx)

    def close(self) -> None:
        self.connection.close()
