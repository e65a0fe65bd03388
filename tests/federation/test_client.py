"""A remote library: what it sends, what it makes of answers, what it tells the peers and the observer."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.internet.task import Clock

from federation.client import RemoteLibrary
from federation.contract import (
    CheckoutQuestion,
    ItemQuestion,
    ItemView,
    Lent,
    NotPermitted,
    NotUnderstood,
    PeerFailed,
    PeerUnreachable,
    Reason,
    Receipt,
    Refused,
    StandingQuestion,
    TakenBack,
)
from federation.methods import (
    CHECKOUT,
    DELIVER,
    DESCRIBE,
    METHODS,
    STANDING,
    TAKE_BACK,
    Envelope,
    Method,
    decode_notices,
    encode_receipts,
)
from federation.peers import Peers
from federation.v1 import home_pb2, owner_pb2
from federation.wire import NOTICE_TYPES, WireError
from tests.contract.facts import DUE_ON, GOOD, LIBRARY, NOW_MS
from tests.federation.lanes import peers, remote
from tests.federation.said import ANSWERED, ORDER, SAID
from tests.federation.test_server import CALLER, result

WAIT_S = 2.0
LENT = Lent("c", "reader-0", "t", "book", False, DUE_ON)


class Lane:
    """A transport that answers by script, and moves the wall clock by the length of the trip."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, bytes, float]] = []
        self.next: Deferred[bytes] = Deferred()
        self.trip_ms = 0
        self.wall_ms = NOW_MS

    def call(self, peer: str, method: str, payload: bytes, timeout_s: float) -> Deferred[bytes]:
        self.sent.append((peer, method, payload, timeout_s))
        self.wall_ms += self.trip_ms
        return self.next


class World:
    def __init__(self) -> None:
        self.lane = Lane()
        self.peers: Peers = peers(Clock(), lambda: self.lane.wall_ms)
        self.seen: list[tuple[str, str, str, str | None]] = []
        self.library: RemoteLibrary = remote(
            self.lane,
            CALLER,
            LIBRARY,
            lambda: self.lane.wall_ms,
            self.peers,
            lambda peer, method, outcome, reason, _: self.seen.append((peer, method, outcome, reason)),
        )

    def checkout(self) -> Deferred[Any]:
        return self.library.checkout(SAID[CheckoutQuestion](CALLER), WAIT_S)


@pytest.fixture
def world() -> World:
    return World()


def envelope(caller: str = LIBRARY, sent_at_ms: int = NOW_MS) -> Envelope:
    return Envelope(caller, 1, sent_at_ms)


def test_a_question_goes_out_in_our_name_with_our_clock_and_its_time(world: World) -> None:
    world.checkout()
    ((peer, path, payload, timeout_s),) = world.lane.sent
    assert (peer, path, timeout_s) == (LIBRARY, CHECKOUT.path, WAIT_S)
    assert CHECKOUT.decode_question(payload) == (envelope(CALLER), SAID[CheckoutQuestion](CALLER))


def test_an_answer_is_given_back_and_counted(world: World) -> None:
    world.lane.next = succeed(CHECKOUT.encode_decision(envelope(), LENT))
    assert result(world.checkout()) == LENT
    assert world.seen == [(LIBRARY, "checkout", "ok", None)]


def test_a_refusal_is_an_answer_and_counted_with_its_reason(world: World) -> None:
    world.lane.next = succeed(CHECKOUT.encode_decision(envelope(), Refused(Reason.QUOTA, LIBRARY, 8)))
    assert result(world.checkout()) == Refused(Reason.QUOTA, LIBRARY, 8)
    assert world.seen == [(LIBRARY, "checkout", "refused", "quota")]


def test_an_answer_tells_how_far_the_clocks_are_apart(world: World) -> None:
    world.lane.trip_ms = 400
    world.lane.next = succeed(CHECKOUT.encode_decision(envelope(sent_at_ms=NOW_MS + 7_400), LENT))
    result(world.checkout())
    assert world.peers.clock_apart_s(LIBRARY) == 7.0


