"""Connections that got no place, or lost it again: counted by listener, logged, and remembered for the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client import Counter as MetricCounter

from federation.clock import WallMs
from federation.crowd import MADE_WAY, TOO_MANY, TOO_MANY_OF_ADDRESS

__all__ = ["LISTENERS", "REASONS", "TOO_SLOW", "Visitors"]

LISTENERS: Final = ("sip2", "http", "federation")
TOO_SLOW: Final = "too_slow"
REASONS: Final = (
    *(TOO_MANY, TOO_MANY_OF_ADDRESS, MADE_WAY, TOO_SLOW),
    *("address_not_allowed", "balancer_not_allowed", "no_proxy_header", "no_handshake"),
)
CROWDED: Final = frozenset((TOO_MANY, TOO_MANY_OF_ADDRESS, MADE_WAY))
"""Reasons that a limit is reached."""


class ConnectionCounter:
    """The metric of them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counted = MetricCounter(
            "tongjie_connections_turned_away",
            "Connections that got no place or lost it again, by reason.",
            ("listener", "reason"),
            registry=registry,
        )

    def start_at_zero(self) -> None:
        """Or Prometheus does not see the first step."""
        for listener in LISTENERS:
            for reason in REASONS:
                self._counted.labels(listener, reason)

    def turned_away(self, listener: str, reason: str) -> None:
        """What is in neither of the two lists is "other"."""
        known = listener if listener in LISTENERS else "other", reason if reason in REASONS else "other"
        self._counted.labels(*known).inc()


class Visitors:
    """`event("connection_turned_away", ...)`, the 1st, 2nd, 4th, 8th ... time of each listener and reason, but for
    terminals: those have `sip2_disturbed`. `count(listener, reason)` counts every one."""

    def __init__(self, event: Callable[..., None], count: Callable[[str, str], None], wall_ms: WallMs) -> None:
        self._event = event
        self._count = count
        self._wall_ms = wall_ms
        self._seen: Counter[tuple[str, str]] = Counter()
        self._last: dict[str, tuple[str, int]] = {}

    def turned_away(self, listener: str, why: str, host: str) -> None:
        """`host`: where it came from."""
        self._count(listener, why)
        count = self._seen[listener, why] = self._seen[listener, why] + 1
        if why in CROWDED:
            self._last[listener] = (host, self._wall_ms())
        if listener != "sip2" and count & (count - 1) == 0:
            self._event("connection_turned_away", listener=listener, reason=why, address=host, count=count)

    def crowded(self, listener: str) -> tuple[int, str, int | None]:
        """How many met a limit since the start; the last one's address, and when (ms)."""
        host, at_ms = self._last.get(listener, ("", None))
        return sum(self._seen[listener, why] for why in CROWDED), host, at_ms
