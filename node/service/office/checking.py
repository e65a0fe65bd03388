"""Passwords checked one after the other in a thread, in the order of their ranks.

A good hash is slow on purpose, so few may wait for one: a flood finds the line full, and known devices come first.
"""

from __future__ import annotations

import heapq
from typing import Final, Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

__all__ = ["Checks", "Secrets"]

WAITING_MAX: Final = 64


class Secrets(Protocol):
    """Slow hashes, made and checked off the reactor's thread."""

    def verify(self, hashed: str, secret: str) -> Deferred[bool]: ...

    def make(self, secret: str) -> Deferred[str]: ...


class Checks:
    """The line of one node."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._line: list[tuple[int, int, str, str, Deferred[bool | None]]] = []
        self._came = 0
        self._running = False

    def verify(self, hashed: str, secret: str, rank: int) -> Deferred[bool | None]:
        """Whether it is right; None: too many wait, and it was not looked at. A full line gives up the last of its
        highest rank for one that comes before it."""
        if len(self._line) >= WAITING_MAX:
            last = max(self._line)
            if last[0] <= rank:
                return succeed(None)
            self._line.remove(last)
            heapq.heapify(self._line)
            last[-1].callback(None)
        answer: Deferred[bool | None] = Deferred()
        self._came += 1
        heapq.heappush(self._line, (rank, self._came, hashed, secret, answer))
        self._go_on()
        return answer

    def _go_on(self) -> None:
        if self._running or not self._line:
            return
        self._running = True
        _rank, _came, hashed, secret, answer = heapq.heappop(self._line)
        self._secrets.verify(hashed, secret).addBoth(self._checked, answer)

    def _checked(self, found: bool | Failure, answer: Deferred[bool | None]) -> None:
        self._running = False
        if isinstance(found, Failure):
            answer.errback(found)
        else:
            answer.callback(found)
        self._go_on()
