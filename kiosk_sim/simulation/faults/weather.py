"""What goes wrong in one history: drawn from the seed before it begins, and how hard it storms with it.

What is drawn once (loss, delay, ...) holds for the whole storm; a `Fault` has its moment. A history can be run again
with fewer faults: each thing draws from a stream of its own, so leaving one out does not disturb the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kiosk_sim.simulation.streams import Random

DAY_S = 86_400.0
SKEW_S = 30.0
JUMPING = 0.25
WRONG_S = (65.0, 240.0)
"""A clock so wrong that its library neither lends to others nor borrows from them; nearer than a journey takes."""

JUMPS_S = (300.0, 2 * 3600.0, 9 * 3600.0, 3 * DAY_S, 40 * DAY_S)
"""By so much a clock jumps, ahead or back, before somebody puts it right."""

FaultKind = Literal["cut", "slow", "crash", "disk", "clock", "jump"]


@dataclass(frozen=True, slots=True)
class Fault:
    """At `at_s`, for `for_s`: "cut" the way from `library` to `other`; "slow" it by up to `amount` seconds; "crash"
    the library; its "disk" refuses to be written; its wall "clock" is wrong by `amount` seconds from then on, or
    makes a "jump" by so much until it is put right."""

    at_s: float
    kind: FaultKind
    library: str
    other: str = ""
    for_s: float = 0.0
    amount: float = 0.0


@dataclass(frozen=True, slots=True)
class Weather:
    """Chances are per message, per commit, per request of a kiosk."""

    loss: float = 0.0
    duplicate: float = 0.0
    delay_s: float = 0.01
    tail: float = 0.0
    reset: float = 0.5
    line_break: float = 0.0
    power_cut: float = 0.0
    commit_s: float = 0.0
    faults: tuple[Fault, ...] = ()
    jumps: tuple[Fault, ...] = ()


CALM = Weather()


@dataclass(frozen=True, slots=True)
class Moment:
    """Something will be going on then, there: a fault far from all moments would prove nothing."""

    at_s: float
    library: str
    cut_off: bool = False


def draw_weather(rng: Random, codes: Sequence[str], moments: Sequence[Moment], end_s: float) -> Weather:
    """Weather for what will be going on."""
    force = rng.choice((0.3, 1.0, 1.0, 2.0))
    return Weather(
        loss=rng.choice((0.0, 0.02, 0.1, 0.25)) * force,
        duplicate=rng.choice((0.0, 0.1, 0.3)) * force,
        delay_s=rng.choice((0.005, 0.05, 0.4, 1.2)),
        tail=min(0.6, rng.choice((0.0, 0.0, 0.02, 0.1, 0.1, 0.5)) * force),
        reset=rng.choice((0.0, 0.5, 1.0)),
        line_break=rng.choice((0.0, 0.05, 0.15)) * force,
        power_cut=rng.choice((0.0, 0.002, 0.006)) * force,
        commit_s=rng.choice((0.0, 0.003, 0.05, 0.4)),
        faults=tuple(sorted(_faults(rng, codes, moments, end_s, force), key=lambda fault: fault.at_s)),
    )


def draw_jumps(rng: Random, codes: Sequence[str], moments: Sequence[Moment]) -> tuple[Fault, ...]:
    """In one of four histories the clock of one library jumps while somebody is there, once or twice."""
    if rng.random() > JUMPING or not moments:
        return ()
    code = rng.choice(codes)
    there = [moment for moment in moments if moment.library == code] or list(moments)
    jumps: list[Fault] = []
    for _ in range(rng.choice((1, 1, 2))):
        at_s = max(0.0, rng.choice(there).at_s - rng.choice((5.0, 600.0, 3600.0)))
        amount = rng.choice((-1, 1)) * rng.choice(JUMPS_S) * round(rng.uniform(0.9, 1.1), 3)
        jumps.append(Fault(at_s, "jump", code, for_s=rng.choice((120.0, 3600.0, 9 * 3600.0, DAY_S)), amount=amount))
    first, *more = sorted(jumps, key=lambda fault: fault.at_s)
    return (first, *(each for each in more if each.at_s > first.at_s + first.for_s))


def _faults(rng: Random, codes: Sequence[str], moments: Sequence[Moment], end_s: float, force: float) -> list[Fault]:
    wrong = rng.choice(codes) if rng.random() < 0.15 else ""
    faults = [_clock(rng, code, rng.uniform(0, end_s)) for code in codes for _ in range(rng.choice((0, 1, 3)))]
    faults += [_clock(rng, code, 0.0) for code in codes if rng.random() < 0.7]
    if wrong:
        faults = [fault for fault in faults if fault.library != wrong]
        faults.append(Fault(0.0, "clock", wrong, amount=rng.choice((-1, 1)) * round(rng.uniform(*WRONG_S), 3)))
    if not moments:
        return faults
    for moment in moments:
        if moment.cut_off:
            faults += _cut_off(codes, moment)
    late = [moment for moment in moments if moment.at_s > 20 * DAY_S] or moments
    for _ in range(round(rng.choice((1, 4, 8)) * force)):
        faults += _long_cut(rng, codes, _near(rng, rng.choice(late)))
    for _ in range(round(rng.choice((0, 8, 25)) * force)):
        faults += _ambush(rng, codes, rng.choice(moments))
    return faults


def _clock(rng: Random, code: str, at_s: float) -> Fault:
    return Fault(at_s, "clock", code, amount=round(rng.uniform(-SKEW_S, SKEW_S), 3))


def _near(rng: Random, moment: Moment) -> Moment:
    at_s = moment.at_s + rng.choice((-5.0, rng.uniform(0, 20), rng.uniform(-600, 600)))
    return Moment(max(0.0, at_s), moment.library)


def _long_cut(rng: Random, codes: Sequence[str], moment: Moment) -> list[Fault]:
    """Where somebody is, or anywhere: a library alone, or two apart; both ways, or one way only; or slow."""
    kind: FaultKind = "slow" if rng.random() < 0.2 else "cut"
    for_s = rng.choice((600.0, 6 * 3600.0, DAY_S, 2 * DAY_S, 4 * DAY_S))
    one = moment.library if rng.random() < 0.8 else rng.choice(codes)
    return _cut(rng, codes, kind, one, at_s=moment.at_s, for_s=for_s)


def _cut_off(codes: Sequence[str], moment: Moment) -> list[Fault]:
    others = [code for code in codes if code != moment.library]
    ways = [(moment.library, other) for other in others] + [(other, moment.library) for other in others]
    return [Fault(moment.at_s - 5.0, "cut", one, other, for_s=2.9 * DAY_S) for one, other in ways]


def _cut(rng: Random, codes: Sequence[str], kind: FaultKind, one: str, *, at_s: float, for_s: float) -> list[Fault]:
    others = [code for code in codes if code != one]
    if rng.random() < 0.5:
        others = [rng.choice(others)]
    amount = rng.choice((2.0, 4.0, 12.0))
    there = [Fault(at_s, kind, one, other, for_s, amount) for other in others]
    back = [Fault(at_s, kind, other, one, for_s, amount) for other in others]
    return rng.choice((there, back, there + back, there + back))


def _ambush(rng: Random, codes: Sequence[str], moment: Moment) -> list[Fault]:
    """Something short, in the middle of what somebody does."""
    at_s = max(0.0, moment.at_s + rng.uniform(0, 12))
    there = moment.library if rng.random() < 0.5 else rng.choice(codes)
    match rng.choice(("cut", "cut", "back", "slow", "late", "late", "late", "crash", "crash", "disk")):
        case "cut":
            return _cut(rng, codes, "cut", there, at_s=at_s, for_s=rng.choice((1.0, 5.0, 30.0)))
        case "back":  # questions arrive, answers do not
            return [Fault(at_s, "cut", other, there, for_s=5.0) for other in codes if other != there]
        case "late":  # questions overtaken by what is said after them: as long as a kiosk is kept waiting
            others = [code for code in codes if code != moment.library]
            at_s = max(0.0, rng.choice((moment.at_s - 0.2, at_s)))
            return [Fault(at_s, "slow", moment.library, other, for_s=3.7, amount=20.0) for other in others]
        case "slow":
            return _cut(rng, codes, "slow", there, at_s=at_s, for_s=rng.choice((5.0, 60.0)))
        case "disk":
            return [Fault(at_s, "disk", there, for_s=rng.choice((0.3, 3.0, 60.0, 3600.0)))]
    return [Fault(at_s, "crash", there, for_s=rng.choice((1.0, 5.0, 60.0, 3600.0, 6 * 3600.0, 2 * DAY_S)))]
