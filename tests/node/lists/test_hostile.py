"""Files that are broken, of another kind, or made to harm: a refusal in words, and nothing half taken."""

from __future__ import annotations

import re
import shutil
import struct
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
import xlwt

from node.lists import limits
from node.lists.refusals import ListRefused, Why
from tests.node.lists.sheets import (
    HEADER,
    SHEET,
    changed,
    pupil,
    read,
    taken,
    why,
    with_rows,
    write_csv,
    write_xls,
    write_xlsx,
)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write_xlsx(tmp_path / "list.xlsx", [HEADER, pupil(1), pupil(2)])


# --- too much ------------------------------------------------------------------------------------------------


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    with path.open("wb") as file:
        file.truncate(200 * limits.MIB)
    assert why(path) is Why.TOO_LARGE


def test_a_zip_bomb_is_refused_by_what_it_unpacks_to_and_not_by_what_it_says(good: Path) -> None:
    bomb = changed(good, SHEET, lambda text: text.replace("</sheetData>", " " * (16 * limits.MIB) + "</sheetData>"))
    assert bomb.stat().st_size < limits.MIB
    assert why(bomb) is Why.ZIP_BOMB
    data = bomb.read_bytes()
    size = struct.pack(
        "<I", next(each.file_size for each in zipfile.ZipFile(bomb).infolist() if each.filename == SHEET)
    )
    bomb.write_bytes(data.replace(size, struct.pack("<I", 1000)))
    assert why(bomb) in (Why.ZIP_BOMB, Why.DAMAGED)


