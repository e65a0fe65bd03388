"""Lists for tests: pupils that do not exist, written as schools write them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Collection, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter
import xlwt
from stdnum.iso7064 import mod_11_2

from node.lists.reading import Known, ReadList, read_list
from node.lists.refusals import ListRefused, Why
from node.lists.remarks import Kind

TODAY = date(2026, 9, 1)
HEADER = ("学生姓名", "学生身份证号码", "联系人电话", "监护人同意")
PHONE = "13812345678"
SHEET = "xl/worksheets/sheet1.xml"
Cells = Sequence[Any]


def number(order: int, born: str = "20150304", region: str = "500106") -> str:
    """A well-formed ID number, nobody's: one a place in the order."""
    body = f"{region}{born}{order:03}"
    return body + str(mod_11_2.calc_check_digit(body))


def pupil(order: int, **other: str) -> list[str]:
    """A row that can be taken."""
    row = {"name": f"王小{chr(0x4E00 + order)}", "number": number(order), "phone": PHONE, "consent": "是", **other}
    return [row["name"], row["number"], row["phone"], row["consent"]]


def write_csv(path: Path, rows: Sequence[Cells], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    text = "".join(delimiter.join(map(str, row)) + "\r\n" for row in rows)
    path.write_bytes(text.encode(encoding))
    return path


def write_xlsx(path: Path, rows: Sequence[Cells], sheet: str = "名单") -> Path:
    with xlsxwriter.Workbook(str(path)) as workbook:
        fill(workbook.add_worksheet(sheet), rows)
    return path


def fill(sheet: Any, rows: Sequence[Cells]) -> None:
    """Text as text, whatever it looks like; numbers as numbers."""
    for place, row in enumerate(rows):
        for column, cell in enumerate(row):
            (sheet.write_string if isinstance(cell, str) else sheet.write)(place, column, cell)


def write_xls(path: Path, rows: Sequence[Cells], sheet: str = "名单") -> Path:
    workbook = xlwt.Workbook()
    written = workbook.add_sheet(sheet)
    for place, row in enumerate(rows):
        for column, cell in enumerate(row):
            written.write(place, column, cell)
    workbook.save(str(path))
    return path


def nobody(_numbers: Sequence[str]) -> Collection[str]:
    return ()


def read(path: Path, known: Known = nobody, sheet: str | None = None) -> ReadList | ListRefused:
    return read_list(path, today=TODAY, known=known, tell=lambda rows: None, sheet=sheet)


def taken(path: Path, known: Known = nobody, sheet: str | None = None) -> ReadList:
    found = read(path, known, sheet)
    assert isinstance(found, ReadList), found
    return found


def why(path: Path) -> Why:
    found = read(path)
    assert isinstance(found, ListRefused), found
    return found.why


def kinds(checked: ReadList) -> dict[int, list[Kind]]:
    """What is wrong, by row."""
    return {row: [each.kind for each in remarks] for row, remarks in checked.refused.items()}


def doubts(checked: ReadList) -> dict[int, list[Kind]]:
    return {row: [each.kind for each in remarks] for row, remarks in checked.doubts.items()}


def changed(path: Path, part: str, change: Callable[[str], str]) -> Path:
    """The same workbook with one part changed."""
    other = path.with_name(f"changed-{path.name}")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            data = old.read(info)
            new.writestr(info.filename, change(data.decode()) if info.filename == part else data)
    return other


def with_rows(path: Path, rows: str) -> Path:
    return changed(path, SHEET, lambda text: text.replace("</sheetData>", f"{rows}</sheetData>"))
