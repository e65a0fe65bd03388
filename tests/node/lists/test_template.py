"""The template: what a school fills in is read, and nothing that stands there before."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from node.lists.refusals import Why
from node.lists.template import write_template
from tests.node.lists.sheets import PHONE, number, taken, why, write_xlsx

EXAMPLE_ROW = 3


@pytest.fixture
def template(tmp_path: Path) -> Path:
    write_template(tmp_path / "template.xlsx")
    return tmp_path / "template.xlsx"


def rows_of(path: Path, sheet: int = 0) -> list[list[Any]]:
    return [list(row) for row in CalamineWorkbook.from_path(path).get_sheet_by_index(sheet).iter_rows()]


def test_an_empty_template_holds_no_pupil(template: Path) -> None:
    assert why(template) is Why.NO_PUPILS


def test_a_template_that_was_filled_in_is_read_without_its_example(template: Path, tmp_path: Path) -> None:
    rows = rows_of(template)[:EXAMPLE_ROW]
    filled = [
        ["王小明", number(1), PHONE, "是", "", "", "", "可以"],
        ["王小红", "H12345678", PHONE, "是", "", "母亲", "港澳通行证"],
    ]
    checked = taken(write_xlsx(tmp_path / "filled.xlsx", [*rows, *filled]))
    assert ([each.row for each in checked.taken], checked.examples, checked.refused) == ([4, 5], (EXAMPLE_ROW,), {})


def test_no_consent_is_filled_in_beforehand(template: Path) -> None:
    with zipfile.ZipFile(template) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "监护人同意" in rows_of(template)[1][3]
    assert re.findall(r'<c r="([A-G])(?:[4-9]|[0-9]{2,})"', sheet) == []


def test_columns_are_text_and_choices_are_offered(template: Path) -> None:
    with zipfile.ZipFile(template) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
    assert sheet.count('type="list"') == 3
    assert '"是,否"' in sheet.replace("&quot;", '"')
    assert 'numFmtId="49"' in styles
    assert all(f'<col min="{place}" max="{place}"' in sheet for place in range(1, 8))


def test_the_check_beside_a_row_weighs_digits_as_the_standard_does(template: Path) -> None:
    with zipfile.ZipFile(template) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "{7;9;10;5;8;4;2;1;6;3;7;9;10;5;8;4;2}" in sheet
    assert sheet.count("<f>") == 1000
    assert "B4" in sheet


def test_the_page_of_instructions_is_no_list(template: Path) -> None:
    said = rows_of(template, 1)
    assert said[0][0] == "填写说明"
    assert all(row[1] for row in said[1:])


def test_the_relations_and_documents_of_the_choices_are_all_understood(template: Path, tmp_path: Path) -> None:
    header = rows_of(template)[1]
    rows = [
        ["王小明", number(order), PHONE, "是", "王建国", relation, ""]
        for order, relation in enumerate(("父亲", "母亲", "祖父", "祖母", "外祖父", "外祖母", "其他"))
    ]
    fill_in = write_xlsx(tmp_path / "filled.xlsx", [header, *rows])
    assert [each.relation for each in taken(fill_in).taken] == [row[5] for row in rows]
