"""The nightly timer, and where the comparison's outcome goes."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from node.nightly import SPREAD_S, ComparisonReport, Nightly
from node.observe.metrics import Metrics
from node.service.delivery.differences import Difference, Kind

TEN_MS = 1_772_416_800_000  # 2026-03-02 10:00 in Shanghai
HOUR_S = 3600.0


class Log:
    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []

    def event(self, name: str, /, **fields: object) -> None:
        self.events.append((name, fields))

    def accident(self, name: str, failure: Failure, /, **fields: object) -> None:
        self.events.append((name, {"accident": type(failure.value).__name__}))


class Late:
    """Chance that draws the latest moment."""

    def uniform(self, a: float, b: float, /) -> float:
        return b


class Night:
    """A timer for three o'clock on a clock that begins at ten in the morning."""

    def __init__(self, outcome: Any = succeed) -> None:
        self.clock = Clock()
        self.log = Log()
        self.calls: list[float] = []
        self._outcome = outcome
        self.nightly = Nightly(3, self._work, clock=self.clock, wall_ms=self.wall_ms, rng=Late(), log=self.log)

    def wall_ms(self) -> int:
        return TEN_MS + int(self.clock.seconds() * 1000)

    def _work(self) -> Deferred[object]:
        self.calls.append(self.clock.seconds() / HOUR_S)
        result: Deferred[object] = self._outcome(None)
        return result


def test_it_strikes_once_a_night_at_its_hour_and_up_to_an_hour_later() -> None:
    night = Night()
    night.nightly.start()
    night.clock.advance(17 * HOUR_S + SPREAD_S - 1)
    assert night.calls == []
    night.clock.advance(2)
    assert night.calls == [pytest.approx(18, abs=0.01)]
    for _ in range(48):
        night.clock.advance(HOUR_S)
    assert night.calls == [pytest.approx(18, abs=0.01), pytest.approx(42, abs=0.01), pytest.approx(66, abs=0.01)]


def test_an_accident_of_one_night_is_told_and_does_not_end_the_next() -> None:
    night = Night(lambda _none: fail(ValueError("bad")))
    night.nightly.start()
    for _ in range(48):
        night.clock.advance(HOUR_S)
    assert len(night.calls) == 2
    assert night.log.events == [("nightly", {"accident": "ValueError"})] * 2


def test_once_stopped_it_never_strikes() -> None:
    night = Night()
    night.nightly.start()
    night.nightly.stop()
    night.nightly.stop()
    night.clock.advance(100 * HOUR_S)
    assert night.calls == []


def test_the_outcome_of_a_comparison_is_counted_and_logged() -> None:
    metrics, log = Metrics((), ("CQBB",), ()), Log()
    report = ComparisonReport("CQSPB", log, metrics)
    report.compared("CQBB", 2)
    report.compared("CQSPB", 1)
    report.silent("CQCQ", "down")
    report.differs(Difference("CQBB", Kind.PLACE_DIFFERS, "op", "due"))
    report.repaired(Difference("CQBB", Kind.FINE_NOT_MIRRORED, "fine"))
    for peer, count in (("CQBB", 2), ("own", 1)):
        assert metrics.registry.get_sample_value("tongjie_comparison_differences", {"peer": peer}) == count
    assert log.events == [
        ("compared", {"peer": "CQBB", "count": 2}),
        ("compared", {"peer": "CQSPB", "count": 1}),
        ("not_compared", {"peer": "CQCQ", "why": "down"}),
        ("difference", {"peer": "CQBB", "kind": "place_differs", "why": "due", "op": "op"}),
        ("difference_repaired", {"peer": "CQBB", "kind": "fine_not_mirrored", "fine": "fine"}),
    ]
