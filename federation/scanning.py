"""What a protobuf message holds, counted in its bytes, before any object is made of it.

A message of a few hundred kilobytes can say a hundred thousand things, and every one of them becomes an object. So what
comes from outside is counted first. Only the top level of each message is read, and of the parts that are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

__all__ = ["Scan", "TooMany"]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT: Final = 10


class TooMany(ValueError):
    """Too many fields to be looked at, or bytes that are no message."""


class Scan:
    """Of one call: `most` fields are looked at in all of its messages together."""

    def __init__(self, most: int) -> None:
        self._most: Final = most
        self._seen = 0

    def parts(self, payload: bytes, number: int) -> Iterator[bytes]:
        """The contents of every field `number` that has a length, in order. Errors: TooMany."""
        at, end = 0, len(payload)
        while at < end:
            self._seen += 1
            if self._seen > self._most:
                raise TooMany(f"more than {self._most} fields")
            tag, at = _varint(payload, at)
            if tag & 7 != _BYTES:
                at = _after(payload, at, tag & 7)
                continue
            size, at = _varint(payload, at)
            if size > end - at:
                raise TooMany("a field ends after its message")
            if tag >> 3 == number:
                yield payload[at : at + size]
            at += size


def _after(payload: bytes, at: int, kind: int) -> int:
    """Where the value of a field without a length ends."""
    if kind == _VARINT:
        return _varint(payload, at)[1]
    size = {_FIXED64: 8, _FIXED32: 4}.get(kind)
    if size is None or at + size > len(payload):
        raise TooMany("a field of a kind that is not used")
    return at + size


def _varint(payload: bytes, at: int) -> tuple[int, int]:
    """(number, where it ends)."""
    value = shift = 0
    for place in range(at, min(at + _LONGEST_VARINT, len(payload))):
        byte = payload[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place + 1
        shift += 7
    raise TooMany("a number without an end")
