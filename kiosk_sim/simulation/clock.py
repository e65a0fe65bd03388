"""Simulated time: one heap of calls for the whole city, and each node's view of it.

Calls that fall on the same instant run in the order in which they were made, so a history depends on nothing but its
seed. (`twisted.internet.task.Clock` sorts all calls at every call: a hundred times slower with a thousand timers.)
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from twisted.internet.defer import Deferred


class SimCall:
    """A call in the future; `IDelayedCall` as far as it is used."""

    __slots__ = ("_args", "_function", "_kw", "done", "time")

    def __init__(self, time: float, function: Callable[..., Any], args: tuple[Any, ...], kw: dict[str, Any]) -> None:
        self.time = time
        self.done = False
        self._function = function
        self._args = args
        self._kw = kw

    def cancel(self) -> None:
        self.done = True
        self._function, self._args = _nothing, ()

    def active(self) -> bool:
        return not self.done

    def getTime(self) -> float:
        return self.time

    def run(self) -> None:
        self.done = True
        self._function(*self._args, **self._kw)


def _nothing(**_kw: object) -> None:
    return None


class HeapClock:
    """`federation.clock.Clock`, and all of `IReactorTime` that Twisted's protocols use. Seconds from 0."""

    def __init__(self) -> None:
        self._now = 0.0
        self._made = 0
        self._heap: list[tuple[float, int, SimCall]] = []
        self.events = 0

    def seconds(self) -> float:
        return self._now

    def callLater(self, delay: float, callable: Callable[..., Any], /, *args: Any, **kw: Any) -> SimCall:
        call = SimCall(self._now + delay, callable, args, kw)
        self._made += 1
        heappush(self._heap, (call.time, self._made, call))
        return call

    def step(self, until_s: float) -> bool:
        """Run the next call if it is due by `until_s`; False if there was none."""
        while self._heap and self._heap[0][0] <= until_s:
            time, _number, call = heappop(self._heap)
            if not call.done:
                self._now = max(self._now, time)
                self.events += 1
                call.run()
                return True
        return False

    def pause(self, delay_s: float) -> Deferred[None]:
        """Fires after `delay_s`."""
        done: Deferred[None] = Deferred()
        self.callLater(delay_s, done.callback, None)
        return done

    def getDelayedCalls(self) -> list[SimCall]:
        return [call for _time, _number, call in self._heap if call.active()]


class Life:
    """One run of a node's program, from its start to its crash. What a dead one planned never happens."""

    __slots__ = ("alive",)

    def __init__(self) -> None:
        self.alive = True


class NodeClock:
    """The city's clock as one life of a node has it: its timers die with it."""

    def __init__(self, clock: HeapClock, life: Life) -> None:
        self._clock = clock
        self._life = life

    def seconds(self) -> float:
        return self._clock.seconds()

    def callLater(self, delay: float, callable: Callable[..., Any], /, *args: Any, **kw: Any) -> SimCall:
        return self._clock.callLater(delay, self._run, callable, args, kw)

    def _run(self, function: Callable[..., Any], args: tuple[Any, ...], kw: dict[str, Any]) -> None:
        if self._life.alive:
            function(*args, **kw)
