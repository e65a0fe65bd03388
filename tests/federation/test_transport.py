"""Real gRPC over mutual TLS on the loopback: answers and accidents."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import pytest_twisted
from grpc_health.v1 import health_pb2
from twisted.internet.defer import CancelledError, Deferred, DeferredList, fail, gatherResults, succeed

from federation.bounds import MESSAGE_MAX
from federation.contract import NotPermitted, PeerFailed, PeerUnreachable
from federation.transport import GrpcTransport, ListenError
from federation.transport.bridge import from_asyncio, to_asyncio
from federation.wire import WireError
from tests.federation.grpc_ends import (
    ASK,
    CALLER,
    ECHO,
    HOST,
    LIBRARY,
    Answers,
    asking,
    both,
    free_port,
    grpc_server,
    listening,
    pause,
    until,
)
from tests.federation.lanes import identity


@pytest.fixture
def answers() -> Answers:
    return Answers()


# --- questions and answers -----------------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_a_question_arrives_with_its_caller_and_its_time_and_its_answer_comes_back(answers: Answers) -> None:
    async with both(answers) as transport:
        assert await transport.call(LIBRARY, ASK, b"abc", 3.0) == b"cba"
    ((caller, method, payload, time_left_s),) = answers.asked
    assert (caller, method, payload) == (CALLER, ASK, b"abc")
    assert 2.0 < time_left_s <= 3.0


@pytest_twisted.ensureDeferred
async def test_many_questions_share_a_connection_and_each_has_its_own_answer(answers: Answers) -> None:
    answers.answer = lambda payload: pause(0.01 * (10 - payload[0])).addCallback(lambda _: payload)
    async with both(answers) as transport:
        asked = [transport.call(LIBRARY, ASK, bytes([number]), 3.0) for number in range(10)]
        assert await gatherResults(asked) == [bytes([number]) for number in range(10)]


@pytest_twisted.ensureDeferred
async def test_a_bare_method_answers_without_the_library(answers: Answers) -> None:
    async with both(answers) as transport:
        assert await transport.call(LIBRARY, ECHO, b"abc", 3.0) == b"abc"
    assert answers.asked == []


@pytest_twisted.ensureDeferred
async def test_the_health_service_says_that_it_serves(answers: Answers) -> None:
    async with both(answers) as transport:
        answer = await transport.call(LIBRARY, "/grpc.health.v1.Health/Check", b"", 3.0)
    assert health_pb2.HealthCheckResponse.FromString(answer).status == health_pb2.HealthCheckResponse.SERVING


@pytest_twisted.ensureDeferred
async def test_not_permitted_comes_back_as_that_with_its_reason(answers: Answers) -> None:
    answers.answer = lambda _: fail(NotPermitted("branch is not the caller"))
    async with both(answers) as transport:
        with pytest.raises(NotPermitted, match="branch is not the caller"):
            await transport.call(LIBRARY, ASK, b"", 3.0)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (WireError("Lent.op: empty"), r"INVALID_ARGUMENT: Lent\.op: empty"),
        (PeerUnreachable("CQCQ", "cut"), "UNAVAILABLE: the library can't tell now"),
        (LookupError("no row for card 235001"), "INTERNAL: an accident of the library"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_an_accident_of_the_peer_is_unknown_and_tells_nothing_of_the_card(
    answers: Answers, error: Exception, words: str
) -> None:
    answers.answer = lambda _: fail(error)
    async with both(answers) as transport:
        with pytest.raises(PeerUnreachable, match=words) as unknown:
            await transport.call(LIBRARY, ASK, b"", 3.0)
    assert unknown.value.library == LIBRARY
    assert isinstance(unknown.value, PeerFailed) == words.startswith("INTERNAL")
    assert "235001" not in str(unknown.value)


@pytest_twisted.ensureDeferred
async def test_a_method_that_the_peer_does_not_have_is_unknown(answers: Answers) -> None:
    async with both(answers) as transport:
        with pytest.raises(PeerUnreachable, match="UNIMPLEMENTED"):
            await transport.call(LIBRARY, "/test/Newer", b"", 3.0)


@pytest_twisted.ensureDeferred
async def test_a_message_too_large_is_unknown_and_never_reaches_the_library(answers: Answers) -> None:
    async with both(answers) as transport:
        with pytest.raises(PeerUnreachable, match="RESOURCE_EXHAUSTED"):
            await transport.call(LIBRARY, ASK, bytes(MESSAGE_MAX + 1), 3.0)
    assert answers.asked == []


@pytest_twisted.ensureDeferred
async def test_a_flood_of_large_deliveries_reaches_nobody_and_the_next_call_does(answers: Answers) -> None:
    """192 of 3.9 MB at once took a node to 2.4 GB."""
    async with both(answers) as transport:
        calls = [transport.call(LIBRARY, ASK, bytes(3_900_000), 3600.0) for _ in range(8)]
        answered: list[Any] = await DeferredList(calls, consumeErrors=True)
        assert all("RESOURCE_EXHAUSTED" in str(failure.value) for _success, failure in answered)
        assert await transport.call(LIBRARY, ASK, b"ok", 3600.0) == b"ko"
    assert [payload for _caller, _method, payload, _left in answers.asked] == [b"ok"]


@pytest_twisted.ensureDeferred
async def test_calls_beyond_the_limit_are_turned_away(answers: Answers) -> None:
    held: Deferred[bytes] = Deferred()
    answers.answer = lambda _: held
    async with listening(answers, max_calls=1) as port, asking(port) as one, asking(port, identity("CQCQ")) as other:
        first = one.call(LIBRARY, ASK, b"", 3.0)
        await until(lambda: bool(answers.asked))
        with pytest.raises(PeerUnreachable, match="RESOURCE_EXHAUSTED"):
            await other.call(LIBRARY, ASK, b"", 3.0)
        held.callback(b"done")
        assert await first == b"done"


@pytest_twisted.ensureDeferred
async def test_a_caller_has_its_share_of_the_calls_on_whatever_connections_and_leaves_the_rest_to_others(
    answers: Answers,
) -> None:
    held: list[Deferred[bytes]] = [Deferred(), Deferred()]
    slowly = iter(held)
    answers.answer = lambda payload: next(slowly) if payload == b"slow" else succeed(payload)
    async with (
        listening(answers, max_calls=8) as port,
        asking(port) as one,
        asking(port) as another,
        asking(port, identity("CQCQ")) as other,
    ):
        slow = [one.call(LIBRARY, ASK, b"slow", 3.0) for _ in range(2)]
        await until(lambda: len(answers.asked) == 2)
        with pytest.raises(PeerUnreachable, match="too many calls of this library"):
            await another.call(LIBRARY, ASK, b"", 3.0)
        assert await other.call(LIBRARY, ASK, b"quick", 3.0) == b"quick"
        waiting = one.call(LIBRARY, ASK, b"quick", 3.0)  # on one connection nothing is turned away
        for each in held:
            each.callback(b"done")
        assert await gatherResults([*slow, waiting]) == [b"done", b"done", b"quick"]
        assert await another.call(LIBRARY, ASK, b"", 3.0) == b""


# --- no answer -----------------------------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_the_deadline_ends_the_call_at_both_ends(answers: Answers) -> None:
    given_up: list[Any] = []
    answers.answer = lambda _: Deferred(given_up.append)
    async with both(answers) as transport:
        with pytest.raises(PeerUnreachable, match="DEADLINE_EXCEEDED"):
            await transport.call(LIBRARY, ASK, b"", 0.2)
        await until(lambda: bool(given_up))


@pytest_twisted.ensureDeferred
async def test_no_time_left_is_no_call(answers: Answers) -> None:
    async with both(answers) as transport:
        for timeout_s in (0.0, -1.0):
            with pytest.raises(PeerUnreachable, match="no time left"):
                await transport.call(LIBRARY, ASK, b"", timeout_s)
    assert answers.asked == []


@pytest_twisted.ensureDeferred
async def test_giving_up_a_call_gives_it_up_at_the_peer_as_well(answers: Answers) -> None:
    given_up: list[Any] = []
    answers.answer = lambda _: Deferred(given_up.append)
    async with both(answers) as transport:
        asked = transport.call(LIBRARY, ASK, b"", 5.0)
        await until(lambda: bool(answers.asked))
        asked.cancel()
        with pytest.raises(CancelledError):
            await asked
        await until(lambda: bool(given_up))


@pytest_twisted.ensureDeferred
async def test_a_peer_that_does_not_listen_is_unreachable_at_once() -> None:
    async with asking(free_port()) as transport:
        with pytest.raises(PeerUnreachable, match="UNAVAILABLE"):
            await transport.call(LIBRARY, ASK, b"", 5.0)


@pytest_twisted.ensureDeferred
async def test_a_peer_without_an_address_is_unreachable() -> None:
    transport = GrpcTransport(identity(CALLER), lambda _: None)
    with pytest.raises(PeerUnreachable, match="no address"):
        await transport.call(LIBRARY, ASK, b"", 5.0)
    await transport.close()


@pytest_twisted.ensureDeferred
async def test_a_peer_that_comes_back_is_reached_within_about_a_second(answers: Answers) -> None:
    server = grpc_server(answers)
    await server.start()
    async with asking(server.port) as transport:
        await transport.call(LIBRARY, ASK, b"", 3.0)
        await server.stop(0.0)
        for _ in range(5):
            with pytest.raises(PeerUnreachable):
                await transport.call(LIBRARY, ASK, b"", 0.5)
            await pause(0.2)
        async with listening(answers, port=server.port):
            await pause(1.3)
            assert await transport.call(LIBRARY, ASK, b"ab", 0.5) == b"ba"


@pytest_twisted.ensureDeferred
async def test_closing_the_transport_ends_its_calls_as_unknown(answers: Answers) -> None:
    answers.answer = lambda _: Deferred()
    async with both(answers) as transport:
        asked = transport.call(LIBRARY, ASK, b"", 5.0)
        await until(lambda: bool(answers.asked))
        await transport.close()
        with pytest.raises(PeerUnreachable, match="closed"):
            await asked
        with pytest.raises(PeerUnreachable, match="stopping"):
            await transport.call(LIBRARY, ASK, b"", 5.0)


@pytest_twisted.ensureDeferred
async def test_stopping_the_server_lets_the_call_under_way_finish(answers: Answers) -> None:
    answers.answer = lambda payload: pause(0.2).addCallback(lambda _: payload)
    server = grpc_server(answers)
    await server.start()
    async with asking(server.port) as transport:
        asked = transport.call(LIBRARY, ASK, b"last", 5.0)
        await until(lambda: bool(answers.asked))
        await server.stop(2.0)
        assert await asked == b"last"


@pytest_twisted.ensureDeferred
async def test_a_server_that_never_started_stops() -> None:
    await grpc_server(Answers()).stop(0.0)


@pytest_twisted.ensureDeferred
async def test_a_port_in_use_is_a_clear_error(answers: Answers) -> None:
    async with listening(answers) as port:
        with pytest.raises(ListenError, match=f"{HOST}:{port}: is the port in use"):
            await grpc_server(answers, port=port).start()


# --- the bridge ------------------------------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_the_bridge_carries_results_errors_and_cancellation_both_ways() -> None:
    event = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, event.set)
    assert await from_asyncio(event.wait()) is True
    assert await from_asyncio(to_asyncio(pause(0.01).addCallback(lambda _: "fired"))) == "fired"
    with pytest.raises(LookupError):
        await from_asyncio(to_asyncio(fail(LookupError())))
    given_up: list[Any] = []
    crossing: Deferred[None] = from_asyncio(to_asyncio(Deferred(given_up.append)))
    await pause(0)
    crossing.cancel()
    with pytest.raises(CancelledError):
        await crossing
    await until(lambda: bool(given_up))
