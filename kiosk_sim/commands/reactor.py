"""Runs one coroutine in the reactor until it ends or a signal ends it, and cleans up after it either way."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeAlias

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

INTERRUPTED = 130  # what a shell reports for a command ended by an interrupt

Main: TypeAlias = Callable[[], Coroutine[Deferred[Any], Any, int]]
CleanUp: TypeAlias = Callable[[], Coroutine[Deferred[Any], Any, None]]


class Reactor(Protocol):
    """The part of a reactor that is used here."""

    def callLater(self, delay: float, callable: Callable[..., object], *args: object) -> object: ...

    def addSystemEventTrigger(self, phase: str, event: str, callable: Callable[..., object]) -> object: ...

    def run(self) -> None: ...

    def stop(self) -> None: ...


async def nothing() -> None:
    """No cleaning up."""


def run(reactor: Reactor, main: Main, clean_up: CleanUp = nothing) -> int:
    """The exit status that `main` returns, `INTERRUPTED` if SIGINT or SIGTERM came first; raises what it raises.

    `clean_up` runs while the reactor still does, whatever happened, after `main` has been cancelled.
    """
    return _Run(reactor, main, clean_up).go()


class _Run:
    def __init__(self, reactor: Reactor, main: Main, clean_up: CleanUp) -> None:
        self._reactor = reactor
        self._main = main
        self._clean_up = clean_up
        self._outcome: int | Failure = INTERRUPTED
        self._running: Deferred[int] | None = None
        self._stopping = False

    def go(self) -> int:
        # a call in the future, not `callWhenRunning`: asyncio's loop does not run yet when that fires
        self._reactor.callLater(0, self._begin)
        self._reactor.addSystemEventTrigger("before", "shutdown", self._shut_down)
        self._reactor.run()
        if isinstance(self._outcome, Failure):
            self._outcome.raiseException()
        assert isinstance(self._outcome, int)
        return self._outcome

    def _begin(self) -> None:
        if not self._stopping:
            self._running = Deferred.fromCoroutine(self._main())
            self._running.addBoth(self._finish)

    def _finish(self, outcome: int | Failure) -> None:
        interrupted = isinstance(outcome, Failure) and isinstance(outcome.value, CancelledError)
        if not interrupted:
            self._outcome = outcome
        if not self._stopping:
            self._reactor.stop()

    def _shut_down(self) -> Deferred[None]:
        self._stopping = True
        if self._running is not None:
            self._running.cancel()
        return Deferred.fromCoroutine(self._clean_up())
