"""The ways from one library to the others: who is up, whom to ask, and what is owed to whom."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.python.failure import Failure

from federation.batching import BatchingTransport
from federation.client import RemoteLibrary
from federation.clock import DelayedCall
from federation.contract import Library, NotPermitted, PeerUnreachable, Receipt
from federation.peers import MEASURE_EVERY_S, PeerLimits, Peers
from federation.troubles import WORDS
from federation.waiting import all_of, at_most
from node.observe.logs import EventLog
from node.plan import Means, Plan
from node.service.delivery.courier import Courier
from node.storage.store import Store

PROBE_WITHIN_S = 2.5
"""Whoever takes longer to say nothing at all is too far away for a question on a kiosk's path."""

SETTLED_WITHIN_S = 1.0
"""A kiosk waits no longer for what the clocks of the others say."""

MEASURE_AGAIN_S, MEASURE_SELDOM_S = 20.0, 900.0
"""A clock that could not be measured is measured again after this; each time in vain doubles it."""


class Links:
    """`peers` knows who answers, `library` finds whom to ask, `courier` delivers what waits in the outbox."""

    def __init__(self, plan: Plan, epoch: int, store: Store, means: Means) -> None:
        limits = PeerLimits(
            probe_every_s=plan.probe_every_s, quiet_after_s=plan.probe_quiet_s, alarm_apart_s=plan.clock_alarm_s
        )
        self.peers = Peers(means.clock, means.wall_ms, means.rng, limits)
        self._clock = means.clock
        self._measuring: DelayedCall | None = None
        self._unmeasured: dict[str, tuple[float, float]] = {}  # not before, and the pause after that
        self._own_code = plan.library
        self._epoch = epoch
        self._means = means
        # What libraries are asked at the same time shares a call.
        self._lanes = BatchingTransport(means.transport, means.clock)
        others = [code for code in plan.directory.codes if code != plan.library]
        self._libraries: dict[str, Library] = {code: self._remote(code) for code in others}
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
        self.peers.on_return(self._forget_attempts)
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

    def ahead_ms(self, one: str, other: str) -> int | None:
        """How far at the most the clock of library `one` is ahead of that of `other`; negative: it is behind. None: not
        known."""
        most_ms, least_ms = self._at_most_ms(one), self._at_least_ms(other)
        return None if most_ms is None or least_ms is None else ceil(most_ms - least_ms)

    def _at_most_ms(self, code: str) -> float | None:
        limits = (0.0, 0.0) if code == self._own_code else self.peers.clocks.limits_ms(code)
        return None if limits is None else limits[1]

    def _at_least_ms(self, code: str) -> float | None:
        return 0.0 if code == self._own_code else self.peers.clocks.at_least_ms(code)

    def clock_off_ms(self) -> int | None:
        """How far our own clock is behind the right time, while most libraries that answer contradict it by more than a
        minute. None: they do not, or nobody answers."""
        view = self.peers.clocks.view()
        return view.off_ms if view.contradicted else None

    def against_timers_ms(self) -> int:
        """Our wall clock against timers that nobody sets: it changes when somebody sets the clock."""
        return self._means.wall_ms() - int(self._clock.seconds() * 1000)

    def measure_now(self) -> Deferred[None]:
        """Fires when each library has answered once, or has not within some seconds."""
        return all_of(self._probe(code).addBoth(self._measured, code) for code in self._others())

    def clock_settled(self) -> Deferred[None]:
        """Fires at once, unless our clock was set since the others were measured: then when they are again, or after a
        second. Until then nobody can tell whether a fee is right."""
        unsure = [code for code in self.peers.clocks.set_since() if not self.peers.is_down(code)]
        if not unsure:
            return succeed(None)
        asked = all_of(self._probe(code).addBoth(self._measured, code) for code in unsure)
        return at_most(self._clock, asked, SETTLED_WITHIN_S)

    def start_measuring(self, *, for_ever: bool) -> None:
        """Measure every clock, and that of a caller which is not known. `for_ever`: each again before it is forgotten,
        or after a while, if it could not be measured."""
        self.peers.on_clock_unknown(self._measure)
        self._measure_all(for_ever=for_ever)

    def stop_measuring(self) -> None:
        if self._measuring is not None and self._measuring.active():
            self._measuring.cancel()

    def _measure_all(self, *, for_ever: bool) -> None:
        """While ours is contradicted, or was set, all are asked each time: whoever is wrong may be put right at any
        moment."""
        doubted = self.clock_off_ms() is not None or bool(self.peers.clocks.set_since())
        for code in self._others():
            if doubted or not self.peers.clocks.is_known(code, MEASURE_EVERY_S):
                self._measure(code)
        if for_ever:
            self._measuring = self._clock.callLater(MEASURE_AGAIN_S, lambda: self._measure_all(for_ever=True))

    def _measure(self, code: str) -> None:
        """An empty delivery: its answer bears the time. Two libraries that hear each other's calls and no answers would
        measure each other without end, so what fails is tried ever more seldom."""
        now_s = self._clock.seconds()
        not_before_s, pause_s = self._unmeasured.get(code, (now_s, MEASURE_AGAIN_S))
        if code not in self._libraries or now_s < not_before_s or self.peers.is_down(code):
            return
        self._unmeasured[code] = (now_s + pause_s, min(2 * pause_s, MEASURE_SELDOM_S))
        self._probe(code).addBoth(self._measured, code)

    def _forget_attempts(self, code: str) -> None:
        """It answers again: what was tried in vain before says nothing any more."""
        self._unmeasured.pop(code, None)

    def _measured(self, result: object, code: str) -> None:
        if isinstance(result, Failure):
            result.trap(PeerUnreachable, NotPermitted, CancelledError)
        else:
            self._forget_attempts(code)

    def start_probing(self) -> None:
        """Ask libraries that are down or quiet by an empty delivery whether they answer, until `stop_probing`."""
        self.peers.start_probing(self._probe, self._others())

    def follow(self, codes: Iterable[str]) -> tuple[list[str], list[str]]:
        """The directory lists these now. Gives who has joined, and who has left."""
        listed = [code for code in codes if code != self._own_code]
        joined = [code for code in listed if code not in self._libraries]
        left = [code for code in self._others() if code not in listed]
        for code in joined:
            self._libraries[code] = self._remote(code)
            self.peers.watch(code)
        for code in left:
            del self._libraries[code]
            self.peers.forget(code)
        if joined:
            self.courier.wake()
        return joined, left

    def _others(self) -> list[str]:
        return [code for code in self._libraries if code != self._own_code]

    def _probe(self, peer: str) -> Deferred[tuple[Receipt, ...]]:
        library = self._libraries.get(peer)
        if library is None:
            return fail(PeerUnreachable(peer, "no member of the federation"))
        return library.deliver((), PROBE_WITHIN_S)

    def _remote(self, code: str) -> RemoteLibrary:
        means = self._means
        return RemoteLibrary(
            code,
            own_code=self._own_code,
            epoch=self._epoch,
            transport=self._lanes,
            peers=self.peers,
            clock=means.clock,
            wall_ms=means.wall_ms,
            observe=means.metrics.federation_called,
        )


class _DeliveryLog:
    def __init__(self, log: EventLog) -> None:
        self._log = log

    def not_taken(self, peer: str, kind: str, why: str) -> None:
        self._log.event("notice_not_taken", peer=peer, kind=kind, why=why)
