"""What the answers say, point by point. docs/sip2.md lists the points with these tests."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from node.domain.rules import LendingRule
from node.kiosk.edge import Door
from node.kiosk.terminal import Terminal
from sip2 import NAMED, Dialect, encode
from sip2.tailoring import said
from tests.node.kiosk.lines import Place, login
from tests.node.service.errands import lend, take_back
from tests.node.service.kiosks import read
from tests.node.service.small_city import TERMINALS, SmallCity

HERE, THERE = "CQSPB", "CQBB"
ENGLISH = "001"
UNKNOWN_FEE = "本馆没有这笔费用，或已缴清，请核对后重试"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity((HERE, THERE))


@pytest.fixture
def owing(city: SmallCity) -> SmallCity:
    """The first reader of HERE owes 1.00 at HERE for the first item there."""
    lend(city, HERE, city.card(HERE), city.item(HERE))
    city.pass_days(35)
    take_back(city, HERE, city.item(HERE))
    return city


# --- 37: money -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", [b"RMB", b"cny", b"   ", b"156", b"CNY"])
def test_37_takes_the_yuan_under_each_of_its_names(owing: SmallCity, written: bytes) -> None:
    desk = owing.kiosk(HERE)
    sent = encode(desk.pay(owing.card(HERE), "0.10"))
    paid = read(desk.send(sent.replace(b"CNY", written, 1)))
    assert (paid.payment_accepted, paid.screen_message[0]) == (True, "缴费成功：0.10元，尚欠0.90元")


def test_37_in_another_currency_says_that_only_yuan_is_taken(owing: SmallCity) -> None:
    desk = owing.kiosk(HERE)
    refused = desk.ask(desk.pay(owing.card(HERE), "0.10", currency_type="USD"))
    assert (refused.payment_accepted, refused.screen_message) == (False, ("仅收人民币，未入账",))


def test_37_reads_point_ten_as_ten_fen(owing: SmallCity) -> None:
    desk = owing.kiosk(HERE)
    assert desk.ask(desk.pay(owing.card(HERE), ".10")).payment_accepted
    assert owing[HERE].column("SELECT amount_fen FROM payment") == [10]


def test_37_for_a_fee_that_is_not_known_says_so(owing: SmallCity) -> None:
    desk = owing.kiosk(HERE)
    fee = owing[HERE].column("SELECT fine FROM fine")[0]
    for card, named in ((owing.card(HERE), "no such fee"), (owing.card(HERE, 2), fee)):
        refused = desk.ask(desk.pay(card, "1.00", fee_identifier=named))
        assert (refused.payment_accepted, refused.screen_message) == (
            False,
            (UNKNOWN_FEE,),
        )
    assert desk.ask(desk.pay(owing.card(HERE), "1.00", fee_identifier=fee)).payment_accepted


def test_37_elsewhere_for_a_fee_that_is_named_names_the_library_of_that_fee(owing: SmallCity) -> None:
    owing.settle()
    desk = owing.kiosk(THERE)
    named = desk.ask(desk.pay(owing.card(HERE), "1.00", fee_identifier=owing.item(HERE)))
    unknown = desk.ask(desk.pay(owing.card(HERE), "1.00", fee_identifier="no such fee"))
    assert HERE in named.screen_message[0]
    assert unknown.screen_message == (UNKNOWN_FEE,)


# --- what is missing is named --------------------------------------------------------------------------------

NO_CARD, NO_ITEM, NO_WORK, NO_AMOUNT = "（AA）", "（AB）", "（AB）或题名（AJ）", "（BV）"
LACKING: dict[str, tuple[Any, str]] = {
    "01 without AA": (lambda desk, _city: desk.block(""), NO_CARD),
    "09 without AB": (lambda desk, _city: desk.checkin(""), NO_ITEM),
    "11 without AA": (lambda desk, city: desk.checkout(" ", city.item(HERE)), NO_CARD),
    "11 without AB": (lambda desk, city: desk.checkout(city.card(HERE), ""), NO_ITEM),
    "15 without AA": (lambda desk, city: desk.hold("+", "", city.item(HERE)), NO_CARD),
    "15 without AB and AJ": (lambda desk, city: desk.hold("+", city.card(HERE)), NO_WORK),
    "17 without AB": (lambda desk, _city: desk.item(" "), NO_ITEM),
    "19 without AB": (lambda desk, _city: desk.properties("", "x"), NO_ITEM),
    "23 without AA": (lambda desk, _city: desk.status(""), NO_CARD),
    "25 without AA": (lambda desk, _city: desk.enable(""), NO_CARD),
    "29 without AA": (lambda desk, city: desk.renew("", city.item(HERE)), NO_CARD),
    "29 without AB and AJ": (lambda desk, city: desk.renew(city.card(HERE), ""), NO_WORK),
    "37 without AA": (lambda desk, _city: desk.pay("", "1.00"), NO_CARD),
    "37 without BV": (lambda desk, city: desk.pay(city.card(HERE), ""), NO_AMOUNT),
    "63 without AA": (lambda desk, _city: desk.information(""), NO_CARD),
    "65 without AA": (lambda desk, _city: desk.renew_all(""), NO_CARD),
}


@pytest.mark.parametrize("lacking", list(LACKING))
def test_what_a_request_lacks_is_named_in_its_refusal_and_in_the_log(city: SmallCity, lacking: str) -> None:
    make, named = LACKING[lacking]
    desk = city.kiosk(HERE, "staff")
    told = desk.ask(make(desk, city))
    assert len(told.screen_message) == 1
    assert told.screen_message[0].startswith("缺少")
    assert named in told.screen_message[0]
    line = city[HERE].log.of("sip2")[-1]
    assert (line["outcome"], line["reason"]) == ("refused", "field_missing")


# --- 64: counts and the fee limit ----------------------------------------------------------------------------


def test_64_after_a_wrong_pin_has_counts_of_0000_and_blank_ones_by_switch(city: SmallCity) -> None:
    for name, counts in (("sc", b"0000" * 6), ("blank", b" " * 24)):
        kiosk = with_switches(city, name, counts_blank=name == "blank").kiosk(HERE, name)
        answer = kiosk.send(kiosk.bytes_of(kiosk.information(city.card(HERE), patron_password="no")))
        assert answer[37:61] == counts


def test_64_has_the_fee_limit_where_fees_stop_lending_and_none_where_they_do_not() -> None:
    strict = LendingRule(lending_refused_for=frozenset({"fee_unpaid"}))
    for rule, limit in ((strict, "0.00"), (LendingRule(), None)):
        city = SmallCity((HERE, THERE), rule=rule)
        kiosk = city.kiosk(THERE)
        assert kiosk.ask(kiosk.information(city.card(HERE))).fee_limit == limit


# --- 10: who ------------------------------------------------------------------------------------------------


def with_switches(city: SmallCity, login: str, kind: Any = "selfcheck", **switches: Any) -> SmallCity:
    """The city, whose first library has one terminal more."""
    terminal = Terminal(login, kind, dialect=Dialect(**switches), password_hash="hash:secret")
    terminals = city[HERE].core.terminals
    terminals.replace({**terminals, login: terminal})
    return city


@pytest.mark.parametrize(
    ("login", "kind", "switches", "has"),
    [
        ("staff", "staff", {}, True),
        ("sorter", "sorter", {"hold_slip": True}, True),
        ("sorter", "sorter", {}, False),
        ("sc3", "selfcheck", {"hold_slip": True}, False),
        ("bin", "return", {}, False),
    ],
)
def test_10_names_a_card_that_63_answers_to_where_hold_slips_are_made(
    city: SmallCity, login: str, kind: str, switches: dict[str, Any], has: bool
) -> None:
    place = with_switches(city, login, kind, **switches).kiosk(HERE, login)
    card, item = reserved(city, city.card(HERE, 2))
    kept = place.ask(place.checkin(item))
    assert (kept.alert_type, kept.hold_patron_id) == ("01", card if has else None)
    if has:
        assert place.ask(place.information(kept.hold_patron_id)).personal_name == kept.hold_patron_name == "读者2"


def reserved(city: SmallCity, card: str) -> tuple[str, str]:
    """An item of HERE on loan that this card has reserved."""
    desk, item = city.kiosk(HERE), city.item(HERE)
    lend(city, HERE, city.card(HERE), item)
    assert desk.ask(desk.hold("+", card, item)).ok
    return card, item


def test_10_has_no_number_of_another_librarys_reader(city: SmallCity) -> None:
    staff = city.kiosk(HERE, "staff")
    _card, item = reserved(city, city.card(THERE))
    kept = staff.ask(staff.checkin(item))
    assert (kept.alert_type, kept.hold_patron_id, kept.hold_patron_name) == ("01", None, None)


def test_10_has_the_card_of_who_brought_it_back_by_switch_and_of_own_readers_alone(city: SmallCity) -> None:
    place = with_switches(city, "sc3", checkin_patron=True).kiosk(HERE, "sc3")
    plain = city.kiosk(HERE)
    for number, (kiosk, borrower, told) in enumerate(
        [
            (place, city.card(HERE), city.card(HERE)),
            (place, city.card(THERE), None),
            (plain, city.card(HERE), None),
        ],
        start=1,
    ):
        lend(city, HERE, borrower, city.item(THERE, number))
        assert kiosk.ask(kiosk.checkin(city.item(THERE, number))).patron_identifier == told


# --- English where the encoding has no Chinese -----------------------------------------------------------------

NAMES_EN = {HERE: "Shapingba Library"}
CHINESE_CHARACTER = re.compile("[\u3000-\u9fff\uff00-\uffef]")


def abroad(**switches: Any) -> SmallCity:
    """A reader of HERE owes at THERE for one item and has another, and HERE alone has an English name. Names are in
    Chinese. All terminals of the city have these switches."""
    terminals = [replace(each, dialect=Dialect(**switches)) for each in TERMINALS]
    terminals = [replace(each, location="一楼大厅") for each in terminals]
    city = SmallCity((HERE, THERE), terminals=terminals, names_en=NAMES_EN)
    lend(city, THERE, city.card(HERE), city.item(THERE))
    city.pass_days(35)
    take_back(city, THERE, city.item(THERE))
    lend(city, THERE, city.card(HERE), city.item(THERE, 2))
    return city


def everything(city: SmallCity, encoding: str) -> list[str]:
    """One answer of each kind, and refusals, as they are sent."""
    desk, card = city.kiosk(THERE), city.card(HERE)
    asked = [
        *(desk.sc_status(), desk.status(city.card(THERE)), desk.block(city.card(HERE, 3)), desk.enable(card)),
        *(desk.information(card, wanted) for wanted in range(6)),
        *(desk.item(city.item(THERE, 2)), desk.item("NOBODY'S"), desk.properties(city.item(HERE), "x")),
        *(
            desk.renew(card, city.item(THERE, 2)),
            desk.renew_all(card),
            desk.hold("+", city.card(HERE, 2), city.item(HERE)),
        ),
        *(desk.pay(card, "9.00"), desk.checkout(card, city.item(THERE, 14)), desk.checkout(card, city.item(HERE, 3))),
        *(desk.checkin(city.item(HERE, 3)), desk.checkin(city.item(THERE, 2)), desk.end_session(card)),
    ]
    return [desk.send(desk.bytes_of(each)).decode(encoding) for each in asked]


@pytest.mark.parametrize("encoding", ["cp850", "ascii"])
def test_an_account_without_chinese_is_told_everything_in_english_and_nothing_in_question_marks(encoding: str) -> None:
    answers = everything(abroad(encoding=encoding, due_date="chinese", join_screen_messages=True), encoding)
    assert [each for each in answers if "?" in each] == []
    told = "\n".join(answers)
    assert "yuan of late fees are owed at CQBB" in told
    assert "Please put it into the box for Shapingba Library." in told
    assert "|AJ(Chinese title)|" in told
    assert "|AE(Chinese name)|" in told
    assert re.search(r"\|AVCQBB0100000001 CQBB 1\.00 yuan\|", told)
    assert f"AO{THERE}|AM{THERE}|" in told


def test_a_terminal_in_english_hears_english_names_of_libraries_in_any_encoding() -> None:
    city = abroad()
    terminals = city[THERE].core.terminals
    terminals.replace({login: replace(each, language=ENGLISH) for login, each in terminals.items()})
    desk = city.kiosk(THERE)
    for asked in (
        desk.sc_status(),
        desk.checkin(city.item(HERE, 3)),
        desk.information(city.card(HERE), 3, language="001"),
    ):
        answer = desk.ask(asked)
        assert not CHINESE_CHARACTER.search("".join((*answer.screen_message, *getattr(answer, "fine_items", ()))))


def test_a_port_without_chinese_speaks_english_before_a_login() -> None:
    place = Place(login_required=True)
    line = place.line(door=Door(dialect=NAMED["ascii"]))
    assert line.protocol.session.language_of("019") == ENGLISH
    line.send(login())
    assert line.protocol.session.language_of("019") == "019"


def test_what_has_letters_of_the_encoding_stays_as_it_is() -> None:
    assert said("Zoë’s diary", NAMED["ascii"], "x") == "Zoë’s diary"
    assert said("C语言", NAMED["cp850"], "x") == "x"


# --- 99 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.00", "1.0E"])
def test_99_of_a_1_00_device_is_answered_on_line_in_its_version(city: SmallCity, version: str) -> None:
    desk = city.kiosk(HERE)
    sent = encode(replace(desk.sc_status(), protocol_version="1.00")).replace(b"1.00", version.encode())
    answer = read(desk.send(sent))
    assert (answer.online_status, answer.protocol_version) == (True, "1.00")
    assert answer.timeout_period > 0
    assert desk.ask(desk.status(city.card(HERE))).valid_patron


# --- 12 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("owner", [HERE, THERE])
def test_12_says_the_medium_of_the_item_in_refusals_too(city: SmallCity, owner: str) -> None:
    desk, card = city.kiosk(HERE), city.card(HERE)
    lend(city, HERE, city.card(THERE), city.item(owner))
    lend(city, HERE, card, city.item(owner, 2))
    for number in (1, 2, 14):
        refused = desk.ask(desk.checkout(card, city.item(owner, number)))
        assert (refused.ok, refused.media_type) == (False, "001")
    suspended = city.card(THERE, 2)
    city[THERE].connection.execute("UPDATE card SET status = 'suspended' WHERE reader LIKE '%-2'")
    assert desk.ask(desk.checkout(suspended, city.item(owner, 3))).media_type == "001"
    assert desk.ask(desk.checkout(card, "NOBODY'S")).media_type is None
