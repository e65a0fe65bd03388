from federation.v1 import common_pb2 as _common_pb2
from federation.v1 import notices_pb2 as _notices_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Route(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROUTE_UNSPECIFIED: _ClassVar[Route]
    ROUTE_SHELF: _ClassVar[Route]
    ROUTE_OWNER: _ClassVar[Route]
    ROUTE_HOLD_HERE: _ClassVar[Route]
    ROUTE_HOLD_ELSEWHERE: _ClassVar[Route]
    ROUTE_STAFF: _ClassVar[Route]

class ItemState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ITEM_STATE_UNSPECIFIED: _ClassVar[ItemState]
    ITEM_STATE_AVAILABLE: _ClassVar[ItemState]
    ITEM_STATE_ON_LOAN: _ClassVar[ItemState]
    ITEM_STATE_BEING_LENT: _ClassVar[ItemState]
    ITEM_STATE_HOLD_SHELF: _ClassVar[ItemState]
    ITEM_STATE_IN_TRANSIT: _ClassVar[ItemState]
    ITEM_STATE_LOST: _ClassVar[ItemState]
    ITEM_STATE_MISSING: _ClassVar[ItemState]

class HoldMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HOLD_MODE_UNSPECIFIED: _ClassVar[HoldMode]
    HOLD_MODE_PLACE: _ClassVar[HoldMode]
    HOLD_MODE_CHANGE: _ClassVar[HoldMode]
    HOLD_MODE_DELETE: _ClassVar[HoldMode]
ROUTE_UNSPECIFIED: Route
ROUTE_SHELF: Route
ROUTE_OWNER: Route
ROUTE_HOLD_HERE: Route
ROUTE_HOLD_ELSEWHERE: Route
ROUTE_STAFF: Route
ITEM_STATE_UNSPECIFIED: ItemState
ITEM_STATE_AVAILABLE: ItemState
ITEM_STATE_ON_LOAN: ItemState
ITEM_STATE_BEING_LENT: ItemState
ITEM_STATE_HOLD_SHELF: ItemState
ITEM_STATE_IN_TRANSIT: ItemState
ITEM_STATE_LOST: ItemState
ITEM_STATE_MISSING: ItemState
HOLD_MODE_UNSPECIFIED: HoldMode
HOLD_MODE_PLACE: HoldMode
HOLD_MODE_CHANGE: HoldMode
HOLD_MODE_DELETE: HoldMode

class CheckoutQuestion(_message.Message):
    __slots__ = ("op", "card", "home", "barcode", "branch", "asked_at_ms", "answer_by_ms", "carried", "fee_acknowledged", "earlier_op")
    OP_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    HOME_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    ASKED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ANSWER_BY_MS_FIELD_NUMBER: _ClassVar[int]
    CARRIED_FIELD_NUMBER: _ClassVar[int]
    FEE_ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    EARLIER_OP_FIELD_NUMBER: _ClassVar[int]
    op: str
    card: str
    home: str
    barcode: str
    branch: str
    asked_at_ms: int
    answer_by_ms: int
    carried: _containers.RepeatedCompositeFieldContainer[_notices_pb2.Notice]
    fee_acknowledged: bool
    earlier_op: str
    def __init__(self, op: _Optional[str] = ..., card: _Optional[str] = ..., home: _Optional[str] = ..., barcode: _Optional[str] = ..., branch: _Optional[str] = ..., asked_at_ms: _Optional[int] = ..., answer_by_ms: _Optional[int] = ..., carried: _Optional[_Iterable[_Union[_notices_pb2.Notice, _Mapping]]] = ..., fee_acknowledged: _Optional[bool] = ..., earlier_op: _Optional[str] = ...) -> None: ...

class Lent(_message.Message):
    __slots__ = ("op", "reader", "title", "item_type", "foreign", "due_on", "properties", "fee_fen")
    OP_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ITEM_TYPE_FIELD_NUMBER: _ClassVar[int]
    FOREIGN_FIELD_NUMBER: _ClassVar[int]
    DUE_ON_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    FEE_FEN_FIELD_NUMBER: _ClassVar[int]
    op: str
    reader: str
    title: str
    item_type: str
    foreign: bool
    due_on: str
    properties: str
    fee_fen: int
    def __init__(self, op: _Optional[str] = ..., reader: _Optional[str] = ..., title: _Optional[str] = ..., item_type: _Optional[str] = ..., foreign: _Optional[bool] = ..., due_on: _Optional[str] = ..., properties: _Optional[str] = ..., fee_fen: _Optional[int] = ...) -> None: ...

class CheckoutRequest(_message.Message):
    __slots__ = ("envelope", "question")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    question: CheckoutQuestion
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., question: _Optional[_Union[CheckoutQuestion, _Mapping]] = ...) -> None: ...

class CheckoutResponse(_message.Message):
    __slots__ = ("envelope", "lent", "refused")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    LENT_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    lent: Lent
    refused: _common_pb2.Refused
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., lent: _Optional[_Union[Lent, _Mapping]] = ..., refused: _Optional[_Union[_common_pb2.Refused, _Mapping]] = ...) -> None: ...

