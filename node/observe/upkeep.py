"""Metrics of what a node does for itself: what it forgets at night, and how long it holds its own thread."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram

from federation.clock import Clock, DelayedCall

TURN_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
LOOK_EVERY_S = 0.05


class UpkeepMetrics:
    """On `registry`. `fold` bounds the labels."""

    def __init__(self, registry: CollectorRegistry, fold: Callable[[str], str]) -> None:
        self._fold = fold
        self._forgotten = Counter(
            "tongjie_forgotten_rows_total", "Rows that forgot something, or went.", ("kind",), registry=registry
        )
        self._turns = Histogram(
            "tongjie_reactor_turn_seconds",
            "How late a call came that was due every 50 ms: what held the thread that serves everybody.",
            buckets=TURN_BUCKETS_S,
            registry=registry,
        )

    def forgotten(self, kind: str, rows: int) -> None:
        """At one night's end, of one kind of row."""
        self._forgotten.labels(self._fold(kind)).inc(rows)

    def turn(self, late_s: float) -> None:
        self._turns.observe(late_s)


class TurnWatch:
    """Tells `late(seconds)` again and again how late a call came: so long, or longer, was the turn before it."""

    def __init__(self, clock: Clock, late: Callable[[float], None]) -> None:
        self._clock = clock
        self._late = late
        self._due: DelayedCall | None = None
        self._due_s = 0.0

    def start(self) -> None:
        self._due_s = self._clock.seconds() + LOOK_EVERY_S
        self._due = self._clock.callLater(LOOK_EVERY_S, self._look)

    def stop(self) -> None:
        if self._due is not None and self._due.active():
            self._due.cancel()

    def _look(self) -> None:
        self._late(max(0.0, self._clock.seconds() - self._due_s))
        self.start()
