"""Structured logs: one JSON line an event. A secret cannot get into a line.

Promises:

* A field is written only if it is in `FIELDS`, and cleaned as that table says. Of any other field only the *name* is
  written, under "dropped". So a PIN has no field to be written to.
* Cards, readers and items are written as a short keyed digest. Lines about the same card can be found together. The
  card cannot be found from them, and nobody learns what somebody reads.
* Twisted's own messages become lines too. An exception is written as its classes, its frames, and a text without
  quoted parts and digits (database errors quote the row). Local values are never written.
* Writing never raises and never stops lending. The next line counts the lines that could not be written.

The rest of the node gets an `EventLog`. It is a protocol, so a module that must not import this package can declare the
same two methods.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol, TextIO, TypeAlias

from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent, globalLogBeginner
from twisted.python.failure import Failure
from zope.interface import implementer

from federation.clock import WallMs
from node.observe.status import ErrorLine

Json: TypeAlias = str | int | float | bool | list["Json"] | None

DIGEST_CHARACTERS = 12
KEY_BYTES_MIN = 16
NAME_MAX, TEXT_MAX, MESSAGE_MAX, TRACE_MAX, ERRORS_KEPT = 64, 300, 4000, 40, 20

# A card has 13 digits, a resident ID 17 and a check character, a telephone number 11: all are removed from text.
_NUMBER = re.compile(r"\d{9,}[0-9Xx]?")
# The text of an exception may contain a PIN.
_EXCEPTION_DATA = re.compile(r"'[^']*'|\"[^\"]*\"|\d{3,}")
_PLAIN = re.compile(r"[\w.:/@+-]*")
_OPERATION = re.compile(r"[0-9a-f-]{32,36}(:[0-9-]{1,12})?")


class EventLog(Protocol):
    """Where the node's events go; a constructor argument, named `log`.

    >>> log.event("checkout", op=op, terminal=login, outcome="lent", seconds=0.012)
    >>> log.accident("outbox", failure, peer="CQBB")
    """

    def event(self, name: str, /, **fields: object) -> None:
        """Something that is part of the work happened."""
        ...

    def accident(self, name: str, failure: Failure, /, **fields: object) -> None:
        """Something went wrong that should not: shown to the operator among the last errors."""
        ...


class Silence:
    """An `EventLog` that keeps nothing."""

    def event(self, name: str, /, **fields: object) -> None:
        return None

    def accident(self, name: str, failure: Failure, /, **fields: object) -> None:
        return None


def card_digest(key: bytes, card: str) -> str:
    """The name under which a card (or reader, or item) appears in logs: 12 hex digits, keyed by the node."""
    return hmac.new(key, card.encode("utf-8", "backslashreplace"), hashlib.sha256).hexdigest()[:DIGEST_CHARACTERS]


# --- cleaning ------------------------------------------------------------------------------------------------


class _NotWritable(Exception):
    """The value is not of the kind that its field takes."""


_NUMERIC = (int, float)  # a union would be made anew at every line
Cleaner: TypeAlias = Callable[[object], Json]


def _name(value: object) -> Json:
    """A code, an id, a login: plain characters, not long, and not a number as long as a card's."""
    if not isinstance(value, str):
        raise _NotWritable
    return _plain_name(value)


@lru_cache(maxsize=1024)
def _plain_name(value: str) -> Json:
    if not _PLAIN.fullmatch(value):
        raise _NotWritable
    return _NUMBER.sub("#", value[:NAME_MAX])


def _operation(value: object) -> Json:
    """An operation id: a UUID, which may have long runs of digits."""
    if not isinstance(value, str) or not _OPERATION.fullmatch(value):
        raise _NotWritable
    return value


def _text(value: object) -> Json:
    if not isinstance(value, str):
        raise _NotWritable
    return _NUMBER.sub("#", value[:TEXT_MAX])


def _sent(value: object) -> Json:
    """What a kiosk sent where a name belongs: whatever can't be printed is a question mark."""
    if not isinstance(value, str):
        raise _NotWritable
    return _NUMBER.sub("#", "".join(each if each.isprintable() else "?" for each in value[:NAME_MAX]))


def _number(value: object) -> Json:
    if not isinstance(value, _NUMERIC) or not math.isfinite(value):
        raise _NotWritable
    return round(value, 6) if isinstance(value, float) else value


def _milliseconds(value: object) -> Json:
    if not isinstance(value, _NUMERIC) or not math.isfinite(value):
        raise _NotWritable
    return round(value * 1000, 3)


# What may be written, and how. `seconds` is written as "ms".
FIELDS: Mapping[str, Cleaner] = {
    **dict.fromkeys(("op", "loan", "fine"), _operation),
    **dict.fromkeys(("terminal", "kind", "peer", "library", "branch", "home", "owner", "ledger"), _name),
    **dict.fromkeys(("message", "method", "outcome", "reason", "decision", "area", "route", "account"), _name),
    **dict.fromkeys(("work", "listener", "address", "namespace", "state", "version", "revision"), _name),
    **dict.fromkeys(("attempt", "count", "depth", "oldest_s", "size", "status", "port", "pid"), _number),
    **dict.fromkeys(("amount_fen", "skew_ms", "timeout_s", "repeated"), _number),
    "why": _text,
    "login": _sent,
    "seconds": _milliseconds,
}
DIGESTED = frozenset({"card", "reader", "item", "barcode"})
_RENAMED = {"seconds": "ms"}
# The name in the line, and the cleaner: one look for each field.
_WRITTEN = {field: (_RENAMED.get(field, field), cleaner) for field, cleaner in FIELDS.items()}


