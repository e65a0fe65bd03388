"""The courier: delivers the outbox, for ever, one batch in flight per peer (promise 7).

A peer that does not answer is tried again after a pause that doubles, with jitter, and starts over with any sign of
life from that peer. A notice that a peer won't take stays, and is told to the operator; nothing is ever dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from twisted.internet.defer import Deferred, gatherResults, succeed

from federation import wire
from federation.clock import Clock, DelayedCall
from federation.contract import Library, Notice, NotPermitted, PeerUnreachable, Receipt
from node.storage import outbox
from node.storage.sqlite import Store, StoreUnavailable
from node.storage.transaction import Tx

T = TypeVar("T")

BATCH = 64
CARRIED = 32
DELIVER_TIMEOUT_S = 5.0
KEEP_ACKNOWLEDGED_MS = 7 * 24 * 3600 * 1000


class Chance(Protocol):
    def uniform(self, a: float, b: float, /) -> float: ...


class DeliveryLog(Protocol):
    def not_taken(self, peer: str, kind: str, why: str) -> None: ...


class Courier:
    """`first_retry_s`, `max_retry_s`: the pauses between attempts at a peer that does not answer."""

    def __init__(
        self,
        store: Store,
        libraries: Callable[[str], Library],
        *,
        clock: Clock,
        wall_ms: Callable[[], int],
        rng: Chance,
        log: DeliveryLog,
        first_retry_s: float = 5.0,
        max_retry_s: float = 900.0,
    ) -> None:
        self._store = store
        self._libraries = libraries
        self._clock = clock
        self._wall_ms = wall_ms
        self._rng = rng
        self._log = log
        self._first_retry_s = first_retry_s
        self._max_retry_s = max_retry_s
        self._lanes: dict[str, _Lane] = {}
        self._due: DelayedCall | None = None
        self._stopped = False

    def start(self) -> None:
        """Deliver what was left from before a restart."""
        self.wake()

    def stop(self) -> Deferred[None]:
        """No more attempts; fires when those in flight have ended."""
        self._stopped = True
        if self._due is not None and self._due.active():
            self._due.cancel()
        return gatherResults([lane.stop() for lane in self._lanes.values()]).addCallback(lambda _results: None)

    def flush(self) -> Deferred[None]:
        """Try every waiting peer once, now."""
        self._look()
        return gatherResults([lane.settled() for lane in self._lanes.values()]).addCallback(lambda _results: None)

    def after(self, done: Deferred[T]) -> Deferred[T]:
        """Look into the outbox once this work is durable."""
        return done.addCallback(self._woken)

    def _woken(self, result: T) -> T:
        self.wake()
        return result

    def wake(self) -> None:
        """Something may have been put into the outbox."""
        if self._due is None and not self._stopped:
            self._due = self._clock.callLater(0, self._look)

    def sign_of_life(self, peer: str) -> None:
        """The peer answered, or called us: what waits for it is due now."""
        lane = self._lanes.get(peer)
        if lane is not None and not self._stopped:
            lane.reset()

    def carried(self, peer: str) -> Deferred[tuple[Notice, ...]]:
        """What the peer has not acknowledged, to ride on a question to it: the oldest few."""

        def work(tx: Tx) -> tuple[Notice, ...]:
            return carried_notices(tx, peer)

        return self._store.read(work)

    def settle_first(self, peer: str, within_s: float) -> Deferred[None]:
        """Deliver what waits for `peer` before it is asked something about the same card by way of another library.

        Fires when it is delivered, at the latest after `within_s`; at once if nothing waits or the peer is silent.
        """
        self._look()
        lane = self._lanes.get(peer)
        if lane is None or not lane.busy or lane.silent:
            return succeed(None)
        done: Deferred[None] = Deferred()
        late = self._clock.callLater(within_s, done.callback, None)

        def settled(_none: None) -> None:
            if late.active():
                late.cancel()
                done.callback(None)

        lane.settled().addCallback(settled)
        return done

    def _look(self) -> None:
        if self._due is not None and self._due.active():
            self._due.cancel()
        self._due = None
        self._store.read(outbox.backlog).addCallback(self._start_lanes)

    def _start_lanes(self, backlog: list[tuple[str, int, int]]) -> None:
        for peer, _count, _oldest_ms in backlog:
            self._lane(peer).go()

    def _lane(self, peer: str) -> _Lane:
        if peer not in self._lanes:
            self._lanes[peer] = _Lane(
                peer,
                self._store,
                lambda notices: self._libraries(peer).deliver(notices, DELIVER_TIMEOUT_S),
                clock=self._clock,
                wall_ms=self._wall_ms,
                log=self._log,
                pause_s=self._pause_s,
            )
        return self._lanes[peer]

    def _pause_s(self, failures: int) -> float:
        pause_s = min(self._max_retry_s, self._first_retry_s * 2.0 ** min(failures - 1, 30))
        return pause_s * self._rng.uniform(0.75, 1.25)

    def forget_old(self) -> Deferred[int]:
        before_ms = self._wall_ms() - KEEP_ACKNOWLEDGED_MS
        return self._store.run(lambda tx: outbox.forget_acknowledged(tx, before_ms), "forget")


def carried_notices(tx: Tx, peer: str) -> tuple[Notice, ...]:
    return tuple(wire.decode_notice(row.payload) for row in outbox.waiting(tx, peer, CARRIED))


class _Lane:
    """One peer: at most one batch in flight, and a pause while it does not answer."""

    def __init__(
        self,
        peer: str,
        store: Store,
        deliver: Callable[[list[Notice]], Deferred[tuple[Receipt, ...]]],
        *,
        clock: Clock,
        wall_ms: Callable[[], int],
        log: DeliveryLog,
        pause_s: Callable[[int], float],
    ) -> None:
        self._peer = peer
        self._store = store
        self._send = deliver
        self._clock = clock
        self._wall_ms = wall_ms
        self._log = log
        self._pause_s = pause_s
        self._failures = 0
        self._pause: DelayedCall | None = None
        self._running = False
        self._again = False
        self._stopped = False
        self._waiting: list[Deferred[None]] = []

    def go(self) -> None:
        """Deliver what waits, unless the lane pauses or is at it already."""
        if self._stopped or self._pause is not None:
            return
        if self._running:
            self._again = True
            return
        self._running = True
        Deferred.fromCoroutine(self._run()).addBoth(self._ended)

    def _ended(self, result: object) -> object:
        self._running = False
        waiting, self._waiting = self._waiting, []
        for done in waiting:
            done.callback(None)
        return result

    def reset(self) -> None:
        """A sign of life: the next attempt is due now."""
        self._failures = 0
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
            self.go()

    @property
    def busy(self) -> bool:
        return self._running

    @property
    def silent(self) -> bool:
        """Nothing has been heard of the peer since the last attempt failed."""
        return self._failures > 0

    def settled(self) -> Deferred[None]:
        """Fires when no batch is in flight."""
        if not self._running:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._waiting.append(done)
        return done

    def stop(self) -> Deferred[None]:
        self._stopped = True
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        return self.settled()

    async def _run(self) -> None:
        """One pass over the outbox, and more while something was added meanwhile."""
        try:
            complete = True
            while True:
                self._again = False
                complete = await self._pass()
                if not (complete and self._again) or self._stopped:
                    break
            self._rest(complete)
        except (PeerUnreachable, NotPermitted, StoreUnavailable):
            self._rest(False)

    def _rest(self, complete: bool) -> None:
        if complete:
            self._failures = 0
        elif not self._stopped:
            self._failures += 1
            self._pause = self._clock.callLater(self._pause_s(self._failures), self._rested)

    def _rested(self) -> None:
        self._pause = None
        self.go()

    async def _pass(self) -> bool:
        """From the oldest to the newest; True if everything was taken."""
        after_id, complete = 0, True
        while not self._stopped:
            start = after_id

            def page(tx: Tx, start: int = start) -> list[outbox.OutboxRow]:
                return outbox.waiting(tx, self._peer, BATCH, start)

            rows = await self._store.read(page)
            if not rows:
                return complete
            complete = await self._deliver(rows) and complete
            after_id = rows[-1].id
        return complete

    async def _deliver(self, rows: list[outbox.OutboxRow]) -> bool:
        notices = [wire.decode_notice(row.payload) for row in rows]
        receipts = await self._send(notices)
        taken = [row.id for row, receipt in zip(rows, receipts, strict=True) if receipt.taken]
        for notice, receipt in zip(notices, receipts, strict=True):
            if not receipt.taken:
                self._log.not_taken(self._peer, type(notice).__name__, receipt.why)
        if taken:
            at_ms = self._wall_ms()
            await self._store.run(lambda tx: outbox.acknowledge(tx, taken, at_ms), "acknowledge")
        return len(taken) == len(rows)
