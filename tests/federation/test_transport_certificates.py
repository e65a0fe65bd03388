"""No call reaches a library before its caller's certificate has been found good, and none leaves for a bad one."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
import pytest_twisted
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twisted.internet.defer import Deferred, gatherResults, succeed

from federation.certificates import Pair, TlsIdentity, issue, make_authority
from federation.contract import NotPermitted, PeerUnreachable
from federation.transport import GrpcTransport
from federation.transport.bridge import from_asyncio
from tests.federation.grpc_ends import ASK, CALLER, HOST, LIBRARY, Answers, asking, grpc_server, listening, pause, until
from tests.federation.lanes import AUTHORITY, NOW, identity


@pytest.fixture
def answers() -> Answers:
    return Answers()


def _leaf(*names: str, authority: Pair = AUTHORITY, **issued: Any) -> TlsIdentity:
    trusts = issued.pop("trusts", AUTHORITY)
    leaf = issue(authority, names, issued.pop("now", NOW), **issued)
    return TlsIdentity(leaf.certificate, leaf.key, trusts.certificate)


def _self_signed() -> TlsIdentity:
    """A sound leaf but for its signature, which is its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cqbb")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("cqbb")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return TlsIdentity(certificate.public_bytes(pem), private, AUTHORITY.certificate)


STRANGER = make_authority("another federation", NOW)
LOOK_ALIKE = make_authority("the federation under test", NOW)


def _signed_by_a_leaf() -> TlsIdentity:
    member = issue(AUTHORITY, ["cqcq"], NOW)
    forged = issue(member, ["cqbb"], NOW)
    return TlsIdentity(forged.certificate + member.certificate, forged.key, AUTHORITY.certificate)


BAD_CALLERS = {
    "two names": (_leaf("cqbb", "cqcq"), NotPermitted),
    "a name in capitals": (_leaf("CQBB"), NotPermitted),
    "a name that is no code": (_leaf("cqbb.example.org"), NotPermitted),
    "expired": (_leaf("cqbb", now=NOW - timedelta(days=40), days=30), PeerUnreachable),
    "not valid yet": (_leaf("cqbb", now=NOW + timedelta(days=2)), PeerUnreachable),
    "signed by itself": (_self_signed(), PeerUnreachable),
    "another authority": (_leaf("cqbb", authority=STRANGER), PeerUnreachable),
    "an authority of the same name": (_leaf("cqbb", authority=LOOK_ALIKE), PeerUnreachable),
    "signed by a member": (_signed_by_a_leaf(), PeerUnreachable),
}


@pytest.mark.parametrize("bad", BAD_CALLERS)
@pytest_twisted.ensureDeferred
async def test_a_caller_with_a_bad_certificate_never_reaches_the_library(answers: Answers, bad: str) -> None:
    own, error = BAD_CALLERS[bad]
    async with listening(answers) as port, asking(port, own) as transport:
        with pytest.raises(error):
            await transport.call(LIBRARY, ASK, b"", 2.0)
    assert answers.asked == []


BAD_SERVERS = {
    "of another library": _leaf("cqcq"),
    "expired": _leaf("cqspb", now=NOW - timedelta(days=40), days=30),
    "another authority": _leaf("cqspb", authority=STRANGER),
}


@pytest.mark.parametrize("bad", BAD_SERVERS)
@pytest_twisted.ensureDeferred
async def test_a_server_with_a_bad_certificate_is_told_nothing(answers: Answers, bad: str) -> None:
    async with listening(answers, BAD_SERVERS[bad]) as port, asking(port) as transport:
        with pytest.raises(PeerUnreachable):
            await transport.call(LIBRARY, ASK, b"secret", 2.0)
    assert answers.asked == []


@pytest.mark.parametrize("tls", [True, False])
@pytest_twisted.ensureDeferred
async def test_a_caller_without_a_certificate_and_one_without_tls_are_turned_away(answers: Answers, tls: bool) -> None:
    context = ssl.create_default_context(cadata=AUTHORITY.certificate.decode()) if tls else None
    if context:
        context.set_alpn_protocols(["h2"])
    name = "cqspb" if tls else None
    async with listening(answers) as port:
        opening = asyncio.open_connection(HOST, port, ssl=context, server_hostname=name)
        reader, writer = await from_asyncio(opening)
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        with suppress(ssl.SSLError):
            received = await from_asyncio(asyncio.wait_for(reader.read(), 5.0))
            assert received[:1] in (b"", b"\x15")  # closed, at most after a TLS alert
            writer.close()
            await from_asyncio(writer.wait_closed())
    assert answers.asked == []


@pytest_twisted.ensureDeferred
async def test_another_member_is_known_as_itself(answers: Answers) -> None:
    async with listening(answers) as port, asking(port, identity("CQCQ")) as transport:
        await transport.call(LIBRARY, ASK, b"", 2.0)
    assert answers.asked[0][0] == "CQCQ"


