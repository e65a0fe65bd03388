"""A line for the log that says why a terminal's checksum never agrees. It has no field values.

Promises: the line has only lengths, sums and what would agree with them, never a value. Never raises.
"""

from __future__ import annotations

import re
from contextlib import suppress

from sip2.checksum import LENIENT_SUMS, byte_sum
from sip2.declaring import LAYOUTS
from sip2.dialects import Dialect

_TAIL = re.compile(rb"(?:AY[0-9]{1,9})?AZ([0-9A-Fa-f]{1,4})\Z")
_ENCODINGS = ("utf-8", "gb18030", "cp850")


def diagnosis(frame: bytes, dialect: Dialect) -> str:
    """Which message, how long, and which reading of its checksum would agree."""
    raw = frame.strip(b"\r\n\x00 ")
    command = raw[:2].decode("ascii", "replace")
    beyond = sum(byte > 0x7F for byte in raw)
    shape = f"message {command if command in LAYOUTS else 'unknown'}, {len(raw)} bytes, {beyond} beyond ASCII"
    tail = _TAIL.search(raw)
    if tail is None:
        return f"{shape}; no checksum at the end"
    digits = tail[1].decode().upper()
    right = f"{-byte_sum(raw[: tail.start(1)]) & 0xFFFF:04X}"
    return f"{shape}; checksum {digits}, over bytes {right}; {_agreement(raw, tail, dialect)}"


def _agreement(raw: bytes, tail: re.Match[bytes], dialect: Dialect) -> str:
    """The setting that would help, if one does."""
    summed, sent = raw[: tail.start(1)], int(tail[1], 16)
    for encoding in dict.fromkeys((dialect.encoding, *_ENCODINGS)):
        for name, total in LENIENT_SUMS.items():
            with suppress(UnicodeDecodeError):
                if (total(summed, tail.start(), encoding) + sent) & 0xFFFF == 0:
                    return f"agrees over {name} read as {encoding}"
    return "agrees with no reading known: bytes are lost or changed on the line"
