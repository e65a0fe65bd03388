"""Libraries of different versions understand each other: what was written once is read for ever, and what a later
version adds is met as designed."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import pytest_twisted
from google.protobuf.message import Message
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock

from federation.client import RemoteLibrary
from federation.contract import NotPermitted, PeerUnreachable, PlacesQuestion, Reason, Route
from federation.methods import METHODS, PACKAGE
from federation.v1 import home_pb2, mailbox_pb2, owner_pb2
from federation.wire import NewerWire
from tests.contract.facts import NOW_MS
from tests.contract.scripted import ScriptedLibrary
from tests.federation.golden import ENVELOPE, first_rows, messages, plain, read, rows, written
from tests.federation.grpc_ends import LIBRARY, Answers, both
from tests.federation.lanes import peers, server

ROWS = {row["name"]: row for row in rows()}
UNKNOWN = b"\x82\x7d\x03new"  # field 2000, three bytes


def payload(name: str) -> bytes:
    return base64.b64decode(ROWS[name]["bytes"])


def within(expected: Any, found: Any) -> bool:
    """Whether `found` says all that `expected` does; a field that was added since may stand beside it."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(key in found and within(expected[key], found[key]) for key in expected)
    if isinstance(expected, list):
        return len(expected) == len(found) and all(map(within, expected, found))
    return bool(expected == found)


# --- what was written once -----------------------------------------------------------------------------------


def test_every_message_has_its_golden_bytes() -> None:
    missing = [name for name, _payload, _value in messages() if name not in ROWS]
    assert missing == [], "add them: python -m tests.federation.golden"


@pytest.mark.parametrize("name", ROWS)
def test_golden_bytes_are_read_for_ever(name: str) -> None:
    envelope, value = read(name, payload(name))
    assert envelope == ENVELOPE
    assert within(ROWS[name]["value"], plain(value)), value


@pytest.mark.parametrize("name", ROWS)
def test_what_an_older_library_reads_is_still_written(name: str) -> None:
    """The same fields under the same numbers: written anew, it is the same bytes."""
    assert written(name, *read(name, payload(name))) == payload(name)


@pytest.mark.parametrize("row", first_rows(), ids=lambda row: row["name"])
def test_what_the_first_release_wrote_is_read_and_still_written(row: dict[str, Any]) -> None:
    """Its messages lack what was added since: that stands for nothing, and nothing is written for it."""
    envelope, value = read(row["name"], base64.b64decode(row["bytes"]))
    assert envelope == ENVELOPE
    assert within(row["value"], plain(value)), value
    assert written(row["name"], envelope, value) == base64.b64decode(row["bytes"])


# --- what a later version adds -------------------------------------------------------------------------------


def message_of(name: str) -> Message:
    """The bytes of a row as the message that they are."""
    if name == "deliver receipts":
        return mailbox_pb2.DeliverResponse.FromString(payload(name))
    if name.startswith("deliver "):
        return mailbox_pb2.DeliverRequest.FromString(payload(name))
    path, side = name.split(" ")
    method = next(each for each in METHODS if each.path == path)
    kind = method.request if side == "question" else method.response
    return kind.FromString(payload(name))


def parts(message: Message) -> list[Message]:
    """The message and every message in it."""
    found = [message]
    for descriptor, value in message.ListFields():
        if descriptor.message_type is not None:
            inner = value if descriptor.is_repeated else [value]
            found += [part for each in inner for part in parts(each)]
    return found


@pytest.mark.parametrize("name", ROWS)
def test_fields_that_are_not_known_yet_change_nothing_wherever_they_stand(name: str) -> None:
    message = message_of(name)
    for part in parts(message):
        part.MergeFromString(UNKNOWN)
    assert read(name, message.SerializeToString()) == read(name, payload(name))


def enums() -> list[tuple[str, int, str]]:
    """(row, number of the part, field) of every enum in every message."""
    return [
        (name, number, descriptor.name)
        for name in ROWS
        for number, part in enumerate(parts(message_of(name)))
        for descriptor, _value in part.ListFields()
        if descriptor.enum_type is not None
    ]


@pytest.mark.parametrize(("name", "number", "field"), enums())
def test_a_value_that_is_not_known_yet_is_a_clear_refusal_or_goes_to_staff_or_is_unknown(
    name: str, number: int, field: str
) -> None:
    message = message_of(name)
    setattr(parts(message)[number], field, 999)
    if field == "reason":
        assert Reason.NOT_SUPPORTED in str(plain(read(name, message.SerializeToString())[1]))
    elif field == "route":
        assert read(name, message.SerializeToString())[1].route is Route.STAFF
    elif name.startswith("deliver "):
        assert isinstance(read(name, message.SerializeToString())[1], NewerWire)
    else:
        with pytest.raises(NewerWire):
            read(name, message.SerializeToString())


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_decision_that_is_not_known_yet_is_unknown_never_no(method: Any) -> None:
    answer = method.response()
    answer.envelope.caller, answer.envelope.sent_at_ms = "CQBB", 1
    with pytest.raises(NewerWire):
        method.decode_decision(answer.SerializeToString() + UNKNOWN)


def test_a_schema_of_a_later_number_is_told_and_never_demanded() -> None:
    for request in (home_pb2.StandingRequest, owner_pb2.CheckoutRequest):
        assert "schema" in request().envelope.DESCRIPTOR.fields_by_name
    name = next(iter(ROWS))
    message: Any = message_of(name)
    message.envelope.schema = 99
    envelope, value = read(name, message.SerializeToString())
    assert envelope.schema == 99
    assert value == read(name, payload(name))[1]


# --- methods that one of the two does not know ---------------------------------------------------------------


class OldLane:
    """A lane to a library that knows no method at all."""

    def call(self, peer: str, method: str, payload: bytes, timeout_s: float) -> Deferred[bytes]:
        return fail(PeerUnreachable(peer, "UNIMPLEMENTED: Method not found!"))


def test_a_library_that_does_not_know_a_method_yet_is_not_taken_for_a_silent_one() -> None:
    clock, outcomes = Clock(), []
    known = peers(clock, lambda: NOW_MS)
    remote = RemoteLibrary(
        "CQBB",
        own_code=LIBRARY,
        epoch=1,
        transport=OldLane(),
        peers=known,
        clock=clock,
        wall_ms=lambda: NOW_MS,
        observe=lambda _peer, _method, outcome, _reason, _seconds: outcomes.append(outcome),
    )
    for _ in range(10):
        failed: list[Any] = []
        remote.kept_places(PlacesQuestion(LIBRARY), 1.0).addErrback(failed.append)
        assert failed[0].check(PeerUnreachable)
    assert outcomes == ["not_understood"] * 10
    assert known.is_up("CQBB")


@pytest_twisted.ensureDeferred
async def test_over_grpc_an_unknown_method_is_unimplemented() -> None:
    async with both(Answers()) as transport:
        with pytest.raises(PeerUnreachable, match="UNIMPLEMENTED"):
            await transport.call(LIBRARY, "/test/NotYet", b"", 2.0)


def test_a_question_of_a_later_version_in_a_batch_is_refused_by_name() -> None:
    library = ScriptedLibrary()
    ours = server(library, LIBRARY, lambda: NOW_MS, peers(Clock(), lambda: NOW_MS))
    failed: list[Any] = []
    ours.answer("CQBB", f"/{PACKAGE}.Owner/NotYet", b"", 1.0).addErrback(failed.append)
    assert failed[0].check(NotPermitted)
    assert "no such method" in failed[0].getErrorMessage()
    assert library.asked == []
