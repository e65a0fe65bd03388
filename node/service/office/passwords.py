"""Passwords of people: the first one, which a machine makes, and what one that a person chooses must be.

A password is long rather than full of signs. It is taken in one form (NFKC), so that the same keys give the same
password on every keyboard.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

__all__ = ["LONGEST", "SHORTEST", "canonical_login", "canonical_password", "first_password", "why_weak"]

SHORTEST: Final = 10
LONGEST: Final = 128
LONGEST_LOGIN: Final = 64
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are taken for each other on paper: i l o 0 1."""
_GROUPS, _IN_A_GROUP = 4, 4
_FEW_DIFFERENT: Final = 5
_COMMON: Final = frozenset(
    (
        *("1234567890", "0123456789", "9876543210", "0987654321", "1q2w3e4r5t", "1qaz2wsx3edc", "q1w2e3r4t5"),
        *("qwertyuiop", "asdfghjkl;", "abcdefghij", "password123", "password1234", "admin12345", "tongjie123"),
        *("woaini1314", "woaini520520", "tushuguan123", "tushuguan123456", "chongqing123", "a123456789"),
    )
)


def first_password(random_bytes: Callable[[int], bytes]) -> str:
    """Four groups of four: about 79 bits, and easy to copy from paper."""
    found: list[str] = []
    while len(found) < _GROUPS * _IN_A_GROUP:
        # what would make some letters more frequent is left out
        found += [
            _LETTERS[byte % len(_LETTERS)] for byte in random_bytes(32) if byte < 256 // len(_LETTERS) * len(_LETTERS)
        ]
    text = "".join(found)
    return "-".join(text[at : at + _IN_A_GROUP] for at in range(0, _GROUPS * _IN_A_GROUP, _IN_A_GROUP))


def canonical_password(password: str) -> str:
    return unicodedata.normalize("NFKC", password[: LONGEST * 2])


def canonical_login(login: str) -> str:
    """Full-width letters and capitals are the same login; "" if it can be none."""
    text = unicodedata.normalize("NFKC", login[: LONGEST_LOGIN * 2]).strip().casefold()
    return text if 0 < len(text) <= LONGEST_LOGIN and text.isprintable() and " " not in text else ""


def why_weak(password: str, login: str) -> str:
    """Why it can't be chosen: short, long, plain or login; "" if it can."""
    password = canonical_password(password)
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    plain = password.casefold()
    if plain in _COMMON or len(set(plain)) < _FEW_DIFFERENT or plain in "01234567890123456789":
        return "plain"
    return "login" if login and login in plain else ""
