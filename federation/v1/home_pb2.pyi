from federation.v1 import common_pb2 as _common_pb2
from federation.v1 import notices_pb2 as _notices_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PinCheck(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PIN_CHECK_UNSPECIFIED: _ClassVar[PinCheck]
    PIN_CHECK_ABSENT: _ClassVar[PinCheck]
    PIN_CHECK_RIGHT: _ClassVar[PinCheck]
    PIN_CHECK_WRONG: _ClassVar[PinCheck]

class CardStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CARD_STATUS_UNSPECIFIED: _ClassVar[CardStatus]
    CARD_STATUS_ACTIVE: _ClassVar[CardStatus]
    CARD_STATUS_SUSPENDED: _ClassVar[CardStatus]
    CARD_STATUS_LOST: _ClassVar[CardStatus]
    CARD_STATUS_EXPIRED: _ClassVar[CardStatus]
    CARD_STATUS_CLOSED: _ClassVar[CardStatus]
PIN_CHECK_UNSPECIFIED: PinCheck
PIN_CHECK_ABSENT: PinCheck
PIN_CHECK_RIGHT: PinCheck
PIN_CHECK_WRONG: PinCheck
CARD_STATUS_UNSPECIFIED: CardStatus
CARD_STATUS_ACTIVE: CardStatus
CARD_STATUS_SUSPENDED: CardStatus
CARD_STATUS_LOST: CardStatus
CARD_STATUS_EXPIRED: CardStatus
CARD_STATUS_CLOSED: CardStatus

class StandingQuestion(_message.Message):
    __slots__ = ("card", "branch", "asked_at_ms", "pin", "carried", "as_owner", "status_only")
    CARD_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    ASKED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    PIN_FIELD_NUMBER: _ClassVar[int]
    CARRIED_FIELD_NUMBER: _ClassVar[int]
    AS_OWNER_FIELD_NUMBER: _ClassVar[int]
    STATUS_ONLY_FIELD_NUMBER: _ClassVar[int]
    card: str
    branch: str
    asked_at_ms: int
    pin: str
    carried: _containers.RepeatedCompositeFieldContainer[_notices_pb2.Notice]
    as_owner: bool
    status_only: bool
    def __init__(self, card: _Optional[str] = ..., branch: _Optional[str] = ..., asked_at_ms: _Optional[int] = ..., pin: _Optional[str] = ..., carried: _Optional[_Iterable[_Union[_notices_pb2.Notice, _Mapping]]] = ..., as_owner: _Optional[bool] = ..., status_only: _Optional[bool] = ...) -> None: ...

class PlaceView(_message.Message):
    __slots__ = ("op", "owner", "barcode", "title", "foreign", "due_on", "renewals")
    OP_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    FOREIGN_FIELD_NUMBER: _ClassVar[int]
    DUE_ON_FIELD_NUMBER: _ClassVar[int]
    RENEWALS_FIELD_NUMBER: _ClassVar[int]
    op: str
    owner: str
    barcode: str
    title: str
    foreign: bool
    due_on: str
    renewals: int
    def __init__(self, op: _Optional[str] = ..., owner: _Optional[str] = ..., barcode: _Optional[str] = ..., title: _Optional[str] = ..., foreign: _Optional[bool] = ..., due_on: _Optional[str] = ..., renewals: _Optional[int] = ...) -> None: ...

class FineView(_message.Message):
    __slots__ = ("fine", "ledger", "barcode", "title", "due_on", "amount_fen", "paid_fen")
    FINE_FIELD_NUMBER: _ClassVar[int]
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DUE_ON_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FEN_FIELD_NUMBER: _ClassVar[int]
    PAID_FEN_FIELD_NUMBER: _ClassVar[int]
    fine: str
    ledger: str
    barcode: str
    title: str
    due_on: str
    amount_fen: int
    paid_fen: int
    def __init__(self, fine: _Optional[str] = ..., ledger: _Optional[str] = ..., barcode: _Optional[str] = ..., title: _Optional[str] = ..., due_on: _Optional[str] = ..., amount_fen: _Optional[int] = ..., paid_fen: _Optional[int] = ...) -> None: ...

class HoldView(_message.Message):
    __slots__ = ("hold", "owner", "barcode", "title", "available", "pickup")
    HOLD_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    PICKUP_FIELD_NUMBER: _ClassVar[int]
    hold: str
    owner: str
    barcode: str
    title: str
    available: bool
    pickup: str
    def __init__(self, hold: _Optional[str] = ..., owner: _Optional[str] = ..., barcode: _Optional[str] = ..., title: _Optional[str] = ..., available: _Optional[bool] = ..., pickup: _Optional[str] = ...) -> None: ...

class Standing(_message.Message):
    __slots__ = ("reader", "name", "status", "pin", "category", "expires_on", "max_loans", "max_foreign", "loans", "fines", "holds", "lending", "renewal")
    READER_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PIN_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_ON_FIELD_NUMBER: _ClassVar[int]
    MAX_LOANS_FIELD_NUMBER: _ClassVar[int]
    MAX_FOREIGN_FIELD_NUMBER: _ClassVar[int]
    LOANS_FIELD_NUMBER: _ClassVar[int]
    FINES_FIELD_NUMBER: _ClassVar[int]
    HOLDS_FIELD_NUMBER: _ClassVar[int]
    LENDING_FIELD_NUMBER: _ClassVar[int]
    RENEWAL_FIELD_NUMBER: _ClassVar[int]
    reader: str
    name: str
    status: CardStatus
    pin: PinCheck
    category: str
    expires_on: str
    max_loans: int
    max_foreign: int
    loans: _containers.RepeatedCompositeFieldContainer[PlaceView]
    fines: _containers.RepeatedCompositeFieldContainer[FineView]
    holds: _containers.RepeatedCompositeFieldContainer[HoldView]
    lending: _common_pb2.Refused
    renewal: _common_pb2.Refused
    def __init__(self, reader: _Optional[str] = ..., name: _Optional[str] = ..., status: _Optional[_Union[CardStatus, str]] = ..., pin: _Optional[_Union[PinCheck, str]] = ..., category: _Optional[str] = ..., expires_on: _Optional[str] = ..., max_loans: _Optional[int] = ..., max_foreign: _Optional[int] = ..., loans: _Optional[_Iterable[_Union[PlaceView, _Mapping]]] = ..., fines: _Optional[_Iterable[_Union[FineView, _Mapping]]] = ..., holds: _Optional[_Iterable[_Union[HoldView, _Mapping]]] = ..., lending: _Optional[_Union[_common_pb2.Refused, _Mapping]] = ..., renewal: _Optional[_Union[_common_pb2.Refused, _Mapping]] = ...) -> None: ...

class StandingRequest(_message.Message):
    __slots__ = ("envelope", "question")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    question: StandingQuestion
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., question: _Optional[_Union[StandingQuestion, _Mapping]] = ...) -> None: ...

