"""What this library knows of each peer: does it answer, when to try again, how far apart the clocks are.

A peer that failed `failures_until_down` times in a row is *down*: nobody waits for it. After a delay one call is let
through as a probe; if that fails the delay doubles, with jitter. An inbound call makes a probe due at once, but
does not make the peer answer: the way there may still be cut. Neither ever concludes anything about what a peer
has decided (promise 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from federation.clock import Clock, WallMs

Listener: TypeAlias = Callable[[str], None]
ClockAlarm: TypeAlias = Callable[[str, float], None]


class Chance(Protocol):
    """The part of `random.Random` that is used."""

    def uniform(self, a: float, b: float, /) -> float: ...


@dataclass(frozen=True, slots=True)
class PeerLimits:
    """`first_s`, `max_s`: the probe's delays; `alarm_apart_s`: clocks further apart raise an alarm."""

    failures_until_down: int = 5
    first_s: float = 1.0
    max_s: float = 15.0
    alarm_apart_s: float = 5.0


class _Peer:
    """One peer's state. `probe_at` is of the timers' clock, and means something only while down."""

    def __init__(self, first_s: float) -> None:
        self.failures = 0
        self.delay_s = first_s
        self.probe_at = 0.0
        self.probing = False
        self.announced_at: float | None = None
        self.apart_s: float | None = None


class Peers:
    """`rng` draws the jitter. Callbacks are called by the clock's `callLater(0)`, never within a call of these."""

    def __init__(self, clock: Clock, wall_ms: WallMs, rng: Chance, limits: PeerLimits = PeerLimits()) -> None:
        self._clock: Final = clock
        self._wall_ms: Final = wall_ms
        self._rng: Final = rng
        self._limits: Final = limits
        self._peers: Final[dict[str, _Peer]] = {}
        self._listeners: Final[list[Listener]] = []
        self._alarms: Final[list[ClockAlarm]] = []

    def on_recovery(self, callback: Listener) -> None:
        """`callback(peer)` when a failing peer answered again, or was heard: a good time to send what waits."""
        self._listeners.append(callback)

    def on_clocks_apart(self, callback: ClockAlarm) -> None:
        """`callback(peer, apart_s)` each time the clocks are found to have come too far apart."""
        self._alarms.append(callback)

    # --- does it answer? -------------------------------------------------------------------------------------

    def is_up(self, peer: str) -> bool:
        """Whether it answers, as far as is known: for the status page, never for a decision to call."""
        return self._of(peer).failures < self._limits.failures_until_down

    def is_down(self, peer: str) -> bool:
        """Whether a call now would be refused at once: down, and no probe is due."""
        state = self._of(peer)
        return not self.is_up(peer) and (state.probing or self._clock.seconds() < state.probe_at)

    def failures(self, peer: str) -> int:
        """How many calls failed since the last answer."""
        return self._of(peer).failures

    def admit(self, peer: str) -> bool:
        """Whether a call may go out now. To a peer that is down, the one admitted is the probe: it must end in
        `answered`, `spoke`, `failed` or `abandoned`."""
        if self.is_down(peer):
            return False
        self._of(peer).probing = not self.is_up(peer)
        return True

    def answered(self, peer: str, their_sent_at_ms: int, our_sent_ms: int, our_received_ms: int) -> None:
        """It answered a call of ours; all three by the wall clocks, ours before the call and after."""
        self.spoke(peer)
        # What the evidence demands at the least: the answer was sent between our two instants.
        if our_received_ms >= our_sent_ms:
            honest_ms = min(max(their_sent_at_ms, our_sent_ms), our_received_ms)
            self.clock_seen(peer, (their_sent_at_ms - honest_ms) / 1000)

    def spoke(self, peer: str) -> None:
        """It answered a call of ours in some way (even by "you may not")."""
        state = self._of(peer)
        was_failing = state.failures > 0
        state.failures, state.probing, state.delay_s = 0, False, self._limits.first_s
        if was_failing:
            self._announce(peer)

    def failed(self, peer: str) -> None:
        """No answer came to a call of ours."""
        state = self._of(peer)
        was_up = self.is_up(peer)
        state.failures += 1
        if self.is_up(peer):
            return
        if was_up or state.probing:  # other calls that were under way say nothing new
            state.probe_at = self._clock.seconds() + state.delay_s * self._rng.uniform(0.75, 1.25)
            state.delay_s = min(2 * state.delay_s, self._limits.max_s)
            state.probing = False

    def abandoned(self, peer: str) -> None:
        """The asker gave the call up: nothing is known."""
        self._of(peer).probing = False

    def heard_from(self, peer: str) -> None:
        """It called us: try it again now. At most once in `first_s`, lest a one-way cut makes every call a probe."""
        state, now = self._of(peer), self._clock.seconds()
        if state.failures == 0:
            return
        if state.announced_at is not None and now - state.announced_at < self._limits.first_s:
            return
        state.announced_at = now
        state.probe_at, state.delay_s = now, self._limits.first_s
        self._announce(peer)

    # --- clocks ----------------------------------------------------------------------------------------------

    def clock_seen(self, peer: str, apart_s: float) -> None:
        """The peer's wall clock was found `apart_s` ahead of ours (negative: behind)."""
        state, limit = self._of(peer), self._limits.alarm_apart_s
        was_near = state.apart_s is None or abs(state.apart_s) < limit
        state.apart_s = apart_s
        if was_near and abs(apart_s) >= limit:
            for callback in self._alarms:
                self._clock.callLater(0, callback, peer, apart_s)

    def clock_apart_s(self, peer: str) -> float | None:
        """How far its wall clock is ahead of ours, in seconds, at the least that was seen last; None: not known."""
        return self._of(peer).apart_s

    def wall_ms(self) -> int:
        """Our wall clock, against which theirs is held."""
        return self._wall_ms()

    def _announce(self, peer: str) -> None:
        for callback in self._listeners:
            self._clock.callLater(0, callback, peer)

    def _of(self, peer: str) -> _Peer:
        if peer not in self._peers:
            self._peers[peer] = _Peer(self._limits.first_s)
        return self._peers[peer]
