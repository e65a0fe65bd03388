"""Two functions between asyncio, which gRPC uses, and Twisted, which all other code uses.

Neither side can await pending results of the other. Without this pair it raises an error, except when the result
happens to be there already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

T = TypeVar("T")


def from_asyncio(awaitable: Awaitable[T]) -> Deferred[T]:
    """Twisted code awaits gRPC. Cancelling the Deferred cancels the call and raises Twisted's `CancelledError`."""
    deferred: Deferred[T] = Deferred.fromFuture(asyncio.ensure_future(awaitable))
    return deferred.addErrback(_as_twisted_cancellation)


async def to_asyncio(deferred: Deferred[T]) -> T:
    """gRPC awaits Twisted code. Cancelling the task cancels the Deferred."""
    return await deferred.asFuture(asyncio.get_running_loop())


def _as_twisted_cancellation(failure: Failure) -> Failure:
    """asyncio's cancellation is a BaseException. `except Exception` misses it, and `addTimeout` mistakes it for its
    own."""
    if isinstance(failure.value, asyncio.CancelledError):
        raise CancelledError from None
    return failure
