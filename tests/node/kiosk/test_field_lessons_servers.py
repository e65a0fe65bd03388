"""Field lessons, part 1: what servers in use get wrong. One test an item, numbered as in docs/sip2.md."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from node.kiosk.edge import Door, Limits
from node.kiosk.failures import RESPONSE_TO
from node.kiosk.lines import keep_alive
from node.kiosk.observing import EdgeObserver
from node.kiosk.terminal import Terminal
from node.observe.metrics import Metrics
from sip2 import LAYOUTS, NAMED, Dialect, Received, SipDate, decode, encode
from sip2 import messages as m
from sip2.amounts import amount, minor_units
from tests.node.kiosk.lines import Place, item, login, status
from tests.node.service.small_city import TERMINALS, SmallCity, in_every_way_again

HERE, THERE = "CQSPB", "CQBB"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity((HERE, THERE))


def frame(answer: bytes, dialect: Dialect | None = None) -> Received:
    decoded = decode(answer, dialect or NAMED["default"])
    assert isinstance(decoded, Received), decoded
    return decoded


@pytest.mark.parametrize("command", sorted(RESPONSE_TO))
def test_lesson_1_1_an_exception_inside_is_a_whole_refusal_and_the_session_goes_on(command: str) -> None:
    place = Place()
    line = place.line()
    place.desk.fails = True
    answer = frame(line.send(f"{command}AY1AZ".encode() + checksum_of(f"{command}AY1AZ") + b"\r"))
    assert (answer.message.command, answer.warnings) == (RESPONSE_TO[command], ())
    assert place.notes.accidents == 1
    place.desk.fails = False
    assert line.send(status(2)).startswith(b"98")


def checksum_of(text: str) -> bytes:
    return b"%04X" % (-sum(text.encode()) & 0xFFFF)


def test_lesson_1_2_a_retried_request_is_executed_once(city: SmallCity) -> None:
    kiosk = city.kiosk(HERE)
    answers = in_every_way_again(city, kiosk, kiosk.checkout(city.card(HERE), city.item(THERE)))
    assert all(answer == answers[0] and answer.ok for answer in answers)
    assert list(city.loans().values()) == [city.item(THERE)]


def test_lesson_1_3_there_is_no_endless_96_and_the_log_says_which_reading_would_agree() -> None:
    place = Place(Terminal("sc1", "selfcheck", dialect=NAMED["strict"]), limits=Limits(damaged_in_a_row=5))
    line = place.line()
    line.send(login())
    body = "3520250315    101001AOCQSPB|AAZoë|AY1AZ"
    wrong = body.encode() + b"%04X" % (-sum(map(ord, body)) & 0xFFFF) + b"\r"
    answers = [line.send(wrong) for _ in range(5)]
    assert answers == [b"96AZFEF6\r"] * 5
    assert line.wire.closed
    assert "agrees over codepoints read as utf-8" in place.notes.details[-1]


def test_lesson_1_4_97_gives_nothing_to_a_new_connection_or_of_the_time_before_a_login() -> None:
    place = Place()
    first = place.line()
    first.send(login() + item("A"))
    assert place.line().send(b"97AZFEF5\r") == b"96AZFEF6\r"
    first.send(login("sc2", 3))
    assert first.send(b"97AZFEF5\r").startswith(b"941")


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\n\r", b"\r\r\n\n"])
def test_lesson_1_5_any_end_of_line_ends_a_message(end: bytes) -> None:
    line = Place().line()
    request = status().rstrip(b"\r")
    assert line.send(b"\n" + request + end).count(b"\r") == 1
    assert line.send(status(2).rstrip(b"\r") + end).startswith(b"98")


def test_lesson_1_6_a_segment_is_not_a_message() -> None:
    line = Place().line()
    stream = b"".join(item("A", number) for number in range(10))
    whole = line.send(stream)
    other = Place().line()
    assert b"".join(other.send(stream[at : at + 1]) for at in range(len(stream))) == whole
    assert whole.count(b"\r") == 10


def test_lesson_1_7_each_terminal_has_its_encoding_and_bytes_that_do_not_decode_are_answered(city: SmallCity) -> None:
    gbk = city_with(Terminal("sc", "selfcheck", dialect=NAMED["gb18030"], password_hash="hash:secret"))
    kiosk = gbk.kiosk(HERE)
    answer = kiosk.send(encode(kiosk.item(gbk.item(HERE)), "1"))
    assert f"AJ{HERE}之书1|".encode("gb18030") in answer
    odd = city.kiosk(HERE).send(b"1720250315    112001AOCQSPB|ABZo\x89\xff|\r")
    assert frame(odd).message.command == "18"


def city_with(*terminals: Terminal, **changes: Any) -> SmallCity:
    return SmallCity((HERE, THERE), terminals=terminals or TERMINALS, changes=changes)


def test_lesson_1_8_no_value_breaks_a_message() -> None:
    nasty = m.EndSessionResponse(
        end_session=True,
        transaction_date=SipDate("20250315    101001"),
        institution_id="a|b\rc\nd\x00e",
        patron_identifier="阅" * 400,
        screen_message=("x\x1b[2J\u2028y",),
    )
    for dialect in NAMED.values():
        data = encode(nasty, "1", dialect)
        assert data.count(b"\r") == 1
        read = frame(data, dialect)
        assert (read.warnings, read.unknown) == ((), ())
        assert all(len(str(value)) <= 255 for value in (read.message.patron_identifier,))  # type: ignore[attr-defined]


ODD = [
    b"9900802.0EAY1AZFC93",
    b"9900 802.00AY1AZFCB9",
    b"11NN20250315    090000" + b" " * 18 + b"AOX|AAP|ABI|AC|",
    b"09N20250315    0900" + b" " * 30 + b"AP|AOX|ABI|AC|",
    b"63xyz20250315    090000  Y       AOX|AAP|",
    b"17AOX|ABI|",
]


@pytest.mark.parametrize("request_", ODD)
def test_lesson_1_9_odd_fixed_fields_are_read_and_every_answer_has_its_widths(request_: bytes) -> None:
    answer = Place().line().send(request_.rpartition(b"AY")[0] or request_)
    answer = answer or Place().line().send(request_ + b"\r")
    read = frame(answer)
    assert read.warnings == ()
    assert len(answer) >= LAYOUTS[read.message.command].width


def test_lesson_1_10_an_unknown_field_is_ignored_and_noted_once_a_terminal() -> None:
    notes = Notebook()
    place = Place()
    place.kiosks.edge.observer = EdgeObserver(Metrics(["sc1"], [], []), notes)
    line = place.line()
    line.send(login())
    for number in range(3):
        asked = b"1720250315    112001AOX|ABI|ZYwhat|XX|AY%dAZ" % number
        assert frame(line.send(asked + checksum_of(asked.decode()) + b"\r")).message.command == "18"
    assert [each for each in notes.events if each[0] == "sip2_remark" and "ZY" in str(each)] == [
        ("sip2_remark", {"message": "17", "terminal": "sc1", "why": "field ZY not defined for 17, ignored"})
    ]


class Notebook:
    """An `EventLog`."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []

    def event(self, name: str, /, **fields: object) -> None:
        self.events.append((name, fields))

    def accident(self, name: str, failure: object, /, **fields: object) -> None:
        self.events.append((name, fields))


