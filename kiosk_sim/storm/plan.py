"""What goes wrong in one storm, drawn from its seed before it begins.

A storm has several *eras*; between two of them every node is down and a month or so passes, so that what was borrowed
in one is overdue in the next. How the processes then interleave is the machine's; the seed fixes the weather alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random  # noqa: TID251 - made from the seed by whoever calls
from typing import Literal

from kiosk_sim.storm.ways import CUTS, Cut

Kind = Literal["kill", "stop", "cut", "disk"]

ERA_S = 45.0
_QUIET_AT_FIRST_S = 1.0
_DAYS = (1, 29, 31, 33, 40, 300)
_KINDS: tuple[Kind, ...] = ("kill", "kill", "kill", "stop", "stop", "cut", "cut", "cut", "disk")


@dataclass(frozen=True, slots=True)
class Fault:
    """At `at_s` of its era, for `for_s`: "kill" the node of `library` and start it again afterwards; "stop" its
    process; "cut" the ways `pairs`, in the manner `how`; make its "disk" refuse to grow."""

    at_s: float
    kind: Kind
    library: str
    for_s: float
    pairs: tuple[tuple[str, str], ...] = ()
    how: Cut = "refused"


@dataclass(frozen=True, slots=True)
class Era:
    """`gently`: at its end the nodes are told to stop; else they are killed. Then `days` pass (0: it is the last)."""

    seconds: float
    faults: tuple[Fault, ...]
    gently: bool
    days: int


def draw(rng: Random, codes: Sequence[str], seconds: float) -> tuple[Era, ...]:
    """The eras of a storm of `seconds` in all; two at the least."""
    count = max(2, round(seconds / ERA_S))
    era_s = seconds / count
    return tuple(
        Era(
            seconds=era_s,
            faults=tuple(_faults(rng, codes, era_s)),
            gently=rng.random() < 0.3,
            days=0 if number == count - 1 else 31 if number == 0 else rng.choice(_DAYS),
        )
        for number in range(count)
    )


def _faults(rng: Random, codes: Sequence[str], era_s: float) -> list[Fault]:
    """One every second or three, now and then several at once."""
    faults = []
    at_s = _QUIET_AT_FIRST_S + rng.random()
    while at_s < era_s - 1.0:
        drawn = _fault(rng, codes, at_s)
        faults.append(replace(drawn, for_s=min(drawn.for_s, era_s - at_s)))
        at_s += rng.choice((0.1, 1.0, 2.0, 3.0))
    return faults


def _fault(rng: Random, codes: Sequence[str], at_s: float) -> Fault:
    kind, library = rng.choice(_KINDS), rng.choice(codes)
    match kind:
        case "kill":
            return Fault(at_s, kind, library, rng.choice((0.0, 0.0, 0.5, 3.0, 8.0)))
        case "stop":
            return Fault(at_s, kind, library, rng.choice((0.3, 1.5, 3.0, 6.0)))
        case "disk":
            return Fault(at_s, kind, library, rng.choice((0.5, 2.0, 6.0)))
    return Fault(at_s, kind, library, rng.choice((0.5, 2.0, 5.0, 15.0)), _pairs(rng, codes, library), rng.choice(CUTS))


def _pairs(rng: Random, codes: Sequence[str], one: str) -> tuple[tuple[str, str], ...]:
    """The library alone, or two apart; both ways, or one."""
    others = [code for code in codes if code != one]
    if rng.random() < 0.6:
        others = [rng.choice(others)]
    there = tuple((one, other) for other in others)
    back = tuple((other, one) for other in others)
    return rng.choice((there, back, there + back))
