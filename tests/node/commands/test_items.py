"""`tongjie items import`: good rows are taken, refused rows are told, and nothing is half imported."""

from __future__ import annotations

import csv
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.commands.items import COLUMNS, command
from tests.node.commands.city_files import Files, city_files

VECTORS = Path(__file__).parents[2] / "vectors"
HEADER = ",".join(COLUMNS)
GOOD = "CQBB0000000001,三体,刘慈欣,978-7-5366-9293-0,I247.55,book,少儿借阅区,0,2300"


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return city_files(tmp_path)


def imported(files: Files, content: str | bytes, *options: str) -> Result:
    file = files.folder / "items.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return CliRunner().invoke(command, ["import", str(file), "--config", str(files.config), *options])


def items(files: Files) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(files.database)) as connection:
        return connection.execute("SELECT barcode, title, isbn, is_foreign, price_fen FROM item").fetchall()


def report(files: Files) -> list[dict[str, str]]:
    with (files.folder / "items.refused.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def row(**changes: str) -> str:
    values = dict(zip(COLUMNS, GOOD.split(","), strict=True)) | changes
    return ",".join(f'"{value}"' if "," in value else value for value in values.values())


# --- what is taken -------------------------------------------------------------------------------------------


def test_good_rows_are_imported_and_leave_no_report(files: Files) -> None:
    result = imported(files, f"{HEADER}\n{GOOD}\n")
    assert (result.exit_code, result.output) == (0, "1 items added, 0 changed, 0 unchanged\n")
    assert items(files) == [("CQBB0000000001", "三体", "9787536692930", 0, 2300)]
    assert not (files.folder / "items.refused.csv").exists()


def test_an_item_that_is_there_is_brought_up_to_date(files: Files) -> None:
    imported(files, f"{HEADER}\n{GOOD}\n{row(barcode='CQBB2')}\n")
    result = imported(files, f"{HEADER}\n{row(title='新版')}\n{row(barcode='CQBB2')}\n")
    assert result.output == "0 items added, 1 changed, 1 unchanged\n"
    assert items(files)[0][1] == "新版"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_mark_at_the_beginning_is_no_matter(files: Files, encoding: str) -> None:
    assert imported(files, f"{HEADER}\n{GOOD}\n".encode(encoding)).exit_code == 0


def test_a_file_of_a_chinese_spreadsheet_is_read_as_it_says(files: Files) -> None:
    result = imported(files, f"{HEADER}\r\n{GOOD}\r\n".encode("gb18030"), "--encoding", "gb18030")
    assert result.exit_code == 0
    assert items(files)[0][1] == "三体"


def test_the_columns_may_come_in_any_order_and_the_file_in_any_line_ends(files: Files) -> None:
    pairs = list(zip(COLUMNS, GOOD.split(","), strict=True))[::-1]
    content = ",".join(name.upper() for name, _ in pairs) + "\r" + ",".join(value for _, value in pairs)
    assert imported(files, content).exit_code == 0
    assert items(files)[0][0] == "CQBB0000000001"


def test_blank_rows_are_no_rows(files: Files) -> None:
    result = imported(files, f"{HEADER}\n\n{GOOD}\n,,,,,,,,\n\n")
    assert (result.exit_code, len(items(files))) == (0, 1)


@pytest.mark.parametrize(("written", "kept"), [("1", 1), ("TRUE", 1), ("是", 1), ("0", 0), ("", 0), ("否", 0)])
def test_foreign_is_yes_or_no(files: Files, written: str, kept: int) -> None:
    imported(files, f"{HEADER}\n{row(foreign=written)}\n")
    assert items(files)[0][3] == kept


def test_a_periodical_may_have_an_issn(files: Files) -> None:
    assert imported(files, f"{HEADER}\n{row(isbn='0001-2475', item_type='periodical')}\n").exit_code == 0
    assert items(files)[0][2] == "00012475"


@pytest.mark.parametrize("name", ["items_same_barcode_CQBB.csv", "items_two_copies.csv"])
def test_barcodes_without_a_prefix_are_counted_with_an_example_and_what_to_do(files: Files, name: str) -> None:
    text = (VECTORS / "field" / name).read_text("utf-8").replace("CQSPB09", "CQBB09")
    result = imported(files, text)
    assert result.exit_code == 0
    said = "1 barcodes are covered by no prefix of this library alone, such as 30012345"
    assert (said in result.output) is ("same_barcode" in name)
    assert ("`item_prefixes` of federation.toml" in result.output) is ("same_barcode" in name)


# --- what is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"barcode": ""}, "barcode", "is empty; fill it in"),
        ({"barcode": "CQBB 1"}, "barcode", "letters A-Z, digits"),
        ({"barcode": "CQBB|1"}, "barcode", "letters A-Z, digits"),
        ({"barcode": "CQBB" + "1" * 40}, "barcode", "has 44 characters; shorten it to 40"),
        ({"barcode": "CQSPB0000000001"}, "barcode", "its prefix is one of CQSPB"),
        ({"barcode": "CN-500106-1-SPB.300"}, "barcode", "its institution code is not that of this library"),
        ({"title": " "}, "title", "is empty; fill it in"),
        ({"title": "三" * 301}, "title", "has 301 characters; shorten it to 300"),
        ({"title": "三\x07体"}, "title", "holds a control character"),
        ({"author": "刘\u2028慈欣"}, "author", "holds a control character"),
        ({"barcode": "#N/A"}, "barcode", "a formula of the spreadsheet failed here (#N/A)"),
        ({"author": "#NAME?"}, "author", "a formula of the spreadsheet failed here (#NAME?)"),
        ({"price_fen": "#DIV/0!"}, "price_fen", "a formula of the spreadsheet failed here (#DIV/0!)"),
        ({"barcode": "NULL"}, "barcode", "is empty; fill it in"),
        ({"title": "NULL"}, "title", "is empty; fill it in"),
        ({"item_type": "boook"}, "item_type", "did you mean book?"),
        ({"foreign": "maybe"}, "foreign", "write 1 or 0"),
        ({"price_fen": "23.00"}, "price_fen", "whole number of fen"),
        ({"price_fen": "-1"}, "price_fen", "whole number of fen"),
        ({"price_fen": "٣"}, "price_fen", "whole number of fen"),
        ({"price_fen": "999999999999"}, "price_fen", "whole number of fen"),
    ],
)
def test_a_refused_row_is_told_with_line_column_and_what_to_do(
    files: Files, changes: dict[str, str], column: str, words: str
) -> None:
    result = imported(files, f"{HEADER}\n{row(barcode='CQBB2')}\n{row(**changes)}\n")
    assert result.exit_code == 1
    assert "1 items added" in result.output
    assert f"items.csv:3: {column}: " in result.output
    [refused] = report(files)
    assert refused["line"] == "3"
    assert refused["reason"].startswith(f"{column}: ")
    assert words in refused["reason"]
    assert len(items(files)) == 1


