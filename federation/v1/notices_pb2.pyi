from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CancelOp(_message.Message):
    __slots__ = ("op", "barcode", "branch")
    OP_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    op: str
    barcode: str
    branch: str
    def __init__(self, op: _Optional[str] = ..., barcode: _Optional[str] = ..., branch: _Optional[str] = ...) -> None: ...

class ItemReturned(_message.Message):
    __slots__ = ("op", "barcode", "branch", "returned_at_ms", "no_block")
    OP_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    RETURNED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    NO_BLOCK_FIELD_NUMBER: _ClassVar[int]
    op: str
    barcode: str
    branch: str
    returned_at_ms: int
    no_block: bool
    def __init__(self, op: _Optional[str] = ..., barcode: _Optional[str] = ..., branch: _Optional[str] = ..., returned_at_ms: _Optional[int] = ..., no_block: _Optional[bool] = ...) -> None: ...

class LoanRecorded(_message.Message):
    __slots__ = ("op", "card", "home", "barcode", "branch", "lent_at_ms", "due_on")
    OP_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    HOME_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    LENT_AT_MS_FIELD_NUMBER: _ClassVar[int]
    DUE_ON_FIELD_NUMBER: _ClassVar[int]
    op: str
    card: str
    home: str
    barcode: str
    branch: str
    lent_at_ms: int
    due_on: str
    def __init__(self, op: _Optional[str] = ..., card: _Optional[str] = ..., home: _Optional[str] = ..., barcode: _Optional[str] = ..., branch: _Optional[str] = ..., lent_at_ms: _Optional[int] = ..., due_on: _Optional[str] = ...) -> None: ...

class ReleasePlace(_message.Message):
    __slots__ = ("op", "owner")
    OP_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    op: str
    owner: str
    def __init__(self, op: _Optional[str] = ..., owner: _Optional[str] = ...) -> None: ...

class ForcedPlace(_message.Message):
    __slots__ = ("op", "card", "owner", "barcode", "title", "foreign", "due_on", "branch", "lent_at_ms")
    OP_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    FOREIGN_FIELD_NUMBER: _ClassVar[int]
    DUE_ON_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    LENT_AT_MS_FIELD_NUMBER: _ClassVar[int]
    op: str
    card: str
    owner: str
    barcode: str
    title: str
    foreign: bool
    due_on: str
    branch: str
    lent_at_ms: int
    def __init__(self, op: _Optional[str] = ..., card: _Optional[str] = ..., owner: _Optional[str] = ..., barcode: _Optional[str] = ..., title: _Optional[str] = ..., foreign: _Optional[bool] = ..., due_on: _Optional[str] = ..., branch: _Optional[str] = ..., lent_at_ms: _Optional[int] = ...) -> None: ...

class LoanSnapshot(_message.Message):
    __slots__ = ("op", "owner", "epoch", "version", "due_on", "renewals")
    OP_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DUE_ON_FIELD_NUMBER: _ClassVar[int]
    RENEWALS_FIELD_NUMBER: _ClassVar[int]
    op: str
    owner: str
    epoch: int
    version: int
    due_on: str
    renewals: int
    def __init__(self, op: _Optional[str] = ..., owner: _Optional[str] = ..., epoch: _Optional[int] = ..., version: _Optional[int] = ..., due_on: _Optional[str] = ..., renewals: _Optional[int] = ...) -> None: ...

class FineOrder(_message.Message):
    __slots__ = ("fine", "version", "loan", "owner", "ledger", "home", "reader", "barcode", "title", "due_on", "returned_on", "days_late", "amount_fen")
    FINE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    LOAN_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    HOME_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DUE_ON_FIELD_NUMBER: _ClassVar[int]
    RETURNED_ON_FIELD_NUMBER: _ClassVar[int]
    DAYS_LATE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FEN_FIELD_NUMBER: _ClassVar[int]
    fine: str
    version: int
    loan: str
    owner: str
    ledger: str
    home: str
    reader: str
    barcode: str
    title: str
    due_on: str
    returned_on: str
    days_late: int
    amount_fen: int
    def __init__(self, fine: _Optional[str] = ..., version: _Optional[int] = ..., loan: _Optional[str] = ..., owner: _Optional[str] = ..., ledger: _Optional[str] = ..., home: _Optional[str] = ..., reader: _Optional[str] = ..., barcode: _Optional[str] = ..., title: _Optional[str] = ..., due_on: _Optional[str] = ..., returned_on: _Optional[str] = ..., days_late: _Optional[int] = ..., amount_fen: _Optional[int] = ...) -> None: ...

