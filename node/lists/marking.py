"""The same sheet once more, with a column that says what became of each row.

Promises: every row stands where it stood, as text: nothing in the sheet computes. What is coloured is also said in
words. Whether a library knows a pupil does not show.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from node.lists.files import written
from node.lists.reading import ReadList
from node.lists.remarks import Column, Kind, Remark, sentence
from node.lists.tables import SheetRow

__all__ = ["RESULT_COLUMN", "result_of", "write_marked"]

RESULT_COLUMN: Final = "检查结果"
_SHEET_NAME: Final = re.compile(r"[^\[\]:*?/\\\x00-\x1f]{1,31}")
_WHOLE_ROW: Final[Mapping[Kind, Column]] = {
    Kind.EXAMPLE_LEFT: Column.NAME,
    Kind.SAME_NAME_AND_PHONE: Column.NAME,
}
"""The cell that is coloured where a remark is of the row as a whole."""


def write_marked(checked: ReadList, out: Path) -> None:
    """Errors: OSError."""
    # rows are written as they come; what waits on the disk meanwhile lies beside the result
    with written(out, constant_memory=True, tmpdir=str(out.parent)) as workbook:
        name = checked.found.table.name
        sheet = workbook.add_worksheet(name if _SHEET_NAME.fullmatch(name) and "'" not in name else "名单")
        _Marked(workbook, sheet, checked).write()


def result_of(checked: ReadList, row: int) -> str:
    """What the column says of a row; "" where no pupil stands."""
    if wrong := checked.refused.get(row):
        return f"未通过：{_sentences(wrong)}"
    if doubts := checked.doubts.get(row):
        return f"通过，请核对：{_sentences(doubts)}"
    return "示例，不导入" if row in checked.examples else ""


def _sentences(remarks: tuple[Remark, ...]) -> str:
    return "；".join(sentence(each, "zh").replace("。", "，").replace("；", "，") for each in remarks) + "。"


class _Marked:
    """One sheet while it is written."""

    def __init__(self, workbook: xlsxwriter.Workbook, sheet: Worksheet, checked: ReadList) -> None:
        text = {"num_format": 49, "valign": "top"}
        self._sheet = sheet
        self._checked = checked
        self._plain: Format = workbook.add_format(text)
        self._wrong: Format = workbook.add_format({**text, "bg_color": "#F8CBAD", "bold": True})
        self._doubtful: Format = workbook.add_format({**text, "bg_color": "#FFF2CC"})
        self._head: Format = workbook.add_format({**text, "bold": True, "bottom": 1})
        self._result: Format = workbook.add_format({**text, "text_wrap": True})
        self._taken = {pupil.row for pupil in checked.taken}
        self._place = self._place_of_result()

    def _place_of_result(self) -> int:
        """In place of an earlier result, else beyond the last column."""
        header = next(row for row in self._checked.found.table.rows() if row.number == self._checked.found.header_row)
        earlier = [place for place, cell in enumerate(header.cells) if cell.strip() == RESULT_COLUMN]
        return earlier[0] if earlier else self._checked.width

    def write(self) -> None:
        self._sheet.set_column(0, max(0, self._place - 1), 18, self._plain)
        self._sheet.set_column(self._place, self._place, 70, self._plain)
        self._sheet.freeze_panes(self._checked.found.header_row, 0)
        for row in self._checked.found.table.rows():
            self._row(row)

    def _row(self, row: SheetRow) -> None:
        header = row.number == self._checked.found.header_row
        wrong = self._places(self._checked.refused.get(row.number, ()))
        doubtful = self._places(self._checked.doubts.get(row.number, ()))
        cells = [*row.cells, *[""] * (self._place + 1 - len(row.cells))]
        cells[self._place] = RESULT_COLUMN if header else self._said(row.number)
        for place, cell in enumerate(cells):
            format_ = self._head if header else self._wrong if place in wrong else self._plain
            if format_ is self._plain and place in doubtful:
                format_ = self._doubtful
            if place == self._place and not header:
                format_ = self._result
            if cell:
                self._sheet.write_string(row.number - 1, place, cell, format_)
            elif format_ is not self._plain and place != self._place:
                self._sheet.write_blank(row.number - 1, place, None, format_)

    def _said(self, row: int) -> str:
        return result_of(self._checked, row) or ("通过" if row in self._taken else "")

    def _places(self, remarks: tuple[Remark, ...]) -> set[int]:
        columns = {each.column or _WHOLE_ROW.get(each.kind, Column.NAME) for each in remarks}
        return {place for column in columns if (place := self._checked.found.places.get(column)) is not None}
