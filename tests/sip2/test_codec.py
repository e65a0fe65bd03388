"""Writing, checksums, dialects and declaring: the particular cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from sip2 import DEFAULT, LAYOUTS, NAMED, Dialect, Ignored, Request, Resend, decode, encode, message, without_sequence
from sip2 import fields as f
from sip2 import messages as m
from sip2.checksum import checksum
from sip2.codec import loses_letters
from sip2.compiling import _FOUR_DIGITS, _KEPT_NUMBERS, reader, writer
from tests.sip2.support import GOLDEN, received

NOW = f.SipDate("20250315    090000")

CHECKIN = m.CheckinResponse(
    ok=True,
    resensitize=True,
    magnetic_media="N",
    alert=False,
    transaction_date=NOW,
    institution_id="CQSPB",
    item_identifier="X",
    permanent_location="",
)


def test_the_checksum_constants_of_96_and_97() -> None:
    assert encode(m.RequestAcsResend(), error_detection=True) == b"97AZFEF5\r"
    assert encode(m.RequestScResend(), error_detection=True) == b"96AZFEF6\r"


def test_96_and_97_carry_a_checksum_but_never_a_sequence_number() -> None:
    assert encode(m.RequestScResend(), "3") == b"96AZFEF6\r"
    assert encode(m.RequestScResend()) == b"96\r"


def test_the_sum_is_blind_to_order() -> None:
    assert encode(m.LoginResponse(ok=True), "0") == b"941AY0AZFDFD\r"
    assert encode(m.LoginResponse(ok=False), "1") == b"940AY1AZFDFD\r"


def test_the_sequence_is_mirrored_verbatim() -> None:
    assert encode(m.LoginResponse(ok=True), "10").startswith(b"941AY10AZ")


def test_an_answer_may_carry_a_checksum_alone() -> None:
    assert encode(m.LoginResponse(ok=True), None, DEFAULT, True) == b"941AZFEC7\r"


def test_the_terminator_is_the_dialects() -> None:
    assert encode(m.LoginResponse(ok=True), None, NAMED["crlf"]) == b"941\r\n"


def test_control_characters_become_blanks_and_the_delimiter_its_substitute() -> None:
    wire = encode(replace(CHECKIN, title_identifier="a\r\nb\0c|d\x85e\u2028f\ud800"))
    assert "|AJa  b c｜d e f |".encode() in wire


def test_values_are_cut_at_255_characters_or_bytes_never_inside_a_character() -> None:
    long = replace(CHECKIN, screen_message=("阅" * 300,))
    assert received(encode(long)).message.screen_message == ("阅" * 255,)  # type: ignore[attr-defined]
    by_bytes = Dialect(max_field_unit="bytes")
    assert received(encode(long, None, by_bytes)).message.screen_message == ("阅" * 85,)  # type: ignore[attr-defined]
    gbk = Dialect(encoding="gbk", max_field_unit="bytes")
    assert received(encode(long, None, gbk), gbk).message.screen_message == ("阅" * 127,)  # type: ignore[attr-defined]


def test_a_value_of_few_characters_and_many_bytes_is_cut_where_bytes_count() -> None:
    wire = encode(replace(CHECKIN, title_identifier="阅" * 90), None, Dialect(max_field_unit="bytes"))
    assert "|AJ{}|".format("阅" * 85).encode() in wire


def test_a_value_is_cut_although_it_has_one_character_too_many() -> None:
    wire = encode(replace(CHECKIN, title_identifier="x" * 256))
    assert b"|AJ" + b"x" * 255 + b"|" in wire


def test_a_short_text_over_several_fields_is_not_cut() -> None:
    many = replace(CHECKIN, screen_message=("x" * 255, "y" * 255))
    assert received(encode(many)).message == many


@pytest.mark.parametrize(
    ("encoding", "text", "sent"),
    [
        ("ascii", "Zoë 1２｜阅½ﬁ", "Zoe 12???fi"),
        ("cp850", "Zoë Łódź 阅", "Zoë ?ódz ?"),
        ("gbk", "陈𬱖", "陈?"),
        ("gb18030", "陈𬱖", "陈𬱖"),
    ],
)
def test_characters_that_the_encoding_lacks_are_replaced(encoding: str, text: str, sent: str) -> None:
    wire = encode(replace(CHECKIN, title_identifier=text), "1", Dialect(encoding=encoding))
    assert f"|AJ{sent}|".encode(encoding) in wire
    assert received(wire, Dialect(encoding=encoding)).warnings == ()


def test_hidden_tags_are_not_sent() -> None:
    answer = m.PatronStatusResponse(
        patron_status=" " * 14,
        language="019",
        transaction_date=NOW,
        institution_id="CQSPB",
        patron_identifier="1",
        personal_name="",
        currency_type="CNY",
        fee_amount="0.00",
    )
    assert b"|BHCNY|BV0.00|" in encode(answer)
    assert b"|AE|BV0.00|" in encode(answer, None, NAMED["jsip2"])


def test_the_fixed_part_has_its_width_whatever_is_asked() -> None:
    answer = m.PatronInformationResponse(
        patron_status="Y",
        language="一",
        transaction_date=f.SipDate("20250315"),
        hold_items_count=12345,
        overdue_items_count=0,
        charged_items_count=None,
        fine_items_count=1,
        recall_items_count=2,
        unavailable_holds_count=3,
        institution_id="CQSPB",
        patron_identifier="1",
        personal_name=None,
        hold_items_limit=12345,
    )
    assert encode(answer) == b"64Y             ?  20250315          99990000    000100020003AOCQSPB|AA1|AE|BZ9999|\r"


def test_a_fixed_part_that_is_too_short_or_too_long_gets_its_width() -> None:
    status = m.PatronStatus(
        language="1",
        transaction_date=NOW,
        institution_id="X",
        patron_identifier="1",
        terminal_password="",
        patron_password="",
    )
    assert encode(status).startswith(b"231  20250315    090000AOX|")
    assert encode(replace(status, language="0123")).startswith(b"2301220250315    090000AOX|")


def test_a_fixed_part_of_the_right_width_is_ascii_as_well() -> None:
    """Else it would have its width in characters, and not in bytes."""
    status = m.PatronStatus(
        language="一二三",
        transaction_date=NOW,
        institution_id="X",
        patron_identifier="1",
        terminal_password="",
        patron_password="",
    )
    assert encode(status).startswith(b"23???20250315    090000AOX|")


def test_characters_are_replaced_when_writing_alone() -> None:
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", "sip2.nearest")


def test_numbers_are_kept_as_text_up_to_a_bound() -> None:
    for number in range(2_000):
        assert _FOUR_DIGITS[number] == f"{number:04d}"
    assert len(_FOUR_DIGITS) == _KEPT_NUMBERS


def test_a_fixed_part_with_a_delimiter_is_mended() -> None:
    assert encode(m.ScStatus(status_code="|", max_print_width=80)) == b"99?0802.00\r"


def test_falsy_values_are_sent() -> None:
    answer = m.ItemInformationResponse(
        circulation_status="03",
        security_marker="00",
        fee_type="01",
        transaction_date=NOW,
        hold_queue_length=0,
        item_identifier="",
        title_identifier=None,
        owner="",
    )
    assert encode(answer) == b"1803000120250315    090000CF0|AB|AJ|BG|\r"


def test_messages_are_frozen_and_comparable() -> None:
    login = m.Login(login_user_id="a", login_password="b")
    with pytest.raises(FrozenInstanceError):
        login.login_user_id = "c"  # type: ignore[misc]
    decoded = received(encode(login, "1")).message
    assert decoded == login
    assert hash(decoded) == hash(login)
    with pytest.raises(FrozenInstanceError):
        decoded.login_user_id = "c"  # type: ignore[misc]


def test_a_password_shows_neither_in_the_message_nor_among_unknown_fields() -> None:
    login = m.Login(login_user_id="kiosk", login_password="s3cret")
    assert repr(login) == "Login(uid_algorithm='0', pwd_algorithm='0', login_user_id='kiosk', location_code=None)"
    decoded = received(b"09N20250315    093001                  AP|AOX|ABX|AC|AD s3cret|s3cret|AB s3cret|")
    assert "s3cret" not in repr(decoded)
    assert [(one.tag, one.value) for one in decoded.unknown] == [("AD", " s3cret")]
    assert decoded.warnings[-2:] == ("fragment without a tag ignored", "duplicate AB, first kept")


def test_a_frame_full_of_delimiters_gives_one_warning() -> None:
    decoded = received(b"1720250315    090000AOX|ABX|" + b"|" * 60_000 + b"ZZ|" * 1000)
    assert decoded.warnings == ("empty fragment skipped", "field ZZ not defined for 17, ignored")


def test_an_unknown_command_is_ignored_only_if_its_checksum_is_right() -> None:
    assert decode(b"85AZFEF6") == Resend("checksum")
    assert decode(b"85AZFEF8") == Ignored("unknown command '85'")


@pytest.mark.parametrize("frame", [b"85xAZ0000", b"85xxAZ0000"])
def test_the_end_of_an_unknown_command_may_look_like_a_checksum(frame: bytes) -> None:
    assert decode(frame) == Ignored("unknown command '85'")


def test_a_broken_off_tail_is_not_taken_for_a_field() -> None:
    assert decode(b"1720250315    090000AOCQSPB|ABX|AY1AZ") == Resend("damaged checksum")
    assert decode(b"1720250315    090000AOCQSPB|ABX|AY1") == Resend("damaged checksum")


def test_a_tail_with_a_sequence_number_is_one_wherever_it_stands() -> None:
    whole = b"2520250315    090000AOCQSPB|AAX|ADyAY10AZ"
    assert received(whole + checksum(whole)).warnings == ("two-digit sequence", "last field not delimited")


@pytest.mark.parametrize("frame", [b"97xAZ1F", b"97BZFE5G", b"97xAY1BZFE5G", b"97AX1AZFEGG"])
def test_what_differs_from_a_tail_in_two_bytes_is_none(frame: bytes) -> None:
    assert not received(frame).error_detection


def test_a_letter_is_lost_only_where_the_encoding_does_not_have_it() -> None:
    assert [loses_letters(text, "gbk") for text in ("中", "a", "—", "ß")] == [False, False, False, True]
    assert [loses_letters(text, "ascii") for text in ("中", "é", "—", "a—中")] == [True, False, False, True]


def test_the_sequence_number_can_be_taken_out_of_an_answer() -> None:
    assert without_sequence(b"941AY0AZFDFD\r") == b"941AZFEC7\r"
    assert without_sequence(b"941\r") == b"941\r"
    assert without_sequence(b"96AZFEF6\r") == b"96AZFEF6\r"


@pytest.mark.parametrize(
    "options",
    [
        {"encoding": "klingon"},
        {"encoding": "utf-16"},
        {"encoding": "rot13"},
        {"delimiter": "A"},
        {"delimiter": "||"},
        {"delimiter": "."},
        {"delimiter_substitute": "a|b"},
    ],
)
def test_a_dialect_that_cannot_work_cannot_be_made(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"encoding|delimiter"):
        Dialect(**options)


def test_another_delimiter_is_understood_both_ways() -> None:
    dialect = Dialect(delimiter="^")
    wire = encode(replace(CHECKIN, title_identifier="a|b^c"), "1", dialect)
    assert "^AQ^AJa|b｜c^AY1".encode() in wire
    assert received(wire, dialect).message == replace(CHECKIN, title_identifier="a|b｜c")


@pytest.fixture
def vendor_message() -> Iterator[type[Request]]:
    @message("91")
    class FindDuplicates(Request):
        """A message of old kiosks, declared here only."""

        transaction_date: f.Date
        institution_id: f.InstitutionId
        title_identifier: f.TitleIdentifier = None

    yield FindDuplicates
    del LAYOUTS["91"]
    reader.cache_clear()
    writer.cache_clear()


def test_declaring_another_message_takes_one_class(vendor_message: type[Request]) -> None:
    duplicate = vendor_message(transaction_date=NOW, institution_id="X")  # type: ignore[call-arg]
    wire = encode(duplicate, "1")
    assert wire.startswith(b"9120250315    090000AOX|AY1AZ")
    assert received(wire).message == duplicate


def test_a_command_is_declared_once_and_every_field_has_its_place(vendor_message: type[Request]) -> None:
    with pytest.raises(ValueError, match="declared twice"):
        message("91")(vendor_message)
    with pytest.raises(TypeError, match="neither a fixed nor a tagged field"):

        @message("92")
        class Wrong(Request):
            institution_id: str

    assert "92" not in LAYOUTS


def test_every_request_has_its_golden_example() -> None:
    examples = {row["fields"]["command"] for row in GOLDEN if row["direction"] == "SC->ACS"}
    requests = {command for command, layout in LAYOUTS.items() if issubclass(layout.message, Request)}
    assert examples == requests
    assert len(requests) == 16
