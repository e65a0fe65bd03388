"""RFID kiosks send an institution code and a dot in front of barcodes and card numbers (GB/T 35660, ISO 28560)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from federation.contract import Reason
from node.storage.owner import loans as owner_rows
from sip2 import Dialect
from tests.node.service.errands import describe, lend, renew, take_back
from tests.node.service.kiosks import read
from tests.node.service.mishaps import screen, sentence
from tests.node.service.small_city import SmallCity, isil_of

VECTOR = Path(__file__).parents[2] / "vectors" / "field" / "sip_uii.sip"
BRANCH, HOME, OWNER = "CQBB", "CQSPB", "CQCQ"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def coded(code: str, number: str) -> str:
    return f"{isil_of(code)}.{number}"


def test_an_item_with_its_librarys_code_is_the_same_item_and_is_answered_as_it_was_sent(city: SmallCity) -> None:
    card, item = city.card(HOME), city.item(OWNER)
    sent = coded(OWNER, item)
    assert describe(city, BRANCH, sent).item_identifier == sent
    lent = lend(city, BRANCH, card, sent)
    assert (lent.ok, lent.item_identifier) == (True, sent)
    assert list(city.loans().values()) == [item]
    city.pass_days(1)
    renewed = renew(city, BRANCH, card, coded(OWNER, item).lower().replace(item.lower(), item))
    assert renewed.ok, "the case of a code does not count"
    taken = take_back(city, BRANCH, sent)
    assert (taken.ok, taken.item_identifier) == (True, sent)
    city.check()
    assert city.loans() == {}


def test_a_repeat_without_the_code_is_a_repeat(city: SmallCity) -> None:
    card, item = city.card(HOME), city.item(OWNER)
    desk = city.kiosk(BRANCH)
    first = desk.checkout(card, coded(OWNER, item))
    assert desk.ask(first).ok
    again = desk.ask(replace(first, item_identifier=item))
    assert (again.ok, again.item_identifier) == (True, item)
    assert len(city[BRANCH].column("SELECT op FROM kiosk_op")) == 1


def test_a_code_that_contradicts_the_prefix_is_refused_and_taken_at_a_bin(city: SmallCity) -> None:
    wrong = coded(BRANCH, city.item(OWNER))
    assert lend(city, BRANCH, city.card(HOME), city.item(OWNER)).ok
    for answer in (lend(city, BRANCH, city.card(HOME), wrong), take_back(city, BRANCH, wrong)):
        assert (answer.ok, screen(answer)) == (False, sentence(Reason.CODE_CONTRADICTS))
    assert screen(describe(city, BRANCH, wrong)) == sentence(Reason.CODE_CONTRADICTS)
    taken = take_back(city, BRANCH, wrong, "bin")
    assert (taken.ok, taken.item_identifier) == (True, wrong)
    assert city[BRANCH].exceptions() == [("return_wrong_code", wrong, "")]
    assert list(city.loans().values()) == [city.item(OWNER)]


def test_an_unknown_code_is_refused_and_taken_at_a_bin(city: SmallCity) -> None:
    strange = "CN-110108-1-BJ.01002345"
    for answer in (lend(city, BRANCH, city.card(HOME), strange), take_back(city, BRANCH, strange)):
        assert (answer.ok, screen(answer)) == (False, sentence(Reason.UNKNOWN_CODE))
    assert take_back(city, BRANCH, strange, "bin").ok
    assert city[BRANCH].exceptions() == [("return_wrong_code", strange, "")]


def test_a_barcode_with_a_dot_and_no_code_is_a_barcode(city: SmallCity) -> None:
    row = owner_rows.NewItem("I247.55", "旧书", "", "", "I247", "book", "", foreign=False, price_fen=0)
    city[OWNER].store.run_now(lambda tx: owner_rows.add_items(tx, [row]), "furnish")
    assert lend(city, BRANCH, city.card(HOME), "I247.55").title_identifier == "旧书"


def test_a_card_with_its_homes_code_is_the_same_card(city: SmallCity) -> None:
    card = city.card(HOME)
    sent = coded(HOME, card)
    desk = city.kiosk(BRANCH)
    known = desk.ask(desk.information(sent, patron_password=card[-4:]))
    assert (known.valid_patron, known.valid_patron_password) == (True, True)
    assert known.patron_identifier == sent
    assert desk.ask(desk.checkout(card, city.item(OWNER))).ok
    listed = desk.ask(desk.information(sent))
    assert listed.charged_items_count == 1


def test_a_wrong_pin_is_counted_for_the_card_however_it_is_sent(city: SmallCity) -> None:
    card = city.card(HOME)
    desk = city.kiosk(BRANCH)
    for number in range(20):
        sent = card if number % 2 else coded(HOME, card)
        answer = desk.ask(desk.information(sent, patron_password="wrong"))
    assert screen(answer) == sentence(Reason.PIN_THROTTLED)
    answer = desk.ask(desk.information(card, patron_password="wrong"))
    assert screen(answer) == sentence(Reason.PIN_THROTTLED)


@pytest.mark.parametrize(
    ("code", "reason"), [(isil_of(OWNER), Reason.CODE_CONTRADICTS), ("CN-999999-9-ZZ", Reason.UNKNOWN_CODE)]
)
def test_a_card_with_a_wrong_code_is_nobodys(city: SmallCity, code: str, reason: Reason) -> None:
    sent = f"{code}.{city.card(HOME)}"
    desk = city.kiosk(BRANCH)
    known = desk.ask(desk.information(sent))
    assert (known.valid_patron, screen(known)) == (False, sentence(reason))
    refused = desk.ask(desk.checkout(sent, city.item(OWNER)))
    assert (refused.ok, screen(refused)) == (False, sentence(reason))


def test_what_an_rfid_kiosk_sends_is_answered_with_its_own_codes(city: SmallCity) -> None:
    """A vector from the field: 17, 11, 09 and 63, with the code of CQSPB in front of item and card."""
    desk = city.kiosk(HOME)
    card = city.card(HOME)
    filled = {"@NOW@": str(desk.now), "@ITEM@": city.item(HOME), "@CARD@": card, "@PIN@": card[-4:]}
    for line in VECTOR.read_text("utf-8").splitlines():
        for name, value in filled.items():
            line = line.replace(name, value)  # noqa: PLW2901 - the line as it is sent
        answer = read(desk.send(line.encode() + b"\r"))
        assert getattr(answer, "ok", True) is True
        for field, number in (("item_identifier", city.item(HOME)), ("patron_identifier", card)):
            if f"{isil_of(HOME)}.{number}" in line:
                assert getattr(answer, field) == f"{isil_of(HOME)}.{number}"
    assert answer.valid_patron_password is True
    assert city.loans() == {}


def test_a_terminal_may_want_the_cards_number_alone(city: SmallCity) -> None:
    terminals = city[BRANCH].core.terminals
    terminals.replace({**terminals, "sc": replace(terminals["sc"], dialect=Dialect(echo_aa="card"))})
    desk = city.kiosk(BRANCH)
    card, sent = city.card(HOME), coded(HOME, city.card(HOME))
    assert desk.ask(desk.information(sent)).patron_identifier == card
    lent = desk.ask(desk.checkout(sent, coded(OWNER, city.item(OWNER))))
    assert (lent.ok, lent.patron_identifier, lent.item_identifier) == (True, card, coded(OWNER, city.item(OWNER)))
