"""Rows of accounts, of their sessions, and of what forms have done. A row of an account is never deleted."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select, update

from node.domain.accounts import AccountKind
from node.storage.rows import Rows
from node.storage.schema import account, audit_name, web_op, web_session
from node.storage.statements import Statement
from node.storage.store import Tx


class AccountRow(NamedTuple):
    """`roles`: words with spaces between. `factor_offered`: a second factor that is not confirmed yet."""

    id: str
    kind: AccountKind
    login: str
    roles: str
    password_hash: str
    first_until_ms: int | None
    factor_secret: str | None
    factor_offered: str | None
    factor_used_to: int
    created_at_ms: int
    disabled_at_ms: int | None

    def __repr__(self) -> str:
        return f"AccountRow(id={self.id!r}, kind={self.kind!r}, roles={self.roles!r})"


class SessionRow(NamedTuple):
    """`door`: the audience of the listener through which it came."""

    token_digest: str
    account: str
    door: str
    factor_shown: bool
    created_at_ms: int
    seen_at_ms: int

    def __repr__(self) -> str:
        return f"SessionRow(account={self.account!r}, door={self.door!r})"


class DoneRow(NamedTuple):
    """What a form did: `op` is the id in it."""

    op: str
    account: str
    outcome: str
    at_ms: int


_ACCOUNTS = Rows(AccountRow, account)
_SESSIONS = Rows(SessionRow, web_session)
_DONE = Rows(DoneRow, web_op)

_FIND = _ACCOUNTS.selection(_ACCOUNTS.select.where(account.c.id == bindparam("id_")))
_BY_LOGIN = _ACCOUNTS.selection(_ACCOUNTS.select.where(account.c.login == bindparam("login_")))
_OF_KIND = _ACCOUNTS.selection(
    _ACCOUNTS.select.where(account.c.kind == bindparam("kind_"), account.c.login > bindparam("after"))
    .order_by(account.c.login)
    .limit(bindparam("most"))
)
_ADD = _ACCOUNTS.insertion_if_absent()
_CHANGE = _ACCOUNTS.alteration(
    *("login", "roles", "password_hash", "first_until_ms", "factor_secret", "factor_offered", "factor_used_to"),
    "disabled_at_ms",
)

_SESSION = _SESSIONS.selection(_SESSIONS.select.where(web_session.c.token_digest == bindparam("digest_")))
_ADD_SESSION = _SESSIONS.insertion()
_CHANGE_SESSION = _SESSIONS.alteration("factor_shown", "seen_at_ms")
_END = Statement(delete(web_session).where(web_session.c.token_digest == bindparam("digest_")))
_END_OF_ACCOUNT = Statement(delete(web_session).where(web_session.c.account == bindparam("account_")))
_NEWEST = (
    select(web_session.c.token_digest)
    .where(web_session.c.account == bindparam("account_"))
    .order_by(web_session.c.created_at_ms.desc(), web_session.c.token_digest)
    .limit(bindparam("most"))
)
_END_OLDER = Statement(
    delete(web_session).where(
        web_session.c.account == bindparam("account_"), web_session.c.token_digest.not_in(_NEWEST)
    )
)
_END_OVER = Statement(
    delete(web_session).where(
        (web_session.c.seen_at_ms < bindparam("seen_before")) | (web_session.c.created_at_ms < bindparam("made_before"))
    )
)

_FIND_DONE = _DONE.selection(_DONE.select.where(web_op.c.op == bindparam("op_")))
_ADD_DONE = _DONE.insertion()
_FORGET_DONE = Statement(delete(web_op).where(web_op.c.at_ms < bindparam("before")))

_NAME = Statement(select(audit_name.c.name).where(audit_name.c.ref == bindparam("ref_")))
_RENAME = Statement(update(audit_name).where(audit_name.c.ref == bindparam("ref_")), ("name",))
_COUNT = Statement(select(func.count()).select_from(account).where(account.c.kind == bindparam("kind_")))


def find(tx: Tx, account_id: str) -> AccountRow | None:
    return _FIND.one(tx, id_=account_id)


def find_by_login(tx: Tx, login: str) -> AccountRow | None:
    return _BY_LOGIN.one(tx, login_=login)


def list_of_kind(tx: Tx, kind: AccountKind, *, after: str, most: int) -> list[AccountRow]:
    """In the order of their logins, those behind `after`."""
    return _OF_KIND.all(tx, kind_=kind, after=after, most=most)


def count_of_kind(tx: Tx, kind: AccountKind) -> int:
    row = tx.one(_COUNT, kind_=kind)
    return 0 if row is None else int(row[0])


def add(tx: Tx, row: AccountRow) -> None:
    _ADD.run(tx, row)


def change(tx: Tx, row: AccountRow) -> None:
    """The row with that id becomes this one."""
    _CHANGE.run(tx, row)


def name_of(tx: Tx, ref: str) -> str:
    """ "" if nobody is known by it, or the name was erased."""
    row = tx.one(_NAME, ref_=ref)
    return "" if row is None else str(row[0])


def blank_name(tx: Tx, ref: str) -> None:
    tx.run(_RENAME, ref_=ref, name="")


# --- sessions ------------------------------------------------------------------------------------------------


def find_session(tx: Tx, token_digest: str) -> SessionRow | None:
    return _SESSION.one(tx, digest_=token_digest)


def add_session(tx: Tx, row: SessionRow, *, most: int) -> None:
    """Beyond `most` of one account, the oldest end."""
    _ADD_SESSION.run(tx, row)
    tx.run(_END_OLDER, account_=row.account, most=most)


def change_session(tx: Tx, row: SessionRow) -> None:
    _CHANGE_SESSION.run(tx, row)


def end_session(tx: Tx, token_digest: str) -> None:
    tx.run(_END, digest_=token_digest)


def end_sessions_of(tx: Tx, account_id: str) -> None:
    tx.run(_END_OF_ACCOUNT, account_=account_id)


def end_sessions_over(tx: Tx, *, seen_before: int, made_before: int) -> int:
    return tx.run(_END_OVER, seen_before=seen_before, made_before=made_before)


# --- what forms did ------------------------------------------------------------------------------------------


def find_done(tx: Tx, op: str) -> DoneRow | None:
    return _FIND_DONE.one(tx, op_=op)


def add_done(tx: Tx, row: DoneRow) -> None:
    _ADD_DONE.run(tx, row)


def forget_done(tx: Tx, before_ms: int) -> int:
    return tx.run(_FORGET_DONE, before=before_ms)
