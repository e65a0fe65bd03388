"""`tongjie terminals`: the terminals of this library, how each is spoken to, and hashes for their passwords."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click

from node.secrets import hash_secret
from node.settings.library import NodeSettings, SettingsError, TerminalSettings, load_node_settings
from node.settings.model import closest
from node.settings.switches import shown
from sip2 import DEFAULT, Dialect

CONFIG = click.option("--config", required=True, type=click.Path(path_type=Path), help="The library's node.toml.")


@click.group()
def command() -> None:
    """Self-checks, bins, sorters and gates of this library."""


@command.command("list")
@CONFIG
def list_(config: Path) -> None:
    """One line a terminal: login, kind, dialect, place, and how it is known."""
    rows = [("login", "kind", "dialect", "location", "known by"), *map(_row, _settings(config).terminals)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@command.command()
@CONFIG
@click.argument("login")
def show(login: str, config: Path) -> None:
    """The settings of the terminal LOGIN, and every switch of its dialect; a star marks what is not the default."""
    terminals = {each.login: each for each in _settings(config).terminals}
    if login not in terminals:
        raise click.ClickException(f"no terminal {login!r}{closest(login, terminals)}")
    for line in described(terminals[login]):
        click.echo(line)


@command.command("hash")
@click.option("--password", prompt="Password", hide_input=True, confirmation_prompt=True, help="Else it is asked for.")
def hash_(password: str) -> None:
    """Ask for a password and print its argon2 hash, for `password_hash` in node.toml."""
    if re.search("%[0-9A-Fa-f]{2}", password):
        raise click.ClickException("% with two hex digits is read as percent-encoding in a login; choose another one")
    click.echo(hash_secret(password))


def described(terminal: TerminalSettings) -> Iterator[str]:
    """The lines of `show`."""
    for name in ("login", "kind", "location", "area", "pin", "language", "sessions", "dialect"):
        yield f"  {name:<24}{getattr(terminal, name)}"
    yield f"  {'known by':<24}{_known_by(terminal)}"
    dialect = terminal.composed_dialect()
    for each in fields(Dialect):
        if each.init:
            value, default = getattr(dialect, each.name), getattr(DEFAULT, each.name)
            yield f"{' ' if value == default else '*'} {each.name:<24}{shown(value) or '-'}"


def _row(terminal: TerminalSettings) -> tuple[str, ...]:
    switches = f"{terminal.dialect} +{len(terminal.switches)}" if terminal.switches else terminal.dialect
    return (terminal.login, terminal.kind, switches, terminal.location or "-", _known_by(terminal))


def _known_by(terminal: TerminalSettings) -> str:
    known = ["password"] if terminal.password_hash else []
    known += [f"certificate {terminal.certificate}"] if terminal.certificate else []
    return ", ".join([*known, *(f"address {each}" for each in terminal.address)])


def _settings(config: Path) -> NodeSettings:
    try:
        return load_node_settings(config)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
