"""The tolerant reading of a message that is not tidy (section 6), and the careful writing of one that does not fit.

Promises: `read` never raises and always gives a message of the command's class. A missing field is `None` and named in
the warnings. Warnings never contain a value, because it might be a password. Speed does not matter here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sip2.compiling import read_value, written_value
from sip2.declaring import Field, Layout, Message
from sip2.fields import DELIMITER


@dataclass(frozen=True, slots=True)
class UnknownField:
    """A tagged field that the message does not define; it may hold a password, so its value has no repr."""

    tag: str
    value: str = field(repr=False)


@dataclass(slots=True)
class _Reading:
    """One message while it is being read."""

    layout: Layout
    delimiter: str
    values: dict[str, Any] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)
    """In order, each only once: a frame full of delimiters must not give thousands of warnings."""
    unknown: list[UnknownField] = field(default_factory=list)

    def warn(self, warning: str) -> None:
        self.warnings[warning] = None

    def value(self, declared: Field, raw: str) -> Any:
        """The value of `raw`, with a warning if it is not tidy."""
        kind = declared.kind
        tidy = kind.tidy.replace(DELIMITER, re.escape(self.delimiter))
        if re.fullmatch(tidy, raw) and not (kind.is_date and raw.isspace()):
            return read_value(kind.read)(raw)
        value, warning = kind.rescue(raw, declared.tag or declared.name)
        if warning:
            self.warn(warning)
        return value


def read(layout: Layout, text: str, delimiter: str) -> tuple[Message, tuple[str, ...], tuple[UnknownField, ...]]:
    """Read a message without its tail: the message, the warnings, the fields that it does not define."""
    reading = _Reading(layout, delimiter)
    rest = _read_fixed(reading, text[2:])
    _read_tagged(reading, rest)
    _fill(reading)
    return layout.message(**reading.values), tuple(reading.warnings), tuple(reading.unknown)


# The fixed part

_A_DATE = re.compile(r"(?:19|20)[0-9]{6}.{4}[0-9]{6}")
_STATUS = re.compile(r"(.)(.{0,3}?)([0-9]\.[0-9A-Za-z]{2})")
_ALGORITHMS = re.compile(r"([0-9A-Za-z ]??)([0-9A-Za-z ]??)(?=(?:C[NOP]|A[YZ]|\Z))")


def _read_fixed(reading: _Reading, text: str) -> str:
    """Read the fixed part. Gives the rest of the text."""
    pieces = _PECULIAR.get(reading.layout.command, _no_pieces)(text)
    if pieces:
        for declared, raw in zip(reading.layout.fixed, pieces, strict=True):
            reading.values[declared.name] = reading.value(declared, raw)
        return text[len("".join(pieces)) :]
    text = _realigned(reading, text)
    for declared in reading.layout.fixed:
        text = _read_one_fixed(reading, declared, text)
    return text


def _status_pieces(text: str) -> tuple[str, ...]:
    """99 of clients whose print width does not have three characters: the point of the version shows the place."""
    match = _STATUS.match(text)
    return match.groups() if match else ()


def _no_pieces(text: str) -> tuple[str, ...]:
    return ()


def _login_pieces(text: str) -> tuple[str, ...]:
    """93 of clients that leave one or both algorithm digits out."""
    match = _ALGORITHMS.match(text)
    return match.groups() if match else ()


_PECULIAR: dict[str, Callable[[str], tuple[str, ...]]] = {"93": _login_pieces, "99": _status_pieces}


def _realigned(reading: _Reading, text: str) -> str:
    """Move the first date to its place if it is a few characters off."""
    offset = 0
    for declared in reading.layout.fixed:
        if declared.kind.is_date:
            break
        offset += declared.kind.width
    else:
        return text
    if _A_DATE.match(text, offset):
        return text
    found = _A_DATE.search(text[: offset + 18 + 4])
    if found is None:
        return text
    reading.warn("fixed part shifted")
    return text[: found.start()][:offset].ljust(offset) + text[found.start() :]


def _read_one_fixed(reading: _Reading, declared: Field, text: str) -> str:
    """Read one fixed field from the front of the text. Gives the rest."""
    width = declared.kind.width
    if declared.kind.is_date and (not text or text[0].isalpha()):
        # A tag where the year should be: some clients leave a date out (65 of php-sip2, 11 of node-sip2).
        reading.warn(f"{declared.name.replace('_', ' ')} missing")
        reading.values[declared.name] = None
        return text
    delimiter_at = text.find(reading.delimiter, 0, width)
    end = width if delimiter_at < 0 else delimiter_at
    raw = text[:end]
    if len(raw) < width:
        reading.warn(f"{declared.name} cut off")
    reading.values[declared.name] = reading.value(declared, raw.ljust(width))
    return text[end:]


# The tagged fields

_A_TAG = re.compile(r"[A-Z][A-Z0-9]")


def _read_tagged(reading: _Reading, text: str) -> None:
    fragments = text.split(reading.delimiter)
    if fragments[-1]:
        reading.warn("last field not delimited")
    else:
        fragments.pop()
    places = {declared.tag: place for place, declared in enumerate(reading.layout.tagged)}
    furthest, unordered = 0, False
    for fragment in fragments:
        place = places.get(fragment[:2])
        if place is None:
            _note_unknown(reading, fragment)
        elif _read_one_tagged(reading, reading.layout.tagged[place], fragment[2:]):
            unordered = unordered or place < furthest
            furthest = max(furthest, place)
    if unordered:
        reading.warn("unordered fields")


def _read_one_tagged(reading: _Reading, declared: Field, raw: str) -> bool:
    """Whether the field is kept."""
    if declared.repeatable:
        reading.values.setdefault(declared.name, []).append(raw)
    elif declared.name in reading.values:
        reading.warn(f"duplicate {declared.tag}, first kept")
        return False
    else:
        reading.values[declared.name] = reading.value(declared, raw)
    return True


def _note_unknown(reading: _Reading, fragment: str) -> None:
    tag = fragment[:2]
    if not tag:
        reading.warn("empty fragment skipped")
    elif _A_TAG.fullmatch(tag):
        reading.unknown.append(UnknownField(tag, fragment[2:]))
        reading.warn(f"field {tag} not defined for {reading.layout.command}, ignored")
    else:
        # It may be the rest of a value that contained the delimiter, so not even two characters of it are repeated.
        reading.warn("fragment without a tag ignored")


def _fill(reading: _Reading) -> None:
    """Name what is required and missing; make tuples of what was collected."""
    for declared in reading.layout.tagged:
        if declared.repeatable:
            reading.values[declared.name] = tuple(reading.values.get(declared.name, ()))
        elif declared.required and declared.name not in reading.values:
            reading.warn(f"required {declared.tag} missing")
            reading.values[declared.name] = None


# Writing


def fitted_head(layout: Layout, message: Message) -> str:
    """Command and fixed part, with every field at its width. The part is never malformed, whatever the values are."""
    pieces = (_fitted(declared, getattr(message, declared.name)) for declared in layout.fixed)
    return layout.command + "".join(pieces)


def _fitted(declared: Field, value: Any) -> str:
    width, text = declared.kind.width, written_value(declared.kind.write)(value)
    if declared.kind.is_number and len(text) > width:
        return "9" * width
    return re.sub(r"[^ -~]", "?", text)[:width].ljust(width)
