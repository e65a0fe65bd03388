"""Many histories, one after the other: what came of them, and how to look at one that went wrong."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from kiosk_sim.simulation.checks.forgotten import what_was_forgotten
from kiosk_sim.simulation.digest import sip2_of
from kiosk_sim.simulation.history import History, Outcome
from kiosk_sim.simulation.paths.counter import PathCounter
from kiosk_sim.simulation.plan import DEFAULT_STEPS, Scenario, draw
from kiosk_sim.simulation.plants.promises import PLANTS
from node.observe.metrics import Metrics

COLLECT_EVERY = 8
MOST = 5
"""Violations of one kind that are told."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to run. `libraries` None: drawn from the seed. `plant`: the name of a planted fault, "" for none.
    `digests`: each outcome carries its digest."""

    steps: int = DEFAULT_STEPS
    libraries: int | None = None
    plant: str = ""
    digests: bool = False

    def command(self, seed: int) -> str:
        """The command line that lives this history again and prints it."""
        parts = [f"tongjie simulate --seeds {seed}..{seed} --trace"]
        if self.steps != DEFAULT_STEPS:
            parts.append(f"--steps {self.steps}")
        if self.libraries is not None:
            parts.append(f"--libraries {self.libraries}")
        if self.plant:
            parts.append(f"--plant {self.plant}")
        return " ".join(parts)


@dataclass(slots=True)
class Summary:
    """The sums over all histories; `seconds` is the computer's time."""

    seeds: int = 0
    operations: int = 0
    faults: int = 0
    violations: int = 0
    unfinished: int = 0
    seconds: float = 0.0
    paths: PathCounter = field(default_factory=PathCounter)

    def add(self, outcome: Outcome) -> None:
        self.seeds += 1
        self.operations += outcome.operations
        self.faults += outcome.faults
        self.violations += len(outcome.violations)
        self.unfinished += len(outcome.unfinished)

    def merge(self, other: Summary) -> None:
        """Histories that were lived elsewhere; the time is not theirs."""
        for name in ("seeds", "operations", "faults", "violations", "unfinished"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.paths.counts.update(other.paths.counts)

    def never_walked(self) -> list[str]:
        """Rare paths that so many histories should have walked and did not."""
        return self.paths.never_walked(self.seeds)

    @property
    def failed(self) -> bool:
        return bool(self.violations or self.unfinished or self.never_walked())


class Runner:
    """Lives histories. The collector of garbage is run after each, not within: a history is short."""

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        self._plant = PLANTS[wish.plant] if wish.plant else None
        self._metrics = Metrics([], [], [])
        self._lived = 0
        gc.collect()
        gc.freeze()

    def scenario(self, seed: int) -> Scenario:
        return draw(seed, self._wish.steps, self._wish.libraries)

    def live(self, scenario: Scenario, paths: PathCounter | None = None) -> Outcome:
        gc.disable()
        self._lived += 1
        try:
            paths = PathCounter() if paths is None else paths
            history = History(scenario, self._metrics, paths, self._plant, digests=self._wish.digests)
            outcome = history.live(collect=self._lived % COLLECT_EVERY == 0)
            if history.years and not outcome.failed:
                paths.counts["years with nights"] += 1
                outcome.violations += self._beside_one_that_forgets_nothing(scenario, history)
            return outcome
        finally:
            gc.enable()

    def _beside_one_that_forgets_nothing(self, scenario: Scenario, history: History) -> list[str]:
        """The same history without nights: every request and every answer is the same, and the books differ in what was
        forgotten alone."""
        whole = History(scenario, self._metrics, PathCounter(), self._plant, forgets=False)
        whole.live(collect=False)
        found = [f"forgotten: {text}" for text in what_was_forgotten(whole.rows(), history.rows(), history.now_ms())]
        pairs = zip_longest(sip2_of(history.trace), sip2_of(whole.trace))
        for ours, theirs in pairs:
            if ours != theirs and not _lost_its_title(ours, theirs):
                return [f"nobody is answered otherwise: {ours} with nights, {theirs} without", *found[:MOST]]
        return found[:MOST]

    def run(self, seeds: Iterable[int], seconds: Callable[[], float], told: Callable[[Outcome], bool]) -> Summary:
        """`told(outcome)` hears of each history, and says whether to go on."""
        summary, began = Summary(), seconds()
        for seed in seeds:
            outcome = self.live(self.scenario(seed), summary.paths)
            summary.add(outcome)
            if not told(outcome):
                break
        summary.seconds = seconds() - began
        return summary


def _lost_its_title(ours: Any, theirs: Any) -> bool:
    """Another library's item, told again off line after months: the answer is the same, but for the title, which this
    branch has forgotten."""
    if ours is None or theirs is None or ours[:2] != theirs[:2] or b"|AJ|" not in ours[2]:
        return False
    return bool(_untitled(ours[2]) == _untitled(theirs[2]))


def _untitled(answer: bytes) -> bytes:
    """Without the title, the sequence number and the checksum."""
    return re.sub(rb"\|AJ[^|]*\|", b"|AJ|", answer.rpartition(b"AY")[0])
