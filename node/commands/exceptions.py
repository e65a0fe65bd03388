"""`tongjie exceptions`: what staff must look at in this library, and closing it when that is done (docs/requests.md).

Promises: a row is closed once, by a named person and with a reason, and stays in the database. It may run beside the
node. Nothing about a reader is printed but what the row holds already: no name, no whole card number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from federation.directory import Directory
from node.commands.exception_texts import WORDS, Listed, Words, described, headed
from node.commands.language import lang_option
from node.domain.staff import StaffKind
from node.domain.staff_sentences import Language
from node.settings.library import NodeSettings, SettingsError, load_node_settings
from node.settings.model import closest
from node.storage.beside import read_beside, write_beside
from node.storage.desk.exceptions import ExceptionRow, close_exception, find_exception, list_exceptions
from node.storage.opening import DatabaseError, database_path
from node.storage.store import Tx

__all__ = ["command"]

T = TypeVar("T")

LONGEST_BY: Final = 60
LONGEST_NOTE: Final = 300
SHORTEST_CARD: Final = 9
"""What is shorter is a date or a number of a receipt, whatever prefixes the cards of the libraries have."""
_PHONE_OR_ID: Final = re.compile(r"1[3-9][0-9]{9}|[0-9]{17}[0-9Xx]")


def _options(function: Callable[..., None]) -> Callable[..., None]:
    """The options that all of these commands take."""
    path = click.Path(dir_okay=False, path_type=Path)
    for option in (
        click.option("--json", "as_json", is_flag=True, help="For programs."),
        lang_option("zh"),
        click.option("--config", required=True, type=path, help="The library's node.toml."),
    ):
        function = option(function)
    return function


@click.group()
def command() -> None:
    """What staff must look at in this library: list it, show one, close it."""


@command.command("list")
@_options
@click.option("--kind", help="Only of that kind, such as refund_due.")
@click.option("--all", "closed_too", is_flag=True, help="The closed ones as well.")
def list_(*, config: Path, lang: Language, as_json: bool, kind: str | None, closed_too: bool) -> None:
    """The open exceptions, oldest first: what happened, and what to do."""
    settings = _settings(config)
    rows = _asked(read_beside, settings, lambda tx: list_exceptions(tx, closed_too=closed_too))
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
@_options
@click.argument("number", type=int, metavar="ID")
def show(*, config: Path, lang: Language, as_json: bool, number: int) -> None:
    """All about the exception ID, open or closed."""
    settings = _settings(config)
    row = _asked(read_beside, settings, lambda tx: find_exception(tx, number))
    if row is None:
        raise click.ClickException(WORDS[lang].unknown.format(id=number))
    _print_one(settings, row, lang, as_json)


@command.command()
@_options
@click.option("--by", required=True, metavar="NAME", help="Who of the staff closes it: a name or a staff number.")
@click.option("--note", required=True, metavar="TEXT", help="What was done. No reader's name, card or telephone.")
@click.argument("number", type=int, metavar="ID")
def close(*, config: Path, lang: Language, as_json: bool, by: str, note: str, number: int) -> None:
    """Close the exception ID: it has been looked at. The row stays, with who closed it and why.

    Exit status 1 if there is no such exception, or it is closed already.
    """
    words = WORDS[lang]
    by, note = _text(by, "--by", LONGEST_BY, words), _text(note, "--note", LONGEST_NOTE, words)
    settings = _settings(config)
    if any(_is_private(word, settings.city.directory) for word in re.findall("[0-9A-Za-z]+", note)):
        raise click.BadParameter(words.private, param_hint="--note")
    now_ms = _wall_ms()

    def work(tx: Tx) -> tuple[bool, ExceptionRow | None]:
        closed = close_exception(tx, number, at_ms=now_ms, by=by, note=note)
        return closed, find_exception(tx, number)

    closed, row = _asked(write_beside, settings, work)
    if row is None:
        raise click.ClickException(words.unknown.format(id=number))
    if not closed:
        raise click.ClickException(words.closed_before(_listed(settings, row, lang)))
    if as_json:
        _print_json(_listed(settings, row, lang).as_json())
        return
    click.echo(words.closed_now.format(id=number))


# --- reading, checking ---------------------------------------------------------------------------------------


def _settings(config: Path) -> NodeSettings:
    try:
        return load_node_settings(config)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def _asked(beside: Callable[[Path, str, Callable[[Tx], T]], T], settings: NodeSettings, work: Callable[[Tx], T]) -> T:
    try:
        return beside(database_path(settings.database), settings.library, work)
    except DatabaseError as error:
        raise click.ClickException(str(error)) from None


def _check_kind(kind: str, rows: list[ExceptionRow]) -> None:
    """A kind may be one that only a newer library knows, if it is in the list."""
    kinds = {*StaffKind, *(row.kind for row in rows)}
    if kind not in kinds:
        raise click.BadParameter(f"no kind {kind!r}{closest(kind, sorted(kinds))}", param_hint="--kind")


def _text(value: str, option: str, longest: int, words: Words) -> str:
    text = value.strip()
    if not 0 < len(text) <= longest or not text.isprintable():
        raise click.BadParameter(words.bad_text.format(longest=longest), param_hint=option)
    return text


def _is_private(word: str, directory: Directory) -> bool:
    """Whether it looks like a reader's telephone, ID number or card."""
    if _PHONE_OR_ID.fullmatch(word):
        return True
    return len(word) >= SHORTEST_CARD and directory.home_of(word) is not None


def _listed(settings: NodeSettings, row: ExceptionRow, lang: Language) -> Listed:
    """With the libraries that its detail names by their codes."""
    directory = settings.city.directory
    words = dict.fromkeys(re.findall(r"[A-Za-z0-9]+", row.detail))
    libraries = tuple((code, _name(settings, code)) for code in words if directory.entry(code) is not None)
    return Listed(row, libraries, _wall_ms(), lang)


def _name(settings: NodeSettings, code: str) -> str:
    entry = settings.city.directory.entry(code)
    return code if entry is None else f"{entry.name} {code}"


def _wall_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)  # noqa: TID251 - a command line is where the clock enters


# --- printing ------------------------------------------------------------------------------------------------


def _print_one(settings: NodeSettings, row: ExceptionRow, lang: Language, as_json: bool) -> None:
    listed = _listed(settings, row, lang)
    if as_json:
        _print_json(listed.as_json())
        return
    click.echo("\n".join(described(listed, WORDS[lang], whole=True)))


def _print_json(body: dict[str, Any]) -> None:
    click.echo(json.dumps(body, ensure_ascii=False, indent=1))
