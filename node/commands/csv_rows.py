"""Rows of a CSV file as people make them, each checked cell by cell.

Promises: a file that can't be read is a `CsvError`, a row that can't be taken is a value with every fault in it; no
row is passed over in silence. Nothing here knows what the rows are about.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import Final, Literal, TextIO, TypeAlias

from node.lists.damage import FORMULA_FAILED, NO_NUMBERS, NO_VALUES, SHORTENED, cells_of
from node.settings.model import closest

__all__ = ["REPORT_COLUMNS", "Cells", "CsvError", "CsvFile", "CsvRow", "Encoding", "Fault", "open_csv"]

Encoding: TypeAlias = Literal["utf-8", "gb18030"]

REPORT_COLUMNS: Final = ("line", "reason")
"""Columns of a report of refused rows; they are passed over, so that a corrected report can be imported."""

_YES: Final = frozenset(("1", "true", "yes", "y", "是"))
_NO: Final = frozenset(("", "0", "false", "no", "n", "否"))
_NUMBER: Final = re.compile(r"[0-9]{1,12}")
_NUMBERED: Final = re.compile(r"[0-9A-Za-z$%*+./_-]+")
_DAY: Final = re.compile(
    r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2|年([0-9]{1,2})月|([0-9]{2}))([0-9]{1,2})日?(?: 0{1,2}:00(?::00)?)?"
)
_NOT_DECODED: Final = re.compile("[\udc80-\udcff]")
# control characters, line and paragraph separators, halves of a character
_UNPRINTABLE: Final = frozenset(("Cc", "Zl", "Zp", "Cs"))


class CsvError(Exception):
    """The file as a whole can't be read; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row is refused, and what to do; `column` is "" for the row as a whole."""

    column: str
    reason: str

    def __str__(self) -> str:
        return f"{self.column}: {self.reason}" if self.column else self.reason


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row, and its line in the file. With a fault, `values` may be incomplete."""

    line: int
    values: Mapping[str, str] = field(repr=False)
    fault: Fault | None = None


class Cells:
    """The cells of one row, read one by one.

    What is wrong gathers in `faults`: such a row is refused. What is left out of a row that is taken all the same
    gathers in `remarks`. `private`: neither repeats what stands in a cell, which may be a name in the wrong column.
    """

    def __init__(self, values: Mapping[str, str], *, private: bool) -> None:
        self._values = values
        self._private = private
        self.faults: list[Fault] = []
        self.remarks: list[Fault] = []

    def _value(self, column: str) -> str:
        """What stands there without the space around it; "" where nothing does, however that is written."""
        value = self._values.get(column, "").strip()
        return "" if value in NO_VALUES else value

    def remark(self, column: str, reason: str) -> None:
        self.remarks.append(Fault(column, reason))

    def refuse(self, column: str, reason: str) -> None:
        self.faults.append(Fault(column, reason))

    def text(self, column: str, longest: int, *, required: bool = False) -> str:
        """Printable text of at most `longest` characters, without the space around it."""
        value = self._value(column)
        if required and not value:
            self.refuse(column, "is empty; fill it in")
        if len(value) > longest:
            self.refuse(column, f"has {len(value)} characters; shorten it to {longest}")
        if not value.isprintable() and any(unicodedata.category(each) in _UNPRINTABLE for each in value):
            self.refuse(column, "holds a control character or a line break; remove it")
        return value

    def number_text(self, column: str, longest: int) -> str:
        """A barcode or a card number: letters, digits and what else bar codes print, never empty."""
        value = self.text(column, longest, required=True)
        if value.lower() in NO_NUMBERS:
            self.refuse(column, "is empty; fill it in")
        if self._shortened(column, value):
            return value
        if value and not _NUMBERED.fullmatch(value):
            self.refuse(column, "must be of letters A-Z, digits and $ % * + . / _ - alone")
        return value

    def _shortened(self, column: str, value: str) -> bool:
        found = SHORTENED.fullmatch(unicodedata.normalize("NFKC", value)) is not None
        if found:
            self.refuse(column, "a spreadsheet has shortened this number; format the column as text and type it again")
        return found

    def choice(self, column: str, choices: Collection[str]) -> str:
        value = self._value(column)
        if value not in choices:
            self.refuse(column, f"{self._shown(value)} is not possible{closest(value, choices)}")
        return value

    def flag(self, column: str) -> bool:
        value = self._value(column).lower()
        if value not in _YES and value not in _NO:
            self.refuse(column, f"{self._shown(value)} is neither yes nor no; write 1 or 0")
        return value in _YES

    def whole_number(self, column: str, largest: int, unit: str) -> int:
        """A whole number from 0 to `largest`; an empty cell is 0."""
        value = self._value(column) or "0"
        if not _NUMBER.fullmatch(value) or int(value) > largest:
            self.refuse(column, f"{self._shown(value)} is not possible; write a whole number of {unit}, 0 to {largest}")
            return 0
        return int(value)

    def day(self, column: str) -> date | None:
        """A date, in the ways that spreadsheets write one (year first); an empty cell is None."""
        value = self._value(column)
        if not value:
            return None
        try:
            return _day(value)
        except ValueError:
            self.refuse(column, f"{self._shown(value)} is no date; write it as 2027-08-31, or leave it empty")
            return None

    def secret(self, column: str) -> str:
        """As it stands, if anything does: a PIN may begin with a space, by mistake."""
        value = self._value(column)
        if not value or value.lower() in NO_NUMBERS or self._shortened(column, value):
            return ""
        return self._values.get(column, "")

    def _shown(self, value: str) -> str:
        return "what stands here" if self._private else repr(value[:40])


class CsvFile:
    """A CSV file whose header has been read. `columns` are those of the header, in its order; "" has no name.

    Cells that are missing at the end of a row are empty. Columns without a name, and cells beyond the last column, are
    nothing as long as they are empty.

    A row is one line, always: no cell may hold a line break, and so a stray quote spoils its own line, not all that
    come after it.
    """

    def __init__(self, file: TextIO, path: Path, encoding: Encoding, wanted: Sequence[str]) -> None:
        self._lines = enumerate(file, start=1)
        self._encoding = encoding
        try:
            self.columns: Final = _header(cells_of(next(self._lines, (1, ""))[1]), wanted)
        except (csv.Error, ValueError) as error:
            raise CsvError(f"{path}: the first line must name the columns {','.join(wanted)}; {error}") from None

    def rows(self) -> Iterator[CsvRow]:
        """Every row that is not blank, good or not."""
        for line, text in self._lines:
            try:
                cells = cells_of(text)
            except csv.Error as error:
                yield CsvRow(line, {}, Fault("", _quoting(error)))
                continue
            if any(each.strip() for each in cells):
                yield self._row(line, cells)

    def _row(self, line: int, cells: list[str]) -> CsvRow:
        placed = list(zip_longest(self.columns, cells, fillvalue=""))
        values = {column: value for column, value in placed if column}
        return CsvRow(line, values, next(self._faults(placed), None))

    def _faults(self, placed: Sequence[tuple[str, str]]) -> Iterator[Fault]:
        for place, (column, value) in enumerate(placed, 1):
            if not column and value.strip():
                yield Fault("", f"cell {place} stands under no column; text with a comma needs quotes")
            elif _NOT_DECODED.search(value):
                yield Fault(column, _wrong_encoding(self._encoding))
            elif failed := FORMULA_FAILED.fullmatch(value.strip()):
                yield Fault(column, f"a formula of the spreadsheet failed here ({failed[0]}); write the value itself")


@contextmanager
def open_csv(path: Path, encoding: Encoding, wanted: Sequence[str]) -> Iterator[CsvFile]:
    """A CSV file with exactly the `wanted` columns in any order. Errors: CsvError.

    What is not of the encoding becomes a fault of its row.
    """
    # a mark at the beginning, as spreadsheets write it, is no part of the first column
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    try:
        file = path.open(encoding=name, errors="surrogateescape", newline="")
    except FileNotFoundError:
        raise CsvError(f"{path}: no such file; check the path") from None
    except PermissionError:
        raise CsvError(f"{path}: no permission to read it; let this user read it") from None
    except OSError as error:
        raise CsvError(f"{path}: can't be read ({error.strerror}); name a file") from None
    with file:
        yield CsvFile(file, path, encoding, wanted)


def _day(value: str) -> date:
    """Errors: ValueError."""
    found = _DAY.fullmatch(value)
    if found is None:
        raise ValueError(value)
    year, _sign, *months, day = found.groups()
    return date(int(year), int(next(month for month in months if month)), int(day))


def _header(cells: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """The columns that the first line names. ValueError for other ones; it does not repeat them: a file without
    such a line begins with a row, which may be private."""
    found = tuple(each.strip().lstrip("\ufeff").lower() for each in cells)
    if missing := [each for each in wanted if each not in found]:
        raise ValueError(f"missing: {', '.join(missing)}")
    places = [str(n) for n, each in enumerate(found, 1) if each and each not in wanted and each not in REPORT_COLUMNS]
    if places:
        raise ValueError(f"column {', '.join(places)} is none of these; remove it")
    named = [each for each in found if each]
    if len(set(named)) != len(named):
        raise ValueError("one of them stands there twice")
    return found


def _quoting(error: csv.Error) -> str:
    if "unexpected end of data" in str(error):
        return "a quote is opened and not closed on this line; close it, and keep line breaks out of cells"
    return f"can't be read ({error}); check the quotes of this line"


def _wrong_encoding(encoding: Encoding) -> str:
    other = "gb18030" if encoding == "utf-8" else "utf-8"
    return f"is not written in {encoding}; save the file as UTF-8, or try --encoding {other}"