@pytest.mark.parametrize("part", ["xl/media/image1.png", "xl/sharedStrings2.xml", "anything"])
def test_a_bomb_in_a_part_that_nobody_needs_is_one_too(good: Path, part: str) -> None:
    with zipfile.ZipFile(good, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(part, b"\0" * (16 * limits.MIB))
    assert why(good) is Why.ZIP_BOMB


def test_a_tag_without_end_is_refused_before_it_is_whole(good: Path) -> None:
    # as many bytes as are within all other limits, and hard to pack
    long = "".join(f"{place:x}" for place in range(limits.MIB))
    assert why(with_rows(good, f'<row r="4" spans="{long}"/>')) is Why.ZIP_BOMB


def test_a_long_text_is_no_tag(good: Path) -> None:
    long = "".join(f"{place:x} " for place in range(limits.MIB // 2))
    assert len(taken(with_rows(good, f"<!-- -->{long}")).taken) == 2


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_part_that_is_packed_in_an_unusual_way_is_refused(good: Path, method: int) -> None:
    with zipfile.ZipFile(good, "a", method) as archive:
        archive.writestr("xl/other.xml", b"x" * 1000)
    assert why(good) is Why.DAMAGED


def test_entities_that_grow_are_not_expanded(good: Path) -> None:
    entities = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;'>]>"
    assert why(changed(good, SHEET, lambda text: text.replace("<worksheet", f"{entities}<worksheet", 1))) is Why.DAMAGED


@pytest.mark.parametrize(
    ("cell", "reason"),
    [("A1048576", Why.TOO_MANY_ROWS), ("XFD4", Why.TOO_MANY_COLUMNS), ("XFD1048576", Why.TOO_MANY_ROWS)],
)
def test_one_cell_far_away_makes_no_huge_table(good: Path, cell: str, reason: Why) -> None:
    row = re.sub("[A-Z]", "", cell)
    far = with_rows(good, f'<row r="{row}"><c r="{cell}"><v>1</v></c></row>')
    assert read(far) == ListRefused(reason, "名单")


def test_cells_without_a_place_are_counted_one_after_another(good: Path) -> None:
    cells = "<c><v>1</v></c>" * (limits.SHEET_COLUMNS + 1)
    assert why(with_rows(good, f"<row>{cells}</row>")) is Why.TOO_MANY_COLUMNS


@pytest.mark.parametrize(
    "row",
    [
        '<row r="4"><c r="xfd4"><v>1</v></c></row>',
        '<row r="4"><c r="A5"><v>1</v></c></row>',
        '<row r="4"><c r="B4"><v>1</v></c><c r="A4"><v>1</v></c></row>',
        '<row r="2"><c r="A2"><v>1</v></c></row>',
        '<row r="99999999"/>',
        '<row r="-1"/>',
    ],
)
def test_a_place_that_contradicts_its_surroundings_is_refused(good: Path, row: str) -> None:
    assert why(with_rows(good, row)) is Why.DAMAGED


@pytest.mark.parametrize(
    "target", ["xl/worksheets/sheet1.xml", "/worksheets/sheet1.xml", "../xl/worksheets/sheet1.xml"]
)
def test_a_sheet_that_readers_look_for_in_different_places_is_refused(good: Path, target: str) -> None:
    relations = "xl/_rels/workbook.xml.rels"
    assert why(changed(good, relations, lambda text: text.replace("worksheets/sheet1.xml", target))) is Why.DAMAGED


def test_two_sheets_of_one_name_are_refused(good: Path) -> None:
    twice = '<sheet name="名单" sheetId="9" r:id="rId1"/></sheets>'
    assert why(changed(good, "xl/workbook.xml", lambda text: text.replace("</sheets>", twice))) is Why.DAMAGED


def test_a_file_that_ends_the_process_of_its_reader_is_refused_and_nothing_else_ends(good: Path) -> None:
    # the reader asks for the memory that the file says it needs: 96 gigabytes
    lie = changed(
        good, "xl/sharedStrings.xml", lambda text: re.sub('uniqueCount="[0-9]*"', 'uniqueCount="4000000000"', text)
    )
    assert why(lie) is Why.DAMAGED


def test_an_xls_that_ends_the_process_of_its_reader_is_refused_too(tmp_path: Path) -> None:
    path = write_xls(tmp_path / "list.xls", [HEADER, pupil(1)])
    data = bytearray(path.read_bytes())
    place = data.index(struct.pack("<HH", 0x0200, 14)) + 4
    data[place : place + 12] = struct.pack("<IIHH", 0, 0xFFFFFFFF, 0, 0xFFFF)
    path.write_bytes(data)
    assert why(path) is Why.DAMAGED


def test_a_cell_that_is_longer_than_a_spreadsheet_has_it_refuses_the_list(good: Path) -> None:
    long = f'<row r="4"><c r="A4" t="inlineStr"><is><t>{"x" * (limits.CELL_CHARACTERS + 1)}</t></is></c></row>'
    assert why(with_rows(good, long)) is Why.DAMAGED


def test_a_table_within_its_limits_may_still_have_too_many_cells(good: Path) -> None:
    row = limits.SHEET_CELLS // limits.SHEET_COLUMNS + 1
    assert why(with_rows(good, f'<row r="{row}"><c r="BL{row}"><v>1</v></c></row>')) is Why.TOO_MANY_CELLS


def test_a_far_cell_of_an_xls_is_refused_too(tmp_path: Path) -> None:
    path = tmp_path / "list.xls"
    workbook = xlwt.Workbook()
    for name in ("一", "二"):
        sheet = workbook.add_sheet(name)
        sheet.write(0, 0, "x")
        sheet.write(40_000, 63, "x")
    workbook.save(str(path))
    assert why(path) is Why.TOO_MANY_CELLS
    workbook.get_sheet(0).write(0, 255, "x")
    workbook.save(str(path))
    assert why(path) is Why.TOO_MANY_COLUMNS


def test_empty_rows_with_formats_are_empty(good: Path) -> None:
    rows = "".join(f'<row r="{row}"><c r="A{row}" s="1"/></row>' for row in range(4, 60_000))
    last = '<row r="1048576" ht="20" customHeight="1"><c r="A1048576" s="1"/></row>'
    checked = taken(with_rows(good, rows + last))
    assert (checked.rows, len(checked.taken)) == (2, 2)


def test_more_pupils_than_a_list_may_have_are_refused_and_none_is_taken(tmp_path: Path) -> None:
    row = ",,,\n".join(["x"] * (limits.PUPILS + 1))
    path = tmp_path / "list.csv"
    path.write_text(f"{','.join(HEADER)}\n{row}\n", "utf-8")
    assert why(path) is Why.TOO_MANY_PUPILS


def test_a_line_without_an_end_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "list.csv", [HEADER, pupil(1)])
    path.write_bytes(path.read_bytes() + b"x" * (limits.MIB))
    assert read(path) == ListRefused(Why.LONG_LINE, "3")


def test_merged_ranges_without_end_are_refused(good: Path) -> None:
    merges = '<mergeCell ref="A4:D200000"/>' * 3
    path = changed(
        good, SHEET, lambda text: text.replace("</sheetData>", f"</sheetData><mergeCells>{merges}</mergeCells>")
    )
    assert read(path) == ListRefused(Why.TOO_MANY_MERGED, "名单")


def test_more_sheets_than_a_workbook_may_have_are_refused(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "list.xlsx")) as workbook:
        for _ in range(limits.SHEETS + 1):
            workbook.add_worksheet()
    assert why(tmp_path / "list.xlsx") is Why.TOO_MANY_SHEETS


# --- of another kind -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        (b"", ListRefused(Why.EMPTY)),
        (b"\xef\xbb\xbf\r\n", ListRefused(Why.EMPTY)),
        (b"\0" * 5000, ListRefused(Why.UNKNOWN_FORMAT)),
        (b"<html><table><tr><td>x</td></tr></table></html>", ListRefused(Why.HTML)),
        (b"\r\n<!DOCTYPE html>", ListRefused(Why.HTML)),
        ("\ufeff<table>".encode("utf-16-le"), ListRefused(Why.HTML)),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', "XML 表格"),
        (b"%PDF-1.7 x", "PDF 文件"),
        (b"{\\rtf1 x", "RTF 文档"),
        (b"\x89PNG\r\n\x1a\n", "图片"),
        (b"Rar!\x1a\x07", "压缩包"),
        (b"MZ\x90\0\x03\0\0\0", "程序"),
        (b"PK\x03\x04 and nothing more", ListRefused(Why.DAMAGED)),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 5000, ListRefused(Why.DAMAGED)),
        (bytes(range(1, 256)) * 20, ListRefused(Why.UNKNOWN_FORMAT)),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path: Path, content: bytes, refused: ListRefused | str) -> None:
    path = tmp_path / "list.xls"
    path.write_bytes(content)
    expected = ListRefused(Why.OTHER_FORMAT, refused) if isinstance(refused, str) else refused
    assert read(path) == expected


