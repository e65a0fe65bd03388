"""Between asyncio, which gRPC speaks, and Twisted, which all the rest does: two functions.

Neither side can await the other's pending results: without this pair that ends in an error, or, where the result
is there already, only by luck does not.
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
    """asyncio's cancellation is a BaseException, which `except Exception` misses and `addTimeout` takes for its own."""
    if isinstance(failure.value, asyncio.CancelledError):
        raise CancelledError from None
    return failure
