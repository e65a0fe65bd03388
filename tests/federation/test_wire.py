"""Every value of the contract crosses the wire unchanged, and nothing malformed does."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any, cast, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation import contract, mirrors
from federation import notices as notices_of_the_contract
from federation.contract import (
    CancelOp,
    FineOrder,
    ItemQuestion,
    ItemReturned,
    LoanRecorded,
    Notice,
    PeerUnreachable,
    PinCheck,
    PlaceQuestion,
    Reason,
    Refused,
    ReleasePlace,
    Route,
    StandingQuestion,
    TakenBack,
)
from federation.methods import (
    CHECKOUT,
    DESCRIBE,
    METHODS,
    STANDING,
    Envelope,
    Method,
    decode_notices,
    decode_receipts,
    encode_notices,
    encode_receipts,
)
from federation.v1 import common_pb2, home_pb2, mailbox_pb2, notices_pb2, owner_pb2
from federation.wire import (
    NOTICE_TYPES,
    NewerWire,
    WireError,
    decode,
    decode_notice,
    encode_notice,
    fill,
    message_class,
)
from tests.federation.samples import notices, values

ENVELOPE = Envelope("CQBB", 1, 1_700_000_000_000)
RETURNED = ItemReturned("op-1", "CQSPB01", "CQBB", 1_700_000_000_000)
FINE = FineOrder("f", 1, "l", "CQSPB", "CQBB", "CQCQ", "r", "b", "t", dt.date(2026, 1, 1), dt.date(2026, 1, 3), 2, 40)
TAKEN_BACK = TakenBack("op-1", True, "t", "book", "", "", Route.SHELF)
SPOKEN = (contract.__name__, mirrors.__name__, notices_of_the_contract.__name__)
VALUE_TYPES = [
    found
    for found in vars(contract).values()
    if isinstance(found, type) and hasattr(found, "__dataclass_fields__") and found.__module__ in SPOKEN
]


def encode(value: object) -> Any:
    message = message_class(type(value).__name__)()
    fill(message, value)
    return message


# Not parametrised: pytest-twisted wraps a property test anew for each parameter.


@given(st.one_of([values(kind) for kind in VALUE_TYPES]))
@settings(max_examples=600)
def test_every_value_of_the_contract_comes_back_from_the_wire_as_it_went(value: Any) -> None:
    message = encode(value)
    assert decode(type(value), type(message).FromString(message.SerializeToString())) == value


@given(notices())
def test_a_notice_comes_back_from_the_outbox_as_it_went(notice: Notice) -> None:
    assert decode_notice(encode_notice(notice)) == notice


@given(notices())
def test_a_notice_has_one_form(notice: Notice) -> None:
    assert encode_notice(notice) == encode_notice(decode_notice(encode_notice(notice)))


@given(st.sampled_from(METHODS), st.data())
@settings(max_examples=200)
def test_questions_and_decisions_come_back_with_their_envelope(method: Method[Any, Any], data: st.DataObject) -> None:
    question = data.draw(values(method.question))
    assert method.decode_question(method.encode_question(ENVELOPE, question)) == (ENVELOPE, question)
    decision = data.draw(st.one_of([values(kind) for kind in method.decisions]))
    assert method.decode_decision(method.encode_decision(ENVELOPE, decision)) == (ENVELOPE, decision)


@given(st.lists(notices(), max_size=5))
def test_a_batch_of_notices_keeps_its_order(batch: list[Notice]) -> None:
    assert decode_notices(encode_notices(ENVELOPE, batch)) == (ENVELOPE, tuple(batch))


@given(st.lists(values(contract.Receipt), max_size=5))
def test_receipts_keep_their_order(receipts: list[contract.Receipt]) -> None:
    payload = encode_receipts(ENVELOPE, receipts)
    assert decode_receipts(payload, len(receipts)) == (ENVELOPE, tuple(receipts))
    with pytest.raises(WireError, match=r"DeliverResponse\.receipts"):
        decode_receipts(payload, len(receipts) + 1)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_value_or_a_wire_error(payload: bytes) -> None:
    readers = [decode_notice, decode_notices, *(m.decode_question for m in METHODS)]
    for read in [*readers, *(m.decode_decision for m in METHODS)]:
        with suppress(WireError):
            read(payload)


@pytest.mark.parametrize(
    ("notice", "field"),
    [
        (replace(RETURNED, op=""), "ItemReturned.op"),
        (replace(RETURNED, branch=""), "ItemReturned.branch"),
        (replace(RETURNED, returned_at_ms=0), "ItemReturned.returned_at_ms"),
        (replace(RETURNED, returned_at_ms=-5), "ItemReturned.returned_at_ms"),
        (replace(RETURNED, returned_at_ms=10**15), "ItemReturned.returned_at_ms"),
        (replace(RETURNED, barcode="\ud800"), "ItemReturned.barcode"),
        (replace(FINE, amount_fen=-1), "FineOrder.amount_fen"),
        (replace(FINE, amount_fen=2**63), "FineOrder.amount_fen"),
        (replace(FINE, amount_fen=cast(int, 1.5)), "FineOrder.amount_fen"),
        (replace(FINE, due_on=cast(dt.date, None)), "FineOrder.due_on"),
        (replace(FINE, due_on=dt.datetime(2026, 1, 1)), "FineOrder.due_on"),
    ],
)
def test_what_has_no_form_is_refused_by_name_when_it_is_written(notice: Any, field: str) -> None:
    with pytest.raises(WireError) as refusal:
        encode_notice(notice)
    assert str(refusal.value).startswith(field)


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (notices_pb2.ItemReturned(branch="B", returned_at_ms=1), "ItemReturned.op"),
        (notices_pb2.ItemReturned(op="o", branch="B"), "ItemReturned.returned_at_ms"),
        (notices_pb2.ReleasePlace(op="o"), "ReleasePlace.owner"),
        (notices_pb2.LoanSnapshot(op="o", owner="A", due_on="tomorrow"), "LoanSnapshot.due_on"),
        (notices_pb2.LoanSnapshot(op="o", owner="A", due_on="20260101"), "LoanSnapshot.due_on"),
        (notices_pb2.LoanSnapshot(op="o", owner="A", due_on="2026-02-30"), "LoanSnapshot.due_on"),
        (notices_pb2.LoanSnapshot(op="o", owner="A"), "LoanSnapshot.due_on"),
        (notices_pb2.LoanSnapshot(op="o", owner="A", due_on="2026-01-01", version=-1), "LoanSnapshot.version"),
        (common_pb2.Refused(), "Refused.reason"),
        (owner_pb2.TakenBack(op="o"), "TakenBack.route"),
    ],
)
def test_what_is_malformed_is_refused_by_name_when_it_is_read(message: Any, field: str) -> None:
    kind = getattr(contract, type(message).__name__)
    with pytest.raises(WireError) as refusal:
        decode(kind, message)
    assert str(refusal.value).startswith(field)


def test_an_error_never_quotes_what_it_refuses_nor_does_its_cause() -> None:
    loan = LoanRecorded("op", "235001\ud800", "CQSPB", "b", "CQBB", 1, dt.date(2026, 1, 1))
    with pytest.raises(WireError) as refusal:
        encode_notice(loan)
    assert str(refusal.value) == "LoanRecorded.card: can't be written"
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


@pytest.mark.parametrize("kind", VALUE_TYPES, ids=lambda kind: kind.__name__)
def test_a_card_a_pin_and_a_name_stay_out_of_the_repr(kind: type[Any]) -> None:
    hints = get_type_hints(kind)
    shown = [f.name for f in fields(kind) if f.repr and hints[f.name] is not PinCheck]
    assert not {"card", "pin", "name"} & set(shown)


# --- a newer peer ----------------------------------------------------------------------------------------------


def test_an_unknown_reason_is_still_a_refusal() -> None:
    assert decode(Refused, common_pb2.Refused(reason=999)) == Refused(Reason.NOT_SUPPORTED)  # type: ignore[arg-type]


def test_an_item_with_an_unknown_route_goes_to_staff() -> None:
    message = encode(TAKEN_BACK)
    message.route = 999
    assert decode(TakenBack, message).route is Route.STAFF


def test_an_unknown_status_is_newer_than_this_program() -> None:
    answer = home_pb2.StandingResponse()
    answer.envelope.caller, answer.envelope.sent_at_ms = "CQBB", 1
    answer.standing.status = 999  # type: ignore[assignment]
    answer.standing.pin = 1  # type: ignore[assignment]
    with pytest.raises(NewerWire, match=r"Standing\.status"):
        STANDING.decode_decision(answer.SerializeToString())


def _unknown_field(number: int) -> bytes:
    """A protobuf field of that number, length-delimited and empty."""
    key = number << 3 | 2
    return bytes([key & 0x7F | 0x80, key >> 7, 0])


def test_an_unknown_decision_is_newer_than_this_program() -> None:
    answer = owner_pb2.CheckoutResponse()
    answer.envelope.caller, answer.envelope.sent_at_ms = "CQBB", 1
    with pytest.raises(NewerWire, match="decision"):
        CHECKOUT.decode_decision(answer.SerializeToString() + _unknown_field(500))


def test_an_unknown_notice_is_newer_than_this_program() -> None:
    with pytest.raises(NewerWire, match="Notice"):
        decode_notice(_unknown_field(500))


def test_an_unknown_notice_in_a_batch_leaves_the_others_readable() -> None:
    message = mailbox_pb2.DeliverRequest.FromString(encode_notices(ENVELOPE, [RETURNED]))
    message.notices.add().MergeFromString(_unknown_field(500))
    first, second = decode_notices(message.SerializeToString())[1]
    assert first == RETURNED
    assert isinstance(second, NewerWire)


def test_an_unknown_notice_that_is_carried_is_left_out() -> None:
    asked = ItemQuestion("b", "CQBB", (CancelOp("o", "b", "CQBB"), ReleasePlace("o", "CQBB")))
    request = owner_pb2.DescribeRequest.FromString(DESCRIBE.encode_question(ENVELOPE, asked))
    request.question.carried[0].Clear()
    request.question.carried[0].MergeFromString(_unknown_field(500))
    question = DESCRIBE.decode_question(request.SerializeToString())[1]
    assert question.carried == (ReleasePlace("o", "CQBB"),)


def test_a_malformed_notice_that_is_carried_is_left_out_and_the_question_read() -> None:
    asked = ItemQuestion("b", "CQBB", (RETURNED, ReleasePlace("o", "CQBB")))
    request = owner_pb2.DescribeRequest.FromString(DESCRIBE.encode_question(ENVELOPE, asked))
    request.question.carried[0].item_returned.returned_at_ms = 0
    _envelope, question = DESCRIBE.decode_question(request.SerializeToString())
    assert question.carried == (ReleasePlace("o", "CQBB"),)


def test_unknown_fields_change_nothing() -> None:
    assert decode_notice(encode_notice(RETURNED) + _unknown_field(600)) == RETURNED


def test_questions_without_a_question_or_an_envelope_are_refused_by_name() -> None:
    with pytest.raises(WireError, match=r"DescribeRequest\.question"):
        DESCRIBE.decode_question(b"")
    bare = owner_pb2.DescribeRequest(question=owner_pb2.ItemQuestion(branch="CQBB"))
    with pytest.raises(WireError, match=r"Envelope\.sent_at_ms"):
        DESCRIBE.decode_question(bare.SerializeToString())


def test_a_decision_of_another_method_is_not_written() -> None:
    with pytest.raises(WireError, match=r"CheckoutResponse\.decision"):
        CHECKOUT.encode_decision(ENVELOPE, TAKEN_BACK)  # type: ignore[arg-type]


def test_a_pin_that_is_empty_differs_from_none() -> None:
    for pin in ("", None, "1234"):
        question = StandingQuestion("card", "CQBB", 1, pin)
        assert STANDING.decode_question(STANDING.encode_question(ENVELOPE, question))[1].pin == pin


def test_every_notice_of_the_contract_is_tried() -> None:
    assert set(NOTICE_TYPES) < set(VALUE_TYPES)
    assert {PlaceQuestion, StandingQuestion} < set(VALUE_TYPES)
    assert PeerUnreachable not in VALUE_TYPES
