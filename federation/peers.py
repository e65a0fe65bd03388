"""What this library knows of each peer: does it answer, when to try again, how far apart the clocks are.

A peer that failed `failures_until_down` times in a row is *down*, and nobody waits for it. It is probed with jitter,
one probe at a time. The first answer makes it up. A peer of which nothing was heard for a while is probed too. A call
from the peer makes a probe due at once, but does not make the peer up: our way to it may still be cut. Nothing here
says anything about what a peer has decided (promise 1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from federation.clock import Clock, DelayedCall, WallMs
from federation.clocks import PeerClocks
from federation.contract import NotPermitted, PeerUnreachable
from federation.troubles import Trouble

Listener: TypeAlias = Callable[[str], None]
FellSilent: TypeAlias = Callable[[str, Trouble], None]
ClockAlarm: TypeAlias = Callable[[str, float], None]
Probe: TypeAlias = Callable[[str], Deferred[Any]]


MEASURE_EVERY_S: Final = 1200.0


class Chance(Protocol):
    """The part of `random.Random` that is used."""

    def uniform(self, a: float, b: float, /) -> float: ...


@dataclass(frozen=True, slots=True)
class PeerLimits:
    """`probe_every_s`: the pause between probes; `quiet_after_s`: a peer that has answered nothing for so long is
    probed, 0: never; `alarm_apart_s`: clocks further apart raise an alarm."""

    failures_until_down: int = 5
    probe_every_s: float = 2.0
    quiet_after_s: float = 0.0
    alarm_apart_s: float = 5.0


@dataclass(frozen=True, slots=True)
class PeerView:
    """How a peer stands, for whoever looks. `since_ms`: when it went up or down, None: it has not changed since the
    node started; `last_answer_ms`: None: none yet; `trouble`: of the last call, None if it was answered."""

    up: bool
    since_ms: int | None
    last_answer_ms: int | None
    trouble: Trouble | None
    clock_apart_s: float | None


class _Peer:
    """One peer's state. `probe_at` is a time of the timers' clock and counts only while down. `heard`: the peer
    called us during a probe."""

    def __init__(self) -> None:
        self.failures = 0
        self.probe_at = 0.0
        self.probing = False
        self.heard = False
        self.planned: DelayedCall | None = None
        self.announced_at: float | None = None
        self.apart_s: float | None = None
        self.since_ms: int | None = None
        self.last_answer_ms: int | None = None
        self.answered_at: float | None = None
        self.trouble: Trouble | None = None
        self.look: DelayedCall | None = None

    def unplan(self) -> None:
        """The next probe does not take place."""
        if self.planned is not None and self.planned.active():
            self.planned.cancel()
        self.planned = None


class Peers:
    """`rng` draws the jitter. Callbacks are called by the clock's `callLater(0)`, never within a call of these."""

    def __init__(self, clock: Clock, wall_ms: WallMs, rng: Chance, limits: PeerLimits = PeerLimits()) -> None:
        self._clock: Final = clock
        self._wall_ms: Final = wall_ms
        self._rng: Final = rng
        self._limits: Final = limits
        self._peers: Final[dict[str, _Peer]] = {}
        self._listeners: Final[list[Listener]] = []
        self._of_returns: Final[list[Listener]] = []
        self._of_silence: Final[list[FellSilent]] = []
        self._alarms: Final[list[ClockAlarm]] = []
        self._clock_listeners: Final[list[Listener]] = []
        self._probe: Probe | None = None
        self.clocks: Final = PeerClocks(clock, wall_ms)

    def on_recovery(self, callback: Listener) -> None:
        """`callback(peer)` when a failing peer answered again, or was heard: a good time to send what waits."""
        self._listeners.append(callback)

    def on_return(self, callback: Listener) -> None:
        """`callback(peer)` when a peer that was down answered again: it may be another version by now."""
        self._of_returns.append(callback)

    def on_silence(self, callback: FellSilent) -> None:
        """`callback(peer, why)` when a peer went down."""
        self._of_silence.append(callback)

    def on_clocks_apart(self, callback: ClockAlarm) -> None:
        """`callback(peer, apart_s)` each time the clocks are found to have come too far apart."""
        self._alarms.append(callback)

    def on_clock_unknown(self, callback: Listener) -> None:
        """`callback(peer)` when a peer calls whose clock was not measured lately."""
        self._clock_listeners.append(callback)

    # --- does it answer? -------------------------------------------------------------------------------------

    def is_up(self, peer: str) -> bool:
        """Whether it answers, as far as is known: for the status page, never for a decision to call."""
        return self._of(peer).failures < self._limits.failures_until_down

    def is_down(self, peer: str) -> bool:
        """Whether a call now would be refused at once: down, and not to be probed by whoever asks next."""
        state = self._of(peer)
        due = self._probe is None and not state.probing and self._clock.seconds() >= state.probe_at
        return not self.is_up(peer) and not due

    def view(self, peer: str) -> PeerView:
        """For the status page."""
        state = self._of(peer)
        return PeerView(self.is_up(peer), state.since_ms, state.last_answer_ms, state.trouble, state.apart_s)

    def failures(self, peer: str) -> int:
        """How many calls failed since the last answer."""
        return self._of(peer).failures

    def admit(self, peer: str) -> bool:
        """Whether a question may go out now. If probing has not started (`start_probing`), one question to a peer
        that is down may go out as the probe. It must end in `answered`, `spoke`, `failed` or `abandoned`."""
        if self.is_down(peer):
            return False
        if not self.is_up(peer):
            self._of(peer).probing = True
        return True

    def answered(self, peer: str, their_sent_at_ms: int, our_sent_ms: int, our_received_ms: int) -> None:
        """It answered a call of ours. The instants are of the wall clocks: ours before the call, theirs, ours after
        it."""
        self.spoke(peer)
        self.clocks.answered(peer, their_sent_at_ms, our_sent_ms, our_received_ms)
        # The smallest difference that fits: the answer was sent between our two instants.
        if our_received_ms >= our_sent_ms:
            honest_ms = min(max(their_sent_at_ms, our_sent_ms), our_received_ms)
            self._clock_seen(peer, (their_sent_at_ms - honest_ms) / 1000)

    def spoke(self, peer: str, trouble: Trouble | None = None) -> None:
        """It answered a call of ours in some way; `trouble`: an answer that is no use ("you may not")."""
        state = self._of(peer)
        state.last_answer_ms, state.answered_at = self._wall_ms(), self._clock.seconds()
        state.trouble = trouble
        was_failing, was_up = state.failures > 0, self.is_up(peer)
        state.failures = 0
        self._question_ended(state)
        state.unplan()
        if was_failing:
            self._announce(peer, self._listeners)
        if not was_up:
            state.since_ms = self._wall_ms()
            self._announce(peer, self._of_returns)

    def failed(self, peer: str, trouble: Trouble = Trouble.NO_ANSWER) -> None:
        """No answer came to a call of ours."""
        state = self._of(peer)
        was_up = self.is_up(peer)
        state.failures += 1
        state.trouble = trouble
        if was_up and not self.is_up(peer):
            state.since_ms = self._wall_ms()
            for callback in self._of_silence:
                self._clock.callLater(0, callback, peer, trouble)
        # Other calls that were under way say nothing new.
        if (self._question_ended(state) or was_up) and not self.is_up(peer):
            self._pause(peer)

    def abandoned(self, peer: str) -> None:
        """The asker gave up the call, so nothing is known."""
        self._question_ended(self._of(peer))

    def heard_from(self, peer: str) -> None:
        """It called us: probe it now. At most once in `probe_every_s`; during a one-way cut every call would cause a
        probe."""
        state, now = self._of(peer), self._clock.seconds()
        if state.failures == 0:
            return
        if state.announced_at is not None and now - state.announced_at < self._limits.probe_every_s:
            return
        state.announced_at = now
        state.heard = state.probing
        self._plan_probe(peer, 0.0)
        self._announce(peer, self._listeners)

    def _question_ended(self, state: _Peer) -> bool:
        """Whether it may have been the probe."""
        was_probe = state.probing and self._probe is None
        if was_probe:
            state.probing = False
        return was_probe

    # --- probes ----------------------------------------------------------------------------------------------

    def start_probing(self, probe: Probe, members: Iterable[str]) -> None:
        """From now on peers that are down are probed, and those of `members` that are quiet. `probe(peer)` makes one
        call and ends soon."""
        self._probe = probe
        for peer, state in self._peers.items():
            state.probing = False
            self._plan_probe(peer, 0.0)
        for peer in members:
            self._look_within(peer, self._limits.probe_every_s)

    def stop_probing(self) -> None:
        """No more probes."""
        self._probe = None
        for state in self._peers.values():
            _end_probing(state)

    def watch(self, peer: str) -> None:
        """It has become a member while probing goes on."""
        if self._probe is not None:
            self._look_within(peer, self._limits.probe_every_s)

    def forget(self, peer: str) -> None:
        """It is a member no longer: nothing is known of it, and it is not probed."""
        self.clocks.forget(peer)
        state = self._peers.pop(peer, None)
        if state is not None:
            _end_probing(state)

    def _pause(self, peer: str) -> None:
        self._plan_probe(peer, self._limits.probe_every_s * self._rng.uniform(0.75, 1.25))

    def _plan_probe(self, peer: str, after_s: float) -> None:
        """Replaces the planned probe. A probe that is under way plans the next one when it ends."""
        state = self._of(peer)
        state.unplan()
        state.probe_at = self._clock.seconds() + after_s
        if self._probe is not None and not self.is_up(peer) and not state.probing:
            state.planned = self._clock.callLater(after_s, self._ask, peer)

    def _ask(self, peer: str) -> None:
        if self._probe is not None:
            self._of(peer).probing = True
            self._probe(peer).addBoth(self._asked, peer)

    def _asked(self, result: object, peer: str) -> None:
        """`spoke` or `failed` has already been called with its result."""
        state = self._of(peer)
        heard, state.heard, state.probing = state.heard, False, False
        if heard:
            self._plan_probe(peer, 0.0)
        elif not self.is_up(peer):
            self._pause(peer)
        if isinstance(result, Failure):
            result.trap(PeerUnreachable, NotPermitted, CancelledError)

    def _look_within(self, peer: str, within_s: float) -> None:
        """Look soon whether it is quiet; with jitter, so that a city's nodes do not ask at the same time."""
        if self._limits.quiet_after_s > 0:
            after_s = within_s * self._rng.uniform(0.75, 1.25)
            _end_look(self._of(peer))
            self._of(peer).look = self._clock.callLater(after_s, self._look, peer)

    def _look(self, peer: str) -> None:
        state, quiet_after_s = self._of(peer), self._limits.quiet_after_s
        silent_s = quiet_after_s if state.answered_at is None else self._clock.seconds() - state.answered_at
        if state.probing or not self.is_up(peer):
            self._look_within(peer, quiet_after_s)
        elif silent_s < quiet_after_s and not state.failures:
            self._look_within(peer, quiet_after_s - silent_s)
        elif self._probe is not None:
            state.probing = True
            self._probe(peer).addBoth(self._looked, peer)

    def _looked(self, result: object, peer: str) -> None:
        """One that fails is asked again soon: it is up until it has failed often enough."""
        self._asked(result, peer)
        if self._probe is not None:
            failing = 0 < self._of(peer).failures < self._limits.failures_until_down
            self._look_within(peer, self._limits.probe_every_s if failing else self._limits.quiet_after_s)

    # --- clocks ----------------------------------------------------------------------------------------------

    def clock_seen(self, peer: str, apart_s: float) -> None:
        """The peer called us, and its wall clock seemed to be `apart_s` ahead of ours (negative: behind, or far)."""
        self.clocks.heard(peer, apart_s * 1000)
        self._clock_seen(peer, apart_s)
        if not self.clocks.is_known(peer, MEASURE_EVERY_S):
            self._announce(peer, self._clock_listeners)

    def _clock_seen(self, peer: str, apart_s: float) -> None:
        state, limit = self._of(peer), self._limits.alarm_apart_s
        was_near = state.apart_s is None or abs(state.apart_s) < limit
        state.apart_s = apart_s
        if was_near and abs(apart_s) >= limit:
            for callback in self._alarms:
                self._clock.callLater(0, callback, peer, apart_s)

    def clock_apart_s(self, peer: str) -> float | None:
        """How far its wall clock is ahead of ours, in seconds: the smallest value that fits the last answer. None:
        not known."""
        return self._of(peer).apart_s

    def wall_ms(self) -> int:
        """Our wall clock, against which theirs is held."""
        return self._wall_ms()

    def _announce(self, peer: str, listeners: list[Listener]) -> None:
        for callback in listeners:
            self._clock.callLater(0, callback, peer)

    def _of(self, peer: str) -> _Peer:
        if peer not in self._peers:
            self._peers[peer] = _Peer()
        return self._peers[peer]


def _end_probing(state: _Peer) -> None:
    state.unplan()
    _end_look(state)


def _end_look(state: _Peer) -> None:
    if state.look is not None and state.look.active():
        state.look.cancel()
