"""One lane per peer, many questions in one call."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from federation.batching import (
    ALONE_S,
    BATCH,
    MAX_BATCH,
    MAX_WAITING,
    PATIENCE_S,
    WINDOW,
    BatchAnswerer,
    BatchingTransport,
)
from federation.contract import NotPermitted, PeerFailed, PeerUnreachable
from federation.v1 import batch_pb2
from federation.wire import WireError


class Peer:
    """The other end, in memory: what it was asked, and answers given when the test says so."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, bytes, float, Deferred[bytes]]] = []

    def call(self, peer: str, method: str, payload: bytes, timeout_s: float) -> Deferred[bytes]:
        answer: Deferred[bytes] = Deferred()
        self.calls.append((method, payload, timeout_s, answer))
        return answer


class Echo:
    """A peer whose library answers by the question itself: "slow" is not decided, "no" not permitted."""

    def __init__(self, clock: Clock) -> None:
        self.methods: list[str] = []
        self.slow: list[Deferred[bytes]] = []
        self._answer = BatchAnswerer(self._library, clock)

    def call(self, peer: str, method: str, payload: bytes, timeout_s: float) -> Deferred[bytes]:
        self.methods.append(method)
        return self._answer("CQBB", method, payload, timeout_s)

    def _library(self, caller: str, method: str, payload: bytes, time_left_s: float) -> Deferred[bytes]:
        if payload.startswith(b"no"):
            return fail(NotPermitted("not yours"))
        if payload.startswith(b"bad"):
            return fail(WireError("Question.op: missing"))
        if payload.startswith(b"accident"):
            return fail(ZeroDivisionError("card 2350010012345"))
        if payload.startswith(b"slow"):
            waiting: Deferred[bytes] = Deferred()
            self.slow.append(waiting)
            return waiting
        return succeed(b"re:" + payload)


def results(answer: Deferred[bytes]) -> list[object]:
    got: list[object] = []
    answer.addCallbacks(got.append, lambda failure: got.append(failure.value))
    return got


def fill(lane: BatchingTransport, clock: Clock, payload: bytes = b"q") -> list[list[object]]:
    """As many calls as may be under way, of one question each; what they come to."""
    got = []
    for _ in range(WINDOW):
        got.append(results(lane.call("CQBB", "/m", payload, 3.0)))
        clock.advance(0)
    return got


def test_a_question_alone_goes_out_within_the_turn_in_a_call_of_its_own() -> None:
    peer, clock = Peer(), Clock()
    got = results(BatchingTransport(peer, clock).call("CQBB", "/m", b"q", 3.0))
    clock.advance(0)
    assert [(method, payload) for method, payload, _s, _d in peer.calls] == [("/m", b"q")]
    peer.calls[0][3].callback(b"a")
    assert got == [b"a"]
    assert not clock.getDelayedCalls()


@pytest.mark.parametrize("under_way", [0, WINDOW], ids=["what is asked in one turn", "what comes while calls run"])
def test_shares_one_call(under_way: int) -> None:
    peer, clock = Peer(), Clock()
    lane = BatchingTransport(peer, clock)
    if under_way:
        fill(lane, clock)
    got = [results(lane.call("CQBB", "/m", b"%d" % n, 3.0)) for n in range(10)]
    clock.advance(0)
    if under_way:
        assert len(peer.calls) == WINDOW
        peer.calls[0][3].callback(b"first")
    method, payload, _s, answer = peer.calls[under_way]
    asked = batch_pb2.BatchRequest.FromString(payload).questions
    assert method == BATCH
    assert [each.payload for each in asked] == [b"%d" % n for n in range(10)]
    replies = [
        batch_pb2.BatchedReply(state=batch_pb2.BatchedReply.ANSWERED, payload=b"re:" + each.payload) for each in asked
    ]
    answer.callback(batch_pb2.BatchResponse(replies=replies).SerializeToString())
    assert [each[0] for each in got] == [b"re:%d" % n for n in range(10)]


def test_peers_have_lanes_of_their_own() -> None:
    peer, clock = Peer(), Clock()
    lane = BatchingTransport(peer, clock)
    for code in ("CQBB", "CQCQ"):
        for _ in range(WINDOW):
            lane.call(code, "/m", b"q", 3.0)
            clock.advance(0)
    assert len(peer.calls) == 2 * WINDOW


def test_a_slow_decision_delays_nobody() -> None:
    clock = Clock()
    echo = Echo(clock)
    lane = BatchingTransport(echo, clock)
    slow = fill(lane, clock, b"slow")
    quick = results(lane.call("CQBB", "/m", b"q", 3.0))
    assert quick == []
    clock.pump([0, PATIENCE_S])
    assert quick == [b"re:q"]
    echo.slow[0].callback(b"at last")
    assert slow[0] == [b"at last"]


def test_what_a_batch_leaves_undecided_is_asked_again_alone() -> None:
    clock = Clock()
    echo = Echo(clock)
    lane = BatchingTransport(echo, clock)
    fill(lane, clock, b"slow")
    late = results(lane.call("CQBB", "/m", b"slow too", 3.0))
    quick = results(lane.call("CQBB", "/m", b"q", 3.0))
    clock.pump([0, PATIENCE_S, PATIENCE_S])
    assert quick == [b"re:q"]
    assert late == []
    assert echo.methods[-2:] == [BATCH, "/m"]
    echo.slow[-1].callback(b"decided")
    assert late == [b"decided"]


