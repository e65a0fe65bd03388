"""The city's wall clock: the real one, moved. Nodes are started with it (`--now`), kiosks date their messages by it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kiosk_sim.ports import Wall

SHANGHAI = ZoneInfo("Asia/Shanghai")
_OPENING = time(10, 0)


class CityClock:
    """Runs as the real clock does; `travel` moves it forward."""

    def __init__(self, wall: Wall) -> None:
        self._wall = wall
        self._shift = timedelta()

    def __call__(self) -> datetime:
        """The city's instant, in local time."""
        return (self._wall() + self._shift).astimezone(SHANGHAI)

    def today(self) -> date:
        return self().date()

    def travel_to_opening(self, days: int) -> None:
        """To ten in the morning `days` from today: far from midnight, so that no step straddles a date."""
        there = datetime.combine(self.today() + timedelta(days=days), _OPENING, SHANGHAI)
        self._shift += there - self()
