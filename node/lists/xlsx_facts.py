"""An XLSX looked over before a reader is let at it: its size, its macros, its extent, its formulas and merged cells.

A reader unpacks whole parts and builds a table as large as the last cell says. So every part is unpacked once here,
piece by piece, and counted. What the archive says of its sizes is not believed.

Promises: never more than a piece of a part is in memory. No entity of XML is expanded: a document type is a refusal.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Final
from xml.parsers import expat

from node.lists.limits import (
    MERGED_ROWS,
    PARTS,
    RATIO,
    RATIO_FROM_BYTES,
    SHEET_COLUMNS,
    SHEET_ROWS,
    SHEETS,
    STRINGS_BYTES,
    TAG_BYTES,
    UNPACKED_BYTES,
)
from node.lists.refusals import CannotRead, Why
from node.lists.tables import Facts

__all__ = ["xlsx_facts"]

_PIECE_BYTES: Final = 1 << 16
_CELL: Final = re.compile("([A-Z]{1,3})([0-9]{1,7})")
_ROW: Final = re.compile("[0-9]{1,7}")
_CELLS: Final = re.compile("([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})")
_COMPRESSIONS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Those of workbooks. Others take as much memory as the file says."""
_WORKBOOK: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_OTHERS: Final = {
    "xl/workbook.bin": "二进制工作簿（.xlsb）",
    "word/document.xml": "Word 文档",
    "ppt/presentation.xml": "演示文稿",
    "content.xml": "ODF 文档（.ods）",
    "androidmanifest.xml": "安装包",
}


def xlsx_facts(path: Path) -> dict[str, Facts]:
    """The facts of every sheet, by its name. Errors: CannotRead."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_parts(archive)
            return _facts(_Parts(archive))
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, NotImplementedError, EOFError, KeyError) as error:
        raise CannotRead(Why.DAMAGED) from error
    except RuntimeError as error:  # zipfile's word for a part with a password
        raise CannotRead(Why.ENCRYPTED) from error


def _check_parts(archive: zipfile.ZipFile) -> None:
    names = [info.filename.replace("\\", "/").lower() for info in archive.infolist()]
    if len(names) > PARTS:
        raise CannotRead(Why.ZIP_BOMB)
    if any(info.compress_type not in _COMPRESSIONS for info in archive.infolist()):
        raise CannotRead(Why.DAMAGED)
    if len(set(names)) != len(names):
        raise CannotRead(Why.DAMAGED)  # two parts of one name: readers disagree which one counts
    if any(name.endswith(("vbaproject.bin", "vbadata.xml")) or name.startswith("xl/macrosheets/") for name in names):
        raise CannotRead(Why.MACROS)
    # a reader that fails with the one may try the other, which was not looked over
    other = next((format_ for part, format_ in _OTHERS.items() if part in names), "")
    if other or _WORKBOOK not in names:
        raise CannotRead(Why.OTHER_FORMAT, other or "压缩包")


class _Parts:
    """The parts of an archive, unpacked piece by piece within the limits."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {info.filename.replace("\\", "/").lower(): info for info in archive.infolist()}
        self._unpacked = 0
        self._read: set[str] = set()

    def pieces(self, name: str) -> Iterator[bytes]:
        """Errors: CannotRead; KeyError where there is no such part."""
        info = self._names[name]
        self._read.add(name)
        with self._archive.open(info) as part:
            yield from self._bounded(part, info, STRINGS_BYTES if "sharedstrings" in name else UNPACKED_BYTES)

    def _bounded(self, part: IO[bytes], info: zipfile.ZipInfo, most: int) -> Iterator[bytes]:
        size = 0
        while piece := part.read(_PIECE_BYTES):
            size += len(piece)
            self._unpacked += len(piece)
            ratio = size / max(1, info.compress_size)
            if size > most or self._unpacked > UNPACKED_BYTES or (size > RATIO_FROM_BYTES and ratio > RATIO):
                raise CannotRead(Why.ZIP_BOMB)
            yield piece

    def unpack_the_rest(self) -> None:
        """A reader may open any of them, so all of them are counted."""
        for name in self._names.keys() - self._read:
            for _piece in self.pieces(name):
                pass


def _facts(parts: _Parts) -> dict[str, Facts]:
    sheets: dict[str, str] = {}
    targets: dict[str, str] = {}

    def sheet(name: str, attributes: Mapping[str, str]) -> None:
        if _local(name) == "sheet":
            relations = [value for key, value in attributes.items() if _local(key) == "id"]
            _put(sheets, attributes.get("name", ""), "".join(relations[:1]), unless=len(relations) > 1)

    def relation(name: str, attributes: Mapping[str, str]) -> None:
        if _local(name) == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
            _put(targets, attributes.get("Id", ""), _part_of(attributes.get("Target", "")))

    _parse(parts, _WORKBOOK, sheet)
    _parse(parts, _RELATIONS, relation)
    if len(sheets) > SHEETS:
        raise CannotRead(Why.TOO_MANY_SHEETS)
    facts = {}
    for name, identifier in sheets.items():
        if identifier in targets:  # a chart has no cells
            scan = _Scan(name)
            _parse(parts, targets[identifier], scan.start)
            facts[name] = scan.facts
    parts.unpack_the_rest()
    return facts


