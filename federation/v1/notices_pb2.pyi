from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FineKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FINE_KIND_UNSPECIFIED: _ClassVar[FineKind]
    FINE_KIND_LATE: _ClassVar[FineKind]
    FINE_KIND_HOLD: _ClassVar[FineKind]

class HoldState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HOLD_STATE_UNSPECIFIED: _ClassVar[HoldState]
    HOLD_STATE_WAITING: _ClassVar[HoldState]
    HOLD_STATE_READY: _ClassVar[HoldState]
    HOLD_STATE_COLLECTED: _ClassVar[HoldState]
    HOLD_STATE_EXPIRED: _ClassVar[HoldState]
    HOLD_STATE_DELETED: _ClassVar[HoldState]
FINE_KIND_UNSPECIFIED: FineKind
FINE_KIND_LATE: FineKind
FINE_KIND_HOLD: FineKind
HOLD_STATE_UNSPECIFIED: HoldState
HOLD_STATE_WAITING: HoldState
HOLD_STATE_READY: HoldState
HOLD_STATE_COLLECTED: HoldState
HOLD_STATE_EXPIRED: HoldState
HOLD_STATE_DELETED: HoldState

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
    __slots__ = ("op", "barcode", "branch", "returned_at_ms", "no_block", "earlier_op", "told_late_s")
    OP_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    RETURNED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    NO_BLOCK_FIELD_NUMBER: _ClassVar[int]
    EARLIER_OP_FIELD_NUMBER: _ClassVar[int]
    TOLD_LATE_S_FIELD_NUMBER: _ClassVar[int]
    op: str
    barcode: str
    branch: str
    returned_at_ms: int
    no_block: bool
    earlier_op: str
    told_late_s: int
    def __init__(self, op: _Optional[str] = ..., barcode: _Optional[str] = ..., branch: _Optional[str] = ..., returned_at_ms: _Optional[int] = ..., no_block: _Optional[bool] = ..., earlier_op: _Optional[str] = ..., told_late_s: _Optional[int] = ...) -> None: ...

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
    __slots__ = ("op", "owner", "epoch", "version")
    OP_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    op: str
    owner: str
    epoch: int
    version: int
    def __init__(self, op: _Optional[str] = ..., owner: _Optional[str] = ..., epoch: _Optional[int] = ..., version: _Optional[int] = ...) -> None: ...

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
    __slots__ = ("fine", "version", "loan", "owner", "ledger", "home", "reader", "barcode", "title", "due_on", "returned_on", "days_late", "amount_fen", "kind", "reader_unknown")
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
    KIND_FIELD_NUMBER: _ClassVar[int]
    READER_UNKNOWN_FIELD_NUMBER: _ClassVar[int]
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
    kind: FineKind
    reader_unknown: bool
    def __init__(self, fine: _Optional[str] = ..., version: _Optional[int] = ..., loan: _Optional[str] = ..., owner: _Optional[str] = ..., ledger: _Optional[str] = ..., home: _Optional[str] = ..., reader: _Optional[str] = ..., barcode: _Optional[str] = ..., title: _Optional[str] = ..., due_on: _Optional[str] = ..., returned_on: _Optional[str] = ..., days_late: _Optional[int] = ..., amount_fen: _Optional[int] = ..., kind: _Optional[_Union[FineKind, str]] = ..., reader_unknown: _Optional[bool] = ...) -> None: ...

class FineSnapshot(_message.Message):
    __slots__ = ("fine", "ledger", "epoch", "version", "reader", "barcode", "title", "due_on", "amount_fen", "paid_fen", "kind", "loan", "reader_unknown")
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
    KIND_FIELD_NUMBER: _ClassVar[int]
    LOAN_FIELD_NUMBER: _ClassVar[int]
    READER_UNKNOWN_FIELD_NUMBER: _ClassVar[int]
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
    kind: FineKind
    loan: str
    reader_unknown: bool
    def __init__(self, fine: _Optional[str] = ..., ledger: _Optional[str] = ..., epoch: _Optional[int] = ..., version: _Optional[int] = ..., reader: _Optional[str] = ..., barcode: _Optional[str] = ..., title: _Optional[str] = ..., due_on: _Optional[str] = ..., amount_fen: _Optional[int] = ..., paid_fen: _Optional[int] = ..., kind: _Optional[_Union[FineKind, str]] = ..., loan: _Optional[str] = ..., reader_unknown: _Optional[bool] = ...) -> None: ...

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

