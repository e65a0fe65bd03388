"""The nightly forgetting: in small pieces, one transaction each, with pauses between them.

A piece takes a few milliseconds on the reactor's thread. How many rows that is depends on the disk, the size of the
books and what else the machine does, so it is measured all the time: a piece that took too long is followed by a
smaller one. Between two pieces the node does everything else. A night has an end; what is left is for the next one.
Nothing is lost if the node stops: each piece is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from twisted.internet.defer import Deferred

from federation.clock import Clock, DelayedCall
from node.domain.keeping import Keep
from node.domain.rules import RuleBook, days_late
from node.service.delivery.courier import KEEP_ACKNOWLEDGED_MS
from node.service.desk.thinning import thinned
from node.storage.keeping import desk, home, money, owner
from node.storage.keeping.pieces import Bounds, Kind, Piece, Place
from node.storage.store import Store, Tx

AT_ONCE_S: Final = 0.003
"""What a piece may take. The goal is that nothing holds the reactor for more than 10 ms."""
FIRST: Final = 4
MOST: Final = 500
REST: Final = 4.0
"""A pause is so many times as long as the piece before it, and at least `PAUSE_S`: four fifths of the time are for what
kiosks ask."""
PAUSE_S: Final = 0.005
NIGHT_S: Final = 5 * 3600.0


class ForgettingLog(Protocol):
    """Where the outcome goes."""

    def forgotten(self, kind: str, rows: int) -> None: ...


def every_kind(rule_book: RuleBook) -> tuple[Kind, ...]:
    """In an order in which nothing goes before what still refers to it."""
    return (
        money.Acknowledged(KEEP_ACKNOWLEDGED_MS),
        *desk.kinds(thinned),
        *owner.KINDS,
        *home.kinds(lambda due_on, on: rule_book.late_fee_at_most_fen(days_late(due_on, on), due_on) > 0),
        *money.KINDS,
    )


def bounds_of(keep: Keep, now_ms: int) -> Bounds:
    return Bounds(
        now_ms=now_ms,
        history_ms=now_ms - keep.loan_history_ms,
        operations_ms=now_ms - keep.operations_ms,
        exceptions_ms=now_ms - keep.exceptions_ms,
    )


class Pace:
    """How many rows the next piece looks at."""

    def __init__(self) -> None:
        self.rows = FIRST

    def took(self, seconds: float) -> None:
        if seconds > AT_ONCE_S:
            self.rows = max(1, int(self.rows * AT_ONCE_S / seconds / 2))
        elif seconds < AT_ONCE_S / 2:
            self.rows = min(MOST, self.rows * 2)


class Forgetting:
    """Of one library's books, as `keep` says. `doubted()`: whether most libraries contradict our clock."""

    def __init__(
        self,
        keep: Keep,
        kinds: Sequence[Kind],
        store: Store,
        *,
        clock: Clock,
        wall_ms: Callable[[], int],
        doubted: Callable[[], bool],
        log: ForgettingLog,
    ) -> None:
        self._keep = keep
        self._kinds = kinds
        self._store = store
        self._clock = clock
        self._wall_ms = wall_ms
        self._doubted = doubted
        self._log = log
        self._stopped = False
        self._pausing: DelayedCall | None = None
        self.running = False

    def stop(self) -> None:
        """No more pieces."""
        self._stopped = True
        if self._pausing is not None and self._pausing.active():
            self._pausing.cancel()

    async def forget(self, within_s: float = NIGHT_S) -> int:
        """One night's work; how many rows it changed or dropped. Nothing while another one runs, or by a clock that
        may be ahead: what is forgotten does not come back."""
        if self.running or self._doubted():
            return 0
        self.running = True
        try:
            bounds, until_s, gone = bounds_of(self._keep, self._wall_ms()), self._clock.seconds() + within_s, 0
            for kind in self._kinds:
                rows = await self._all_of(kind, bounds, until_s)
                self._log.forgotten(kind.name, rows)
                gone += rows
            return gone
        finally:
            self.running = False

    async def _all_of(self, kind: Kind, bounds: Bounds, until_s: float) -> int:
        gone, after, pace = 0, kind.start, Pace()
        while not self._stopped and self._clock.seconds() < until_s:
            piece, took_s = await self._store.run(_timed(kind, bounds, after, pace.rows, self._clock), "forget")
            gone += piece.gone
            pace.took(took_s)
            if piece.after is None:
                break
            after = piece.after
            await self._pause(max(PAUSE_S, REST * took_s))
        return gone

    def _pause(self, seconds: float) -> Deferred[None]:
        done: Deferred[None] = Deferred()
        self._pausing = self._clock.callLater(seconds, done.callback, None)
        return done


def _timed(kind: Kind, bounds: Bounds, after: Place, most: int, clock: Clock) -> Callable[[Tx], tuple[Piece, float]]:
    def work(tx: Tx) -> tuple[Piece, float]:
        began_s = clock.seconds()
        piece = kind.piece(tx, bounds, after, most)
        return piece, clock.seconds() - began_s

    return work
