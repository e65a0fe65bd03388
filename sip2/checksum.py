"""The checksum of error detection (1.9).

Promises: `byte_sum` is exact for any length. The other sums are those that some clients compute by mistake.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from zlib import adler32

from sip2.dialects import ChecksumOver

# The lower half of Adler-32 started at 0 is the sum of the bytes modulo 65521: exact for 256 bytes at most
# (256 * 255 = 65280), and many times faster than sum().
_EXACT = 256


def byte_sum(data: bytes) -> int:
    """The bytes added up as unsigned numbers."""
    if len(data) <= _EXACT:
        return adler32(data, 0) & 0xFFFF
    total = adler32(data[:_EXACT], 0) & 0xFFFF
    for start in range(_EXACT, len(data), _EXACT):
        total += adler32(data[start : start + _EXACT], 0) & 0xFFFF
    return total


def checksum(data: bytes) -> bytes:
    """The four hex digits that follow `data`, which ends in `AZ`."""
    return b"%04X" % (-byte_sum(data) & 0xFFFF)


def agrees(data: bytes, digits: bytes) -> bool:
    """Whether `digits` is the checksum of `data`, which ends in `AZ`."""
    return (byte_sum(data) + int(digits, 16)) & 0xFFFF == 0


def _over_code_points(data: bytes, tail_start: int, encoding: str) -> int:
    return sum(map(ord, data.decode(encoding)))


def _over_utf16_units(data: bytes, tail_start: int, encoding: str) -> int:
    units = memoryview(data.decode(encoding).encode("utf-16-le")).cast("H")
    return sum(units)


def _without_tail(data: bytes, tail_start: int, encoding: str) -> int:
    return byte_sum(data[:tail_start])


LENIENT_SUMS: dict[ChecksumOver, Callable[[bytes, int, str], int]] = {
    "codepoints": _over_code_points,
    "utf16 units": _over_utf16_units,
    "without tail": _without_tail,
}


def wrong_but_agreeing(
    data: bytes, digits: bytes, tail_start: int, encoding: str, allowed: frozenset[ChecksumOver]
) -> ChecksumOver | None:
    """The first allowed other reading under which the checksum agrees; `tail_start` is where AY (or AZ) stands."""
    for name, total in LENIENT_SUMS.items():
        if name not in allowed:
            continue
        with suppress(UnicodeDecodeError):
            if (total(data, tail_start, encoding) + int(digits, 16)) & 0xFFFF == 0:
                return name
    return None
