"""PINs at terminals: how long a right one holds, what guessing costs, and that honest crowds feel nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from federation.contract import Reason
from node.kiosk.pins import SILENCE_S, UNUSUAL
from node.kiosk.terminal import Terminal
from node.service.throttle import TERMINAL_TRIES
from sip2 import Message
from tests.node.service.errands import lend
from tests.node.service.kiosks import Kiosk
from tests.node.service.mishaps import screen, sentence
from tests.node.service.small_city import TERMINALS, SmallCity

BRANCH, HOME = "CQBB", "CQSPB"
RIGHT, WRONG = "0001", "9999"
REQUIRED = Terminal("required", "selfcheck", pin="required", may_enable=True, password_hash="hash:secret")
KEYED_GATE = Terminal("keys", "gate", area="adult", password_hash="hash:secret")


@pytest.fixture
def city() -> SmallCity:
    return SmallCity(terminals=(*TERMINALS, REQUIRED, KEYED_GATE))


def knows(desk: Kiosk, card: str, pin: str | None = None) -> bool:
    """Whether the terminal shows the reader's account."""
    shown = desk.ask(desk.information(card, 2, patron_password=pin))
    return bool(shown.personal_name)


@pytest.fixture(params=[HOME, BRANCH])
def desk(city: SmallCity, request: pytest.FixtureRequest) -> Kiosk:
    """At a terminal that requires PINs: the reader of card 1 of the branch or of another library has just given it."""
    desk = city.kiosk(BRANCH, "required")
    desk.card = city.card(request.param)  # type: ignore[attr-defined]
    assert knows(desk, desk.card, RIGHT)  # type: ignore[attr-defined]
    return desk


REQUESTS: dict[str, Callable[[SmallCity, Kiosk, str, str | None], Message]] = {
    "11": lambda city, desk, card, pin: desk.checkout(card, city.item(BRANCH, 2), patron_password=pin),
    "15": lambda city, desk, card, pin: desk.hold("+", card, city.item(BRANCH, 3), patron_password=pin),
    "23": lambda _city, desk, card, pin: desk.status(card, patron_password=pin),
    "25": lambda _city, desk, card, pin: desk.enable(card, patron_password=pin),
    "29": lambda city, desk, card, pin: desk.renew(card, city.item(BRANCH, 1), patron_password=pin),
    "37": lambda _city, desk, card, pin: desk.pay(card, "0.10", patron_password=pin),
    "63": lambda _city, desk, card, pin: desk.information(card, 2, patron_password=pin),
    "65": lambda _city, desk, card, pin: desk.renew_all(card, patron_password=pin),
}


@pytest.mark.parametrize("code", REQUESTS)
def test_after_a_right_pin_a_wrong_one_is_refused_and_ends_what_the_right_one_allowed(
    city: SmallCity, desk: Any, code: str
) -> None:
    refused = desk.ask(REQUESTS[code](city, desk, desk.card, WRONG))
    assert screen(refused) == sentence(Reason.PIN_WRONG)
    assert not knows(desk, desk.card)
    assert city.loans() == {}


def test_the_right_pin_again_is_right(city: SmallCity, desk: Any) -> None:
    lent = desk.ask(desk.checkout(desk.card, city.item(BRANCH), patron_password=RIGHT))
    assert lent.ok
    assert desk.ask(desk.status(desk.card, patron_password=RIGHT)).valid_patron_password


def test_another_card_ends_what_a_right_pin_allowed(city: SmallCity, desk: Any) -> None:
    desk.ask(desk.status(city.card(BRANCH, 2)))
    assert not knows(desk, desk.card)


def test_the_end_of_the_session_ends_it_whatever_card_it_names(city: SmallCity, desk: Any) -> None:
    desk.ask(desk.end_session(city.card(BRANCH, 3)))
    assert not knows(desk, desk.card)


def test_a_minute_of_silence_ends_it(city: SmallCity, desk: Any) -> None:
    city.run_for(SILENCE_S)
    assert not knows(desk, desk.card)


