"""Limits are for attackers: crowds of honest readers, and many kiosks behind one address, feel none of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from federation.contract import CardStatus, PinCheck, Reason, Refused, Standing
from node.kiosk.pins import GuessAlarm, Pins
from node.kiosk.terminal import Session, Terminal
from node.service.throttle import LibraryThrottle, PinThrottle
from tests.node.service.mishaps import screen, sentence
from tests.node.service.small_city import TERMINALS, SmallCity

BRANCH, HOME = "CQBB", "CQSPB"
CARDS = 10_000
READER = Standing("r", "", CardStatus.ACTIVE, PinCheck.ABSENT, "pupil", None, 8, 3, (), ())


class Home:
    """Of cards 0 to 9999, as another library asks it; the PIN of each is its number. All others are nobody's."""

    def __init__(self, clock: Clock) -> None:
        self._throttle = LibraryThrottle(clock)
        self.refused = 0

    def standing(self, card: str, pin: str | None) -> Deferred[Any]:
        if not self._throttle.admits("CQBB", card):
            self.refused += 1
            return succeed(Refused(Reason.PIN_THROTTLED))
        if int(card) >= CARDS:
            self._throttle.nobodys("CQBB", card)
            return succeed(Refused(Reason.UNKNOWN_CARD))
        if pin == card:
            self._throttle.right("CQBB", card)
        return succeed(replace(READER, pin=PinCheck.RIGHT if pin == card else PinCheck.WRONG))


class Town:
    """The terminals of a library where readers of `home` stand, on a clock."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.alarms: list[str] = []
        self.home = Home(self.clock)
        alarm = GuessAlarm(self.clock, lambda name, **_fields: self.alarms.append(name))
        home: Any = self.home
        self.pins = Pins(home, PinThrottle(self.clock), alarm, clock=self.clock, digest=str)
        self.slowed = 0

    def try_(self, terminal: str, card: int, pin: int) -> None:
        """A new reader at that terminal."""
        session = Session(Terminal(terminal, "selfcheck"), logged_in=True)
        self.pins.noticed(session, str(card))
        self.pins.standing(session, str(card), str(pin)).addCallback(self._told)

    def _told(self, found: Standing | Refused) -> None:
        self.slowed += isinstance(found, Refused) and found.reason is Reason.PIN_THROTTLED

    def expect_nobody_slowed(self) -> None:
        assert (self.slowed, self.home.refused, self.alarms) == (0, 0, [])


def test_twenty_schools_open_ten_thousand_cards_in_a_morning_and_every_tenth_pupil_mistypes() -> None:
    town = Town()
    for card in range(CARDS):
        school = f"school {card % 20}"
        if card % 10 == 0:
            town.try_(school, card, card + 1)
        town.try_(school, card, card)
        town.clock.advance(4 * 3600 / CARDS)
    town.expect_nobody_slowed()


def test_ten_gates_at_half_past_eight_with_sixty_pupils_each_in_ten_minutes() -> None:
    town = Town()
    for pupil in range(60):
        for gate in range(10):
            card = pupil * 10 + gate
            town.try_(f"gate {gate}", card + CARDS if pupil % 12 < 5 else card, card)
        town.clock.advance(10)
    town.expect_nobody_slowed()


def test_a_class_of_sixty_that_comes_within_a_minute_to_one_kiosk_and_mistypes_once_each() -> None:
    town = Town()
    for card in range(60):
        town.try_("sc", card, card + 1)
        town.try_("sc", card, card)
        town.clock.advance(1)
    town.expect_nobody_slowed()


@pytest.mark.parametrize("home", [BRANCH, HOME])
def test_a_gate_at_half_past_eight_on_the_wire(home: str) -> None:
    """Sixty pupils in ten minutes at one gate, 25 of them with cards of nobody, and some with a PIN."""
    city = SmallCity(terminals=TERMINALS)
    gate, told = city.kiosk(BRANCH, "gate"), []
    for pupil in range(60):
        card = city.card(home, 1_000 + pupil) if pupil % 12 < 5 else city.card(home, 1 + pupil % 4)
        told.append(gate.ask(gate.status(card, patron_password=card[-4:] if pupil % 2 else "")))
        city.run_for(10)
    assert [each.patron_status[0] for each in told].count(" ") == 35
    assert {screen(each) for each in told if each.patron_status[0] == "Y"} == {sentence(Reason.UNKNOWN_CARD, home)}
    assert [city[code].log.of(name) for code in city.nodes for name in ("terminal_alarm", "peer_alarm")] == [[]] * 6
