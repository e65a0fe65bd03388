"""The golden lists in tests/vectors/lists, made anew by `python -m tests.node.lists.golden`.

One list with many kinds of mistakes, as CSV in two encodings, as XLSX and as XLS, and what is said of each row.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

import xlsxwriter

from node.lists.marking import result_of
from tests.node.lists.sheets import HEADER, fill, number, pupil, taken, write_csv, write_xls

FOLDER: Final = Path(__file__).resolve().parent.parent.parent / "vectors" / "lists"
NAMES: Final = ("mistakes.csv", "mistakes.gb18030.csv", "mistakes.xlsx", "mistakes.xls")
EXPECTED: Final = FOLDER / "mistakes.expected.txt"


def rows() -> list[list[str]]:
    """A title, a header, and a row for each kind of mistake. Pupils, numbers and phones are invented."""
    wrong_digit = number(6)[:17] + ("0" if number(6)[17] != "0" else "1")
    body = [
        [*pupil(1), "王建国", "父亲", ""],
        [*pupil(2, consent=""), "", "", ""],
        [*pupil(3, consent="否"), "", "", ""],
        [*pupil(4, consent="待定"), "", "", ""],
        [*pupil(5, name=""), "", "", ""],
        [*pupil(6, number="5.00106E+17"), "", "", ""],
        [*pupil(6, number="50010620150304001"), "", "", ""],
        [*pupil(6, number=wrong_digit), "", "", ""],
        [*pupil(6, number=number(6, "20150230")), "", "", ""],
        [*pupil(6, phone="63612345"), "", "", ""],
        [*pupil(6, phone="1381234567"), "", "", ""],
        [*pupil(1, name="李四"), "", "", ""],
        [*pupil(7, name="王？明"), "", "", ""],
        [*pupil(8, name="王小明（转学）"), "", "", ""],
        [*pupil(9, number="E12345678"), "", "", ""],
        [*pupil(10), "", "", "学生证"],
        [*pupil(11, number="H123"), "", "", "港澳通行证"],
        ["", "", "", "", "", "", ""],
        [*pupil(12, number=number(12, "19800101")), "", "", ""],
        [*pupil(13, phone="妈妈13812345678、13912345678"), "王？", "邻居", ""],
        [*pupil(14, name="阿依古丽．买买提", number="H12345678"), "", "", "回乡证"],
        [*pupil(15, name="", number="", phone=""), "", "", ""],
    ]
    return [["某某小学二年级一班学生名单"], [*HEADER, "监护人姓名", "与学生关系", "证件类型"], *body]


def expected() -> str:
    """Row by row, as the column 检查结果 says it."""
    checked = taken(FOLDER / NAMES[0])
    return "".join(f"{row}\t{result_of(checked, row)}\n" for row in range(1, len(rows()) + 1))


def write() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_csv(FOLDER / NAMES[0], rows())
    write_csv(FOLDER / NAMES[1], rows(), "gb18030")
    with xlsxwriter.Workbook(str(FOLDER / NAMES[2])) as workbook:
        workbook.set_properties({"created": datetime(2026, 1, 1)})
        fill(workbook.add_worksheet("名单"), rows())
    write_xls(FOLDER / NAMES[3], rows())
    EXPECTED.write_text(expected(), "utf-8")


if __name__ == "__main__":
    write()
