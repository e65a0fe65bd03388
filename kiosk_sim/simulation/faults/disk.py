"""A library's disk: real SQL in memory that outlives the program, and the store of one life over it.

The store crashes its node between any two steps of a transaction when the weather says so, refuses to write while
the disk does, and, in some histories, answers a moment later, so that transactions of several operations interleave
as they do when commits are grouped.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from kiosk_sim.simulation.clock import HeapClock, Life, NodeClock
from kiosk_sim.simulation.streams import Random
from node.storage.sqlite import InlineStore
from node.storage.store import StoreUnavailable, Tx

T = TypeVar("T")
Work = Callable[[Tx], T]


class PowerCut(BaseException):
    """The node stops here. Nothing of it may catch this."""


class SimStore:
    """`core.WritableStore` of one life. `power_fails(moment, work)` decides before and after each commit."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        clock: HeapClock,
        life: Life,
        *,
        rng: Random,
        commit_s: float,
        refuses: Callable[[], bool],
        power_fails: Callable[[str, str], bool],
        crash: Callable[[str], None],
        committed: Callable[[str], None],
    ) -> None:
        self._inline = InlineStore(connection, self._between)
        self._clock = NodeClock(clock, life)
        self._life = life
        self._rng = rng
        self._commit_s = commit_s
        self._refuses = refuses
        self._power_fails = power_fails
        self._crash = crash
        self._committed = committed
        self._free_at_s = 0.0
        self.writable = True

    def run(self, work: Work[T], name: str) -> Deferred[T]:
        if not self._life.alive:
            return Deferred()
        done: Deferred[T] = Deferred()
        if self._commit_s == 0.0:
            self._run(work, name, done.callback)
            return done
        now = self._clock.seconds()
        self._free_at_s = max(self._free_at_s, now + self._commit_s * self._rng.random())
        self._clock.callLater(self._free_at_s - now, self._run, work, name, lambda result: self._soon(done, result))
        return done

    def _soon(self, done: Deferred[Any], result: object) -> None:
        self._clock.callLater(self._commit_s * self._rng.random(), done.callback, result)

    def _run(self, work: Work[Any], name: str, tell: Callable[[Any], object]) -> None:
        if self._refuses():
            self.writable = False
            tell(Failure(StoreUnavailable("the disk refuses to be written")))
            return
        self.writable = True
        try:
            result = self._inline.run_now(work, name)
        except PowerCut as cut:
            self._crash(str(cut))
            return
        except Exception:  # noqa: BLE001
            result = Failure()  # of the work itself: its caller's business
        tell(result)

    def _between(self, moment: str, name: str) -> None:
        if moment == "after commit":
            self._committed(name)
        if self._power_fails(moment, name):
            raise PowerCut(f"{moment} of {name}")

    def read(self, work: Work[T]) -> Deferred[T]:
        return self._inline.read(work) if self._life.alive else Deferred()
