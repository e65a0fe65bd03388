"""`tongjie staff`: who of the staff may sign in on the pages of this library, and with which roles.

Promises: a first password is printed once and stored nowhere in clear. What changes an account is in the audit log. It
may run beside the node; a disabled account is out with its next click.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

import click

from node.commands.by_staff import LONGEST_BY, asked, options, settings_of, text_of, wall_ms
from node.commands.exception_texts import WORDS
from node.commands.language import Language, padded, said
from node.domain.accounts import AccountKind, Role, roles_of
from node.secrets import hash_secret
from node.service.office.accounts import Account, AccountRefusal, Accounts, account_of
from node.service.office.audit import Actor, Audit, person
from node.service.office.notes import names_a_reader, note_of
from node.service.office.passwords import canonical_login, first_password
from node.settings.library import NodeSettings
from node.settings.model import closest
from node.storage.beside import read_beside, write_beside
from node.storage.meta import known_identity
from node.storage.office import accounts as rows
from node.storage.store import Tx

__all__ = ["acting", "command"]

F = TypeVar("F", bound=Callable[..., None])
# short words, which must not be taken for the names of settings in other sentences
STATES: Final[Mapping[Language, tuple[str, str, str, str]]] = {
    "en": ("disabled", "has not signed in yet", "password and code", "password"),
    "zh": ("已停用", "还没有登录过", "密码和动态码", "密码"),
}
MOST_LISTED: Final = 10_000
_REFUSED: Final = {
    AccountRefusal.LOGIN_TAKEN: "the login {} is taken; choose another one",
    AccountRefusal.NO_SUCH_LOGIN: "nobody has the login {}; see tongjie staff list",
    AccountRefusal.DISABLED: "the account {} is disabled already",
    AccountRefusal.NOT_DISABLED: "the account {} is in use; disable it first",
    AccountRefusal.TOO_MANY: "there are too many accounts to add {}",
}


@click.group()
def command() -> None:
    """Who of the staff may sign in on the pages of this library."""


def _by(function: F) -> F:
    return click.option("--by", required=True, metavar="NAME", help="Who does this: a name or a staff number.")(
        function
    )


def _note(function: F) -> F:
    return click.option("--note", required=True, metavar="TEXT", help="Why. Nothing about a reader.")(function)


def _roles(function: F) -> F:
    words = ",".join(Role)
    return click.option("--roles", required=True, metavar="ROLE,...", help=f"Of {words}.")(function)


@command.command("list")
@options
def list_(*, config: Path, lang: Language, as_json: bool) -> None:
    """Every account of staff: login, name, roles, and how it stands."""
    settings = settings_of(config)

    def work(tx: Tx) -> list[Account]:
        found = rows.list_of_kind(tx, AccountKind.STAFF, after="", most=MOST_LISTED)
        return [account_of(tx, row) for row in found]

    accounts = asked(read_beside, settings, work)
    if as_json:
        body = {"library": settings.library, "staff": [_as_json(each) for each in accounts]}
        click.echo(json.dumps(body, ensure_ascii=False, indent=1))
        return
    for each in accounts:
        roles = ",".join(sorted(each.roles))
        click.echo(f"{padded(each.login, 20)}  {padded(each.name, 16)}  {padded(roles, 28)}  {_state(each, lang)}")


@command.command()
@options
@_by
@_roles
@click.option("--name", required=True, metavar="NAME", help="The name that colleagues see.")
@click.argument("login")
def add(*, config: Path, lang: Language, as_json: bool, by: str, roles: str, name: str, login: str) -> None:
    """A new account. Its first password is printed once, and changed when it is first used."""
    settings, wanted = settings_of(config), _chosen(roles)
    name = text_of(name, "--name", LONGEST_BY, WORDS[lang])
    login, password = _login(login), first_password(os.urandom)
    hashed, now_ms = hash_secret(password), wall_ms()

    def work(tx: Tx, accounts: Accounts, actor: Actor) -> Account | AccountRefusal:
        return accounts.add(
            *(tx, actor),
            kind=AccountKind.STAFF,
            login=login,
            name=name,
            roles=wanted,
            password_hash=hashed,
            now_ms=now_ms,
        )

    _act(*(settings, by, lang), login, work)
    _print_password(login, password, lang, as_json=as_json)


@command.command()
@options
@_by
@_roles
@click.argument("login")
def roles(*, config: Path, lang: Language, as_json: bool, by: str, roles: str, login: str) -> None:
    """Other roles for LOGIN, in place of those that it has. They hold from its next click on."""
    settings, wanted, login = settings_of(config), _chosen(roles), _login(login)
    now_ms = wall_ms()
    _act(
        *(settings, by, lang),
        login,
        lambda tx, accounts, actor: accounts.change_roles(tx, actor, login, wanted, now_ms=now_ms),
    )
    _print_done(f"{login} now has the roles {','.join(sorted(wanted))}", login, lang, as_json=as_json)


@command.command()
@options
@_by
@_note
@click.argument("login")
def disable(*, config: Path, lang: Language, as_json: bool, by: str, note: str, login: str) -> None:
    """LOGIN can't sign in any more, and is signed out at once."""
    settings, login = settings_of(config), _login(login)
    now_ms, reason = wall_ms(), _reason(note, settings, lang)
    _act(
        *(settings, by, lang),
        login,
        lambda tx, accounts, actor: accounts.disable(tx, actor, login, now_ms=now_ms, reason=reason),
    )
    _print_done(f"{login} is disabled", login, lang, as_json=as_json)


