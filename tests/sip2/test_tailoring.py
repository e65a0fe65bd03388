"""Each switch of what is said: one row, the answer without it and with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sip2 import DEFAULT, Dialect, Message, SipDate, decode, encode, tailoring
from sip2 import messages as m
from sip2.dialects import ABOUT, FINE_LINE, FINE_LINE_EN, NAMED, differences, sendable

DATE = SipDate("20250315    101001")
TAKEN = m.CheckinResponse(
    ok=True,
    resensitize=True,
    magnetic_media="N",
    alert=False,
    transaction_date=DATE,
    institution_id="CQSPB",
    item_identifier="A",
    permanent_location="",
    screen_message=("还书成功",),
)
AWAY = replace(TAKEN, alert=True, alert_type="04", destination_location="CQBB")
REFUSED = replace(TAKEN, ok=False, resensitize=False, alert=True, alert_type="99")
LENT = m.CheckoutResponse(
    ok=True,
    renewal_ok=False,
    magnetic_media="N",
    desensitize=True,
    transaction_date=DATE,
    institution_id="CQSPB",
    patron_identifier="P",
    item_identifier="A",
    title_identifier="T",
    due_date="20250414    235900",
    screen_message=("one", "two"),
)
KNOWN = m.PatronStatusResponse(
    patron_status=" " * 14,
    language="019",
    transaction_date=DATE,
    institution_id="CQSPB",
    patron_identifier="P",
    personal_name="欧阳小明",
    valid_patron=True,
    currency_type="CNY",
    fee_amount="0.60",
)
INFORMED = m.PatronInformationResponse(
    patron_status=" " * 14,
    language="019",
    transaction_date=DATE,
    hold_items_count=None,
    overdue_items_count=None,
    charged_items_count=2,
    fine_items_count=None,
    recall_items_count=0,
    unavailable_holds_count=None,
    institution_id="CQSPB",
    patron_identifier="P",
    personal_name="*2345",
)
ENABLED = m.PatronEnableResponse(
    patron_status=" " * 14,
    language="019",
    transaction_date=DATE,
    institution_id="CQSPB",
    patron_identifier="P",
    personal_name="李",
    valid_patron=True,
)
ONLINE = m.AcsStatus(
    online_status=True,
    checkin_ok=True,
    checkout_ok=True,
    acs_renewal_policy=True,
    status_update_ok=True,
    offline_ok=False,
    timeout_period=100,
    retries_allowed=3,
    date_time_sync=DATE,
    institution_id="CQSPB",
    supported_messages="Y" * 16,
)

ANSWERS: list[tuple[Message, dict[str, Any], dict[str, Any]]] = [
    (TAKEN, {"institution": "1"}, {"institution_id": "1"}),
    (TAKEN, {"cv_always": True}, {"alert_type": "00"}),
    (TAKEN, {"cv_00_on_success": True}, {"alert_type": "00"}),
    (REFUSED, {"cv_00_on_success": True}, {"alert_type": "99", "alert": True}),
    (replace(REFUSED, alert=False, alert_type=None), {"cv_00_on_success": True}, {"alert_type": None}),
    (replace(REFUSED, alert=False, alert_type=None), {"cv_always": True}, {"alert_type": "00"}),
    (TAKEN, {"names": "none"}, {"alert_type": None, "destination_location": None}),
    (AWAY, {"cv_always": True}, {"alert_type": "04", "alert": True}),
    (REFUSED, {"alert": "accepted_only"}, {"alert": False, "alert_type": None}),
    (AWAY, {"alert": "accepted_only"}, {"alert": True, "alert_type": "04"}),
    (AWAY, {"alert": "never"}, {"alert": False, "alert_type": None, "ok": True}),
    (TAKEN, {"ct_always": True}, {"destination_location": "CQSPB"}),
    (TAKEN, {"ct_always": True, "institution": "1"}, {"destination_location": "1"}),
    (AWAY, {"ct_always": True}, {"destination_location": "CQBB"}),
    (AWAY, {"sort_bins": ("CQBB=3", "away=2", "*=1")}, {"sort_bin": "3"}),
    (TAKEN, {"sort_bins": ("CQBB=3", "away=2", "here=7", "*=1")}, {"sort_bin": "7"}),
    (REFUSED, {"sort_bins": ("*=1",)}, {"sort_bin": None}),
    (replace(AWAY, alert_type="02"), {"sort_bins": ("hold=5", "*=1")}, {"sort_bin": "5"}),
    (replace(TAKEN, alert_type="99", alert=True), {"sort_bins": ("staff=9", "*=1")}, {"sort_bin": "9"}),
    (AWAY, {"sort_bins": ("away=2", "*=1")}, {"sort_bin": "2"}),
    (TAKEN, {"sort_bins": ("hold=5", "staff=9", "away=2", "*=1")}, {"sort_bin": "1"}),
    (replace(TAKEN, sort_bin="4"), {"sort_bins": ("away=2",)}, {"sort_bin": "4"}),
    (TAKEN, {"checkin_message": False}, {"screen_message": ()}),
    (TAKEN, {"cv_always": True}, {"screen_message": ("还书成功",)}),
    (
        replace(TAKEN, screen_message=("还书成功", "请取走")),
        {"checkin_message": False},
        {"screen_message": ("还书成功", "请取走")},
    ),
    (replace(REFUSED, alert=False, alert_type=None), {"checkin_message": False}, {"screen_message": ("还书成功",)}),
    (AWAY, {"checkin_message": False}, {"screen_message": ("还书成功",)}),
    (LENT, {"due_date": "day"}, {"due_date": "2025-04-14"}),
    (LENT, {"due_date": "minute"}, {"due_date": "2025-04-14 23:59"}),
    (LENT, {"due_date": "slashes"}, {"due_date": "2025/04/14"}),
    (LENT, {"due_date": "chinese"}, {"due_date": "2025年4月14日"}),
    (LENT, {"due_date": "chinese", "encoding": "ascii"}, {"due_date": "2025-04-14"}),
    (replace(LENT, due_date=""), {"due_date": "day"}, {"due_date": ""}),
    (replace(LENT, title_identifier="三体"), {"encoding": "ascii"}, {"title_identifier": "(Chinese title)"}),
    (replace(LENT, title_identifier="a—b"), {"encoding": "ascii"}, {"title_identifier": "a—b"}),
    (LENT, {"due_date": "day"}, {"screen_message": ("one", "two")}),
    (replace(LENT, screen_message=()), {"join_screen_messages": True}, {"screen_message": ()}),
    (LENT, {"join_screen_messages": True}, {"screen_message": ("one；two",)}),
    (LENT, {"join_screen_messages": True, "encoding": "ascii"}, {"screen_message": ("one; two",)}),
    (replace(LENT, screen_message=("成功", "ok")), {"encoding": "ascii"}, {"screen_message": ("(Chinese text)", "ok")}),
    (KNOWN, {"names": "masked"}, {"personal_name": "欧**"}),
    (KNOWN, {"names": "none"}, {"personal_name": "", "valid_patron_password": None}),
    (INFORMED, {"names": "masked"}, {"personal_name": "*2345"}),
    (replace(KNOWN, personal_name="李"), {"names": "masked"}, {"personal_name": "李"}),
    (replace(KNOWN, personal_name="李四"), {"names": "masked"}, {"personal_name": "李*"}),
    (replace(KNOWN, personal_name=""), {"names": "masked"}, {"personal_name": ""}),
    (KNOWN, {"currency": "USD"}, {"currency_type": "USD", "personal_name": "欧阳小明"}),
    (replace(KNOWN, currency_type="EUR"), {"currency": "USD"}, {"currency_type": "EUR"}),
    (KNOWN, {"unchecked_pin_valid": True}, {"valid_patron_password": True}),
    (ENABLED, {"unchecked_pin_valid": True}, {"valid_patron_password": True}),
    (replace(INFORMED, valid_patron=True), {"unchecked_pin_valid": True}, {"valid_patron_password": True}),
    (LENT, {"unchecked_pin_valid": True}, {"ok": True}),
    (replace(KNOWN, valid_patron=False), {"unchecked_pin_valid": True}, {"valid_patron_password": None}),
    (replace(KNOWN, valid_patron_password=False), {"unchecked_pin_valid": True}, {"valid_patron_password": False}),
    (replace(INFORMED, valid_patron_password=False), {"counts_blank": True}, {"charged_items_count": None}),
    (replace(INFORMED, valid_patron_password=False), {"names": "masked"}, {"charged_items_count": 2}),
    (INFORMED, {"counts_blank": True}, {"charged_items_count": 2}),
    (INFORMED, {"counts_always": True}, {"hold_items_count": 0, "charged_items_count": 2, "fine_items_count": 0}),
    (ONLINE, {"timeout_tenths": 300, "retries": 0, "offline_ok": True}, {"timeout_period": 300, "retries_allowed": 0}),
    (ONLINE, {"timeout_tenths": 300}, {"timeout_period": 300, "retries_allowed": 3, "offline_ok": False}),
    (replace(ONLINE, online_status=False, timeout_period=0), {"timeout_tenths": 300}, {"timeout_period": 0}),
]


@pytest.mark.parametrize(("answer", "switches", "expected"), ANSWERS, ids=lambda each: str(each)[:40])
def test_a_switch_changes_these_fields_and_the_answer_can_still_be_sent(
    answer: Message, switches: dict[str, Any], expected: dict[str, Any]
) -> None:
    dialect = Dialect(**switches)
    tailored = tailoring.answered(answer, dialect)
    assert {name: getattr(tailored, name) for name in expected} == expected
    assert tailoring.answered(answer, DEFAULT) is answer
    assert getattr(decode(encode(tailored, "1", dialect), dialect), "warnings", None) == ()


def test_an_answer_in_which_a_dialect_changes_nothing_is_handed_on_as_it_is() -> None:
    for dialect in (Dialect(names="masked"), Dialect(counts_always=True), Dialect(unchecked_pin_valid=True)):
        assert tailoring.answered(LENT, dialect) is LENT


def test_no_block_is_read_as_no_where_a_device_always_says_yes() -> None:
    asked = m.Checkin(
        no_block=True,
        transaction_date=DATE,
        return_date=DATE,
        current_location="",
        institution_id="X",
        item_identifier="A",
        terminal_password="",
    )
    assert tailoring.asked(asked, DEFAULT) is asked
    meant = tailoring.asked(asked, Dialect(ignore_no_block=True))
    assert isinstance(meant, m.Checkin)
    assert meant.no_block is False
    assert tailoring.asked(asked, Dialect(names="none")) is asked
    status = m.ScStatus(status_code="0", max_print_width=80)
    assert tailoring.asked(status, Dialect(ignore_no_block=True)) is status


def test_a_payment_in_the_terminals_name_for_the_yuan_is_one_in_yuan() -> None:
    paid = m.FeePaid(
        transaction_date=DATE,
        fee_type="04",
        payment_type="00",
        currency_type="USD",
        fee_amount="1.00",
        institution_id="X",
        patron_identifier="P",
    )
    meant = tailoring.asked(paid, Dialect(currency="USD"))
    assert isinstance(meant, m.FeePaid)
    assert meant.currency_type == "CNY"


def test_a_payment_in_another_currency_stays_one() -> None:
    paid = m.FeePaid(
        transaction_date=DATE,
        fee_type="04",
        payment_type="00",
        currency_type="EUR",
        fee_amount="1.00",
        institution_id="X",
        patron_identifier="P",
    )
    assert tailoring.asked(paid, Dialect(currency="USD")) is paid
    assert tailoring.asked(paid, Dialect(names="masked")) is paid


@pytest.mark.parametrize(
    ("layout", "text"), [("sip", "20250414    235900"), ("day", "2025-04-14"), ("chinese", "2025年4月14日")]
)
def test_a_day_in_a_line_of_text_is_laid_out_as_a_due_date(layout: Any, text: str) -> None:
    dialect = Dialect() if layout == "sip" else Dialect(due_date=layout)
    assert tailoring.day_text(date(2025, 4, 14), dialect) == text
    assert tailoring.day_text(None, dialect) == ""


@pytest.mark.parametrize(
    ("switches", "chinese", "english"),
    [
        ({}, FINE_LINE, FINE_LINE_EN),
        ({"encoding": "ascii"}, FINE_LINE_EN, FINE_LINE_EN),
        ({"fine_line": "{title} {yuan}元"}, "{title} {yuan}元", "{title} {yuan}元"),
        ({"fine_line": "{title} {yuan}元", "encoding": "ascii"}, FINE_LINE_EN, FINE_LINE_EN),
        ({"fine_line": "{title} {yuan}", "encoding": "ascii"}, "{title} {yuan}", "{title} {yuan}"),
    ],
    ids=str,
)
def test_a_line_of_a_fine_is_the_settings_where_the_encoding_has_it(
    switches: dict[str, Any], chinese: str, english: str
) -> None:
    dialect = Dialect(**switches)
    assert tailoring.fine_line(dialect, english=False) == chinese
    assert tailoring.fine_line(dialect, english=True) == english


def test_hidden_fields_are_not_sent_and_allowed_ones_alone_are() -> None:
    allowed = encode(TAKEN, "1", Dialect(allowed_tags=frozenset({"AO", "AB"})))
    assert allowed.startswith(b"101YNN20250315    101001AOCQSPB|ABA|AY1AZ")
    assert b"AF" not in encode(TAKEN, "1", Dialect(hidden_tags=frozenset({"AF"})))
    only = encode(TAKEN, "1", Dialect(allowed_tags=frozenset({"AO", "AB", "AF"}), hidden_tags=frozenset({"AF"})))
    assert only.startswith(b"101YNN20250315    101001AOCQSPB|ABA|AY1AZ")


def test_control_characters_become_what_the_terminal_wants() -> None:
    noted = replace(TAKEN, screen_message=("a\nb",))
    assert "AFa/b|" in encode(noted, dialect=Dialect(control_substitute="/")).decode()


WRONG: list[dict[str, Any]] = [
    {"encoding": "utf-16"},
    {"encoding": "utf-16-le"},
    {"encoding": "cp037"},
    {"encoding": "no such thing"},
    {"hidden_tags": frozenset({"bh"})},
    {"allowed_tags": frozenset({"bh"})},
    {"currency": "RMB元"},
    {"timeout_tenths": 1000},
    {"retries": -1},
    {"sort_bins": ("CQBB",)},
    {"fine_line": "{pin}"},
    {"fine_line": "{"},
    {"control_substitute": "|"},
    {"control_substitute": "\n"},
]


@pytest.mark.parametrize("switches", WRONG, ids=str)
def test_a_dialect_that_could_not_be_used_can_not_be_made(switches: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is no|not|names|bin|substitute"):
        Dialect(**switches)


def test_every_named_dialect_says_for_whom_it_is_and_only_the_default_has_no_differences() -> None:
    assert set(ABOUT) == set(NAMED)
    assert [name for name, dialect in NAMED.items() if not differences(dialect)] == ["default"]


def test_the_differences_of_a_dialect_are_switches_that_settings_may_give() -> None:
    assert differences(NAMED["crlf"]) == {"terminator": "CRLF"}
    assert differences(NAMED["jsip2"]) == {"hidden_tags": frozenset({"BH"}), "counts_always": True}


def test_switches_of_the_wire_alone_leave_nothing_to_tailor() -> None:
    assert {name for name, dialect in NAMED.items() if dialect.tailors is True} == {
        *("cp850", "ascii", "jsip2", "dp2", "sorter", "one-line"),
    }


def test_98_has_room_for_three_digits() -> None:
    widest = Dialect(timeout_tenths=999, retries=999)
    assert b"98YYYYYN999999" in encode(tailoring.answered(ONLINE, widest), "1", widest)


def test_whether_an_encoding_has_a_text_is_yes_or_no() -> None:
    assert [sendable(text, "gbk") for text in ("中", "𬱖")] == [True, False]
    assert [Dialect(encoding=encoding).has_chinese for encoding in ("gbk", "ascii")] == [True, False]