@pytest_twisted.ensureDeferred
async def test_certificates_are_reloaded_at_both_ends_without_a_restart(answers: Answers) -> None:
    server = grpc_server(answers, _leaf("cqspb", now=NOW - timedelta(days=40), days=30))
    await server.start()
    async with asking(server.port, _leaf("cqbb", authority=STRANGER)) as transport:
        with pytest.raises(PeerUnreachable):
            await transport.call(LIBRARY, ASK, b"", 2.0)
        server.reload(identity(LIBRARY))
        with pytest.raises(PeerUnreachable):
            await transport.call(LIBRARY, ASK, b"", 2.0)
        await transport.reload(identity(CALLER))
        assert await transport.call(LIBRARY, ASK, b"ab", 2.0) == b"ba"
    await server.stop(0.0)


@pytest_twisted.ensureDeferred
async def test_grpc_is_given_certificates_only_when_there_are_other_ones(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it is given replaces what another connection may be using: at every connection, the process would die."""
    given: list[bool] = []
    made = grpc.dynamic_ssl_server_credentials

    def watched(first: Any, news: Callable[[], Any], required: bool) -> Any:
        def tell() -> Any:
            found = news()
            given.append(found is not None)
            return found

        return made(first, tell, required)

    monkeypatch.setattr(grpc, "dynamic_ssl_server_credentials", watched)
    server = grpc_server(answers)
    await server.start()
    for renewed in (False, True, False):
        if renewed:
            server.reload(identity("CQCQ"))
            server.reload(identity(LIBRARY))
        async with asking(server.port) as transport:
            await transport.call(LIBRARY, ASK, b"", 2.0)
    await server.stop(0.0)
    assert given == [False, True, False]


# --- no connection outlives its certificate, nor the trust in it ---------------------------------------------------


def _expires_in(seconds: float) -> TlsIdentity:
    return _leaf("cqbb", now=datetime.now(UTC) - timedelta(days=1) + timedelta(seconds=seconds), days=1)


@pytest_twisted.ensureDeferred
async def test_a_connection_ends_soon_after_its_certificate_has_expired(answers: Answers) -> None:
    ends_at = datetime.now(UTC) + timedelta(seconds=2)
    async with listening(answers, connection_age_s=0.5) as port, asking(port, _expires_in(2)) as transport:
        assert await transport.call(LIBRARY, ASK, b"ab", 2.0) == b"ba"
        await until(lambda: datetime.now(UTC) > ends_at)
        await pause(1.2)
        with pytest.raises(PeerUnreachable):
            await transport.call(LIBRARY, ASK, b"ab", 2.0)


@pytest_twisted.ensureDeferred
async def test_no_call_is_lost_when_connections_end_of_age(answers: Answers) -> None:
    answers.answer = lambda payload: (
        pause(0.3).addCallback(lambda _: payload) if payload == b"slow" else succeed(payload)
    )
    until_then = datetime.now(UTC) + timedelta(seconds=2.5)

    async def ask(transport: GrpcTransport, payload: bytes) -> None:
        while datetime.now(UTC) < until_then:
            assert await transport.call(LIBRARY, ASK, payload, 4.0) == payload

    async with listening(answers, connection_age_s=0.2) as port, asking(port) as transport:
        asking_all = [Deferred.fromCoroutine(ask(transport, payload)) for payload in (b"slow", b"quick") * 4]
        await gatherResults(asking_all)
    assert len(answers.asked) > 100


@pytest_twisted.ensureDeferred
async def test_a_caller_of_an_authority_that_was_withdrawn_is_not_answered_any_more(answers: Answers) -> None:
    server = grpc_server(answers)
    await server.start()
    async with asking(server.port) as transport:
        await transport.call(LIBRARY, ASK, b"", 2.0)
        server.reload(_leaf("cqspb", authority=STRANGER, trusts=STRANGER))
        with pytest.raises(NotPermitted, match="not trusted any more"):
            await transport.call(LIBRARY, ASK, b"", 2.0)
    assert len(answers.asked) == 1
    async with asking(server.port, _leaf("cqbb", authority=STRANGER, trusts=STRANGER)) as transport:
        assert await transport.call(LIBRARY, ASK, b"ab", 2.0) == b"ba"
    await server.stop(0.0)


@pytest_twisted.ensureDeferred
async def test_while_one_authority_replaces_another_callers_of_both_are_answered(answers: Answers) -> None:
    server = grpc_server(answers)
    await server.start()
    of_the_new_one = _leaf("cqbb", authority=STRANGER)
    async with asking(server.port) as before, asking(server.port, of_the_new_one) as after:
        assert await before.call(LIBRARY, ASK, b"ab", 2.0) == b"ba"
        own = identity(LIBRARY)
        server.reload(TlsIdentity(own.certificate, own.key, own.authority + STRANGER.certificate))
        for transport in (before, after):
            assert await transport.call(LIBRARY, ASK, b"ab", 2.0) == b"ba"
    await server.stop(0.0)
