"""When something happened that a kiosk tells as a fact, by its own date: what of it can be, and in which order."""

from __future__ import annotations

from datetime import date

from federation.contract import Refused
from node.domain.calendar import civil_date
from node.service.desk.memory import Ask, KioskMemory, read
from node.service.owner.owning import AHEAD_MS, LONGEST_LOAN, OLDEST_MS
from node.storage.desk import operations as rows
from node.storage.store import Tx


def moment_of(kiosk_at_ms: int | None, now_ms: int) -> tuple[int, bool]:
    """When it happened by the kiosk's date: not in the future, not older than 7 days. Else now, and False."""
    if kiosk_at_ms is None or kiosk_at_ms > now_ms + AHEAD_MS or kiosk_at_ms < now_ms - OLDEST_MS:
        return now_ms, False
    return min(kiosk_at_ms, now_ms), True


def returned_at(ask: Ask, now_ms: int) -> int:
    """When the item came back: as the terminal says, if it may say so, its clock is right, and the return date is at
    most 7 days before its transaction date. Else now."""
    told_ms, dated_ms = ask.returned_at_ms, ask.kiosk_at_ms
    if told_ms is None or dated_ms is None or abs(dated_ms - now_ms) > AHEAD_MS:
        return now_ms
    return min(told_ms, now_ms) if dated_ms - OLDEST_MS <= told_ms < dated_ms else now_ms


def in_order(memory: KioskMemory, tx: Tx, ask: Ask, at_ms: int) -> int:
    """`at_ms`, or the first moment after what this terminal did to the item before, by the same date. A kiosk tells
    whole seconds: of equal dates of one terminal, the one that arrived first came first."""
    for row in reversed(rows.recent_about(tx, ask.barcode)):
        if (row.terminal, row.kiosk_date) != (ask.terminal, ask.kiosk_date):
            continue
        if row.answer is None or not isinstance(read(row.answer), Refused):
            at_ms = max(at_ms, row.asked_at_ms if memory.asked_on_line(row) else at_ms) + 1
    return at_ms


def due_date_can_be(due_on: date, at_ms: int, *, renewed: bool) -> bool:
    """Some kiosks send "now" where they know no date: nothing is renewed until the day of the renewal."""
    on = civil_date(at_ms)
    return on <= due_on <= on + LONGEST_LOAN and not (renewed and due_on == on)
