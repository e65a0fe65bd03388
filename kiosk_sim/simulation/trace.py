"""What happened, in order: cheap to write, put into words only when somebody reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import blake2b

from kiosk_sim.simulation.words import in_words

Event = tuple[float, str, tuple[object, ...]]


class Trace:
    """The events of one history: (seconds, kind, what)."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self.events: list[Event] = []

    def add(self, kind: str, *what: object) -> None:
        self.events.append((self._seconds(), kind, what))

    def digest(self) -> str:
        """The same for the same history, whatever process it ran in."""
        summed = blake2b(digest_size=12)
        for event in self.events:
            summed.update(repr(event).encode())
        return summed.hexdigest()

    def lines(self) -> Iterator[str]:
        """The history as a person reads it."""
        for seconds, kind, what in self.events:
            yield f"{_moment(seconds)}  {in_words(kind, what)}"


def _moment(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    days, hours = divmod(hours, 24)
    return f"day {days:2d} {hours:02d}:{minutes:02d}:{rest:06.3f}"
