"""Why a peer does not answer is known in words, from what the real connection says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, fail

from federation.certificates import TlsIdentity
from federation.contract import PeerUnreachable
from federation.transport import GrpcTransport
from federation.troubles import WORDS, Trouble, trouble_of
from tests.federation.grpc_ends import ASK, LIBRARY, Answers, asking, free_port, listening
from tests.federation.lanes import NOW, identity
from tests.federation.test_transport_certificates import STRANGER, _leaf

EXPIRED = timedelta(days=40)


async def trouble_between(theirs: TlsIdentity | None, ours: TlsIdentity | None) -> Trouble:
    async with listening(Answers(), theirs) as port, asking(port, ours) as transport:
        return await trouble_with(transport)


async def trouble_with(transport: GrpcTransport) -> Trouble:
    with pytest.raises(PeerUnreachable) as caught:
        await transport.call(LIBRARY, ASK, b"", 2.5)
    return trouble_of(caught.value.why)


@pytest.mark.parametrize(
    ("theirs", "ours", "trouble"),
    [
        (lambda: _leaf("cqspb", now=NOW - EXPIRED, days=30), None, Trouble.CERTIFICATE_EXPIRED),
        (lambda: _leaf("cqspb", now=NOW + timedelta(days=2)), None, Trouble.CERTIFICATE_NOT_YET_VALID),
        (lambda: identity("CQCQ"), None, Trouble.CERTIFICATE_WRONG_NAME),
        (lambda: _leaf("cqspb", authority=STRANGER), None, Trouble.CERTIFICATE_UNKNOWN_AUTHORITY),
        (None, lambda: _leaf("cqbb", now=NOW - EXPIRED, days=30), Trouble.CLOSED_BY_PEER),
        (None, lambda: _leaf("cqbb", authority=STRANGER), Trouble.CLOSED_BY_PEER),
    ],
    ids=["expired", "not yet valid", "wrong name", "unknown authority", "ours expired", "ours unknown"],
)
@pytest_twisted.ensureDeferred
async def test_a_wrong_certificate_is_told_in_words(
    theirs: Callable[[], TlsIdentity] | None, ours: Callable[[], TlsIdentity] | None, trouble: Trouble
) -> None:
    assert await trouble_between(theirs and theirs(), ours and ours()) is trouble


@pytest_twisted.ensureDeferred
async def test_a_closed_port_and_a_host_that_nobody_knows_are_told_apart() -> None:
    async with asking(free_port()) as transport:
        assert await trouble_with(transport) is Trouble.NOT_REACHABLE
    nowhere = GrpcTransport(identity("CQBB"), lambda _: ("nowhere.invalid", 5))
    assert await trouble_with(nowhere) is Trouble.UNKNOWN_HOST
    await nowhere.close()


@pytest_twisted.ensureDeferred
async def test_a_peer_that_says_nothing_and_one_that_can_not_tell_are_told_apart() -> None:
    answers = Answers()
    async with listening(answers) as port, asking(port) as transport:
        answers.answer = lambda _: Deferred()
        with pytest.raises(PeerUnreachable) as silent:
            await transport.call(LIBRARY, ASK, b"", 0.3)
        answers.answer = lambda _: fail(PeerUnreachable("CQCQ", "down"))
        with pytest.raises(PeerUnreachable) as unable:
            await transport.call(LIBRARY, ASK, b"", 2.0)
    assert trouble_of(silent.value.why) is Trouble.NO_ANSWER
    assert trouble_of(unable.value.why) is Trouble.CAN_NOT_TELL


def test_every_trouble_has_its_words() -> None:
    assert set(WORDS) == set(Trouble)
