"""Civil days of Shanghai: which one an instant falls on."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.domain.calendar import SHANGHAI, civil_date

DAYS = st.dates(date(1970, 1, 2), date(2200, 12, 31))


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2024-02-28T23:59:59.999+08:00", date(2024, 2, 28)),
        ("2024-02-29T00:00:00+08:00", date(2024, 2, 29)),
        ("2024-02-29T23:59:59+08:00", date(2024, 2, 29)),
        ("2024-03-01T00:00:00+08:00", date(2024, 3, 1)),
        ("2024-02-29T16:00:00+00:00", date(2024, 3, 1)),
        ("2023-12-31T15:59:59+00:00", date(2023, 12, 31)),
        ("2023-12-31T16:00:00+00:00", date(2024, 1, 1)),
    ],
)
def test_a_day_changes_at_midnight_in_shanghai_and_not_in_london(instant: str, day: date) -> None:
    assert civil_date(ms(instant)) == day


@given(DAYS)
def test_days_follow_each_other_without_gap_or_overlap(day: date) -> None:
    begins_ms = int(datetime.combine(day, time.min, SHANGHAI).timestamp() * 1000)
    assert civil_date(begins_ms) == day
    assert civil_date(begins_ms - 1) == day - timedelta(days=1)


@given(st.integers(0, 7_000_000_000_000))
def test_every_instant_lies_within_its_day(at_ms: int) -> None:
    assert civil_date(at_ms) == datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(SHANGHAI).date()
