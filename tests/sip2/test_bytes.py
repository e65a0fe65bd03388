"""Bytes that stand where they should not: in front of a message, blank in it, inside a character."""

from __future__ import annotations

import pytest

from sip2 import Dialect, Ignored, Resend, cleaned, decode, encode
from sip2 import messages as m
from sip2.checksum import checksum
from tests.sip2.support import received

WHOLE = b"1720250315    090000AOCQSPB|ABCQSPB0100234567|"
MARKS = (
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xff\xfb\x01\xff\xfd\x03", b"\x02", "\u200b".encode(), b"abc "),
    *("\ufeff".encode(encoding) for encoding in ("gb18030", "utf-7", "utf-16-be")),
)


@pytest.mark.parametrize("mark", MARKS, ids=repr)
def test_what_stands_in_front_of_a_message_is_dropped_and_told_once_in_hex(mark: bytes) -> None:
    found, plain = received(mark + WHOLE), received(WHOLE)
    assert found.message == plain.message
    shown = [warning for warning in found.warnings if warning.startswith("bytes in front of the message dropped: ")]
    assert len(shown) == (0 if mark == b"\x02" else 1)


@pytest.mark.parametrize("mark", MARKS, ids=repr)
def test_a_checksum_may_count_what_stands_in_front_or_not(mark: bytes) -> None:
    for before in (b"AY1AZ", b"AY12AZ", b"AZ"):
        for summed in (WHOLE + before, mark + WHOLE + before):
            found = received(mark + WHOLE + before + checksum(summed))
            assert found.error_detection
            assert not [warning for warning in found.warnings if warning.startswith("checksum computed")]
    assert isinstance(decode(mark + WHOLE + b"AY1AZ0000"), Resend)


def test_a_mark_may_be_counted_as_the_character_that_it_is() -> None:
    total = sum(map(ord, "\ufeff" + WHOLE.decode() + "AY1AZ"))
    frame = b"\xef\xbb\xbf" + WHOLE + b"AY1AZ%04X" % (-total & 0xFFFF)
    assert "checksum computed over codepoints" in received(frame).warnings


def test_the_rest_of_a_message_is_no_message() -> None:
    assert isinstance(decode(b"Li|AA2350010012345|AD1234|"), Ignored)
    assert isinstance(decode(b"no digit at all"), Ignored)


@pytest.mark.parametrize("digits", [b"00", b"  ", b"", b"0", b" 0", b"0 "])
def test_blank_digits_of_the_algorithm_are_read_as_clear_text(digits: bytes) -> None:
    message = received(b"93" + digits + b"CNsc1|COsecret|CP|").message
    assert message == m.Login(login_user_id="sc1", login_password="secret", location_code="")


def test_a_device_that_splits_bytes_at_the_delimiter_gets_none_inside_a_character() -> None:
    split = "亅"
    assert b"|" in split.encode("gbk")
    answer = m.EndSessionResponse(
        end_session=True,
        transaction_date=None,
        institution_id="X",
        patron_identifier="1",
        screen_message=(split + "中",),
    )
    assert encode(answer, None, Dialect(encoding="gbk", splits_bytes=True)).count(b"|") == 3
    assert "AF〓中|" in encode(answer, None, Dialect(encoding="gbk", splits_bytes=True)).decode("gbk")
    assert split in encode(answer, None, Dialect(encoding="gbk")).decode("gbk")


def test_a_device_that_splits_no_bytes_gets_every_character_also_beside_one_that_is_replaced() -> None:
    assert cleaned("亅\n", Dialect(encoding="gbk")) == "亅 "
    assert cleaned("亅\n", Dialect(encoding="gbk", splits_bytes=True)) == "〓 "
