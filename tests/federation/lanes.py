"""A lane in memory, and the pieces that make one library meet another in a test."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from federation.calling import Answerer, Transport
from federation.certificates import TlsIdentity, dns_name, issue, make_authority
from federation.client import RemoteLibrary
from federation.contract import Library, NotPermitted, PeerUnreachable
from federation.directory import Directory, GroupEntry, LibraryEntry
from federation.outcomes import Answered, Called
from federation.peers import Peers
from federation.server import FederationServer
from federation.troubles import TurnedAwayHeard

MEMBERS = {"CQSPB": "central", "CQBB": "central", "CQCQ": "central", "CQWZ": "outer"}


class MemoryLane:
    """`Transport` for `caller`: bytes straight into the answerers. What a peer was sent is in `sent`."""

    def __init__(self, caller: str, answerers: dict[str, Answerer]) -> None:
        self.caller = caller
        self.answerers = answerers
        self.sent: list[tuple[str, str, bytes, float]] = []

    def call(self, peer: str, method: str, payload: bytes, timeout_s: float) -> Deferred[bytes]:
        self.sent.append((peer, method, payload, timeout_s))
        if peer not in self.answerers:
            return fail(PeerUnreachable(peer, "cut"))
        answer = self.answerers[peer](self.caller, method, payload, timeout_s)
        return answer.addErrback(_as_a_lane_does, peer)


def _as_a_lane_does(failure: Failure, peer: str) -> Failure:
    if failure.check(NotPermitted):
        return failure
    raise PeerUnreachable(peer, type(failure.value).__name__) from None


def directory() -> Directory:
    libraries = [LibraryEntry(code, code, group, (), (), "localhost", 1) for code, group in MEMBERS.items()]
    return Directory(libraries, [GroupEntry("central", "中心城区"), GroupEntry("outer", "万州")])


def peers(clock: Clock, wall_ms: Callable[[], int]) -> Peers:
    return Peers(clock, wall_ms, random.Random(1))


def server(
    library: Library,
    code: str,
    wall_ms: Callable[[], int],
    known: Peers | None = None,
    noted: Callable[[str, str], None] = lambda *_: None,
    answered: Answered = lambda *_: None,
    turned_away: TurnedAwayHeard = lambda *_: None,
) -> FederationServer:
    return FederationServer(
        own_code=code,
        library=library,
        directory=directory(),
        peers=known or peers(Clock(), wall_ms),
        wall_ms=wall_ms,
        epoch=1,
        noted=noted,
        answered=answered,
        turned_away=turned_away,
    )


def remote(
    transport: Transport,
    caller: str,
    peer: str,
    wall_ms: Callable[[], int],
    known: Peers | None = None,
    observe: Called = lambda *_: None,
) -> RemoteLibrary:
    clock = Clock()
    return RemoteLibrary(
        peer,
        own_code=caller,
        epoch=1,
        transport=transport,
        peers=known or peers(clock, wall_ms),
        clock=clock,
        wall_ms=wall_ms,
        observe=observe,
    )


# --- certificates, valid now: TLS reads the real clock -----------------------------------------------------------

NOW = datetime.now(UTC)
AUTHORITY = make_authority("the federation under test", NOW)


def identity(code: str, **issued: Any) -> TlsIdentity:
    leaf = issue(AUTHORITY, [dns_name(code)], issued.pop("now", NOW), **issued)
    return TlsIdentity(leaf.certificate, leaf.key, AUTHORITY.certificate)
