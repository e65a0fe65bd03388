"""The help of every command, and its usage errors, in the language of the reader.

click writes help in English. For Chinese readers each paragraph is looked up in `chinese_help`, and lines are as wide
as their columns: a Chinese character takes two, and a line may end after any of them.

Promises: what has no Chinese text stays English; whatever is printed fits into the width of the terminal.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from typing import Any, Final

import click

from node.commands.chinese_help import HELP
from node.commands.language import columns, language_in, padded, said

__all__ = ["SpokenError", "formatter_of", "speaking", "wrapped"]

_WIDE: Final = "\u2e80-\u303f\u3041-\uffef"
# one word, or one Chinese character; a mark that ends a clause stays with what is before it, an opening one with what
# follows
_PIECE: Final = re.compile(rf"[（“《]*(?:[^\s{_WIDE}]+|[{_WIDE}])[，。；：！？、）”》…]*|\s+")
_NOT_WRAPPED: Final = "\b"
_TERM_COLUMNS: Final = 30


class ChineseFormatter(click.HelpFormatter):
    """click's pages in Chinese."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        for part in ("[OPTIONS]", "COMMAND [ARGS]..."):
            args = args.replace(part, HELP[part])
        super().write_usage(prog, args, prefix=HELP["Usage: "])

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':{self.current_indent}}{in_chinese(heading)}：\n")

    def write_text(self, text: str) -> None:
        indent = " " * self.current_indent
        paragraphs = [self._paragraph(each) for each in text.split("\n\n")]
        self.write("\n\n".join("\n".join(f"{indent}{line}" for line in lines) for lines in paragraphs) + "\n")

    def _paragraph(self, text: str) -> list[str]:
        lines = text.strip("\n").split("\n")
        if lines[0].strip() == _NOT_WRAPPED:
            return [HELP.get(line, line) for line in lines[1:]]
        return wrapped(in_chinese(text), self.width - self.current_indent)

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = _TERM_COLUMNS, col_spacing: int = 2) -> None:
        rows = list(rows)
        term = min(max(columns(first) for first, _second in rows), col_max) + col_spacing
        indent = " " * self.current_indent
        for first, second in rows:
            lines = wrapped(_described(second), max(self.width - term - self.current_indent, 10))
            if columns(first) > term - col_spacing:
                self.write(f"{indent}{first}\n")
                first = ""  # noqa: PLW2901 - it has a line of its own
            for line in lines or [""]:
                self.write(f"{indent}{padded(first, term)}{line}".rstrip() + "\n")
                first = ""  # noqa: PLW2901 - only before the first line


def formatter_of(context: click.Context) -> click.HelpFormatter:
    """What writes the pages of this context, in the language that was chosen."""
    if language_in(context) == "en":
        return click.HelpFormatter(width=context.terminal_width, max_width=context.max_content_width)
    return ChineseFormatter(width=context.terminal_width, max_width=context.max_content_width)


class SpokenError(click.ClickException):
    """The same error, said in Chinese."""

    def __init__(self, error: click.ClickException) -> None:
        super().__init__(said(error.format_message(), "zh"))
        self.exit_code = error.exit_code  # type: ignore[misc]  # of this error alone
        self._context = error.ctx if isinstance(error, click.UsageError) else None

    def show(self, file: Any = None) -> None:
        """Usage first, if it was used wrongly, as click does it."""
        if self._context is not None:
            hint = said(f"Try '{self._context.command_path} --help' for help.", "zh")
            click.echo(f"{self._context.get_usage()}\n{hint}\n", file=file, err=file is None)
        click.echo(said(f"Error: {self.message}", "zh"), file=file, err=file is None)


def speaking(command: click.Command, context_class: type[click.Context]) -> click.Command:
    """A copy of the command, and of those below it, with Chinese lines in the list of commands. Its pages are written
    by the formatter of `context_class`."""
    twin = copy.copy(command)
    twin.context_class = context_class
    if command.help:
        twin.short_help = in_chinese(command.short_help or command.help.split("\n\n")[0])
    if isinstance(twin, click.Group):
        twin.commands = {name: speaking(each, context_class) for name, each in twin.commands.items()}
    return twin


def in_chinese(text: str) -> str:
    """A paragraph of help; as it is if it has no Chinese."""
    text = " ".join(text.split())
    return HELP.get(text) or said(text, "zh")


def _described(text: str) -> str:
    """The help of an option, and in brackets at its end what click adds."""
    found = re.fullmatch(r"(.*?)(?:(?:^|  )\[([^\[\]]+)\])?", text, re.DOTALL)
    assert found is not None, "everything in it is optional"
    help_, extra = found.groups()
    notes = "" if extra is None else "；".join(map(in_chinese, extra.split("; ")))
    return " ".join(filter(None, [in_chinese(help_), f"[{notes}]" if notes else ""]))


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` columns; only a single word that is longer than a line is longer."""
    lines, line = [], ""
    for piece in _PIECE.findall(text):
        if line and columns(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece if line or not piece.isspace() else ""
    return [*lines, line.rstrip()] if line.strip() else lines
