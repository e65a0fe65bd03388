"""The alarm on an outbox that has grown too old or too large. Nothing is ever dropped; somebody should know."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

Backlog = Sequence[tuple[str, int, int]]
"""(peer, messages waiting, created_at_ms of the oldest)."""


@dataclass(frozen=True, slots=True)
class BacklogLimits:
    """An outbox is in alarm when its oldest notice is older than `oldest_s`, or more than `notices` wait."""

    oldest_s: float = 86_400.0
    notices: int = 10_000

    def exceeded(self, notices: int, oldest_s: float) -> bool:
        return oldest_s > self.oldest_s or notices > self.notices


class BacklogAlarm:
    """Tells `event(name, peer=..., depth=..., oldest_s=...)` once when a limit is crossed, and once when all is well
    again. What waits for a library that is none of `members` (any more) is an alarm whatever its size."""

    def __init__(self, limits: BacklogLimits, members: Collection[str], event: Callable[..., None]) -> None:
        self.limits = limits
        self._members = members
        self._event = event
        self._raised: set[str] = set()

    def look(self, backlog: Backlog, now_ms: int) -> None:
        seen = {peer: (notices, max(0.0, (now_ms - oldest_ms) / 1000)) for peer, notices, oldest_ms in backlog}
        for peer in sorted(seen.keys() | self._raised):
            notices, oldest_s = seen.get(peer, (0, 0.0))
            nobodys = notices > 0 and peer not in self._members
            exceeded = nobodys or self.limits.exceeded(notices, oldest_s)
            if exceeded and peer not in self._raised:
                self._raised.add(peer)
                self._event("outbox_alarm", peer=peer, depth=notices, oldest_s=oldest_s)
            elif not exceeded and peer in self._raised:
                self._raised.discard(peer)
                self._event("outbox_well", peer=peer, depth=notices, oldest_s=oldest_s)
