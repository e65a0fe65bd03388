"""An XLS (the format of Excel 97 to 2003) looked over before a reader is let at it, as `xlsx_facts` does with an XLSX.

Only the records are walked that tell of macros, passwords, extent, formulas and merged cells ([MS-XLS] 2.4).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import olefile

from node.lists.limits import FILE_BYTES, SHEET_COLUMNS, SHEET_ROWS, SHEETS
from node.lists.refusals import CannotRead, Why
from node.lists.tables import Facts
from node.lists.xlsx_facts import merge

__all__ = ["xls_facts"]

_BOF, _EOF, _FILE_PASS, _BOUND_SHEET = 0x0809, 0x000A, 0x002F, 0x0085
_FORMULA, _BOOLERR, _ROW, _MERGED = 0x0006, 0x0205, 0x0208, 0x00E5
_CELLS: Final = frozenset((0x0006, 0x0203, 0x00FD, 0x0204, 0x027E, 0x0205, 0x00D6))
"""Formula, number, shared string, label, RK, boolean or error, rich string: row and column stand first."""
_MULRK: Final = 0x00BD
_RESULT_IS_ERROR, _RESULT_IS_BLANK = 2, 3
_HIDDEN: Final = 0x20
_MACRO_SHEETS: Final = (1, 6)
_BIFF8: Final = 0x0600


def xls_facts(path: Path) -> list[Facts]:
    """The facts of every sheet, in the order of the workbook. Errors: CannotRead."""
    try:
        with olefile.OleFileIO(str(path)) as file:
            return _facts(_workbook(file))
    except (OSError, struct.error, IndexError, ValueError, TypeError, AttributeError) as error:
        raise CannotRead(Why.DAMAGED) from error


def _workbook(file: olefile.OleFileIO) -> bytes:
    names = {"/".join(each).lower() for each in file.listdir(streams=True, storages=True)}
    if any(name == "encryptedpackage" for name in names):
        raise CannotRead(Why.ENCRYPTED)
    if any(name.split("/")[0] in ("_vba_project_cur", "macros") for name in names):
        raise CannotRead(Why.MACROS)
    if "worddocument" in names:
        raise CannotRead(Why.OTHER_FORMAT, "Word 文档")
    if "powerpoint document" in names:
        raise CannotRead(Why.OTHER_FORMAT, "演示文稿")
    if "workbook" not in names:
        if "book" in names:
            raise CannotRead(Why.OTHER_FORMAT, "Excel 95 或更早的工作簿")
        raise CannotRead(Why.UNKNOWN_FORMAT)
    data: bytes = file.openstream("Workbook").read(FILE_BYTES + 1)
    if len(data) > FILE_BYTES:
        raise CannotRead(Why.TOO_LARGE)
    return data


def _records(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, place and content of every record."""
    place, header = 0, struct.Struct("<HH")
    while place + 4 <= len(data):
        kind, length = header.unpack_from(data, place)
        yield kind, place, data[place + 4 : place + 4 + length]
        place += 4 + length


def _facts(data: bytes) -> list[Facts]:
    beginnings: list[int] = []
    found: dict[int, _Scan] = {}
    scan: _Scan | None = None
    depth = 0
    for kind, place, content in _records(data):
        if kind == _BOF:
            _check_version(content)
            depth += 1
            if place in beginnings:
                depth = 1
                scan = found[place] = _Scan(str(beginnings.index(place) + 1))
        elif kind == _EOF:
            depth -= 1
            scan = scan if depth > 0 else None
        elif kind == _FILE_PASS:
            raise CannotRead(Why.ENCRYPTED)
        elif kind == _BOUND_SHEET:
            if content[5] & 0x0F in _MACRO_SHEETS:
                raise CannotRead(Why.MACROS)
            beginnings.append(struct.unpack_from("<I", content)[0])
        elif scan is not None and depth == 1:
            scan.record(kind, content)
    if len(beginnings) > SHEETS:
        raise CannotRead(Why.TOO_MANY_SHEETS)
    if any(place not in found for place in beginnings):
        raise CannotRead(Why.DAMAGED)  # a sheet that is not where the workbook says
    return [found[place].facts for place in beginnings]


def _check_version(content: bytes) -> None:
    if struct.unpack_from("<H", content)[0] != _BIFF8:
        raise CannotRead(Why.OTHER_FORMAT, "Excel 95 或更早的工作簿")


class _Scan:
    """The records of one sheet."""

    def __init__(self, sheet: str) -> None:
        self._sheet = sheet
        self.facts = Facts()

    def record(self, kind: int, content: bytes) -> None:
        if kind in _CELLS:
            row, column = struct.unpack_from("<HH", content)
            self._filled(row + 1, column + 1)
            if kind == _FORMULA:
                self._formula(row + 1, column, content)
            elif kind == _BOOLERR and content[7] == 1:
                _mark(self.facts.errors, row + 1, column)
        elif kind == _MULRK:
            row = struct.unpack_from("<H", content)[0]
            self._filled(row + 1, struct.unpack_from("<H", content, len(content) - 2)[0] + 1)
        elif kind == _ROW and content[12] & _HIDDEN:
            self.facts.hidden.add(struct.unpack_from("<H", content)[0] + 1)
        elif kind == _MERGED:
            for top, bottom, left, right in struct.iter_unpack(
                "<HHHH", content[2 : len(content) - (len(content) - 2) % 8]
            ):
                merge(self.facts, self._sheet, (top + 1, bottom + 1), (left + 1, right + 1))

    def _formula(self, row: int, column: int, content: bytes) -> None:
        _mark(self.facts.formulas, row, column)
        if content[12:14] == b"\xff\xff" and content[6] == _RESULT_IS_BLANK:
            _mark(self.facts.blank_formulas, row, column)
        elif content[12:14] == b"\xff\xff" and content[6] == _RESULT_IS_ERROR:
            _mark(self.facts.errors, row, column)

    def _filled(self, row: int, column: int) -> None:
        if row > SHEET_ROWS:
            raise CannotRead(Why.TOO_MANY_ROWS, self._sheet)
        if column > SHEET_COLUMNS:
            raise CannotRead(Why.TOO_MANY_COLUMNS, self._sheet)
        self.facts.rows = max(self.facts.rows, row)
        self.facts.columns = max(self.facts.columns, column)


def _mark(marks: dict[int, int], row: int, place: int) -> None:
    marks[row] = marks.get(row, 0) | 1 << place