def test_lesson_1_11_ac_and_ad_may_be_missing(city: SmallCity) -> None:
    kiosk = city.kiosk(HERE)
    answer = kiosk.send(f"2301920260302    100000AO|AA{city.card(HERE)}|\r".encode())
    read = frame(answer).message
    assert isinstance(read, m.PatronStatusResponse)
    assert (read.valid_patron, read.valid_patron_password) == (True, None)


def test_lesson_1_12_99_comes_before_93_and_heartbeats_keep_a_line_open() -> None:
    place = Place(login_required=True)
    line = place.line()
    assert line.send(status()).startswith(b"98")
    line.send(login())
    for number in range(10):
        place.pass_s(420)
        assert line.send(status(number)).startswith(b"98")
    assert Limits().idle_timeout_s > 2 * 420


def test_lesson_1_13_lines_are_kept_alive_and_a_new_login_displaces_a_dead_one() -> None:
    asked: list[object] = []

    class Tcp:
        def setTcpKeepAlive(self, on: bool) -> None:
            asked.append(on)

        def setTcpNoDelay(self, on: bool) -> None: ...

    keep_alive(Tcp(), Door().keepalive_s)
    assert asked == [True]
    place = Place()
    dead, back = place.line(), place.line()
    dead.send(login())
    back.send(login())
    assert dead.wire.closed
    assert back.send(status()).startswith(b"98")


