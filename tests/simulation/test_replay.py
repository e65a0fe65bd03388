"""The same seed is the same history, in any process; a failing one is cut down to what matters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from kiosk_sim.simulation.history import Outcome
from kiosk_sim.simulation.run import Runner, Wish
from kiosk_sim.simulation.shrink import shrunk

ROOT = Path(__file__).resolve().parent.parent.parent
DIGEST = """
from kiosk_sim.simulation.run import Runner, Wish
runner = Runner(Wish(steps=30))
print(*(runner.live(runner.scenario(seed)).trace.digest() for seed in (3, 4, 5)))
"""


def digests(hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", DIGEST], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_a_seed_is_the_same_history_whatever_the_order_of_sets() -> None:
    assert digests("1") == digests("2") != ""


def test_a_history_lived_twice_in_one_process_is_the_same() -> None:
    runner = Runner(Wish(steps=30))
    first, second = (runner.live(runner.scenario(8)) for _ in range(2))
    assert first.trace is not None
    assert second.trace is not None
    assert first.trace.events == second.trace.events


def test_two_seeds_are_two_histories() -> None:
    runner = Runner(Wish(steps=30))
    first, second = (runner.live(runner.scenario(seed)) for seed in (8, 9))
    assert first.trace is not None
    assert second.trace is not None
    assert first.trace.digest() != second.trace.digest()


def first_failure(runner: Runner) -> Outcome:
    return next(outcome for seed in range(1, 50) if (outcome := runner.live(runner.scenario(seed))).failed)


def test_a_failing_history_is_cut_down_and_still_fails() -> None:
    runner = Runner(Wish(plant="home_counts_not_restored"))
    scenario = runner.scenario(first_failure(runner).seed)
    least = shrunk(scenario, lambda candidate: runner.live(candidate).failed, most_tries=60)
    assert runner.live(least).failed
    assert len(least.actions) < len(scenario.actions) / 4
    assert len(least.weather.faults) <= len(scenario.weather.faults)


def test_a_trace_reads_who_asked_whom_what_and_what_each_screen_said() -> None:
    runner = Runner(Wish(steps=30))
    outcome = runner.live(runner.scenario(3))
    assert outcome.trace is not None
    text = "\n".join(outcome.trace.lines())
    for word in ("hold_place PlaceQuestion(", "deliver ", "committed", " asks: 11", " hears: 12", "starts (life 1)"):
        assert word in text


def test_a_trace_shows_no_card_number_in_a_question() -> None:
    runner = Runner(Wish(steps=30))
    outcome = runner.live(runner.scenario(3))
    assert outcome.trace is not None
    asked = [line for line in outcome.trace.lines() if "PlaceQuestion(" in line]
    assert asked
    assert not any("card='2350" in line for line in asked)
