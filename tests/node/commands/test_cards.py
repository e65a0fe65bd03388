"""`tongjie cards import-legacy`: cards with the limits of their category, and not a word about a reader."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result

from node.commands.cards import COLUMNS, FAST_HASHER, PIN_HASHER, CardDraft, command, new_cards
from node.domain.rules import LendingRule, RuleBook
from tests.node.commands.city_files import Files, city_files

HEADER = ",".join(COLUMNS)
NUMBER, PIN, NAME = "2350020000017", "482913", "欧阳小雨"
GOOD = f"{NUMBER},{PIN},{NAME},pupil,2027-08-31"


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return city_files(tmp_path)


def imported(files: Files, content: str, *options: str) -> Result:
    file = files.folder / "cards.csv"
    file.write_text(content, "utf-8")
    options = ("--config", str(files.config), "--fast-hash", *options)
    return CliRunner().invoke(command, ["import-legacy", str(file), *options])


def cards(files: Files, columns: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(files.database)) as connection:
        return connection.execute(f"SELECT {columns} FROM card ORDER BY card").fetchall()


def report(files: Files) -> str:
    return (files.folder / "cards.refused.csv").read_text("utf-8-sig")


def test_a_card_is_made_active_with_the_limits_of_its_category(files: Files) -> None:
    result = imported(files, f"{HEADER}\n{GOOD}\n2350020000025,,,teacher,\n")
    assert (result.exit_code, result.output) == (0, "2 cards added\n")
    columns = "card, name, category, status, expires_on, max_loans, max_foreign"
    assert cards(files, columns) == [
        (NUMBER, NAME, "pupil", "active", "2027-08-31", 8, 3),
        ("2350020000025", "", "teacher", "active", None, 12, 5),
    ]


def test_of_a_pin_only_its_hash_is_kept(files: Files) -> None:
    imported(files, f"{HEADER}\n{GOOD}\n2350020000025,,,pupil,\n")
    [(first,), (second,)] = cards(files, "pin_hash")
    assert str(first).startswith("$argon2id$")
    assert PasswordHasher().verify(str(first), PIN)
    assert second is None
    assert PIN.encode() not in files.database.read_bytes()


@pytest.mark.parametrize("nothing", ["", "NULL", "(null)", "None", "nan"])
def test_a_word_for_nothing_is_no_pin(files: Files, nothing: str) -> None:
    assert imported(files, f"{HEADER}\n{NUMBER},{nothing},{NAME},pupil,\n").exit_code == 0
    assert cards(files, "pin_hash") == [(None,)]


def test_the_reference_of_a_reader_tells_nothing_of_the_card(files: Files) -> None:
    imported(files, f"{HEADER}\n{GOOD}\n2350020000025,,,pupil,\n")
    references = {str(reader) for (reader,) in cards(files, "reader")}
    assert len(references) == 2
    assert all(len(each) == 32 and int(each, 16) for each in references)


def test_references_come_from_the_randomness_passed_in() -> None:
    drafts = [CardDraft(NUMBER, None, NAME, "pupil", None)]
    [card] = new_cards(drafts, RuleBook((LendingRule(max_loans=9),)), date(2026, 1, 1), bytes, FAST_HASHER.hash)
    assert (card.reader, card.max_loans, card.pin_hash) == ("00000000000040008000000000000000", 9, None)


def test_hashes_of_a_real_import_are_slower_than_those_of_a_demo() -> None:
    assert (PIN_HASHER.memory_cost, PIN_HASHER.time_cost) > (FAST_HASHER.memory_cost, FAST_HASHER.time_cost)


@pytest.mark.parametrize(
    "written", ["2027-08-31", "2027/8/31", "2027-8-31", "2027-08-31 00:00:00", "20270831", "2027年8月31日", "2027.8.31"]
)
def test_a_date_is_read_as_spreadsheets_write_it(files: Files, written: str) -> None:
    assert imported(files, f"{HEADER}\n{NUMBER},{PIN},{NAME},pupil,{written}\n").exit_code == 0
    assert cards(files, "expires_on") == [("2027-08-31",)]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (f",{PIN},{NAME},pupil,", "card: is empty"),
        (f"2350010000017,{PIN},{NAME},pupil,", "card: has no prefix of CQBB"),
        (f"9999999999999,{PIN},{NAME},pupil,", "card: has no prefix of CQBB"),
        (f"{NUMBER},12,{NAME},pupil,", "pin: must be of 4 to 32"),
        (f"{NUMBER}, {PIN},{NAME},pupil,", "pin: must be of 4 to 32"),
        (f"{NUMBER},48|2913,{NAME},pupil,", "pin: must be of 4 to 32"),
        (f"{NUMBER},{PIN},{NAME}\x07,pupil,", "name: holds a control character"),
        (f"{NUMBER},{PIN},{NAME},{NAME},", "category: what stands here is not possible"),
        (f"{NUMBER},{PIN},{NAME},pupil,{PIN}", "expires_on: what stands here is no date"),
        (f"{NUMBER},{PIN},{NAME},pupil,2027-02-30", "expires_on: what stands here is no date"),
        (f'{NUMBER},{PIN},"{NAME},pupil,', "a quote is opened and not closed"),
        (f"{NAME},{PIN},pupil", "category: what stands here is not possible"),
        (f"2.35001E+12,{PIN},{NAME},pupil,", "card: a spreadsheet has shortened this number"),
        (f"{NUMBER},1.23457E+11,{NAME},pupil,", "pin: a spreadsheet has shortened this number"),
        (f"{NUMBER},12345.0,{NAME},pupil,", "pin: a spreadsheet has shortened this number"),
        (f'{NUMBER},"1,23E+11",{NAME},pupil,', "pin: a spreadsheet has shortened this number"),
        (f"nan,{PIN},{NAME},pupil,", "card: is empty"),
        (f"{NUMBER},#REF!,{NAME},pupil,", "pin: a formula of the spreadsheet failed here"),
        (f"{NUMBER},{PIN},{NAME},pupil,46265", "expires_on: what stands here is no date"),
    ],
)
def test_a_refused_row_is_told_without_its_name_its_pin_and_its_number(files: Files, row: str, words: str) -> None:
    result = imported(files, f"{HEADER}\n{row}\n")
    assert result.exit_code == 1
    told = result.output + report(files)
    assert words in told
    for secret in (NUMBER, "2350010000017", PIN, "48|2913", NAME):
        assert secret not in told


def test_a_file_without_its_first_line_shows_nothing_of_its_first_row(files: Files) -> None:
    result = imported(files, GOOD)
    assert result.exit_code == 2
    assert not any(secret in result.output for secret in (NUMBER, PIN, NAME))


def test_a_card_that_is_there_already_is_refused_and_left_alone(files: Files) -> None:
    imported(files, f"{HEADER}\n{GOOD}\n")
    result = imported(files, f"{HEADER}\n{NUMBER},999999,别人,teacher,\n2350020000025,,,pupil,\n")
    assert result.exit_code == 1
    assert "is there already" in report(files)
    assert "2350******017" in report(files)
    assert cards(files, "name") == [(NAME,), ("",)]


def test_the_second_row_of_a_card_is_refused(files: Files) -> None:
    imported(files, f"{HEADER}\n{GOOD}\n{GOOD}\n")
    assert "stands in line 2 already" in report(files)
    assert len(cards(files, "card")) == 1


def test_neither_drafts_nor_new_cards_show_a_reader_in_a_log() -> None:
    draft = CardDraft(NUMBER, PIN, NAME, "pupil", None)
    [card] = new_cards([draft], RuleBook(), date(2026, 1, 1), bytes, FAST_HASHER.hash)
    assert not any(secret in repr((draft, card)) for secret in (NUMBER, PIN, NAME))


def test_the_old_name_of_the_import_is_understood_and_the_new_one_is_told(files: Files) -> None:
    file = files.folder / "cards.csv"
    file.write_text(f"{HEADER}\n{GOOD}\n", "utf-8")
    done = CliRunner().invoke(command, ["import", str(file), "--config", str(files.config), "--fast-hash"])
    assert "`tongjie cards import` is called `tongjie cards import-legacy` now; use that name" in done.output
    assert "1 cards added" in done.output
    assert "  import  " not in CliRunner().invoke(command, ["--help"]).output