def test_lesson_1_14_one_slow_answer_keeps_nobody_else_waiting_and_too_many_are_refused_at_once() -> None:
    place = Place(limits=Limits(max_connections=2), waits=True)
    slow, other = place.line(), place.line()
    slow.send(item("A"))
    place.desk.waits = False
    assert other.send(item("B")) != b""
    assert place.connect() is None


def test_lesson_1_15_a_plain_listener_takes_the_addresses_of_its_list_only() -> None:
    # TLS and the reload of certificates: tests/node/kiosk/test_tls.py
    place = Place()
    door = Door(allow=(ip_network("10.1.0.0/16"),))
    assert place.connect("10.1.2.3", door) is not None
    assert place.connect("10.2.2.3", door) is None


def test_lesson_1_16_a_wrong_93_leaves_nobody_logged_in(city: SmallCity) -> None:
    kiosk = city.kiosk(HERE)
    assert not kiosk.ask(m.Login(login_user_id="sc", login_password="wrong")).ok
    assert not kiosk.ask(kiosk.checkout(city.card(HERE), city.item(HERE))).ok
    assert city.loans() == {}


def test_lesson_1_17_a_pin_is_absent_wrong_or_right_and_guesses_lock_nobody_out(city: SmallCity) -> None:
    kiosk, other, card = city.kiosk(HERE), city.kiosk(HERE, "sc2"), city.card(HERE)
    asked = [kiosk.ask(kiosk.status(card, patron_password=pin)) for pin in ("", "9999", card[-4:])]
    assert [each.valid_patron_password for each in asked] == [None, False, True]
    assert [bool(each.personal_name) for each in asked] == [True, False, True]
    guesses = [kiosk.ask(kiosk.status(card, patron_password="9999")) for _ in range(6)]
    assert guesses[-1].valid_patron_password is None
    assert other.ask(other.status(card, patron_password=card[-4:])).valid_patron_password
    city.run_for(31)
    assert kiosk.ask(kiosk.status(card, patron_password=card[-4:])).valid_patron_password


def test_lesson_1_18_alert_cv_and_ct_go_together_and_a_sorter_gets_them_every_time() -> None:
    sorter = Terminal("bin", "sorter", dialect=NAMED["sorter"], password_hash="hash:secret")
    city = city_with(Terminal("sc", "selfcheck", password_hash="hash:secret"), sorter)
    own, away, unknown = city.item(HERE), city.item(THERE), f"{HERE}0199999999"
    table = {}
    for login_ in ("sc", "bin"):
        kiosk = city.kiosk(HERE, login_)
        for name, barcode in (("own", own), ("away", away), ("unknown", unknown)):
            told = kiosk.ask(kiosk.checkin(barcode))
            table[login_, name] = (told.ok, told.alert, told.alert_type, bool(told.destination_location))
            city.pass_minutes(30)
    assert table["sc", "own"] == (True, False, None, False)
    assert table["sc", "away"] == (True, True, "04", True)
    assert table["sc", "unknown"] == (False, True, "99", False)
    assert table["bin", "own"] == (True, False, "00", True)
    assert table["bin", "away"] == (True, True, "04", True)
    assert table["bin", "unknown"] == (True, True, "99", True)


def test_lesson_1_19_a_return_of_a_reserved_item_rings_and_says_for_whom_and_where_to(city: SmallCity) -> None:
    kiosk = city.kiosk(HERE)
    lent = kiosk.ask(kiosk.checkout(city.card(HERE, 1), city.item(HERE)))
    held = kiosk.ask(kiosk.hold("+", city.card(HERE, 2), city.item(HERE), pickup_location=HERE))
    back = kiosk.ask(kiosk.checkin(city.item(HERE)))
    assert (lent.ok, held.ok, back.ok) == (True, True, True)
    assert (back.alert, back.alert_type, back.destination_location) == (True, "01", HERE)


