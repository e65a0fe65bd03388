"""The calls between libraries: for each, its name, its path, and its question and decision as bytes.

Every request and response bears an `Envelope`; a decision is one member of a oneof. `METHODS` and `DELIVER` are
the whole of the federation's interface; a test holds them to the services of the schema.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from google.protobuf.message import Message

from federation.bounds import NOTICES_MAX
from federation.contract import (
    CheckoutDecision,
    CheckoutQuestion,
    FinesPage,
    FinesQuestion,
    HoldDecision,
    HoldQuestion,
    HoldTaken,
    ItemDecision,
    ItemQuestion,
    ItemReturned,
    ItemView,
    Lent,
    Notice,
    PlaceDecision,
    PlaceHeld,
    PlaceQuestion,
    PlacesPage,
    PlacesQuestion,
    Receipt,
    Refused,
    RenewDecision,
    Renewed,
    RenewQuestion,
    Standing,
    StandingDecision,
    StandingQuestion,
    TakenBack,
)
from federation.v1 import home_pb2, mailbox_pb2, owner_pb2
from federation.wire import (
    NewerWire,
    WireError,
    decode,
    fill,
    notice_from_message,
    notice_to_message,
    parse,
    snake_case,
)

PACKAGE: Final = "tongjie.federation.v1"
SCHEMA: Final = 3
"""Raised with every addition to the schema (`tests/federation/test_schema.py`); told, never demanded. 1: the first
release. 2: holds, renew all, comparison, enabled cards, and the kind, the loan and the unknown reader of a fine. 3:
the standing of a card without loans and fees, for gates."""

Q = TypeVar("Q")
D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who speaks, from which epoch of its books, at what time by its own wall clock, in which schema."""

    caller: str
    epoch: int
    sent_at_ms: int
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True)
class Method(Generic[Q, D]):
    """One question and its decision.

    `name` is that of the contract and of the metrics' label; `path` that of the wire. `effect`: the answering
    library writes something, so a decision that can't be understood leaves the asker in doubt.
    """

    name: str
    path: str
    request: type[Message]
    response: type[Message]
    question: type[Any]
    decisions: tuple[type[Any], ...]
    effect: bool
    asked_as: str = "question"

    def encode_question(self, envelope: Envelope, question: Q) -> bytes:
        """Errors: WireError."""
        message: Any = self.request()
        fill(message.envelope, envelope)
        getattr(message, self.asked_as).SetInParent()
        fill(getattr(message, self.asked_as), question)
        return bytes(message.SerializeToString())

    def decode_question(self, payload: bytes) -> tuple[Envelope, Q]:
        """Errors: WireError, NewerWire."""
        message = parse(self.request, payload)
        if not message.HasField(self.asked_as):
            raise WireError(f"{self.request.__name__}.{self.asked_as}: missing")
        question: Q = decode(self.question, getattr(message, self.asked_as))
        return _envelope(message), question

    def encode_decision(self, envelope: Envelope, decision: D) -> bytes:
        """Errors: WireError."""
        message: Any = self.response()
        fill(message.envelope, envelope)
        if not isinstance(decision, self.decisions):
            raise WireError(f"{self.response.__name__}.decision: not one of this method's")
        member = getattr(message, snake_case(type(decision).__name__))
        member.SetInParent()
        fill(member, decision)
        return bytes(message.SerializeToString())

    def decode_decision(self, payload: bytes) -> tuple[Envelope, D]:
        """Errors: WireError; NewerWire for a decision that this program does not know."""
        message = parse(self.response, payload)
        envelope, member = _envelope(message), message.WhichOneof("decision")
        if member is None:
            raise NewerWire(f"{self.response.__name__}.decision: missing, or unknown here")
        kind = next(kind for kind in self.decisions if snake_case(kind.__name__) == member)
        decision: D = decode(kind, getattr(message, member))
        return envelope, decision


def _envelope(message: Any) -> Envelope:
    envelope = decode(Envelope, message.envelope)
    if envelope.caller == "":
        raise WireError("Envelope.caller: empty")
    return envelope