class FineSnapshot(_message.Message):
    __slots__ = ("fine", "ledger", "epoch", "version", "reader", "barcode", "title", "due_on", "amount_fen", "paid_fen")
    FINE_FIELD_NUMBER: _ClassVar[int]
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DUE_ON_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FEN_FIELD_NUMBER: _ClassVar[int]
    PAID_FEN_FIELD_NUMBER: _ClassVar[int]
    fine: str
    ledger: str
    epoch: int
    version: int
    reader: str
    barcode: str
    title: str
    due_on: str
    amount_fen: int
    paid_fen: int
    def __init__(self, fine: _Optional[str] = ..., ledger: _Optional[str] = ..., epoch: _Optional[int] = ..., version: _Optional[int] = ..., reader: _Optional[str] = ..., barcode: _Optional[str] = ..., title: _Optional[str] = ..., due_on: _Optional[str] = ..., amount_fen: _Optional[int] = ..., paid_fen: _Optional[int] = ...) -> None: ...

class CardBlocked(_message.Message):
    __slots__ = ("op", "card", "branch", "blocked_at_ms", "retained", "message")
    OP_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    RETAINED_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    op: str
    card: str
    branch: str
    blocked_at_ms: int
    retained: bool
    message: str
    def __init__(self, op: _Optional[str] = ..., card: _Optional[str] = ..., branch: _Optional[str] = ..., blocked_at_ms: _Optional[int] = ..., retained: _Optional[bool] = ..., message: _Optional[str] = ...) -> None: ...

class Notice(_message.Message):
    __slots__ = ("cancel_op", "item_returned", "loan_recorded", "release_place", "forced_place", "loan_snapshot", "fine_order", "fine_snapshot", "card_blocked")
    CANCEL_OP_FIELD_NUMBER: _ClassVar[int]
    ITEM_RETURNED_FIELD_NUMBER: _ClassVar[int]
    LOAN_RECORDED_FIELD_NUMBER: _ClassVar[int]
    RELEASE_PLACE_FIELD_NUMBER: _ClassVar[int]
    FORCED_PLACE_FIELD_NUMBER: _ClassVar[int]
    LOAN_SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    FINE_ORDER_FIELD_NUMBER: _ClassVar[int]
    FINE_SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    CARD_BLOCKED_FIELD_NUMBER: _ClassVar[int]
    cancel_op: CancelOp
    item_returned: ItemReturned
    loan_recorded: LoanRecorded
    release_place: ReleasePlace
    forced_place: ForcedPlace
    loan_snapshot: LoanSnapshot
    fine_order: FineOrder
    fine_snapshot: FineSnapshot
    card_blocked: CardBlocked
    def __init__(self, cancel_op: _Optional[_Union[CancelOp, _Mapping]] = ..., item_returned: _Optional[_Union[ItemReturned, _Mapping]] = ..., loan_recorded: _Optional[_Union[LoanRecorded, _Mapping]] = ..., release_place: _Optional[_Union[ReleasePlace, _Mapping]] = ..., forced_place: _Optional[_Union[ForcedPlace, _Mapping]] = ..., loan_snapshot: _Optional[_Union[LoanSnapshot, _Mapping]] = ..., fine_order: _Optional[_Union[FineOrder, _Mapping]] = ..., fine_snapshot: _Optional[_Union[FineSnapshot, _Mapping]] = ..., card_blocked: _Optional[_Union[CardBlocked, _Mapping]] = ...) -> None: ...
