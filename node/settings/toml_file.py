"""Settings files as people see them: a TOML file with line numbers, and errors that name file, line and key.

`tomllib` gives values without places, so `key_lines` reads the text a second time for its keys alone. It expects a
text that `tomllib` has accepted.
"""

from __future__ import annotations

import codecs
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]
"""Where a value stands: ("terminal", 1, "pin") is the key `pin` of the second `[[terminal]]`."""

_PART: Final = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*')"""
_KEY: Final = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_HEADER: Final = re.compile(rf"(\[\[?)[ \t]*({_KEY})[ \t]*\]\]?")
_ASSIGNMENT: Final = re.compile(rf"({_KEY})[ \t]*=")
_PARTS: Final = re.compile(_PART)
# a value is a run of these; the end of a line ends it where no bracket is open
_VALUE: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'"
    r"|#[^\n]*"
    r"""|[\[{]|[\]}]|\n|[^"'#\[\]{}\n]+""",
    re.DOTALL,
)


_TEXTS_AND_COMMENT: Final = re.compile(r""""(?:\\.|[^"\\])*"|'[^']*'|#.*""")
_LOOK_ALIKES: Final = {
    **dict.fromkeys("“”„‟″＂「」『』", '"'),
    **dict.fromkeys("‘’‚‛′＇", "'"),
    **{"＝": "=", "［": "[", "］": "]", "，": ",", "＃": "#", "｛": "{", "｝": "}", "．": "."},
}
"""What editors and input methods write in place of the signs of TOML."""


class SettingsError(Exception):
    """The settings can't be used. The message has one line for each problem: file, line, key, what is wrong and
    what to do. It never holds a secret."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the value at `at`, as a sentence without its place."""

    at: KeyPath
    text: str


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A settings file that is TOML: its values, every list a tuple."""

    path: Path
    values: Mapping[str, object] = field(repr=False)
    lines: Mapping[KeyPath, int] = field(repr=False)

    def line_of(self, at: KeyPath) -> int:
        """The line of a key; of the table around it where the key itself is missing or inside a value."""
        for length in range(len(at), 0, -1):
            if line := self.lines.get(at[:length]):
                return line
        return 1

    def error(self, problems: Iterable[Problem]) -> SettingsError:
        """The error that names every problem, in order of lines."""
        placed = sorted(problems, key=lambda problem: self.line_of(problem.at))
        return SettingsError("\n".join(f"{self.path}:{self.line_of(each.at)}: {_sentence(each)}" for each in placed))


def read_toml(path: Path) -> TomlFile:
    """Read a settings file, with or without a byte order mark. SettingsError if it is missing, unreadable or not TOML,
    or if a value holds a character that nobody can see."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        values = tomllib.loads(text)
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file; check the path") from None
    except PermissionError:
        raise SettingsError(f"{path}: no permission to read it; let the user that runs the node read it") from None
    except OSError as error:
        raise SettingsError(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        if error.object.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise SettingsError(f"{path}:1: written in UTF-16; save the file in UTF-8") from None
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{path}:{line}: not UTF-8; save the file in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(_not_toml(path, text, str(error))) from None
    file = TomlFile(path, {key: _frozen(value) for key, value in values.items()}, key_lines(text))
    if problems := list(_unseen((), file.values)):
        raise file.error(problems)
    return file


def _unseen(at: KeyPath, value: object) -> Iterator[Problem]:
    """Characters in keys and texts that nobody can see: such a name is never the one that it looks like."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from (Problem((*at, key), f"its name holds {_named(sign)}; delete it") for sign in _invisible(key))
            yield from _unseen((*at, key), each)
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            yield from _unseen((*at, number), each)
    elif isinstance(value, str):
        yield from (Problem(at, f"holds {_named(sign)}; delete it") for sign in _invisible(value))


def _invisible(text: str) -> list[str]:
    """The first such character of a text, if there is one: zero-width signs, no-break spaces, direction marks."""
    return [sign for sign in text if unicodedata.category(sign) == "Cf" or sign == "\u00a0"][:1]


def _named(sign: str) -> str:
    return f"the invisible character U+{ord(sign):04X} ({unicodedata.name(sign, 'without a name').lower()})"


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line, from 1, of every key, table and element of an array of tables in a TOML text.

    What stands inside a value (elements of an array, keys of an inline table) is not listed.
    """
    lines: dict[KeyPath, int] = {}
    elements: Counter[KeyPath] = Counter()
    table: KeyPath = ()
    at = _skip(_BLANK, text, 0)
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        if header := _HEADER.match(text, at):
            table = _table(_parts(header[2]), header[1] == "[[", elements)
            _note(lines, table, line)
            at = header.end()
        elif assignment := _ASSIGNMENT.match(text, at):
            _note(lines, (*table, *_parts(assignment[1])), line)
            at = _end_of_value(text, assignment.end())
        else:  # not a text that tomllib accepts
            break
        at = _skip(_BLANK, text, at)
    return lines


def _table(parts: KeyPath, is_element: bool, elements: Counter[KeyPath]) -> KeyPath:
    """The path of a table header: each array of tables on the way stands for its latest element."""
    path: KeyPath = ()
    for depth, part in enumerate(parts, 1):
        path = (*path, part)
        if is_element and depth == len(parts):
            elements[path] += 1
        if path in elements:
            path = (*path, elements[path] - 1)
    return path


def _note(lines: dict[KeyPath, int], path: KeyPath, line: int) -> None:
    for length in range(1, len(path) + 1):
        lines.setdefault(path[:length], line)


def _parts(key: str) -> KeyPath:
    parts = _PARTS.findall(key)
    return tuple(tomllib.loads(f"k = {part}")["k"] if part[0] in "\"'" else part for part in parts)


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _end_of_value(text: str, at: int) -> int:
    depth = 0
    for token in _VALUE.finditer(text, at):
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
        elif token[0] == "\n" and depth == 0:
            return token.end()
    return len(text)


def _frozen(value: object) -> object:
    if isinstance(value, list):
        return tuple(_frozen(each) for each in value)
    if isinstance(value, dict):
        return {key: _frozen(each) for key, each in value.items()}
    return value


def _not_toml(path: Path, text: str, why: str) -> str:
    """tomllib says where in words: "(at line 3, column 5)" or "(at end of document)"."""
    found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", why)
    line = int(found[1]) if found and found[1] else text.rstrip("\n").count("\n") + 1
    sentence = _strange_sign(text.split("\n")[line - 1]) or (why[: found.start()] if found else why)
    return f"{path}:{line}: not TOML: {sentence}"


def _strange_sign(line: str) -> str:
    """What a line that is not TOML holds in place of a sign of TOML, and what to do; "" if nothing of the kind."""
    for sign in _TEXTS_AND_COMMENT.sub("", line):
        if sign in _LOOK_ALIKES:
            name = unicodedata.name(sign).lower()
            return f"{sign} (U+{ord(sign):04X}, {name}) stands where {_LOOK_ALIKES[sign]} belongs; type it anew"
        if _invisible(sign) or (sign.isspace() and sign not in " \t\r"):
            return f"holds {_named(sign)}; delete it"
    return ""


def _sentence(problem: Problem) -> str:
    return f"{_spelt(problem.at)}: {problem.text}" if problem.at else problem.text


def _spelt(path: KeyPath) -> str:
    """The path for people, who count from one: "sip2.listener #1 port"."""
    spelt = ""
    for before, part in zip((None, *path), path, strict=False):
        if isinstance(part, int):
            spelt += f" #{part + 1}"
        else:
            spelt += (" " if isinstance(before, int) else "." if before else "") + part
    return spelt