STANDING: Final[Method[StandingQuestion, StandingDecision]] = Method(
    "standing",
    f"/{PACKAGE}.Home/Standing",
    home_pb2.StandingRequest,
    home_pb2.StandingResponse,
    StandingQuestion,
    (Standing, Refused),
    effect=False,
)
HOLD_PLACE: Final[Method[PlaceQuestion, PlaceDecision]] = Method(
    "hold_place",
    f"/{PACKAGE}.Home/HoldPlace",
    home_pb2.HoldPlaceRequest,
    home_pb2.HoldPlaceResponse,
    PlaceQuestion,
    (PlaceHeld, Refused),
    effect=True,
)
CHECKOUT: Final[Method[CheckoutQuestion, CheckoutDecision]] = Method(
    "checkout",
    f"/{PACKAGE}.Owner/Checkout",
    owner_pb2.CheckoutRequest,
    owner_pb2.CheckoutResponse,
    CheckoutQuestion,
    (Lent, Refused),
    effect=True,
)
RENEW: Final[Method[RenewQuestion, RenewDecision]] = Method(
    "renew",
    f"/{PACKAGE}.Owner/Renew",
    owner_pb2.RenewRequest,
    owner_pb2.RenewResponse,
    RenewQuestion,
    (Renewed, Refused),
    effect=True,
)
TAKE_BACK: Final[Method[ItemReturned, TakenBack]] = Method(
    "take_back",
    f"/{PACKAGE}.Owner/TakeBack",
    owner_pb2.TakeBackRequest,
    owner_pb2.TakeBackResponse,
    ItemReturned,
    (TakenBack,),
    effect=True,
    asked_as="notice",
)
DESCRIBE: Final[Method[ItemQuestion, ItemDecision]] = Method(
    "describe",
    f"/{PACKAGE}.Owner/Describe",
    owner_pb2.DescribeRequest,
    owner_pb2.DescribeResponse,
    ItemQuestion,
    (ItemView, Refused),
    effect=False,
)
HOLD: Final[Method[HoldQuestion, HoldDecision]] = Method(
    "hold",
    f"/{PACKAGE}.Owner/Hold",
    owner_pb2.HoldRequest,
    owner_pb2.HoldResponse,
    HoldQuestion,
    (HoldTaken, Refused),
    effect=True,
)
PLACES: Final[Method[PlacesQuestion, PlacesPage]] = Method(
    "kept_places",
    f"/{PACKAGE}.Home/Places",
    home_pb2.PlacesRequest,
    home_pb2.PlacesResponse,
    PlacesQuestion,
    (PlacesPage,),
    effect=True,  # it is only read, but a refusal would be no page
)
FINES: Final[Method[FinesQuestion, FinesPage]] = Method(
    "kept_fines",
    f"/{PACKAGE}.Home/Fines",
    home_pb2.FinesRequest,
    home_pb2.FinesResponse,
    FinesQuestion,
    (FinesPage,),
    effect=True,
)
METHODS: Final[tuple[Method[Any, Any], ...]] = (
    *(STANDING, HOLD_PLACE, CHECKOUT, RENEW, TAKE_BACK, DESCRIBE, HOLD),
    *(PLACES, FINES),
)
DELIVER: Final = f"/{PACKAGE}.Mailbox/Deliver"
PATHS: Final = (*(method.path for method in METHODS), DELIVER)


# --- the mailbox ---------------------------------------------------------------------------------------------


def encode_notices(envelope: Envelope, notices: Sequence[Notice]) -> bytes:
    """A batch of notices. Errors: WireError."""
    message = mailbox_pb2.DeliverRequest()
    fill(message.envelope, envelope)
    for notice in notices:
        notice_to_message(notice, message.notices.add())
    return bytes(message.SerializeToString())


def decode_notices(payload: bytes) -> tuple[Envelope, tuple[Notice | WireError, ...]]:
    """One notice, or what is wrong with it, for each of the batch. Errors: WireError if all is unreadable, or
    too much."""
    message = parse(mailbox_pb2.DeliverRequest, payload)
    if len(message.notices) > NOTICES_MAX:
        raise WireError(f"DeliverRequest.notices: more than {NOTICES_MAX}")
    return _envelope(message), tuple(_or_error(notice_from_message, element) for element in message.notices)


def encode_receipts(envelope: Envelope, receipts: Sequence[Receipt]) -> bytes:
    """The answer to a batch. Errors: WireError."""
    message = mailbox_pb2.DeliverResponse()
    fill(message.envelope, envelope)
    for receipt in receipts:
        fill(message.receipts.add(), receipt)
    return bytes(message.SerializeToString())


def decode_receipts(payload: bytes, expected: int) -> tuple[Envelope, tuple[Receipt, ...]]:
    """Errors: WireError, also when there is not one receipt a notice."""
    message = parse(mailbox_pb2.DeliverResponse, payload)
    receipts = tuple(decode(Receipt, element) for element in message.receipts)
    if len(receipts) != expected:
        raise WireError("DeliverResponse.receipts: not one a notice")
    return _envelope(message), receipts


def _or_error(take: Callable[[Any], Notice], element: Any) -> Notice | WireError:
    try:
        return take(element)
    except WireError as error:
        return error
