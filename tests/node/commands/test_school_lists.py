"""`tongjie cards template` and `cards check-list`, as a clerk calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from node.commands.cards import command
from tests.node.lists.sheets import HEADER, PHONE, number, pupil, taken, write_csv, write_xlsx


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(each) for each in arguments])


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "list.csv", [HEADER, pupil(1), pupil(2, phone="1"), pupil(3, consent="")])


def test_a_list_without_faults_ends_well(tmp_path: Path) -> None:
    done = run("check-list", write_xlsx(tmp_path / "list.xlsx", [HEADER, pupil(1)]))
    assert (done.exit_code, done.output) == (0, "共 1 行：1 行可以收，0 行收不了\n")


def test_faults_are_told_by_row_without_what_stands_in_a_cell(faulty: Path) -> None:
    done = run("check-list", faulty)
    assert done.exit_code == 1
    assert f"{faulty}:3: 联系人电话不是有效的手机或者座机号码，请核对后改正\n" in done.output
    assert done.output.endswith("共 3 行：1 行可以收，2 行收不了\n")
    assert not any(each in done.output for each in (number(2), PHONE, "王小"))


def test_faults_are_told_in_english_too(faulty: Path) -> None:
    done = run("check-list", faulty, "--lang", "en")
    assert f"{faulty}:3: the contact's phone is no phone number; correct it\n" in done.output
    assert done.output.endswith("3 rows: 1 can be taken, 2 can't\n")


def test_only_the_first_faults_are_listed(tmp_path: Path) -> None:
    done = run("check-list", write_csv(tmp_path / "list", [HEADER, *(pupil(each, name="") for each in range(50))]))
    assert (done.output.count("学生姓名没有填"), "30" in done.output) == (20, True)


def test_programs_get_one_object(faulty: Path) -> None:
    done = run("check-list", faulty, "--json")
    found = json.loads(done.output)
    assert (done.exit_code, found["ok"], found["rows"], found["taken"]) == (1, False, 3, 1)
    assert [(each["row"], each["kind"], each["column"]) for each in found["refused"]] == [
        (3, "phone_form", "phone"),
        (4, "consent_empty", "consent"),
    ]
    assert not any(each in done.output for each in (number(2), PHONE, "王小"))


def test_a_list_that_cannot_be_read_is_refused_in_words(tmp_path: Path) -> None:
    done = run("check-list", tmp_path / "nowhere.xlsx")
    assert (done.exit_code, done.output) == (2, f"{tmp_path / 'nowhere.xlsx'}：没有这个文件，请检查文件名。\n")
    path = write_csv(tmp_path / "list.csv", [HEADER[:3], pupil(1)[:3]])
    done = run("check-list", path, "--json")
    assert (done.exit_code, json.loads(done.output)["why"]) == (2, "missing_columns")


def test_the_marked_sheet_is_written_beside_and_replaces_nothing(faulty: Path) -> None:
    out = faulty.with_name("marked.xlsx")
    done = run("check-list", faulty, "--out", out)
    assert (done.exit_code, f"{out} 已写好" in done.output) == (1, True)
    assert taken(out).rows == 3
    before = out.read_bytes()
    done = run("check-list", faulty, "--out", out)
    assert (done.exit_code, out.read_bytes()) == (2, before)
    assert "已经有这个文件" in done.output
    assert run("check-list", faulty, "--out", faulty.with_name("marked.csv")).exit_code == 2
    assert run("check-list", faulty, "--out", faulty.with_name("nowhere") / "marked.xlsx").exit_code == 2


def test_a_sheet_can_be_named(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "list.xlsx", [HEADER, pupil(1)], "一班")
    assert run("check-list", path, "--sheet", "一班").exit_code == 0
    assert "没有叫“二班”的工作表" in run("check-list", path, "--sheet", "二班").output


def test_a_template_is_written_and_never_over_a_list(tmp_path: Path) -> None:
    out = tmp_path / "template.xlsx"
    assert (run("template", out).exit_code, out.exists()) == (0, True)
    assert run("template", out).exit_code == 2
    assert run("template", tmp_path / "template.ods").exit_code == 2
    done = run("template", tmp_path / "nowhere" / "template.xlsx")
    assert (done.exit_code, "写不进去" in done.output) == (2, True)
    assert "表头下面一行学生也没有" in run("check-list", out).output
