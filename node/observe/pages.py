"""Metrics of the pages for people, in the node's registry. A page's name is a label, never an account or an address."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter

__all__ = ["PageCounter"]

OTHER: Final = "other"
OUTCOMES: Final = ("answered", "refused", "error")


class PageCounter:
    """`pages`: the names that may be labels; every other one counts as "other"."""

    def __init__(self, registry: CollectorRegistry, pages: Iterable[str]) -> None:
        self._pages = frozenset((*pages, OTHER))
        self._requests = Counter(
            "tongjie_web_requests", "Requests of browsers.", ("page", "outcome"), registry=registry
        )
        for page in self._pages:
            for outcome in OUTCOMES:
                self._requests.labels(page, outcome)

    def answered(self, page: str, code: int) -> None:
        """With that HTTP status: 4xx is refused, 5xx an error."""
        outcome = "error" if code >= 500 else "refused" if code >= 400 else "answered"
        self._requests.labels(page if page in self._pages else OTHER, outcome).inc()
