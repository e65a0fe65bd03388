"""Loans whose dates lie in the future: this library's clock was ahead when they were made.

They were made before now, whatever their dates say. That is noted on each, once it is known that the clock is right
again. So returns find them, also returns that are heard of late.
"""

from __future__ import annotations

from datetime import UTC, datetime

from federation.clocks import APART_MS
from node.domain.calendar import SHANGHAI
from node.domain.staff import StaffKind
from node.service.staff import call_staff
from node.storage.owner import loans as rows
from node.storage.store import Tx


def mark_future_loans(tx: Tx, now_ms: int) -> int:
    """Note on each open loan of the future that it was made before now, and tell staff. How many there were."""
    found = rows.open_loans_after(tx, now_ms + APART_MS)
    for loan in found:
        rows.made_before(tx, loan, now_ms)
    return len(found)


def tell_staff(tx: Tx, now_ms: int, newest_ms: int, loans: int) -> None:
    """Once for each time that the clock was found to have been ahead, until `newest_ms`."""
    newest = datetime.fromtimestamp(newest_ms / 1000, UTC).astimezone(SHANGHAI)
    detail = f"{loans} loans; the latest row is of {newest:%Y-%m-%d %H:%M}"
    call_staff(tx, StaffKind.CLOCK_WAS_AHEAD, op=f"clock-{now_ms}", at_ms=now_ms, detail=detail)