def test_lesson_1_20_title_and_due_date_are_those_of_the_books_also_in_a_refusal(city: SmallCity) -> None:
    kiosk, card, barcode = city.kiosk(HERE), city.card(HERE), city.item(HERE)
    lent = kiosk.ask(kiosk.checkout(card, barcode))
    city.pass_days(1)
    again = kiosk.ask(kiosk.checkout(card, barcode))
    renewed = kiosk.ask(kiosk.renew(card, barcode))
    city.pass_minutes(30)
    refused = kiosk.ask(kiosk.renew(card, barcode))
    assert [each.ok for each in (lent, again, renewed, refused)] == [True, False, True, False]
    assert {each.title_identifier for each in (lent, again, renewed, refused)} == {f"{HERE}之书1"}
    assert lent.due_date == again.due_date
    assert renewed.due_date == refused.due_date


def test_lesson_1_21_counts_are_the_lengths_of_the_lists(city: SmallCity) -> None:
    kiosk, card = city.kiosk(HERE), city.card(HERE)
    for number in (1, 2, 3):
        kiosk.ask(kiosk.checkout(card, city.item(HERE, number)))
    city.pass_days(40)
    charged, overdue = kiosk.ask(kiosk.information(card, 2)), kiosk.ask(kiosk.information(card, 1))
    assert charged.charged_items_count == len(charged.charged_items) == 3
    assert overdue.overdue_items_count == len(overdue.overdue_items) == 3
    assert charged.overdue_items_count == 3


def test_lesson_1_22_money_is_whole_fen_with_a_point_and_never_a_float(city: SmallCity) -> None:
    assert amount(123_456_789) == "1234567.89"
    assert (minor_units("0.10"), minor_units("1,50"), minor_units("1,234.00")) == (10, 150, None)
    kiosk, card = city.kiosk(HERE), city.card(HERE)
    kiosk.ask(kiosk.checkout(card, city.item(HERE)))
    city.pass_days(31)
    kiosk.ask(kiosk.checkin(city.item(HERE)))
    owing = kiosk.ask(kiosk.information(card, 3))
    assert (owing.fee_amount, owing.currency_type, owing.fine_items_count) == ("0.20", "CNY", 1)
    assert not kiosk.ask(kiosk.pay(card, "0.30")).payment_accepted
    assert kiosk.ask(kiosk.pay(card, "0.20")).payment_accepted


@pytest.mark.parametrize("odd", ["'; DROP TABLE card; --", "../../x", "%", "*", "a/b", "\x00", "9" * 250, "null", ""])
def test_lesson_1_23_an_odd_barcode_is_nobodys_and_blanks_around_one_are_trimmed(city: SmallCity, odd: str) -> None:
    kiosk = city.kiosk(HERE)
    assert not kiosk.ask(kiosk.checkout(city.card(HERE), odd)).ok
    assert not kiosk.ask(kiosk.checkout(odd, city.item(HERE))).ok
    assert kiosk.ask(kiosk.checkout(f" {city.card(HERE)} ", f" {city.item(HERE)} ")).ok
    assert city[HERE].column("SELECT count(*) FROM card") == [4]


def test_lesson_1_24_what_was_lent_off_line_is_never_refused(city: SmallCity) -> None:
    kiosk, card, barcode = city.kiosk(HERE), city.card(HERE), city.item(HERE)
    assert kiosk.ask(kiosk.checkout(card, barcode, no_block=True)).ok
    assert kiosk.ask(kiosk.checkin(barcode, no_block=True)).ok


def test_lesson_1_25_every_request_is_one_event_with_terminal_code_result_and_time() -> None:
    notes = Notebook()
    place = Place()
    place.kiosks.edge.observer = EdgeObserver(Metrics(["sc1"], [], []), notes)
    line = place.line()
    line.send(login())
    line.send(item("secret-item", 2))
    assert [fields for name, fields in notes.events if name == "sip2"] == [
        {"op": None, "message": "93", "outcome": "ok", "reason": None, "terminal": "sc1", "seconds": 0.0},
        {"op": None, "message": "17", "outcome": "ok", "reason": None, "terminal": "sc1", "seconds": 0.0},
    ]
    assert "secret-item" not in str(notes.events)
