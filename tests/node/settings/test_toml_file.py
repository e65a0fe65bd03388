"""Where the keys of a TOML text stand."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.settings.toml_file import KeyPath, Problem, SettingsError, key_lines, read_toml

TRICKY = '''\
# [not.a.table]
top = 1 # not = a key

text = """
[[fake]]
key = "in a text"
a quote " and two "" and an escaped \\""" end"""
raw = \'\'\'
[fake]
x = \'\'\' # after
list = [
  1, # ] in a comment
  "]",
  [ 2, 3 ],
]
inline = { a = 1, b = "}" }
"quoted # key" = 1
'literal' = "#"
dotted . "k e y" = true

[table]   # words
a.b = 1
  [ table . deeper ]
  c = 2

[[row]]
name = "one"
[row.part]
x = 1
[[row.sub]]
y = 1
[[row.sub]]
y = 2

[[row]]
name = "two"
[[row.sub]]
y = 3
z = """no newline at the end"""'''

PLACES: list[tuple[KeyPath, str]] = [
    (("top",), "top = 1"),
    (("text",), 'text = """'),
    (("raw",), "raw = "),
    (("list",), "list = ["),
    (("inline",), "inline"),
    (("quoted # key",), '"quoted # key"'),
    (("literal",), "'literal'"),
    (("dotted", "k e y"), "dotted"),
    (("table",), "[table]"),
    (("table", "a", "b"), "a.b"),
    (("table", "deeper"), "[ table . deeper ]"),
    (("table", "deeper", "c"), "c = 2"),
    (("row",), "[[row]]"),
    (("row", 0, "name"), 'name = "one"'),
    (("row", 0, "part"), "[row.part]"),
    (("row", 0, "part", "x"), "x = 1"),
    (("row", 0, "sub", 1, "y"), "y = 2"),
    (("row", 1, "name"), 'name = "two"'),
    (("row", 1, "sub", 0, "y"), "y = 3"),
    (("row", 1, "sub", 0, "z"), "z = "),
]


@pytest.mark.parametrize(("path", "begins"), PLACES)
def test_every_key_is_found_on_its_line(path: KeyPath, begins: str) -> None:
    line = key_lines(TRICKY)[path]
    assert TRICKY.splitlines()[line - 1].strip().startswith(begins)


def test_what_looks_like_a_key_inside_a_value_is_none() -> None:
    tomllib.loads(TRICKY)
    found = key_lines(TRICKY)
    assert {path[0] for path in found} == {path[0] for path, _ in PLACES}
    assert ("row", 2) not in found


def test_lines_are_counted_alike_with_windows_line_ends() -> None:
    assert key_lines(TRICKY.replace("\n", "\r\n")) == key_lines(TRICKY)


VALUES = st.sampled_from(
    ["1", '"#[["', "'='", '"""\n[x]\ny = 1\n"""', "'''\n[[x]]'''", "[\n1,\n# ]\n2]", "{ a = [1] }", "2024-01-01"]
)


@given(st.lists(st.lists(VALUES, max_size=4), max_size=5))
def test_keys_of_arrays_of_tables_are_found_whatever_values_stand_between(rows: list[list[str]]) -> None:
    text = ""
    expected: dict[KeyPath, int] = {}
    for index, values in enumerate(rows):
        expected["row", index] = text.count("\n") + 1
        text += "[[row]]\n"
        for number, value in enumerate(values):
            expected["row", index, f"k{number}"] = text.count("\n") + 1
            text += f"k{number} = {value} # = [\n"
    tomllib.loads(text)
    found = key_lines(text)
    assert {path: line for path, line in found.items() if path != ("row",)} == expected


def test_an_error_names_the_nearest_table_for_what_has_no_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(TRICKY, encoding="utf-8")
    file = read_toml(path)
    row = TRICKY.splitlines().index("[[row]]") + 1
    assert file.line_of(("row", 0, "missing")) == row
    assert file.line_of(("list", 3, 0)) == TRICKY.splitlines().index("list = [") + 1
    assert file.line_of(("missing",)) == file.line_of(()) == 1
    problems = [Problem(("row", 0, "missing"), "second"), Problem((), "first"), Problem((), "also first")]
    assert str(file.error(problems)) == (f"{path}:1: first\n{path}:1: also first\n{path}:{row}: row #1 missing: second")


def test_lists_are_read_as_tuples_all_the_way_down(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("a = [[1], [{ b = [2] }]]", encoding="utf-8")
    assert read_toml(path).values == {"a": ((1,), ({"b": (2,)},))}


# --- what cannot be seen, or looks like something else -----------------------------------------------------------


def refusal(tmp_path: Path, text: str | bytes) -> str:
    file = tmp_path / "node.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    with pytest.raises(SettingsError) as refused:
        read_toml(file)
    return str(refused.value).removeprefix(f"{file}:")


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_byte_order_mark_in_front_is_no_matter(tmp_path: Path, ends: str) -> None:
    file = tmp_path / "node.toml"
    file.write_bytes(f'library = "CQBB"{ends}port = 1{ends}'.encode("utf-8-sig"))
    assert read_toml(file).values == {"library": "CQBB", "port": 1}


def test_a_file_in_another_unicode_form_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path, 'library = "CQBB"'.encode("utf-16")) == "1: written in UTF-16; save the file in UTF-8"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("library = “CQBB”", '“ (U+201C, left double quotation mark) stands where " belongs'),
        ("library = ‘CQBB’", "‘ (U+2018, left single quotation mark) stands where ' belongs"),
        ('library ＝ "CQBB"', "＝ (U+FF1D, fullwidth equals sign) stands where = belongs"),
        ("［sip2]", "［ (U+FF3B, fullwidth left square bracket) stands where [ belongs"),
        ("a = [1，2] # “x”", "， (U+FF0C, fullwidth comma) stands where , belongs"),
        ('library\u00a0= "CQBB"', "the invisible character U+00A0 (no-break space); delete it"),
        ('\u200blibrary = "CQBB"', "the invisible character U+200B (zero width space); delete it"),
        ('library\u3000= "CQBB"', "the invisible character U+3000 (ideographic space); delete it"),
    ],
)
def test_a_sign_that_only_looks_like_one_of_toml_is_named_with_its_line(tmp_path: Path, line: str, words: str) -> None:
    told = refusal(tmp_path, f"# “a comment”\n{line}\n")
    assert told.startswith("2: not TOML: ")
    assert words in told


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('library = "CQBB\u200b"', "2: library: holds the invisible character U+200B (zero width space); delete it"),
        ('cards = ["2350\ufeff"]', "2: cards #1: holds the invisible character U+FEFF (zero width no-break space)"),
        ('"lib\u200erary" = 1', "its name holds the invisible character U+200E (left-to-right mark); delete it"),
    ],
)
def test_a_character_in_a_value_that_nobody_can_see_is_named(tmp_path: Path, line: str, words: str) -> None:
    assert words in refusal(tmp_path, f"# top\n{line}\n")


def test_signs_that_look_like_others_may_stand_in_texts_and_comments(tmp_path: Path) -> None:
    file = tmp_path / "node.toml"
    file.write_text('name = "“渝中”，图书馆" # ‘so’\n', "utf-8")
    assert read_toml(file).values == {"name": "“渝中”，图书馆"}
