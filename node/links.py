"""The ways from one library to the others: who is up, whom to ask, and what is owed to whom."""

from __future__ import annotations

from federation.batching import BatchingTransport
from federation.client import RemoteLibrary
from federation.contract import Library, PeerUnreachable
from federation.peers import PeerLimits, Peers
from federation.troubles import WORDS
from node.observe.logs import EventLog
from node.plan import Means, Plan
from node.service.delivery.courier import Courier
from node.storage.store import Store

PROBE_WITHIN_S = 2.5
"""Whoever takes longer to say nothing at all is too far away for a question on a kiosk's path."""


class Links:
    """`peers` knows who answers, `library` finds whom to ask, `courier` delivers what waits in the outbox."""

    def __init__(self, plan: Plan, epoch: int, store: Store, means: Means) -> None:
        limits = PeerLimits(
            probe_every_s=plan.probe_every_s, quiet_after_s=plan.probe_quiet_s, alarm_apart_s=plan.clock_alarm_s
        )
        self.peers = Peers(means.clock, means.wall_ms, means.rng, limits)
        self._own_code = plan.library
        self._libraries: dict[str, Library] = {**_remote_libraries(plan, epoch, self.peers, means)}
        self.courier = Courier(
            store,
            self.library,
            clock=means.clock,
            wall_ms=means.wall_ms,
            rng=means.rng,
            log=_DeliveryLog(means.log),
            first_retry_s=plan.outbox_first_retry_s,
            max_retry_s=plan.outbox_max_retry_s,
        )
        self.peers.on_recovery(self.courier.sign_of_life)
        self.peers.on_return(self.courier.came_back)
        self.peers.on_silence(
            lambda peer, trouble: means.log.event("peer_down", peer=peer, reason=trouble, why=WORDS[trouble])
        )
        self.peers.on_return(lambda peer: means.log.event("peer_up", peer=peer))
        self.peers.on_clocks_apart(
            lambda peer, apart_s: means.log.event("clocks_apart", peer=peer, skew_ms=apart_s * 1000)
        )

    def know_own(self, library: Library) -> None:
        """The own library is asked like the others; it is made after the links, and is among them from now on."""
        self._libraries[self._own_code] = library

    def library(self, code: str) -> Library:
        """Any library of the directory. One that has left it can't be reached: what is owed to it waits."""
        library = self._libraries.get(code)
        if library is None:
            raise PeerUnreachable(code, "no member of the federation")
        return library

    def start_probing(self) -> None:
        """Ask libraries that are down or quiet by an empty delivery whether they answer, until `stop_probing`."""
        others = [code for code in self._libraries if code != self._own_code]
        self.peers.start_probing(lambda peer: self._libraries[peer].deliver((), PROBE_WITHIN_S), others)


def _remote_libraries(plan: Plan, epoch: int, peers: Peers, means: Means) -> dict[str, RemoteLibrary]:
    """All of the directory but the own one; what they are asked at the same time shares a call."""
    lanes = BatchingTransport(means.transport, means.clock)
    return {
        code: RemoteLibrary(
            code,
            own_code=plan.library,
            epoch=epoch,
            transport=lanes,
            peers=peers,
            clock=means.clock,
            wall_ms=means.wall_ms,
            observe=means.metrics.federation_called,
        )
        for code in plan.directory.codes
        if code != plan.library
    }


class _DeliveryLog:
    def __init__(self, log: EventLog) -> None:
        self._log = log

    def not_taken(self, peer: str, kind: str, why: str) -> None:
        self._log.event("notice_not_taken", peer=peer, kind=kind, why=why)