def test_every_fault_of_a_row_is_told(files: Files) -> None:
    imported(files, f"{HEADER}\n{row(title='', foreign='x', price_fen='-1')}\n")
    assert [each.split(":")[0] for each in report(files)[0]["reason"].split("; ") if ": " in each] == [
        "title",
        "foreign",
        "price_fen",
    ]


@pytest.mark.parametrize(
    "shortened",
    [
        *("1.00E+11", "5E+17", "9.78712E+12", "1e+05", "1.5E17", "5E17", "1234567.0", "30012345.00", "1.0E-5"),
        *("1,00E+11", "1.E+11", "１．００Ｅ＋１１", "1234567,0"),
    ],
)
def test_a_number_that_a_spreadsheet_has_shortened_is_no_barcode(files: Files, shortened: str) -> None:
    assert imported(files, f"{HEADER}\n{row(barcode=shortened)}\n").exit_code == 1
    assert items(files) == []
    assert "a spreadsheet has shortened this number; format the column as text" in report(files)[0]["reason"]


@pytest.mark.parametrize("barcode", ["CQBB1E+11", "12E345678", "I247.0", "2024.55", "E17"])
def test_a_barcode_that_only_looks_like_a_shortened_number_is_taken(files: Files, barcode: str) -> None:
    assert imported(files, f"{HEADER}\n{row(barcode=barcode)}\n").exit_code == 0


@pytest.mark.parametrize(
    "isbn", ["978-7-5366-9293-1", "978-7-5366-9293-0(精装)", "10019-2345", "统一书号", "0001-2475"]
)
def test_an_item_whose_isbn_is_none_is_taken_without_it_and_told(files: Files, isbn: str) -> None:
    result = imported(files, f"{HEADER}\n{row(isbn=isbn)}\n{row(barcode='CQBB2')}\n")
    assert (result.exit_code, items(files)[0][2], items(files)[1][2]) == (0, "", "9787536692930")
    [told] = report(files)
    assert (told["line"], told["isbn"]) == ("2", isbn)
    assert "is no ISBN" in told["reason"]
    assert "the item is taken without it" in told["reason"]
    assert "1 of 2 rows taken without something, listed in " in result.output


