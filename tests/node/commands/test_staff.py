"""`tongjie staff` and `tongjie audit`: accounts of staff, and the log of what was done with them."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from node.commands import audit, exceptions, staff
from node.domain.staff import StaffKind
from node.secrets import Argon2Verifier
from node.service.staff import call_staff
from node.storage.beside import read_beside, write_beside
from node.storage.imports import claim_database
from node.storage.office import accounts as rows
from node.storage.opening import prepare_database
from tests.node.commands.city_files import Files, city_files
from tests.node.web.sites import at_once

HERE = "CQBB"
BY = ("--by", "馆长")
WHY = ("--note", "手机丢失")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    files = city_files(tmp_path)
    prepare_database(files.database)
    claim_database(files.database, HERE, os.urandom)
    return files


def run(files: Files, command: Any, *arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "--config", str(files.config)])


def done(files: Files, command: Any, *arguments: str) -> Any:
    result = run(files, command, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def add(files: Files, login: str = "wang", roles: str = "desk,cards") -> str:
    added = done(files, staff.command, "add", login, "--name", "王老师", "--roles", roles, *BY)
    return str(added["first_password"])


def fits(files: Files, login: str, password: str) -> bool:
    row = read_beside(files.database, HERE, lambda tx: rows.find_by_login(tx, login))
    assert row is not None
    answers: list[bool] = []
    Argon2Verifier(at_once).verify(row.password_hash, password).addCallback(answers.append)
    return answers == [True]


def test_a_first_password_is_printed_once_and_stored_nowhere_in_clear(files: Files) -> None:
    password = add(files)
    assert fits(files, "wang", password)
    assert password.encode() not in files.database.read_bytes()
    listed = run(files, staff.command, "list")
    assert password not in listed.output
    assert "王老师" in listed.output
    assert "还没有登录过" in listed.output


def test_two_first_passwords_differ(files: Files) -> None:
    passwords = {add(files, f"t{number}") for number in range(5)}
    assert len(passwords) == 5
    assert all(len(each) == 19 for each in passwords)


def test_a_login_is_taken_once_however_it_is_typed(files: Files) -> None:
    add(files)
    again = run(files, staff.command, "add", " ＷＡＮＧ", "--name", "x", "--roles", "desk", *BY)
    assert again.exit_code == 1
    assert "wang is taken" in again.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "a b", "--name", "x", "--roles", "desk", *BY),
        ("add", "x" * 65, "--name", "x", "--roles", "desk", *BY),
        ("add", "x", "--name", "", "--roles", "desk", *BY),
        ("add", "x", "--name", "x", "--roles", "", *BY),
        ("add", "x", "--name", "x", "--roles", "desk,boss", *BY),
        ("add", "x", "--name", "x", "--roles", "desk"),
        ("disable", "x", *BY),
        ("disable", "x", *BY, "--note", "读者 13812345678"),
        ("disable", "x", *BY, "--note", " "),
    ],
)
def test_what_can_not_be_done_is_a_usage_error_and_changes_nothing(files: Files, arguments: tuple[str, ...]) -> None:
    assert run(files, staff.command, *arguments).exit_code == 2
    assert done(files, staff.command, "list")["staff"] == []


@pytest.mark.parametrize("step", ["disable", "reset", "forget"])
def test_nobody_is_no_account(files: Files, step: str) -> None:
    result = run(files, staff.command, step, "nobody", *BY, *WHY)
    assert result.exit_code == 1
    assert "nobody has the login" in result.output


def test_a_reset_gives_a_new_first_password_and_takes_the_second_factor_and_the_sessions_away(files: Files) -> None:
    old = add(files)

    def use(tx: Any) -> None:
        row = rows.find_by_login(tx, "wang")
        assert row is not None
        rows.change(tx, row._replace(first_until_ms=None, factor_secret="S"))
        rows.add_session(tx, rows.SessionRow("d", row.id, "staff", True, 1, 1), most=8)

    write_beside(files.database, HERE, use)
    new = done(files, staff.command, "reset", "wang", *BY, *WHY)["first_password"]
    assert new != old
    assert fits(files, "wang", new)
    assert not fits(files, "wang", old)
    (shown,) = done(files, staff.command, "list")["staff"]
    assert (shown["first_password"], shown["second_factor"]) == (True, False)
    assert read_beside(files.database, HERE, lambda tx: rows.find_session(tx, "d")) is None


def test_a_disabled_account_is_forgotten_and_the_log_is_whole_afterwards(files: Files) -> None:
    add(files)
    assert run(files, staff.command, "forget", "wang", *BY, *WHY).exit_code == 1
    done(files, staff.command, "roles", "wang", "--roles", "admin", *BY)
    done(files, staff.command, "disable", "wang", *BY, *WHY)
    assert run(files, staff.command, "disable", "wang", *BY, *WHY).exit_code == 1
    done(files, staff.command, "forget", "wang", *BY, *WHY)
    (shown,) = done(files, staff.command, "list")["staff"]
    assert (shown["name"], shown["disabled"]) == ("", True)
    assert "wang" not in json.dumps(done(files, audit.command, "list"), ensure_ascii=False)
    assert done(files, audit.command, "verify")["ok"]
    actions = [each["action"] for each in done(files, audit.command, "list")]
    assert actions == ["account_forgotten", "account_disabled", "account_roles", "account_added"]
    add(files)  # the login is free again


def test_an_exception_that_is_closed_at_the_command_line_is_in_the_log(files: Files) -> None:
    write_beside(files.database, HERE, lambda tx: call_staff(tx, StaffKind.REFUND_DUE, op="o", at_ms=1))
    done(files, exceptions.command, "close", "1", "--by", "王老师", "--note", "已退款")
    run(files, exceptions.command, "close", "1", "--by", "李老师", "--note", "又一次")
    (link,) = done(files, audit.command, "list")
    assert (link["action"], link["subject"], link["name"], link["reason"]) == (
        *("exception_closed", "exception/1"),
        *("王老师", "已退款"),
    )


def test_tampering_is_found_and_said_in_words(files: Files) -> None:
    add(files)
    add(files, "li")
    whole = run(files, audit.command, "verify")
    assert whole.exit_code == 0
    assert "日志完整，共 2 条" in whole.output
    noted = whole.output.splitlines()[-1]
    assert run(files, audit.command, "verify", "--noted", noted).exit_code == 0
    other = f"2:{'0' * 64}"
    rewritten = run(files, audit.command, "verify", "--noted", other)
    assert (rewritten.exit_code, "was rewritten" in rewritten.output) == (1, True)
    with closing(sqlite3.connect(files.database)) as connection, connection:
        connection.execute("UPDATE audit SET subject = 'account/staff-9' WHERE seq = 1")
    found = run(files, audit.command, "verify")
    assert found.exit_code == 1
    assert "link 1 is not as it was written" in found.output
    as_json = run(files, audit.command, "verify", "--json")
    assert (as_json.exit_code, json.loads(as_json.output)["flaw"]) == (1, {"link": 1, "what": "hash"})


def test_a_reason_that_should_not_be_there_is_blanked(files: Files) -> None:
    add(files)
    done(files, staff.command, "disable", "wang", *BY, "--note", "和小明的妈妈吵架")
    done(files, audit.command, "blank", "2", *BY, "--note", "写了读者的事")
    assert "小明" not in json.dumps(done(files, audit.command, "list"), ensure_ascii=False)
    assert done(files, audit.command, "verify")["ok"]
    assert run(files, audit.command, "blank", "99", *BY, *WHY).exit_code == 1


@pytest.mark.parametrize("noted", ["", "1", "x:y", f"1:{'g' * 64}"])
def test_a_head_that_verify_did_not_print_is_a_usage_error(files: Files, noted: str) -> None:
    assert run(files, audit.command, "verify", "--noted", noted).exit_code == 2
