"""How far the wall clocks of other libraries are ahead of ours, as measured in calls.

A peer puts its time on each answer. That moment lies between our sending and our receiving, so each call gives two
limits, and all calls together the narrowest. They grow with time, because clocks drift, and an hour after the last call
they are forgotten. A clock that was set since contradicts them: then only what was measured later counts.

Its own calls bear its time too. They give one limit alone: it was said before we heard it.

Together they judge our own clock: see `ClockView`.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Final

from federation.clock import Clock, WallMs

KNOWN_FOR_S: Final = 3600.0
DRIFT_PER_S_MS: Final = 0.2
"""200 ppm: far more than a bad quartz."""
TRAVEL_MS: Final = 10_000
"""No call lives longer, so whatever we hear was said at most so long ago."""

APART_MS: Final = 60_000
"""Clocks further apart contradict each other."""


@dataclass(frozen=True, slots=True)
class ClockView:
    """What the clocks that were measured within the last hour say of ours. `apart`: the libraries whose clock is more
    than a minute away from it, for certain; `off_ms`: how far theirs are ahead of ours, in the middle of all."""

    measured: int = 0
    apart: tuple[str, ...] = ()
    off_ms: int = 0

    @property
    def contradicted(self) -> bool:
        """Most of them say that our clock is wrong. A library alone has nobody who could."""
        return 2 * len(self.apart) > self.measured

    @property
    def confirmed(self) -> bool:
        """Most of them agree with our clock."""
        return self.measured > 2 * len(self.apart)


@dataclass(frozen=True, slots=True)
class _Measured:
    """Limits in milliseconds of their wall clock against our timers, as of `at_s`: our own wall clock may be set.
    `ours_ms`: our wall clock against our timers then."""

    low_ms: float
    high_ms: float
    at_s: float
    ours_ms: float

    def at(self, now_s: float) -> tuple[float, float]:
        drift_ms = (now_s - self.at_s) * DRIFT_PER_S_MS
        return self.low_ms - drift_ms, self.high_ms + drift_ms


class PeerClocks:
    """By library code. `clock` are timers, which are never set; `wall_ms` is ours, which may be."""

    def __init__(self, clock: Clock, wall_ms: WallMs) -> None:
        self._clock: Final = clock
        self._wall_ms: Final = wall_ms
        self._measured: Final[dict[str, _Measured]] = {}
        self._heard: Final[dict[str, _Measured]] = {}

    def answered(self, peer: str, their_sent_at_ms: int, our_sent_ms: int, our_received_ms: int) -> None:
        """The instants of a call of ours: of our wall clock before it, of theirs, of ours after it."""
        if our_received_ms < our_sent_ms:
            return
        ours_ms, now_s = self._ours_ms(), self._clock.seconds()
        low_ms, high_ms = their_sent_at_ms - our_received_ms + ours_ms, their_sent_at_ms - our_sent_ms + ours_ms
        known = self._known(peer)
        if known is not None and known[0] <= high_ms and low_ms <= known[1]:
            low_ms, high_ms = max(low_ms, known[0]), min(high_ms, known[1])
        self._measured[peer] = _Measured(low_ms, high_ms, now_s, ours_ms)

    def heard(self, peer: str, apart_ms: float) -> None:
        """It said something whose time is `apart_ms` ahead of ours: it was said now, or a moment ago."""
        known, ours_ms, now_s = self._known(peer), self._ours_ms(), self._clock.seconds()
        if known is not None and not known[0] - TRAVEL_MS - ours_ms <= apart_ms <= known[1] - ours_ms:
            del self._measured[peer]
        low_ms, high_ms = apart_ms + ours_ms, apart_ms + ours_ms + TRAVEL_MS
        before = self._current(self._heard.get(peer))
        if before is not None and before[0] <= high_ms:  # else it was set since
            low_ms = max(low_ms, before[0])
        self._heard[peer] = _Measured(low_ms, high_ms, now_s, ours_ms)

    def forget(self, peer: str) -> None:
        """It is a member no longer."""
        self._measured.pop(peer, None)
        self._heard.pop(peer, None)

    def view(self) -> ClockView:
        """What they say of our clock, since it was set last."""
        limits = {peer: found for peer in {**self._measured, **self._heard} if (found := self._since_set(peer))}
        apart = tuple(sorted(peer for peer, (low, high) in limits.items() if low > APART_MS or high < -APART_MS))
        ahead_ms = [(low + high) / 2 for low, high in limits.values()]
        return ClockView(len(limits), apart, round(median(ahead_ms)) if ahead_ms else 0)

    def set_since(self) -> list[str]:
        """Those that were measured before our own clock was set: whether it is right is not known until they are
        measured again."""
        return [peer for peer in self._measured if self._known(peer) is not None and self._since_set(peer) is None]

    def _since_set(self, peer: str) -> tuple[float, float] | None:
        """Limits of how far its clock is ahead of ours, told since ours was set last."""
        ours_ms = self._ours_ms()
        for told in (self._measured.get(peer), self._heard.get(peer)):
            limits = self._current(told)
            if told is not None and limits is not None and abs(ours_ms - told.ours_ms) <= APART_MS:
                return limits[0] - ours_ms, limits[1] - ours_ms
        return None

    def is_known(self, peer: str, for_s: float) -> bool:
        """Whether it was measured, and will be known for so long."""
        measured = self._measured.get(peer)
        return measured is not None and self._clock.seconds() - measured.at_s <= KNOWN_FOR_S - for_s

    def limits_ms(self, peer: str) -> tuple[float, float] | None:
        """How far its wall clock is ahead of ours, at the least and at the most. None: not known."""
        known, ours_ms = self._known(peer), self._ours_ms()
        return None if known is None else (known[0] - ours_ms, known[1] - ours_ms)

    def at_least_ms(self, peer: str) -> float | None:
        """How far its wall clock is ahead of ours, at the least: as measured, or as its own calls say. None: not
        known."""
        known = self._known(peer) or self._current(self._heard.get(peer))
        return None if known is None else known[0] - self._ours_ms()

    def _known(self, peer: str) -> tuple[float, float] | None:
        return self._current(self._measured.get(peer))

    def _current(self, measured: _Measured | None) -> tuple[float, float] | None:
        now_s = self._clock.seconds()
        return None if measured is None or now_s - measured.at_s > KNOWN_FOR_S else measured.at(now_s)

    def _ours_ms(self) -> float:
        """Our wall clock against our timers."""
        return self._wall_ms() - self._clock.seconds() * 1000