class StandingResponse(_message.Message):
    __slots__ = ("envelope", "standing", "refused")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    STANDING_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    standing: Standing
    refused: _common_pb2.Refused
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., standing: _Optional[_Union[Standing, _Mapping]] = ..., refused: _Optional[_Union[_common_pb2.Refused, _Mapping]] = ...) -> None: ...

class PlaceQuestion(_message.Message):
    __slots__ = ("op", "card", "owner", "barcode", "title", "item_type", "foreign", "branch", "asked_at_ms", "carried")
    OP_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ITEM_TYPE_FIELD_NUMBER: _ClassVar[int]
    FOREIGN_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    ASKED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    CARRIED_FIELD_NUMBER: _ClassVar[int]
    op: str
    card: str
    owner: str
    barcode: str
    title: str
    item_type: str
    foreign: bool
    branch: str
    asked_at_ms: int
    carried: _containers.RepeatedCompositeFieldContainer[_notices_pb2.Notice]
    def __init__(self, op: _Optional[str] = ..., card: _Optional[str] = ..., owner: _Optional[str] = ..., barcode: _Optional[str] = ..., title: _Optional[str] = ..., item_type: _Optional[str] = ..., foreign: _Optional[bool] = ..., branch: _Optional[str] = ..., asked_at_ms: _Optional[int] = ..., carried: _Optional[_Iterable[_Union[_notices_pb2.Notice, _Mapping]]] = ...) -> None: ...

