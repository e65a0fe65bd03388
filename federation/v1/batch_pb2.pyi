from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BatchRequest(_message.Message):
    __slots__ = ("questions",)
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    questions: _containers.RepeatedCompositeFieldContainer[BatchedQuestion]
    def __init__(self, questions: _Optional[_Iterable[_Union[BatchedQuestion, _Mapping]]] = ...) -> None: ...

class BatchedQuestion(_message.Message):
    __slots__ = ("method", "payload", "time_left_ms")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    TIME_LEFT_MS_FIELD_NUMBER: _ClassVar[int]
    method: str
    payload: bytes
    time_left_ms: int
    def __init__(self, method: _Optional[str] = ..., payload: _Optional[bytes] = ..., time_left_ms: _Optional[int] = ...) -> None: ...

class BatchResponse(_message.Message):
    __slots__ = ("replies",)
    REPLIES_FIELD_NUMBER: _ClassVar[int]
    replies: _containers.RepeatedCompositeFieldContainer[BatchedReply]
    def __init__(self, replies: _Optional[_Iterable[_Union[BatchedReply, _Mapping]]] = ...) -> None: ...

class BatchedReply(_message.Message):
    __slots__ = ("state", "payload", "why")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[BatchedReply.State]
        ANSWERED: _ClassVar[BatchedReply.State]
        NOT_YET: _ClassVar[BatchedReply.State]
        NOT_PERMITTED: _ClassVar[BatchedReply.State]
        FAILED: _ClassVar[BatchedReply.State]
    STATE_UNSPECIFIED: BatchedReply.State
    ANSWERED: BatchedReply.State
    NOT_YET: BatchedReply.State
    NOT_PERMITTED: BatchedReply.State
    FAILED: BatchedReply.State
    STATE_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    state: BatchedReply.State
    payload: bytes
    why: str
    def __init__(self, state: _Optional[_Union[BatchedReply.State, str]] = ..., payload: _Optional[bytes] = ..., why: _Optional[str] = ...) -> None: ...
