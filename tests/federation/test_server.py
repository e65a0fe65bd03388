"""Who may say what to a library, and what reaches it: every method and every notice, by every caller."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, cast

import pytest
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.task import Clock
from twisted.logger import LogLevel, globalLogPublisher

from federation.contract import (
    CancelOp,
    CheckoutQuestion,
    HoldQuestion,
    ItemQuestion,
    Notice,
    NotPermitted,
    PeerUnreachable,
    PlaceQuestion,
    Reason,
    Receipt,
    Refused,
    ReleasePlace,
    RenewQuestion,
    Standing,
    StandingQuestion,
)
from federation.methods import (
    CHECKOUT,
    DELIVER,
    DESCRIBE,
    HOLD_PLACE,
    METHODS,
    STANDING,
    Envelope,
    Method,
    decode_receipts,
    encode_notices,
)
from federation.permissions import ADDRESSEE, ASKED_NOW, SCOPE, SPEAKER
from federation.v1 import mailbox_pb2
from federation.wire import NOTICE_TYPES, WireError
from tests.contract.facts import GOOD, LIBRARY, NOW_MS, TODAY
from tests.contract.scripted import ScriptedLibrary
from tests.federation.lanes import peers, server
from tests.federation.said import SAID

CALLER, OTHER, OUTSIDER = "CQBB", "CQCQ", "CQWZ"
CARRYING = [kind for kind in SAID if any(f.name == "carried" for f in fields(kind))]


@dataclass
class World:
    """Library CQSPB behind its server; the caller's clock may be moved."""

    library: ScriptedLibrary
    apart_ms: int = 0

    def __post_init__(self) -> None:
        self.peers = peers(Clock(), lambda: NOW_MS)
        self.server = server(self.library, LIBRARY, lambda: NOW_MS, self.peers)

    def envelope(self, caller: str) -> Envelope:
        return Envelope(caller, 1, NOW_MS + self.apart_ms)

    def ask(self, caller: str, method: Method[Any, Any], question: Any, claimed: str | None = None) -> Deferred[Any]:
        payload = method.encode_question(self.envelope(claimed or caller), question)
        return self.send(caller, method.path, payload).addCallback(lambda answer: method.decode_decision(answer)[1])

    def deliver(self, caller: str, *notices: Notice) -> tuple[Receipt, ...]:
        payload = encode_notices(self.envelope(caller), notices)
        answer = result(self.send(caller, DELIVER, payload))
        return decode_receipts(answer, len(notices))[1]

    def send(self, caller: str, path: str, payload: bytes, time_left_s: float = 3.0) -> Deferred[bytes]:
        return self.server.answer(caller, path, payload, time_left_s)


def result(deferred: Deferred[Any]) -> Any:
    """What a Deferred that has fired holds; raises its error."""
    held: list[Any] = []
    failed: list[Any] = []
    deferred.addCallbacks(held.append, failed.append)
    assert held or failed, "it has not fired"
    if failed:
        failed[0].raiseException()
    return held[0]


@pytest.fixture
def world() -> World:
    return World(ScriptedLibrary())


# --- the matrix ------------------------------------------------------------------------------------------------


def test_every_question_and_every_notice_has_its_row() -> None:
    told = {method.question for method in METHODS} | set(NOTICE_TYPES)
    assert set(SPEAKER) == told
    assert set(SAID) == told
    assert set(SCOPE) | ASKED_NOW | set(ADDRESSEE) <= told
    assert set(SCOPE) == {StandingQuestion, PlaceQuestion, CheckoutQuestion, RenewQuestion, HoldQuestion}


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_question_is_taken_from_the_library_that_it_names(world: World, method: Method[Any, Any]) -> None:
    question = SAID[method.question](CALLER)
    assert isinstance(result(world.ask(CALLER, method, question)), method.decisions)
    assert world.library.asked == [question]


@pytest.mark.parametrize("caller", [OTHER, OUTSIDER, LIBRARY])
@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_question_in_the_name_of_another_is_not_permitted(
    world: World, method: Method[Any, Any], caller: str
) -> None:
    with pytest.raises(NotPermitted, match=SPEAKER[method.question]):
        result(world.ask(caller, method, SAID[method.question](CALLER)))
    assert world.library.asked == []


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_an_envelope_of_another_is_not_permitted(world: World, method: Method[Any, Any]) -> None:
    with pytest.raises(NotPermitted, match="Envelope"):
        result(world.ask(OTHER, method, SAID[method.question](CALLER), claimed=CALLER))
    with pytest.raises(NotPermitted, match="Envelope"):
        result(world.ask(CALLER, method, SAID[method.question](CALLER), claimed=OTHER))
    assert world.library.asked == []


@pytest.mark.parametrize("path", [*(method.path for method in METHODS), DELIVER])
def test_a_certificate_of_no_member_is_not_permitted_anything(world: World, path: str) -> None:
    with pytest.raises(NotPermitted, match="no member"):
        result(world.send("CQXX", path, b""))