def test_where_a_database_wrote_null_nothing_stands(files: Files) -> None:
    assert (
        imported(files, f"{HEADER}\n{row(author='NULL', isbn='NULL', price_fen='NULL', foreign='NULL')}\n").exit_code
        == 0
    )
    assert items(files)[0][2:] == ("", 0, 0)


@pytest.mark.parametrize("nothing", ["(null)", "[NULL]", "<null>", "None", "nan", "N/A", "null"])
def test_a_word_for_nothing_is_no_barcode(files: Files, nothing: str) -> None:
    assert imported(files, f"{HEADER}\n{row(barcode=nothing)}\n").exit_code == 1
    assert items(files) == []
    assert "barcode: is empty; fill it in" in report(files)[0]["reason"]


def test_a_name_that_is_a_word_for_nothing_elsewhere_is_a_name(files: Files) -> None:
    assert imported(files, f"{HEADER}\n{row(title='None')}\n").exit_code == 0
    assert items(files)[0][1] == "None"


def test_missing_cells_at_the_end_of_a_row_are_empty(files: Files) -> None:
    content = f"{HEADER}\nCQBB1,书甲,,,I1,book,A,0\nCQBB2,书乙,,,I1,book,A\nCQBB3,书丙\n"
    assert imported(files, content).exit_code == 1
    assert [each[0] for each in items(files)] == ["CQBB1", "CQBB2"]
    assert "item_type: '' is not possible" in report(files)[0]["reason"]


def test_surplus_empty_cells_and_columns_without_a_name_are_nothing(files: Files) -> None:
    assert imported(files, f"{HEADER},,\n{GOOD},,\n{row(barcode='CQBB2')},,,,\n{row(barcode='CQBB3')}\n").exit_code == 0
    assert len(items(files)) == 3


def test_a_value_under_a_column_without_a_name_is_refused(files: Files) -> None:
    assert imported(files, f"{HEADER},,\n{GOOD},,x\n").exit_code == 1
    assert "cell 11 stands under no column" in report(files)[0]["reason"]


def test_the_second_of_a_barcode_is_refused_and_names_the_first(files: Files) -> None:
    imported(files, f"{HEADER}\n{GOOD}\n{row(title='另一本')}\n")
    assert "stands in line 2 already" in report(files)[0]["reason"]
    assert [title for _, title, *_ in items(files)] == ["三体"]


def test_a_row_with_too_many_cells_is_refused(files: Files) -> None:
    imported(files, f"{HEADER}\n{GOOD},more\n")
    assert "cell 10 stands under no column; text with a comma needs quotes" in report(files)[0]["reason"]


def test_a_stray_quote_spoils_its_own_line_only(files: Files) -> None:
    broken = GOOD.replace("三体", '"三体')
    result = imported(files, f"{HEADER}\n{broken}\n{row(barcode='CQBB2')}\n{row(barcode='CQBB3')}\n")
    assert "a quote is opened and not closed on this line" in report(files)[0]["reason"]
    assert (result.exit_code, len(items(files))) == (1, 2)


def test_a_row_in_another_encoding_is_refused_and_kept_as_it_was(files: Files) -> None:
    broken = row(barcode="CQBB2").encode("gb18030")
    imported(files, f"{HEADER}\n{GOOD}\n".encode() + broken + b"\n")
    kept = (files.folder / "items.refused.csv").read_bytes()
    assert "三体".encode("gb18030") in kept
    assert b"try --encoding gb18030" in kept


def test_a_corrected_report_can_be_imported(files: Files) -> None:
    imported(files, f"{HEADER}\n{row(item_type='boook')}\n")
    text = (files.folder / "items.refused.csv").read_text("utf-8-sig").replace("boook,少", "book,少")
    assert imported(files, text).exit_code == 0
    assert len(items(files)) == 1


def test_all_or_nothing_imports_nothing_where_a_row_is_refused(files: Files) -> None:
    result = imported(files, f"{HEADER}\n{GOOD}\n{row(title='')}\n", "--all-or-nothing")
    assert result.exit_code == 2
    assert "nothing was imported" in result.output
    assert items(files) == []
    assert len(report(files)) == 1


