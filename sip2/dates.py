"""The 18-character dates of SIP2 (1.8).

Promises: nothing here raises, whatever a terminal sent. Every datetime from here has a time zone. The library's zone
and every moment are passed in.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta, timezone, tzinfo

from sip2.fields import SipDate

_LAYOUT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(.{4})([0-9]{2})([0-9]{2})([0-9]{2})", re.DOTALL)

# The military alphabet: A is one hour east of Greenwich, Y twelve west, Z none; J is not used.
_HOURS_BY_LETTER = {
    **{letter: hours for hours, letter in enumerate("ABCDEFGHIKLM", start=1)},
    **{letter: -hours for hours, letter in enumerate("NOPQRSTUVWXY", start=1)},
    "Z": 0,
    "UTC": 0,
    "GMT": 0,
}


def parse(date: str | None, local: tzinfo) -> datetime | None:
    """The moment meant, or None for blank, "not supported" and junk.

    Blank zones, `0000` and names of zones (` CST` is four zones) are the library's own time, `local`.
    """
    layout = _LAYOUT.fullmatch(date) if date else None
    if layout is None:
        return None
    year, month, day, zone, hour, minute, second = layout.groups()
    if not "1900" <= year < "9999":
        return None  # near the ends of the calendar a change of zone would raise
    hours = _HOURS_BY_LETTER.get(zone.strip().upper())
    with suppress(ValueError):
        return datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            int(second),
            tzinfo=local if hours is None else timezone(timedelta(hours=hours)),
        )
    return None


def local_date(moment: datetime, local: tzinfo) -> SipDate:
    """The form to send: the library's own time, its zone left blank. ValueError if `moment` has no time zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    there = moment.astimezone(local)
    return SipDate(f"{there.year:04d}{there:%m%d}    {there:%H%M%S}")