@pytest.mark.parametrize(
    ("payload", "error", "text"),
    [
        (b"no", NotPermitted, "not yours"),
        (b"bad", PeerUnreachable, "Question.op: missing"),
        (b"accident", PeerFailed, "accident"),
    ],
)
def test_each_question_of_a_batch_has_its_own_fate(payload: bytes, error: type[Exception], text: str) -> None:
    clock = Clock()
    lane = BatchingTransport(Echo(clock), clock)
    fill(lane, clock, b"slow")
    good = results(lane.call("CQBB", "/m", b"q", 3.0))
    bad = results(lane.call("CQBB", "/m", payload, 3.0))
    clock.pump([0, PATIENCE_S])
    assert good == [b"re:q"]
    assert type(bad[0]) is error
    assert text in str(bad[0])
    assert "2350010012345" not in str(bad[0])


def test_a_question_whose_time_is_up_is_told_so_while_it_waits() -> None:
    peer, clock = Peer(), Clock()
    lane = BatchingTransport(peer, clock)
    fill(lane, clock)
    got = results(lane.call("CQBB", "/m", b"late", PATIENCE_S / 2))
    clock.pump([0, PATIENCE_S])
    assert isinstance(got[0], PeerUnreachable)
    assert b"late" not in [payload for _m, payload, _s, _d in peer.calls]


def test_the_number_that_wait_is_bounded() -> None:
    peer, clock = Peer(), Clock()
    lane = BatchingTransport(peer, clock)
    for _ in range(MAX_WAITING):
        lane.call("CQBB", "/m", b"q", 3.0)
    got = results(lane.call("CQBB", "/m", b"one more", 3.0))
    assert isinstance(got[0], PeerUnreachable)
    assert "too many" in str(got[0])


def test_a_batch_that_fails_is_unknown_for_each_question() -> None:
    peer, clock = Peer(), Clock()
    lane = BatchingTransport(peer, clock)
    fill(lane, clock)
    got = [results(lane.call("CQBB", "/m", b"q", 3.0)) for _ in range(3)]
    clock.advance(0)
    peer.calls[0][3].callback(b"")
    peer.calls[-1][3].errback(PeerUnreachable("CQBB", "connection lost"))
    assert [type(each[0]) for each in got] == [PeerUnreachable] * 3


def test_a_peer_that_knows_no_batches_is_asked_one_by_one() -> None:
    peer, clock = Peer(), Clock()
    lane = BatchingTransport(peer, clock)
    fill(lane, clock)
    got = [results(lane.call("CQBB", "/m", b"%d" % n, 3.0)) for n in range(3)]
    clock.advance(0)
    peer.calls[0][3].callback(b"")
    peer.calls[-1][3].errback(PeerUnreachable("CQBB", "UNIMPLEMENTED: no such method"))
    while any(not each for each in got):
        method, payload, _s, answer = next(call for call in peer.calls if not call[3].called)
        assert method == "/m"
        answer.callback(b"re:" + payload)
    assert got == [[b"re:0"], [b"re:1"], [b"re:2"]]
    clock.advance(ALONE_S)  # it may have been renewed meanwhile
    for _ in range(2):
        lane.call("CQBB", "/m", b"q", 3.0)
    clock.advance(0)
    assert peer.calls[-1][0] == BATCH


def test_a_question_with_less_time_than_the_others_of_its_call_is_not_kept_waiting_for_them() -> None:
    peer, clock = Peer(), Clock()
    lane = BatchingTransport(peer, clock)
    hasty = results(lane.call("CQBB", "/m", b"hasty", 1.5))
    patient = results(lane.call("CQBB", "/m", b"patient", 5.0))
    clock.advance(0)
    assert [call[0] for call in peer.calls] == [BATCH]
    clock.pump([0.1] * 16)
    assert isinstance(hasty[0], PeerUnreachable)
    assert patient == []
    reply = batch_pb2.BatchedReply(state=batch_pb2.BatchedReply.ANSWERED, payload=b"re:patient")
    peer.calls[0][3].callback(batch_pb2.BatchResponse(replies=[reply, reply]).SerializeToString())
    assert patient == [b"re:patient"]
    clock.pump([0.1] * 2)
    assert clock.getDelayedCalls() == []


def test_a_cancelled_question_is_not_asked() -> None:
    peer, clock = Peer(), Clock()
    lane = BatchingTransport(peer, clock)
    fill(lane, clock)
    given_up = lane.call("CQBB", "/m", b"given up", 3.0)
    given_up.addErrback(lambda _failure: None)
    given_up.cancel()
    clock.advance(0)
    peer.calls[0][3].callback(b"")
    assert b"given up" not in [payload for _m, payload, _s, _d in peer.calls]


def test_batches_within_batches_and_too_large_ones_are_refused() -> None:
    answer = BatchAnswerer(lambda *_asked: succeed(b""), Clock())
    nested = batch_pb2.BatchRequest(questions=[batch_pb2.BatchedQuestion(method=BATCH)])
    large = batch_pb2.BatchRequest(questions=[batch_pb2.BatchedQuestion(method="/m")] * (MAX_BATCH + 1))
    for request in (nested.SerializeToString(), large.SerializeToString(), b"\xff\xff"):
        got = results(answer("CQBB", BATCH, request, 1.0))
        assert isinstance(got[0], WireError)


@given(st.lists(st.tuples(st.binary(max_size=8), st.floats(0.0, 0.2)), max_size=200))
def test_every_question_gets_exactly_its_own_answer(asked: list[tuple[bytes, float]]) -> None:
    clock = Clock()
    lane = BatchingTransport(Echo(clock), clock)
    got = []
    for payload, pause_s in asked:
        got.append(results(lane.call("CQBB", "/m", b"q" + payload, 5.0)))
        clock.advance(pause_s)
    clock.pump([PATIENCE_S] * (len(asked) + 2))
    assert got == [[b"re:q" + payload] for payload, _pause_s in asked]