@pytest.mark.parametrize("kind", NOTICE_TYPES, ids=lambda kind: kind.__name__)
def test_a_notice_is_taken_from_the_library_that_it_names_and_from_no_other(world: World, kind: type[Any]) -> None:
    notice = SAID[kind](CALLER)
    assert world.deliver(CALLER, notice) == (Receipt(True),)
    for caller in (OTHER, OUTSIDER, LIBRARY):
        (receipt,) = world.deliver(caller, notice)
        assert not receipt.taken
        assert f"{kind.__name__}.{SPEAKER[kind]}" in receipt.why
    assert world.library.asked == [(notice,)]


@pytest.mark.parametrize("carrying", CARRYING, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("kind", NOTICE_TYPES, ids=lambda kind: kind.__name__)
def test_a_question_that_carries_the_notice_of_another_is_not_permitted(
    world: World, carrying: type[Any], kind: type[Any]
) -> None:
    method = next(method for method in METHODS if method.question is carrying)
    question = replace(SAID[carrying](CALLER), carried=(SAID[kind](CALLER), SAID[kind](OTHER)))
    with pytest.raises(NotPermitted, match=kind.__name__):
        result(world.ask(CALLER, method, question))
    assert world.library.asked == []


def test_a_method_unknown_here_is_not_permitted(world: World) -> None:
    with pytest.raises(NotPermitted, match="no such method"):
        result(world.send(CALLER, "/tongjie.federation.v1.Owner/Sell", b""))


# --- scope (R9) --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_outside_the_group_lending_is_refused_by_value_and_the_rest_is_taken(
    world: World, method: Method[Any, Any]
) -> None:
    decision = result(world.ask(OUTSIDER, method, SAID[method.question](OUTSIDER)))
    if method.question in SCOPE:
        assert decision == Refused(Reason.OUT_OF_GROUP, library=LIBRARY)
        assert world.library.asked == []
    else:
        assert not isinstance(decision, Refused)


@pytest.mark.parametrize("kind", NOTICE_TYPES, ids=lambda kind: kind.__name__)
def test_notices_are_taken_from_any_member(world: World, kind: type[Any]) -> None:
    assert world.deliver(OUTSIDER, SAID[kind](OUTSIDER)) == (Receipt(True),)


@pytest.mark.parametrize(
    ("method", "question"),
    [
        (CHECKOUT, replace(SAID[CheckoutQuestion](CALLER), home=OUTSIDER)),
        (HOLD_PLACE, replace(SAID[PlaceQuestion](CALLER), branch=OUTSIDER)),
        (CHECKOUT, replace(SAID[CheckoutQuestion](CALLER), home="CQXX")),
    ],
)
def test_the_third_party_counts_as_well(world: World, method: Method[Any, Any], question: Any) -> None:
    assert result(world.ask(CALLER, method, question)) == Refused(Reason.OUT_OF_GROUP, library=LIBRARY)


def test_the_group_is_judged_on_the_civil_date_of_the_question(world: World) -> None:
    days: list[date] = []
    world.server._directory = _Noting(days)  # type: ignore[misc, assignment]
    for asked_at_ms in (NOW_MS, NOW_MS + 14 * 3_600_000 - 1, NOW_MS + 14 * 3_600_000):
        question = replace(SAID[StandingQuestion](CALLER), asked_at_ms=asked_at_ms)
        result(world.ask(CALLER, STANDING, question))
    assert days == [TODAY, TODAY, date(2026, 3, 3)]


class _Noting:
    def __init__(self, days: list[date]) -> None:
        self.days = days

    def entry(self, code: str) -> object:
        return object()

    def together(self, codes: set[str], on: date) -> bool:
        self.days.append(on)
        return True


# --- the mailbox ---------------------------------------------------------------------------------------------------


def test_what_may_not_be_said_or_read_is_receipted_in_its_place_and_the_rest_is_taken(world: World) -> None:
    good, bad, better = SAID[CancelOp](CALLER), SAID[CancelOp](OTHER), SAID[ReleasePlace](CALLER)
    message = mailbox_pb2.DeliverRequest.FromString(encode_notices(world.envelope(CALLER), [good, bad, better]))
    message.notices.add()  # of a kind unknown here
    message.notices.add().item_returned.op = "half"
    answer = result(world.send(CALLER, DELIVER, message.SerializeToString()))
    receipts = decode_receipts(answer, 5)[1]
    assert [receipt.taken for receipt in receipts] == [True, False, True, False, False]
    assert [receipt.why for receipt in receipts][1:] == [
        "CancelOp.branch is not the caller",
        "",
        "Notice: empty, or of a kind unknown here",
        "ItemReturned.branch: empty",
    ]
    assert world.library.asked == [(good, better)]


def test_receipts_of_the_library_keep_their_places_and_reasons() -> None:
    class Doubtful(ScriptedLibrary):
        def deliver(self, notices: Any, timeout_s: float) -> Deferred[tuple[Receipt, ...]]:
            found: Deferred[tuple[Receipt, ...]] = Deferred()
            found.callback((Receipt(True), Receipt(False, "not yet")))
            return found

    world = World(Doubtful())
    told = (SAID[CancelOp](OTHER), SAID[CancelOp](CALLER), SAID[ReleasePlace](CALLER))
    assert [(r.taken, r.why) for r in world.deliver(CALLER, *told)][1:] == [(True, ""), (False, "not yet")]


