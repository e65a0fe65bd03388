"""What a child reads, owes and is called stays off every screen that may not tell it: all requests, PIN states, kinds.

One door leads there, `node/kiosk/seen.py`. Here every request is sent from terminals of every kind, before and after
right and wrong PINs, and the bytes of the answers are searched.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from node.kiosk.terminal import Terminal
from sip2 import Message
from sip2 import messages as m
from sip2.dialects import Dialect
from tests.node.service.errands import lend
from tests.node.service.kiosks import Kiosk
from tests.node.service.mishaps import screen
from tests.node.service.small_city import TERMINALS, SmallCity

HERE, AWAY = "CQSPB", "CQBB"
RIGHT, WRONG = "0001", "9999"
KINDS = ("selfcheck", "return", "sorter", "gate", "staff")
LEAKY = Dialect(checkin_patron=True)


def terminal(kind: str, pin: str) -> Terminal:
    return Terminal(
        f"{kind}-{pin}",
        kind,  # type: ignore[arg-type]
        area="adult" if kind == "gate" else "",
        pin=pin,  # type: ignore[arg-type]
        may_enable=kind == "staff",
        dialect=LEAKY,
        password_hash="hash:secret",
    )


ASKING = tuple(terminal(kind, pin) for kind in KINDS for pin in ("required", "if_sent"))


@pytest.fixture
def city() -> SmallCity:
    """Card 1 of HERE has lent three items, two of them too late, one of which is back: it owes 1.20 and waits for
    another item; card 2 waits for the first."""
    city = SmallCity((HERE, AWAY), terminals=(*TERMINALS, *ASKING))
    desk, card = city.kiosk(HERE), city.card(HERE)
    for number in (1, 2, 3):
        lend(city, HERE, card, city.item(HERE, number))
    assert desk.ask(desk.hold("+", city.card(HERE, 2), city.item(HERE, 1))).ok
    lend(city, HERE, city.card(HERE, 2), city.item(HERE, 4))
    assert desk.ask(desk.hold("+", card, city.item(HERE, 4))).ok
    city.pass_days(36)
    assert desk.ask(desk.checkin(city.item(HERE, 3))).ok
    city.settle()
    return city


SECRETS = ("读者1", f"{HERE}之书1", f"{HERE}之书2", f"{HERE}之书3", f"{HERE}之书4", "1.20")
"""Name, titles and debt of the reader."""


def barcodes(city: SmallCity) -> tuple[str, ...]:
    return tuple(city.item(HERE, number) for number in (1, 2, 3, 4))


ABOUT_A_CARD: dict[str, Callable[[SmallCity, Kiosk, str, str | None], Message]] = {
    "01": lambda _city, desk, card, _pin: desk.block(card),
    "11": lambda city, desk, card, pin: desk.checkout(card, city.item(HERE, 9), patron_password=pin),
    "11 again": lambda city, desk, card, pin: desk.checkout(card, city.item(HERE, 1), patron_password=pin),
    "15": lambda city, desk, card, pin: desk.hold("+", card, city.item(HERE, 9), patron_password=pin),
    "15 delete": lambda city, desk, card, pin: desk.hold("-", card, city.item(HERE, 4), patron_password=pin),
    "23": lambda _city, desk, card, pin: desk.status(card, patron_password=pin or ""),
    "25": lambda _city, desk, card, pin: desk.enable(card, patron_password=pin),
    "29": lambda city, desk, card, pin: desk.renew(card, city.item(HERE, 1), patron_password=pin),
    "29 title": lambda _city, desk, card, pin: desk.renew(
        card, "", title_identifier=f"{HERE}之书2", patron_password=pin
    ),
    "35": lambda _city, desk, card, _pin: desk.end_session(card),
    "37": lambda _city, desk, card, pin: desk.pay(card, "999999.00", patron_password=pin),
    "37 less": lambda _city, desk, card, pin: desk.pay(card, "0.50", patron_password=pin),
    **{
        f"63 {wanted}": lambda _city, desk, card, pin, wanted=wanted: desk.information(  # type: ignore[misc]
            card, wanted, patron_password=pin
        )
        for wanted in range(7)
    },
    "65": lambda _city, desk, card, pin: desk.renew_all(card, patron_password=pin),
}


def leaks(city: SmallCity, data: bytes, request: str) -> list[str]:
    """What the answer tells of the reader; an item that the request itself names may be echoed."""
    text = data.decode("utf-8")
    named = {"29 title": (), "15 delete": barcodes(city)[3:], "29": barcodes(city)[:1], "11 again": barcodes(city)[:1]}
    allowed = named.get(request, ())
    return [each for each in (*SECRETS, *barcodes(city)) if each in text and each not in allowed]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("request_", ABOUT_A_CARD)
@pytest.mark.parametrize(
    ("pin", "sent"), [("required", None), ("required", WRONG), ("if_sent", WRONG)], ids=["absent", "wrong", "if sent"]
)
def test_without_the_right_pin_nothing_of_the_reader_is_told(
    city: SmallCity, kind: str, request_: str, pin: str, sent: str | None
) -> None:
    desk, card = city.kiosk(HERE, f"{kind}-{pin}"), city.card(HERE)
    ask = ABOUT_A_CARD[request_]
    if request_.partition(" ")[0] in ("01", "35") and sent is not None:
        desk.ask(desk.information(card, 2, patron_password=sent))  # 01 and 35 have no PIN of their own
        if pin == "if_sent":
            return
    data = desk.send(desk.bytes_of(ask(city, desk, card, sent)))
    assert leaks(city, data, request_) == [], data.decode("utf-8")


@pytest.mark.parametrize("request_", ABOUT_A_CARD)
@pytest.mark.parametrize("pin", ["required", "if_sent"])
@pytest.mark.parametrize("sent", [None, RIGHT])
def test_a_gate_is_told_nothing_of_the_reader_even_with_the_right_pin(
    city: SmallCity, request_: str, pin: str, sent: str | None
) -> None:
    gate, card = city.kiosk(HERE, f"gate-{pin}"), city.card(HERE)
    data = gate.send(gate.bytes_of(ABOUT_A_CARD[request_](city, gate, card, sent)))
    assert leaks(city, data, request_) == [], data.decode("utf-8")


def test_a_gate_that_asks_63_hears_whether_the_card_is_valid_and_no_false_zeros(city: SmallCity) -> None:
    gate = city.kiosk(HERE, "gate-if_sent")
    told = gate.ask(gate.information(city.card(HERE), 2))
    assert (told.patron_status, told.valid_patron, told.charged_items_count) == (" " * 14, True, None)
    shut = gate.ask(gate.information(city.card(HERE, 99), 2))
    assert (shut.patron_status[0], shut.valid_patron) == ("Y", False)


@pytest.mark.parametrize("kind", ["selfcheck", "staff"])
def test_with_the_right_pin_the_reader_sees_all_of_it(city: SmallCity, kind: str) -> None:
    desk, card = city.kiosk(HERE, f"{kind}-required"), city.card(HERE)
    told = desk.ask(desk.information(card, 2, patron_password=RIGHT))
    assert (told.personal_name, told.fee_amount) == ("读者1", "1.20")
    assert sorted(told.charged_items) == sorted(barcodes(city)[:2])
    renewed = desk.ask(desk.renew(card, "", title_identifier=f"{HERE}之书2"))
    assert renewed.title_identifier == f"{HERE}之书2"
    assert "1.20" in screen(desk.ask(desk.pay(card, "999999.00")))
    paid = desk.ask(desk.pay(card, "0.50", patron_password=RIGHT))
    assert (paid.payment_accepted, "0.70" in screen(paid)) == (True, True)


def test_money_taken_without_a_pin_is_booked_and_no_debt_is_told(city: SmallCity) -> None:
    desk, card = city.kiosk(HERE, "selfcheck-required"), city.card(HERE)
    paid = desk.ask(desk.pay(card, "0.50"))
    assert (paid.payment_accepted, "0.70" in screen(paid)) == (True, False)
    for amount in ("999999.00", "0.71"):
        assert screen(desk.ask(desk.pay(card, amount))) == screen(desk.ask(desk.pay(city.card(HERE, 4), amount)))


def test_who_has_a_book_by_its_title_is_not_told_from_who_has_not(city: SmallCity) -> None:
    desk = city.kiosk(HERE, "selfcheck-required")
    answers = [
        screen(desk.ask(desk.renew(city.card(HERE), "", title_identifier=title, patron_password=pin)))
        for title in (f"{HERE}之书2", "another")
        for pin in (None, WRONG)
    ]
    assert answers[:2] == answers[2:]


def test_a_block_at_a_terminal_that_requires_pins_still_blocks(city: SmallCity) -> None:
    desk = city.kiosk(HERE, "selfcheck-required")
    told = desk.ask(desk.block(city.card(HERE), retained=True))
    assert (told.patron_status[:4], told.personal_name) == ("YYYY", "")
    assert city[HERE].column("SELECT status FROM card WHERE places_used > 0 ORDER BY card")[0] == "suspended"


# --- returns ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pin", ["required", "if_sent"])
@pytest.mark.parametrize("kind", ["selfcheck", "return", "sorter"])
def test_a_public_return_names_nobody_who_waits(city: SmallCity, kind: str, pin: str) -> None:
    desk = city.kiosk(HERE, f"{kind}-{pin}")
    back = desk.ask(desk.checkin(city.item(HERE, 1)))
    assert (back.alert_type, back.hold_patron_name, back.hold_patron_id) == ("01", "读**", None)
    assert back.patron_identifier == (None if pin == "required" else city.card(HERE))


@pytest.mark.parametrize("login", ["staff-if_sent", "slips"])
def test_staff_and_sorters_that_print_slips_are_told_who_waits(login: str) -> None:
    slips = Terminal("slips", "sorter", dialect=Dialect(hold_slip=True), password_hash="hash:secret")
    city = SmallCity((HERE, AWAY), terminals=(*TERMINALS, *ASKING, slips))
    lend(city, HERE, city.card(HERE), city.item(HERE))
    desk = city.kiosk(HERE)
    assert desk.ask(desk.hold("+", city.card(HERE, 2), city.item(HERE))).ok
    machine = city.kiosk(HERE, login)
    back = machine.ask(machine.checkin(city.item(HERE)))
    assert (back.hold_patron_name, back.hold_patron_id) == ("读者2", city.card(HERE, 2))


# --- the one door ----------------------------------------------------------------------------------------------------


def calls(name: str) -> Iterator[str]:
    """The modules of the edge that call this."""
    for path in sorted((Path(__file__).parents[3] / "node" / "kiosk").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield path.name


def test_what_is_seen_is_made_in_one_place() -> None:
    assert set(calls("Seen")) == {"seen.py"}
    answers: Any = (m.PatronStatusResponse, m.PatronInformationResponse, m.PatronEnableResponse)
    assert all(each.command in ("24", "64", "26") for each in answers)
