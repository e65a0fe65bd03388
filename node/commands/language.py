"""The language of the commands: `--lang`, else that of the environment (`LC_ALL`, `LC_MESSAGES`, `LANG`).

The program composes its sentences in English. For Chinese readers a command looks the finished sentence up in a
catalogue, as gettext does, but with what was filled in still in it: `{}` in the catalogue stands for that. So the rooms
below, which find what is wrong, know of no language.

Promises: a sentence that the catalogue does not have is printed in English; nothing is added to it or left out.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final, TypeVar

import click

from node.domain.staff_sentences import Language

__all__ = ["Language", "lang_option", "language_in", "language_of", "look_for_language", "padded", "said"]

Command = TypeVar("Command", bound=Callable[..., None])

_META: Final = "tongjie.language"
_GENERIC: Final = frozenset(("{}: {}", "{}, not {}"))
"""Sentences made of two others: they are taken apart only if one of the two is known."""


def language_of(environment: Mapping[str, str], otherwise: Language) -> Language:
    """The language that the environment names, of the two; `otherwise` if it names none (C, POSIX)."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            language = re.split("[_.@-]", value)[0]
            break
    else:
        return otherwise
    if language in ("C", "POSIX"):
        return otherwise
    return "zh" if language == "zh" else "en"


def lang_option(otherwise: Language) -> Callable[[Command], Command]:
    """The option `--lang` of a command, its argument `lang`."""

    def chosen(context: click.Context, _parameter: click.Parameter, value: Language | None) -> Language:
        language = value or language_of(os.environ, otherwise)
        context.meta[_META] = language
        return language

    choices = click.Choice(["zh", "en"])
    return click.option("--lang", type=choices, callback=chosen, is_eager=True, help="中文 or English [as LANG].")


def language_in(context: click.Context) -> Language:
    """What `--lang` says; else the environment, else English."""
    chosen: Language | None = context.meta.get(_META)
    return chosen or language_of(os.environ, "en")


def look_for_language(context: click.Context, arguments: list[str]) -> None:
    """Help and usage errors may come before `--lang` is read: it holds for them, wherever it stands."""
    for before, value in pairwise(["", *arguments]):
        found = re.fullmatch(r"--lang(?:=| )(zh|en)", f"{before} {value}" if before == "--lang" else value)
        if found is not None:
            context.meta[_META] = found[1]


def said(text: str, language: Language) -> str:
    """The text, of whole lines, in that language."""
    if language == "en":
        return text
    return "\n".join(map(_in_chinese, text.split("\n")))


@lru_cache(maxsize=4096)
def _in_chinese(text: str) -> str:
    for english, pattern, chinese in _sentences():
        if found := pattern.fullmatch(text):
            parts = [_in_chinese(part) if part != text else part for part in found.groups()]
            if english not in _GENERIC or parts != list(found.groups()):
                return chinese.format(*parts)
    return text


@cache
def _sentences() -> tuple[tuple[str, re.Pattern[str], str], ...]:
    """English with its pattern, and Chinese; the sentence with the most words of its own first."""
    from node.commands.chinese import CHINESE  # noqa: PLC0415 - not read where English is spoken
    from node.commands.chinese_help import OF_CLICK  # noqa: PLC0415
    from node.commands.chinese_settings import OF_SETTINGS  # noqa: PLC0415

    every = {**CHINESE, **OF_SETTINGS, **OF_CLICK}
    ordered = sorted(every, key=lambda english: len(english.replace("{}", "")), reverse=True)
    return tuple((english, _pattern(english), every[english]) for english in ordered)


def _pattern(english: str) -> re.Pattern[str]:
    pattern = "(.+?)".join(map(re.escape, english.split("{}")))
    # what follows another with nothing in between is a hint: "; did you mean ...?"
    return re.compile(pattern.replace("(.+?)(.+?)", "(.+?)(; .+)"), re.DOTALL)


def padded(text: str, width: int) -> str:
    """The text and spaces up to `width` columns; a Chinese character takes two."""
    return text + " " * (width - columns(text))


def columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
