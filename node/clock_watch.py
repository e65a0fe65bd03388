"""Watches this library's own clock while it serves: what the others say of it, and whether somebody set it.

While most libraries that answer contradict it by more than a minute, no late fee is ordered (`later_fees`). Once most
of them agree, the fees that waited are decided, and loans that lie in the future are noted.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from federation.clock import WallMs
from federation.clocks import APART_MS, ClockView
from node.links import Links
from node.observe.logs import EventLog
from node.service.books import Books
from node.service.owner.future_loans import mark_future_loans, tell_staff
from node.service.owner.later_fees import decide_later_fees
from node.storage.newest import mark_rows
from node.storage.owner.waiting_fees import count_waiting_fees
from node.storage.store import Store, StoreUnavailable, Tx


class ClockWatch:
    """`look` every half minute or so. `view` is what the others say now."""

    def __init__(self, books: Books, store: Store, links: Links, *, log: EventLog, wall_ms: WallMs) -> None:
        self._books = books
        self._store = store
        self._links = links
        self._log = log
        self._wall_ms = wall_ms
        self._ours_ms = self._links.against_timers_ms()
        self._was_ahead_ms = 0
        self._was_contradicted = False

    @property
    def view(self) -> ClockView:
        return self._links.peers.clocks.view()

    def look(self) -> Deferred[None]:
        """Fires when what could be decided is decided. What the disk refuses is left to the next time."""
        return self._looked().addErrback(lambda failure: failure.trap(StoreUnavailable) and None)

    def _looked(self) -> Deferred[None]:
        self._look_whether_set()
        view = self.view
        if view.contradicted != self._was_contradicted:
            self._was_contradicted = view.contradicted
            self._tell(view)
        if not view.confirmed:
            return self._store.read(lambda _tx: None)
        if self._was_ahead_ms:
            return self._links.courier.write(self._mark, "clock").addCallback(self._marked)
        return self._store.read(count_waiting_fees).addCallback(self._decide)

    def _look_whether_set(self) -> None:
        ours_ms = self._links.against_timers_ms()
        set_by_ms, self._ours_ms = ours_ms - self._ours_ms, ours_ms
        if abs(set_by_ms) > APART_MS:
            self._log.event("clock_set", skew_ms=set_by_ms)
        if set_by_ms < -APART_MS:
            self._was_ahead_ms = self._wall_ms() - set_by_ms

    def _tell(self, view: ClockView) -> None:
        apart, all_ = len(view.apart), view.measured
        if view.contradicted:
            why = f"{apart} of {all_} libraries: {', '.join(view.apart)}. Late fees wait until most of them agree"
            self._log.event("clock_contradicted", count=apart, size=all_, skew_ms=view.off_ms, why=why)
        else:
            self._log.event("clock_agrees", count=all_ - apart, size=all_)

    def _mark(self, tx: Tx) -> int:
        now_ms = self._wall_ms()
        loans = mark_future_loans(tx, now_ms)
        mark_rows(tx, now_ms)
        if loans:
            tell_staff(tx, now_ms, self._was_ahead_ms, loans)
        self._decide_fees(tx)
        return loans

    def _marked(self, loans: int) -> None:
        self._was_ahead_ms = 0
        self._log.event("clock_rows_marked", count=loans)

    def _decide(self, waiting: int) -> Deferred[None] | None:
        if not waiting:
            return None
        decided = self._links.courier.write(self._decide_fees, "clock")
        return decided.addCallback(lambda count: self._log.event("fees_decided", count=count))

    def _decide_fees(self, tx: Tx) -> int:
        return decide_later_fees(tx, self._books.owner.own, self._books.owner.returns)
