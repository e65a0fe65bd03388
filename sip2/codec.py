"""Bytes to messages and back.

Promises: `decode` never raises, whatever the bytes; `encode` always gives one well-formed message, terminator
included, as one bytes object. Both work for requests and responses, so that either end can use them. The `Dialect` says
what a terminal does differently. The checksum is verified before anything else (1.9).
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass, field

from sip2 import patient
from sip2.checksum import agrees, checksum, wrong_but_agreeing
from sip2.compiling import maker, reader, writer
from sip2.declaring import LAYOUTS, Layout, Message
from sip2.dialects import DEFAULT, Dialect
from sip2.patient import UnknownField

_REPLACED = "read with replacement characters"
MAX_FIELD = 255
"""Characters (or bytes, by dialect) of an outgoing value, 1.5."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message that was understood.

    `sequence` is what stood after AY, verbatim; `error_detection` whether there was a checksum, which the answer
    then carries too; `checksum` four upper-case hex digits; `raw` the bytes without terminator.
    """

    message: Message
    sequence: str | None
    error_detection: bool
    checksum: str | None
    warnings: tuple[str, ...]
    unknown: tuple[UnknownField, ...]
    raw: bytes = field(repr=False)

    @property
    def garbled(self) -> bool:
        """Some bytes were no characters, and were replaced."""
        return any(warning.endswith(_REPLACED) for warning in self.warnings)


@dataclass(frozen=True, slots=True)
class Resend:
    """A message that was damaged on its way. Ask the other side for it again."""

    why: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something that gets no answer."""

    why: str


Decoded = Received | Resend | Ignored

_received = maker(Received)


# Reading

_Tail = re.Match[bytes]
"""Groups: the sequence (or None) and the digits of the checksum."""
_USUAL_TAIL = re.compile(rb"AY([0-9])AZ([0-9A-F]{4})")
_TAIL = re.compile(rb"(?:AY([0-9]{1,9}))?AZ([0-9A-Fa-f]{1,4})\Z")
_LONGEST_TAIL = 2 + 9 + 2 + 4
_LEAD = re.compile(rb"(?:[\r\n]*(?:\x84\x31\x95\x33|\+/v[89]))?[^0-9]*(?=[0-9])")
"""What cannot begin a message. Two byte order marks have digits in them, those of GB18030 and of UTF-7."""
_LEAD_SHOWN = 4
"""Bytes: enough to recognise a mark by, too few to tell a value."""
_NOISE = bytes(range(0x20)) + b"\x7f"
"""Control characters around a message; nothing beyond ASCII, which could be text."""
_BLANKS = _NOISE + b" "


def decode(frame: bytes, dialect: Dialect = DEFAULT) -> Decoded:
    """Read one frame, with or without its terminator."""
    raw = frame.rstrip(_NOISE)
    found = _LEAD.match(raw)
    if found is None or dialect.delimiter.encode() in found[0] or raw.startswith((b"AY", b"AZ")):
        return _decode(raw.lstrip(_BLANKS), b"", dialect)  # nothing of a message, or the rest of one
    return _decode(raw[found.end() :], found[0].lstrip(b"\r\n"), dialect)


def _decode(raw: bytes, lead: bytes, dialect: Dialect) -> Decoded:
    """`lead`: what stood in front of the message and cannot begin one, such as a byte order mark (.NET writes it) or
    an answer to telnet. The checksum may count it or not."""
    remarks: tuple[str, ...] = ()
    if lead.strip(_BLANKS):
        remarks = (f"bytes in front of the message dropped: {lead[:_LEAD_SHOWN].hex(' ')}",)
    tail = _USUAL_TAIL.match(raw, len(raw) - 9)
    if tail is None:
        return _decode_unusual(raw, lead, remarks, dialect)
    return _decode_summed(raw, lead, tail, remarks, dialect)


def _decode_unusual(raw: bytes, lead: bytes, remarks: tuple[str, ...], dialect: Dialect) -> Decoded:
    """A message whose tail is not `AYnAZxxxx`: longer sequence, shorter checksum, no AY, or no tail at all."""
    tail = _unusual_tail(raw, dialect)
    if tail is not None:
        return _decode_summed(raw, lead, tail, remarks + _tail_remarks(*tail.groups()), dialect)
    if not raw:
        return Ignored("empty")
    if _tail_damaged(raw, dialect.delimiter.encode()):
        return Resend("damaged checksum")
    if dialect.require_error_detection:
        return Resend("no checksum")
    return _read(raw, None, remarks, dialect)


