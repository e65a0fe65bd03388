"""Devices on which an account has signed in before: a mark that the browser keeps, and nobody else can make.

A mark is a random number and, for each account, a keyed digest. It signs nobody in: it only keeps the guesses of
strangers from slowing the owner (`guesses.py`). A new password makes it worthless.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from typing import Final

from node.storage.office.accounts import AccountRow

__all__ = ["Devices"]

MOST_ACCOUNTS: Final = 12
"""Of one device: those who share a desk."""
_DIGEST_CHARACTERS: Final = 24
_MARK: Final = re.compile(rf"[0-9a-f]{{32}}(?:\.[0-9a-f]{{{_DIGEST_CHARACTERS}}}){{1,{MOST_ACCOUNTS}}}")


class Devices:
    """`key` never leaves the library."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.new(key, b"devices", sha256).digest()

    def known(self, mark: str, row: AccountRow) -> str:
        """The number of the device if that account has signed in on it, else ""."""
        if not _MARK.fullmatch(mark):
            return ""
        number, *digests = mark.split(".")
        wanted = self._digest(number, row)
        return number if any(hmac.compare_digest(each, wanted) for each in digests) else ""

    def marked(self, mark: str, row: AccountRow, fresh: str) -> str:
        """The mark with that account on it. `fresh`: 32 hex digits, for a device that has none."""
        number, *digests = mark.split(".") if _MARK.fullmatch(mark) else [fresh]
        mine = self._digest(number, row)
        return ".".join([number, mine, *(each for each in digests if each != mine)][: MOST_ACCOUNTS + 1])

    def _digest(self, number: str, row: AccountRow) -> str:
        said = "\x1f".join((number, row.id, row.password_hash))
        return hmac.new(self._key, said.encode(), sha256).hexdigest()[:_DIGEST_CHARACTERS]
