"""What the simulator needs of a reactor and of a connection, as structural types.

Twisted's own interfaces are zope interfaces, which the type checker cannot call; a reactor and a
`twisted.internet.task.Clock` both have these shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeAlias

from twisted.internet.defer import Deferred

Wall: TypeAlias = Callable[[], datetime]
"""The wall clock: an aware instant. Apart from the timers, so that it can be shifted."""


class DelayedCall(Protocol):
    def cancel(self) -> None: ...

    def active(self) -> bool: ...


class Timers(Protocol):
    """The part of IReactorTime that is used here."""

    def seconds(self) -> float: ...

    def callLater(self, delay: float, callable: Callable[..., object], *args: object) -> DelayedCall: ...


class Wire(Protocol):
    """The part of a TCP transport that is used here."""

    def write(self, data: bytes) -> None: ...

    def loseConnection(self) -> None: ...

    def abortConnection(self) -> None: ...


def pause(timers: Timers, delay_s: float) -> Deferred[None]:
    """A Deferred that fires after `delay_s`; cancelling it cancels the timer."""
    waiting: Deferred[None] = Deferred(lambda _: call.cancel())
    call = timers.callLater(delay_s, waiting.callback, None)
    return waiting
