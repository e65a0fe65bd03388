"""A disk that refuses a write for a while leaves operations half done: they are settled as soon as it can be written
again, not at the next restart.

What was asked and could not be told, what is reserved and could not be concluded: each has its durable row, and
settling it twice is settling it once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from federation.clock import Clock, DelayedCall
from node.storage.store import Store, StoreUnavailable, Tx

T = TypeVar("T")

SETTLE_AFTER_S = 5.0


class WritableStore(Store, Protocol):
    @property
    def writable(self) -> bool: ...


class TroubledStore:
    """`store`, and a call of `settle` some seconds after it refused a write; again if that is refused too."""

    def __init__(self, store: WritableStore, clock: Clock, settle: Callable[[], object]) -> None:
        self._store = store
        self._clock = clock
        self._settle = settle
        self._due: DelayedCall | None = None

    @property
    def writable(self) -> bool:
        return self._store.writable

    def run(self, work: Callable[[Tx], T], name: str) -> Deferred[T]:
        return self._store.run(work, name).addErrback(self._failed)

    def read(self, work: Callable[[Tx], T]) -> Deferred[T]:
        return self._store.read(work)

    def _failed(self, failure: Failure) -> Failure:
        if failure.check(StoreUnavailable) and (self._due is None or not self._due.active()):
            self._due = self._clock.callLater(SETTLE_AFTER_S, self._try)
        return failure

    def _try(self) -> None:
        self._due = None
        self._settle()
