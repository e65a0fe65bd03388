"""Turning a class into a SIP2 message: `@message("17")` over a class of annotated fields.

Promises: the class becomes a frozen, slotted, keyword-only dataclass whose repr leaves the secrets out, and its
`Layout` is found in `LAYOUTS` under its command. Nothing else has to be written to declare another message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from typing import ClassVar, TypeVar, dataclass_transform, get_type_hints

from sip2.fields import Fixed, Kind, Tag


class Message:
    """Any SIP2 message."""

    __slots__ = ()
    command: ClassVar[str]

    def __repr__(self) -> str:
        layout = LAYOUTS[self.command]
        shown = (f"{field.name}={getattr(self, field.name)!r}" for field in layout.fields if not field.secret)
        return f"{type(self).__name__}({', '.join(shown)})"


class Request(Message):
    """A message from the terminal (SC) to the library (ACS)."""

    __slots__ = ()


class Response(Message):
    """A message from the library (ACS) to the terminal (SC)."""

    __slots__ = ()


M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of one message; `tag` is empty in the fixed part."""

    name: str
    kind: Kind
    tag: str = ""
    required: bool = True
    repeatable: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """What the wire needs to know about one message, read off its class."""

    command: str
    message: type[Message]
    fixed: tuple[Field, ...]
    tagged: tuple[Field, ...]
    has_sequence: bool
    width: int
    """Characters of the command and the fixed part."""

    @property
    def fields(self) -> tuple[Field, ...]:
        return self.fixed + self.tagged


LAYOUTS: dict[str, Layout] = {}
"""Every declared message by its command. Filled by `message`."""


@dataclass_transform(kw_only_default=True, frozen_default=True)
def message(command: str, *, has_sequence: bool = True) -> Callable[[type[M]], type[M]]:
    """Declare the class as the message `command`; `has_sequence` is False only for 96 and 97 (1.9)."""

    def declare(cls: type[M]) -> type[M]:
        if command in LAYOUTS:
            raise ValueError(f"message {command} is declared twice")
        cls.command = command
        made = dataclass(frozen=True, slots=True, kw_only=True, repr=False)(cls)
        LAYOUTS[command] = _layout(made, has_sequence)
        return made

    return declare


def _layout(cls: type[Message], has_sequence: bool) -> Layout:
    hints = get_type_hints(cls, include_extras=True)
    fixed: list[Field] = []
    tagged: list[Field] = []
    for declared in fields(cls):  # type: ignore[arg-type]  # made a dataclass just above
        place = getattr(hints[declared.name], "__metadata__", (None,))[-1]
        if isinstance(place, Fixed):
            fixed.append(Field(declared.name, place.kind))
        elif isinstance(place, Tag):
            required = declared.default is MISSING
            tagged.append(Field(declared.name, place.kind, place.tag, required, place.repeatable, place.secret))
        else:
            raise TypeError(f"{cls.__name__}.{declared.name} is neither a fixed nor a tagged field")
    width = 2 + sum(field.kind.width for field in fixed)
    return Layout(cls.command, cls, tuple(fixed), tuple(tagged), has_sequence, width)
