"""`tongjie exceptions`: what staff must look at in this library, and closing it when that is done (docs/requests.md).

Promises: a row is closed once, by a named person and with a reason, and stays in the database. It may run beside the
node. Nothing about a reader is printed but what the row holds already: no name, no whole card number.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import click

from node.commands.by_staff import (
    LONGEST_BY,
    LONGEST_NOTE,
    asked,
    names_a_reader,
    options,
    settings_of,
    text_of,
    wall_ms,
)
from node.commands.exception_texts import WORDS, Listed, described, headed
from node.commands.staff import acting
from node.domain.staff import StaffKind
from node.domain.staff_sentences import Language
from node.service.office.audit import Audit
from node.service.office.exceptions import close_audited
from node.settings.library import NodeSettings
from node.settings.model import closest
from node.storage.beside import read_beside, write_beside
from node.storage.desk.exceptions import ExceptionRow, find_exception, list_exceptions
from node.storage.store import Tx

__all__ = ["command"]


@click.group()
def command() -> None:
    """What staff must look at in this library: list it, show one, close it."""


@command.command("list")
@options
@click.option("--kind", help="Only of that kind, such as refund_due.")
@click.option("--all", "closed_too", is_flag=True, help="The closed ones as well.")
def list_(*, config: Path, lang: Language, as_json: bool, kind: str | None, closed_too: bool) -> None:
    """The open exceptions, oldest first: what happened, and what to do."""
    settings = settings_of(config)
    rows = asked(read_beside, settings, lambda tx: list_exceptions(tx, closed_too=closed_too))
    if kind is not None:
        _check_kind(kind, rows)
        rows = [row for row in rows if row.kind == kind]
    listed = [_listed(settings, row, lang) for row in rows]
    if as_json:
        _print_json({"library": settings.library, "exceptions": [each.as_json() for each in listed]})
        return
    click.echo(headed(_name(settings, settings.library), listed, WORDS[lang]))
    for each in listed:
        click.echo("\n" + "\n".join(described(each, WORDS[lang])))


@command.command()
@options
@click.argument("number", type=int, metavar="ID")
def show(*, config: Path, lang: Language, as_json: bool, number: int) -> None:
    """All about the exception ID, open or closed."""
    settings = settings_of(config)
    row = asked(read_beside, settings, lambda tx: find_exception(tx, number))
    if row is None:
        raise click.ClickException(WORDS[lang].unknown.format(id=number))
    _print_one(settings, row, lang, as_json)


@command.command()
@options
@click.option("--by", required=True, metavar="NAME", help="Who of the staff closes it: a name or a staff number.")
@click.option("--note", required=True, metavar="TEXT", help="What was done. No reader's name, card or telephone.")
@click.argument("number", type=int, metavar="ID")
def close(*, config: Path, lang: Language, as_json: bool, by: str, note: str, number: int) -> None:
    """Close the exception ID: it has been looked at. The row stays, with who closed it and why.

    Exit status 1 if there is no such exception, or it is closed already.
    """
    words = WORDS[lang]
    by, note = text_of(by, "--by", LONGEST_BY, words), text_of(note, "--note", LONGEST_NOTE, words)
    settings = settings_of(config)
    if names_a_reader(note, settings.city.directory):
        raise click.BadParameter(words.private, param_hint="--note")
    now_ms = wall_ms()

    def work(tx: Tx) -> tuple[bool, ExceptionRow | None]:
        closed = close_audited(tx, Audit(os.urandom), acting(tx, by), number, by=by, note=note, at_ms=now_ms)
        return closed, find_exception(tx, number)

    closed, row = asked(write_beside, settings, work)
    if row is None:
        raise click.ClickException(words.unknown.format(id=number))
    if not closed:
        raise click.ClickException(words.closed_before(_listed(settings, row, lang)))
    if as_json:
        _print_json(_listed(settings, row, lang).as_json())
        return
    click.echo(words.closed_now.format(id=number))


# --- reading ---------------------------------------------------------------------------------------


def _check_kind(kind: str, rows: list[ExceptionRow]) -> None:
    """A kind may be one that only a newer library knows, if it is in the list."""
    kinds = {*StaffKind, *(row.kind for row in rows)}
    if kind not in kinds:
        raise click.BadParameter(f"no kind {kind!r}{closest(kind, sorted(kinds))}", param_hint="--kind")


def _listed(settings: NodeSettings, row: ExceptionRow, lang: Language) -> Listed:
    """With the libraries that its detail names by their codes."""
    directory = settings.city.directory
    words = dict.fromkeys(re.findall(r"[A-Za-z0-9]+", row.detail))
    libraries = tuple((code, _name(settings, code)) for code in words if directory.entry(code) is not None)
    return Listed(row, libraries, wall_ms(), lang)


def _name(settings: NodeSettings, code: str) -> str:
    entry = settings.city.directory.entry(code)
    return code if entry is None else f"{entry.name} {code}"


# --- printing ------------------------------------------------------------------------------------------------


def _print_one(settings: NodeSettings, row: ExceptionRow, lang: Language, as_json: bool) -> None:
    listed = _listed(settings, row, lang)
    if as_json:
        _print_json(listed.as_json())
        return
    click.echo("\n".join(described(listed, WORDS[lang], whole=True)))


def _print_json(body: dict[str, Any]) -> None:
    click.echo(json.dumps(body, ensure_ascii=False, indent=1))
