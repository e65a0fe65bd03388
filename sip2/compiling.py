"""From a declared message to plain functions that read and write it.

Promises: everything here follows from the `Layout`. The functions are fast, and read and write only the tidy form. They
say when something is not tidy, and then `sip2.patient` takes over. A message is compiled when it is first used.

The tidy form of a message is one regular expression (fixed part well-formed, known tags in table order, none twice,
none missing that is required, every one delimited), so one call of `re` checks and splits it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

from sip2.declaring import LAYOUTS, Field, Layout, Message
from sip2.fields import BLANK_DATE, DELIMITER

T = TypeVar("T")
Reader = Callable[[str], tuple[Message, tuple[str, ...]] | None]
"""The whole message without its tail -> the message and its warnings, or None if it is not tidy."""
Writer = Callable[[Any], tuple[str, list[str]]]
"""A message -> command with fixed part, and the tagged fields (tag and value, not yet cleaned)."""


class _FourDigits(dict[int, str]):
    """Numbers as four digits. Small ones are kept, which is several times faster than formatting."""

    def __missing__(self, number: int) -> str:
        text = format(number, "04d")
        if len(self) < _KEPT_NUMBERS:
            self[number] = text
        return text


_KEPT_NUMBERS = 500
_FOUR_DIGITS = _FourDigits()
_WRITING = {"BLANK_DATE": BLANK_DATE, "FOUR_DIGITS": _FOUR_DIGITS}
"""What the expressions of `Kind.write` may name."""


def shell(cls: type[Any]) -> type[Any]:
    """A twin of a frozen, slotted class whose slots can be set.

    Setting the fields of a twin and then its `__class__` makes a frozen value several times faster than the
    `__init__` of a frozen dataclass, which has to go around its own `__setattr__` for every field.
    """
    return type(f"{cls.__name__}Shell", cls.__bases__, {"__slots__": cls.__slots__})


def _generate(name: str, lines: list[str], known: dict[str, Any]) -> Any:
    source = "\n    ".join(lines)
    exec(compile(source, f"<sip2 {name}>", "exec"), known)  # noqa: S102  # source made of our declarations only
    return known[name]


def maker(cls: type[T]) -> Callable[..., T]:
    """A fast positional constructor of a frozen, slotted dataclass without defaults."""
    names = [field.name for field in fields(cls)]  # type: ignore[arg-type]  # the caller's promise
    lines = [f"def make({', '.join(names)}):", "made = Shell()"]
    lines += [f"made.{name} = {name}" for name in names]
    lines += ["made.__class__ = Made", "return made"]
    made: Callable[..., T] = _generate("make", lines, {"Shell": shell(cls), "Made": cls})
    return made


def _tidy_field(field: Field, delimiter: str) -> str:
    value = field.kind.tidy.replace(DELIMITER, delimiter)
    if field.repeatable:
        return f"((?:{field.tag}{value}{delimiter})*+)"
    # "(?:x|)" in place of "(?:x)?": the same, but `re` looks at the first character before it tries.
    return f"{field.tag}({value}){delimiter}" if field.required else f"(?:{field.tag}({value}){delimiter}|)"


def tidy_form(layout: Layout, delimiter: str) -> re.Pattern[str]:
    """The regular expression of a message in which there is nothing to remark."""
    escaped = re.escape(delimiter)
    fixed = (f"({field.kind.tidy})" for field in layout.fixed)
    tagged = (_tidy_field(field, escaped) for field in layout.tagged)
    return re.compile("".join([layout.command, *fixed, *tagged]))


def _reading(index: int, field: Field) -> list[str]:
    """The statements that turn the text `v{index}` into the field's value."""
    text = f"v{index}"
    if field.repeatable:
        value = f"tuple([part[2:] for part in {text}[:-1].split(delimiter)]) if {text} else ()"
        return [f"made.{field.name} = {value}"]
    value = field.kind.read.format(text)
    if value != text and not field.required:
        value = f"None if {text} is None else {value}"
    lines = [f"made.{field.name} = {value}"]
    if field.kind.is_date:
        lines = [f"if {text} == BLANK_DATE: {text} = None; remarks += ('{field.name} blank',)", *lines]
    return lines


@cache
def reader(command: str, delimiter: str) -> Reader:
    """The function that reads the tidy form of the message."""
    layout = LAYOUTS[command]
    lines = ["def read(text):", "match = tidy(text)", "if match is None: return None", "made = Shell()", "remarks = ()"]
    if layout.fields:
        lines.append(f"{', '.join(f'v{index}' for index in range(len(layout.fields)))}, = match.groups()")
    for index, field in enumerate(layout.fields):
        lines += _reading(index, field)
    lines += ["made.__class__ = Made", "return made, remarks"]
    known = {
        "tidy": tidy_form(layout, delimiter).fullmatch,
        "Shell": shell(layout.message),
        "Made": layout.message,
        "delimiter": delimiter,
        "BLANK_DATE": BLANK_DATE,
    }
    read: Reader = _generate("read", lines, known)
    return read


def _writing(field: Field) -> list[str]:
    """The statements that append the tagged field, tag and value, to the list."""
    if field.repeatable:
        return [f"for value in message.{field.name}: add('{field.tag}' + value)"]
    lines = [f"value = message.{field.name}"]
    text = f"'{field.tag}' + ({field.kind.write.format('value')})"
    if field.required:
        return [*lines, f"add('{field.tag}' if value is None else {text})"]
    return [*lines, f"if value is not None: add({text})"]


@cache
def writer(command: str) -> Writer:
    """The function that writes the message's fields, neither cleaned nor cut."""
    layout = LAYOUTS[command]
    head = [f"'{layout.command}'", *(f"({f.kind.write.format(f'message.{f.name}')})" for f in layout.fixed)]
    lines = ["def write(message):", f"head = {' + '.join(head)}", "tagged = []", "add = tagged.append"]
    for field in layout.tagged:
        lines += _writing(field)
    write: Writer = _generate("write", [*lines, "return head, tagged"], dict(_WRITING))
    return write


@cache
def written_value(kind_expression: str) -> Callable[[Any], str]:
    """The expression of `Kind.write` as a function."""
    function: Callable[[Any], str] = _generate(
        "write_value",
        ["def write_value(value):", f"return {kind_expression.format('value')}"],
        dict(_WRITING),
    )
    return function


@cache
def read_value(kind_expression: str) -> Callable[[str], Any]:
    """The expression of `Kind.read` as a function."""
    return _generate("read_value", ["def read_value(text):", f"return {kind_expression.format('text')}"], {})  # type: ignore[no-any-return]