@command.command()
@options
@_by
@_note
@click.argument("login")
def reset(*, config: Path, lang: Language, as_json: bool, by: str, note: str, login: str) -> None:
    """A new first password for LOGIN, printed once; its second factor is set up anew. A disabled account may sign in
    again.

    For a lost password, a lost telephone, or a password that somebody else may know.
    """
    settings, login = settings_of(config), _login(login)
    password, now_ms, reason = first_password(os.urandom), wall_ms(), _reason(note, settings, lang)
    hashed = hash_secret(password)
    _act(
        *(settings, by, lang),
        login,
        lambda tx, accounts, actor: accounts.reset(tx, actor, login, hashed, now_ms=now_ms, reason=reason),
    )
    _print_password(login, password, lang, as_json=as_json)


@command.command()
@options
@_by
@_note
@click.argument("login")
def forget(*, config: Path, lang: Language, as_json: bool, by: str, note: str, login: str) -> None:
    """Erase name and login of a disabled account. What it did stays in the audit log, under a reference."""
    settings, login = settings_of(config), _login(login)
    now_ms, reason = wall_ms(), _reason(note, settings, lang)
    _act(
        *(settings, by, lang),
        login,
        lambda tx, accounts, actor: accounts.forget(tx, actor, login, now_ms=now_ms, reason=reason),
    )
    _print_done("the account is forgotten", login, lang, as_json=as_json)


# --- what they share -----------------------------------------------------------------------------------------


def acting(tx: Tx, by: str) -> Actor:
    """Who sits at the command line, as the audit log refers to them."""
    identity = known_identity(tx)
    return person(b"" if identity is None else identity.digest_key, by)


def _act(
    settings: NodeSettings, by: str, lang: Language, login: str, work: Callable[[Tx, Accounts, Actor], object]
) -> None:
    """One act of a person on the account LOGIN, in one transaction. Errors: ClickException if it is refused."""
    by = text_of(by, "--by", LONGEST_BY, WORDS[lang])
    accounts = Accounts(Audit(os.urandom), os.urandom)
    done = asked(write_beside, settings, lambda tx: work(tx, accounts, acting(tx, by)))
    if isinstance(done, AccountRefusal):
        raise click.ClickException(_REFUSED[done].format(login))


def _chosen(text: str) -> frozenset[Role]:
    for word in (words := [each.strip() for each in text.split(",")]):
        if word not in list(Role):
            raise click.BadParameter(f"no role {word!r}{closest(word, list(Role))}", param_hint="--roles")
    return roles_of(words)


def _login(text: str) -> str:
    login = canonical_login(text)
    if not login:
        raise click.BadParameter("a login has 1 to 64 characters, without spaces", param_hint="LOGIN")
    return login


def _reason(note: str, settings: NodeSettings, lang: Language) -> str:
    text = note_of(note)
    if not text:
        raise click.BadParameter(WORDS[lang].bad_text.format(longest=300), param_hint="--note")
    if names_a_reader(text, settings.city.directory):
        raise click.BadParameter(WORDS[lang].private, param_hint="--note")
    return text


def _state(account: Account, lang: Language) -> str:
    disabled, fresh, code, password = STATES[lang]
    if account.disabled:
        return disabled
    if account.first_password:
        return fresh
    return code if account.has_factor else password


def _as_json(account: Account) -> dict[str, object]:
    return {
        "login": account.login,
        "name": account.name,
        "ref": account.id,
        "roles": sorted(account.roles),
        "disabled": account.disabled,
        "first_password": account.first_password,
        "second_factor": account.has_factor,
    }


def _print_password(login: str, password: str, lang: Language, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"login": login, "first_password": password}, ensure_ascii=False))
        return
    click.echo(said(f"{login}: first password {password}", lang))
    click.echo(said("It is shown once, and good for 14 days. Hand it over in person.", lang))


def _print_done(text: str, login: str, lang: Language, *, as_json: bool) -> None:
    click.echo(json.dumps({"login": login}, ensure_ascii=False) if as_json else said(text, lang))
