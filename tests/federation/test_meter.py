"""How much one library may say: counted before any object is made, by caller, and honest libraries never feel it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from federation.batching import BATCH, MAX_BATCH, BatchAnswerer, BatchingTransport
from federation.bounds import CARRIED_BYTES_MAX, MESSAGE_MAX, NOTICES_MAX, SENT_MAX
from federation.calling import OverBudget
from federation.contract import CancelOp, CheckoutQuestion, PeerUnreachable, StandingQuestion
from federation.meter import BYTES, CARRIED_ALL_MAX, NOTICES, Meter
from federation.methods import CHECKOUT, DELIVER, METHODS, STANDING, Envelope, encode_notices
from federation.scanning import Scan, TooMany
from federation.v1 import batch_pb2, mailbox_pb2
from federation.wire import WireError
from node.service.delivery import courier
from tests.contract.facts import NOW_MS
from tests.federation.golden import messages
from tests.federation.said import SAID

ME, OTHER = "CQBB", "CQCQ"
ENVELOPE = Envelope(ME, 1, NOW_MS)
CANCEL = CancelOp("op", "item", ME)


class Counted:
    """A library behind its meter. `reached`: what came through."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.reached: list[tuple[str, str, int]] = []
        self.noted: list[tuple[str, str]] = []
        self.meter = Meter(self.clock, lambda *what: self.noted.append(what))

    def say(self, method: str, payload: bytes, caller: str = ME) -> Any:
        """None, or the error."""
        try:
            self.meter.admit(caller, method, payload)
        except (WireError, OverBudget) as error:
            return error
        self.reached.append((caller, method, len(payload)))
        return None


@pytest.fixture
def library() -> Counted:
    return Counted()


def delivery(count: int) -> bytes:
    return encode_notices(ENVELOPE, [CANCEL] * count)


def checkout(carried: int) -> bytes:
    question: CheckoutQuestion = SAID[CheckoutQuestion](ME)
    return CHECKOUT.encode_question(ENVELOPE, replace(question, carried=(CANCEL,) * carried))


def batch(*questions: tuple[str, bytes]) -> bytes:
    asked = [batch_pb2.BatchedQuestion(method=method, payload=payload) for method, payload in questions]
    return batch_pb2.BatchRequest(questions=asked).SerializeToString()


# --- one call --------------------------------------------------------------------------------------------------


def test_a_message_that_is_too_large_reaches_nobody(library: Counted) -> None:
    assert library.say("/any", bytes(MESSAGE_MAX)) is None
    assert isinstance(library.say("/any", bytes(MESSAGE_MAX + 1)), WireError)
    assert library.reached == [(ME, "/any", MESSAGE_MAX)]
    assert library.noted == [(ME, "out_of_bounds")]


@pytest.mark.parametrize(
    ("method", "payload"),
    [
        (DELIVER, delivery(NOTICES_MAX + 1)),
        (DELIVER, b"\x12\x00" * 100_000),
        (CHECKOUT.path, checkout(CARRIED_ALL_MAX + 1)),
        (BATCH, batch(*[(STANDING.path, b"")] * (MAX_BATCH + 1))),
        (BATCH, b"\x0a\x00" * 100_000),
        (BATCH, batch((DELIVER, delivery(NOTICES_MAX + 1)))),
        (BATCH, batch((CHECKOUT.path, checkout(CARRIED_ALL_MAX + 1)))),
        (STANDING.path, b"\x12\x02\x2a\x00" * 1_000),  # the question a thousand times, each with a notice: read as one
        (STANDING.path, b"\x98\x06\x01" * 50_000),  # fields that nobody knows
        (STANDING.path, b"\x12\x01\x2b"),  # a group begins
        (STANDING.path, b"\x12\xff\xff\xff\xff\x0f"),
        (STANDING.path, b"\xff" * 11),
    ],
)
def test_too_many_things_in_one_call_reach_nobody(library: Counted, method: str, payload: bytes) -> None:
    assert isinstance(library.say(method, payload), WireError)
    assert (library.reached, library.noted) == ([], [(ME, "out_of_bounds")])


@pytest.mark.parametrize(("name", "payload"), [row[:2] for row in messages()], ids=lambda each: str(each)[:40])
def test_every_message_of_this_release_comes_through(library: Counted, name: str, payload: bytes) -> None:
    path = DELIVER if name.startswith("deliver") else name.split(" ", maxsplit=1)[0]
    assert library.say(path, payload) is None
    assert library.say(BATCH, batch((path, payload))) is None


@given(st.binary(max_size=300), st.sampled_from([DELIVER, BATCH, *(method.path for method in METHODS)]))
def test_whatever_the_bytes_are_they_are_counted_or_refused(payload: bytes, method: str) -> None:
    assert isinstance(Counted().say(method, payload), WireError | None)


@given(st.integers(0, NOTICES_MAX), st.integers(0, 20))
def test_notices_are_counted_as_the_decoder_finds_them(count: int, unknown: int) -> None:
    payload = delivery(count) + b"\x98\x06\x01" * unknown
    found = list(Scan(10_000).parts(payload, 2))
    assert len(found) == len(mailbox_pb2.DeliverRequest.FromString(payload).notices) == count


def test_a_scan_looks_at_so_many_fields_of_all_messages_together() -> None:
    scan = Scan(10)
    assert [len(list(scan.parts(b"\x12\x00" * 5, 2))) for _ in range(2)] == [5, 5]
    with pytest.raises(TooMany):
        list(scan.parts(b"\x12\x00", 2))


