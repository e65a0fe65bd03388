"""PINs and passwords: what is checked, and what its time tells."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from twisted.internet.defer import Deferred, succeed

from node import secrets
from node.secrets import Argon2Verifier, hash_secret

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def at_once(function: Callable[[], bool]) -> Deferred[bool]:
    return succeed(function())


def right(verifier: Argon2Verifier, hashed: str, secret: str) -> bool:
    found: list[bool] = []
    verifier.verify(hashed, secret).addCallback(found.append)
    return found[0]


def test_a_secret_is_right_or_wrong_and_rubbish_in_place_of_a_hash_is_wrong() -> None:
    verifier = Argon2Verifier(at_once)
    hashed = hash_secret("1234")
    assert right(verifier, hashed, "1234")
    assert not right(verifier, hashed, "1235")
    assert not right(verifier, "rubbish", "1234")
    assert "1234" not in hashed


def test_nothing_to_check_against_is_checked_like_the_last_hash_and_never_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An unknown card costs one argon2 of the same parameters as a wrong PIN does."""
    checked: list[str] = []
    matches = secrets._matches

    def noting(hashed: str, secret: str) -> bool:
        checked.append(hashed.rpartition("$")[0].rpartition("$")[0])
        return matches(hashed, secret)

    monkeypatch.setattr(secrets, "_matches", noting)
    verifier = Argon2Verifier(at_once)
    known = CHEAP.hash("1234")
    assert not right(verifier, known, "9999")
    assert not right(verifier, "", "9999")
    assert not right(verifier, "", "1234")
    assert len(checked) == 3
    assert len(set(checked)) == 1


def test_before_any_hash_was_met_there_is_still_a_whole_check() -> None:
    assert not right(Argon2Verifier(at_once), "", "")
