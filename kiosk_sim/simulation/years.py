"""The years after a storm: months pass in which nothing happens but nights, and then people come again.

They are drawn from a stream of their own, so that what came before is the same history with and without them.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk_sim.simulation.faults.weather import DAY_S
from kiosk_sim.simulation.plan import Action, draw_visit
from kiosk_sim.simulation.streams import Random
from kiosk_sim.simulation.world import World

SHARE = 0.2
"""So many histories go on for years: each of them is lived twice, once with nights and once without."""
FIRST_LATER = 2_000_000
NIGHT_EVERY_S = 20 * DAY_S
DAYS_S = 3 * DAY_S
"""How long people are about each time."""
_GAPS_S = tuple(days * DAY_S for days in (33, 70, 150, 390, 440, 800))
_WISHES = (*("borrow",) * 4, *("return",) * 3, "drop", "renew", "pay", "look", "reserve")


@dataclass(frozen=True, slots=True)
class Later:
    """After `gap_s`: `actions`, by their time since then. `again`: so many of the requests that kiosks once made off
    line come again, by chance numbers between 0 and 1."""

    gap_s: float
    actions: tuple[Action, ...]
    again: tuple[float, ...]


def draw_years(rng: Random, world: World) -> tuple[Later, ...]:
    """Most histories have none."""
    if rng.random() >= SHARE:
        return ()
    return tuple(_later(rng, world, FIRST_LATER + 1_000 * number) for number in range(rng.choice((1, 2, 3))))


def _later(rng: Random, world: World, first: int) -> Later:
    gap_s = rng.choice(_GAPS_S) * rng.uniform(0.9, 1.1)
    times = [rng.uniform(0.0, DAYS_S - 0.2 * DAY_S) for _ in range(rng.choice((3, 6, 9)))]
    actions = [
        draw_visit(rng, world, first + number, at_s, tuple(rng.choices(_WISHES, k=rng.choice((1, 2, 3)))))
        for number, at_s in enumerate(sorted(times))
    ]
    reader = rng.randrange(len(world.readers))
    actions.append(Action(first + 500, rng.uniform(0.0, DAYS_S / 2), "debt", world.codes[0], reader))
    return Later(gap_s, tuple(actions), tuple(rng.random() for _ in range(3)))


def is_off_line(data: object) -> bool:
    """Whether a kiosk tells by these bytes what it lent or took back off line."""
    assert isinstance(data, bytes)
    return (data[:2] == b"11" and data[3:4] == b"Y") or (data[:2] == b"09" and data[2:3] == b"Y")
