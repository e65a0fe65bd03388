"""What looks after a library while it serves: peers that ask too much, outboxes that grow, books that differ."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from node.clock_watch import ClockWatch
from node.links import Links
from node.nightly import ComparisonReport
from node.observe.visitors import Visitors
from node.plan import Means, Plan
from node.service.books import Books
from node.service.delivery.backlog import BacklogAlarm
from node.service.delivery.comparison import Comparison
from node.service.delivery.differences import Differences
from node.service.peers.answering import TurnedAwayReport
from node.service.peers.noticing import PeerAlarm
from node.storage.delivery import outbox
from node.storage.store import Store


class Lookout:
    """`peers` counts what others ask too often, `turned_away` who gets no answer, `visitors` who gets no place,
    `backlog` watches the outboxes, `comparison` the homes' mirrors, `clock` the own clock."""

    def __init__(self, plan: Plan, books: Books, store: Store, links: Links, means: Means) -> None:
        self._store = store
        self._wall_ms = means.wall_ms
        self.peers = PeerAlarm(means.clock, means.log.event, means.metrics.peer_noted)
        self.turned_away = TurnedAwayReport(means.log.event, means.metrics.peer_turned_away, means.wall_ms)
        self.visitors = Visitors(means.log.event, means.metrics.connections.turned_away, means.wall_ms)
        self.backlog = BacklogAlarm(plan.outbox_limits, plan.directory.members, means.log.event)
        self.clock = ClockWatch(books, store, links, log=means.log, wall_ms=means.wall_ms)
        self.comparison = Comparison(
            plan.library,
            plan.directory.members,
            Differences(books, means.wall_ms),
            store,
            mirrors=links.library,
            wake=links.courier.wake,
            clock=means.clock,
            wall_ms=means.wall_ms,
            log=ComparisonReport(plan.library, means.log, means.metrics),
        )

    def look_at_outboxes(self) -> Deferred[None]:
        """Raise the alarm on those that have grown too old or too large: every half minute or so."""
        return self._store.read(outbox.backlog).addCallback(self.backlog.look, self._wall_ms())
