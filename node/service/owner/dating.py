"""How far the date of a return can be trusted: when it came back by the right time, and whether it came just now.

A branch's clock may be wrong, and so may ours. What is told within seconds happened now, whatever its date says. What
is told late can be dated only by a clock that was measured.
"""

from __future__ import annotations

from typing import Final

from federation.clocks import APART_MS, KNOWN_FOR_S
from federation.contract import ItemReturned
from node.service.owner.owning import Owning

JUST_NOW_MS: Final = 60_000
"""A return that is told on line is told within seconds; clocks are that far apart at the most, or contradict."""
MEASURED_FOR_MS: Final = int(KNOWN_FOR_S * 1000)


def seen_ms(notice: ItemReturned) -> int:
    """When the item was in the branch's hands, by the branch's clock."""
    return notice.returned_at_ms + notice.told_late_s * 1000


def is_fresh(own: Owning, notice: ItemReturned, *, on_line: bool) -> bool:
    """Whether the item came into the branch's hands just now. `on_line`: the branch asks, and its kiosk waits. What
    comes by the outbox may be fresh too, if the branch's clock is known."""
    if notice.no_block:
        return False
    if on_line:
        return True
    ahead_ms = own.ahead_ms(notice.branch, own.library)
    return ahead_ms is not None and abs(own.wall_ms() + ahead_ms - seen_ms(notice)) <= JUST_NOW_MS


def clock_off_ms(own: Owning, notice: ItemReturned, *, fresh: bool) -> int:
    """How far the clock that dated it was behind the right time; 0 if that is less than a minute, or not known."""
    off_ms = own.right_ms() - seen_ms(notice) if fresh else _measured_off_ms(own, notice)
    return off_ms if abs(off_ms) > APART_MS else 0


def _measured_off_ms(own: Owning, notice: ItemReturned) -> int:
    most_ms, behind_ms = own.ahead_ms(notice.branch, own.library), own.ahead_ms(own.library, notice.branch)
    if notice.no_block or most_ms is None or behind_ms is None:
        return 0
    if abs(own.wall_ms() + most_ms - seen_ms(notice)) > MEASURED_FOR_MS:
        return 0  # what is measured now says nothing of a moment long ago
    return (own.clock_off_ms() or 0) - (most_ms - behind_ms) // 2
