"""What a seed draws for a storm."""

from __future__ import annotations

from random import Random

import pytest

from kiosk_sim.storm.plan import draw

CODES = ("A", "B", "C", "D")


def test_a_seed_draws_the_same_storm_again_and_another_seed_another_one() -> None:
    assert draw(Random("1"), CODES, 300) == draw(Random("1"), CODES, 300)
    assert draw(Random("1"), CODES, 300) != draw(Random("2"), CODES, 300)


@pytest.mark.parametrize("seed", range(20))
def test_every_fault_is_over_when_its_era_is(seed: int) -> None:
    for era in draw(Random(seed), CODES, 200):
        assert era.faults
        for fault in era.faults:
            assert fault.at_s > 0
            assert fault.at_s + fault.for_s <= era.seconds
            assert all(one != other for one, other in fault.pairs)
            assert bool(fault.pairs) == (fault.kind == "cut")


@pytest.mark.parametrize("seconds", [12, 60, 600])
def test_the_first_loans_are_overdue_in_the_second_era_and_nothing_follows_the_last(seconds: int) -> None:
    eras = draw(Random("1"), CODES, seconds)
    assert len(eras) >= 2
    assert eras[0].days == 31
    assert [era.days > 0 for era in eras] == [True] * (len(eras) - 1) + [False]
    assert sum(era.seconds for era in eras) == pytest.approx(seconds)


def test_a_long_storm_has_every_kind_of_fault() -> None:
    faults = [fault for era in draw(Random("1"), CODES, 600) for fault in era.faults]
    assert {fault.kind for fault in faults} == {"kill", "stop", "cut", "disk"}
    assert {fault.how for fault in faults if fault.kind == "cut"} == {"refused", "silent", "answers"}