class RenewalRecorded(_message.Message):
    __slots__ = ("op", "card", "home", "barcode", "branch", "renewed_at_ms", "due_on")
    OP_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    HOME_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    RENEWED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    DUE_ON_FIELD_NUMBER: _ClassVar[int]
    op: str
    card: str
    home: str
    barcode: str
    branch: str
    renewed_at_ms: int
    due_on: str
    def __init__(self, op: _Optional[str] = ..., card: _Optional[str] = ..., home: _Optional[str] = ..., barcode: _Optional[str] = ..., branch: _Optional[str] = ..., renewed_at_ms: _Optional[int] = ..., due_on: _Optional[str] = ...) -> None: ...

class ReopenLoan(_message.Message):
    __slots__ = ("op", "returned", "barcode", "branch")
    OP_FIELD_NUMBER: _ClassVar[int]
    RETURNED_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    op: str
    returned: str
    barcode: str
    branch: str
    def __init__(self, op: _Optional[str] = ..., returned: _Optional[str] = ..., barcode: _Optional[str] = ..., branch: _Optional[str] = ...) -> None: ...

class PlaceRestored(_message.Message):
    __slots__ = ("op", "owner", "epoch", "version", "due_on", "renewals", "reader", "barcode", "title", "foreign")
    OP_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DUE_ON_FIELD_NUMBER: _ClassVar[int]
    RENEWALS_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    FOREIGN_FIELD_NUMBER: _ClassVar[int]
    op: str
    owner: str
    epoch: int
    version: int
    due_on: str
    renewals: int
    reader: str
    barcode: str
    title: str
    foreign: bool
    def __init__(self, op: _Optional[str] = ..., owner: _Optional[str] = ..., epoch: _Optional[int] = ..., version: _Optional[int] = ..., due_on: _Optional[str] = ..., renewals: _Optional[int] = ..., reader: _Optional[str] = ..., barcode: _Optional[str] = ..., title: _Optional[str] = ..., foreign: _Optional[bool] = ...) -> None: ...

class ReaderKnown(_message.Message):
    __slots__ = ("op", "home", "reader", "category")
    OP_FIELD_NUMBER: _ClassVar[int]
    HOME_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    op: str
    home: str
    reader: str
    category: str
    def __init__(self, op: _Optional[str] = ..., home: _Optional[str] = ..., reader: _Optional[str] = ..., category: _Optional[str] = ...) -> None: ...

class StaffCalled(_message.Message):
    __slots__ = ("op", "library", "branch", "kind", "barcode")
    OP_FIELD_NUMBER: _ClassVar[int]
    LIBRARY_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    op: str
    library: str
    branch: str
    kind: str
    barcode: str
    def __init__(self, op: _Optional[str] = ..., library: _Optional[str] = ..., branch: _Optional[str] = ..., kind: _Optional[str] = ..., barcode: _Optional[str] = ...) -> None: ...

class HoldSnapshot(_message.Message):
    __slots__ = ("hold", "owner", "epoch", "version", "reader", "barcode", "title", "state", "pickup")
    HOLD_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PICKUP_FIELD_NUMBER: _ClassVar[int]
    hold: str
    owner: str
    epoch: int
    version: int
    reader: str
    barcode: str
    title: str
    state: HoldState
    pickup: str
    def __init__(self, hold: _Optional[str] = ..., owner: _Optional[str] = ..., epoch: _Optional[int] = ..., version: _Optional[int] = ..., reader: _Optional[str] = ..., barcode: _Optional[str] = ..., title: _Optional[str] = ..., state: _Optional[_Union[HoldState, str]] = ..., pickup: _Optional[str] = ...) -> None: ...

class CardEnabled(_message.Message):
    __slots__ = ("op", "card", "branch", "enabled_at_ms")
    OP_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    ENABLED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    op: str
    card: str
    branch: str
    enabled_at_ms: int
    def __init__(self, op: _Optional[str] = ..., card: _Optional[str] = ..., branch: _Optional[str] = ..., enabled_at_ms: _Optional[int] = ...) -> None: ...

