"""Histories lived side by side: they have nothing to do with each other, so each processor lives some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context

from kiosk_sim.simulation.history import Outcome
from kiosk_sim.simulation.run import Runner, Summary, Wish

AT_ONCE = 40
"""So many histories are one piece of work."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """What came of some histories: `told` are those that failed, or all if digests are wished for; without traces."""

    summary: Summary
    told: tuple[Outcome, ...]


_runners: dict[Wish, Runner] = {}


def _live(wish: Wish, seeds: Sequence[int]) -> _Piece:
    """In a process of its own."""
    if wish not in _runners:
        _runners[wish] = Runner(wish)
    told: list[Outcome] = []

    def tell(outcome: Outcome) -> bool:
        if outcome.failed or wish.digests:
            told.append(replace(outcome, trace=None))
        return True

    return _Piece(_runners[wish].run(seeds, lambda: 0.0, tell), tuple(told))


def run_many(
    wish: Wish, seeds: Sequence[int], jobs: int, seconds: Callable[[], float], told: Callable[[Outcome], bool]
) -> Summary:
    """As `Runner.run` with `jobs` processes. `told` hears in the order of seeds: of histories that failed, or of all if
    digests are wished for."""
    summary, began = Summary(), seconds()
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        pieces = [pool.submit(_live, wish, piece) for piece in _pieces(seeds)]
        for piece in pieces:
            lived = piece.result()
            summary.merge(lived.summary)
            if not all(told(outcome) for outcome in lived.told):
                pool.shutdown(wait=False, cancel_futures=True)
                break
    summary.seconds = seconds() - began
    return summary


def _pieces(seeds: Sequence[int]) -> Iterator[Sequence[int]]:
    return (seeds[start : start + AT_ONCE] for start in range(0, len(seeds), AT_ONCE))
