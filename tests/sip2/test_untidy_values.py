"""What is read from a value that is not as specified, and what is said about it (section 6)."""

from __future__ import annotations

from typing import Any

import pytest

from sip2 import fields as f

UNREADABLE = "XX unreadable, taken as absent"
UNTIDY: list[tuple[f.Kind, str, Any, str | None]] = [
    (f.FLAG, "y", True, "XX lower case"),
    (f.FLAG, "n", False, "XX lower case"),
    (f.FLAG, "1", True, "XX not as specified"),
    (f.FLAG, "0", False, "XX not as specified"),
    (f.FLAG, " ", False, "XX unreadable, taken as N"),
    (f.FLAG_OR_OBSOLETE, "U", False, None),
    (f.FLAG_OR_OBSOLETE, "y", True, "XX lower case"),
    (f.OPTIONAL_FLAG, "y", True, "XX lower case"),
    (f.OPTIONAL_FLAG, " N", False, "XX not as specified"),
    (f.OPTIONAL_FLAG, "x", None, UNREADABLE),
    (f.OPTIONAL_FLAG, " ", None, "XX empty"),
    (f.YES_NO_UNKNOWN, "y", "Y", "XX not as specified"),
    (f.YES_NO_UNKNOWN, "n", "N", "XX not as specified"),
    (f.YES_NO_UNKNOWN, "?", "U", "XX not as specified"),
    (f.PATRON_STATUS, "yN".ljust(14), "Y".ljust(14), "XX not only Y and blank"),
    (f.SUMMARY, "YY".ljust(10), "YY".ljust(10), "several Y in XX"),
    (f.COUNT, " 12 ", 12, "XX not zero-padded"),
    (f.NUMBER, " 123456789", 123_456_789, "XX not zero-padded"),
    (f.NUMBER, "1234567890", None, UNREADABLE),
    (f.NUMBER, "１２", None, UNREADABLE),
    (f.NUMBER, "1²", None, UNREADABLE),
    (f.NUMBER, "-1", None, UNREADABLE),
    (f.NUMBER, " ", None, "XX empty"),
    (f.THREE_DIGITS, "9  ", 9, "XX not zero-padded"),
    (f.THREE_DIGITS, "   ", 0, "XX empty"),
    (f.THREE_DIGITS, "abc", 0, UNREADABLE),
    (f.PRINT_WIDTH, "80 ", 80, "short or blank-padded print width"),
    (f.PRINT_WIDTH, "abc", 0, "short or blank-padded print width"),
    (f.ALGORITHM, " ", "0", "XX blank, taken as 0"),
    (f.ALGORITHM, "?", "?", "XX not as specified"),
    (f.DATE, " " * 18, None, "XX blank"),
    (f.DATE, "0" * 18, f.NO_DATE_SYNC, None),
    (f.DATE, "202503150000090000", "202503150000090000", "zone 0000"),
    (f.TAGGED_DATE, "20250315000009000", "20250315000009000", "XX not a date"),
    (f.TAGGED_DATE, "2025031512:0090000", "2025031512:0090000", "XX not a date"),
    (f.AMOUNT, "0,60", "0.60", "XX decimal comma"),
    (f.AMOUNT, "-1,5", "-1.5", "XX decimal comma"),
    (f.AMOUNT, "1,234", "1,234", "XX not an amount"),
    (f.LOGIN, "a%20b", "a b", "XX percent-encoded"),
    (f.LOGIN, "100%", "100%", None),
    (f.LOGIN, "%FF", "%FF", "XX not percent-encoded UTF-8"),
    (f.TEXT, "|", "|", "XX not as specified"),
]
NAMES = [f"{kind.rescue.__name__.removeprefix('_rescue_')}: {raw!r}" for kind, raw, _value, _warning in UNTIDY]


@pytest.mark.parametrize(("kind", "raw", "value", "warning"), UNTIDY, ids=NAMES)
def test_an_untidy_value_is_read_as_well_as_can_be(kind: f.Kind, raw: str, value: Any, warning: str | None) -> None:
    assert kind.rescue(raw, "XX") == (value, warning)
