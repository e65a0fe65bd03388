"""Accounts as steps of a transaction: who has one, with which roles, and how its secrets come and go.

Every step that changes something writes the audit log in the same transaction. A login of a forgotten account is free
again; its references in the log stay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from node.domain.accounts import AccountKind, Role, Stage, roles_of, stage_of
from node.service.office.audit import Action, Actor, Audit
from node.storage.desk.exceptions import rename_closer
from node.storage.office import accounts as rows
from node.storage.office.accounts import AccountRow
from node.storage.store import Tx

__all__ = ["FIRST_PASSWORD_DAYS", "Account", "AccountRefusal", "Accounts", "account_of", "is_usable"]

FIRST_PASSWORD_DAYS: Final = 14
DAY_MS: Final = 86_400_000
MOST_ACCOUNTS: Final = 10_000
"""Of one kind: far more than a library has staff, or a district schools."""


class AccountRefusal(StrEnum):
    """Why a step was not done."""

    LOGIN_TAKEN = "login_taken"
    NO_SUCH_LOGIN = "no_such_login"
    DISABLED = "disabled"
    NOT_DISABLED = "not_disabled"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Account:
    """What pages and commands may know of an account: no secret."""

    id: str
    kind: AccountKind
    login: str
    name: str
    roles: frozenset[Role]
    first_password: bool
    has_factor: bool
    disabled: bool

    def __repr__(self) -> str:
        return f"Account({self.id!r}, {sorted(self.roles)})"

    @property
    def actor(self) -> Actor:
        return Actor(self.id)

    def stage(self, *, factor_shown: bool) -> Stage:
        return stage_of(
            self.kind,
            self.roles,
            first_password=self.first_password,
            has_factor=self.has_factor,
            factor_shown=factor_shown,
        )


def account_of(tx: Tx, row: AccountRow) -> Account:
    return Account(
        row.id,
        row.kind,
        row.login,
        rows.name_of(tx, row.id),
        roles_of(row.roles.split()),
        first_password=row.first_until_ms is not None,
        has_factor=row.factor_secret is not None,
        disabled=row.disabled_at_ms is not None,
    )


def is_usable(row: AccountRow, now_ms: int) -> bool:
    """Not disabled, and its first password, if it is one, still good."""
    return row.disabled_at_ms is None and (row.first_until_ms is None or now_ms < row.first_until_ms)


class Accounts:
    """The steps. `by` is who does it."""

    def __init__(self, audit: Audit, random_bytes: Callable[[int], bytes]) -> None:
        self._audit = audit
        self._random_bytes = random_bytes

    def add(
        self,
        tx: Tx,
        by: Actor,
        *,
        kind: AccountKind,
        login: str,
        name: str,
        roles: frozenset[Role],
        password_hash: str,
        now_ms: int,
    ) -> Account | AccountRefusal:
        """With a first password, which is good for `FIRST_PASSWORD_DAYS`."""
        if rows.find_by_login(tx, login) is not None:
            return AccountRefusal.LOGIN_TAKEN
        if rows.count_of_kind(tx, kind) >= MOST_ACCOUNTS:
            return AccountRefusal.TOO_MANY
        until_ms = now_ms + FIRST_PASSWORD_DAYS * DAY_MS
        account_id = f"{kind}-{self._random_bytes(8).hex()}"
        row = AccountRow(
            *(account_id, kind, login, _words(roles), password_hash, until_ms, None, None, 0, now_ms, None)
        )
        rows.add(tx, row)
        self._audit.name(tx, Actor(account_id, name))
        self._record(tx, by, Action.ACCOUNT_ADDED, row, now_ms=now_ms, reason=row.roles)
        return account_of(tx, row)

    def change_roles(
        self, tx: Tx, by: Actor, login: str, roles: frozenset[Role], *, now_ms: int
    ) -> AccountRefusal | None:
        """Sessions go on: each request asks for the roles anew."""
        row = rows.find_by_login(tx, login)
        if row is None:
            return AccountRefusal.NO_SUCH_LOGIN
        rows.change(tx, row._replace(roles=_words(roles)))
        self._record(tx, by, Action.ACCOUNT_ROLES, row, now_ms=now_ms, reason=_words(roles))
        return None

    def reset(
        self, tx: Tx, by: Actor, login: str, password_hash: str, *, now_ms: int, reason: str
    ) -> AccountRefusal | None:
        """A new first password, no second factor any more, every session ended. A disabled account is in use again."""
        row = rows.find_by_login(tx, login)
        if row is None:
            return AccountRefusal.NO_SUCH_LOGIN
        until_ms = now_ms + FIRST_PASSWORD_DAYS * DAY_MS
        fresh = row._replace(password_hash=password_hash, first_until_ms=until_ms, disabled_at_ms=None)
        rows.change(tx, fresh._replace(factor_secret=None, factor_offered=None, factor_used_to=0))
        rows.end_sessions_of(tx, row.id)
        self._record(tx, by, Action.ACCOUNT_RESET, row, now_ms=now_ms, reason=reason)
        return None

    def disable(self, tx: Tx, by: Actor, login: str, *, now_ms: int, reason: str) -> AccountRefusal | None:
        """At once: its sessions end."""
        row = rows.find_by_login(tx, login)
        if row is None:
            return AccountRefusal.NO_SUCH_LOGIN
        if row.disabled_at_ms is not None:
            return AccountRefusal.DISABLED
        rows.change(tx, row._replace(disabled_at_ms=now_ms))
        rows.end_sessions_of(tx, row.id)
        self._record(tx, by, Action.ACCOUNT_DISABLED, row, now_ms=now_ms, reason=reason)
        return None

    def forget(self, tx: Tx, by: Actor, login: str, *, now_ms: int, reason: str) -> AccountRefusal | None:
        """Name and login of a disabled account are erased, also where it closed exceptions. What it did stays in the
        log under its reference."""
        row = rows.find_by_login(tx, login)
        if row is None:
            return AccountRefusal.NO_SUCH_LOGIN
        if row.disabled_at_ms is None:
            return AccountRefusal.NOT_DISABLED
        nobody = row._replace(login=row.id, password_hash="", factor_secret=None, factor_offered=None)
        rows.change(tx, nobody)
        name = rows.name_of(tx, row.id)
        if name:
            rename_closer(tx, name, row.id)
        rows.blank_name(tx, row.id)
        self._record(tx, by, Action.ACCOUNT_FORGOTTEN, row, now_ms=now_ms, reason=reason)
        return None

    def _record(self, tx: Tx, by: Actor, action: Action, row: AccountRow, *, now_ms: int, reason: str) -> None:
        self._audit.record(tx, by, action, f"account/{row.id}", at_ms=now_ms, reason=reason)


def _words(roles: frozenset[Role]) -> str:
    return " ".join(sorted(roles))