def test_a_batch_with_nothing_sound_in_it_does_not_reach_the_library(world: World) -> None:
    world.deliver(CALLER, SAID[CancelOp](OTHER))
    assert world.library.asked == []


# --- malformed, failing, given up ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*(method.path for method in METHODS), DELIVER])
def test_malformed_bytes_are_a_wire_error(world: World, path: str) -> None:
    with pytest.raises(WireError):
        result(world.send(CALLER, path, b"\xff\xff\xff"))
    assert world.library.asked == []


def test_a_name_never_leaves_the_library_even_if_the_library_forgets(world: World) -> None:
    world.library._standing = lambda card, question: replace(_standing_of(card, question), name="学生甲")  # type: ignore[method-assign]
    found = result(world.ask(CALLER, STANDING, SAID[StandingQuestion](CALLER)))
    assert isinstance(found, Standing)
    assert found.name == ""


def _standing_of(card: Any, question: StandingQuestion) -> Standing:
    return ScriptedLibrary._standing(ScriptedLibrary(), card, question)


class Hanging(ScriptedLibrary):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Deferred[Any]] = []

    def describe(self, question: ItemQuestion, timeout_s: float) -> Deferred[Any]:
        self.asked.append((question, timeout_s))
        self.answers.append(Deferred())
        return self.answers[-1]


def test_a_caller_that_gives_up_leaves_the_work_to_finish() -> None:
    world = World(Hanging())
    asked = world.ask(CALLER, DESCRIBE, SAID[ItemQuestion](CALLER))
    quiet: list[Any] = []
    world.server.quiet().addCallback(quiet.append)
    asked.cancel()
    with pytest.raises(CancelledError):
        result(asked)
    assert not world.library.answers[0].called  # type: ignore[attr-defined]
    assert quiet == []
    world.library.answers[0].callback(Refused(Reason.UNKNOWN_ITEM))  # type: ignore[attr-defined]
    assert quiet == [None]
    assert result(world.server.quiet()) is None


def test_the_time_that_is_left_reaches_the_library() -> None:
    world = World(Hanging())
    world.ask(CALLER, DESCRIBE, SAID[ItemQuestion](CALLER))
    assert world.library.asked == [(SAID[ItemQuestion](CALLER), 3.0)]


def test_an_accident_of_the_library_is_logged_without_its_text() -> None:
    class Broken(ScriptedLibrary):
        def describe(self, question: ItemQuestion, timeout_s: float) -> Deferred[Any]:
            return fail(LookupError(f"no row for {GOOD.number}"))

    events, log = list[Any](), cast(Any, globalLogPublisher)
    log.addObserver(events.append)
    try:
        with pytest.raises(LookupError):
            result(World(Broken()).ask(CALLER, DESCRIBE, SAID[ItemQuestion](CALLER)))
    finally:
        log.removeObserver(events.append)
    (event,) = [event for event in events if event["log_namespace"].startswith("federation")]
    assert event["kind"] == "LookupError"
    assert GOOD.number not in repr(event)


def test_what_can_not_be_told_now_is_no_accident() -> None:
    """Left over from before a restart, and still being cleared up."""

    class Busy(ScriptedLibrary):
        def describe(self, question: ItemQuestion, timeout_s: float) -> Deferred[Any]:
            return fail(PeerUnreachable(LIBRARY, "the operation is still in progress"))

    events, log = list[Any](), cast(Any, globalLogPublisher)
    log.addObserver(events.append)
    try:
        with pytest.raises(PeerUnreachable):
            result(World(Busy()).ask(CALLER, DESCRIBE, SAID[ItemQuestion](CALLER)))
    finally:
        log.removeObserver(events.append)
    (event,) = [event for event in events if event["log_namespace"].startswith("federation")]
    assert event["log_level"] is LogLevel.info


def test_what_is_not_permitted_is_on_record(world: World) -> None:
    events, log = list[Any](), cast(Any, globalLogPublisher)
    log.addObserver(events.append)
    try:
        with pytest.raises(NotPermitted):
            result(world.ask(OTHER, DESCRIBE, SAID[ItemQuestion](CALLER)))
    finally:
        log.removeObserver(events.append)
    (event,) = [event for event in events if event["log_namespace"].startswith("federation")]
    assert (event["caller"], event["why"]) == (OTHER, "ItemQuestion.branch is not the caller")


def test_a_call_from_a_peer_that_was_down_makes_a_probe_due(world: World) -> None:
    for _ in range(5):
        world.peers.failed(CALLER)
    assert world.peers.is_down(CALLER)
    result(world.ask(CALLER, DESCRIBE, SAID[ItemQuestion](CALLER)))
    assert not world.peers.is_down(CALLER)
