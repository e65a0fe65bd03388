"""Cells of a workbook that can't be what they seem: formulas, merged cells, hidden rows, control characters."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter
import xlwt

from node.lists.remarks import Kind
from tests.node.lists.sheets import (
    HEADER,
    PHONE,
    doubts,
    fill,
    kinds,
    number,
    pupil,
    taken,
    with_rows,
    write_csv,
    write_xlsx,
)


def formulas(path: Path) -> Path:
    with xlsxwriter.Workbook(str(path)) as workbook:
        sheet = workbook.add_worksheet("名单")
        fill(sheet, [(*HEADER, "年龄"), pupil(1), pupil(2), pupil(3), pupil(4), pupil(5)])
        sheet.write_formula(1, 4, "=2026-MID(B2,7,4)", None, 11)
        sheet.write_formula(2, 0, "=A2", None, "王小丁")
        sheet.write_formula(3, 1, "=[1]Sheet1!A1", None, number(3))
        sheet.write_formula(4, 2, "=1/0", None, "#DIV/0!")
        sheet.write_formula(5, 3, '=IF(1,"是")', None, "是")
    return path


def test_a_formula_in_a_needed_cell_is_refused_and_elsewhere_it_is_nothing(tmp_path: Path) -> None:
    checked = taken(formulas(tmp_path / "list.xlsx"))
    assert [each.row for each in checked.taken] == [2]
    assert kinds(checked) == {3: [Kind.FORMULA], 4: [Kind.FORMULA], 5: [Kind.FORMULA_FAILED], 6: [Kind.FORMULA]}


def test_formulas_of_an_xls_are_refused_too(tmp_path: Path) -> None:
    workbook = xlwt.Workbook()
    sheet = workbook.add_sheet("名单")
    for row, cells in enumerate([HEADER, pupil(1), pupil(2)[:3]]):
        for place, cell in enumerate(cells):
            sheet.write(row, place, cell)
    sheet.write(2, 3, xlwt.Formula('IF(1,"是","否")'))
    workbook.save(str(tmp_path / "list.xls"))
    checked = taken(tmp_path / "list.xls")
    assert ([each.row for each in checked.taken], kinds(checked)) == ([2], {3: [Kind.FORMULA]})


def test_rows_of_formulas_that_show_nothing_are_empty(tmp_path: Path) -> None:
    def row(number: int, cell: str) -> str:
        return f'<row r="{number}">{"".join(cell.format(f"{place}{number}") for place in "ABCD")}</row>'

    good = write_xlsx(tmp_path / "list.xlsx", [HEADER, pupil(1), pupil(2)])
    nothing = row(4, '<c r="{}" t="str"><f>IF(1,"")</f><v></v></c>')
    checked = taken(with_rows(good, nothing + row(5, '<c r="{}"><f>A2</f></c>')))
    assert (checked.rows, kinds(checked)) == (3, {5: [Kind.FORMULA]})  # nobody has computed the last one


def test_what_is_known_of_a_cell_holds_for_it_where_a_table_begins_in_the_middle(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "list.xlsx")) as workbook:
        sheet = workbook.add_worksheet()
        fill(sheet, [[None, None, *row] for row in (HEADER, pupil(1), pupil(2), pupil(3))])
        sheet.write_formula(2, 2, "=C2", None, "王小丁")
        sheet.merge_range(3, 5, 4, 5, "是")
    checked = taken(tmp_path / "list.xlsx")
    assert kinds(checked) == {3: [Kind.FORMULA], 4: [Kind.MERGED]}


def test_formula_written_as_text_is_refused(tmp_path: Path) -> None:
    checked = taken(write_csv(tmp_path / "list.csv", [HEADER, pupil(1, name="=B2"), pupil(2, phone="=HYPERLINK(1)")]))
    assert kinds(checked) == {2: [Kind.FORMULA], 3: [Kind.FORMULA]}


@pytest.mark.parametrize("xls", [False, True])
def test_merged_cells_of_needed_columns_are_refused_and_of_others_they_are_nothing(tmp_path: Path, xls: bool) -> None:
    rows = [("班级", *HEADER), *(["一班", *pupil(order)] for order in range(1, 6))]
    path = tmp_path / "list"
    if xls:
        workbook = xlwt.Workbook()
        sheet = workbook.add_sheet("名单", cell_overwrite_ok=True)
        for row, cells in enumerate(rows):
            for place, cell in enumerate(cells):
                sheet.write(row, place, cell)
        sheet.merge(1, 5, 0, 0)
        sheet.merge(2, 3, 4, 4)
        workbook.save(str(path))
    else:
        with xlsxwriter.Workbook(str(path)) as book:
            written = book.add_worksheet()
            fill(written, rows)
            written.merge_range(1, 0, 5, 0, "一班")
            written.merge_range(2, 4, 3, 4, "是")
    checked = taken(path)
    assert kinds(checked) == {3: [Kind.MERGED], 4: [Kind.MERGED]}
    assert [each.row for each in checked.taken] == [2, 5, 6]


def test_a_header_of_two_merged_rows_is_a_header(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "list.xlsx")) as workbook:
        sheet = workbook.add_worksheet()
        fill(sheet, [HEADER, ["", "", "手机", ""], pupil(1)])
        for place in (0, 1, 3):
            sheet.merge_range(0, place, 1, place, HEADER[place])
    checked = taken(tmp_path / "list.xlsx")
    assert ([each.row for each in checked.taken], kinds(checked)) == ([3], {})


def test_a_row_that_is_hidden_is_read_and_told(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "list.xlsx")) as workbook:
        sheet = workbook.add_worksheet()
        fill(sheet, [HEADER, pupil(1), pupil(2)])
        sheet.set_row(2, None, None, {"hidden": True})
    assert doubts(taken(tmp_path / "list.xlsx")) == {3: [Kind.HIDDEN_ROW]}


def test_control_characters_and_escapes_are_refused(tmp_path: Path) -> None:
    rows = [
        HEADER,
        pupil(1, name="王\x01明"),
        pupil(2, number=number(2) + "\x00"),
        pupil(3, name="王\n明"),
        [*pupil(4)[:2], PHONE + "\n", "是"],
    ]
    checked = taken(write_xlsx(tmp_path / "list.xlsx", rows))
    assert set(kinds(checked)) == {2, 3, 4}
    assert [each.row for each in checked.taken] == [5]
