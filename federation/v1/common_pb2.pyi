from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REASON_UNSPECIFIED: _ClassVar[Reason]
    REASON_UNKNOWN_CARD: _ClassVar[Reason]
    REASON_UNKNOWN_ITEM: _ClassVar[Reason]
    REASON_AMBIGUOUS_ITEM: _ClassVar[Reason]
    REASON_CARD_SUSPENDED: _ClassVar[Reason]
    REASON_CARD_LOST: _ClassVar[Reason]
    REASON_CARD_EXPIRED: _ClassVar[Reason]
    REASON_CARD_CLOSED: _ClassVar[Reason]
    REASON_PIN_REQUIRED: _ClassVar[Reason]
    REASON_PIN_WRONG: _ClassVar[Reason]
    REASON_PIN_THROTTLED: _ClassVar[Reason]
    REASON_QUOTA: _ClassVar[Reason]
    REASON_FOREIGN_QUOTA: _ClassVar[Reason]
    REASON_NOT_LENDABLE: _ClassVar[Reason]
    REASON_ON_LOAN: _ClassVar[Reason]
    REASON_ON_LOAN_TO_READER: _ClassVar[Reason]
    REASON_BEING_LENT: _ClassVar[Reason]
    REASON_RESERVED: _ClassVar[Reason]
    REASON_OUT_OF_GROUP: _ClassVar[Reason]
    REASON_OVERDUE_ITEM: _ClassVar[Reason]
    REASON_FEE_UNPAID: _ClassVar[Reason]
    REASON_RENEWAL_LIMIT: _ClassVar[Reason]
    REASON_RENEWAL_OVERDUE: _ClassVar[Reason]
    REASON_NOT_ON_LOAN: _ClassVar[Reason]
    REASON_NOT_BORROWER: _ClassVar[Reason]
    REASON_VIOLATION: _ClassVar[Reason]
    REASON_HOME_UNREACHABLE: _ClassVar[Reason]
    REASON_OWNER_UNREACHABLE: _ClassVar[Reason]
    REASON_CLOCKS_APART: _ClassVar[Reason]
    REASON_IN_DOUBT: _ClassVar[Reason]
    REASON_CANCELLED: _ClassVar[Reason]
    REASON_FEE_ELSEWHERE: _ClassVar[Reason]
    REASON_NOTHING_OWED: _ClassVar[Reason]
    REASON_OVERPAYMENT: _ClassVar[Reason]
    REASON_BAD_AMOUNT: _ClassVar[Reason]
    REASON_NOT_SUPPORTED: _ClassVar[Reason]
    REASON_BUSY: _ClassVar[Reason]
    REASON_NOTHING_TO_UNDO: _ClassVar[Reason]
    REASON_ALREADY_RESERVED: _ClassVar[Reason]
    REASON_NO_SUCH_HOLD: _ClassVar[Reason]
    REASON_HOLD_LIMIT: _ClassVar[Reason]
    REASON_FEE_NOT_ACKNOWLEDGED: _ClassVar[Reason]
    REASON_STAFF_ONLY: _ClassVar[Reason]
    REASON_RENEWAL_TOO_EARLY: _ClassVar[Reason]
    REASON_ASKED_TWICE: _ClassVar[Reason]
    REASON_UNKNOWN_CODE: _ClassVar[Reason]
    REASON_CODE_CONTRADICTS: _ClassVar[Reason]
    REASON_RENEWAL_PAST_CARD: _ClassVar[Reason]
REASON_UNSPECIFIED: Reason
REASON_UNKNOWN_CARD: Reason
REASON_UNKNOWN_ITEM: Reason
REASON_AMBIGUOUS_ITEM: Reason
REASON_CARD_SUSPENDED: Reason
REASON_CARD_LOST: Reason
REASON_CARD_EXPIRED: Reason
REASON_CARD_CLOSED: Reason
REASON_PIN_REQUIRED: Reason
REASON_PIN_WRONG: Reason
REASON_PIN_THROTTLED: Reason
REASON_QUOTA: Reason
REASON_FOREIGN_QUOTA: Reason
REASON_NOT_LENDABLE: Reason
REASON_ON_LOAN: Reason
REASON_ON_LOAN_TO_READER: Reason
REASON_BEING_LENT: Reason
REASON_RESERVED: Reason
REASON_OUT_OF_GROUP: Reason
REASON_OVERDUE_ITEM: Reason
REASON_FEE_UNPAID: Reason
REASON_RENEWAL_LIMIT: Reason
REASON_RENEWAL_OVERDUE: Reason
REASON_NOT_ON_LOAN: Reason
REASON_NOT_BORROWER: Reason
REASON_VIOLATION: Reason
REASON_HOME_UNREACHABLE: Reason
REASON_OWNER_UNREACHABLE: Reason
REASON_CLOCKS_APART: Reason
REASON_IN_DOUBT: Reason
REASON_CANCELLED: Reason
REASON_FEE_ELSEWHERE: Reason
REASON_NOTHING_OWED: Reason
REASON_OVERPAYMENT: Reason
REASON_BAD_AMOUNT: Reason
REASON_NOT_SUPPORTED: Reason
REASON_BUSY: Reason
REASON_NOTHING_TO_UNDO: Reason
REASON_ALREADY_RESERVED: Reason
REASON_NO_SUCH_HOLD: Reason
REASON_HOLD_LIMIT: Reason
REASON_FEE_NOT_ACKNOWLEDGED: Reason
REASON_STAFF_ONLY: Reason
REASON_RENEWAL_TOO_EARLY: Reason
REASON_ASKED_TWICE: Reason
REASON_UNKNOWN_CODE: Reason
REASON_CODE_CONTRADICTS: Reason
REASON_RENEWAL_PAST_CARD: Reason

class Envelope(_message.Message):
    __slots__ = ("caller", "epoch", "sent_at_ms", "schema")
    CALLER_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SENT_AT_MS_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    caller: str
    epoch: int
    sent_at_ms: int
    schema: int
    def __init__(self, caller: _Optional[str] = ..., epoch: _Optional[int] = ..., sent_at_ms: _Optional[int] = ..., schema: _Optional[int] = ...) -> None: ...

class Refused(_message.Message):
    __slots__ = ("reason", "library", "number", "title", "due_on", "from_on", "item_type")
    REASON_FIELD_NUMBER: _ClassVar[int]
    LIBRARY_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DUE_ON_FIELD_NUMBER: _ClassVar[int]
    FROM_ON_FIELD_NUMBER: _ClassVar[int]
    ITEM_TYPE_FIELD_NUMBER: _ClassVar[int]
    reason: Reason
    library: str
    number: int
    title: str
    due_on: str
    from_on: str
    item_type: str
    def __init__(self, reason: _Optional[_Union[Reason, str]] = ..., library: _Optional[str] = ..., number: _Optional[int] = ..., title: _Optional[str] = ..., due_on: _Optional[str] = ..., from_on: _Optional[str] = ..., item_type: _Optional[str] = ...) -> None: ...
