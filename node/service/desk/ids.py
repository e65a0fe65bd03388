"""Operation ids that follow from something else, so that the same request always has the same one (design 4)."""

from __future__ import annotations

import hashlib

NAMESPACE = "8c3e1f570b0c5c559d7e6d0f0f5a7b11"


def derived(of: str, text: str) -> str:
    """The UUIDv5 of a text in the namespace `of`: 32 hex digits, as both.

    `uuid.uuid5` says the same. It makes objects on the way, and a request needs two ids.
    """
    digest = bytearray(hashlib.sha1(bytes.fromhex(of) + text.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return digest.hex()
