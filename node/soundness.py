"""A node looks at its own database after the start, in a thread of its own, while it serves already.

It is not ready before the tables that every answer rests on were looked at, or before `READY_AFTER_S` have passed: a
large database takes longer than a load balancer waits. The look goes on to the end, and what it finds makes the node
unready whenever that is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from twisted.internet.defer import Deferred

from federation.clock import Clock, DelayedCall
from node.observe.logs import JsonLog
from node.storage import soundness

READY_AFTER_S: Final = 10.0


class Soundness:
    """Of `database`. `in_thread` runs the look off the reactor's thread. `checked`: readiness need not wait any more.
    `damage`: what was found, "" if nothing was, as far as it was looked at."""

    def __init__(
        self, database: Path, clock: Clock, in_thread: Callable[[Callable[[], str]], Deferred[str]], log: JsonLog
    ) -> None:
        self._database = database
        self._clock = clock
        self._in_thread = in_thread
        self._log = log
        self._stopped = False
        self._enough: DelayedCall | None = None
        self.checked = False
        self.damage = ""

    def start(self) -> None:
        self._enough = self._clock.callLater(READY_AFTER_S, self._checked)
        Deferred.fromCoroutine(self._look()).addErrback(lambda failure: self._log.accident("soundness", failure))

    def stop(self) -> None:
        self._stopped = True
        if self._enough is not None and self._enough.active():
            self._enough.cancel()

    def _checked(self) -> None:
        self.checked = True

    async def _look(self) -> None:
        began_s = self._clock.seconds()
        for table in (*soundness.FIRST, *soundness.LATER):
            found = await self._in_thread(self._one(table))
            if self._stopped:
                return
            if found and not self.damage:
                self.damage = found
                self._log.error("database_damaged", what=f"{self._database}: {found}", fields={})
            if table == soundness.FIRST[-1]:
                self._checked()
        self._log.event("database_checked", seconds=self._clock.seconds() - began_s)

    def _one(self, table: str) -> Callable[[], str]:
        return lambda: soundness.damage_of(self._database, table, lambda: self._stopped)