class RenewQuestion(_message.Message):
    __slots__ = ("op", "card", "home", "barcode", "branch", "asked_at_ms", "answer_by_ms", "carried")
    OP_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    HOME_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    ASKED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ANSWER_BY_MS_FIELD_NUMBER: _ClassVar[int]
    CARRIED_FIELD_NUMBER: _ClassVar[int]
    op: str
    card: str
    home: str
    barcode: str
    branch: str
    asked_at_ms: int
    answer_by_ms: int
    carried: _containers.RepeatedCompositeFieldContainer[_notices_pb2.Notice]
    def __init__(self, op: _Optional[str] = ..., card: _Optional[str] = ..., home: _Optional[str] = ..., barcode: _Optional[str] = ..., branch: _Optional[str] = ..., asked_at_ms: _Optional[int] = ..., answer_by_ms: _Optional[int] = ..., carried: _Optional[_Iterable[_Union[_notices_pb2.Notice, _Mapping]]] = ...) -> None: ...

class Renewed(_message.Message):
    __slots__ = ("op", "loan", "title", "item_type", "due_on")
    OP_FIELD_NUMBER: _ClassVar[int]
    LOAN_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ITEM_TYPE_FIELD_NUMBER: _ClassVar[int]
    DUE_ON_FIELD_NUMBER: _ClassVar[int]
    op: str
    loan: str
    title: str
    item_type: str
    due_on: str
    def __init__(self, op: _Optional[str] = ..., loan: _Optional[str] = ..., title: _Optional[str] = ..., item_type: _Optional[str] = ..., due_on: _Optional[str] = ...) -> None: ...

class RenewRequest(_message.Message):
    __slots__ = ("envelope", "question")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    question: RenewQuestion
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., question: _Optional[_Union[RenewQuestion, _Mapping]] = ...) -> None: ...

class RenewResponse(_message.Message):
    __slots__ = ("envelope", "renewed", "refused")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    RENEWED_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    renewed: Renewed
    refused: _common_pb2.Refused
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., renewed: _Optional[_Union[Renewed, _Mapping]] = ..., refused: _Optional[_Union[_common_pb2.Refused, _Mapping]] = ...) -> None: ...

class TakenBack(_message.Message):
    __slots__ = ("op", "was_on_loan", "title", "item_type", "location", "call_number", "route", "destination", "fine", "known", "arrived", "properties", "hold_home", "hold_reader", "loan")
    OP_FIELD_NUMBER: _ClassVar[int]
    WAS_ON_LOAN_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ITEM_TYPE_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    CALL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    FINE_FIELD_NUMBER: _ClassVar[int]
    KNOWN_FIELD_NUMBER: _ClassVar[int]
    ARRIVED_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    HOLD_HOME_FIELD_NUMBER: _ClassVar[int]
    HOLD_READER_FIELD_NUMBER: _ClassVar[int]
    LOAN_FIELD_NUMBER: _ClassVar[int]
    op: str
    was_on_loan: bool
    title: str
    item_type: str
    location: str
    call_number: str
    route: Route
    destination: str
    fine: _notices_pb2.FineOrder
    known: bool
    arrived: bool
    properties: str
    hold_home: str
    hold_reader: str
    loan: str
    def __init__(self, op: _Optional[str] = ..., was_on_loan: _Optional[bool] = ..., title: _Optional[str] = ..., item_type: _Optional[str] = ..., location: _Optional[str] = ..., call_number: _Optional[str] = ..., route: _Optional[_Union[Route, str]] = ..., destination: _Optional[str] = ..., fine: _Optional[_Union[_notices_pb2.FineOrder, _Mapping]] = ..., known: _Optional[bool] = ..., arrived: _Optional[bool] = ..., properties: _Optional[str] = ..., hold_home: _Optional[str] = ..., hold_reader: _Optional[str] = ..., loan: _Optional[str] = ...) -> None: ...

class TakeBackRequest(_message.Message):
    __slots__ = ("envelope", "notice")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    notice: _notices_pb2.ItemReturned
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., notice: _Optional[_Union[_notices_pb2.ItemReturned, _Mapping]] = ...) -> None: ...

class TakeBackResponse(_message.Message):
    __slots__ = ("envelope", "taken_back")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    TAKEN_BACK_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    taken_back: TakenBack
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., taken_back: _Optional[_Union[TakenBack, _Mapping]] = ...) -> None: ...

class ItemQuestion(_message.Message):
    __slots__ = ("barcode", "branch", "carried", "moment_ms")
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    CARRIED_FIELD_NUMBER: _ClassVar[int]
    MOMENT_MS_FIELD_NUMBER: _ClassVar[int]
    barcode: str
    branch: str
    carried: _containers.RepeatedCompositeFieldContainer[_notices_pb2.Notice]
    moment_ms: int
    def __init__(self, barcode: _Optional[str] = ..., branch: _Optional[str] = ..., carried: _Optional[_Iterable[_Union[_notices_pb2.Notice, _Mapping]]] = ..., moment_ms: _Optional[int] = ...) -> None: ...

