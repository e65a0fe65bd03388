"""The courier: delivers the outbox, for ever, one batch in flight per peer (promise 7).

A peer that can't be reached is tried again after a pause that doubles, with jitter, and starts over with any sign of
life from that peer. A notice that a peer won't take waits by itself, as long and longer each time, keeps no other one
waiting, and is told to the operator; nothing is ever dropped.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import accumulate
from typing import NamedTuple, Protocol, TypeVar

from twisted.internet.defer import Deferred, succeed

from federation import wire
from federation.bounds import CARRIED_BYTES_MAX, SENT_MAX
from federation.clock import Clock, DelayedCall
from federation.contract import Library, Notice, NotPermitted, NotUnderstood, PeerUnreachable, Receipt
from federation.waiting import Quiet, all_of, at_most
from node.storage.delivery import outbox
from node.storage.store import Store, StoreUnavailable, Tx

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
    """`first_retry_s`, `max_retry_s`: the pauses between attempts at a peer that can't be reached, and at a notice that
    was not taken."""

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
        return all_of(lane.stop() for lane in self._lanes.values())

    def flush(self) -> Deferred[None]:
        """Try every waiting peer once, now."""
        self._look()
        return all_of(lane.settled() for lane in self._lanes.values())

    def write(self, work: Callable[[Tx], T], name: str) -> Deferred[T]:
        """`store.run`, for work that may put something into the outbox: it is looked into once the work is durable."""
        return self._store.run(work, name).addCallback(self._woken)

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

    def came_back(self, peer: str) -> None:
        """The peer was down and answers again, as another version perhaps: what it did not take is due as well."""
        lane = self._lanes.get(peer)
        if lane is not None and not self._stopped:
            lane.forget_not_taken()
            lane.reset()

    def carried(self, peer: str, *, item: str = "", card_digest: str = "") -> Deferred[tuple[Notice, ...]]:
        """`carried_notices`, as of now."""
        return self._store.read(lambda tx: carried_notices(tx, peer, item=item, card_digest=card_digest))

    def settle_first(self, peer: str, within_s: float) -> Deferred[None]:
        """Deliver what waits for `peer` before it is asked something about the same card by way of another library.

        Fires when it is delivered, at the latest after `within_s`; at once if none is under way or the peer is silent.
        """
        self._look()
        lane = self._lanes.get(peer)
        if lane is None or not lane.busy or lane.silent:
            return succeed(None)
        return at_most(self._clock, lane.settled(), within_s)

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


def carried_notices(tx: Tx, peer: str, *, item: str = "", card_digest: str = "") -> tuple[Notice, ...]:
    """What `peer` has not acknowledged, to ride on a question to it: what is about this item or card, and the oldest of
    the rest as far as there is room; in the order in which it was written."""
    rows = outbox.waiting(tx, peer, CARRIED)
    if len(rows) == CARRIED:
        first = outbox.waiting_about(tx, peer, CARRIED, item=item, card_digest=card_digest)
        chosen = {row.id: row for row in (*first, *rows)}
        rows = list(chosen.values())[:CARRIED]
    rows = sorted(_within(rows, CARRIED_BYTES_MAX), key=lambda row: row.id)
    return tuple(wire.decode_notice(row.payload) for row in rows)


def _within(rows: list[outbox.OutboxRow], size: int) -> list[outbox.OutboxRow]:
    """The first of them that together have at most so many bytes, one at the least: what we pass on may be longer than
    what we write."""
    sums = accumulate(len(row.payload) for row in rows)
    return rows[: max(1, sum(1 for total in sums if total <= size))]


class _NotTaken(NamedTuple):
    """Of one notice: how often it was not taken, and when it is tried again."""

    times: int
    due_s: float


class _Lane:
    """One peer: at most one batch in flight; a pause while it can't be reached, or while our own disk refuses.

    What was not taken has its own time (`_not_taken`, by row), looked at from `_look_s` on. All that waits and is older
    than the newest of these is one of them, so that what is new is found without reading all of them each time.
    """

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
        self._not_taken: dict[int, _NotTaken] = {}
        self._look_s = math.inf
        self._pausing = False
        self._timer: DelayedCall | None = None
        self._running = False
        self._again = False
        self._stopped = False
        self._quiet = Quiet()

    def go(self) -> None:
        """Deliver what is due, unless the lane pauses or is at it already."""
        if self._stopped or self._pausing:
            return
        if self._running:
            self._again = True
            return
        self._unplan()
        self._running = True
        Deferred.fromCoroutine(self._run()).addBoth(self._ended)

    def _ended(self, result: object) -> object:
        self._running = False
        self._quiet.reached()
        return result

    def reset(self) -> None:
        """A sign of life: the next attempt is due now."""
        self._failures = 0
        self._unplan()
        self.go()

    def forget_not_taken(self) -> None:
        """With the next attempt all that waits is tried."""
        self._not_taken.clear()
        self._look_s = math.inf

    @property
    def busy(self) -> bool:
        return self._running

    @property
    def silent(self) -> bool:
        """It can't be reached: nothing has been heard of it since an attempt got no answer."""
        return self._failures > 0

    def settled(self) -> Deferred[None]:
        """Fires when no batch is in flight."""
        return self._quiet.after(self._running)

    def stop(self) -> Deferred[None]:
        self._stopped = True
        self._unplan()
        return self.settled()

    async def _run(self) -> None:
        """One pass over the outbox, and more while something was added meanwhile."""
        try:
            self._again = True
            while self._again and not self._stopped:
                self._again = False
                await self._pass()
            if self._not_taken:
                self._plan(self._look_s - self._clock.seconds())
        except PeerUnreachable:
            self._failures += 1
            self._rest(self._failures)
        except StoreUnavailable:
            self._rest(1)

    def _rest(self, failures: int) -> None:
        self._pausing = True
        self._plan(self._pause_s(failures))

    def _plan(self, after_s: float) -> None:
        if not self._stopped:
            self._timer = self._clock.callLater(max(0.0, after_s), self._rested)

    def _unplan(self) -> None:
        """No pause, and no attempt planned."""
        self._pausing = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _rested(self) -> None:
        self._timer = None
        self._pausing = False
        self.go()

    async def _pass(self) -> None:
        """What is due, from the oldest to the newest, in batches that are full whatever lies between."""
        began_s = self._clock.seconds()
        looking = began_s >= self._look_s
        after_id = 0 if looking else max(self._not_taken, default=0)
        gone, due = set(self._not_taken), list[outbox.OutboxRow]()
        while not self._stopped:
            rows = await self._page(after_id)
            gone.difference_update(row.id for row in rows)
            due += [row for row in rows if self._is_due(row.id, began_s)]
            if due and (len(due) >= BATCH or len(rows) < BATCH):
                batch = _within(due[:BATCH], SENT_MAX)
                await self._deliver(batch)
                due = due[len(batch) :]
            elif not rows:
                break
            after_id = rows[-1].id if rows else after_id
        if looking and not self._stopped:
            self._looked(gone)

    def _page(self, after_id: int) -> Deferred[list[outbox.OutboxRow]]:
        return self._store.read(lambda tx: outbox.waiting(tx, self._peer, BATCH, after_id))

    def _is_due(self, row: int, now_s: float) -> bool:
        waits = self._not_taken.get(row)
        return waits is None or waits.due_s <= now_s

    def _looked(self, gone: set[int]) -> None:
        """What is `gone` is acknowledged by now; the rest is not looked at more often than after a first pause."""
        self._not_taken = {row: waits for row, waits in self._not_taken.items() if row not in gone}
        soonest_s = min((waits.due_s for waits in self._not_taken.values()), default=math.inf)
        self._look_s = max(soonest_s, self._clock.seconds() + self._pause_s(1))

    async def _deliver(self, rows: list[outbox.OutboxRow]) -> None:
        notices = [wire.decode_notice(row.payload) for row in rows]
        try:
            receipts = await self._send(notices)
        except (NotPermitted, NotUnderstood) as error:  # it can be reached, and took nothing as far as is known
            receipts = (Receipt(False, str(error)),) * len(rows)
        self._failures = 0
        taken = [row.id for row, receipt in zip(rows, receipts, strict=True) if receipt.taken]
        if taken:
            at_ms = self._wall_ms()
            await self._store.run(lambda tx: outbox.acknowledge(tx, taken, at_ms), "acknowledge")
        for row, notice, receipt in zip(rows, notices, receipts, strict=True):
            if receipt.taken:
                self._not_taken.pop(row.id, None)
            else:
                self._log.not_taken(self._peer, type(notice).__name__, receipt.why)
                self._put_off(row.id)

    def _put_off(self, row: int) -> None:
        """The same pauses as between attempts at a peer, each notice for itself."""
        times = self._not_taken[row].times + 1 if row in self._not_taken else 1
        due_s = self._clock.seconds() + self._pause_s(times)
        self._not_taken[row] = _NotTaken(times, due_s)
        self._look_s = min(self._look_s, due_s)
