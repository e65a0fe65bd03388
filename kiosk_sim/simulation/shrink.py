"""A failing history cut down: the shortest beginning that still fails, then without whatever it can do without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from kiosk_sim.simulation.faults.weather import CALM
from kiosk_sim.simulation.plan import Scenario, without

T = TypeVar("T")
Fails = Callable[[Scenario], bool]

MOST_TRIES = 150


class _Tries:
    """Counts: shrinking ends when it has cost enough."""

    def __init__(self, fails: Fails, most: int) -> None:
        self._fails = fails
        self._left = most

    def fails(self, scenario: Scenario) -> bool:
        if self._left <= 0:
            return False
        self._left -= 1
        return self._fails(scenario)


def shrunk(scenario: Scenario, fails: Fails, most_tries: int = MOST_TRIES) -> Scenario:
    """A history that still fails, with fewer actions, fewer faults and milder weather."""
    tries = _Tries(fails, most_tries)
    scenario = _shortest_beginning(scenario, tries)
    scenario = _fewer_actions(scenario, tries)
    scenario = _milder(scenario, tries)
    return _fewer_faults(scenario, tries)


def _shortest_beginning(scenario: Scenario, tries: _Tries) -> Scenario:
    """Bisected on the number of actions."""
    low, high = 0, len(scenario.actions)
    while high - low > 1:
        middle = (low + high) // 2
        if tries.fails(without(scenario, scenario.actions[:middle], scenario.weather)):
            high = middle
        else:
            low = middle
    return without(scenario, scenario.actions[:high], scenario.weather)


def _fewer_actions(scenario: Scenario, tries: _Tries) -> Scenario:
    kept = _without_chunks(scenario.actions, lambda actions: tries.fails(without(scenario, actions, scenario.weather)))
    return without(scenario, kept, scenario.weather)


def _fewer_faults(scenario: Scenario, tries: _Tries) -> Scenario:
    weather = scenario.weather
    kept = _without_chunks(
        weather.faults,
        lambda faults: tries.fails(without(scenario, scenario.actions, replace(weather, faults=tuple(faults)))),
    )
    return without(scenario, scenario.actions, replace(weather, faults=tuple(kept)))


def _milder(scenario: Scenario, tries: _Tries) -> Scenario:
    """Each kind of weather taken away, if it fails all the same."""
    for name in ("loss", "duplicate", "tail", "line_break", "power_cut", "commit_s", "jumps"):
        calmer = replace(scenario.weather, **{name: getattr(CALM, name)})
        candidate = without(scenario, scenario.actions, calmer)
        if calmer != scenario.weather and tries.fails(candidate):
            scenario = candidate
    return scenario


def _without_chunks(things: Sequence[T], still_fails: Callable[[Sequence[T]], bool]) -> Sequence[T]:
    """Leave out chunks, large ones first, as long as it still fails."""
    chunk = max(1, len(things) // 2)
    while True:
        start = 0
        while start < len(things):
            fewer = [*things[:start], *things[start + chunk :]]
            if still_fails(fewer):
                things = fewer
            else:
                start += chunk
        if chunk == 1:
            return things
        chunk = max(1, chunk // 2)
