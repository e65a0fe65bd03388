"""A city that serves: whole in `world.json`, well-formed to any client, and its books outlive its processes."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from sip2 import encode
from sip2 import messages as m
from tests.end_to_end.served_city import (
    ServedCity,
    account,
    checkin,
    checkout,
    connected,
    item_information,
    listening,
    now,
    served_city,
    until,
)
from tests.sip2.support import GOLDEN

TEN_PAIRS = ("93", "99", "23", "63", "11", "09", "29", "17", "37", "35")
REQUESTS = [row for row in GOLDEN if row["direction"] == "SC->ACS" and row["message"][:2] in TEN_PAIRS]
ANSWERS = dict(zip(TEN_PAIRS, ("94", "98", "24", "64", "12", "10", "30", "18", "38", "36"), strict=True))


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedCity]:
    with served_city(tmp_path_factory.mktemp("served") / "city") as served:
        yield served


def text_of(answer: Any) -> str:
    return " / ".join(answer.screen_message)


# --- the world -----------------------------------------------------------------------------------------------


def test_the_world_is_told_whole_and_true(city: ServedCity) -> None:
    codes = [each["code"] for each in city.world["libraries"]]
    assert codes == ["CQCQ", "CQSPB", "CQBB", "CQWZ"]
    for library in city.world["libraries"]:
        assert {*library} == {"code", "name", "group", "sip2", "federation", "http", "config", "pid", "terminals"}
        assert all(listening(library[port]) for port in ("sip2", "federation", "http"))
        kinds = {terminal["kind"] for terminal in library["terminals"]}
        assert kinds == {"selfcheck", "return", "sorter", "gate", "staff"}
    for code in codes:
        items = [each for each in city.world["items"] if each["owner"] == code]
        readers = [each for each in city.world["readers"] if each["home"] == code]
        assert len(readers) >= 20
        assert len(items) >= 60
        assert sum(each["foreign"] for each in items) >= 10
        assert sum(not each["lendable"] for each in items) >= 3


def test_what_the_world_says_of_readers_and_items_is_what_a_kiosk_finds(city: ServedCity) -> None:
    reader = city.reader("CQBB", 3)
    kept = next(each for each in city.world["items"] if each["owner"] == "CQBB" and not each["lendable"])
    with city.at("CQBB") as kiosk:
        asked = m.PatronStatus(
            language="019",
            transaction_date=now(),
            institution_id="CQBB",
            patron_identifier=reader["card"],
            terminal_password="",
            patron_password=reader["pin"],
        )
        status = kiosk.ask(asked, m.PatronStatusResponse)
        assert (status.valid_patron, status.valid_patron_password) == (True, True)
        assert status.personal_name == reader["name"]
        assert kiosk.ask(item_information(kept["barcode"]), m.ItemInformationResponse).title_identifier == kept["title"]
        refused = kiosk.ask(checkout(reader["card"], kept["barcode"]), m.CheckoutResponse)
        assert not refused.ok
        assert refused.title_identifier == kept["title"]


# --- the golden requests, byte for byte ----------------------------------------------------------------------


def test_the_golden_requests_cover_the_ten_pairs() -> None:
    assert {row["message"][:2] for row in REQUESTS} == set(TEN_PAIRS)


@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: row["name"])
def test_a_golden_request_gets_one_well_formed_answer(city: ServedCity, row: dict[str, Any]) -> None:
    data = row["message"].encode() + b"\r"
    with city.at("CQSPB") as kiosk:
        answer = kiosk.exchange(data)
        assert answer.message.command == ANSWERS[row["message"][:2]]
        assert answer.sequence == row["fields"]["sequence"]
        assert answer.error_detection == (row["fields"]["checksum"] is not None)
        still = kiosk.ask(m.ScStatus(status_code="0", max_print_width=40), m.AcsStatus)
        assert still.online_status


def test_the_golden_reader_and_items_exist_in_the_world(city: ServedCity) -> None:
    assert any(each["card"] == "2350010012345" and each["pin"] == "246810" for each in city.world["readers"])
    assert any(each["barcode"] == "CQSPB0100234567" for each in city.world["items"])


def test_a_golden_checkout_lends_and_the_golden_checkin_takes_back(city: ServedCity) -> None:
    by_name = {row["name"]: row["message"].encode() + b"\r" for row in REQUESTS}
    with city.at("CQSPB") as kiosk:
        kiosk.ask(checkin("CQSPB0100234567"), m.CheckinResponse)
        # the same bytes again and again are one request; another date is another
        lent = kiosk.ask(checkout("2350010012345", "CQSPB0100234567"), m.CheckoutResponse)
        assert lent.ok, text_of(lent)
        taken = kiosk.exchange(by_name["checkin_request"])
        assert isinstance(taken.message, m.CheckinResponse)
        assert taken.message.ok
        found = kiosk.ask(item_information("CQSPB0100234567"), m.ItemInformationResponse)
        assert found.circulation_status == "03"


# --- bad input -----------------------------------------------------------------------------------------------


def test_a_malformed_message_is_asked_for_again_and_the_connection_goes_on(city: ServedCity) -> None:
    good = encode(m.ScStatus(status_code="0", max_print_width=40), "1")
    broken = good.replace(b"040", b"041")
    with city.at("CQBB") as kiosk:
        kiosk.send(broken)
        assert kiosk.frame()[:2] == b"96"
        kiosk.send(b"ZZ what is this|\r")  # no command of the protocol: nobody answers it
        assert kiosk.exchange(good).message.command == "98"


def test_unknown_cards_and_items_are_clear_refusals(city: ServedCity) -> None:
    reader = city.reader("CQBB", 4)
    with city.at("CQBB") as kiosk:
        nobody = kiosk.ask(checkout("9999999999999", city.item("CQBB", 9)), m.CheckoutResponse)
        unknown = kiosk.ask(checkout("2350010099999", city.item("CQBB", 9)), m.CheckoutResponse)
        nothing = kiosk.ask(checkout(reader["card"], "CQBB9999999999"), m.CheckoutResponse)
        elsewhere = kiosk.ask(checkout(reader["card"], "NO-SUCH-ITEM"), m.CheckoutResponse)
        back = kiosk.ask(checkin("NO-SUCH-ITEM"), m.CheckinResponse)
        whose = kiosk.ask(account("9999999999999"), m.PatronInformationResponse)
    for answer in (nobody, unknown, nothing, elsewhere, back):
        assert not answer.ok
        assert answer.screen_message
    assert text_of(nobody) == text_of(unknown)
    assert text_of(nothing) == text_of(elsewhere)
    assert text_of(nobody) != text_of(nothing)
    assert whose.valid_patron is False


def test_a_bin_takes_what_nobody_knows_and_calls_for_staff(city: ServedCity) -> None:
    with city.at("CQBB", "return") as bin_:
        taken = bin_.ask(checkin("NO-SUCH-ITEM-2"), m.CheckinResponse)
    assert (taken.ok, taken.alert) == (True, True)


def test_a_card_of_another_group_is_refused_by_name(city: ServedCity) -> None:
    outsider = city.reader("CQWZ")
    with city.at("CQSPB") as kiosk:
        lent = kiosk.ask(checkout(outsider["card"], city.item("CQSPB", 8)), m.CheckoutResponse)
        asked = kiosk.ask(account(outsider["card"]), m.PatronInformationResponse)
    assert not lent.ok
    assert city.library("CQWZ")["name"] in text_of(lent)
    assert asked.charged_items_count is None
    with city.at("CQWZ") as kiosk:
        assert kiosk.ask(checkout(outsider["card"], city.item("CQWZ", 8)), m.CheckoutResponse).ok


def test_noise_of_any_kind_costs_its_own_connection_at_the_most(city: ServedCity) -> None:
    place = tuple(city.library("CQBB")["sip2"])
    with city.at("CQBB") as kiosk:
        for noise in (b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n\r\n", b"\x00\xff" * 40_000, b"\r\n\r\n\r"):
            with closing(socket.create_connection(place, timeout=5)) as stranger:
                stranger.sendall(noise)
        with connected(place) as stranger:
            refused = stranger.ask(checkout(city.reader("CQBB")["card"], city.item("CQBB", 7)), m.CheckoutResponse)
            assert not refused.ok  # not logged in
        assert kiosk.ask(m.ScStatus(status_code="0", max_print_width=40), m.AcsStatus).online_status


def test_nothing_was_logged_that_a_log_must_not_hold(city: ServedCity) -> None:
    logs = "".join(path.read_text("utf-8", "replace") for path in city.root.glob("*/node.log"))
    assert '"ready"' in logs
    for reader in city.world["readers"]:
        assert reader["card"] not in logs
        assert f'"{reader["pin"]}"' not in logs
        assert reader["name"] not in logs


# --- processes that die --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dying", ["CQSPB", "CQBB", "CQCQ"], ids=["home", "branch", "owner"])
def test_a_loan_outlives_a_power_cut_and_a_repeat_hears_the_same(city: ServedCity, dying: str) -> None:
    """A card of CQSPB borrows at CQBB an item of CQCQ."""
    number = {"CQSPB": 10, "CQBB": 11, "CQCQ": 12}[dying]
    card, item, at = city.reader("CQSPB", number)["card"], city.item("CQCQ", number), now()
    with city.at("CQBB") as kiosk:
        lent = kiosk.ask(checkout(card, item, at), m.CheckoutResponse)
        assert lent.ok, text_of(lent)
    city.kill(dying)
    city.start_again(dying)
    with city.at("CQBB") as kiosk:
        assert kiosk.ask(checkout(card, item, at), m.CheckoutResponse) == lent
    with city.at("CQCQ") as kiosk:
        found = kiosk.ask(item_information(item), m.ItemInformationResponse)
        assert (found.circulation_status, found.due_date) == ("04", lent.due_date)
    with city.at("CQSPB") as kiosk:
        assert kiosk.ask(account(card), m.PatronInformationResponse).charged_items == (item,)


def test_a_return_made_while_its_owner_is_dead_arrives_when_it_lives_again(city: ServedCity) -> None:
    card, item = city.reader("CQSPB", 14)["card"], city.item("CQCQ", 14)
    with city.at("CQBB") as kiosk:
        assert kiosk.ask(checkout(card, item), m.CheckoutResponse).ok
        city.kill("CQCQ")
        taken = kiosk.ask(checkin(item), m.CheckinResponse)
        assert taken.ok
        city.kill("CQBB")  # the return is on its disk
    city.start_again("CQBB")
    city.start_again("CQCQ")
    with city.at("CQSPB") as kiosk:
        until(
            lambda: kiosk.ask(account(card), m.PatronInformationResponse).charged_items_count == 0,
            "the place in the quota is free",
        )


def test_a_node_told_to_stop_answers_what_it_was_asked_and_ends_with_0(city: ServedCity) -> None:
    card, item = city.reader("CQSPB", 15)["card"], city.item("CQCQ", 15)
    if "CQBB" not in city.restarted:
        city.kill("CQBB")
        city.start_again("CQBB")
    with city.at("CQBB") as kiosk:
        kiosk.ask(m.ScStatus(status_code="0", max_print_width=40), m.AcsStatus)
        kiosk.send(encode(checkout(card, item), "5"))
        assert city.terminate("CQBB") == 0
        answer = kiosk.frame()
        assert kiosk.frame() == b""
    lent = answer[:3] == b"121"
    log = (city.root / "CQBB" / "again.log").read_text("utf-8")
    assert '"stopped"' in log
    assert "Traceback" not in log
    city.start_again("CQBB")
    with city.at("CQSPB") as kiosk:
        # what the reader was told is what the books say; unanswered, it was not lent
        until(
            lambda: (kiosk.ask(account(card), m.PatronInformationResponse).charged_items == (item,)) == lent,
            "the books say what the kiosk was told",
        )


def test_while_another_program_locks_the_database_reads_go_on_writes_wait_and_nobody_else_is_stopped(
    city: ServedCity,
) -> None:
    reader = city.reader("CQCQ", 6)["card"]
    path = city.root / "CQCQ" / "node.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other, city.at("CQCQ") as kiosk:
        other.execute("BEGIN IMMEDIATE")
        kiosk.send(encode(checkout(reader, city.item("CQCQ", 6)), "7"))
        with city.at("CQCQ", "staff") as desk:
            assert desk.ask(account(reader), m.PatronInformationResponse).charged_items_count == 0
        with city.at("CQBB") as elsewhere:
            mine = elsewhere.ask(checkout(city.reader("CQBB", 6)["card"], city.item("CQBB", 6)), m.CheckoutResponse)
            assert mine.ok
        other.execute("ROLLBACK")
        assert kiosk.frame()[:3] == b"121"
