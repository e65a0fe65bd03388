"""PINs and passwords, checked with argon2id off the reactor's thread (a good hash takes tens of milliseconds)."""

from __future__ import annotations

from collections.abc import Callable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from twisted.internet.defer import Deferred

_HASHER = PasswordHasher()


def _matches(hashed: str, secret: str) -> bool:
    try:
        return _HASHER.verify(hashed, secret)
    except (VerificationError, InvalidHashError):
        return False


class Argon2Verifier:
    """`in_thread(function) -> Deferred` runs in a small pool of its own, so that hashing can't delay a commit."""

    def __init__(self, in_thread: Callable[[Callable[[], bool]], Deferred[bool]]) -> None:
        self._in_thread = in_thread

    def verify(self, hashed: str, secret: str) -> Deferred[bool]:
        return self._in_thread(lambda: _matches(hashed, secret))
