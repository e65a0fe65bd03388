"""Connections of other programs that were begun here, and those that went away without a call.

gRPC does not tell its server why a handshake failed, nor whose (grpc/grpc#32893, grpc/grpc#38665). It does tell when a
connection begins. A library connects only when it has something to ask. So a connection that has made no call a while
later was refused in the handshake, or its caller gave up, or it was no library at all.

Promise: of whoever calls, nothing is counted as silent, unless the call came later than one look at the count.
"""

from __future__ import annotations

from threading import Lock
from typing import Final

__all__ = ["Arrivals"]

_MOST: Final = 4_096
"""Connections that are remembered at once. Far more than there are libraries."""


class Arrivals:
    """`longest_s`: no connection lives longer. The system gives its address to another one later."""

    def __init__(self, longest_s: float) -> None:
        self._longest_s: Final = longest_s
        self._lock: Final = Lock()
        self._begun = 0
        self._begun_before = 0
        self._called = 0
        self._silent = 0
        self._first_call_s: Final[dict[str, float]] = {}

    def begun(self) -> None:
        """A connection begins. May be called in any thread."""
        with self._lock:
            self._begun += 1

    def called(self, connection: str, now_s: float) -> None:
        """A call came over the connection of that address and port."""
        first_s = self._first_call_s.get(connection)
        if first_s is not None and now_s - first_s <= self._longest_s:
            return
        self._called += 1
        self._first_call_s.pop(connection, None)
        if len(self._first_call_s) >= _MOST:
            self._first_call_s.pop(next(iter(self._first_call_s)))
        self._first_call_s[connection] = now_s

    def silent(self) -> int:
        """How many more connections that were begun before the last look have made no call."""
        found = max(self._silent, self._begun_before - self._called)
        more, self._silent = found - self._silent, found
        self._begun_before = self._begun
        return more
