"""The template that schools fill in: columns as text, choices, a check beside each row, and how to fill it in.

Promises: no consent is filled in beforehand. The example is never taken for a pupil (`pupils.is_example`). Reading
does not depend on the template's checks: they only save a school a second upload.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from node.lists.documents import DOCUMENT_NAMES
from node.lists.files import written
from node.lists.pupils import EXAMPLE_NAME, EXAMPLE_NUMBER, RELATIONS
from node.lists.remarks import Column, column_name

__all__ = ["write_template"]

# 49 is "@", text: what is typed stays as it is
_COLUMNS: Final = (
    (Column.NAME, 16),
    (Column.NUMBER, 26),
    (Column.PHONE, 18),
    (Column.CONSENT, 14),
    (Column.GUARDIAN, 16),
    (Column.RELATION, 14),
    (Column.DOCUMENT, 20),
)
_MANDATORY: Final = 4
_EXAMPLE: Final = (EXAMPLE_NAME, EXAMPLE_NUMBER, "13800000000", "是", "张建国", "父亲", "居民身份证")
_TITLE: Final = "学生名单：一行一名学生，灰底的示例不会导入。标“必填”的四列必须填写，其余可以不填。"
_FIRST_ROW: Final = 4
_CHECKED_ROWS: Final = 1_000
"""Rows with a check beside them. A longer list is read all the same."""

_HOW_TO: Final = (
    ("填写说明", ""),
    ("学生姓名（必填）", "与证件一致。少数民族姓名的间隔号写“·”。生僻字照写，不要用拼音、问号或方框代替。"),
    ("学生身份证号码（必填）", "18 位，最后一位可能是 X。不要写家长的号码。整列已经是文本格式，请不要改成数值。"),
    ("联系人电话（必填）", "手机号码，或者带区号的座机号码（如 023-63600000）。只写一个。"),
    ("监护人同意（必填）", "监护人已经同意才填“是”。没有同意的填“否”或不填，这一行不会导入，内容也不会保存。"),
    ("监护人姓名、与学生关系", "可以不填。"),
    ("证件类型", "不填就是居民身份证。用其他证件的，请从下拉列表里选，号码写在“学生身份证号码”一列。"),
    ("自查", "自动检查每一行，提醒漏填和输错的号码。只检查前 1000 行，更长的名单也可以上传。"),
    ("请不要这样做", "不要合并单元格；不要用公式；不要给文件加密码；不要隐藏行；不要改动第二行的列名。"),
    ("上传以后", "系统会把这张表还给您，多出一列“检查结果”，逐行写明有没有问题、怎么改。改好后可以再次上传。"),
    ("学校、年级、班级", "不用写在表里，上传时在网页上选择。"),
)


def write_template(out: Path) -> None:
    """Errors: OSError."""
    with written(out) as workbook:
        sheet = workbook.add_worksheet("学生名单")
        _write_columns(workbook, sheet)
        _write_example(sheet, workbook.add_format({"num_format": 49, "italic": True, "bg_color": "#E7E6E6"}))
        _add_choices(sheet)
        _add_checks(sheet, workbook.add_format({"font_color": "#9C0006", "bg_color": "#FFC7CE"}))
        _write_how_to(workbook, workbook.add_worksheet("填写说明"))


def _write_columns(workbook: xlsxwriter.Workbook, sheet: Worksheet) -> None:
    text = workbook.add_format({"num_format": 49})
    head = workbook.add_format({"num_format": 49, "bold": True, "bottom": 1, "bg_color": "#DDEBF7"})
    for place, (column, width) in enumerate(_COLUMNS):
        sheet.set_column(place, place, width, text)
        sheet.write_string(1, place, column_name(column, "zh") + ("（必填）" if place < _MANDATORY else ""), head)
    sheet.set_column(len(_COLUMNS), len(_COLUMNS), 30)
    sheet.write_string(1, len(_COLUMNS), "自查", head)
    sheet.write_string(0, 0, _TITLE, workbook.add_format({"bold": True}))
    sheet.freeze_panes(2, 0)


def _write_example(sheet: Worksheet, grey: Format) -> None:
    for place, cell in enumerate(_EXAMPLE):
        sheet.write_string(2, place, cell, grey)
    sheet.write_string(2, len(_EXAMPLE), "示例，不导入", grey)


def _add_choices(sheet: Worksheet) -> None:
    for column, choices in (
        (Column.CONSENT, ("是", "否")),
        (Column.RELATION, RELATIONS),
        (Column.DOCUMENT, tuple(DOCUMENT_NAMES.values())),
    ):
        place = [each for each, _width in _COLUMNS].index(column)
        told = {"error_title": "请从下拉列表里选", "error_message": f"可以填：{'、'.join(choices)}"}
        sheet.data_validation(
            _FIRST_ROW - 1, place, 99_999, place, {"validate": "list", "source": list(choices), **told}
        )


def _add_checks(sheet: Worksheet, bad: Format) -> None:
    place, last = len(_COLUMNS), _FIRST_ROW + _CHECKED_ROWS - 1
    for row in range(_FIRST_ROW, last + 1):
        sheet.write_formula(row - 1, place, _check_of(row, last), None, "")
    rule = f'=AND($H{_FIRST_ROW}<>"",$H{_FIRST_ROW}<>"可以")'
    sheet.conditional_format(
        _FIRST_ROW - 1, place, last - 1, place, {"type": "formula", "criteria": rule, "format": bad}
    )


def _check_of(row: int, last: int) -> str:
    places, weights = ";".join(map(str, range(1, 18))), "7;9;10;5;8;4;2;1;6;3;7;9;10;5;8;4;2"
    digits = f"SUMPRODUCT(MID(B{row},{{{places}}},1)*{{{weights}}})"
    wrong = f'IFERROR(MID("10X98765432",MOD({digits},11)+1,1)<>UPPER(RIGHT(B{row},1)),TRUE)'
    card = f'OR(G{row}="",G{row}="居民身份证",G{row}="港澳台居民居住证")'
    checks = (
        (f"COUNTA(A{row}:G{row})=0", ""),
        (f'D{row}<>"是"', "监护人同意没有填“是”，不会导入"),
        (f'TRIM(A{row})=""', "没有填学生姓名"),
        (f'TRIM(B{row})=""', "没有填学生身份证号码"),
        (f'TRIM(C{row})=""', "没有填联系人电话"),
        (f"AND({card},LEN(B{row})<>18)", "身份证号码不是 18 位"),
        (f"AND({card},{wrong})", "身份证号码有一位输错了"),
        (f'COUNTIF(B${_FIRST_ROW}:B${last},B{row}&"*")>1', "身份证号码与另一行重复"),
    )
    formula = '"可以"'
    for condition, text in reversed(checks):
        formula = f'IF({condition},"{text}",{formula})'
    return f"={formula}"


def _write_how_to(workbook: xlsxwriter.Workbook, sheet: Worksheet) -> None:
    wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
    bold = workbook.add_format({"bold": True, "valign": "top", "text_wrap": True})
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 90)
    for row, (what, how) in enumerate(_HOW_TO):
        sheet.write_string(row, 0, what, bold)
        sheet.write_string(row, 1, how, wrapped)
