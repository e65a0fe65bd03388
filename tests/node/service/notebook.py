"""What a node counted and logged, for tests that look."""

from __future__ import annotations

from typing import Any

from twisted.python.failure import Failure

from node.observe.logs import Json, clean
from node.observe.metrics import Metrics

KEY = b"the key of a test's digests"


class Notebook:
    """`node.observe.logs.EventLog`: what a line would hold, cleaned as the node's own log cleans it."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Json]]] = []

    def event(self, name: str, /, **fields: object) -> None:
        self.lines.append((name, clean(KEY, fields)))

    def accident(self, name: str, failure: Failure, /, **fields: object) -> None:
        self.event(name, **fields)

    def of(self, name: str) -> list[dict[str, Json]]:
        return [fields for event, fields in self.lines if event == name]


def counted(metrics: Metrics, name: str, **labels: str) -> float:
    """The sum of that metric's series with these labels; 0 if there are none."""
    samples = (sample for family in metrics.registry.collect() for sample in family.samples)
    found: Any = (each.value for each in samples if each.name == name and labels.items() <= each.labels.items())
    return float(sum(found))
