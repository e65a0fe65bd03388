"""The values of `federation.contract` as protobuf, and back.

A value and its message have the same name, and so do their fields. So the mapping is derived from the type hints of the
contract. A field that is missing, out of range or unreadable raises `WireError`. Its text names the field, never its
content, because that may be a card or a PIN.

From a newer peer: an unknown reason becomes `NOT_SUPPORTED`, an unknown route `STAFF`; any other unknown enum value
or oneof member raises `NewerWire`. A notice that is carried and can't be read is left out: it also comes by the
mailbox, which says what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from google.protobuf.message import DecodeError, Message

from federation.bounds import CARRIED_MAX
from federation.contract import Notice, Reason, Refused, Route
from federation.v1 import common_pb2, home_pb2, mailbox_pb2, notices_pb2, owner_pb2

MODULES: Final = (common_pb2, notices_pb2, home_pb2, owner_pb2, mailbox_pb2)
LAST_INSTANT_MS: Final = 253_370_764_800_000  # the year 9999: every instant below has a civil date
NEVER_EMPTY: Final = frozenset({"op", "branch", "owner", "ledger", "fine", "hold"})  # they carry authority and identity
NEWER_BECOMES: Final[dict[type[StrEnum], StrEnum]] = {Reason: Reason.NOT_SUPPORTED, Route: Route.STAFF}

V = TypeVar("V")


class WireError(ValueError):
    """A message that came, or should go, over the wire is malformed. The text names the field, never its content."""


class NewerWire(WireError):
    """Well-formed, but newer than this program: a value or a member of a oneof that it does not know."""


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of a value: `put(message, value)` and `take(message)`."""

    name: str
    put: Callable[[Any, Any], None]
    take: Callable[[Any], Any]


def message_class(name: str) -> type[Message]:
    """The generated class of that name; KeyError if the schema has none."""
    for module in MODULES:
        if name in module.DESCRIPTOR.message_types_by_name:
            found: type[Message] = getattr(module, name)
            return found
    raise KeyError(name)


def fill(message: Message, value: object) -> None:
    """Write `value` into `message`, which is of its class."""
    for part in _fields_of(type(value)):
        try:
            part.put(message, getattr(value, part.name))
        except WireError:
            raise
        except (TypeError, ValueError, AttributeError):
            # Not chained: protobuf's own error quotes the content.
            raise WireError(f"{type(value).__name__}.{part.name}: can't be written") from None


def decode(kind: type[V], message: Message) -> V:
    """A message -> the contract's value of that type. Errors: WireError, NewerWire."""
    return kind(**{part.name: part.take(message) for part in _fields_of(kind)})


def parse(kind: type[Message], payload: bytes) -> Any:
    """Bytes -> message; WireError if they are no such message."""
    try:
        return kind.FromString(payload)
    except DecodeError:
        raise WireError(f"{kind.__name__}: not a protobuf message") from None


# --- notices -------------------------------------------------------------------------------------------------

NOTICE_TYPES: Final[tuple[type[Any], ...]] = get_args(Notice)


