"""The nightly work of a node, and where it reports the comparison."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from federation.clock import Clock, DelayedCall
from node.domain.calendar import SHANGHAI
from node.observe.logs import EventLog
from node.observe.metrics import OWN, Metrics
from node.service.delivery.courier import Chance
from node.service.delivery.differences import Difference

SPREAD_S = 3600.0


def in_coroutine(work: Callable[[], Coroutine[Any, Any, object]]) -> Callable[[], Deferred[object]]:
    return lambda: Deferred.fromCoroutine(work())


class Nightly:
    """Calls `work` every night at `hour` (0 to 23, local time; -1: never) or up to an hour later, so that not all
    libraries ask at once.

    One night's accident is logged and does not end the next one.
    """

    def __init__(
        self,
        hour: int,
        work: Callable[[], Deferred[object]],
        *,
        clock: Clock,
        wall_ms: Callable[[], int],
        rng: Chance,
        log: EventLog,
    ) -> None:
        self._hour = hour
        self._work = work
        self._clock = clock
        self._wall_ms = wall_ms
        self._rng = rng
        self._log = log
        self._due: DelayedCall | None = None

    def start(self) -> None:
        if self._hour < 0:
            return
        self._due = self._clock.callLater(self._wait_s() + self._rng.uniform(0.0, SPREAD_S), self._tonight)

    def stop(self) -> None:
        if self._due is not None and self._due.active():
            self._due.cancel()
        self._due = None

    def _wait_s(self) -> float:
        """Until the hour strikes next; a whole day if it has just struck."""
        now = datetime.fromtimestamp(self._wall_ms() / 1000, SHANGHAI)
        then = now.replace(hour=self._hour, minute=0, second=0, microsecond=0)
        if then <= now:
            then += timedelta(days=1)
        return (then - now).total_seconds()

    def _tonight(self) -> None:
        self.start()
        self._work().addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        self._log.accident("nightly", failure)


class ForgettingReport:
    """`node.service.forgetting.ForgettingLog` of a running node."""

    def __init__(self, log: EventLog, metrics: Metrics) -> None:
        self._log = log
        self._metrics = metrics

    def forgotten(self, kind: str, rows: int) -> None:
        self._metrics.upkeep.forgotten(kind, rows)
        if rows:
            self._log.event("forgotten", kind=kind, count=rows)


class ComparisonReport:
    """`node.service.delivery.comparison.ComparisonLog` of a running node."""

    def __init__(self, library: str, log: EventLog, metrics: Metrics) -> None:
        self._library = library
        self._log = log
        self._metrics = metrics

    def compared(self, peer: str, differences: int) -> None:
        self._metrics.compared(OWN if peer == self._library else peer, differences)
        self._log.event("compared", peer=peer, count=differences)

    def silent(self, peer: str, why: str) -> None:
        self._log.event("not_compared", peer=peer, why=why)

    def differs(self, difference: Difference) -> None:
        about = {"fine": difference.subject} if "fine" in difference.kind else {"op": difference.subject}
        self._log.event("difference", peer=difference.peer, kind=str(difference.kind), why=difference.detail, **about)

    def repaired(self, difference: Difference) -> None:
        about = {"fine": difference.subject} if "fine" in difference.kind else {"op": difference.subject}
        self._log.event("difference_repaired", peer=difference.peer, kind=str(difference.kind), **about)