class PropertiesKept(_message.Message):
    __slots__ = ("op", "barcode", "branch", "kept_at_ms", "properties")
    OP_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    KEPT_AT_MS_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    op: str
    barcode: str
    branch: str
    kept_at_ms: int
    properties: str
    def __init__(self, op: _Optional[str] = ..., barcode: _Optional[str] = ..., branch: _Optional[str] = ..., kept_at_ms: _Optional[int] = ..., properties: _Optional[str] = ...) -> None: ...

class Notice(_message.Message):
    __slots__ = ("cancel_op", "item_returned", "loan_recorded", "release_place", "forced_place", "loan_snapshot", "fine_order", "fine_snapshot", "card_blocked", "renewal_recorded", "reopen_loan", "place_restored", "reader_known", "staff_called", "hold_snapshot", "card_enabled", "properties_kept")
    CANCEL_OP_FIELD_NUMBER: _ClassVar[int]
    ITEM_RETURNED_FIELD_NUMBER: _ClassVar[int]
    LOAN_RECORDED_FIELD_NUMBER: _ClassVar[int]
    RELEASE_PLACE_FIELD_NUMBER: _ClassVar[int]
    FORCED_PLACE_FIELD_NUMBER: _ClassVar[int]
    LOAN_SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    FINE_ORDER_FIELD_NUMBER: _ClassVar[int]
    FINE_SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    CARD_BLOCKED_FIELD_NUMBER: _ClassVar[int]
    RENEWAL_RECORDED_FIELD_NUMBER: _ClassVar[int]
    REOPEN_LOAN_FIELD_NUMBER: _ClassVar[int]
    PLACE_RESTORED_FIELD_NUMBER: _ClassVar[int]
    READER_KNOWN_FIELD_NUMBER: _ClassVar[int]
    STAFF_CALLED_FIELD_NUMBER: _ClassVar[int]
    HOLD_SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    CARD_ENABLED_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_KEPT_FIELD_NUMBER: _ClassVar[int]
    cancel_op: CancelOp
    item_returned: ItemReturned
    loan_recorded: LoanRecorded
    release_place: ReleasePlace
    forced_place: ForcedPlace
    loan_snapshot: LoanSnapshot
    fine_order: FineOrder
    fine_snapshot: FineSnapshot
    card_blocked: CardBlocked
    renewal_recorded: RenewalRecorded
    reopen_loan: ReopenLoan
    place_restored: PlaceRestored
    reader_known: ReaderKnown
    staff_called: StaffCalled
    hold_snapshot: HoldSnapshot
    card_enabled: CardEnabled
    properties_kept: PropertiesKept
    def __init__(self, cancel_op: _Optional[_Union[CancelOp, _Mapping]] = ..., item_returned: _Optional[_Union[ItemReturned, _Mapping]] = ..., loan_recorded: _Optional[_Union[LoanRecorded, _Mapping]] = ..., release_place: _Optional[_Union[ReleasePlace, _Mapping]] = ..., forced_place: _Optional[_Union[ForcedPlace, _Mapping]] = ..., loan_snapshot: _Optional[_Union[LoanSnapshot, _Mapping]] = ..., fine_order: _Optional[_Union[FineOrder, _Mapping]] = ..., fine_snapshot: _Optional[_Union[FineSnapshot, _Mapping]] = ..., card_blocked: _Optional[_Union[CardBlocked, _Mapping]] = ..., renewal_recorded: _Optional[_Union[RenewalRecorded, _Mapping]] = ..., reopen_loan: _Optional[_Union[ReopenLoan, _Mapping]] = ..., place_restored: _Optional[_Union[PlaceRestored, _Mapping]] = ..., reader_known: _Optional[_Union[ReaderKnown, _Mapping]] = ..., staff_called: _Optional[_Union[StaffCalled, _Mapping]] = ..., hold_snapshot: _Optional[_Union[HoldSnapshot, _Mapping]] = ..., card_enabled: _Optional[_Union[CardEnabled, _Mapping]] = ..., properties_kept: _Optional[_Union[PropertiesKept, _Mapping]] = ...) -> None: ...