class ItemView(_message.Message):
    __slots__ = ("barcode", "owner", "title", "item_type", "location", "call_number", "foreign", "lendable", "state", "due_on", "holds", "current_location", "properties", "destination", "shelf_until_on", "loan", "ran")
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ITEM_TYPE_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    CALL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    FOREIGN_FIELD_NUMBER: _ClassVar[int]
    LENDABLE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DUE_ON_FIELD_NUMBER: _ClassVar[int]
    HOLDS_FIELD_NUMBER: _ClassVar[int]
    CURRENT_LOCATION_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    SHELF_UNTIL_ON_FIELD_NUMBER: _ClassVar[int]
    LOAN_FIELD_NUMBER: _ClassVar[int]
    RAN_FIELD_NUMBER: _ClassVar[int]
    barcode: str
    owner: str
    title: str
    item_type: str
    location: str
    call_number: str
    foreign: bool
    lendable: bool
    state: ItemState
    due_on: str
    holds: int
    current_location: str
    properties: str
    destination: str
    shelf_until_on: str
    loan: str
    ran: bool
    def __init__(self, barcode: _Optional[str] = ..., owner: _Optional[str] = ..., title: _Optional[str] = ..., item_type: _Optional[str] = ..., location: _Optional[str] = ..., call_number: _Optional[str] = ..., foreign: _Optional[bool] = ..., lendable: _Optional[bool] = ..., state: _Optional[_Union[ItemState, str]] = ..., due_on: _Optional[str] = ..., holds: _Optional[int] = ..., current_location: _Optional[str] = ..., properties: _Optional[str] = ..., destination: _Optional[str] = ..., shelf_until_on: _Optional[str] = ..., loan: _Optional[str] = ..., ran: _Optional[bool] = ...) -> None: ...

class DescribeRequest(_message.Message):
    __slots__ = ("envelope", "question")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    question: ItemQuestion
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., question: _Optional[_Union[ItemQuestion, _Mapping]] = ...) -> None: ...

class DescribeResponse(_message.Message):
    __slots__ = ("envelope", "item_view", "refused")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    ITEM_VIEW_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    item_view: ItemView
    refused: _common_pb2.Refused
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., item_view: _Optional[_Union[ItemView, _Mapping]] = ..., refused: _Optional[_Union[_common_pb2.Refused, _Mapping]] = ...) -> None: ...

class HoldQuestion(_message.Message):
    __slots__ = ("op", "mode", "card", "home", "barcode", "title", "branch", "pickup", "expires_on", "asked_at_ms", "answer_by_ms", "fee_acknowledged", "carried")
    OP_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    HOME_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    PICKUP_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_ON_FIELD_NUMBER: _ClassVar[int]
    ASKED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ANSWER_BY_MS_FIELD_NUMBER: _ClassVar[int]
    FEE_ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    CARRIED_FIELD_NUMBER: _ClassVar[int]
    op: str
    mode: HoldMode
    card: str
    home: str
    barcode: str
    title: str
    branch: str
    pickup: str
    expires_on: str
    asked_at_ms: int
    answer_by_ms: int
    fee_acknowledged: bool
    carried: _containers.RepeatedCompositeFieldContainer[_notices_pb2.Notice]
    def __init__(self, op: _Optional[str] = ..., mode: _Optional[_Union[HoldMode, str]] = ..., card: _Optional[str] = ..., home: _Optional[str] = ..., barcode: _Optional[str] = ..., title: _Optional[str] = ..., branch: _Optional[str] = ..., pickup: _Optional[str] = ..., expires_on: _Optional[str] = ..., asked_at_ms: _Optional[int] = ..., answer_by_ms: _Optional[int] = ..., fee_acknowledged: _Optional[bool] = ..., carried: _Optional[_Iterable[_Union[_notices_pb2.Notice, _Mapping]]] = ...) -> None: ...

class HoldTaken(_message.Message):
    __slots__ = ("op", "hold", "barcode", "title", "position", "pickup", "expires_on", "available", "fee_fen")
    OP_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    PICKUP_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_ON_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    FEE_FEN_FIELD_NUMBER: _ClassVar[int]
    op: str
    hold: str
    barcode: str
    title: str
    position: int
    pickup: str
    expires_on: str
    available: bool
    fee_fen: int
    def __init__(self, op: _Optional[str] = ..., hold: _Optional[str] = ..., barcode: _Optional[str] = ..., title: _Optional[str] = ..., position: _Optional[int] = ..., pickup: _Optional[str] = ..., expires_on: _Optional[str] = ..., available: _Optional[bool] = ..., fee_fen: _Optional[int] = ...) -> None: ...

class HoldRequest(_message.Message):
    __slots__ = ("envelope", "question")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    question: HoldQuestion
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., question: _Optional[_Union[HoldQuestion, _Mapping]] = ...) -> None: ...

class HoldResponse(_message.Message):
    __slots__ = ("envelope", "hold_taken", "refused")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    HOLD_TAKEN_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    hold_taken: HoldTaken
    refused: _common_pb2.Refused
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., hold_taken: _Optional[_Union[HoldTaken, _Mapping]] = ..., refused: _Optional[_Union[_common_pb2.Refused, _Mapping]] = ...) -> None: ...
