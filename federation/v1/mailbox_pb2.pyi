from federation.v1 import common_pb2 as _common_pb2
from federation.v1 import notices_pb2 as _notices_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Receipt(_message.Message):
    __slots__ = ("taken", "why")
    TAKEN_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    taken: bool
    why: str
    def __init__(self, taken: _Optional[bool] = ..., why: _Optional[str] = ...) -> None: ...

class DeliverRequest(_message.Message):
    __slots__ = ("envelope", "notices")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    notices: _containers.RepeatedCompositeFieldContainer[_notices_pb2.Notice]
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., notices: _Optional[_Iterable[_Union[_notices_pb2.Notice, _Mapping]]] = ...) -> None: ...

class DeliverResponse(_message.Message):
    __slots__ = ("envelope", "receipts")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    envelope: _common_pb2.Envelope
    receipts: _containers.RepeatedCompositeFieldContainer[Receipt]
    def __init__(self, envelope: _Optional[_Union[_common_pb2.Envelope, _Mapping]] = ..., receipts: _Optional[_Iterable[_Union[Receipt, _Mapping]]] = ...) -> None: ...
