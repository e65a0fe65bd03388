"""Civil time of the libraries: which day an instant falls on.

Instants are integer milliseconds of UTC since 1970; civil dates are `datetime.date`, decided in Asia/Shanghai
(design 3: times are stored in UTC, decided in Shanghai). Nothing here reads a clock.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def civil_date(at_ms: int) -> date:
    """The day in Shanghai on which the instant `at_ms` falls."""
    # days begin on a whole minute, and most questions are about this one
    return _date_of_minute(at_ms // 60_000)


@lru_cache(maxsize=4096)
def _date_of_minute(minute: int) -> date:
    # timedelta counts in whole microseconds: no float comes near the boundary of a day
    return (_EPOCH + minute * 60_000 * _MILLISECOND).astimezone(SHANGHAI).date()
