"""Waiting for something to end: until it is quiet, or for so long at most. Nothing polls, nothing is cancelled.

self._quiet = Quiet()
...
return self._quiet.after(self._running)     # at once, if it is not running
...
self._quiet.reached()                       # whoever waited goes on
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, succeed

from federation.clock import Clock


class Quiet:
    """Those who wait for a moment at which nothing is going on."""

    def __init__(self) -> None:
        self._waiting: list[Deferred[None]] = []

    def __bool__(self) -> bool:
        """Whether somebody waits."""
        return bool(self._waiting)

    def after(self, busy: object) -> Deferred[None]:
        """Fires when `reached` is called; at once if it is not `busy` now."""
        if not busy:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._waiting.append(done)
        return done

    def reached(self) -> None:
        """It is quiet: everybody who waits now goes on, in the order in which they came."""
        waiting, self._waiting = self._waiting, []
        for done in waiting:
            done.callback(None)


def at_most(clock: Clock, work: Deferred[Any], within_s: float) -> Deferred[None]:
    """Fires when `work` has ended, well or not, at the latest after `within_s` seconds. `work` itself goes on."""
    done: Deferred[None] = Deferred()
    late = clock.callLater(within_s, done.callback, None)

    def ended(_result: object) -> None:
        if late.active():
            late.cancel()
            done.callback(None)

    work.addBoth(ended)
    return done


def all_of(works: Iterable[Deferred[None]]) -> Deferred[None]:
    """Fires when each of them has fired."""
    return DeferredList(list(works)).addCallback(lambda _results: None)