class PlaceHeld(_message.Message):
    __slots__ = ("op", "reader", "category", "due_on", "expires_on")
    OP_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    DUE_ON_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_ON_FIELD_NUMBER: _ClassVar[int]
    op: str
    reader: str
    category: str
    due_on: str
    expires_on: str
    def __init__(self, op: _Optional[str] = ..., reader: _Optional[str] = ..., category: _Optional[str] = ..., due_on: _Optional[str] = ..., expires_on: _Optional[str] = ...) -> None: ...

class HoldPlaceRequest(_message.Message):
    __slots__ = ("envelope", "question")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    question: PlaceQuestion
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., question: _Optional[_Union[PlaceQuestion, _Mapping]] = ...) -> None: ...

class HoldPlaceResponse(_message.Message):
    __slots__ = ("envelope", "place_held", "refused")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    PLACE_HELD_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    place_held: PlaceHeld
    refused: _common_pb2.Refused
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., place_held: _Optional[_Union[PlaceHeld, _Mapping]] = ..., refused: _Optional[_Union[_common_pb2.Refused, _Mapping]] = ...) -> None: ...

class PlacesQuestion(_message.Message):
    __slots__ = ("owner", "after")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    owner: str
    after: str
    def __init__(self, owner: _Optional[str] = ..., after: _Optional[str] = ...) -> None: ...

class PlaceKept(_message.Message):
    __slots__ = ("op", "reader", "due_on", "renewals", "epoch", "version")
    OP_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    DUE_ON_FIELD_NUMBER: _ClassVar[int]
    RENEWALS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    op: str
    reader: str
    due_on: str
    renewals: int
    epoch: int
    version: int
    def __init__(self, op: _Optional[str] = ..., reader: _Optional[str] = ..., due_on: _Optional[str] = ..., renewals: _Optional[int] = ..., epoch: _Optional[int] = ..., version: _Optional[int] = ...) -> None: ...

class PlacesPage(_message.Message):
    __slots__ = ("places", "complete")
    PLACES_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    places: _containers.RepeatedCompositeFieldContainer[PlaceKept]
    complete: bool
    def __init__(self, places: _Optional[_Iterable[_Union[PlaceKept, _Mapping]]] = ..., complete: _Optional[bool] = ...) -> None: ...

class PlacesRequest(_message.Message):
    __slots__ = ("envelope", "question")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    question: PlacesQuestion
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., question: _Optional[_Union[PlacesQuestion, _Mapping]] = ...) -> None: ...

class PlacesResponse(_message.Message):
    __slots__ = ("envelope", "places_page")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    PLACES_PAGE_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    places_page: PlacesPage
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., places_page: _Optional[_Union[PlacesPage, _Mapping]] = ...) -> None: ...

class FinesQuestion(_message.Message):
    __slots__ = ("ledger", "after")
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    ledger: str
    after: str
    def __init__(self, ledger: _Optional[str] = ..., after: _Optional[str] = ...) -> None: ...

class FineKept(_message.Message):
    __slots__ = ("fine", "amount_fen", "paid_fen", "epoch", "version")
    FINE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FEN_FIELD_NUMBER: _ClassVar[int]
    PAID_FEN_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    fine: str
    amount_fen: int
    paid_fen: int
    epoch: int
    version: int
    def __init__(self, fine: _Optional[str] = ..., amount_fen: _Optional[int] = ..., paid_fen: _Optional[int] = ..., epoch: _Optional[int] = ..., version: _Optional[int] = ...) -> None: ...

class FinesPage(_message.Message):
    __slots__ = ("fines", "complete")
    FINES_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    fines: _containers.RepeatedCompositeFieldContainer[FineKept]
    complete: bool
    def __init__(self, fines: _Optional[_Iterable[_Union[FineKept, _Mapping]]] = ..., complete: _Optional[bool] = ...) -> None: ...

class FinesRequest(_message.Message):
    __slots__ = ("envelope", "question")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    question: FinesQuestion
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., question: _Optional[_Union[FinesQuestion, _Mapping]] = ...) -> None: ...

class FinesResponse(_message.Message):
    __slots__ = ("envelope", "fines_page")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    FINES_PAGE_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    fines_page: FinesPage
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., fines_page: _Optional[_Union[FinesPage, _Mapping]] = ...) -> None: ...
