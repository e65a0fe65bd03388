"""How bytes get from library to library: the promises of every transport, gRPC or simulated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from twisted.internet.defer import Deferred

from federation.contract import PeerUnreachable


class Transport(Protocol):
    """The asking end."""

    def call(self, peer: str, method: str, payload: bytes, timeout_s: float) -> Deferred[bytes]:
        """Ask `peer` (a library code) `method` (a path of `federation.methods`) and give its answer.

        Fires within `timeout_s`. Errors: `PeerUnreachable` when no answer came, or when that is in doubt;
        `NotPermitted` when the peer said so. Cancelling the Deferred gives the call up; the peer may have acted.
        """
        ...


class OverBudget(PeerUnreachable):
    """The caller has said as much as it may for now. It is told so, and asks or delivers again later."""


Answerer: TypeAlias = Callable[[str, str, bytes, float], Deferred[bytes]]
"""The answering end: `(caller, method, payload, time_left_s)`, the caller's code as its certificate has it.

Errors: `NotPermitted`, `WireError`, `OverBudget`. Any other error is an accident of the answering library. The Deferred
may be cancelled when the caller has given up.
"""
