"""Operation ids: derived from what was asked, so that the same request always has the same one (design 4).

An id is a UUID of 32 hex digits. That of a request with a readable date begins with its minute, as the kiosk has it:
`202611281430` and then version 8. So operations that happen together lie together in every index, and the database
writes few pages. Others, and all of an older program, are of version 5.
"""

from __future__ import annotations

import hashlib
import re

NAMESPACE = "8c3e1f570b0c5c559d7e6d0f0f5a7b11"
_DATE = re.compile(r"([0-9]{8}).{4}([0-9]{4})[0-9]{2}", re.DOTALL)
_LED = 12
"""So many digits are the minute; the one behind them is the version."""
RECKONED_MS = 90 * 24 * 3600 * 1000
"""Less than any operation is remembered (`[keep] operations_days`)."""


def asked(date: str, text: str) -> str:
    """The id of a request that says all of `text`. `date`: the kiosk's 18 characters, "" if it is no part of it."""
    plain, found = derived(NAMESPACE, text), _DATE.fullmatch(date)
    return plain if found is None else _led_by(found[1] + found[2], plain)


def undated(text: str) -> str:
    """The id that an older program gave to the same request."""
    return derived(NAMESPACE, text)


def of_attempt(base: str, attempt: int, now_ms: int, *, lasts: bool) -> str:
    """The id of an operation: the attempt at the request `base`. `lasts`: the same words may come again years later,
    from a clock that stands still. They are counted from 1 again then, for what was told is forgotten; others may
    remember it."""
    return derived(base, f"{attempt}@{now_ms // RECKONED_MS}" if lasts else str(attempt))


def derived(of: str, text: str) -> str:
    """The id that follows from another one and a text; it begins as that does.

    Of version 5 it is what `uuid.uuid5` says, which makes objects on the way: a request needs two ids.
    """
    digest = bytearray(hashlib.sha1(bytes.fromhex(of) + text.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return _led_by(of[:_LED], digest.hex()) if of[_LED] == "8" else digest.hex()


def _led_by(minute: str, plain: str) -> str:
    return f"{minute}8{plain[_LED + 1 :]}"
