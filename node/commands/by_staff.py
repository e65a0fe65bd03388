"""What commands for staff share: the settings, work in the database beside the node, who did something and why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

import click

from node.commands.exception_texts import Words
from node.commands.language import lang_option
from node.service.office.notes import LONGEST_NOTE, names_a_reader
from node.settings.library import NodeSettings, SettingsError, load_node_settings
from node.storage.opening import DatabaseError, database_path
from node.storage.store import Tx

__all__ = ["LONGEST_BY", "LONGEST_NOTE", "asked", "names_a_reader", "options", "settings_of", "text_of", "wall_ms"]

T = TypeVar("T")

LONGEST_BY: Final = 60


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
