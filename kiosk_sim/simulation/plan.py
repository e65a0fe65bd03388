"""What people are going to do in one history: drawn from the seed before it begins, carried out as things turn out.

An action says who goes where when and with what in mind; what exactly happens there depends on what the books say
then, drawn from a stream of the action's own. So a history can be run again with fewer actions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kiosk_sim.simulation.faults.weather import CALM, DAY_S, Moment, Weather, draw_jumps, draw_weather
from kiosk_sim.simulation.streams import Random, stream
from kiosk_sim.simulation.world import World, draw_world

DEFAULT_STEPS = 60
FIRST_LIE = 1_000_000
"""Lies are numbered apart, so that they change nothing about the other actions."""
OFF_LINE = 0.12
"""In so many visits a kiosk goes on without its node and tells it later (no block)."""


@dataclass(frozen=True, slots=True)
class Action:
    """`number` names its stream. `kind`: "visit" (`wishes`, at `branch`), "suspend" and "reactivate" (by the home's
    staff), "block" and "enable" (at a terminal), "truck", "night", "debt": the reader goes where a fee is owed and
    pays it; or "lie": the library `branch` says what is not so about the reader. `cut_off`: the branch has no line
    to anybody then, for days."""

    number: int
    at_s: float
    kind: str
    branch: str
    reader: int
    wishes: tuple[str, ...] = ()
    cut_off: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """One history before it is lived."""

    seed: int
    steps: int
    libraries: int | None
    world: World
    actions: tuple[Action, ...]
    weather: Weather
    end_s: float

    def name(self) -> str:
        return f"{self.seed}"


def draw(seed: int, steps: int = DEFAULT_STEPS, libraries: int | None = None) -> Scenario:
    """The history of a seed: the same for the same arguments."""
    world = draw_world(stream(seed, "world"), libraries)
    rng = stream(seed, "plan")
    pace = rng.choice(_PACES)
    planned = pace(rng, world, steps)
    planned += _lies(stream(seed, "lies"), world, max((action.at_s for action in planned), default=0.0))
    actions = tuple(sorted(planned, key=lambda action: (action.at_s, action.number)))
    end_s = max((action.at_s for action in actions), default=0.0) + 600.0
    moments = [
        Moment(action.at_s, action.branch, action.cut_off) for action in actions if action.kind in ("visit", "block")
    ]
    weather = draw_weather(stream(seed, "weather"), world.codes, moments, end_s) if seed else CALM
    if seed:
        weather = replace(weather, jumps=draw_jumps(stream(seed, "jumps"), world.central, moments))
    return Scenario(seed, steps, libraries, world, actions, weather, end_s)


def _busy(rng: Random, world: World, steps: int) -> list[Action]:
    """A few hours or days in which readers get in each other's way."""
    end_s = rng.choice((0.02, 0.5, 3.0)) * DAY_S
    return [_action(rng, world, number, rng.uniform(0, end_s)) for number in range(steps)]


def _months(rng: Random, world: World, steps: int) -> list[Action]:
    """Ten weeks: renewals, late returns, fines, payments."""
    return [_action(rng, world, number, rng.uniform(0, 75 * DAY_S)) for number in range(steps)]


def _overdue(rng: Random, world: World, steps: int) -> list[Action]:
    """Borrowed at first, given back when it is about to be late or is, handed on and scanned again elsewhere, paid:
    the paths that a steady life never walks."""
    actions: list[Action] = []
    while len(actions) < steps * 2 // 5:
        wishes = tuple(rng.choices(("borrow", "borrow", "borrow", "renew"), k=rng.choice((1, 2, 3))))
        actions.append(draw_visit(rng, world, len(actions), rng.uniform(0, 2 * DAY_S), wishes))
    while len(actions) < steps:
        actions += _handed_on(rng, world, len(actions))
    return actions[:steps]


def _handed_on(rng: Random, world: World, number: int) -> list[Action]:
    """Given back, in a third of the cases where the news can't get out; carried elsewhere and scanned; paid there."""
    at_s = rng.uniform(28, 38) * DAY_S
    wishes = tuple(rng.choices(_LATE, k=rng.choice((1, 2, 3))))
    back = replace(draw_visit(rng, world, number, at_s, wishes), cut_off=rng.random() < 0.35)
    later_s = at_s + rng.choice((0.1, 1.2, 2.5)) * rng.uniform(0.5, 1) * DAY_S
    truck = Action(number + 1, later_s, "truck", back.branch, back.reader)
    paid_s = later_s + rng.choice((0.1, 0.2, 2.0)) * DAY_S
    return [back, truck, Action(number + 2, paid_s, "debt", back.branch, back.reader)]


_PACES = (_busy, _busy, _months, _overdue, _overdue)
_WISHES = (
    *("borrow",) * 8,
    *("return",) * 4,
    *("drop",) * 2,
    *("renew",) * 2,
    *("dash", "dash", "dash"),
    *("impatient", "pay", "look", "pay elsewhere", "pay too much", "scan"),
    *("reserve", "reserve", "give up a hold", "renew all", "jam", "jam on return", "jam on return"),
    *("leave outside", "other copy", "other copy"),
)
_LATE = ("return", "return", "drop", "leave outside", "jam on return", "renew")
_KINDS = (
    *("visit",) * 22,
    *("suspend", "reactivate", "block", "enable", "enable"),
    *("truck", "truck", "debt", "night"),
)


def _action(rng: Random, world: World, number: int, at_s: float) -> Action:
    kind = rng.choice(_KINDS)
    if kind == "visit":
        return draw_visit(rng, world, number, at_s, tuple(rng.choices(_WISHES, k=rng.choice((1, 2, 3, 4)))))
    reader = rng.randrange(len(world.readers))
    cut_off = kind == "block" and rng.random() < 0.5
    return Action(number, at_s, kind, rng.choice(world.codes), reader, cut_off=cut_off)


def _lies(rng: Random, world: World, end_s: float) -> list[Action]:
    """Of one library, in every other history."""
    liar = rng.choice(world.central)
    count = rng.choice((0, 1, 3)) if end_s else 0
    readers = [number for number, reader in enumerate(world.readers) if reader.home in world.central]
    return [
        Action(FIRST_LIE + number, rng.uniform(0, end_s), "lie", liar, rng.choice(readers)) for number in range(count)
    ]


def draw_visit(rng: Random, world: World, number: int, at_s: float, wishes: tuple[str, ...]) -> Action:
    """Mostly to a library of the card's own group; now and then to one where it is not valid."""
    reader = rng.randrange(len(world.readers))
    home = world.readers[reader].home
    near = world.central if home in world.central else (home,)
    branch = rng.choice(world.codes) if rng.random() < 0.05 else rng.choice(near)
    if rng.random() < OFF_LINE:
        wishes = (*wishes, "off line")
    return Action(number, at_s, "visit", branch, reader, wishes)


def without(scenario: Scenario, actions: Sequence[Action], weather: Weather) -> Scenario:
    """The same history with other actions and other weather."""
    return replace(scenario, actions=tuple(actions), weather=weather)
