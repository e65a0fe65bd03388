"""Dates, amounts and code tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip2 import codes, dates
from sip2.amounts import amount, minor_units

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("20250315    090000", datetime(2025, 3, 15, 9, tzinfo=SHANGHAI)),
        ("20250315   Z010000", datetime(2025, 3, 15, 1, tzinfo=UTC)),
        ("20250315   H090000", datetime(2025, 3, 15, 1, tzinfo=UTC)),
        ("20250315   A090000", datetime(2025, 3, 15, 8, tzinfo=UTC)),
        ("20250315   I090000", datetime(2025, 3, 15, 0, tzinfo=UTC)),
        ("20250315   K090000", datetime(2025, 3, 14, 23, tzinfo=UTC)),
        ("20250315   Q050000", datetime(2025, 3, 15, 9, tzinfo=UTC)),
        ("20250315   Y090000", datetime(2025, 3, 15, 21, tzinfo=UTC)),
        ("202503150000090000", datetime(2025, 3, 15, 9, tzinfo=SHANGHAI)),
        ("20250315 CST090000", datetime(2025, 3, 15, 9, tzinfo=SHANGHAI)),
        ("20250315 UTC090000", datetime(2025, 3, 15, 9, tzinfo=UTC)),
        ("20250315   J090000", datetime(2025, 3, 15, 9, tzinfo=SHANGHAI)),
        ("19000101   Z000000", datetime(1900, 1, 1, tzinfo=UTC)),
        ("99981231   Z000000", datetime(9998, 12, 31, tzinfo=UTC)),
    ],
)
def test_a_date_is_read_in_its_zone(date: str, moment: datetime) -> None:
    assert dates.parse(date, SHANGHAI) == moment


@pytest.mark.parametrize(
    "date",
    [
        None,
        "",
        " " * 18,
        "0" * 18,
        "20250230    090000",
        "20250315    240000",
        "2025-03-15",
        "２０２５0315    090000",
        "00010101    000000",
        "18991231    235959",
        "99991231    235959",
        "20250315    0900000",
    ],
)
def test_what_is_no_date_is_none(date: str | None) -> None:
    assert dates.parse(date, SHANGHAI) is None


@given(st.text(max_size=20) | st.from_regex(r"[0-9]{8}.{4}[0-9]{6}", fullmatch=True))
def test_no_date_raises_and_every_moment_can_be_moved_to_another_zone(date: str) -> None:
    moment = dates.parse(date, SHANGHAI)
    if moment is not None:
        moment.astimezone(timezone(timedelta(hours=-12)))


@given(st.datetimes(datetime(1950, 1, 1), datetime(2500, 1, 1), timezones=st.just(UTC)))
def test_a_moment_written_is_read_as_itself_to_the_second(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    assert dates.parse(f"{moment.year:04d}{moment:%m%d}   Z{moment:%H%M%S}", SHANGHAI) == moment
    tokyo = ZoneInfo("Asia/Tokyo")
    if moment.year > 1951:  # no clock is put back, so local times are never ambiguous
        assert dates.parse(dates.local_date(moment, tokyo), tokyo) == moment


def test_dates_are_sent_in_the_librarys_own_time() -> None:
    assert dates.local_date(datetime(2025, 3, 15, 16, 30, tzinfo=UTC), SHANGHAI) == "20250316    003000"
    with pytest.raises(ValueError, match="without a time zone"):
        dates.local_date(datetime(2025, 3, 15), SHANGHAI)


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("0.60", 60),
        ("50", 5000),
        ("0,60", 60),
        (".10", 10),
        ("-,5", -50),
        (".", None),
        ("-", None),
        ("-1.5", -150),
        (" 2.00 ", 200),
        ("1.500", 150),
        ("115.57", 11557),
        ("", None),
        (None, None),
        ("1.505", None),
        ("1,234.50", None),
        ("abc", None),
        ("1e3", None),
        ("NaN", None),
    ],
)
def test_amounts_are_read_as_integers(text: str | None, units: int | None) -> None:
    assert minor_units(text) == units


@given(st.integers(-(10**12), 10**12))
def test_an_amount_written_is_read_as_itself(units: int) -> None:
    assert minor_units(amount(units)) == units


def test_amounts_are_written_with_two_decimals_and_their_sign() -> None:
    assert [amount(units) for units in (0, 5, 60, 150, -150, -1)] == ["0.00", "0.05", "0.60", "1.50", "-1.50", "-0.01"]


def test_positions_are_written() -> None:
    held = {codes.PatronFlag.CHARGE_DENIED, codes.PatronFlag.TOO_MANY_BILLED}
    assert codes.patron_status(held) == "Y            Y"
    assert codes.patron_status() == " " * 14


def test_supported_messages_are_sixteen() -> None:
    assert codes.supported_messages(codes.SUPPORTED_MESSAGES_ORDER) == "Y" * 16
    assert codes.supported_messages(["11", "09"]) == "NYY" + "N" * 13
