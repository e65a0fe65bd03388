"""Why a list can't be read as a whole: each reason once, with its sentence in both languages.

Promises: a sentence says what is wrong and what to do; it repeats no cell, only names of columns and sheets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from node.lists.limits import FILE_BYTES, HEADER_ROWS, MIB, PUPILS, SHEET_COLUMNS, SHEET_ROWS, SHEETS
from node.lists.remarks import Language

__all__ = ["CannotRead", "ListRefused", "Why", "refusal_sentence"]


class Why(StrEnum):
    """Why nothing of a list was taken."""

    NO_FILE = "no_file"
    NOT_READABLE = "not_readable"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    ZIP_BOMB = "zip_bomb"
    ENCRYPTED = "encrypted"
    MACROS = "macros"
    HTML = "html"
    OTHER_FORMAT = "other_format"
    UNKNOWN_FORMAT = "unknown_format"
    DAMAGED = "damaged"
    ENCODING = "encoding"
    TOO_MANY_SHEETS = "too_many_sheets"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MANY_COLUMNS = "too_many_columns"
    TOO_MANY_CELLS = "too_many_cells"
    TOO_MANY_MERGED = "too_many_merged"
    TOO_MANY_PUPILS = "too_many_pupils"
    LONG_LINE = "long_line"
    NO_HEADER = "no_header"
    MISSING_COLUMNS = "missing_columns"
    DOUBLE_COLUMN = "double_column"
    SECOND_HEADER = "second_header"
    HIDDEN_SHEET = "hidden_sheet"
    SEVERAL_SHEETS = "several_sheets"
    NO_SUCH_SHEET = "no_such_sheet"
    NO_PUPILS = "no_pupils"


@dataclass(frozen=True, slots=True)
class ListRefused:
    """Nothing was taken. `detail` is what the sentence names: columns, sheets, a row or a format."""

    why: Why
    detail: str = ""


class CannotRead(Exception):
    """The list can't be read as a whole. Within this room alone: outside it is the value `ListRefused`."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(why)
        self.refused = ListRefused(why, detail)