def test_no_answer_is_unknown_and_counts_against_the_peer(world: World) -> None:
    world.lane.next = fail(PeerUnreachable(LIBRARY, "cut"))
    with pytest.raises(PeerUnreachable):
        result(world.checkout())
    assert world.peers.failures(LIBRARY) == 1
    assert world.seen == [(LIBRARY, "checkout", "unreachable", None)]


def test_an_accident_of_the_peer_is_an_error_and_counts_against_it_as_silence_does(world: World) -> None:
    world.lane.next = fail(PeerFailed(LIBRARY, "accident"))
    with pytest.raises(PeerUnreachable):
        result(world.checkout())
    assert world.peers.failures(LIBRARY) == 1
    assert world.seen == [(LIBRARY, "checkout", "error", None)]


@pytest.mark.parametrize(("receipts", "outcome"), [((True, True), "ok"), ((True, False), "refused")])
def test_a_delivery_is_ok_if_every_notice_was_taken(world: World, receipts: tuple[bool, ...], outcome: str) -> None:
    answer = encode_receipts(envelope(), [Receipt(taken, "" if taken else "no") for taken in receipts])
    world.lane.next = succeed(answer)
    result(world.library.deliver([ORDER] * len(receipts), WAIT_S))
    assert world.seen == [(LIBRARY, "deliver", outcome, None)]


def test_a_peer_that_is_down_is_not_asked(world: World) -> None:
    for _ in range(5):
        world.peers.failed(LIBRARY)
    with pytest.raises(PeerUnreachable, match="down"):
        result(world.checkout())
    assert world.lane.sent == []
    assert world.peers.failures(LIBRARY) == 5
    assert world.seen == [(LIBRARY, "checkout", "down", None)]


def test_a_delivery_goes_out_to_a_peer_that_is_down_and_its_answer_makes_it_up(world: World) -> None:
    for _ in range(5):
        world.peers.failed(LIBRARY)
    world.lane.next = succeed(encode_receipts(envelope(), ()))
    assert result(world.library.deliver([], WAIT_S)) == ()
    assert world.peers.is_up(LIBRARY)


def test_not_permitted_is_passed_on_and_the_peer_is_up(world: World) -> None:
    world.peers.failed(LIBRARY)
    world.lane.next = fail(NotPermitted("no"))
    with pytest.raises(NotPermitted):
        result(world.checkout())
    assert world.peers.failures(LIBRARY) == 0
    assert world.seen == [(LIBRARY, "checkout", "not_permitted", None)]


def test_a_call_given_up_is_given_up_on_the_lane_and_says_nothing_of_the_peer(world: World) -> None:
    given_up: list[Any] = []
    world.lane.next = Deferred(given_up.append)
    asked = world.checkout()
    asked.cancel()
    with pytest.raises(CancelledError):
        result(asked)
    assert given_up == [world.lane.next]
    assert world.peers.failures(LIBRARY) == 0
    assert world.seen == [(LIBRARY, "checkout", "cancelled", None)]


@pytest.mark.parametrize(
    "answer",
    [
        b"\xff\xff",
        b"",
        CHECKOUT.encode_decision(envelope(CALLER), LENT),
        owner_pb2.CheckoutResponse.FromString(CHECKOUT.encode_decision(envelope(), LENT)).SerializeToString()[:-3],
    ],
    ids=["rubbish", "nothing", "of another library", "cut short"],
)
def test_an_answer_that_can_not_be_trusted_is_unknown_never_no(world: World, answer: bytes) -> None:
    world.lane.next = succeed(answer)
    with pytest.raises(NotUnderstood, match="not understood"):
        result(world.checkout())
    assert world.seen == [(LIBRARY, "checkout", "not_understood", None)]
    assert world.peers.failures(LIBRARY) == 0


def test_a_method_that_the_peer_does_not_know_is_unknown_and_the_peer_is_up(world: World) -> None:
    world.peers.failed(LIBRARY)
    world.lane.next = fail(PeerUnreachable(LIBRARY, "UNIMPLEMENTED: Method not found!"))
    with pytest.raises(NotUnderstood):
        result(world.checkout())
    assert world.peers.failures(LIBRARY) == 0


