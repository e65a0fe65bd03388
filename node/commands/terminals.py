"""`tongjie terminals`: the terminals of this library, how each is spoken to, and hashes for their passwords."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Final, TextIO

import click

from node.commands.language import Language, columns, lang_option, padded, said
from node.domain.terminal_kinds import PAYMENT, UNDO_RETURN
from node.planning import terminal_of
from node.secrets import hash_secret
from node.settings.library import NodeSettings, SettingsError, TerminalSettings, load_node_settings
from node.settings.model import closest
from node.settings.switches import shown
from sip2 import DEFAULT, Dialect
from sip2.codes import SUPPORTED_MESSAGES_ORDER

CONFIG = click.option("--config", required=True, type=click.Path(path_type=Path), help="The library's node.toml.")

# short words, which must not be taken for the names of settings and columns in other sentences
HEADS: Final[Mapping[Language, tuple[str, ...]]] = {
    "en": ("login", "kind", "dialect", "location", "known by"),
    "zh": ("账号", "类型", "方言", "位置", "认出方式"),
}
KNOWN_BY: Final[Mapping[Language, tuple[str, str, str]]] = {
    "en": ("password", "certificate", "address"),
    "zh": ("密码", "证书", "地址"),
}
MOST_READ: Final = 4096
PROMPTS: Final[Mapping[Language, tuple[str, str]]] = {
    "en": ("Password", "The same once more"),
    "zh": ("密码", "再输入一次"),
}


@click.group()
def command() -> None:
    """Self-checks, bins, sorters and gates of this library."""


@command.command("list")
@CONFIG
@lang_option("en")
def list_(config: Path, lang: Language) -> None:
    """One line a terminal: login, kind, dialect, place, and how it is known."""
    head = HEADS[lang]
    rows = [head, *(_row(each, lang) for each in _settings(config).terminals)]
    widths = [max(columns(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        click.echo("  ".join(padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip())


@command.command()
@CONFIG
@lang_option("en")
@click.argument("login")
def show(login: str, config: Path, lang: Language) -> None:
    """The settings of the terminal LOGIN, and every switch of its dialect; a star marks what is not the default."""
    terminals = {each.login: each for each in _settings(config).terminals}
    if login not in terminals:
        raise click.ClickException(f"no terminal {login!r}{closest(login, terminals)}")
    for line in described(terminals[login], lang):
        click.echo(line)


@command.command("hash")
@lang_option("en")
def hash_(lang: Language) -> None:
    """Ask for a password and print its argon2 hash, for `password_hash` in node.toml.

    Standard input may be a file with the password. There is no option for it: other users of the machine can read
    command lines, and the shell keeps them.
    """
    password = _asked_for(lang) if sys.stdin.isatty() else _read_from(sys.stdin)
    if re.search("%[0-9A-Fa-f]{2}", password):
        raise click.ClickException("% with two hex digits is read as percent-encoding in a login; choose another one")
    click.echo(hash_secret(password))


def _asked_for(lang: Language) -> str:
    first, again = PROMPTS[lang]
    password: str = click.prompt(first, hide_input=True, err=True)
    if password != click.prompt(again, hide_input=True, err=True):
        raise click.ClickException("the two passwords differ; nothing was made")
    return password


def _read_from(file: TextIO) -> str:
    """One line, or the same line twice, as it would be typed."""
    lines = file.read(MOST_READ).splitlines()
    if not lines or not lines[0]:
        raise click.ClickException("standard input holds no password; nothing was made")
    if len(lines) > 2:
        raise click.ClickException("standard input holds more than a password; nothing was made")
    if lines[-1] != lines[0]:
        raise click.ClickException("the two passwords differ; nothing was made")
    return lines[0]


def described(terminal: TerminalSettings, lang: Language = "en") -> Iterator[str]:
    """The lines of `show`. Names are those of the settings, in every language."""
    for name in ("login", "kind", "location", "area", "pin", "language", "sessions", "dialect"):
        yield f"  {name:<24}{getattr(terminal, name)}"
    yield f"  {padded(HEADS[lang][-1], 24)}{_known_by(terminal, lang)}"
    may_ask = terminal_of(terminal).may_ask
    yield f"  {'may_ask':<24}{' '.join(code for code in sorted(SUPPORTED_MESSAGES_ORDER) if may_ask(code))}"
    if may_ask(UNDO_RETURN) and not may_ask("11"):
        yield f"  {'':<24}{said(f'{UNDO_RETURN} (a return that failed)', lang)}"
    yield f"  {'may_take_payment':<24}{'yes' if may_ask(PAYMENT) else 'no'}"
    dialect = terminal.composed_dialect()
    for each in fields(Dialect):
        if each.init:
            value, default = getattr(dialect, each.name), getattr(DEFAULT, each.name)
            yield f"{' ' if value == default else '*'} {each.name:<24}{shown(value) or '-'}"


def _row(terminal: TerminalSettings, lang: Language) -> tuple[str, ...]:
    switches = f"{terminal.dialect} +{len(terminal.switches)}" if terminal.switches else terminal.dialect
    return (terminal.login, terminal.kind, switches, terminal.location or "-", _known_by(terminal, lang))


def _known_by(terminal: TerminalSettings, lang: Language) -> str:
    password, certificate, address = KNOWN_BY[lang]
    known = [password] if terminal.password_hash else []
    known += [f"{certificate} {terminal.certificate}"] if terminal.certificate else []
    known += [f"{address} {each}" for each in terminal.address]
    return ("、" if lang == "zh" else ", ").join(known)


def _settings(config: Path) -> NodeSettings:
    try:
        return load_node_settings(config)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
