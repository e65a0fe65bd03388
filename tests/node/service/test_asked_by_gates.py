"""What a gate asks of another library's card, and who notices that one library asks about all of them."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from federation.contract import CardStatus, Reason, Refused, Standing, StandingQuestion
from federation.methods import STANDING, Envelope
from node.service.peers.counting import ALWAYS_USUAL, HOUR_S, TIMES_USUAL, CardsAsked
from tests.node.service.errands import lend, take_back
from tests.node.service.members import ask
from tests.node.service.older import goes_on_in_the_first_release
from tests.node.service.small_city import SmallCity

HOME, GATE = "CQSPB", "CQBB"


@pytest.fixture
def city() -> SmallCity:
    """A reader has an item on loan, and owes for another one."""
    city = SmallCity()
    lend(city, HOME, city.card(HOME), city.item(HOME, 1))
    city.pass_days(40)
    take_back(city, GATE, city.item(HOME, 1))
    lend(city, HOME, city.card(HOME), city.item(HOME, 2))
    city.settle()
    return city


def status(city: SmallCity, card: str) -> Standing | Refused:
    question = StandingQuestion(card, GATE, city.wall_ms(), status_only=True)
    found: Standing | Refused = ask(city, GATE, HOME, STANDING, question)
    return found


def test_a_gate_is_told_whether_a_card_is_valid_and_nothing_else(city: SmallCity) -> None:
    found = status(city, city.card(HOME))
    assert isinstance(found, Standing)
    assert found.status is CardStatus.ACTIVE
    assert (found.loans, found.fines, found.holds, found.name, found.category) == ((), (), (), "", "")
    assert (found.lending, found.renewal, found.max_loans) == (None, None, 0)


def test_it_is_told_of_a_card_that_is_not_valid(city: SmallCity) -> None:
    city[HOME].connection.execute("UPDATE card SET status = 'suspended'")
    found = status(city, city.card(HOME))
    assert isinstance(found, Standing)
    assert (found.status, found.lending) == (CardStatus.SUSPENDED, Refused(Reason.CARD_SUSPENDED))
    assert status(city, "2350019999999") == Refused(Reason.UNKNOWN_CARD)


@pytest.mark.parametrize("home", [HOME, GATE])
def test_every_gate_asks_for_no_more(city: SmallCity, home: str) -> None:
    """As the bytes say that leave the library of the gate."""
    asked: list[StandingQuestion] = []
    answer = city[home].core.local.standing

    def noting(question: StandingQuestion, timeout_s: float) -> object:
        asked.append(question)
        return answer(question, timeout_s)

    city[home].core.local.standing = noting  # type: ignore[assignment,method-assign]
    if home == HOME:
        city[home].core.server._routes[STANDING.path] = (STANDING, noting)  # type: ignore[assignment]
    gate = city.kiosk(GATE, "gate")
    assert gate.ask(gate.status(city.card(home))).valid_patron
    assert [question.status_only for question in asked] == [True]


def test_a_home_of_an_older_version_opens_the_gate_all_the_same(city: SmallCity) -> None:
    goes_on_in_the_first_release(city[HOME])
    gate = city.kiosk(GATE, "gate")
    assert gate.ask(gate.status(city.card(HOME))).valid_patron


def test_an_older_branch_is_told_all_as_before(city: SmallCity) -> None:
    """It does not know the field, so it asks for everything."""
    payload = STANDING.encode_question(
        Envelope(GATE, 1, city.wall_ms(), 2), StandingQuestion(city.card(HOME), GATE, city.wall_ms())
    )
    answer = city.wait_for(city[HOME].core.answer(GATE, STANDING.path, payload, 4.0))
    found = STANDING.decode_decision(answer)[1]
    assert isinstance(found, Standing)
    assert (len(found.loans), len(found.fines)) == (1, 1)


# --- a library that goes through all cards -----------------------------------------------------------------------


def ask_about(counter: CardsAsked, library: str, count: int, first: int = 0) -> int:
    """How often it is told."""
    return sum(counter.asked(library, f"card {number}") for number in range(first, first + count))


def test_going_through_the_cards_of_a_home_is_told_once_an_hour() -> None:
    clock = Clock()
    counter = CardsAsked(clock)
    assert ask_about(counter, GATE, 10_000) == 1
    clock.advance(HOUR_S)
    assert ask_about(counter, GATE, 10_000) == 1


def test_the_same_readers_again_and_again_are_nothing_unusual() -> None:
    counter = CardsAsked(Clock())
    assert sum(ask_about(counter, GATE, ALWAYS_USUAL) for _ in range(20)) == 0
    assert ask_about(counter, "CQCQ", ALWAYS_USUAL) == 0


def test_a_large_library_is_measured_by_its_own_traffic() -> None:
    clock = Clock()
    counter, usual = CardsAsked(clock), ALWAYS_USUAL
    for _ in range(10):
        assert ask_about(counter, GATE, usual) == 0
        clock.advance(HOUR_S)
    assert ask_about(counter, GATE, TIMES_USUAL * usual) == 0
    assert ask_about(counter, GATE, 1, first=10**6) == 1


def told_in_each_hour(cards: int, hours: int) -> list[int]:
    clock = Clock()
    counter, told = CardsAsked(clock), []
    for _ in range(hours):
        told.append(ask_about(counter, GATE, cards))
        clock.advance(HOUR_S)
    return told


def test_a_busy_library_is_told_of_in_its_first_hours_and_a_flood_in_every_hour() -> None:
    assert told_in_each_hour(3_000, 10) == [1, 1, *[0] * 8]
    assert told_in_each_hour(60_000, 30) == [1] * 30


def test_the_operator_hears_of_it(city: SmallCity) -> None:
    for number in range(ALWAYS_USUAL + 1):
        status(city, f"235001{number:07d}")
    registry = city[HOME].core.metrics.registry
    labels = {"peer": GATE, "kind": "many_cards"}
    assert registry.get_sample_value("tongjie_federation_noted_total", labels) == 1
    assert [told["kind"] for told in city[HOME].log.of("peer_alarm")] == ["unknown_card", "many_cards"]
