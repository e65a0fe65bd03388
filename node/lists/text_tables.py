"""A CSV file as a table: UTF-8 with or without a mark, UTF-16, GB18030; commas, tabs or semicolons.

Promises: a file that is not wholly of one encoding is refused as a whole. A row is one line, always: a stray quote
spoils its own row alone.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from node.lists.damage import cells_of
from node.lists.headings import columns_in, count_of_mandatory
from node.lists.limits import HEADER_ROWS, LINE_CHARACTERS, SHEET_COLUMNS
from node.lists.refusals import CannotRead, Why
from node.lists.remarks import Kind
from node.lists.tables import SheetRow, Table

__all__ = ["csv_table"]

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_DELIMITERS: Final = (",", "\t", ";", "，", "|")
_PIECE_BYTES: Final = 1 << 16
_AS_TEXT: Final = re.compile(r'="([^"=]*)"')
"""How exports write a number that a spreadsheet must not take for a quantity: ="0123"."""


def csv_table(path: Path) -> Table:
    """Errors: CannotRead."""
    encoding = _encoding(path)
    delimiter = _delimiter(path, encoding)
    return Table("", lambda: _rows(path, encoding, delimiter))


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4096)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return _checked(path, encoding)
    if b"\0" in head:
        even, odd = head[::2].count(0), head[1::2].count(0)
        return _checked(path, "utf-16-le" if odd > even else "utf-16-be")
    possible = [each for each in ("utf-8", "gb18030") if _decodes(path, each) is None]
    if not possible:
        raise CannotRead(Why.ENCODING, str(max(_decodes(path, each) or 0 for each in ("utf-8", "gb18030"))))
    # a few short words of one are well-formed in the other; the column names tell
    return next((each for each in possible if _has_header(path, each)), possible[0])


def _checked(path: Path, encoding: str) -> str:
    if line := _decodes(path, encoding):
        raise CannotRead(Why.ENCODING, str(line))
    return encoding


def _decodes(path: Path, encoding: str) -> int | None:
    """None, or the line of the first byte that is not of the encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as file:
        while True:
            piece = file.read(_PIECE_BYTES)
            try:
                line += decoder.decode(piece, final=not piece).count("\n")
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            if not piece:
                return None


def _has_header(path: Path, encoding: str) -> bool:
    return any(_best(path, encoding, each) for each in _DELIMITERS)


def _delimiter(path: Path, encoding: str) -> str:
    """That which makes most columns of the header out of one of the first lines."""
    return max(_DELIMITERS, key=lambda each: _best(path, encoding, each))


def _best(path: Path, encoding: str, delimiter: str) -> int:
    best = seen = 0
    for row in _rows(path, encoding, delimiter):
        if any(cell.strip() for cell in row.cells):
            best = max(best, count_of_mandatory(columns_in(row.cells)))
            seen += 1
        if seen == HEADER_ROWS or row.number > 10 * HEADER_ROWS:
            break
    return best


def _rows(path: Path, encoding: str, delimiter: str) -> Iterator[SheetRow]:
    with path.open(encoding=encoding, newline=None) as file:
        number = 0
        while line := file.readline(LINE_CHARACTERS + 1):
            number += 1
            if len(line) > LINE_CHARACTERS:
                raise CannotRead(Why.LONG_LINE, str(number))
            yield _row(number, line, delimiter)


def _row(number: int, line: str, delimiter: str) -> SheetRow:
    try:
        cells = cells_of(line, delimiter)
    except csv.Error:
        # what can be told apart is shown to the school again
        return SheetRow(number, line.rstrip("\n").split(delimiter)[:SHEET_COLUMNS], broken=Kind.LINE)
    texts = [found[1] if (found := _AS_TEXT.fullmatch(each.strip())) else each for each in cells]
    beyond = any(each.strip() for each in texts[SHEET_COLUMNS:])
    while texts and not texts[-1].strip():
        texts.pop()
    return SheetRow(number, texts[:SHEET_COLUMNS], broken=Kind.BEYOND if beyond else None)
