"""Accounts of people: kinds, roles, and what must still be done before an account may be used.

Pure values. Stored words never change.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

__all__ = ["NEEDS_SECOND_FACTOR", "AccountKind", "Role", "Stage", "roles_of", "stage_of"]


class AccountKind(StrEnum):
    """Whose account it is."""

    STAFF = "staff"
    SCHOOL = "school"


class Role(StrEnum):
    """What a member of staff may do. An account may have several."""

    DESK = "desk"
    CARDS = "cards"
    FINANCE = "finance"
    ADMIN = "admin"


NEEDS_SECOND_FACTOR: Final = frozenset({Role.CARDS, Role.FINANCE, Role.ADMIN})
"""Who opens cards, touches money or gives rights shows a code beside the password. So do schools."""


class Stage(StrEnum):
    """How far a session has come. Only `FULL` reaches the pages."""

    CODE = "code"
    PASSWORD = "password"  # noqa: S105 - the stage in which one is chosen
    ENROL = "enrol"
    FULL = "full"


def stage_of(
    kind: AccountKind, roles: frozenset[Role], *, first_password: bool, has_factor: bool, factor_shown: bool
) -> Stage:
    """A first password is changed before a second factor is set up: whoever only knows the slip of paper with the
    first password gets no further."""
    if has_factor and not factor_shown:
        return Stage.CODE
    if first_password:
        return Stage.PASSWORD
    if not has_factor and (kind is AccountKind.SCHOOL or roles & NEEDS_SECOND_FACTOR):
        return Stage.ENROL
    return Stage.FULL


def roles_of(words: Iterable[str]) -> frozenset[Role]:
    """Errors: ValueError names the word that is no role."""
    return frozenset(map(Role, words))
