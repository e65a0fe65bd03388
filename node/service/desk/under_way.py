"""Requests whose answer is on its way: whoever asks the same meanwhile joins, and hears the same."""

from __future__ import annotations

from collections.abc import Coroutine, Hashable, Iterator
from dataclasses import replace
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred

from node.service.desk.memory import Told

Key = TypeVar("Key", bound=Hashable)


class UnderWay(Generic[Key]):
    """By whatever makes two requests the same one."""

    def __init__(self) -> None:
        self._joined: dict[Key, list[Deferred[Told]]] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._joined

    def __iter__(self) -> Iterator[Key]:
        return iter(self._joined)

    def join(self, key: Key) -> Deferred[Told]:
        """What comes of the one that is under way, or its accident."""
        joined: Deferred[Told] = Deferred()
        self._joined[key].append(joined)
        return joined

    async def lead(self, key: Key, work: Coroutine[Any, Any, Told]) -> Told:
        """Do it, and tell those who joined."""
        self._joined[key] = []
        try:
            told = await work
        except Exception as error:
            for joined in self._joined.pop(key):
                joined.errback(error)
            raise
        for joined in self._joined.pop(key):
            joined.callback(replace(told, repeated=True))
        return told