def _decode_summed(raw: bytes, lead: bytes, tail: _Tail, remarks: tuple[str, ...], dialect: Dialect) -> Decoded:
    """A message whose checksum fits its bytes, or fits by another way to compute it that the dialect allows."""
    summed, digits = raw[: tail.start(2)], tail[2]
    if agrees(summed, digits) or agrees(lead + summed, digits):
        return _read(raw, tail, remarks, dialect)
    for front in (b"", lead):
        ends_at = len(front) + tail.start()
        other = wrong_but_agreeing(front + summed, digits, ends_at, dialect.encoding, dialect.checksum_leniency)
        if other is not None:
            return _read(raw, tail, (*remarks, f"checksum computed over {other}"), dialect)
    return Resend("checksum")


def _read(raw: bytes, tail: _Tail | None, remarks: tuple[str, ...], dialect: Dialect) -> Decoded:
    """A message that arrived undamaged."""
    body = raw[: tail.start()] if tail else raw
    try:
        text = body.decode(dialect.encoding)
    except UnicodeDecodeError:
        if dialect.undecodable == "resend":
            return Resend(f"not {dialect.encoding}")
        text = body.decode(dialect.encoding, "replace")
        remarks += (f"not {dialect.encoding}, {_REPLACED}",)
    command = text[:2]
    layout = LAYOUTS.get(command)
    if layout is None:
        return Ignored(f"unknown command {command!r}")
    unknown: tuple[UnknownField, ...] = ()
    tidy = reader(command, dialect.delimiter)(text)
    if tidy is not None:
        message, warnings = tidy
    else:
        message, warnings, unknown = patient.read(layout, text, dialect.delimiter)
    if remarks:
        warnings = remarks + warnings
    if tail is None:
        return _received(message, None, False, None, warnings, unknown, raw)
    sequence, digits = tail.groups()
    shown = digits.decode()
    if remarks:
        shown = shown.zfill(4).upper()
    return _received(message, sequence and sequence.decode(), True, shown, warnings, unknown, raw)


def _unusual_tail(raw: bytes, dialect: Dialect) -> _Tail | None:
    tail = _TAIL.search(raw, max(0, len(raw) - _LONGEST_TAIL))
    if tail is None or tail[1] is not None:
        return tail
    # Without AY it could be the end of a value: "AAZ1AF0" is a patron (field lessons). It is a checksum after a
    # delimiter, after the fixed part, and in a message that has nothing else.
    start = tail.start()
    layout = LAYOUTS.get(raw[:2].decode("ascii", "replace"))
    alone = start <= 2 or (layout is not None and start == layout.width)
    return tail if alone or raw[start - 1 : start] == dialect.delimiter.encode() else None


def _tail_remarks(sequence: bytes | None, digits: bytes) -> tuple[str, ...]:
    remarks = []
    if sequence and len(sequence) > 1:
        remarks.append("two-digit sequence" if len(sequence) == 2 else f"sequence of {len(sequence)} digits")
    if len(digits) < 4:
        remarks.append("short checksum")
    if digits != digits.upper():
        remarks.append("lower-case checksum")
    return tuple(remarks)


_TAIL_SHAPE = (b"A", b"Y", b"0123456789", b"A", b"Z", *[b"0123456789ABCDEFabcdef"] * 4)
_SHORT_TAIL_SHAPE = _TAIL_SHAPE[3:]


def _differences(raw: bytes, shape: tuple[bytes, ...]) -> int:
    end = raw[-len(shape) :]
    return sum(byte not in allowed for byte, allowed in zip(end, shape, strict=False)) + len(shape) - len(end)


def _tail_damaged(raw: bytes, delimiter: bytes) -> bool:
    """Whether a tail was meant: one byte of it is wrong, or the end of it is missing.

    Otherwise one wrong byte in the tail would turn a message with error detection into one without.
    """
    if re.match(rb"AY[0-9]", raw[raw.rfind(delimiter) + 1 :]):
        return True
    if raw[:2] in (b"96", b"97") and _differences(raw, _SHORT_TAIL_SHAPE) <= 1:
        return True
    return _differences(raw, _TAIL_SHAPE) <= 1


# Writing

_UNSENDABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def _nearest(error: UnicodeError) -> tuple[str | bytes, int]:
    """What to send for characters that the encoding does not have: their letter without accents, or "?"."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(char: str) -> str:
    """`ë` -> `e`, `２` -> `2`, but never a delimiter, and no `12` for one half."""
    letters = "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))
    return letters if letters.isascii() and letters.isalnum() else "?"


codecs.register_error("sip2.nearest", _nearest)


def loses_letters(text: str, encoding: str) -> bool:
    """Whether letters of the text would be sent as question marks. (Other signs may be: `—` is no letter.)"""
    return any(char.isalpha() and "?" in char.encode(encoding, "sip2.nearest").decode(encoding) for char in set(text))


def encode(
    message: Message, sequence: str | None = None, dialect: Dialect = DEFAULT, error_detection: bool | None = None
) -> bytes:
    """Write one message, terminator included.

    `sequence` is written after AY as it is, except in 96 and 97, which carry none. `error_detection` adds the
    checksum; by default it goes with the sequence. Values are cleaned and cut, characters that the terminal's
    encoding does not have are replaced.
    """
    head, tagged = writer(message.command)(message)
    delimiter = dialect.delimiter
    text = f"{head}{delimiter.join(tagged)}{delimiter}" if tagged else head
    layout = LAYOUTS[message.command]
    if (
        len(head) != layout.width
        or not head.isascii()
        or dialect.filters
        or dialect.splits_bytes
        or not text.isprintable()
        or text.count(delimiter) != len(tagged)
        or (len(text) > _SURELY_SHORT[dialect.max_field_unit] and _may_be_too_long(tagged, dialect))
    ):
        text = _careful(layout, message, tagged, dialect)
    if not (sequence is not None if error_detection is None else error_detection):
        return text.encode(dialect.encoding, "sip2.nearest") + dialect.end
    tail = "AZ" if sequence is None or not layout.has_sequence else f"AY{sequence}AZ"
    data = (text + tail).encode(dialect.encoding, "sip2.nearest")
    return data + checksum(data) + dialect.end


_SURELY_SHORT = {"characters": MAX_FIELD, "bytes": MAX_FIELD // 4}
"""A whole message of so many characters has no value that is too long."""


def _may_be_too_long(tagged: list[str], dialect: Dialect) -> bool:
    return dialect.max_field_unit == "bytes" or max(map(len, tagged), default=0) > 2 + MAX_FIELD


def _careful(layout: Layout, message: Message, tagged: list[str], dialect: Dialect) -> str:
    """The text of a message in which some value cannot be sent as it is."""
    head = patient.fitted_head(layout, message).replace(dialect.delimiter, "?")
    hidden, allowed = dialect.hidden_tags, dialect.allowed_tags
    shown = (part for part in tagged if part[:2] not in hidden and (not allowed or part[:2] in allowed))
    sent = [part[:2] + cleaned(part[2:], dialect) for part in shown]
    return head + "".join(part + dialect.delimiter for part in sent)


def cleaned(value: str, dialect: Dialect = DEFAULT) -> str:
    """The value as it can be sent: no control characters, no delimiter, not too long."""
    value = _UNSENDABLE.sub(lambda _: dialect.control_substitute, value).replace(
        dialect.delimiter, dialect.delimiter_substitute
    )
    if dialect.splits_bytes:
        value = _unsplit(value, dialect)
    if dialect.max_field_unit == "characters":
        return value[:MAX_FIELD]
    return value.encode(dialect.encoding, "sip2.nearest")[:MAX_FIELD].decode(dialect.encoding, "ignore")


_GETA = "〓"
"""What Chinese and Japanese printers set for a character that they do not have."""


def _unsplit(value: str, dialect: Dialect) -> str:
    """The value without characters whose bytes contain that of the delimiter."""
    delimiter = dialect.delimiter.encode()
    return "".join(_GETA if delimiter in char.encode(dialect.encoding, "sip2.nearest") else char for char in value)


# Repeating


def without_sequence(data: bytes, dialect: Dialect = DEFAULT) -> bytes:
    """An encoded message less its AY, with the checksum that follows from that (a quirk of some terminals, 1.10)."""
    tail = _TAIL.search(data.rstrip(b"\r\n"))
    if tail is None or tail[1] is None:
        return data
    summed = data[: tail.start()] + b"AZ"
    return summed + checksum(summed) + dialect.end
