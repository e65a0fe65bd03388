"""Field lessons, part 2: what clients in use need. One test an item, numbered as in docs/sip2.md."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk_sim.simulation.plants import identity, repeats
from kiosk_sim.simulation.plants.promises import PLANTS
from node.kiosk.edge import Door
from node.kiosk.terminal import Terminal
from sip2 import NAMED, Dialect, Received, SipDate, decode, encode
from sip2 import messages as m
from tests.node.kiosk.lines import Place, item, login, status
from tests.node.service.small_city import SmallCity

HERE = "CQSPB"
SECRET = "hash:secret"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity((HERE,))


def city_speaking(dialect: Dialect, **changes: Any) -> SmallCity:
    return SmallCity((HERE,), terminals=[Terminal("sc", "selfcheck", dialect=dialect, password_hash=SECRET)], **changes)


def signed(text: str, unit: str = "bytes") -> bytes:
    """With the checksum that a client computes, over bytes or over code points."""
    data = text.encode()
    total = sum(data) if unit == "bytes" else sum(map(ord, text))
    return data + b"%04X\r" % (-total & 0xFFFF)


def message(answer: bytes) -> Any:
    decoded = decode(answer)
    assert isinstance(decoded, Received), decoded
    return decoded.message


def test_lesson_2_1_cr_crlf_and_a_stray_lf_in_front_are_accepted() -> None:
    line = Place().line()
    assert [line.send(each)[:2] for each in (status(1), status(2) + b"\n", b"\n" + status(3))] == [b"98"] * 3


def test_lesson_2_2_the_answer_ends_in_cr_or_as_the_account_says_and_never_as_the_request_does() -> None:
    place = Place(Terminal("sc1", "selfcheck"), Terminal("koha", "selfcheck", dialect=NAMED["koha"]))
    plain, koha = place.line(), place.line()
    assert plain.send(login().replace(b"\r", b"\r\n")).endswith(b"FD\r")
    assert koha.send(login("koha")).endswith(b"FD\r\n")
    assert koha.send(status()).endswith(b"\r\n")


def test_lesson_2_3_there_is_never_a_blank_line() -> None:
    line = Place().line()
    answers = line.send(b"\r\n".join((login(), item("A"), status(3), b"nonsense\r")))
    assert answers.count(b"\r") == 3
    assert b"\r\r" not in answers
    assert b"\n" not in answers


def test_lesson_2_4_an_answer_is_one_write_terminator_included_and_lists_are_paged(city: SmallCity) -> None:
    place = Place()
    line = place.line()
    line.send(item("A") + item("B", 2))
    assert [each.count(b"\r") for each in line.wire.writes] == [1, 1]
    assert all(each.endswith(b"\r") for each in line.wire.writes)
    kiosk, card = city.kiosk(HERE), city.card(HERE)
    for number in range(1, 8):
        kiosk.ask(kiosk.checkout(card, city.item(HERE, number)))
    paged = kiosk.ask(kiosk.information(card, 2, start_item=1, end_item=5))
    assert (len(paged.charged_items), paged.charged_items_count) == (5, 7)


def test_lesson_2_5_error_detection_is_mirrored_message_by_message() -> None:
    line = Place().line()
    assert line.send(login(number=4)) == b"941AY4AZFDF9\r"
    assert line.send(b"9300CNsc1|COsecret|\r") == b"941\r"
    assert b"AY" not in line.send(b"9900802.00\r")
    assert b"AY7AZ" in line.send(status(7))


@pytest.mark.parametrize("sequence", ["10", "123", "00"])
def test_lesson_2_6_a_sequence_of_several_digits_is_echoed(sequence: str) -> None:
    answer = Place().line().send(signed(f"9900802.00AY{sequence}AZ"))
    assert f"AY{sequence}AZ".encode() in answer


@pytest.mark.parametrize("text", ["9900802.00AY1AZ", "9900802.00|AY1AZ", "9909992.00|AY1AZ"])
def test_lesson_2_7_ay_may_follow_the_fixed_part_at_once_or_after_an_empty_field(text: str) -> None:
    assert b"AY1AZ" in Place().line().send(signed(text))


def test_lesson_2_8_a_checksum_over_characters_is_accepted_and_an_ascii_account_agrees_with_all() -> None:
    line = Place().line()
    text = "3520250315    101001AOX|AAZoë|AY1AZ"
    assert line.send(signed(text, "code points"))[:2] == b"36"
    assert line.send(signed(text.replace("AY1", "AY2"), "bytes"))[:2] == b"36"
    city = city_speaking(NAMED["ascii"])
    kiosk = city.kiosk(HERE)
    assert kiosk.send(encode(kiosk.status(city.card(HERE)), "1")).isascii()


def test_lesson_2_9_cp850_is_read_and_bytes_that_do_not_decode_cost_nothing() -> None:
    place = Place(Terminal("palace", "selfcheck", dialect=NAMED["cp850"]))
    line = place.line()
    assert line.send(b"3520250315    101001AOX|AAZo\x89|\r")[:2] == b"36"
    line.send(login("palace"))
    line.send(b"3520250315    101001AOX|AAZo\x89|\r")
    asked = place.desk.requests[-1]
    assert isinstance(asked, m.EndPatronSession)
    assert asked.patron_identifier == "Zoë"


def test_lesson_2_10_only_what_stands_at_the_very_end_in_the_right_form_is_a_checksum() -> None:
    place = Place()
    assert place.line().send(b"3520250315    101001AOX|AAZ1AF0\r") != b"96AZFEF6\r"
    asked = place.desk.requests[-1]
    assert isinstance(asked, m.EndPatronSession)
    assert asked.patron_identifier == "Z1AF0"


def test_lesson_2_11_96_is_for_wrong_checksums_alone() -> None:
    line = Place().line()
    assert line.send(b"41what|AY1AZFFFF\r") == b"96AZFEF6\r"
    for poor in (b"41what|\r", b"hello\r", b"85|||\r", b"10answer|\r"):
        assert line.send(poor) == b""
    for poor in (b"11\r", b"63|||||\r", b"37garbage\r", b"09\xff\xfe\r"):
        assert line.send(poor)[:2] not in (b"", b"96")


def test_lesson_2_12_the_original_message_again_is_recognised_with_its_own_or_the_next_ay(city: SmallCity) -> None:
    kiosk, card = city.kiosk(HERE), city.card(HERE)
    kiosk.ask(kiosk.checkout(card, city.item(HERE)))
    city.pass_days(35)
    kiosk.ask(kiosk.checkin(city.item(HERE)))
    paid = kiosk.pay(card, "0.40", transaction_id="0001")
    same, following = encode(paid, "1"), encode(paid, "2")
    assert kiosk.send(same) == kiosk.send(same)
    assert message(kiosk.send(following)).payment_accepted
    assert city[HERE].column("SELECT count(*) FROM payment") == [1]


@pytest.mark.parametrize("again", [b"97AZFEF5\r", b"97\r", signed("97AY5AZ")])
def test_lesson_2_13_every_form_of_97_gets_the_last_answer_or_96_if_there_is_none(again: bytes) -> None:
    line = Place().line()
    assert line.send(again)[:2] == b"96"
    answer = line.send(item("A"))
    assert line.send(again) == answer


FIXED = [
    ("99 width of php-sip2", b"990 802.00", m.AcsStatus),
    *((f"99 width {width.decode()}", b"990" + width + b"2.00", m.AcsStatus) for width in (b"000", b"999", b"080")),
    ("65 without its date", b"65AO|AA{card}|", m.RenewAllResponse),
    ("11 without its due date", b"11NN20260302    100000AO|AA{card}|AB{item}|AC|", m.CheckoutResponse),
    ("17 with a language in front", b"1700120260302    100000AO|AB{item}|", m.ItemInformationResponse),
    ("zone 0000", b"2301920260302000010000" + b"0AO|AA{card}|AC|AD|", m.PatronStatusResponse),
]


@pytest.mark.parametrize(("name", "request_", "kind"), FIXED, ids=[each[0] for each in FIXED])
def test_lesson_2_14_deviations_in_the_fixed_part_are_understood(
    city: SmallCity, name: str, request_: bytes, kind: type[m.Response]
) -> None:
    filled = request_.replace(b"{card}", city.card(HERE).encode()).replace(b"{item}", city.item(HERE).encode())
    answer = message(city.kiosk(HERE).send(filled + b"\r"))
    assert isinstance(answer, kind)
    if kind in (m.CheckoutResponse, m.PatronStatusResponse):
        assert getattr(answer, "ok", True)
        assert answer.patron_identifier == city.card(HERE)  # type: ignore[attr-defined]
    if kind is m.ItemInformationResponse:
        assert answer.title_identifier == f"{HERE}之书1"  # type: ignore[attr-defined]


def test_lesson_2_15_a_due_date_of_now_means_nothing_without_no_block(city: SmallCity) -> None:
    kiosk = city.kiosk(HERE)
    without = kiosk.ask(kiosk.checkout(city.card(HERE), city.item(HERE, 1)))
    given = kiosk.ask(kiosk.checkout(city.card(HERE), city.item(HERE, 2), nb_due_date=kiosk.now))
    assert given.due_date == without.due_date


def test_lesson_2_16_tagged_fields_come_in_any_order(city: SmallCity) -> None:
    kiosk, card = city.kiosk(HERE), city.card(HERE)
    shuffled = f"11NN20260302    100000{' ' * 18}BIN|AD{card[-4:]}|AC|AB{city.item(HERE)}|AA{card}|BON|AO{HERE}|\r"
    assert message(kiosk.send(shuffled.encode())).ok
    assert message(kiosk.send(f"09N{'20260302    100100' * 2}AB{city.item(HERE)}|AOX|AP|AC|\r".encode())).ok


MISSING = [
    ("no AC in 11", "11NN20260302    100000{blank}AO|AA{card}|AB{item}|", "121"),
    ("empty AO", "6301920260302    100000  Y       AO|AA{card}|", "64 "),
    ("empty AA in 01", "01N20260302    100000AOX|ALx|AA|AC|", "24Y"),
    ("no AA in 23", "2301920260302    100000AO|", "24Y"),
    ("AD in 09", "09N20260302    10000020260302    100000APx|AOX|AB{item}|AD1|AC|BIN|", "101"),
    ("nothing at all", "17", "18"),
]


@pytest.mark.parametrize(("name", "text", "begins"), MISSING, ids=[each[0] for each in MISSING])
def test_lesson_2_17_fields_may_be_missing_or_empty(city: SmallCity, name: str, text: str, begins: str) -> None:
    filled = text.format(card=city.card(HERE), item=city.item(HERE), blank=" " * 18)
    assert city.kiosk(HERE).send(f"{filled}\r".encode()).decode().startswith(begins)


def test_lesson_2_17_an_empty_title_in_29_is_no_title(city: SmallCity) -> None:
    kiosk, card, barcode = city.kiosk(HERE), city.card(HERE), city.item(HERE)
    kiosk.ask(kiosk.checkout(card, barcode))
    city.pass_days(1)
    assert kiosk.ask(replace(kiosk.renew(card, barcode), title_identifier="", fee_acknowledged=True)).ok


def test_lesson_2_18_a_listener_may_do_without_a_login(city: SmallCity) -> None:
    kiosks = city[HERE].core.kiosks
    asked = encode(city.kiosk(HERE).item(city.item(HERE)))
    for required, title in ((False, f"{HERE}之书1"), (True, "")):
        place = Place()
        place.kiosks = kiosks
        line = place.line(door=Door(login_required=required))
        assert message(line.send(asked)).title_identifier == title


def test_lesson_2_19_after_two_wrong_logins_a_right_one_is_taken_on_the_same_connection() -> None:
    line = Place().line()
    assert [line.send(login(user, 1))[:3] for user in ("a", "b", "sc1")] == [b"940", b"940", b"941"]


def test_lesson_2_20_a_client_hello_on_a_plain_port_ends_the_line_at_once() -> None:
    # The client that probes TLS in three connections: tests/end_to_end/test_kiosks_other_clients.py
    line = Place().line()
    line.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    assert line.wire.disconnected


def every_answer(city: SmallCity) -> list[bytes]:
    """Answers of all kinds, good and bad."""
    kiosk, card, barcode = city.kiosk(HERE), city.card(HERE), city.item(HERE)
    asked = [
        m.ScStatus(status_code="0", max_print_width=80),
        *(kiosk.status(each) for each in (card, "nobody")),
        *(kiosk.information(each, 2) for each in (card, "nobody")),
        *(kiosk.checkout(card, each) for each in (barcode, "nothing")),
        *(kiosk.renew(each, barcode) for each in (card, "nobody")),
        *(kiosk.checkin(each) for each in (barcode, "nothing")),
        *(kiosk.item(each) for each in (barcode, "nothing")),
        *(kiosk.hold(mode, card, barcode) for mode in "+-"),
        *(kiosk.renew_all(card), kiosk.pay(card, "1.00"), kiosk.enable(card), kiosk.block("nobody")),
        m.EndPatronSession(transaction_date=None, institution_id="", patron_identifier=card),
    ]
    return [kiosk.send(encode(each, str(number % 10))) for number, each in enumerate(asked)]


def test_lesson_2_21_ao_comes_first_where_a_response_has_it(city: SmallCity) -> None:
    first = {"98", "24", "26", "64", "12", "10", "16", "30", "66", "38", "36"}
    answers = [each.decode() for each in every_answer(city)]
    assert first == {each[:2] for each in answers} & first
    for each in answers:
        if each[:2] in first:
            assert f"AO{HERE}|" in each.partition("|")[0] + "|"


def test_lesson_2_22_bx_has_sixteen_characters(city: SmallCity) -> None:
    assert re.search(rb"\|BX[YN]{16}\|", every_answer(city)[0])


def test_lesson_2_23_a_client_with_narrow_tables_gets_only_what_is_in_them() -> None:
    for answer in every_answer(city_speaking(NAMED["jsip2"])):
        text = answer.decode()
        assert "|BH" not in text
        if text[:2] in ("24", "64", "26"):
            assert re.fullmatch("[Y ]{14}0(0[0-9]|1[0-9]|2[0-7])", text[2:19])
        if text[:2] == "64":
            assert re.fullmatch("[0-9]{24}", text[37:61])
        if text[:2] == "18":
            assert re.fullmatch("(0[1-9]|1[0-3])0[0-3]0[1-9]", text[2:8])
        assert re.search(r"\|CK(00[0-9]|010)\|", text) or "|CK" not in text


def test_lesson_2_24_no_answer_has_an_empty_field_without_a_name(city: SmallCity) -> None:
    assert [each for each in every_answer(city) if b"||" in each] == []


def test_lesson_2_25_a_page_keeps_an_answer_short_enough_for_clients_that_add_wrongly(city: SmallCity) -> None:
    kiosk, card = city.kiosk(HERE), city.card(HERE)
    for number in range(1, 9):
        kiosk.ask(kiosk.checkout(card, city.item(HERE, number)))
    page = kiosk.send(encode(kiosk.information(card, 2, start_item=1, end_item=5), "1"))
    assert len(page) < 1000


def test_lesson_2_26_values_cut_at_255_characters_by_the_client_are_read(city: SmallCity) -> None:
    kiosk = city.kiosk(HERE)
    answer = kiosk.ask(kiosk.block("nobody", message="x" * 255))
    assert answer.valid_patron is not True


def test_lesson_2_27_the_expiration_of_a_hold_is_a_tagged_field_and_left_out_where_there_is_none() -> None:
    held = m.HoldResponse(
        ok=True,
        available=False,
        transaction_date=SipDate("20250315    101001"),
        institution_id=HERE,
        patron_identifier="P",
    )
    assert encode(held) == b"161N20250315    101001AOCQSPB|AAP|\r"
    until = replace(held, expiration_date=SipDate("20250320    235900"))
    assert encode(until).startswith(b"161N20250315    101001AOCQSPB|BW20250320    235900|")


def test_the_table_of_lessons_names_every_test_and_no_other() -> None:
    here = Path(__file__)
    named = set(re.findall(r"test_lesson_\w+", (here.parents[3] / "docs" / "sip2.md").read_text("utf-8")))
    files = (here, here.with_name("test_field_lessons_servers.py"))
    written = {found for file in files for found in re.findall(r"def (test_lesson_\w+)", file.read_text("utf-8"))}
    assert named == written


def test_the_tables_of_the_field_name_tests_that_exist_and_every_planted_fault_about_repeats_and_owners() -> None:
    root = Path(__file__).parents[3]
    tables = [line for line in (root / "docs" / "field.md").read_text("utf-8").splitlines() if line.startswith("| ")]
    written = "\n".join(file.read_text("utf-8") for file in root.glob("tests/**/test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", "\n".join(tables)))
    assert named <= set(re.findall(r"def (test_\w+)", written))
    points = [line for line in tables if not line.startswith("| point ")]
    assert all(re.search(r"`test_\w+`", line.split(" | ")[1]) for line in points)
    planted = {
        name for line in points if line.count(" | ") > 1 for name in re.findall(r"`(\w+)`", line.split(" | ")[2])
    }
    assert planted <= set(PLANTS)
    assert {plant.__name__ for plant in (*repeats.PLANTS, *identity.PLANTS)} <= planted


def test_the_table_of_points_names_tests_that_exist_and_every_test_of_the_answers() -> None:
    root = Path(__file__).parents[3]
    section = (root / "docs" / "sip2.md").read_text("utf-8").partition("## Bytes and answers, point by point")[2]
    named = set(re.findall(r"`(test_\w+)`", section.partition("Further tests")[0]))
    written = {
        found
        for file in root.glob("tests/**/test_*.py")
        for found in re.findall(r"def (test_\w+)", file.read_text("utf-8"))
    }
    answers = Path(__file__).with_name("test_answers.py").read_text("utf-8")
    assert named <= written
    assert set(re.findall(r"def (test_\w+)", answers)) <= named
