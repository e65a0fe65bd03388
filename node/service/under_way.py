"""Work that is under way: whoever asks for the same meanwhile joins, and hears what comes of it.

Nothing is remembered once it has ended: what must not be done twice has its row.
"""

from __future__ import annotations

from collections.abc import Coroutine, Hashable, Iterator
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred

Key = TypeVar("Key", bound=Hashable)
T = TypeVar("T")


class UnderWay(Generic[Key, T]):
    """By whatever makes two requests the same one."""

    def __init__(self) -> None:
        self._asked: dict[Key, list[Deferred[T]]] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._asked

    def __iter__(self) -> Iterator[Key]:
        return iter(self._asked)

    def __len__(self) -> int:
        return len(self._asked)

    def join(self, key: Key) -> Deferred[T]:
        """What comes of the one that is under way, or its accident. Errors: KeyError if none is."""
        joined: Deferred[T] = Deferred()
        self._asked[key].append(joined)
        return joined

    def lead(self, key: Key, work: Coroutine[Any, Any, T]) -> Deferred[T]:
        """Do it; those who join hear the same, after whoever leads. Nobody who gives up waiting ends it."""
        leading: Deferred[T] = Deferred()
        self._asked[key] = [leading]
        Deferred.fromCoroutine(work).addBoth(self._ended, key)
        return leading

    def _ended(self, result: Any, key: Key) -> None:
        for asked in self._asked.pop(key):
            asked.callback(result)  # a Failure given to callback runs the errbacks
