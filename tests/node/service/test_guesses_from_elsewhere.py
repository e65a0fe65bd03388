"""What another library may try on the cards of this one: PINs, and numbers of cards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from federation.contract import PinCheck, Reason, Refused, Standing, StandingQuestion
from federation.methods import STANDING
from node.service.peers.for_others import MAX_CHECKS, ForOthers
from node.service.peers.noticing import HOUR_S, UNUSUAL, PeerAlarm
from tests.contract.scripted import ScriptedLibrary
from tests.node.service.members import ask
from tests.node.service.small_city import SmallCity

HOME, GUESSER, OTHER = "CQSPB", "CQCQ", "CQBB"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def try_pin(city: SmallCity, library: str, pin: str | None, number: int = 1) -> Standing | Refused:
    question = StandingQuestion(city.card(HOME, number), library, city.wall_ms(), pin)
    found: Standing | Refused = ask(city, library, HOME, STANDING, question)
    return found


def noted(city: SmallCity, peer: str, kind: str) -> float | None:
    registry = city[HOME].core.metrics.registry
    return registry.get_sample_value("tongjie_federation_noted_total", {"peer": peer, "kind": kind})


def test_ten_thousand_guesses_at_another_library_reach_the_hash_a_few_times(city: SmallCity) -> None:
    answers = [try_pin(city, GUESSER, f"x{guess:04d}") for guess in range(10_000)]
    checked = [answer for answer in answers if isinstance(answer, Standing)]
    assert len(checked) < 30
    assert {answer.reason for answer in answers if isinstance(answer, Refused)} == {Reason.PIN_THROTTLED}
    assert noted(city, GUESSER, "wrong_pin") == 10_000


def test_its_reader_is_served_at_once_everywhere_else(city: SmallCity) -> None:
    for guess in range(50):
        try_pin(city, GUESSER, f"x{guess:04d}")
    card, pin = city.card(HOME), city.card(HOME)[-4:]
    for library in (HOME, OTHER):
        kiosk = city.kiosk(library)
        assert kiosk.ask(kiosk.checkout(card, city.item(library, 1), patron_password=pin)).ok
    found = try_pin(city, GUESSER, None)
    assert isinstance(found, Standing)


def test_at_the_library_of_the_guesses_the_reader_waits_for_seconds(city: SmallCity) -> None:
    pin = city.card(HOME)[-4:]
    for guess in range(50):
        try_pin(city, GUESSER, f"x{guess:04d}")
    assert try_pin(city, GUESSER, pin) == Refused(Reason.PIN_THROTTLED)
    city.run_for(16)
    found = try_pin(city, GUESSER, pin)
    assert isinstance(found, Standing)
    assert found.pin is PinCheck.RIGHT


def test_at_the_library_of_the_guesses_the_right_pin_ends_the_waiting(city: SmallCity) -> None:
    pin = city.card(HOME)[-4:]
    for guess in range(50):
        try_pin(city, GUESSER, f"x{guess:04d}")
    city.run_for(16)
    for _ in range(20):
        found = try_pin(city, GUESSER, pin)
        assert isinstance(found, Standing)
        assert found.pin is PinCheck.RIGHT


def test_cards_that_are_nobodys_are_counted(city: SmallCity) -> None:
    for number in range(1_000, 1_010):
        assert try_pin(city, GUESSER, None, number) == Refused(Reason.UNKNOWN_CARD)
    assert noted(city, GUESSER, "unknown_card") == 10
    assert noted(city, OTHER, "unknown_card") is None


def test_an_unusual_number_of_them_is_told_once_an_hour() -> None:
    clock, told = Clock(), []
    alarm = PeerAlarm(clock, lambda name, **fields: told.append((name, fields)), lambda _peer, _kind: None)
    most = UNUSUAL["unknown_card"]
    for _ in range(most - 1):
        alarm.noted(GUESSER, "unknown_card")
        alarm.noted(OTHER, "unknown_card")
    assert told == []
    for _ in range(most):
        alarm.noted(GUESSER, "unknown_card")
    assert told == [("peer_alarm", {"peer": GUESSER, "kind": "unknown_card", "count": most})]
    clock.advance(HOUR_S)
    for _ in range(most):
        alarm.noted(GUESSER, "unknown_card")
    assert len(told) == 2


# --- checks that take their time -----------------------------------------------------------------------------------


class Slow(ScriptedLibrary):
    """Standings are answered when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Deferred[Any]] = []

    def standing(self, question: StandingQuestion, timeout_s: float) -> Deferred[Any]:
        self.waiting.append(Deferred())
        return self.waiting[-1]


def for_others(library: Slow) -> Callable[[str, str, int], list[Any]]:
    """Ask with a PIN, and give the list that the answer will stand in."""
    door = ForOthers(library, Clock(), lambda _peer, _kind: None)

    def standing(branch: str, card: str, asked_at_ms: int) -> list[Any]:
        held: list[Any] = []
        door.standing(StandingQuestion(card, branch, asked_at_ms, "1357"), 4.0).addBoth(held.append)
        return held

    return standing


def test_a_library_has_so_many_pins_waiting_and_another_one_its_own() -> None:
    library = Slow()
    standing = for_others(library)
    answers = [standing(GUESSER, f"card {number}", 1) for number in range(MAX_CHECKS + 1)]
    assert len(library.waiting) == MAX_CHECKS
    assert answers[-1] == [Refused(Reason.BUSY)]
    standing(OTHER, "card 1", 1)
    assert len(library.waiting) == MAX_CHECKS + 1


def test_a_repeat_joins_the_check_and_is_no_second_guess() -> None:
    library = Slow()
    standing = for_others(library)
    answers = [standing(GUESSER, "card", 1) for _ in range(3)]
    assert len(library.waiting) == 1
    library.waiting[0].callback(Refused(Reason.UNKNOWN_CARD))
    assert answers == [[Refused(Reason.UNKNOWN_CARD)]] * 3
    standing(GUESSER, "card", 2)
    assert len(library.waiting) == 2


def test_checks_that_could_not_be_made_are_no_guesses() -> None:
    library = Slow()
    standing = for_others(library)
    for moment in range(50):
        answer = standing(GUESSER, "card", moment)
        library.waiting[-1].errback(RuntimeError("the disk"))
        assert answer[0].check(RuntimeError)
