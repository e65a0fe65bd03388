"""Before a library opens: is its clock behind its own books?

If it is, by more than a minute, either it is behind now, or it was ahead before. Nothing here can tell. So the library
waits with its ports closed until the clock has passed the newest row, or most libraries that answer agree with it. An
operator who knows that the clock is right says so (`tongjie node --clock-is-right`).

Whoever says it, the rows of the future are noted, once: they do not stop the next start.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twisted.internet.defer import Deferred

from federation.clock import Clock, DelayedCall, WallMs
from federation.clocks import APART_MS
from node.core import Core
from node.observe.logs import EventLog
from node.service.owner.future_loans import mark_future_loans, tell_staff
from node.storage.newest import mark_rows, newest_row_ms
from node.storage.store import Tx

ASK_AGAIN_S, ASK_SELDOM_S, OFTEN_FOR_S = 5.0, 60.0, 300.0
"""The others are asked that often; after some minutes more seldom."""
TELL_AGAIN_S = 600.0


class ClockAtStart:
    """Of one start. `why`: what it waits for now, in words; "" if it does not."""

    def __init__(self, core: Core, clock: Clock, wall_ms: WallMs, log: EventLog) -> None:
        self._core = core
        self._clock = clock
        self._wall_ms = wall_ms
        self._log = log
        self._told_s: float | None = None
        self._pausing: DelayedCall | None = None
        self.behind_ms = 0

    @property
    def why(self) -> str:
        if not self.behind_ms:
            return ""
        return (
            f"the clock is {round(self.behind_ms / 1000)} s behind the newest row of the database. Set it right; if it "
            "is right, start the node with --clock-is-right. It starts by itself when most libraries agree with it"
        )

    async def until_right(self, *, believed: bool, on_wait: Callable[[], Awaitable[None]]) -> None:
        """`believed`: the operator says that the clock is right. `on_wait` is called once if it has to wait."""
        newest_ms = await self._core.store.read(newest_row_ms)
        waited, began_s = False, self._clock.seconds()
        while newest_ms - self._wall_ms() > APART_MS:
            if believed or await self._is_confirmed():
                self.behind_ms = 0
                await self._mark(newest_ms, "operator" if believed else "peers")
                return
            self.behind_ms = newest_ms - self._wall_ms()
            self._tell()
            if not waited:
                waited = True
                await on_wait()
            often = self._clock.seconds() - began_s < OFTEN_FOR_S
            passes_s = (self.behind_ms - APART_MS) / 1000
            await self._pause(ASK_AGAIN_S if often else min(ASK_SELDOM_S, max(ASK_AGAIN_S, passes_s)))
        self.behind_ms = 0

    async def _is_confirmed(self) -> bool:
        await self._core.links.measure_now()
        return self._core.lookout.clock.view.confirmed

    def _tell(self) -> None:
        now_s = self._clock.seconds()
        if self._told_s is None or now_s - self._told_s >= TELL_AGAIN_S:
            self._told_s = now_s
            self._log.event("clock_behind", skew_ms=self.behind_ms, why=self.why)

    def _pause(self, for_s: float) -> Deferred[None]:
        pause: Deferred[None] = Deferred()
        self._pausing = self._clock.callLater(for_s, pause.callback, None)
        return pause

    def stop(self) -> None:
        """The start is given up: it waits no more, and never goes on."""
        if self._pausing is not None and self._pausing.active():
            self._pausing.cancel()

    async def _mark(self, newest_ms: int, said_by: str) -> None:
        now_ms = self._wall_ms()

        def work(tx: Tx) -> int:
            loans = mark_future_loans(tx, now_ms)
            mark_rows(tx, now_ms)
            tell_staff(tx, now_ms, newest_ms, loans)
            return loans

        loans = await self._core.store.run(work, "clock")
        self._log.event("clock_rows_marked", count=loans, skew_ms=newest_ms - now_ms, reason=said_by)