def _put(names: dict[str, str], name: str, value: str, *, unless: bool = False) -> None:
    """Two of one name: readers disagree which one counts. Errors: CannotRead."""
    if unless or name in names:
        raise CannotRead(Why.DAMAGED)
    names[name] = value


def _part_of(target: str) -> str:
    """As the reader finds it. What it might find elsewhere is refused. Errors: CannotRead."""
    path = target.replace("\\", "/")
    if path.startswith("xl/") or (path.startswith("/") and not path.startswith("/xl/")):
        raise CannotRead(Why.DAMAGED)
    return (path[1:] if path.startswith("/") else f"xl/{path}").lower()


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _parse(parts: _Parts, name: str, start: Callable[[str, dict[str, str]], None]) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = _no_document_type
    given = 0
    for piece in parts.pieces(name):
        parser.Parse(piece, False)
        given += len(piece)
        # an unfinished tag is kept, and read again from its beginning with every piece
        if given - parser.CurrentByteIndex > TAG_BYTES:
            raise CannotRead(Why.ZIP_BOMB)
    parser.Parse(b"", True)


def _no_document_type(*_declaration: object) -> None:
    raise CannotRead(Why.DAMAGED)


class _Scan:
    """The elements of one sheet.

    Cells and rows without a number follow those before them, as readers take it. A number that contradicts its
    surroundings is a refusal: readers disagree about such a place.
    """

    def __init__(self, sheet: str) -> None:
        self._sheet = sheet
        self.facts = Facts()
        self._row = 0
        self._column = 0
        self._error = self._text = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        kind = name if ":" not in name else _local(name)
        if kind == "c":
            self._cell(attributes)
        elif kind in ("v", "is"):
            self._filled()
        elif kind == "f":
            self._filled()
            self._mark(self.facts.formulas)
            if self._text:
                self._mark(self.facts.blank_formulas)
        elif kind == "row":
            self._begin_row(attributes)
        elif kind == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def _begin_row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r", str(self._row + 1))
        if not _ROW.fullmatch(number) or int(number) <= self._row:
            raise CannotRead(Why.DAMAGED)
        self._row, self._column = int(number), 0
        if attributes.get("hidden") in ("1", "true") and self._row <= SHEET_ROWS:
            self.facts.hidden.add(self._row)

    def _cell(self, attributes: dict[str, str]) -> None:
        self._column = self._column_of(attributes["r"]) if "r" in attributes else self._column + 1
        self._error, self._text = attributes.get("t") == "e", attributes.get("t") == "str"

    def _column_of(self, place: str) -> int:
        """Of a cell where it must stand: in its row, to the right of the one before. Errors: CannotRead."""
        found = _CELL.fullmatch(place)
        if found is None or int(found[2]) != self._row or (column := _number_of(found[1])) <= self._column:
            raise CannotRead(Why.DAMAGED)
        return column

    def _filled(self) -> None:
        facts = self.facts
        if self._row > SHEET_ROWS:
            raise CannotRead(Why.TOO_MANY_ROWS, self._sheet)
        if self._column > SHEET_COLUMNS:
            raise CannotRead(Why.TOO_MANY_COLUMNS, self._sheet)
        facts.rows = max(facts.rows, self._row)
        facts.columns = max(facts.columns, self._column)
        if self._error:
            self._mark(facts.errors)

    def _mark(self, marks: dict[int, int]) -> None:
        marks[self._row] = marks.get(self._row, 0) | 1 << (self._column - 1)

    def _merge(self, reference: str) -> None:
        if found := _CELLS.fullmatch(reference):
            top, bottom = int(found[2]), int(found[4])
            merge(self.facts, self._sheet, (top, bottom), (_number_of(found[1]), _number_of(found[3])))


def merge(facts: Facts, sheet: str, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    """A merged range becomes marks of its rows, but for the first cell of a range of one row: that holds its own
    value. Errors: CannotRead."""
    top, bottom = rows[0], min(rows[1], SHEET_ROWS)
    left, right = columns[0], min(columns[1], SHEET_COLUMNS)
    if bottom < top or right < left:
        return
    facts.merged_rows += bottom - top + 1
    if facts.merged_rows > MERGED_ROWS:
        raise CannotRead(Why.TOO_MANY_MERGED, sheet)
    first = left if bottom > top else left + 1
    mask = (1 << right) - (1 << (first - 1))
    facts.merged_from[top] = max(bottom, facts.merged_from.get(top, 0))
    for row in range(top, bottom + 1):
        facts.merged[row] = facts.merged.get(row, 0) | mask


def _number_of(letters: str) -> int:
    """A is 1."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