def test_what_is_turned_away_is_not_even_taken_apart(library: Counted) -> None:
    asked: list[str] = []

    def answer(caller: str, method: str, payload: bytes, left_s: float) -> Deferred[bytes]:
        asked.append(method)
        return succeed(b"")

    door = BatchAnswerer(answer, library.clock, library.meter.admit)
    held: list[Any] = []
    for method, payload in (
        (DELIVER, delivery(NOTICES_MAX + 1)),
        (BATCH, b"\x0a\x00" * 100_000),
        (DELIVER, delivery(1)),
    ):
        door(ME, method, payload, 3.0).addBoth(held.append)
    assert [isinstance(each, bytes) for each in held] == [False, False, True]
    assert asked == [DELIVER]


# --- what one caller may say ---------------------------------------------------------------------------------------


def said_until_refused(library: Counted, method: str, payload: bytes, most: int) -> int:
    for count in range(most):
        error = library.say(method, payload)
        if error is not None:
            assert isinstance(error, OverBudget)
            assert isinstance(error, PeerUnreachable), "its caller takes it for no answer"
            return count
    return most


def test_a_flood_of_bytes_ends_at_the_allowance_and_nobody_else_waits(library: Counted) -> None:
    large = b"\x0a" + b"\xff\xff\x0f" + bytes(262_143 - 4)
    assert len(large) <= MESSAGE_MAX
    count = said_until_refused(library, "/any", large, 1_000)
    assert count == BYTES.burst // len(large)
    assert library.say(STANDING.path, checkout(0), OTHER) is None
    library.clock.advance(1)
    assert said_until_refused(library, "/any", large, 1_000) == pytest.approx(BYTES.each_s / len(large), abs=1)


def test_a_flood_of_notices_ends_at_the_allowance_however_it_comes(library: Counted) -> None:
    full = delivery(NOTICES_MAX)
    assert said_until_refused(library, BATCH, batch((DELIVER, full), (DELIVER, full)), 1_000) == NOTICES.burst // (
        2 * NOTICES_MAX
    )
    assert isinstance(library.say(CHECKOUT.path, checkout(60)), OverBudget) or NOTICES.burst % (2 * NOTICES_MAX) >= 60
    library.clock.advance(10)
    assert said_until_refused(library, DELIVER, full, 100) >= 10 * NOTICES.each_s // NOTICES_MAX
    assert library.noted[-1] == (ME, "over_budget")


def test_a_question_without_notices_is_answered_while_the_notices_are_used_up(library: Counted) -> None:
    said_until_refused(library, DELIVER, delivery(NOTICES_MAX), 1_000)
    assert library.say(STANDING.path, STANDING.encode_question(ENVELOPE, SAID[StandingQuestion](ME))) is None


def test_an_honest_day_off_line_is_delivered_without_a_pause(library: Counted) -> None:
    """Ten thousand notices, by batches of the courier, as fast as it can."""
    for _ in range(10_000 // courier.BATCH + 1):
        assert library.say(DELIVER, delivery(courier.BATCH)) is None


# --- what we send is divided -----------------------------------------------------------------------------------------


def test_what_we_send_stays_below_what_we_take() -> None:
    assert SENT_MAX + CARRIED_BYTES_MAX < MESSAGE_MAX


def test_large_questions_do_not_share_a_call() -> None:
    sent: list[int] = []

    class Peer:
        def call(self, peer: str, method: str, payload: bytes, timeout_s: float) -> Deferred[bytes]:
            sent.append(len(payload))
            return Deferred()

    clock = Clock()
    lanes = BatchingTransport(Peer(), clock)
    for _ in range(MAX_BATCH):
        lanes.call(ME, STANDING.path, bytes(20_000), 3.0)
    for _ in range(100):
        clock.advance(0.05)
    assert max(sent) <= MESSAGE_MAX
    assert sum(sent) > MAX_BATCH * 20_000 * 0.9


class Long:
    """A peer that has a long answer to everything."""

    def __init__(self, clock: Clock, size: int) -> None:
        self._size = size
        self.calls: list[tuple[str, int]] = []
        self._batches = BatchAnswerer(lambda *_: succeed(bytes(self._size)), clock)

    def call(self, peer: str, method: str, payload: bytes, timeout_s: float) -> Deferred[bytes]:
        return self._batches(ME, method, payload, timeout_s).addCallback(self._noting, method)

    def _noting(self, answer: bytes, method: str) -> bytes:
        self.calls.append((method, len(answer)))
        return answer


def test_long_answers_do_not_share_one_either_and_all_arrive() -> None:
    clock = Clock()
    peer = Long(clock, 30_000)
    lanes = BatchingTransport(peer, clock)
    answers: list[bytes] = []
    for _ in range(10):
        lanes.call(ME, STANDING.path, b"q", 3.0).addCallback(answers.append)
    for _ in range(20):
        clock.advance(0.05)
    assert [len(answer) for answer in answers] == [30_000] * 10
    assert max(size for _method, size in peer.calls) <= SENT_MAX + 30_000


def test_what_is_too_large_together_is_asked_one_by_one() -> None:
    """An older peer puts more into one answer than we take."""
    clock, alone = Clock(), []

    class Older:
        def call(self, peer: str, method: str, payload: bytes, timeout_s: float) -> Deferred[bytes]:
            if method == BATCH:
                why = "RESOURCE_EXHAUSTED: CLIENT: Received message larger than max (1500000 vs. 1048576)"
                failed: Deferred[bytes] = Deferred()
                failed.errback(PeerUnreachable(ME, why))
                return failed
            alone.append(method)
            return succeed(b"yes")

    lanes = BatchingTransport(Older(), clock)
    answers: list[bytes] = []
    for _ in range(3):
        lanes.call(ME, STANDING.path, b"q", 3.0).addCallback(answers.append)
    clock.advance(0.1)
    assert (answers, alone) == ([b"yes"] * 3, [STANDING.path] * 3)
