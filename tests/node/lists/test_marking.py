"""The sheet that goes back to the school: every row where it stood, with what became of it."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from node.lists.marking import RESULT_COLUMN, result_of, write_marked
from node.lists.reading import ReadList
from tests.node.lists import golden
from tests.node.lists.sheets import HEADER, Cells, kinds, number, pupil, taken, write_csv, write_xlsx

FIRST_WORDS = ("学生", "监护人", "联系人", "证件类型", "与学生", "按学生", "这一行", "姓名和电话")
WHAT_TO_DO = ("请", "不能办卡")


def marked(checked: ReadList, folder: Path) -> Path:
    out = folder / "marked.xlsx"
    write_marked(checked, out)
    return out


def cells(path: Path) -> list[list[object]]:
    return [list(row) for row in CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows()]


@pytest.mark.parametrize("name", golden.NAMES)
def test_of_the_golden_list_every_row_is_told_the_same_whatever_its_format(name: str) -> None:
    checked = taken(golden.FOLDER / name)
    said = "".join(f"{row}\t{result_of(checked, row)}\n" for row in range(1, len(golden.rows()) + 1))
    assert said == golden.EXPECTED.read_text("utf-8")
    assert len({kind for found in kinds(checked).values() for kind in found}) >= 12


def test_the_golden_lists_are_those_of_their_script() -> None:
    for name, encoding in ((golden.NAMES[0], "utf-8"), (golden.NAMES[1], "gb18030")):
        text = (golden.FOLDER / name).read_bytes().decode(encoding)
        assert text == "".join(",".join(row) + "\r\n" for row in golden.rows())


def test_every_sentence_names_its_subject_and_what_to_do() -> None:
    for line in golden.EXPECTED.read_text("utf-8").splitlines():
        _row, _tab, said = line.partition("\t")
        for each in filter(None, said.removesuffix("。").partition("：")[2].split("；")):
            assert each.startswith(FIRST_WORDS), each
            assert any(word in each for word in WHAT_TO_DO), each


@pytest.mark.parametrize("name", golden.NAMES)
def test_the_marked_sheet_holds_what_came_and_one_column_more(tmp_path: Path, name: str) -> None:
    checked = taken(golden.FOLDER / name)
    back = cells(marked(checked, tmp_path))
    for number_, (row, came) in enumerate(zip(back, golden.rows(), strict=True), 1):
        assert row[:7] == [*came, *[""] * (7 - len(came))]
        assert row[7] == (
            RESULT_COLUMN if number_ == 2 else result_of(checked, number_) or ("通过" if number_ in (3, 23) else "")
        )


def test_a_marked_sheet_is_read_like_the_list_and_marked_in_the_same_column(tmp_path: Path) -> None:
    first = taken(golden.FOLDER / golden.NAMES[0])
    again = taken(marked(first, tmp_path))
    assert (again.refused, again.doubts, again.taken) == (first.refused, first.doubts, first.taken)
    (tmp_path / "second").mkdir()
    assert cells(marked(again, tmp_path / "second")) == cells(tmp_path / "marked.xlsx")


def corrected(rows: Sequence[Cells]) -> list[Cells]:
    return [rows[0], pupil(1), *rows[2:]]


def test_a_corrected_marked_sheet_is_taken(tmp_path: Path) -> None:
    rows = cells(marked(taken(write_csv(tmp_path / "list", [HEADER, pupil(1, phone="1"), pupil(2)])), tmp_path))
    assert "未通过" in str(rows[1][4])
    assert len(taken(write_xlsx(tmp_path / "again", corrected(rows))).taken) == 2


def test_nothing_in_a_marked_sheet_computes(tmp_path: Path) -> None:
    rows = [
        HEADER,
        pupil(1, name="=HYPERLINK(1)"),
        pupil(2, phone="+1+1"),
        pupil(3, name="@SUM(1)"),
        ["{=1}", "", "", ""],
    ]
    path = marked(taken(write_csv(tmp_path / "list", rows)), tmp_path)
    with zipfile.ZipFile(path) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
        assert not any("hyperlink" in name.lower() or "externalLink" in name for name in archive.namelist())
    assert cells(path)[1][0] == "=HYPERLINK(1)"


def test_faulty_cells_are_coloured_and_said_in_words(tmp_path: Path) -> None:
    path = marked(taken(write_csv(tmp_path / "list", [HEADER, pupil(1, phone="1"), pupil(2)])), tmp_path)
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    style = {cell: sheet.partition(f'<c r="{cell}" s="')[2].partition('"')[0] for cell in ("B2", "C2", "C3")}
    assert style["C2"] != style["C3"] == style["B2"]
    assert "联系人电话不是有效的手机" in str(cells(path)[1][4])


def test_that_a_library_knows_a_pupil_does_not_show(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "list", [HEADER, pupil(1), pupil(2)])
    known = taken(path, lambda numbers: [number(1)])
    assert known.known == {2}
    (tmp_path / "known").mkdir()
    assert cells(marked(known, tmp_path / "known")) == cells(marked(taken(path), tmp_path))


@pytest.mark.parametrize("name", ["一'班", "'", "History", "名" * 31])
def test_a_sheet_may_have_any_name(tmp_path: Path, name: str) -> None:
    checked = taken(write_csv(tmp_path / "list", [HEADER, pupil(1)]))
    table = type(checked.found.table)(name, checked.found.table.rows)
    found = type(checked.found)(table, 1, 2, checked.found.places)
    other = ReadList(found, checked.taken, {}, {}, frozenset(), 4)
    assert len(cells(marked(other, tmp_path))) == 2
