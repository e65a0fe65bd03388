"""Under faults too, no row changes its state but as its table says; and most of what the tables have happens."""

from __future__ import annotations

from kiosk_sim.simulation.history import History
from kiosk_sim.simulation.paths.counter import PathCounter
from kiosk_sim.simulation.plan import DEFAULT_STEPS, draw
from node.observe.metrics import Metrics
from tests.node.watching import SEEN, listed, unlisted, watched

SEEDS = range(1, 11)
MOST = 0.5


def test_a_city_under_faults_keeps_to_the_tables_of_states() -> None:
    SEEN.clear()
    metrics = Metrics([], [], [])
    for seed in SEEDS:
        history = History(draw(seed, DEFAULT_STEPS, None), metrics, PathCounter())
        for library in history.libraries.values():
            watched(library.connection)
        assert not history.live().failed
    assert unlisted() == []
    changes = {(machine, before, after) for machine, before, after in listed() if before != after}
    assert len(SEEN & changes) > MOST * len(changes)
