"""Lines typed at a simulated kiosk, against a kiosk that writes down what it is asked."""

from __future__ import annotations

from typing import Any, cast

import pytest
import pytest_twisted

from kiosk_sim.client import KioskClient, KioskOptions
from kiosk_sim.console import BadLine, Console, show
from sip2 import messages as m
from sip2.fields import SipDate

NOW = SipDate("20260301    120000")


class NotingKiosk:
    """Answers everything with the same item answer."""

    options = KioskOptions("CQBB")

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def now(self) -> SipDate:
        return NOW

    def __getattr__(self, verb: str) -> Any:
        async def ask(*arguments: Any) -> m.Response:
            self.asked.append((verb, *arguments))
            return item_answer()

        return ask


def item_answer() -> m.ItemInformationResponse:
    return m.ItemInformationResponse(
        circulation_status="03",
        security_marker="01",
        fee_type="01",
        transaction_date=NOW,
        item_identifier="CQBB1",
        title_identifier="三体",
        screen_message=("在架", "可借"),
    )


@pytest.fixture
def kiosk() -> NotingKiosk:
    return NotingKiosk()


@pytest.fixture
def console(kiosk: NotingKiosk) -> Console:
    return Console(cast(KioskClient, kiosk))


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("checkout C1 I1", ("checkout", "C1", "I1", None)),
        ("checkin I1", ("checkin", "I1")),
        ("renew C1 I1", ("renew", "C1", "I1", None)),
        ("pay C1 1.2", ("fee_paid", "C1", 120, "K20260301120000-1")),
        ("patron C1 fine", ("patron_information", "C1", None, "fine")),
        ("item 'I 1'  # with a blank in it", ("item_information", "I 1")),
        ("gate C1", ("patron_status", "C1", None)),
        ("status", ("status",)),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_line_becomes_one_request(
    line: str, asked: tuple[object, ...], console: Console, kiosk: NotingKiosk
) -> None:
    await console.run(line)
    assert kiosk.asked == [asked]


@pytest_twisted.ensureDeferred
async def test_a_pin_once_given_goes_with_later_requests(console: Console, kiosk: NotingKiosk) -> None:
    await console.run("pin 246810")
    await console.run("checkout C1 I1")
    assert kiosk.asked == [("checkout", "C1", "I1", "246810")]


@pytest.mark.parametrize("line", ["borrow C1 I1", "checkout C1", "pay C1 much", "item 'open"])
@pytest_twisted.ensureDeferred
async def test_a_line_that_is_no_command_is_refused_and_nothing_is_sent(
    line: str, console: Console, kiosk: NotingKiosk
) -> None:
    with pytest.raises(BadLine):
        await console.run(line)
    assert kiosk.asked == []


@pytest_twisted.ensureDeferred
async def test_empty_lines_and_comments_do_nothing(console: Console, kiosk: NotingKiosk) -> None:
    assert await console.run("   ") == ""
    assert await console.run("# a remark") == ""
    assert kiosk.asked == []


def test_an_answer_is_shown_by_the_names_of_its_fields_without_the_empty_ones() -> None:
    shown = show(item_answer())
    assert shown.splitlines()[0] == "18 ItemInformationResponse"
    assert "   screen_message: 在架 / 可借" in shown
    assert "due_date" not in shown
