"""PINs and passwords, checked with argon2id off the reactor's thread (a good hash takes tens of milliseconds).

Promises: if there is no hash, because the card or the login is not known, the check takes as long as for a wrong
secret. So its time tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from twisted.internet.defer import Deferred

T = TypeVar("T")

_HASHER = PasswordHasher()


class InThread(Protocol):
    """Calls the function off the reactor's thread."""

    def __call__(self, function: Callable[[], T], /) -> Deferred[T]: ...


def hash_secret(secret: str) -> str:
    """An argon2id hash, for the settings."""
    return _HASHER.hash(secret)


def _matches(hashed: str, secret: str) -> bool:
    try:
        return _HASHER.verify(hashed, secret)
    except (VerificationError, InvalidHashError):
        return False


class Argon2Verifier:
    """`in_thread(function) -> Deferred` runs in a small pool of its own, so that hashing can't delay a commit."""

    def __init__(self, in_thread: Callable[[Callable[[], bool]], Deferred[bool]]) -> None:
        self._in_thread = in_thread
        self._like = ""
        """The last hash that was checked. A check without a hash uses this one, so that it takes as long."""

    def verify(self, hashed: str, secret: str) -> Deferred[bool]:
        """Whether `secret` belongs to `hashed`; never for "", which is checked all the same."""
        if hashed:
            self._like = hashed
            return self._in_thread(lambda: _matches(hashed, secret))
        return self._in_thread(lambda: self._nothing(secret))

    def _nothing(self, secret: str) -> bool:
        self._like = self._like or hash_secret("")
        _matches(self._like, secret)
        return False


class Argon2Secrets(Argon2Verifier):
    """The same for people who choose their passwords: hashes are made here as well."""

    def __init__(self, in_thread: InThread) -> None:
        super().__init__(in_thread)
        self._make_in_thread = in_thread

    def make(self, secret: str) -> Deferred[str]:
        """An argon2id hash."""
        return self._make_in_thread(lambda: hash_secret(secret))
