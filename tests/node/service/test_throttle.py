"""Guesses at a PIN are slowed down where they are made, and nowhere else."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from node.service.throttle import (
    CARDS_KEPT,
    CHECKING_MAX,
    FORGOTTEN_AFTER_S,
    FREE_TRIES,
    LIBRARY_CARD_TRIES,
    LIBRARY_TRIES,
    NOBODYS_TRIES,
    PAUSES_S,
    TERMINAL_TRIES,
    LibraryThrottle,
    PinThrottle,
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def admits(throttle: PinThrottle, terminal: str = "sc1", card: str = "A") -> bool:
    """Whether a wrong PIN is checked there."""
    admitted = throttle.admits(terminal, card)
    if admitted:
        throttle.wrong(terminal)
    return admitted


def guess(throttle: PinThrottle, times: int, terminal: str = "sc1", card: str = "A") -> list[bool]:
    return [admits(throttle, terminal, card) for _ in range(times)]


def test_the_first_wrong_pins_cost_nothing_and_then_the_pauses_grow(clock: Clock) -> None:
    throttle = PinThrottle(clock)
    assert guess(throttle, FREE_TRIES + 2) == [True] * (FREE_TRIES + 1) + [False]
    for pause_s in PAUSES_S:
        clock.advance(pause_s - 0.01)
        assert not admits(throttle)
        clock.advance(0.01)
        assert throttle.admits("sc1", "A")
    clock.advance(PAUSES_S[-1])
    assert throttle.admits("sc1", "A")


def test_another_terminal_and_another_card_are_served_at_once(clock: Clock) -> None:
    throttle = PinThrottle(clock)
    guess(throttle, 20)
    assert not admits(throttle)
    assert admits(throttle, "sc2")
    assert admits(throttle, card="B")


def test_the_right_pin_ends_the_pauses_and_gives_back_what_was_mistyped(clock: Clock) -> None:
    throttle = PinThrottle(clock)
    for number in range(200):
        card = f"card {number}"
        guess(throttle, FREE_TRIES, card=card)
        assert throttle.admits("sc1", card)
        assert throttle.right("sc1", card) == FREE_TRIES
    assert guess(throttle, FREE_TRIES + 1) == [True] * (FREE_TRIES + 1)


def test_a_pin_that_could_not_be_checked_is_no_wrong_one(clock: Clock) -> None:
    throttle = PinThrottle(clock)
    for number in range(500):
        card = f"card {number % 5}"
        assert throttle.admits("sc1", card)
        throttle.unchecked("sc1", card)


def test_no_pause_is_longer_than_the_last_and_quiet_makes_it_forgotten(clock: Clock) -> None:
    throttle = PinThrottle(clock)
    for _ in range(50):
        admits(throttle)
        clock.advance(PAUSES_S[-1])
    assert admits(throttle)
    clock.advance(FORGOTTEN_AFTER_S)
    assert guess(throttle, FREE_TRIES + 1) == [True] * (FREE_TRIES + 1)


def test_a_terminal_has_so_many_tries_over_all_cards_and_then_one_now_and_then(clock: Clock) -> None:
    throttle = PinThrottle(clock)
    tried = [admits(throttle, card=f"card {number}") for number in range(1_000)]
    assert tried.count(True) == TERMINAL_TRIES.burst
    clock.advance(10 * TERMINAL_TRIES.every_s)
    assert sum(admits(throttle, card=f"other {number}") for number in range(1_000)) == 10
    assert admits(throttle, "sc2", "card 1")


@pytest.mark.parametrize("others", [CARDS_KEPT + 1, 10_000])
def test_the_pause_of_a_card_survives_cycling_through_others(clock: Clock, others: int) -> None:
    throttle = PinThrottle(clock)
    while admits(throttle):
        pass
    for number in range(others):
        admits(throttle, card=f"card {number}")
    assert not admits(throttle)
    assert len(throttle._places["sc1"]) <= TERMINAL_TRIES.burst


def test_no_card_of_a_terminal_is_forgotten_by_being_pushed_out_by_others() -> None:
    assert TERMINAL_TRIES.burst + FORGOTTEN_AFTER_S / TERMINAL_TRIES.every_s < CARDS_KEPT


def test_a_terminal_has_few_pins_being_checked_at_once(clock: Clock) -> None:
    throttle = PinThrottle(clock)
    assert [throttle.admits("sc1", f"card {number}") for number in range(CHECKING_MAX + 1)] == [True] * 16 + [False]
    throttle.right("sc1", "card 1")
    assert throttle.admits("sc1", "card 1")


def test_the_memory_of_places_and_long_numbers_is_bounded(clock: Clock) -> None:
    throttle = PinThrottle(clock)
    for number in range(6_000):
        admits(throttle, f"@10.{number}", "x" * 1_000)
    assert len(throttle._places) == 4096
    assert max(len(card) for cards in throttle._places.values() for card in cards) == 64


def test_a_terminal_can_not_use_up_what_its_library_has_at_the_home(clock: Clock) -> None:
    """Its pauses and its budget are so much stricter that a right PIN at another terminal always gets through."""
    terminal, home = PinThrottle(clock), LibraryThrottle(clock)
    for second in range(7_200):
        for card in ("A", f"card {second}"):
            if admits(terminal, card=card):
                assert home.admits("CQCQ", card)
        assert home.admits("CQCQ", "A")
        home.unchecked("CQCQ", "A")
        clock.advance(1)


# --- at the home ---------------------------------------------------------------------------------------------------


def test_a_library_that_guesses_at_one_card_waits_and_another_library_does_not(clock: Clock) -> None:
    throttle = LibraryThrottle(clock)
    tries = LIBRARY_CARD_TRIES.burst
    assert [throttle.admits("CQCQ", "A") for _ in range(tries + 1)] == [True] * tries + [False]
    assert throttle.admits("CQCQ", "B")
    assert throttle.admits("CQBB", "A")
    clock.advance(LIBRARY_CARD_TRIES.every_s)
    assert [throttle.admits("CQCQ", "A") for _ in range(2)] == [True, False]


def test_a_library_that_guesses_at_all_cards_has_so_many_tries_and_then_one_now_and_then(clock: Clock) -> None:
    throttle = LibraryThrottle(clock)
    burst = LIBRARY_TRIES.burst
    assert sum(throttle.admits("CQCQ", f"card {number}") for number in range(burst * 2)) == burst
    clock.advance(10 * LIBRARY_TRIES.every_s)
    assert sum(throttle.admits("CQCQ", f"other {number}") for number in range(burst)) == 10
    assert throttle.admits("CQBB", "card 1")


def test_right_pins_and_those_that_could_not_be_checked_cost_a_library_nothing(clock: Clock) -> None:
    throttle = LibraryThrottle(clock)
    for number in range(LIBRARY_TRIES.burst * 3):
        assert throttle.admits("CQCQ", f"card {number}")
        (throttle.right if number % 2 else throttle.unchecked)("CQCQ", f"card {number}")


def test_a_right_pin_gives_back_what_its_reader_mistyped(clock: Clock) -> None:
    throttle = LibraryThrottle(clock)
    for number in range(LIBRARY_TRIES.burst * 3):
        assert [throttle.admits("CQCQ", f"card {number}") for _ in range(4)] == [True] * 4
        throttle.right("CQCQ", f"card {number}")


def test_cards_of_nobody_cost_a_library_nothing_and_are_soon_looked_up_first(clock: Clock) -> None:
    throttle = LibraryThrottle(clock)
    for number in range(NOBODYS_TRIES.burst):
        assert not throttle.asks_much_of_nobody("CQCQ")
        assert throttle.admits("CQCQ", f"card {number}")
        throttle.nobodys("CQCQ", f"card {number}")
    assert throttle.asks_much_of_nobody("CQCQ")
    assert throttle.admits("CQCQ", "A")
    assert not throttle.asks_much_of_nobody("CQBB")


def test_a_pin_that_could_not_be_checked_brings_its_card_no_pause_at_that_library(clock: Clock) -> None:
    throttle = LibraryThrottle(clock)
    for _ in range(50):
        assert throttle.admits("CQCQ", "A")
        throttle.unchecked("CQCQ", "A")
