"""What the log says of a checksum that does not agree: which setting would help, and no value."""

from __future__ import annotations

import pytest

from sip2 import DEFAULT, Dialect
from sip2.checksum import byte_sum
from sip2.diagnosing import diagnosis

TITLE = "阅"
BODY = f"17AO|AB{TITLE}~|AY1AZ"
NO_READING = "agrees with no reading known: bytes are lost or changed on the line"


def with_sum(total: int, body: bytes) -> bytes:
    """The message with the checksum of a terminal that added up to `total`."""
    return body + b"%04X" % (-total & 0xFFFF)


def test_a_message_without_a_checksum() -> None:
    said = diagnosis(f"17AO|AB{TITLE}~|\r\n".encode(), DEFAULT)
    assert said == "message 17, 12 bytes, 3 beyond ASCII; no checksum at the end"


def test_a_message_that_nobody_knows() -> None:
    assert diagnosis(b"ZZ", DEFAULT) == "message unknown, 2 bytes, 0 beyond ASCII; no checksum at the end"


def test_what_is_beyond_ascii_begins_at_80() -> None:
    assert diagnosis(b"17\x7f\x80", DEFAULT) == "message 17, 4 bytes, 1 beyond ASCII; no checksum at the end"


@pytest.mark.parametrize(
    ("total", "agreement"),
    [
        (sum(map(ord, BODY)), "agrees over codepoints read as utf-8"),
        (byte_sum(BODY[: -len("AY1AZ")].encode()), "agrees over without tail read as utf-8"),
        (byte_sum(BODY.encode()) + 1, NO_READING),
        (sum(map(ord, BODY)) + 1, NO_READING),
        (sum(map(ord, BODY)) - 1, NO_READING),
    ],
)
def test_the_reading_under_which_it_agrees(total: int, agreement: str) -> None:
    frame = with_sum(total, BODY.encode())
    said = diagnosis(frame, DEFAULT)
    assert said.endswith(f"; {agreement}")
    right = with_sum(byte_sum(BODY.encode()), b"").decode()
    assert f"; checksum {frame[-4:].decode()}, over bytes {right}; " in said


def test_the_encoding_may_be_another_one() -> None:
    frame = with_sum(sum(map(ord, BODY)), BODY.encode("gb18030"))
    assert diagnosis(frame, DEFAULT).endswith("agrees over codepoints read as gb18030")
    assert diagnosis(frame, Dialect(encoding="gbk")).endswith("agrees over codepoints read as gbk")


def test_a_value_is_not_repeated() -> None:
    assert TITLE not in diagnosis(with_sum(1, BODY.encode()), DEFAULT)
