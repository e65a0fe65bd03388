"""Guesses at a PIN are slowed down where they are made, and nowhere else."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from node.service.throttle import (
    BURST,
    EVERY_S,
    FORGOTTEN_AFTER_S,
    LIBRARY_PACE,
    TERMINAL_PACE,
    LibraryThrottle,
    PinThrottle,
)

FREE_TRIES, PAUSES_S, CARDS_KEPT = TERMINAL_PACE.free_tries, TERMINAL_PACE.pauses_s, TERMINAL_PACE.cards_kept


@pytest.fixture
def clock() -> Clock:
    return Clock()


def guess(throttle: PinThrottle, times: int, terminal: str = "sc1", card: str = "A") -> list[bool]:
    return [throttle.admits(terminal, card) for _ in range(times)]


def test_the_first_wrong_pins_cost_nothing_and_then_the_pauses_grow(clock: Clock) -> None:
    throttle = PinThrottle(clock)
    assert guess(throttle, FREE_TRIES + 2) == [True] * (FREE_TRIES + 1) + [False]
    for pause_s in PAUSES_S:
        clock.advance(pause_s - 0.01)
        assert not throttle.admits("sc1", "A")
        clock.advance(0.01)
        assert throttle.admits("sc1", "A")
    clock.advance(PAUSES_S[-1])
    assert throttle.admits("sc1", "A")


def test_another_terminal_and_another_card_are_served_at_once(clock: Clock) -> None:
    throttle = PinThrottle(clock)
    guess(throttle, 20)
    assert not throttle.admits("sc1", "A")
    assert throttle.admits("sc2", "A")
    assert throttle.admits("sc1", "B")


def test_the_right_pin_ends_the_pauses(clock: Clock) -> None:
    throttle = PinThrottle(clock)
    guess(throttle, 4)
    clock.advance(PAUSES_S[0])
    assert throttle.admits("sc1", "A")
    throttle.right("sc1", "A")
    assert guess(throttle, FREE_TRIES + 1) == [True] * (FREE_TRIES + 1)


def test_a_pin_that_could_not_be_checked_is_no_wrong_one(clock: Clock) -> None:
    throttle = PinThrottle(clock)
    for _ in range(50):
        assert throttle.admits("sc1", "A")
        throttle.unchecked("sc1", "A")


def test_no_pause_is_longer_than_the_last_and_quiet_makes_it_forgotten(clock: Clock) -> None:
    throttle = PinThrottle(clock)
    for _ in range(50):
        throttle.admits("sc1", "A")
        clock.advance(PAUSES_S[-1])
    assert throttle.admits("sc1", "A")
    clock.advance(FORGOTTEN_AFTER_S)
    assert guess(throttle, FREE_TRIES + 1) == [True] * (FREE_TRIES + 1)


def test_the_memory_of_a_terminal_is_bounded(clock: Clock) -> None:
    throttle = PinThrottle(clock)
    for number in range(CARDS_KEPT * 3):
        throttle.admits("sc1", f"card {number}" + "x" * 1000)
    kept = throttle._places["sc1"]
    assert len(kept) == CARDS_KEPT
    assert max(map(len, kept)) <= 64


# --- at the home ---------------------------------------------------------------------------------------------------


def test_a_library_that_guesses_at_one_card_waits_and_another_library_does_not(clock: Clock) -> None:
    throttle = LibraryThrottle(clock)
    tries = LIBRARY_PACE.free_tries + 1
    assert [throttle.admits("CQCQ", "A") for _ in range(tries + 1)] == [True] * tries + [False]
    assert throttle.admits("CQCQ", "B")
    assert throttle.admits("CQBB", "A")


def test_a_library_that_guesses_at_all_cards_has_so_many_tries_and_then_one_now_and_then(clock: Clock) -> None:
    throttle = LibraryThrottle(clock)
    assert sum(throttle.admits("CQCQ", f"card {number}") for number in range(BURST * 2)) == BURST
    clock.advance(10 * EVERY_S)
    assert sum(throttle.admits("CQCQ", f"other {number}") for number in range(BURST)) == 10
    assert throttle.admits("CQBB", "card 1")


def test_right_pins_and_those_that_could_not_be_checked_cost_a_library_nothing(clock: Clock) -> None:
    throttle = LibraryThrottle(clock)
    for number in range(BURST * 3):
        assert throttle.admits("CQCQ", f"card {number}")
        (throttle.right if number % 2 else throttle.unchecked)("CQCQ", f"card {number}")


def test_a_right_pin_ends_the_pauses_of_its_card_at_that_library(clock: Clock) -> None:
    throttle = LibraryThrottle(clock)
    tries = LIBRARY_PACE.free_tries + 1
    assert [throttle.admits("CQCQ", "A") for _ in range(tries + 1)] == [True] * tries + [False]
    clock.advance(LIBRARY_PACE.pauses_s[0])
    assert throttle.admits("CQCQ", "A")
    throttle.right("CQCQ", "A")
    assert [throttle.admits("CQCQ", "A") for _ in range(tries + 1)] == [True] * tries + [False]


def test_a_pin_that_could_not_be_checked_brings_its_card_no_pause_at_that_library(clock: Clock) -> None:
    throttle = LibraryThrottle(clock)
    for _ in range(50):
        assert throttle.admits("CQCQ", "A")
        throttle.unchecked("CQCQ", "A")


def test_no_card_is_forgotten_by_being_pushed_out_by_others() -> None:
    assert LIBRARY_PACE.cards_kept > BURST + FORGOTTEN_AFTER_S / EVERY_S
