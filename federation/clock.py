"""Time as it is passed in: timers, apart from the wall clock.

mypy cannot read the zope interface `IReactorTime` without a plugin. So the part of it that is used stands here as a
protocol. A reactor, `twisted.internet.task.Clock` and the simulator's clock all fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias


class DelayedCall(Protocol):
    def cancel(self) -> None: ...

    def active(self) -> Any: ...


class Clock(Protocol):
    """Timers: seconds that only rise, and calls in the future."""

    def seconds(self) -> float: ...

    def callLater(self, delay: float, callable: Callable[..., Any], /, *args: Any, **kw: Any) -> DelayedCall: ...


WallMs: TypeAlias = Callable[[], int]
"""The wall clock: integer milliseconds of UTC since 1970."""