def clean(key: bytes, fields: Mapping[str, object]) -> dict[str, Json]:
    """The writable part of `fields`, with the names (never the values) of what was left out as "dropped"."""
    written: dict[str, Json] = {}
    dropped: list[Json] = []
    for field, value in fields.items():
        if value is None:
            continue
        if field in _WRITTEN:
            name, cleaner = _WRITTEN[field]
            try:
                written[name] = cleaner(value)
            except _NotWritable:
                dropped.append(field)
        elif field in DIGESTED and isinstance(value, str):
            written[field] = card_digest(key, value)
        else:
            dropped.append(field[:NAME_MAX])
    if dropped:
        written["dropped"] = sorted(dropped, key=str)
    return written


def describe_failure(failure: Failure) -> tuple[str, list[Json]]:
    """What happened and where: "Class: blotted first line", and the frames from the outermost in, without values."""
    error = failure.value
    lines = str(error).splitlines() if isinstance(error, BaseException) else []
    text = _EXCEPTION_DATA.sub("#", lines[0][:TEXT_MAX]) if lines else ""
    frames: list[Json] = [f"{file}:{line} {function}" for function, file, line, _, _ in failure.frames]
    name = getattr(failure.type, "__name__", "Failure")
    return (f"{name}: {text}" if text else name), frames[-TRACE_MAX:]


# --- writing -------------------------------------------------------------------------------------------------


def stream_writer(stream: TextIO) -> Callable[[str], None]:
    """A writer of whole lines to `stream`. Each line is flushed, so that it survives the process."""

    def write(line: str) -> None:
        stream.write(line + "\n")
        stream.flush()

    return write


# Made once: json.dumps makes a new encoder at every call that asks for separators.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)


@lru_cache(maxsize=8)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=256)
def _head(level: str, event: str, node: str) -> str:
    return _ENCODER.encode({"level": level, "event": event, "node": node})[1:-1]


class JsonLog:
    """The `EventLog` of a running node. `wall_ms` tells the time, `key` (16 bytes or more) the digests.

    `write` takes one line without its end; what it raises as `OSError` or `ValueError` (a closed stream) is
    counted, not passed on.
    """

    def __init__(self, write: Callable[[str], None], wall_ms: WallMs, key: bytes, library: str) -> None:
        if len(key) < KEY_BYTES_MIN:
            raise ValueError(f"the key of the log's digests has fewer than {KEY_BYTES_MIN} bytes")
        self._write = write
        self._wall_ms = wall_ms
        self._key = key
        self._library = library
        self._lost = 0
        self._errors: deque[ErrorLine] = deque(maxlen=ERRORS_KEPT)

    def event(self, name: str, /, **fields: object) -> None:
        self._line("info", name, clean(self._key, fields))

    def accident(self, name: str, failure: Failure, /, **fields: object) -> None:
        what, frames = describe_failure(failure)
        self.error(name, what, {**clean(self._key, fields), "frames": frames})

    def error(self, name: str, what: str, fields: Mapping[str, Json]) -> None:
        """A line of level error, kept for the status page. `what` and `fields` are clean already."""
        self._errors.append(ErrorLine(at_ms=self._wall_ms(), event=name, text=what[:TEXT_MAX]))
        self._line("error", name, {"error": what, **fields})

    def message(self, level: str, namespace: str, text: str) -> None:
        """A sentence of a library (Twisted, ...), without long numbers."""
        self._line(level, "message", {"namespace": namespace, "why": text})

    def last_errors(self) -> tuple[ErrorLine, ...]:
        """The newest first, at most 20."""
        return tuple(reversed(self._errors))

    def _line(self, level: str, name: str, fields: Mapping[str, Json]) -> None:
        second, ms = divmod(self._wall_ms(), 1000)
        if self._lost:
            fields = {**fields, "lost_lines": self._lost}
        told = f",{_ENCODER.encode(fields)[1:]}" if fields else "}"
        text = f'{{"at":"{_second(second)}.{ms:03d}Z",{_head(level, name, self._library)}{told}'
        if not text.isascii():
            # A kiosk may send bytes that are no character; the stream must still accept the line.
            text = text.encode("utf-8", "backslashreplace").decode("utf-8")
        try:
            self._write(text)
            self._lost = 0
        except (OSError, ValueError):
            self._lost += 1


@implementer(ILogObserver)
class TwistedLines:
    """Turns the events of `twisted.logger` into lines of a `JsonLog`. Debug messages are left out."""

    def __init__(self, log: JsonLog) -> None:
        self._log = log

    def __call__(self, event: LogEvent) -> None:
        level = event.get("log_level") or LogLevel.info
        namespace = str(event.get("log_namespace", ""))[:NAME_MAX]
        failure = event.get("log_failure")
        if isinstance(failure, Failure):
            # Not the event's text: for old-style events it is the whole traceback with the exception's text.
            what, frames = describe_failure(failure)
            self._log.error("failure", what, {"namespace": namespace, "frames": frames})
        elif level >= LogLevel.error:
            self._log.error("message", _sentence(event), {"namespace": namespace})
        elif level >= LogLevel.info:
            self._log.message(str(level.name), namespace, _sentence(event))


def _sentence(event: LogEvent) -> str:
    return _NUMBER.sub("#", formatEvent(event)[:MESSAGE_MAX])


def listen_to_twisted(log: JsonLog) -> None:
    """From now on Twisted's messages are lines of `log`. Once per process.

    The standard streams are not redirected, or the log would read its own lines.
    """
    globalLogBeginner.beginLoggingTo([TwistedLines(log)], redirectStandardIO=False)  # type: ignore[list-item]
