"""The database can't be written: every message still gets its answer, a refusal; nothing is promised that is not on
disk, and when the disk works again so does the library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from federation.contract import Reason
from sip2 import Message
from sip2 import messages as m
from tests.node.service.errands import city_at_work
from tests.node.service.kiosks import Kiosk, read
from tests.node.service.mishaps import hold_back, read_only_disk, screen, sentence
from tests.node.service.small_city import SmallCity

BRANCH, HOME, OWNER = "CQBB", "CQSPB", "CQCQ"
Make = Callable[[SmallCity, Kiosk], Message]
WRITERS: dict[str, Make] = {
    "checkout, own": lambda city, desk: desk.checkout(city.card(BRANCH), city.item(BRANCH, 2)),
    "checkout, elsewhere": lambda city, desk: desk.checkout(city.card(HOME), city.item(OWNER, 2)),
    "checkin, own": lambda city, desk: desk.checkin(city.item(BRANCH)),
    "checkin, elsewhere": lambda city, desk: desk.checkin(city.item(OWNER)),
    "renew, own": lambda city, desk: desk.renew(city.card(HOME), city.item(BRANCH)),
    "renew, elsewhere": lambda city, desk: desk.renew(city.card(HOME), city.item(OWNER)),
    "pay": lambda city, desk: desk.pay(city.card(BRANCH), "0.20"),
}
READERS: dict[str, Make] = {
    "patron information": lambda city, desk: desk.information(city.card(BRANCH), 2),
    "patron status": lambda city, desk: desk.status(city.card(BRANCH)),
    "item": lambda city, desk: desk.item(city.item(BRANCH)),
    "item elsewhere": lambda city, desk: desk.item(city.item(OWNER)),
}


def ok(answer: Any) -> bool:
    return bool(answer.payment_accepted if isinstance(answer, m.FeePaidResponse) else answer.ok)


@pytest.fixture
def city() -> SmallCity:
    return city_at_work()


def books(city: SmallCity) -> list[str]:
    """Every row of the branch but what it remembers of peers."""
    return list(city[BRANCH].connection.iterdump())


@pytest.mark.parametrize("name", list(WRITERS))
def test_what_would_have_to_be_written_is_refused_and_works_when_the_disk_does(city: SmallCity, name: str) -> None:
    desk, before = city.kiosk(BRANCH), books(city)
    request = WRITERS[name](city, desk)
    with read_only_disk(city[BRANCH]):
        refused = desk.ask(request)
    assert (ok(refused), screen(refused)) == (False, sentence(Reason.BUSY))
    assert books(city) == before
    desk.connect()  # the answer to the same bytes on the same line is the same
    assert ok(desk.ask(request))
    city.check()


@pytest.mark.parametrize("name", list(READERS))
def test_what_only_reads_is_answered(city: SmallCity, name: str) -> None:
    desk = city.kiosk(BRANCH)
    with read_only_disk(city[BRANCH]):
        answer = desk.ask(READERS[name](city, desk))
    assert getattr(answer, "valid_patron", True)
    assert getattr(answer, "title_identifier", "x")


def test_a_reader_from_elsewhere_is_described_even_if_nothing_can_be_remembered(city: SmallCity) -> None:
    desk = city.kiosk(BRANCH)
    city[BRANCH].connection.execute("DELETE FROM seen_card")
    with read_only_disk(city[BRANCH]):
        assert desk.ask(desk.information(city.card(HOME), 2)).charged_items_count == 2
        gate = city.kiosk(BRANCH, "gate")
        assert gate.ask(gate.status(city.card(HOME))).patron_status[0] == " "


def test_a_bin_is_never_told_ok_for_what_is_not_on_disk(city: SmallCity) -> None:
    bin_ = city.kiosk(BRANCH, "bin")
    with read_only_disk(city[BRANCH]):
        for barcode in (city.item(BRANCH), city.item(OWNER), "NOBODY-KNOWS-IT"):
            assert not bin_.ask(bin_.checkin(barcode)).ok


@pytest.mark.parametrize("victim", [OWNER, HOME])
def test_a_peer_with_a_read_only_disk_is_out_of_reach_for_lending_and_returns_are_still_taken(
    city: SmallCity, victim: str
) -> None:
    desk = city.kiosk(BRANCH)
    with read_only_disk(city[victim]):
        assert not desk.ask(desk.checkout(city.card(HOME), city.item(OWNER, 3))).ok
        assert desk.ask(desk.checkin(city.item(OWNER))).ok
        assert desk.ask(desk.checkout(city.card(BRANCH), city.item(BRANCH, 3))).ok
    city.check()


@pytest.mark.parametrize("message", ["checkout", "renewal"])
def test_a_disk_that_fails_between_asked_and_told_leaves_no_loan_that_the_kiosk_was_denied(
    city: SmallCity, message: str
) -> None:
    """The owner has said yes; the branch can't write its answer and says no. No restart comes to clear it up."""
    desk = city.kiosk(BRANCH)
    item = city.item(OWNER, 4) if message == "checkout" else city.item(OWNER)
    request = desk.checkout(city.card(HOME), item) if message == "checkout" else desk.renew(city.card(HOME), item)
    desk.say(desk.bytes_of(request))
    with read_only_disk(city[BRANCH]):
        city.run_until(lambda: bool(desk.heard()))
    assert desk.heard()[2:3] == b"0"
    city.run_for(60)
    city.check()
    if message == "checkout":
        assert item not in city.loans().values()
    else:
        assert city[OWNER].column(f"SELECT renewals FROM loan WHERE barcode = '{item}'") == [0]


def test_a_disk_that_refuses_in_the_middle_of_renewing_everything_is_no_accident(city: SmallCity) -> None:
    desk, card = city.kiosk(BRANCH), city.card(HOME)
    assert desk.ask(desk.checkout(card, city.item(OWNER, 5))).ok
    city.settle()
    held = hold_back(city[OWNER], "renew")
    desk.say(desk.bytes_of(desk.renew_all(card)))
    city.run_until(lambda: held.caught > 0)
    with read_only_disk(city[BRANCH]):
        held.let_go()
        city.run_until(lambda: bool(desk.heard()))
    answer = read(desk.heard())
    assert (answer.ok, screen(answer)) == (False, sentence(Reason.BUSY))
    city.check()
