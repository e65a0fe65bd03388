"""Workbooks read in a process of its own: `python -m node.lists.apart FILE [SHEET]`.

The reader is native code. A file can make it ask for more memory than there is, and then it ends the whole process,
not the call. So it never runs in the process that lends books: the child has limits on memory and time, and its end is
a refusal of that one file. Rows come through a pipe, one JSON line each. Nothing touches the disk.

Promises: a list of rows is whole, or `CannotRead`. What a spreadsheet keeps as a quantity with more than 15 digits
comes out as a shortened number, because the rest of it is lost.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from node.lists.limits import CELL_CHARACTERS, READER_BYTES, READER_S
from node.lists.refusals import CannotRead, Why

__all__ = ["rows_of", "sheets_of"]

Value: TypeAlias = str | float | int | bool | date | datetime | time | timedelta

_EXACT: Final = 10**15
"""Spreadsheets keep 15 digits of a quantity."""
_END: Final = None
"""The last line, so that a child that died is not taken for a short list."""


def sheets_of(path: Path) -> list[tuple[str, bool]]:
    """The sheets of a workbook, and which of them do not show. Errors: CannotRead."""
    return [(name, hidden) for name, hidden in _lines(str(path))]


def rows_of(path: Path, sheet: str) -> Iterator[list[str]]:
    """Every row of a sheet, from the first one on, empty ones too. Errors: CannotRead."""
    yield from _lines(str(path), sheet)


def _lines(*arguments: str) -> Iterator[list[Any]]:
    command = [sys.executable, "-m", "node.lists.apart", *arguments]
    child = subprocess.Popen(  # noqa: S603 -- our own module, no shell
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with child, child.stdout as lines:  # type: ignore[union-attr]  # there is a pipe
        try:
            for line in lines:
                row = _parsed(line)
                if row is _END:
                    return
                yield row
        finally:
            child.kill()
    raise CannotRead(Why.DAMAGED)


def _parsed(line: bytes) -> list[Any] | None:
    try:
        row: list[Any] | None = json.loads(line)
    except ValueError as error:  # it died in the middle of a line
        raise CannotRead(Why.DAMAGED) from error
    return row


# --- the child -----------------------------------------------------------------------------------------------


def _serve(path: str, sheet: str | None, out: IO[str]) -> None:
    with CalamineWorkbook.from_filelike(BytesIO(Path(path).read_bytes())) as workbook:
        for row in _sheets(workbook) if sheet is None else _rows(workbook, sheet):
            json.dump(row, out, ensure_ascii=False)
            out.write("\n")
    json.dump(_END, out)
    out.flush()


def _sheets(workbook: CalamineWorkbook) -> Iterator[tuple[str, bool]]:
    for each in workbook.sheets_metadata:
        yield each.name, each.visible != SheetVisibleEnum.Visible or each.typ != SheetTypeEnum.WorkSheet


def _rows(workbook: CalamineWorkbook, name: str) -> Iterator[list[str]]:
    sheet = workbook.get_sheet_by_name(name)
    before = [""] * (sheet.start[1] if sheet.start else 0)
    for row in sheet.iter_rows():
        yield _texts(before, row)


def _texts(before: Sequence[str], row: Sequence[Value]) -> list[str]:
    texts = [*before, *(each if type(each) is str else _text(each) for each in row)]
    if any(len(each) > CELL_CHARACTERS for each in texts):
        raise ValueError("a cell holds more than a spreadsheet can")
    return texts


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if abs(value) >= _EXACT:
            return f"{value:.14E}"
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (READER_BYTES, READER_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (READER_S, READER_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it would hold pupils


if __name__ == "__main__":
    _limit()
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # a text file
    _serve(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None, sys.stdout)