ANSWERS = [(method, kind) for method in METHODS for kind in method.decisions if kind is not Refused]
MISANSWERED = [
    *(
        (method, replace(ANSWERED[kind], op="another"), f"{kind.__name__}.op")
        for method, kind in ANSWERS
        if any(field.name == "op" for field in fields(kind))
    ),
    (TAKE_BACK, replace(ANSWERED[TakenBack], fine=replace(ORDER, owner="CQCQ")), r"TakenBack\.fine\.owner"),
    (DESCRIBE, replace(ANSWERED[ItemView], owner="CQCQ"), "ItemView"),
    (DESCRIBE, replace(ANSWERED[ItemView], barcode="another"), "ItemView"),
]


@pytest.mark.parametrize(("method", "kind"), ANSWERS)
def test_a_decision_about_what_was_asked_is_given_back(world: World, method: Method[Any, Any], kind: Any) -> None:
    world.lane.next = succeed(method.encode_decision(envelope(), ANSWERED[kind]))
    assert result(getattr(world.library, method.name)(SAID[method.question](CALLER), WAIT_S)) == ANSWERED[kind]


@pytest.mark.parametrize(("method", "decision", "why"), MISANSWERED)
def test_a_decision_about_anything_else_is_unknown(
    world: World, method: Method[Any, Any], decision: Any, why: str
) -> None:
    world.lane.next = succeed(method.encode_decision(envelope(), decision))
    with pytest.raises(PeerUnreachable, match=why):
        result(getattr(world.library, method.name)(SAID[method.question](CALLER), WAIT_S))
    assert world.seen == [(LIBRARY, method.name, "not_understood", None)]


def test_a_decision_unknown_here_is_in_doubt_where_something_was_written(world: World) -> None:
    bare = owner_pb2.CheckoutResponse.FromString(CHECKOUT.encode_decision(envelope(), LENT))
    bare.ClearField("lent")
    world.lane.next = succeed(bare.SerializeToString())
    with pytest.raises(PeerUnreachable, match="unknown here"):
        result(world.checkout())


def test_a_decision_unknown_here_is_a_clear_refusal_where_nothing_was(world: World) -> None:
    bare = owner_pb2.DescribeResponse.FromString(DESCRIBE.encode_decision(envelope(), Refused(Reason.BUSY)))
    bare.ClearField("refused")
    world.lane.next = succeed(bare.SerializeToString())
    asked = world.library.describe(ItemQuestion("b", CALLER), WAIT_S)
    assert result(asked) == Refused(Reason.NOT_SUPPORTED, library=LIBRARY)


def test_a_status_unknown_here_is_a_clear_refusal(world: World) -> None:
    answer = home_pb2.StandingResponse.FromString(STANDING.encode_decision(envelope(), Refused(Reason.BUSY)))
    answer.standing.status = 999  # type: ignore[assignment]
    world.lane.next = succeed(answer.SerializeToString())
    asked = world.library.standing(StandingQuestion(GOOD.number, CALLER, NOW_MS), WAIT_S)
    assert result(asked) == Refused(Reason.NOT_SUPPORTED, library=LIBRARY)


def test_notices_go_out_as_a_batch_and_missing_receipts_are_unknown(world: World) -> None:
    notices = [SAID[kind](CALLER) for kind in NOTICE_TYPES]
    world.lane.next = succeed(b"")
    with pytest.raises(PeerUnreachable, match="not one a notice"):
        result(world.library.deliver(notices, WAIT_S))
    ((_, path, payload, _),) = world.lane.sent
    assert path == DELIVER
    assert decode_notices(payload) == (envelope(CALLER), tuple(notices))


def test_a_question_without_a_form_is_our_error_and_asks_nobody(world: World) -> None:
    with pytest.raises(WireError, match=r"ItemQuestion\.branch"):
        result(world.library.describe(ItemQuestion("b", ""), WAIT_S))
    assert world.lane.sent == []
    assert world.seen == []
