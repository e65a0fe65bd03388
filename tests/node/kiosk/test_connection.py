"""One connection: framing, order, repeats, logins, and what happens when something inside fails."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from node.kiosk.answered import done
from node.kiosk.edge import Door, Limits
from node.kiosk.failures import RESPONSE_TO, failed
from node.kiosk.terminal import Terminal
from sip2 import Dialect, Received, decode, encode
from sip2 import messages as m
from tests.node.kiosk.lines import SC1, SC2, STATUS, Place, item, login, status

BAD = b"96AZFEF6\r"


def sequences(data: bytes) -> list[str | None]:
    found = [decode(each) for each in data.split(b"\r") if each]
    return [each.sequence if isinstance(each, Received) else "?" for each in found]


# --- framing and order ---------------------------------------------------------------------------------------


def test_ten_requests_in_one_segment_are_answered_in_order_each_in_one_write() -> None:
    line = Place().line()
    answers = line.send(b"".join(item("A", number) for number in range(10)))
    assert sequences(answers) == [str(number) for number in range(10)]
    assert len(line.wire.writes) == 10
    assert all(each.endswith(b"\r") for each in line.wire.writes)


def test_a_request_byte_by_byte_is_one_request() -> None:
    place = Place()
    line = place.line()
    request = item("A")
    assert [line.send(request[at : at + 1]) for at in range(len(request) - 1)] == [b""] * (len(request) - 1)
    assert sequences(line.send(b"\r")) == ["1"]
    assert len(place.desk.requests) == 1


def test_the_next_request_waits_until_the_one_before_it_is_answered() -> None:
    place = Place(waits=True)
    line = place.line()
    assert line.send(item("A", 1) + item("B", 2)) == b""
    assert len(place.desk.requests) == 1
    place.desk.waiting[0].callback(done(m.EndSessionResponse(**END)))
    assert sequences(line.wire.value()) == ["1"]
    place.desk.waiting[1].callback(done(m.EndSessionResponse(**END)))
    assert sequences(line.wire.value()) == ["1", "2"]


END: dict[str, Any] = {"end_session": True, "transaction_date": None, "institution_id": "X", "patron_identifier": "P"}


def test_a_login_that_waits_dies_with_its_connection_and_other_requests_do_not() -> None:
    place = Place(waits=True)
    place.desk.logins_wait = True
    first, second = place.line(), place.line()
    first.send(login())
    second.send(item("A"))
    first.hang_up()
    second.hang_up()
    assert [each.command for each in place.desk.cancelled] == ["93"]
    assert place.notes.accidents == 0


def test_a_login_that_waits_too_long_is_refused_and_waits_no_more() -> None:
    place = Place(limits=Limits(answer_guard_s=8))
    place.desk.logins_wait = True
    line = place.line()
    assert line.send(login()) == b""
    place.pass_s(9)
    assert len(place.desk.cancelled) == 1
    assert line.wire.value().startswith(b"940")
    place.desk.logins_wait = False
    assert line.send(login(number=1)).startswith(b"941")


def test_a_flood_of_requests_lets_others_have_their_turn() -> None:
    place = Place()
    line, other = place.line(), place.line()
    line.protocol.dataReceived(b"".join(status(number) for number in range(500)))
    assert len(line.wire.writes) < 100
    assert not line.wire.reading
    other.send(status())
    assert len(other.wire.writes) == 1
    for _ in range(50):
        place.clock.advance(0)
    assert len(line.wire.writes) == 500
    assert line.wire.reading


# --- something inside fails ----------------------------------------------------------------------------------


def test_a_desk_that_raises_costs_no_answer_and_no_session() -> None:
    place = Place()
    line = place.line()
    place.desk.fails = True
    refused = line.ask(item("A"))
    assert isinstance(refused, m.ItemInformationResponse)
    assert place.notes.accidents == 1
    place.desk.fails = False
    assert isinstance(line.ask(item("A", 2)), m.ItemInformationResponse)


def test_a_desk_that_never_answers_is_not_waited_for_and_its_late_answer_is_dropped() -> None:
    place = Place(waits=True, limits=Limits(answer_guard_s=8))
    line = place.line()
    line.send(item("A", 1) + item("B", 2))
    place.pass_s(9)
    assert sequences(line.wire.value()) == ["1"]
    assert b"in_doubt" in line.wire.value()
    place.desk.waiting[0].callback(done(m.EndSessionResponse(**END)))
    assert sequences(line.wire.value()) == ["1"]
    assert "answer_too_late" in place.notes.disturbances
    place.desk.waiting[1].callback(done(m.EndSessionResponse(**END)))
    assert sequences(line.wire.value()) == ["1", "2"]


# --- repeats -------------------------------------------------------------------------------------------------


def test_a_repeat_is_answered_from_memory_and_97_repeats_the_answer() -> None:
    place = Place()
    line = place.line()
    first = line.send(item("A"))
    assert line.send(item("A")) == first
    assert line.send(b"97AZFEF5\r") == first
    assert len(place.desk.requests) == 1


def test_97_on_a_new_connection_hears_nothing_of_the_one_before() -> None:
    place = Place()
    first = place.line()
    first.send(login() + item("A"))
    first.hang_up()
    assert place.line().send(b"97AZFEF5\r") == BAD


def test_97_after_a_login_repeats_the_answer_to_the_login_in_the_terminals_dialect() -> None:
    place = Place(Terminal("sc1", "selfcheck", dialect=Dialect(terminator="CRLF")))
    line = place.line()
    assert line.send(login()) == b"941AY0AZFDFD\r\n"
    assert line.send(b"97AZFEF5\r") == b"941AY0AZFDFD\r\n"


def test_a_login_makes_the_line_forget_what_it_said_before() -> None:
    line = Place().line()
    told = line.send(item("A"))
    line.send(login(number=2))
    assert line.send(b"97AZFEF5\r") != told
    assert line.send(login("nobody", 3)) == b"940AY3AZFDFB\r"
    assert line.send(b"97AZFEF5\r") == b"940AY3AZFDFB\r"


def test_a_damaged_request_gets_96_and_is_not_processed() -> None:
    place = Place()
    line = place.line()
    assert line.send(item("A").replace(b"ABA", b"ABB")) == BAD
    assert place.desk.requests == []


def test_too_many_damaged_messages_in_a_row_end_the_line_with_a_reason_in_the_log() -> None:
    place = Place(limits=Limits(damaged_in_a_row=5))
    line = place.line()
    damaged = item("secret-card").replace(b"ABs", b"ABS")
    for _ in range(4):
        line.send(damaged)
    assert not line.wire.closed
    line.send(damaged)
    assert line.wire.closed
    why = place.notes.details[-1]
    assert why.startswith("message 17, ")
    assert "agrees with no reading known" in why
    assert "ecret" not in why


def test_a_good_message_between_damaged_ones_begins_the_count_anew() -> None:
    place = Place(limits=Limits(damaged_in_a_row=3))
    line = place.line()
    damaged = item("A").replace(b"ABA", b"ABB")
    for number in range(6):
        line.send(damaged)
        line.send(item("B", number))
    assert not line.wire.closed


# --- who it is -----------------------------------------------------------------------------------------------


def test_after_a_wrong_login_there_are_further_tries_on_the_same_connection() -> None:
    line = Place().line()
    assert [line.send(login("nobody", number))[:3] for number in range(3)] == [b"940"] * 3
    assert line.send(login(number=4))[:3] == b"941"


def test_the_fifth_wrong_login_in_a_row_ends_the_connection() -> None:
    line = Place().line()
    for number in range(4):
        line.send(login("nobody", number))
    assert not line.wire.closed
    assert line.send(login("nobody", 5))[:3] == b"940"
    assert line.wire.closed


def test_a_wrong_login_makes_a_logged_in_line_nobodys() -> None:
    place = Place()
    line = place.line()
    line.send(login())
    assert place.kiosks.connected_logins() == {"sc1"}
    line.send(login("nobody", 1))
    assert place.kiosks.connected_logins() == frozenset()
    assert not line.protocol.session.logged_in


def test_a_new_login_of_the_same_terminal_displaces_the_old_session_after_its_running_answer() -> None:
    place = Place()
    old, new = place.line(), place.line()
    old.send(login())
    place.desk.waits = True
    old.send(item("A"))
    new.send(login())
    assert not old.wire.closed
    place.desk.waiting[0].callback(done(m.EndSessionResponse(**END)))
    assert sequences(old.wire.value()) == ["1"]
    assert old.wire.closed
    assert not new.wire.closed
    old.hang_up()
    assert place.kiosks.connected_logins() == {"sc1"}


def test_other_terminals_and_a_terminal_with_room_for_more_sessions_are_not_displaced() -> None:
    place = Place(Terminal("sc1", "selfcheck", sessions=2), SC2)
    first, second, other, third = (place.line() for _ in range(4))
    other.send(login("sc2"))
    first.send(login())
    second.send(login())
    assert not first.wire.closed
    third.send(login())
    assert [each.wire.closed for each in (first, second, third, other)] == [True, False, False, False]


def test_a_second_login_on_the_same_connection_displaces_nobody() -> None:
    line = Place().line()
    line.send(login())
    line.send(login(number=1))
    assert not line.wire.closed


def test_a_terminal_is_known_by_its_address_and_the_narrowest_network_wins() -> None:
    wide = Terminal("wide", "gate", addresses=(ip_network("10.0.0.0/8"),))
    narrow = Terminal("narrow", "selfcheck", addresses=(ip_network("10.0.7.0/24"), ip_network("fd00::/8")))
    place = Place(wide, narrow, login_required=True)
    assert place.line("10.0.7.3").protocol.session.terminal is narrow
    assert place.line("10.0.8.3").protocol.session.terminal is wide
    assert place.line("::ffff:10.0.7.3").protocol.session.terminal is narrow
    assert place.line("192.168.0.1").protocol.session.logged_in is False
    assert place.notes.open["gate"] == 1


# --- settings read again -------------------------------------------------------------------------------------


def test_changed_switches_are_followed_at_the_next_message_of_an_open_session() -> None:
    place = Place()
    line = place.line()
    line.send(login())
    changed = Terminal("sc1", "selfcheck", dialect=Dialect(terminator="CRLF"), location="elsewhere")
    place.terminals.replace({"sc1": changed})
    assert line.send(item("A")).endswith(b"\r\n")
    assert line.protocol.session.terminal is changed
    assert line.protocol.session.logged_in
    assert not line.wire.closed


def test_a_terminal_that_is_gone_from_the_settings_is_nobody_at_its_next_message() -> None:
    place = Place()
    line = place.line()
    line.send(login())
    place.terminals.replace({"sc2": SC2})
    line.send(item("A"))
    assert not line.protocol.session.logged_in
    assert not line.wire.closed


def test_a_listener_has_its_own_dialect_until_the_terminal_is_known() -> None:
    door = Door(dialect=Dialect(terminator="CRLF"))
    line = Place(SC1).line(door=door)
    assert line.send(status()).endswith(b"\r\n")
    assert line.send(login(number=2)).endswith(b"FB\r")


@pytest.mark.parametrize("noise", [b"\x00\n", b"\r\n", b"\n\n", b" \r"])
def test_noise_between_messages_is_no_message(noise: bytes) -> None:
    line = Place().line()
    assert len(line.send(noise + status() + noise).split(b"\r")) == 2


def test_text_in_another_encoding_is_read_with_tolerance_and_remarked() -> None:
    place = Place()
    line = place.line()
    gbk = encode(
        m.ItemInformation(transaction_date=None, institution_id="馆", item_identifier="A"), "1", Dialect(encoding="gbk")
    )
    assert isinstance(line.ask(gbk), m.ItemInformationResponse)
    assert any(each.startswith("not utf-8") for each in place.notes.remarks)
    assert STATUS.command == "99"


def test_an_answer_that_can_not_be_written_costs_no_answer() -> None:
    place = Place()
    place.desk.answers["17"] = m.EndSessionResponse(
        end_session=True,
        transaction_date=None,
        institution_id="X",
        patron_identifier=7,  # type: ignore[arg-type]
    )
    line = place.line()
    assert isinstance(line.ask(item("A")), m.ItemInformationResponse)
    assert place.notes.accidents == 1


@pytest.mark.parametrize("command", sorted(RESPONSE_TO))
def test_every_request_has_a_refusal_that_can_be_sent_whatever_the_request_lacks(command: str) -> None:
    text = f"{command}".encode()
    request = decode(text)
    assert isinstance(request, Received)
    refused = failed(request.message, "CQSPB", 1_772_416_800_000, "系统繁忙")
    assert refused.command == RESPONSE_TO[command]
    again = decode(encode(refused, "1"))
    assert isinstance(again, Received)
    assert again.warnings == ()
