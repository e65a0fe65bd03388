"""The end that turns a caller away knows of it: why, in bounded words, as far as gRPC lets it be known."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import timedelta

import pytest
import pytest_twisted

from federation.certificates import TlsIdentity
from federation.contract import NotPermitted, PeerUnreachable
from federation.methods import STANDING, Envelope
from federation.transport import GrpcServer
from federation.troubles import TURNED_AWAY, Trouble, TurnedAway, trouble_of
from tests.contract.facts import LIBRARY as OWN
from tests.contract.facts import NOW_MS
from tests.contract.scripted import ScriptedLibrary
from tests.federation.grpc_ends import ASK, CALLER, HOST, LIBRARY, Answers, asking, grpc_server, until
from tests.federation.lanes import NOW, identity, server
from tests.federation.said import SAID
from tests.federation.test_transport_certificates import STRANGER, _leaf

LONG_AGO = timedelta(days=40)


class Listening:
    """A server that says whom it turned away."""

    def __init__(self) -> None:
        self.turned_away: list[tuple[str, TurnedAway]] = []
        self.answers = Answers()
        self.server: GrpcServer = grpc_server(
            self.answers, turned_away=lambda who, why: self.turned_away.append((who, why))
        )

    async def calls(self, own: TlsIdentity | None) -> None:
        async with asking(self.server.port, own) as transport:
            try:
                await transport.call(LIBRARY, ASK, b"", 2.0)
            except (PeerUnreachable, NotPermitted):
                return


async def turned_away_for(own: TlsIdentity) -> list[tuple[str, TurnedAway]]:
    there = Listening()
    await there.server.start()
    try:
        await there.calls(own)
    finally:
        await there.server.stop(0.0)
    assert there.answers.asked == []
    return there.turned_away


# --- after the handshake ---------------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_a_certificate_without_one_code_is_told_with_the_address_of_its_caller() -> None:
    assert await turned_away_for(_leaf("cqbb", "cqcq")) == [(HOST, TurnedAway.CERTIFICATE_WITHOUT_CODE)]
    assert await turned_away_for(_leaf("cqbb.example.org")) == [(HOST, TurnedAway.CERTIFICATE_WITHOUT_CODE)]


@pytest_twisted.ensureDeferred
async def test_an_authority_that_was_removed_is_told_on_open_connections_too() -> None:
    there = Listening()
    await there.server.start()
    async with asking(there.server.port) as transport:
        await transport.call(LIBRARY, ASK, b"", 3.0)
        own = identity(LIBRARY)
        there.server.reload(TlsIdentity(own.certificate, own.key, STRANGER.certificate))
        with pytest.raises(NotPermitted):
            await transport.call(LIBRARY, ASK, b"", 3.0)
    await there.server.stop(0.0)
    assert there.turned_away == [(HOST, TurnedAway.CERTIFICATE_UNKNOWN_AUTHORITY)]


@pytest.mark.parametrize(
    ("certificate", "says", "told"),
    [
        ("CQXX", "CQXX", [("CQXX", TurnedAway.NOT_A_MEMBER)]),
        ("CQBB", "CQCQ", [("CQBB", TurnedAway.CERTIFICATE_WRONG_NAME)]),
        ("CQBB", "CQBB", []),
    ],
)
def test_strangers_and_who_says_to_be_another_are_told_by_the_name_of_their_certificate(
    certificate: str, says: str, told: list[tuple[str, TurnedAway]]
) -> None:
    heard: list[tuple[str, TurnedAway]] = []
    there = server(ScriptedLibrary(), OWN, lambda: NOW_MS, turned_away=lambda who, why: heard.append((who, why)))
    question = SAID[STANDING.question](says)
    payload = STANDING.encode_question(Envelope(says, 1, NOW_MS), question)
    answer = there.answer(certificate, STANDING.path, payload, 3.0)
    answer.addErrback(lambda failure: failure.trap(NotPermitted))
    assert heard == told


# --- in the handshake ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "own",
    [lambda: _leaf("cqbb", now=NOW - LONG_AGO, days=30), lambda: _leaf("cqbb", authority=STRANGER)],
    ids=["expired", "unknown authority"],
)
@pytest_twisted.ensureDeferred
async def test_a_certificate_that_is_refused_in_the_handshake_is_counted_where_it_is_refused(
    own: Callable[[], TlsIdentity],
) -> None:
    there = Listening()
    await there.server.start()
    await there.calls(own())
    await until(lambda: there.turned_away[:1] == [(HOST, TurnedAway.MADE_NO_CALL)])
    await there.server.stop(0.0)


@pytest_twisted.ensureDeferred
async def test_both_ends_know_why_of_a_library_whose_one_certificate_has_expired() -> None:
    expired, here = _leaf("cqbb", now=NOW - LONG_AGO, days=30), Listening()
    await here.server.start()
    theirs = grpc_server(Answers(), expired)
    await theirs.start()
    async with asking(here.server.port, expired) as from_there, asking(theirs.port, identity(LIBRARY)) as from_here:
        with pytest.raises(PeerUnreachable) as heard_there:
            await from_there.call(LIBRARY, ASK, b"", 2.5)
        with pytest.raises(PeerUnreachable) as heard_here:
            await from_here.call(CALLER, ASK, b"", 2.5)
    await theirs.stop(0.0)
    await here.server.stop(0.0)
    assert trouble_of(heard_there.value.why) is Trouble.CLOSED_BY_PEER
    assert trouble_of(heard_here.value.why) is Trouble.CERTIFICATE_EXPIRED


@pytest_twisted.ensureDeferred
async def test_whoever_calls_is_not_counted_and_who_connects_and_says_nothing_is() -> None:
    there = Listening()
    await there.server.start()
    for _ in range(3):
        await there.calls(None)
    with socket.create_connection((HOST, there.server.port)):
        await until(lambda: len(there.server.crowd) == 1)
        assert there.turned_away == []
    await until(lambda: there.turned_away == [(HOST, TurnedAway.MADE_NO_CALL)])
    await there.server.stop(0.0)


def test_every_reason_has_its_words() -> None:
    assert set(TURNED_AWAY) == set(TurnedAway)
