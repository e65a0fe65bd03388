"""A lane carries bytes between libraries: what every transport promises, gRPC or simulated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from twisted.internet.defer import Deferred


class Transport(Protocol):
    """The asking end."""

    def call(self, peer: str, method: str, payload: bytes, timeout_s: float) -> Deferred[bytes]:
        """Ask `peer` (a library code) `method` (a path of `federation.methods`) and give its answer.

        Fires within `timeout_s`. Errors: `PeerUnreachable` when no answer came or there is any doubt about it;
        `NotPermitted` when the peer said so. Cancelling the Deferred gives the call up; the peer may have acted.
        """
        ...


Answerer: TypeAlias = Callable[[str, str, bytes, float], Deferred[bytes]]
"""The answering end: `(caller, method, payload, time_left_s)`, the caller's code as its certificate has it.

Errors: `NotPermitted`, `WireError`; every other one is an accident of the answering library. The Deferred may be
cancelled when the caller gave up.
"""
