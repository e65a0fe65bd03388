"""The nightly comparison of the kept counts with the rows, in a thread and on a connection of its own.

A count that differs is a mistake of ours. It is logged and put right by the difference, so that whatever is written
meanwhile stays counted.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from twisted.internet.defer import Deferred

from node.observe.logs import JsonLog
from node.storage import tally
from node.storage.sqlite import SqliteTx, open_connection
from node.storage.store import Store, Tx


class CountCheck:
    """Of `database`, which `store` writes. `in_thread` runs the counting off the reactor's thread."""

    def __init__(
        self,
        database: Path,
        store: Store,
        in_thread: Callable[[Callable[[], dict[str, int]]], Deferred[dict[str, int]]],
        log: JsonLog,
    ) -> None:
        self._database = database
        self._store = store
        self._in_thread = in_thread
        self._log = log

    async def check(self) -> dict[str, int]:
        """By how much each count was wrong."""
        found = await self._in_thread(self._errors)
        for name, error in found.items():
            self._log.error("count_corrected", what=f"{name} was wrong by {error}", fields={})
        if found:
            await self._store.run(lambda tx: _correct(tx, found), "count")
        return found

    def _errors(self) -> dict[str, int]:
        """Rows and counts as of the same commit."""
        with closing(open_connection(str(self._database), read_only=True)) as connection:
            connection.execute("BEGIN")
            return tally.errors(SqliteTx(connection.cursor()))


def _correct(tx: Tx, errors: dict[str, int]) -> None:
    for name, error in errors.items():
        tally.change(tx, name, error)