def test_a_heartbeat_is_no_request_of_a_reader(city: SmallCity, desk: Any) -> None:
    for _ in range(4):
        city.run_for(SILENCE_S / 4)
        desk.ask(desk.sc_status())
    assert not knows(desk, desk.card)


def test_a_reader_who_goes_on_stays_known(city: SmallCity, desk: Any) -> None:
    for number in range(1, 6):
        city.run_for(SILENCE_S - 1)
        desk.ask(desk.item(city.item(BRANCH, number)))
    assert knows(desk, desk.card)


def test_a_pin_that_can_not_be_checked_ends_it(city: SmallCity) -> None:
    desk, card = city.kiosk(BRANCH, "required"), city.card(HOME)
    assert knows(desk, card, RIGHT)
    city.isolate(HOME)
    assert not knows(desk, card, WRONG)
    city.heal()
    city.run_for(5)
    assert not knows(desk, card)


def test_an_answer_that_comes_after_its_reader_has_gone_allows_nothing(city: SmallCity) -> None:
    desk, card = city.kiosk(BRANCH, "required"), city.card(BRANCH)
    late: list[Deferred[bool]] = []
    pins: Any = city[BRANCH].core.local._pins
    pins.verify = lambda *_asked: late.append(Deferred()) or late[-1]  # type: ignore[func-returns-value]
    desk.ask(desk.status(card, patron_password=RIGHT))  # given up after some seconds
    desk.ask(desk.end_session(card))
    late[0].callback(True)
    assert not knows(desk, card)


# --- gates and payments ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pin", "opens"), [(None, True), (RIGHT, True), (WRONG, False)])
def test_a_gate_with_keys_opens_for_the_right_pin(city: SmallCity, pin: str | None, opens: bool) -> None:
    gate = city.kiosk(BRANCH, "keys")
    assert gate.ask(gate.status(city.card(HOME), patron_password=pin or "")).patron_status[0] == " Y"[not opens]


def test_money_that_was_taken_is_booked_though_the_pin_can_not_be_checked(city: SmallCity) -> None:
    desk, card = city.kiosk(BRANCH), city.card(HOME)
    lend(city, BRANCH, card, city.item(BRANCH))
    city.pass_days(31)
    desk.ask(desk.checkin(city.item(BRANCH)))
    city.isolate(HOME)
    assert desk.ask(desk.pay(card, "0.20", patron_password=RIGHT)).payment_accepted


# --- guessing --------------------------------------------------------------------------------------------------------


def guess_at_nobodys(city: SmallCity, login: str = "sc", times: int = 500) -> list[str]:
    desk = city.kiosk(BRANCH, login)
    return [screen(desk.ask(desk.status(city.card(HOME, 1_000 + n), patron_password=WRONG))) for n in range(times)]


def test_guesses_at_cards_of_nobody_stop_no_reader_at_another_terminal(city: SmallCity) -> None:
    told = guess_at_nobodys(city)
    assert told.count(sentence(Reason.PIN_THROTTLED)) == 500 - TERMINAL_TRIES.burst
    other = city.kiosk(BRANCH, "sc2")
    for number in (1, 2, 3, 4):
        card = city.card(HOME, number)
        assert other.ask(other.status(card, patron_password=card[-4:])).valid_patron_password


def test_guesses_at_a_readers_card_stop_nothing_at_another_terminal(city: SmallCity) -> None:
    guesser, other, card = city.kiosk(BRANCH), city.kiosk(BRANCH, "sc2"), city.card(HOME)
    for _ in range(120):
        guesser.ask(guesser.status(card, patron_password=WRONG))
        city.run_for(10)
        assert other.ask(other.status(card, patron_password=RIGHT)).valid_patron_password
        other.ask(other.end_session(card))


@pytest.mark.parametrize("home", [BRANCH, HOME])
def test_the_operator_is_told_once_of_a_terminal_that_guesses(city: SmallCity, home: str) -> None:
    desk = city.kiosk(BRANCH)
    for number in range(300):
        desk.ask(desk.status(city.card(home, number), patron_password=WRONG))
    assert city[BRANCH].log.of("terminal_alarm") == [{"terminal": "sc", "kind": "wrong_pin", "count": UNUSUAL}]
