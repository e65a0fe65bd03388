"""The clock of both ends shows the instant at which something is said to happen: nothing is asked in the past, and
nothing comes back in the future."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from federation.contract import Library
from tests.contract.facts import NOW_MS

INSTANTS = ("asked_at_ms", "returned_at_ms", "lent_at_ms")


class Wall:
    """Call it for the time."""

    def __init__(self) -> None:
        self._now_ms = NOW_MS

    def __call__(self) -> int:
        return self._now_ms

    def heard(self, said: Any) -> None:
        """A question, or notices. What has no instant says nothing of the time."""
        parts = said if isinstance(said, Sequence) else [said]
        instants = [getattr(part, name) for part in parts for name in INSTANTS if hasattr(part, name)]
        self._now_ms = max(instants, default=self._now_ms)


class _Told:
    def __init__(self, library: Library, wall: Wall) -> None:
        self._library = library
        self._wall = wall

    def __getattr__(self, method: str) -> Any:
        def call(said: Any, timeout_s: float) -> Any:
            self._wall.heard(said)
            return getattr(self._library, method)(said, timeout_s)

        return call


def told(library: Library, wall: Wall) -> Library:
    """`library`, at the time of what it is told."""
    return cast(Library, _Told(library, wall))