# --- what can't be read at all -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "missing: barcode, title"),
        (GOOD, "missing: barcode, title"),
        (HEADER.replace(",location", ""), "missing: location"),
        (HEADER + ",colour", "column 10 is none of these"),
        (HEADER + ",title", "twice"),
        (HEADER.replace(",", ";"), "missing: barcode"),
    ],
)
def test_a_file_with_another_first_line_is_not_read(files: Files, content: str, words: str) -> None:
    result = imported(files, content)
    assert result.exit_code == 2
    assert words in result.output
    assert items(files) == []


def test_a_file_that_is_not_there_is_told(files: Files) -> None:
    result = CliRunner().invoke(command, ["import", "nowhere.csv", "--config", str(files.config)])
    assert (result.exit_code, "nowhere.csv" in result.output) == (2, True)


def test_the_report_has_the_name_that_the_help_gives(files: Files) -> None:
    told = re.search(r"\[of items\.csv:\s*(\S+)\]", CliRunner().invoke(command, ["import", "--help"]).output)
    imported(files, f"{HEADER}\n{row(foreign='x')}\n")
    assert told is not None
    assert (files.folder / told[1]).exists()


def test_a_report_can_not_replace_the_file_itself(files: Files) -> None:
    path = str(files.folder / "items.csv")
    assert imported(files, f"{HEADER}\n{row(title='')}\n", "--refused", path).exit_code == 2
    assert (files.folder / "items.csv").read_text("utf-8").startswith(HEADER)


def test_a_report_that_can_not_be_written_stops_the_import(files: Files) -> None:
    path = str(files.folder / "nowhere" / "refused.csv")
    assert imported(files, f"{HEADER}\n{GOOD}\n{row(title='')}\n", "--refused", path).exit_code == 2
    assert items(files) == []


def test_a_database_of_another_library_is_not_touched(files: Files) -> None:
    imported(files, f"{HEADER}\n{GOOD}\n")
    with closing(sqlite3.connect(files.database)) as connection:
        connection.execute("UPDATE meta SET value = 'CQSPB' WHERE name = 'library'")
        connection.commit()
    result = imported(files, f"{HEADER}\n{row(title='新')}\n")
    assert (result.exit_code, "belongs to library CQSPB" in result.output) == (2, True)
    assert items(files)[0][1] == "三体"


# --- any content ---------------------------------------------------------------------------------------------

cells = st.sampled_from(
    ["", "1", "三体", "book", "CQBB1", "CQBB2", "CQSPB9", '"', '""', "a\x00b", ",", "\ufeff", "x" * 301]
)
lines = st.one_of(
    st.just(GOOD),
    st.builds(lambda n: row(barcode=f"CQBB{n}"), st.integers(0, 5)),
    st.lists(cells, max_size=11).map(",".join),
    st.text(max_size=30),
)
contents = st.one_of(
    st.binary(max_size=200),
    st.lists(lines, max_size=12).map(lambda rows: "\n".join([HEADER, *rows]).encode("utf-8", "replace")),
    st.tuples(st.lists(lines, max_size=6), st.binary(max_size=20)).map(
        lambda parts: "\n".join([HEADER, *parts[0]]).encode("utf-8", "replace") + parts[1]
    ),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(content=contents, all_or_nothing=st.booleans())
def test_any_content_is_imported_and_reported_row_by_row_or_not_at_all(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, all_or_nothing: bool
) -> None:
    files = city_files_once(tmp_path_factory)
    for leftover in (*files.folder.glob("node.db*"), files.folder / "items.refused.csv"):
        leftover.unlink(missing_ok=True)
    result = imported(files, content, *(["--all-or-nothing"] if all_or_nothing else []))
    assert result.exception is None or isinstance(result.exception, SystemExit)
    taken = len(items(files))
    refused = (files.folder / "items.refused.csv").exists()
    match result.exit_code:
        case 0:
            assert refused == ("rows taken without something" in result.output)
            assert re.search(f"^{taken} items added", result.output, re.MULTILINE)
        case 1:
            assert refused
            assert not all_or_nothing
            assert re.search(f"^{taken} items added", result.output, re.MULTILINE)
            told = re.search(r"^([0-9]+) of ([0-9]+) rows refused", result.output, re.MULTILINE)
            assert told is not None
            assert taken + int(told[1]) == int(told[2])
        case _:
            assert result.exit_code == 2
            assert taken == 0


def city_files_once(factory: pytest.TempPathFactory) -> Files:
    if not _MADE:
        _MADE.append(city_files(factory.mktemp("any")))
    return _MADE[0]


_MADE: list[Files] = []