@pytest.mark.parametrize(
    ("part", "name"), [("word/document.xml", "Word 文档"), ("content.xml", "ODF 文档（.ods）"), ("a.txt", "压缩包")]
)
def test_an_archive_that_is_no_workbook_is_named(tmp_path: Path, part: str, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "list.xlsx", "w") as archive:
        archive.writestr(part, "x")
    assert read(tmp_path / "list.xlsx") == ListRefused(Why.OTHER_FORMAT, name)


@pytest.mark.parametrize("ending", ["csv", "xls", "xlsx", "txt", "jpg"])
def test_the_ending_of_a_name_proves_nothing(tmp_path: Path, good: Path, ending: str) -> None:
    for source in (good, write_xls(tmp_path / "a", [HEADER, pupil(1)]), write_csv(tmp_path / "b", [HEADER, pupil(1)])):
        path = Path(shutil.copy(source, tmp_path / f"renamed.{ending}"))
        assert len(taken(path).taken) > 0


@pytest.mark.parametrize("part", ["xl/workbook.bin", "content.xml"])
def test_a_workbook_that_is_of_another_kind_as_well_is_refused(good: Path, part: str) -> None:
    with zipfile.ZipFile(good, "a") as archive:
        archive.writestr(part, b"x")
    assert why(good) is Why.OTHER_FORMAT


@pytest.mark.parametrize("part", ["xl/vbaProject.bin", "xl/macrosheets/sheet1.xml", "XL\\VBAPROJECT.BIN"])
def test_macros_are_refused(good: Path, part: str) -> None:
    with zipfile.ZipFile(good, "a") as archive:
        archive.writestr(part, b"x")
    assert why(good) is Why.MACROS


def test_two_parts_of_one_name_are_refused(good: Path) -> None:
    with zipfile.ZipFile(good, "a") as archive:
        archive.writestr("xl/Worksheets/SHEET1.xml", b"<worksheet/>")
    assert why(good) is Why.DAMAGED


def test_a_workbook_with_a_password_is_refused(tmp_path: Path) -> None:
    path = write_xls(tmp_path / "list.xls", [HEADER, pupil(1)])
    data = bytearray(path.read_bytes())
    # the record behind the first one becomes FILEPASS
    start = data.index(struct.pack("<HHH", 0x0809, 0x10, 0x0600))
    data[start + 20 : start + 22] = struct.pack("<H", 0x002F)
    path.write_bytes(data)
    assert why(path) is Why.ENCRYPTED


def test_a_file_that_is_not_there_or_a_folder_is_told(tmp_path: Path) -> None:
    assert why(tmp_path / "nowhere.xlsx") is Why.NO_FILE
    assert why(tmp_path) in (Why.NOT_READABLE, Why.EMPTY)


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9, 0.99])
def test_a_file_that_is_cut_off_gives_no_pupil(tmp_path: Path, good: Path, keep: float) -> None:
    for source in (good, write_xls(tmp_path / "whole.xls", [HEADER, *map(pupil, range(300))])):
        data = source.read_bytes()
        path = tmp_path / "cut"
        path.write_bytes(data[: int(len(data) * keep)])
        assert isinstance(read(path), ListRefused)


def test_whatever_byte_is_wrong_there_is_an_answer(tmp_path: Path, good: Path) -> None:
    for source in (good, write_xls(tmp_path / "whole.xls", [HEADER, pupil(1)])):
        data = source.read_bytes()
        path = tmp_path / "wrong"
        for place in range(0, len(data), max(1, len(data) // 60)):
            path.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
            read(path)
