"""What commands for staff share: the settings, work in the database beside the node, who did something and why."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

import click

from federation.directory import Directory
from node.commands.exception_texts import Words
from node.commands.language import lang_option
from node.settings.library import NodeSettings, SettingsError, load_node_settings
from node.storage.opening import DatabaseError, database_path
from node.storage.store import Tx

__all__ = ["LONGEST_BY", "LONGEST_NOTE", "asked", "names_a_reader", "options", "settings_of", "text_of", "wall_ms"]

T = TypeVar("T")

LONGEST_BY: Final = 60
LONGEST_NOTE: Final = 300
SHORTEST_CARD: Final = 9
"""What is shorter is a date or a number of a receipt, whatever prefixes the cards of the libraries have."""
_PHONE_OR_ID: Final = re.compile(r"1[3-9][0-9]{9}|[0-9]{17}[0-9Xx]")


def options(function: Callable[..., None]) -> Callable[..., None]:
    """The options that all of these commands take."""
    path = click.Path(dir_okay=False, path_type=Path)
    for option in (
        click.option("--json", "as_json", is_flag=True, help="For programs."),
        lang_option("zh"),
        click.option("--config", required=True, type=path, help="The library's node.toml."),
    ):
        function = option(function)
    return function


def wall_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)  # noqa: TID251 - a command line is where the clock enters


def settings_of(config: Path) -> NodeSettings:
    """Errors: a sentence for the command line."""
    try:
        return load_node_settings(config)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def asked(beside: Callable[[Path, str, Callable[[Tx], T]], T], settings: NodeSettings, work: Callable[[Tx], T]) -> T:
    """What the work finds or does in the database of that library. Errors: a sentence for the command line."""
    try:
        return beside(database_path(settings.database), settings.library, work)
    except DatabaseError as error:
        raise click.ClickException(str(error)) from None


def text_of(value: str, option: str, longest: int, words: Words) -> str:
    text = value.strip()
    if not 0 < len(text) <= longest or not text.isprintable():
        raise click.BadParameter(words.bad_text.format(longest=longest), param_hint=option)
    return text


def names_a_reader(note: str, directory: Directory) -> bool:
    """Whether a word of it looks like a telephone, ID number or card."""
    return any(_is_private(word, directory) for word in re.findall("[0-9A-Za-z]+", note))


def _is_private(word: str, directory: Directory) -> bool:
    """Whether it looks like a reader's telephone, ID number or card."""
    if _PHONE_OR_ID.fullmatch(word):
        return True
    return len(word) >= SHORTEST_CARD and directory.home_of(word) is not None
