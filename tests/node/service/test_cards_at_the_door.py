"""Gates (R12), PINs (R11) and what a branch may know of a reader."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from federation.contract import Reason, Standing, StandingQuestion
from node.kiosk.terminal import Terminal
from sip2 import messages as m
from tests.node.service.errands import lend, take_back
from tests.node.service.kiosks import Kiosk
from tests.node.service.mishaps import screen, sentence
from tests.node.service.small_city import TERMINALS, SmallCity

BRANCH, HOME, OWNER = "CQBB", "CQSPB", "CQCQ"
CHARGED = 2
ASKING = tuple(
    Terminal(pin, "selfcheck", pin=pin, password_hash="hash:secret") for pin in ("required", "if_sent", "ignored")
)


@pytest.fixture
def city() -> SmallCity:
    return SmallCity(terminals=(*TERMINALS, *ASKING))


# --- gates ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("home", [BRANCH, HOME])
def test_every_valid_card_enters_whatever_is_overdue_or_owed(city: SmallCity, home: str) -> None:
    card, gate = city.card(home), city.kiosk(BRANCH, "gate")
    for number in (1, 2):
        lend(city, BRANCH, card, city.item(OWNER, number))
    city.pass_days(40)
    take_back(city, BRANCH, city.item(OWNER, 1))
    entered = gate.ask(gate.status(card))
    assert (entered.patron_status, entered.valid_patron) == (" " * 14, True)


@pytest.mark.parametrize("home", [BRANCH, HOME])
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("status = 'suspended'", Reason.CARD_SUSPENDED),
        ("status = 'lost'", Reason.CARD_LOST),
        ("status = 'closed'", Reason.CARD_CLOSED),
        ("expires_on = '2026-03-01'", Reason.CARD_EXPIRED),
    ],
)
def test_a_card_that_is_not_valid_stays_outside(city: SmallCity, home: str, change: str, why: Reason) -> None:
    city[home].connection.execute(f"UPDATE card SET {change}")
    gate = city.kiosk(BRANCH, "gate")
    shut = gate.ask(gate.status(city.card(home)))
    assert (shut.patron_status[0], screen(shut)) == ("Y", sentence(why, home))


def test_a_card_enters_on_its_last_day(city: SmallCity) -> None:
    city[HOME].connection.execute(f"UPDATE card SET expires_on = '{city.today.isoformat()}'")
    gate = city.kiosk(BRANCH, "gate")
    assert gate.ask(gate.status(city.card(HOME))).patron_status[0] == " "
    city.pass_days(1)
    assert gate.ask(gate.status(city.card(HOME))).patron_status[0] == "Y"
    assert city.today - timedelta(days=1) > city.today.replace(year=2000)


@pytest.mark.parametrize("card", ["2350299999999", "9999999999999", "", "not a card"])
def test_a_card_of_nobody_stays_outside_and_is_called_invalid(city: SmallCity, card: str) -> None:
    gate = city.kiosk(BRANCH, "gate")
    shut = gate.ask(gate.status(card))
    assert (shut.patron_status[0], shut.valid_patron) == ("Y", False)


# --- PINs ----------------------------------------------------------------------------------------------------------


def borrow(desk: Kiosk, city: SmallCity, home: str, number: int, pin: str | None) -> Any:
    city.pass_minutes(1)
    return desk.ask(desk.checkout(city.card(home), city.item(BRANCH, number), patron_password=pin))


PINS = {"absent": None, "wrong": "0000", "right": "0001"}


@pytest.mark.parametrize("home", [BRANCH, HOME])
@pytest.mark.parametrize(
    ("login", "sent", "why"),
    [
        ("required", "absent", Reason.PIN_REQUIRED),
        ("required", "wrong", Reason.PIN_WRONG),
        ("required", "right", None),
        ("if_sent", "absent", None),
        ("if_sent", "wrong", Reason.PIN_WRONG),
        ("if_sent", "right", None),
        ("ignored", "absent", None),
        ("ignored", "wrong", None),
        ("ignored", "right", None),
    ],
)
def test_a_pin_is_asked_for_as_the_terminal_says(
    city: SmallCity, home: str, login: str, sent: str, why: Reason | None
) -> None:
    desk = city.kiosk(BRANCH, login)
    lent = borrow(desk, city, home, 1, PINS[sent])
    assert lent.ok == (why is None)
    if why is not None:
        assert screen(lent) == sentence(why)
    city.pass_days(1)
    renewed = desk.ask(desk.renew(city.card(home), city.item(BRANCH), patron_password=PINS[sent]))
    assert renewed.ok == (why is None)
    city.check()


@pytest.mark.parametrize("home", [BRANCH, HOME])
def test_a_right_pin_holds_for_the_reader_until_the_reader_leaves(city: SmallCity, home: str) -> None:
    desk = city.kiosk(BRANCH, "required")
    shown = desk.ask(desk.information(city.card(home), CHARGED, patron_password="0001"))
    assert (shown.valid_patron, shown.valid_patron_password) == (True, True)
    assert borrow(desk, city, home, 1, None).ok
    desk.ask(m.EndPatronSession(transaction_date=desk.now, institution_id=BRANCH, patron_identifier=city.card(home)))
    assert screen(borrow(desk, city, home, 2, None)) == sentence(Reason.PIN_REQUIRED)


def test_a_right_pin_holds_for_its_own_card_only(city: SmallCity) -> None:
    desk = city.kiosk(BRANCH, "required")
    assert borrow(desk, city, HOME, 1, "0001").ok
    other = desk.ask(desk.checkout(city.card(HOME, 2), city.item(BRANCH, 2)))
    assert screen(other) == sentence(Reason.PIN_REQUIRED)


def test_a_wrong_pin_shows_nothing_of_the_reader(city: SmallCity) -> None:
    lend(city, BRANCH, city.card(HOME), city.item(BRANCH))
    desk = city.kiosk(BRANCH)
    told = desk.ask(desk.information(city.card(HOME), CHARGED, patron_password="0000"))
    assert (told.valid_patron, told.valid_patron_password) == (True, False)
    assert (told.personal_name, told.charged_items, told.charged_items_count, told.fee_amount) == ("", (), 0, None)
    status = desk.ask(desk.status(city.card(HOME), patron_password="0000"))
    assert (status.personal_name, status.fee_amount, status.valid_patron_password) == ("", None, False)


def test_without_the_home_a_pin_can_not_be_checked_and_nothing_is_lent(city: SmallCity) -> None:
    desk = city.kiosk(BRANCH, "required")
    city.isolate(HOME)
    refused = borrow(desk, city, HOME, 1, "0001")
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.HOME_UNREACHABLE, HOME))


# --- what crosses between libraries ----------------------------------------------------------------------------------


def test_a_name_is_shown_at_the_home_and_nowhere_else(city: SmallCity) -> None:
    at_home, away = city.kiosk(HOME), city.kiosk(BRANCH)
    card = city.card(HOME)
    assert at_home.ask(at_home.information(card)).personal_name == "读者1"
    told = away.ask(away.information(card))
    assert told.personal_name == f"*{card[-4:]}"
    assert told.valid_patron


def test_owner_and_ledger_keep_a_reference_and_never_a_card(city: SmallCity) -> None:
    card = city.card(HOME)
    lend(city, BRANCH, card, city.item(OWNER))
    city.pass_days(35)
    take_back(city, BRANCH, city.item(OWNER))
    desk = city.kiosk(BRANCH)
    assert desk.ask(desk.pay(card, "1.00")).payment_accepted
    city.check()
    for code in (BRANCH, OWNER):
        dump = "\n".join(line for line in city[code].connection.iterdump() if card in line)
        assert dump == ""


def told_to(city: SmallCity, owner: str) -> list[Standing]:
    """What the home tells that library of its cards, from now on."""
    told: list[Standing] = []
    local = city[HOME].core.local
    ask = local.standing

    def standing(question: StandingQuestion, timeout_s: float) -> Deferred[Any]:
        def heard(found: Any) -> Any:
            if question.branch == owner:
                told.append(found)
            return found

        return ask(question, timeout_s).addCallback(heard)

    local.standing = standing  # type: ignore[method-assign]
    return told


@pytest.mark.parametrize("what", ["renewed", "reserved"])
def test_an_owner_that_decides_learns_what_it_lent_itself_and_how_many_holds_there_are(
    city: SmallCity, what: str
) -> None:
    card, desk = city.card(HOME), city.kiosk(BRANCH)
    mine, elsewhere = city.item(OWNER, 1), city.item(HOME, 1)
    lend(city, BRANCH, card, mine)
    lend(city, BRANCH, card, elsewhere)
    lend(city, BRANCH, city.card(HOME, 2), city.item(HOME, 2))
    assert desk.ask(desk.hold("+", card, city.item(HOME, 2))).ok
    city.settle()
    city.pass_days(1)
    told = told_to(city, OWNER)
    done = desk.renew(card, mine) if what == "renewed" else desk.hold("+", card, city.item(OWNER, 2))
    assert desk.ask(done).ok
    assert [[loan.barcode for loan in found.loans] for found in told] == [[mine]]
    assert [[hold.title for hold in found.holds] for found in told] == [[""]]
    assert [found.fines for found in told] == [()]
