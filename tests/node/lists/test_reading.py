"""A list as a whole: which sheet, which columns, which rows, and what is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pytest
import xlsxwriter

from node.lists.documents import Document, DocumentType
from node.lists.limits import BATCH_ROWS
from node.lists.pupils import EXAMPLE_NAME, EXAMPLE_NUMBER, Pupil
from node.lists.refusals import ListRefused, Why, refusal_sentence
from node.lists.remarks import Column, Kind, Language, Remark, sentence
from tests.node.lists.sheets import (
    HEADER,
    PHONE,
    Cells,
    doubts,
    fill,
    kinds,
    number,
    pupil,
    read,
    taken,
    why,
    write_csv,
    write_xls,
    write_xlsx,
)

Writer = Callable[[Path, Sequence[Cells]], Path]
EVERY_FORMAT = pytest.mark.parametrize("write", [write_csv, write_xlsx, write_xls])


# --- where the list is ---------------------------------------------------------------------------------------


@EVERY_FORMAT
def test_a_list_below_a_title_with_empty_rows_keeps_the_row_numbers_of_the_sheet(tmp_path: Path, write: Writer) -> None:
    rows = [
        ["某某小学二年级一班"],
        [""],
        HEADER,
        pupil(1),
        ["", "", "", ""],
        pupil(2),
        pupil(3, consent=""),
        [""],
        [" "],
    ]
    checked = taken(write(tmp_path / "list", rows))
    assert [each.row for each in checked.taken] == [4, 6]
    assert kinds(checked) == {7: [Kind.CONSENT_EMPTY]}
    canonical = Document(DocumentType.IDENTITY_CARD, number(1))
    assert checked.taken[0] == Pupil(4, "王小丁", canonical, f"+86{PHONE}")


def test_a_table_that_begins_in_the_middle_of_the_sheet_is_read_with_its_row_numbers(tmp_path: Path) -> None:
    rows = [[], [], *([None, None, *each] for each in (HEADER, pupil(1)))]
    checked = taken(write_xlsx(tmp_path / "list", rows))
    assert [each.row for each in checked.taken] == [4]


@pytest.mark.parametrize(
    "names",
    [
        ("姓 名", "身份证号", "家长电话", "家长是否同意"),
        ("监护人同意（是/否）", "手机", "＊身份证号码", "学生姓名*"),
        ("监护人是否同意办理借阅卡？", "手机", "身份证号", "学生\u200b姓名"),
        ("序号", "学生　姓名：", "学生身份证号码(必填)", "联系方式", "是否同意", "班级"),
        ("姓名", "电话", "监护人同意", "证件号码", "证件类型", "监护人", "与学生的关系"),
    ],
)
def test_columns_are_found_by_name_in_any_order(tmp_path: Path, names: Sequence[str]) -> None:
    cells = {"姓": "王小明", "证": number(1), "电": PHONE, "手": PHONE, "联": PHONE, "同": "是"}
    row = [next((cells[key] for key in ("同", "电", "手", "联", "证") if key in name), "") for name in names]
    row = ["王小明" if "姓" in name else "" if "类型" in name else cell for name, cell in zip(names, row, strict=True)]
    assert len(taken(write_csv(tmp_path / "list", [names, row])).taken) == 1


@pytest.mark.parametrize(
    ("header", "reason", "detail"),
    [
        (HEADER[:3], Why.MISSING_COLUMNS, "监护人同意"),
        (("姓名", "身份证号", "班级"), Why.MISSING_COLUMNS, "联系人电话、监护人同意"),
        ((*HEADER, "家长电话"), Why.DOUBLE_COLUMN, "联系人电话"),
        (("学生姓名", "监护人身份证号", "父亲电话", "班级"), Why.NO_HEADER, ""),
        (("a", "b", "c", "d"), Why.NO_HEADER, ""),
    ],
)
@EVERY_FORMAT
def test_columns_that_are_missing_or_double_refuse_the_list(
    tmp_path: Path, write: Writer, header: Cells, reason: Why, detail: str
) -> None:
    assert read(write(tmp_path / "list", [header, [*pupil(1), PHONE]])) == ListRefused(reason, detail)


@EVERY_FORMAT
def test_a_header_without_pupils_is_no_list(tmp_path: Path, write: Writer) -> None:
    assert why(write(tmp_path / "list", [HEADER, ["", "", "", ""]])) is Why.NO_PUPILS


def test_numbered_rows_that_nobody_filled_in_are_empty(tmp_path: Path) -> None:
    rows = [("序号", *HEADER), ["1", *pupil(1)], ["2", "", "", "", ""], ["3", "", "", "", ""]]
    checked = taken(write_csv(tmp_path / "list", rows))
    assert (checked.rows, kinds(checked)) == (1, {})


def test_the_header_of_a_second_page_is_passed_over(tmp_path: Path) -> None:
    checked = taken(write_csv(tmp_path / "list", [HEADER, pupil(1), HEADER, pupil(2)]))
    assert ([each.row for each in checked.taken], kinds(checked)) == ([2, 4], {})


def test_a_second_header_with_other_columns_refuses_the_list(tmp_path: Path) -> None:
    rows = [HEADER, pupil(1), HEADER[::-1], pupil(2)[::-1]]
    assert read(write_csv(tmp_path / "list", rows)) == ListRefused(Why.SECOND_HEADER, "3")


def workbook(path: Path, sheets: dict[str, Sequence[Cells]], hidden: Collection[str] = ()) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            fill(sheet, rows)
            if name in hidden:
                sheet.hide()
        book.worksheets()[-1].activate() if not hidden else None
    return path


def test_of_several_sheets_the_one_with_the_header_is_read(tmp_path: Path) -> None:
    sheets: dict[str, Sequence[Cells]] = {
        "说明": [["填表说明"], ["姓名照证件填写"]],
        "一班": [HEADER, pupil(1)],
        "二班": [HEADER],
    }
    assert taken(workbook(tmp_path / "list", sheets)).found.table.name == "一班"


def test_several_lists_in_one_workbook_are_refused_and_one_of_them_can_be_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "list", {"一班": [HEADER, pupil(1)], "二班": [HEADER, pupil(2), pupil(3)]})
    assert read(path) == ListRefused(Why.SEVERAL_SHEETS, "“一班”、“二班”")
    assert len(taken(path, sheet="二班").taken) == 2
    assert read(path, sheet="三班") == ListRefused(Why.NO_SUCH_SHEET, "三班")


def test_a_hidden_sheet_is_not_read_and_is_told(tmp_path: Path) -> None:
    sheets: dict[str, Sequence[Cells]] = {"一班": [HEADER, pupil(1)], "旧": [HEADER, pupil(2)]}
    checked = taken(workbook(tmp_path / "a", sheets, hidden=["旧"]))
    assert ([each.row for each in checked.taken], checked.found.hidden_lists) == ([2], ("旧",))
    sheets["一班"] = [["没有名单"]]
    assert read(workbook(tmp_path / "b", sheets, hidden=["旧"])) == ListRefused(Why.HIDDEN_SHEET, "旧")


# --- CSV -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_is_read_in_the_encodings_of_spreadsheets(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = [HEADER, pupil(1, name="买买提·艾力"), pupil(2, name="王\u3400𠮷")]
    checked = taken(write_csv(tmp_path / "list.csv", rows, encoding, delimiter))
    assert [each.name for each in checked.taken] == ["买买提·艾力", "王\u3400𠮷"]


def test_a_file_of_two_encodings_is_refused_as_a_whole_with_the_line(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "list.csv", [HEADER, pupil(1)])
    path.write_bytes(path.read_bytes() + b"\xff\xff,1,2,3\n")
    assert read(path) == ListRefused(Why.ENCODING, "3")


def test_a_stray_quote_spoils_its_own_row_alone(tmp_path: Path) -> None:
    checked = taken(write_csv(tmp_path / "list.csv", [HEADER, pupil(1, name='"王小明'), pupil(2)]))
    assert (kinds(checked), [each.row for each in checked.taken]) == ({2: [Kind.LINE]}, [3])


def test_a_line_break_in_a_cell_moves_no_pupil_into_other_columns(tmp_path: Path) -> None:
    good, other = pupil(1), pupil(2)
    header = ("班级", *HEADER, "备注")
    rows = [["一班", *good, ""], ["一班", *other, ""]]
    for place in range(len(header)):
        broken = ["一班", *good, ""]
        broken[place] = f'"{broken[place]}\n{broken[place]}"'
        checked = taken(write_csv(tmp_path / "list.csv", [header, broken, rows[1]]))
        found = {(each.name, each.document.number) for each in checked.taken}
        # where the columns before the pupil's are broken, the rest of the row stands in its place
        assert {(other[0], other[1])} <= found <= {(good[0], good[1]), (other[0], other[1])}
        assert Kind.LINE in kinds(checked)[2]


def test_a_number_written_so_that_spreadsheets_leave_it_alone_is_taken(tmp_path: Path) -> None:
    rows = [
        HEADER,
        pupil(1, number=f'="{number(1)}"'),
        pupil(2, number=f"'{number(2)}"),
        pupil(3, number=f"\t{number(3)}"),
    ]
    assert len(taken(write_csv(tmp_path / "list.csv", rows)).taken) == 3


# --- rows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["是", " 是 ", "同意", "√", "Y", "１", "TRUE"])
def test_a_yes_is_a_yes(tmp_path: Path, word: str) -> None:
    assert len(taken(write_csv(tmp_path / "list", [HEADER, pupil(1, consent=word)])).taken) == 1


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("", Kind.CONSENT_EMPTY),
        ("NULL", Kind.CONSENT_EMPTY),
        ("否", Kind.CONSENT_NO),
        ("不同意", Kind.CONSENT_NO),
        ("×", Kind.CONSENT_NO),
        ("待定", Kind.CONSENT_UNCLEAR),
        ("是否", Kind.CONSENT_UNCLEAR),
        ("#N/A", Kind.CONSENT_UNCLEAR),
    ],
)
def test_of_a_row_without_consent_nothing_is_kept_but_its_number(tmp_path: Path, word: str, kind: Kind) -> None:
    # the same pupil twice: the first row must not be remembered
    checked = taken(write_csv(tmp_path / "list", [HEADER, pupil(1, consent=word, phone="1"), pupil(1), pupil(1)]))
    assert checked.refused[2] == (Remark(kind, Column.CONSENT),)
    assert kinds(checked)[4] == [Kind.DUPLICATE]
    assert checked.refused[4][0].other_row == 3


@pytest.mark.parametrize("damage", ["5.00106E+17", "5E+17", "1.00E+11", "500106201503040011.0", "5.00106201503040E17"])
@pytest.mark.parametrize("column", ["number", "phone"])
def test_numbers_that_a_spreadsheet_has_shortened_are_refused(tmp_path: Path, damage: str, column: str) -> None:
    checked = taken(write_csv(tmp_path / "list", [HEADER, pupil(1, **{column: damage})]))
    assert kinds(checked) == {2: [Kind.SHORTENED]}


@pytest.mark.parametrize("write", [write_xlsx, write_xls])
def test_numbers_that_a_spreadsheet_keeps_as_quantities_are_taken_only_where_nothing_is_lost(
    tmp_path: Path, write: Writer
) -> None:
    rows: list[Cells] = [
        HEADER,
        ["王小明", float(number(1)[:17] + "0"), PHONE, "是"],
        ["王小红", number(2), 13812345678, "是"],
    ]
    checked = taken(write(tmp_path / "list", rows))
    assert kinds(checked) == {2: [Kind.SHORTENED]}
    assert [each.phone for each in checked.taken] == ["+8613812345678"]


@pytest.mark.parametrize("nothing", ["", "NULL", "null", "N/A", "\\N"])
def test_what_other_programs_write_for_nothing_is_empty(tmp_path: Path, nothing: str) -> None:
    checked = taken(write_csv(tmp_path / "list", [HEADER, pupil(1, phone=nothing)]))
    assert kinds(checked) == {2: [Kind.EMPTY]}


def test_every_fault_of_a_row_is_told(tmp_path: Path) -> None:
    checked = taken(write_csv(tmp_path / "list", [HEADER, ["", "123", "63612345", "是"]]))
    assert kinds(checked) == {2: [Kind.EMPTY, Kind.NUMBER_LENGTH, Kind.PHONE_AREA]}


def test_the_second_row_of_a_number_is_refused_however_it_is_written(tmp_path: Path) -> None:
    ends_in_x = next(each for each in map(number, range(100)) if each.endswith("X"))
    rows = [HEADER, pupil(1, number=ends_in_x), pupil(2), pupil(3, number=f"{ends_in_x[:6]} {ends_in_x[6:].lower()}")]
    checked = taken(write_csv(tmp_path / "list", rows))
    assert checked.refused == {4: (Remark(Kind.DUPLICATE, Column.NUMBER, 2),)}


def test_the_same_name_and_phone_with_another_number_is_a_doubt(tmp_path: Path) -> None:
    checked = taken(write_csv(tmp_path / "list", [HEADER, pupil(1), pupil(1, number=number(2))]))
    assert doubts(checked) == {3: [Kind.SAME_NAME_AND_PHONE]}


def test_the_example_of_the_template_is_passed_over_and_what_is_left_of_it_is_refused(tmp_path: Path) -> None:
    rows = [HEADER, pupil(1, name=EXAMPLE_NAME, number=EXAMPLE_NUMBER), pupil(2, name=EXAMPLE_NAME)]
    checked = taken(write_csv(tmp_path / "list", [*rows, pupil(3, number=EXAMPLE_NUMBER), pupil(4)]))
    assert (checked.examples, kinds(checked)) == ((2,), {3: [Kind.EXAMPLE_LEFT], 4: [Kind.EXAMPLE_LEFT]})


def test_guardian_relation_and_document_are_optional(tmp_path: Path) -> None:
    header = (*HEADER, "监护人姓名", "与学生关系", "证件类型")
    rows = [
        header,
        [*pupil(1), "王 建国", "爸爸", ""],
        [*pupil(2), "王?", "邻居", ""],
        [*pupil(3, number="H12345678"), "", "", "港澳通行证"],
        [*pupil(4), "", "", "学生证"],
    ]
    checked = taken(write_csv(tmp_path / "list", rows))
    assert [(each.guardian, each.relation) for each in checked.taken] == [("王建国", "父亲"), ("", ""), ("", "")]
    assert doubts(checked) == {3: [Kind.GUARDIAN_LEFT_OUT, Kind.RELATION_LEFT_OUT]}
    assert checked.taken[2].document == Document(DocumentType.HONG_KONG_MACAO_PERMIT, "H12345678")
    assert kinds(checked) == {5: [Kind.DOCUMENT_UNKNOWN]}


def test_a_library_is_asked_in_batches_which_numbers_it_knows(tmp_path: Path) -> None:
    asked: list[int] = []

    def known(numbers: Sequence[str]) -> Collection[str]:
        asked.append(len(numbers))
        return {number(5, "20150101"), number(3, "20150103")}

    rows = [pupil(order, number=number(order, f"201501{day:02}")) for day in range(1, 4) for order in range(900)]
    checked = taken(write_csv(tmp_path / "list", [HEADER, *rows]), known)
    assert asked == [BATCH_ROWS, BATCH_ROWS, 700]
    assert checked.known == {2 + 5, 2 + 1800 + 3}


def test_a_result_shows_nothing_of_a_pupil(tmp_path: Path) -> None:
    checked = taken(write_csv(tmp_path / "list", [HEADER, pupil(1), pupil(2, phone="1")]))
    shown = repr(checked) + repr(checked.taken) + repr(checked.refused)
    assert not any(each in shown for each in ("王", number(1), PHONE))


# --- sentences -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", Kind)
def test_every_remark_has_a_sentence(kind: Kind, language: Language) -> None:
    text = sentence(Remark(kind, Column.NUMBER, 777), language)
    assert "{" not in text
    assert not text.endswith(("。", "."))
    assert ("777" in text) == (kind in (Kind.DUPLICATE, Kind.SAME_NAME_AND_PHONE))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("reason", Why)
def test_every_refusal_has_a_sentence(reason: Why, language: Language) -> None:
    text = refusal_sentence(ListRefused(reason, "某"), language)
    assert "{" not in text
    assert not text.endswith(("。", "."))
