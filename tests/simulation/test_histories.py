"""Two hundred histories: nothing is violated, everything finishes, and every rare path was walked."""

from __future__ import annotations

import time

import pytest

from kiosk_sim.simulation.paths.counter import RARE_PATHS
from kiosk_sim.simulation.run import Runner, Summary, Wish

SEEDS = range(1, 201)


@pytest.fixture(scope="module")
def lived() -> tuple[Summary, dict[int, list[str]]]:
    """The sums, and what went wrong by seed."""
    wrong: dict[int, list[str]] = {}

    def told(outcome: object) -> bool:
        found = [*outcome.violations, *outcome.unfinished]  # type: ignore[attr-defined]
        if found:
            wrong[outcome.seed] = found  # type: ignore[attr-defined]
        return True

    return Runner(Wish()).run(SEEDS, time.perf_counter, told), wrong


def test_no_history_violates_a_promise_or_leaves_something_unfinished(
    lived: tuple[Summary, dict[int, list[str]]],
) -> None:
    summary, wrong = lived
    assert wrong == {}
    assert summary.seeds == len(SEEDS)


def test_the_histories_are_busy_and_stormy(lived: tuple[Summary, dict[int, list[str]]]) -> None:
    summary, _wrong = lived
    assert summary.operations > 50 * summary.seeds
    assert summary.faults > summary.operations


@pytest.mark.parametrize("path", RARE_PATHS)
def test_every_rare_path_was_walked(lived: tuple[Summary, dict[int, list[str]]], path: str) -> None:
    summary, _wrong = lived
    assert summary.paths.counts[path] > 0


def test_a_city_of_twelve_comes_to_rest_too() -> None:
    summary = Runner(Wish(libraries=12)).run(range(1001, 1004), time.perf_counter, lambda _outcome: True)
    assert (summary.violations, summary.unfinished) == (0, 0)


def test_two_libraries_are_enough() -> None:
    summary = Runner(Wish(libraries=2, steps=20)).run(range(1, 4), time.perf_counter, lambda _outcome: True)
    assert (summary.violations, summary.unfinished) == (0, 0)