_SENTENCES: Final[Mapping[Why, tuple[str, str]]] = {
    Why.NO_FILE: ("没有这个文件，请检查文件名", "there is no such file; check the path"),
    Why.NOT_READABLE: (
        "文件读不出来（{}），请检查文件和权限",
        "the file can't be read ({}); check it and its permissions",
    ),
    Why.EMPTY: ("文件是空的，请重新保存后再上传", "the file is empty; save it again"),
    Why.TOO_LARGE: (
        f"文件太大，最多 {FILE_BYTES // MIB} MB。请删掉图片和不需要的工作表，或者分成几份上传",
        f"the file is larger than {FILE_BYTES // MIB} MiB; remove pictures and other sheets, or split it",
    ),
    Why.ZIP_BOMB: (
        "文件解开以后太大，不像正常的名单，没有读取。请把名单复制到新的模板里再上传",
        "the file unpacks to far more than a list needs, so it was not read; copy the list into a new template",
    ),
    Why.ENCRYPTED: (
        "文件加了密码，打不开。请取消密码，重新保存后再上传",
        "the file is protected by a password; remove the password and save it again",
    ),
    Why.MACROS: (
        "文件里带有宏，不能接收。请另存为“Excel 工作簿（.xlsx）”再上传",
        "the file holds macros; save it as a workbook without macros (.xlsx)",
    ),
    Why.HTML: (
        "文件名像表格，内容其实是网页。请用 Excel 打开，另存为“Excel 工作簿（.xlsx）”再上传",
        "the file is a web page under the name of a sheet; open it in Excel and save it as .xlsx",
    ),
    Why.OTHER_FORMAT: (
        "这是{}，不是名单表格。请用模板填写，保存为 .xlsx 再上传",
        "this is {}, not a list; fill in the template and save it as .xlsx",
    ),
    Why.UNKNOWN_FORMAT: (
        "认不出这个文件的格式。请用模板填写，保存为 .xlsx 再上传",
        "the format of the file is unknown; fill in the template and save it as .xlsx",
    ),
    Why.DAMAGED: (
        "文件已经损坏，读不完整，一行也没有收。请用 Excel 打开，重新保存后再上传",
        "the file is damaged and nothing was taken; open it in Excel and save it again",
    ),
    Why.ENCODING: (
        "文件里有认不出的文字编码（第 {} 行），一行也没有收。请用 Excel 另存为 .xlsx 再上传",
        "line {} is in no encoding that is known, and nothing was taken; save the file as .xlsx",
    ),
    Why.TOO_MANY_SHEETS: (
        f"工作表太多，最多 {SHEETS} 张。请只留下名单",
        f"the workbook has more than {SHEETS} sheets; leave the list alone in it",
    ),
    Why.TOO_MANY_ROWS: (
        f"工作表“{{}}”在第 {SHEET_ROWS} 行以下还有内容。请删掉多余的行，或者分成几份上传",
        f"sheet {{}} has something below row {SHEET_ROWS}; remove it, or split the list",
    ),
    Why.TOO_MANY_COLUMNS: (
        f"工作表“{{}}”在第 {SHEET_COLUMNS} 列右边还有内容。请删掉多余的列",
        f"sheet {{}} has something to the right of column {SHEET_COLUMNS}; remove it",
    ),
    Why.TOO_MANY_CELLS: (
        "工作簿里的行和列太多。请只留下名单和需要的列，再上传",
        "the workbook has too many rows and columns; leave the list and its columns alone in it",
    ),
    Why.TOO_MANY_MERGED: (
        "工作表“{}”里合并的单元格太多。请取消合并，再上传",
        "sheet {} has too many merged cells; undo the merges",
    ),
    Why.TOO_MANY_PUPILS: (
        f"名单太长，一份最多 {PUPILS} 行。请分成几份上传",
        f"the list has more than {PUPILS} rows; split it",
    ),
    Why.LONG_LINE: (
        "第 {} 行太长，不像名单的一行，一行也没有收。请改用模板填写",
        "line {} is too long for a row of a list, and nothing was taken; use the template",
    ),
    Why.NO_HEADER: (
        f"在前 {HEADER_ROWS} 行里没有找到表头（学生姓名、学生身份证号码、联系人电话、监护人同意）。请用模板填写",
        f"no row of column names stands within the first {HEADER_ROWS} rows; use the template",
    ),
    Why.MISSING_COLUMNS: (
        "表头里缺少这些列：{}。请补上，一行也没有收",
        "these columns are missing: {}; add them. Nothing was taken",
    ),
    Why.DOUBLE_COLUMN: (
        "表头里有几列都像“{}”，分不清用哪一列，一行也没有收。请只留下一列",
        "several columns mean {}, and nothing was taken; leave one of them",
    ),
    Why.SECOND_HEADER: (
        "第 {} 行又是一行表头，各列的次序与前面不同，一行也没有收。请把各列对齐，再上传",
        "row {} names the columns again in another order, and nothing was taken; give all rows the same columns",
    ),
    Why.HIDDEN_SHEET: (
        "名单在隐藏的工作表“{}”里。请取消隐藏，再上传",
        "the list stands on the hidden sheet {}; show the sheet",
    ),
    Why.SEVERAL_SHEETS: (
        "有几张工作表都是名单：{}。请合并成一张，或者分别上传，一行也没有收",
        "several sheets are lists: {}; make them one, or send them one by one. Nothing was taken",
    ),
    Why.NO_SUCH_SHEET: ("没有叫“{}”的工作表，请检查名称", "there is no sheet {}; check the name"),
    Why.NO_PUPILS: (
        "表头下面一行学生也没有。请填写后再上传",
        "no pupil stands below the column names; fill in the list",
    ),
}


def refusal_sentence(refused: ListRefused, language: Language) -> str:
    """What is wrong and what to do, without a full stop."""
    return _SENTENCES[refused.why][0 if language == "zh" else 1].format(refused.detail)
