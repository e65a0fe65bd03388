"""A list read and checked, row by row.

Promises: `ReadList` or `ListRefused`, nothing in between. Rows that were refused are known by their number and their
remarks alone; of a row without consent that is all that is ever kept. Row numbers are those of the sheet. The memory
grows with the rows that are taken, not with the file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

from node.lists.headings import MANDATORY, Places, columns_in, count_of_mandatory
from node.lists.limits import BATCH_ROWS, HEADER_ROWS, PUPILS
from node.lists.opening import tables_in
from node.lists.pupils import Checked, Pupil, check_row, is_example
from node.lists.refusals import CannotRead, ListRefused, Why
from node.lists.remarks import Column, Kind, Remark, column_name
from node.lists.tables import SheetRow, Table

__all__ = ["FoundList", "Known", "ReadList", "find_list", "read_list"]

Known = Callable[[Sequence[str]], Collection[str]]
"""Which of these document keys (`Document.key`) a library knows. Asked in batches."""

_ENOUGH = 2
"""Mandatory columns that make a row the header."""


@dataclass(frozen=True, slots=True)
class FoundList:
    """The sheet with the list. `places` (from 0) of its columns; `first_row` is the first below the header."""

    table: Table = field(repr=False)
    header_row: int
    first_row: int
    places: Mapping[Column, int]
    hidden_lists: tuple[str, ...] = ()
    """Hidden sheets that have a header too. They are not read."""


@dataclass(frozen=True, slots=True)
class ReadList:
    """What a list holds. Of `taken` rows, `doubts` should be looked at, and `known` are in the library already.

    `width` is that of the sheet in columns. Whether a pupil is known is nothing that a school may learn.
    """

    found: FoundList
    taken: tuple[Pupil, ...] = field(repr=False)
    refused: Mapping[int, tuple[Remark, ...]] = field(repr=False)
    doubts: Mapping[int, tuple[Remark, ...]] = field(repr=False)
    known: frozenset[int] = field(repr=False)
    width: int
    examples: tuple[int, ...] = ()

    @property
    def rows(self) -> int:
        """Those that are not empty, without examples."""
        return len(self.taken) + len(self.refused)


def read_list(
    path: Path,
    *,
    today: date,
    known: Known,
    tell: Callable[[int], None],
    sheet: str | None = None,
) -> ReadList | ListRefused:
    """The list in a file. `sheet` names the sheet where several are lists; `tell` hears of rows read, now and then."""
    try:
        found = find_list(path, sheet)
        return _Reading(found, today, known, tell).read()
    except CannotRead as error:
        return error.refused


def find_list(path: Path, sheet: str | None = None) -> FoundList:
    """Errors: CannotRead."""
    tables = tables_in(path)
    if sheet is not None:
        tables = [each for each in tables if each.name == sheet]
        if not tables:
            raise CannotRead(Why.NO_SUCH_SHEET, sheet)
    found = [header for table in tables if (header := _header(table))]
    hidden = tuple(each.table.name for each in found if each.table.hidden)
    shown = [each for each in found if not each.table.hidden]
    if not shown:
        raise CannotRead(Why.HIDDEN_SHEET, "、".join(hidden)) if hidden else CannotRead(Why.NO_HEADER)
    if len(shown) > 1:
        shown = [each for each in shown if any(_pupil_rows(each))] or shown[:1]
    if len(shown) > 1:
        raise CannotRead(Why.SEVERAL_SHEETS, "、".join(f"“{each.table.name}”" for each in shown))
    _refuse_missing(shown[0].columns)
    return _placed(shown[0], hidden)


@dataclass(frozen=True, slots=True)
class _Header:
    table: Table
    row: int
    columns: Places


def _header(table: Table) -> _Header | None:
    """The row that names most of the columns, among the first ones."""
    best: _Header | None = None
    rows = (row for row in table.rows() if any(cell.strip() for cell in row.cells))
    for row in islice(rows, HEADER_ROWS):
        columns = columns_in(row.cells)
        most = count_of_mandatory(best.columns) if best else _ENOUGH - 1
        if count_of_mandatory(columns) > most:
            best = _Header(table, row.number, columns)
    return best


def _refuse_missing(columns: Places) -> None:
    if missing := [each for each in MANDATORY if each not in columns]:
        raise CannotRead(Why.MISSING_COLUMNS, "、".join(column_name(each, "zh") for each in missing))
    if double := [each for each, places in columns.items() if len(places) > 1]:
        raise CannotRead(Why.DOUBLE_COLUMN, column_name(double[0], "zh"))


def _placed(header: _Header, hidden: tuple[str, ...]) -> FoundList:
    # a header may be two rows high, its cells merged
    first = max(header.row, header.table.merged_from.get(header.row, 0)) + 1
    places = {column: places[0] for column, places in header.columns.items()}
    return FoundList(header.table, header.row, first, places, hidden)


def _pupil_rows(header: _Header) -> Iterator[SheetRow]:
    places = [place for each in header.columns.values() for place in each]
    return (row for row in header.table.rows() if row.number > header.row and not row.is_empty(places))


class _Reading:
    """One list on its way through the checks."""

    def __init__(self, found: FoundList, today: date, known: Known, tell: Callable[[int], None]) -> None:
        self._found = found
        self._places = tuple(found.places.values())
        self._today = today
        self._ask = known
        self._tell = tell
        self._taken: list[Pupil] = []
        self._refused: dict[int, tuple[Remark, ...]] = {}
        self._doubts: dict[int, tuple[Remark, ...]] = {}
        self._known: set[int] = set()
        self._examples: list[int] = []
        self._numbers: dict[str, int] = {}
        self._people: dict[tuple[str, str], int] = {}
        self._rows = 0
        self._width = 0

    def read(self) -> ReadList:
        for row in self._found.table.rows():
            self._width = max(self._width, len(row.cells))
            if row.number >= self._found.first_row and not row.is_empty(self._places):
                self._row(row)
        if not self._rows:
            raise CannotRead(Why.NO_PUPILS)
        self._ask_for_known(self._taken[len(self._taken) // BATCH_ROWS * BATCH_ROWS :])
        self._tell(self._rows)
        return ReadList(
            self._found,
            tuple(self._taken),
            self._refused,
            self._doubts,
            frozenset(self._known),
            self._width,
            tuple(self._examples),
        )

    def _row(self, row: SheetRow) -> None:
        values = {column: row.cell(place) for column, place in self._found.places.items()}
        if is_example(values):
            self._examples.append(row.number)
            return
        faults = {column: kind for column, place in self._found.places.items() if (kind := row.fault(place))}
        checked = check_row(row.number, values, faults, self._today)
        # a header says no "yes", so most rows need not be compared with it
        if checked.without_consent and self._is_header_again(row):
            return
        self._rows += 1
        if self._rows > PUPILS:
            raise CannotRead(Why.TOO_MANY_PUPILS)
        if self._rows % BATCH_ROWS == 0:
            self._tell(self._rows)
        if row.broken:
            self._refused[row.number] = (Remark(row.broken),)
            return
        self._conclude(row, checked)

    def _is_header_again(self, row: SheetRow) -> bool:
        """Lists that were printed name their columns on every page. Other columns mean other cells."""
        again = columns_in(row.cells)
        if count_of_mandatory(again) < _ENOUGH:
            return False
        if any(self._found.places.get(column) != places[0] for column, places in again.items()):
            raise CannotRead(Why.SECOND_HEADER, str(row.number))
        return True

    def _conclude(self, row: SheetRow, checked: Checked) -> None:
        pupil = checked.pupil
        if pupil is None:
            self._refused[row.number] = checked.wrong
            return
        first = self._numbers.setdefault(pupil.document.key, pupil.row)
        if first != pupil.row:
            self._refused[row.number] = (Remark(Kind.DUPLICATE, Column.NUMBER, first),)
            return
        same = self._people.setdefault((pupil.name, pupil.phone), pupil.row)
        doubts = [*checked.doubts]
        doubts += [Remark(Kind.SAME_NAME_AND_PHONE, None, same)] if same != pupil.row else []
        doubts += [Remark(Kind.HIDDEN_ROW)] if row.hidden else []
        if doubts:
            self._doubts[row.number] = tuple(doubts)
        self._taken.append(pupil)
        if len(self._taken) % BATCH_ROWS == 0:
            self._ask_for_known(self._taken[-BATCH_ROWS:])

    def _ask_for_known(self, batch: Sequence[Pupil]) -> None:
        if batch:
            known = self._ask([pupil.document.key for pupil in batch])
            self._known.update(pupil.row for pupil in batch if pupil.document.key in known)