def snake_case(name: str) -> str:
    """`LoanSnapshot` -> `loan_snapshot`: the name of a oneof's member for a type."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


_NOTICES: Final = {snake_case(kind.__name__): kind for kind in NOTICE_TYPES}


def notice_to_message(notice: Notice, message: notices_pb2.Notice) -> None:
    """Write `notice` into the oneof of `message`."""
    member = getattr(message, snake_case(type(notice).__name__))
    member.SetInParent()
    fill(member, notice)


def notice_from_message(message: notices_pb2.Notice) -> Notice:
    """Errors: WireError; NewerWire for a notice that this program does not know."""
    member = message.WhichOneof("notice")
    if member is None:
        raise NewerWire("Notice: empty, or of a kind unknown here")
    notice: Notice = decode(_NOTICES[member], getattr(message, member))
    return notice


def encode_notice(notice: Notice) -> bytes:
    """The form in which an outbox keeps a notice. Errors: WireError."""
    message = notices_pb2.Notice()
    notice_to_message(notice, message)
    return message.SerializeToString(deterministic=True)


def decode_notice(payload: bytes) -> Notice:
    """Errors: WireError; NewerWire for a notice that this program does not know."""
    return notice_from_message(parse(notices_pb2.Notice, payload))


# --- the mapping, derived from the contract's type hints -------------------------------------------------------


_FIELDS: Final[dict[type[Any], tuple[_Field, ...]]] = {}  # derived once a type


def _fields_of(kind: type[Any]) -> tuple[_Field, ...]:
    if kind not in _FIELDS:
        hints = get_type_hints(kind)
        known = message_class(kind.__name__).DESCRIPTOR.fields_by_name
        _FIELDS[kind] = tuple(_field(kind, hints[f.name], known[f.name]) for f in fields(kind))
    return _FIELDS[kind]


def _field(kind: type[Any], hint: Any, descriptor: Any) -> _Field:
    """The mapping of one field. TypeError if the contract has a type of field that the wire does not know."""
    name, where = descriptor.name, f"{kind.__name__}.{descriptor.name}"
    inner, optional = _without_none(hint)
    if get_origin(inner) is tuple:
        return _repeated(name, get_args(inner)[0])
    if inner is date:
        return _civil_date(name, where, optional)
    if isinstance(inner, type) and issubclass(inner, StrEnum):
        return _enum(name, where, inner, descriptor, optional)
    if inner in (str, int, bool):
        return _scalar(name, where, inner, optional, kind is Refused)
    return _nested(name, inner)


def _without_none(hint: Any) -> tuple[Any, bool]:
    """`T | None` -> (T, True); `T` -> (T, False)."""
    if get_origin(hint) not in (Union, UnionType) or NoneType not in get_args(hint):
        return hint, False
    inner = [part for part in get_args(hint) if part is not NoneType]
    if len(inner) != 1:
        raise TypeError("a union of several types has no form on the wire")
    return inner[0], True


def _check(where: str, name: str, value: Any) -> Any:
    """Refuses values that no valid message has: negative figures, instants outside 1970..9999, empty keys."""
    if isinstance(value, int) and value < 0:
        raise WireError(f"{where}: negative")
    if name.endswith("_ms") and not 0 < value < LAST_INSTANT_MS:
        raise WireError(f"{where}: missing, or no instant")
    if name in NEVER_EMPTY and value == "":
        raise WireError(f"{where}: empty")
    return value


def _scalar(name: str, where: str, kind: type[Any], optional: bool, lenient: bool) -> _Field:
    def put(message: Any, value: Any) -> None:
        if value is None and optional:
            return
        if not isinstance(value, kind):
            raise WireError(f"{where}: not of type {kind.__name__}")
        setattr(message, name, value if lenient else _check(where, name, value))

    def take(message: Any) -> Any:
        if optional and not message.HasField(name):
            return None
        value = getattr(message, name)
        return value if lenient else _check(where, name, value)

    return _Field(name, put, take)


def _civil_date(name: str, where: str, optional: bool) -> _Field:
    def put(message: Any, value: Any) -> None:
        if value is None and optional:
            return
        if type(value) is not date:  # a datetime is a date to isinstance
            raise WireError(f"{where}: not a date")
        setattr(message, name, value.isoformat())

    def take(message: Any) -> date | None:
        text = getattr(message, name)
        if text == "" and optional:
            return None
        try:
            found = date.fromisoformat(text)
        except ValueError:
            raise WireError(f"{where}: missing, or no date") from None
        if found.isoformat() != text:  # other ISO forms: one date has one spelling
            raise WireError(f"{where}: no date of the form YYYY-MM-DD")
        return found

    return _Field(name, put, take)


def _enum(name: str, where: str, kind: type[StrEnum], descriptor: Any, optional: bool) -> _Field:
    prefix = snake_case(kind.__name__).upper()
    numbers = {member: descriptor.enum_type.values_by_name[f"{prefix}_{member.name}"].number for member in kind}
    members = {number: member for member, number in numbers.items()}

    def put(message: Any, value: Any) -> None:
        if value is not None or not optional:
            setattr(message, name, numbers[kind(value)])

    def take(message: Any) -> StrEnum | None:
        number = getattr(message, name)
        if number == 0 and optional:
            return None
        if number == 0:
            raise WireError(f"{where}: missing")
        member = members.get(number, NEWER_BECOMES.get(kind))
        if member is None:
            raise NewerWire(f"{where}: a value unknown here")
        return member

    return _Field(name, put, take)


def _nested(name: str, kind: type[Any]) -> _Field:
    def put(message: Any, value: Any) -> None:
        if value is not None:
            getattr(message, name).SetInParent()
            fill(getattr(message, name), value)

    def take(message: Any) -> Any:
        return decode(kind, getattr(message, name)) if message.HasField(name) else None

    return _Field(name, put, take)


def _repeated(name: str, kind: Any) -> _Field:
    if get_args(kind) == NOTICE_TYPES:
        return _carried(name)

    def put(message: Any, value: Any) -> None:
        for element in value:
            fill(getattr(message, name).add(), element)

    def take(message: Any) -> tuple[Any, ...]:
        return tuple(decode(kind, element) for element in getattr(message, name))

    return _Field(name, put, take)


def _carried(name: str) -> _Field:
    def put(message: Any, value: Any) -> None:
        for notice in value:
            notice_to_message(notice, getattr(message, name).add())

    def take(message: Any) -> tuple[Notice, ...]:
        found = []
        for element in getattr(message, name)[:CARRIED_MAX]:
            try:
                found.append(notice_from_message(element))
            except WireError:
                continue  # it also comes by the mailbox, whose receipt will say that it was not understood
        return tuple(found)

    return _Field(name, put, take)
