"""`tongjie terminals`: what there is, how each is spoken to, hashes that the settings take."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner

from federation import certificates
from kiosk_sim.city.city import city
from kiosk_sim.city.layout import write_settings
from node.commands.language import columns, said
from node.commands.terminals import command
from node.settings import dialects_doc
from sip2 import NAMED


@pytest.fixture
def config(tmp_path: Path) -> Path:
    town = city(tmp_path / "city", ["CQSPB"], 12_000)
    write_settings(town)
    certificates.lay_out(town.root / "certs", ["CQSPB"], datetime.now(UTC), 30)
    found = town.branches[0].config(town.root)
    text = found.read_text("utf-8")
    sorter = 'login = "CQSPB-SO1"\n'
    assert sorter in text
    more = 'dialect = "sorter"\naddress = ["10.0.0.0/8"]\nswitches.sort_bins = ["away=2", "*=1"]\n'
    found.write_text(text.replace(sorter, sorter + more), "utf-8")
    return found


def run(*arguments: str, typed: str = "") -> str:
    done = CliRunner().invoke(command, list(arguments), input=typed, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_list_names_every_terminal_with_its_dialect_and_how_it_is_known(config: Path) -> None:
    lines = run("list", "--config", str(config)).splitlines()
    assert len(lines) == 7
    sorter = next(line for line in lines if "SO1" in line)
    assert "sorter +1" in sorter
    assert sorter.endswith("password, address 10.0.0.0/8")


def test_one_terminal_is_shown_with_every_switch_and_what_differs_has_a_star(config: Path) -> None:
    shown = run("show", "CQSPB-SO1", "--config", str(config))
    starred = {line.split()[1] for line in shown.splitlines() if line.startswith("*")}
    assert starred == {"cv_always", "ct_always", "max_field_unit", "sort_bins"}
    assert '* sort_bins               ["away=2", "*=1"]' in shown
    assert "password_hash" not in shown


def shown_of(config: Path, login: str) -> dict[str, str]:
    lines = (line[2:].split(maxsplit=1) for line in run("show", login, "--config", str(config)).splitlines())
    return {words[0]: words[1] for words in lines if len(words) == 2}


def test_what_a_terminal_may_ask_is_shown(config: Path) -> None:
    gate, sorter, desk = (shown_of(config, f"CQSPB-{each}") for each in ("GA1", "SO1", "SC1"))
    assert (gate["may_ask"], gate["may_take_payment"]) == ("23 35 63 93 97 99", "no")
    assert (sorter["may_ask"], sorter["may_take_payment"]) == ("09 17 19 35 93 97 99", "no")
    assert "11 BI" in run("show", "CQSPB-SO1", "--config", str(config))
    assert (len(desk["may_ask"].split()), desk["may_take_payment"]) == (16, "yes")


def test_what_the_settings_change_of_that_is_shown(config: Path) -> None:
    text = config.read_text("utf-8")
    changed = 'login = "CQSPB-SC1"\nmay_not = ["15", "65"]\nmay_take_payment = false\n'
    config.write_text(text.replace('login = "CQSPB-SC1"\n', changed), "utf-8")
    desk = shown_of(config, "CQSPB-SC1")
    assert (desk["may_ask"], desk["may_take_payment"]) == ("01 09 11 17 19 23 25 29 35 63 93 97 99", "no")


@pytest.mark.parametrize(
    ("codes", "why"),
    [
        ('["37"]', "set may_take_payment in its place"),
        ('["99"]', "may be asked by every terminal"),
        ('["6"]', "is no request of SIP2"),
        ('["64"]', "is no request of SIP2; use one of 01, 09"),
    ],
)
def test_a_request_that_no_table_can_have_is_an_error(config: Path, codes: str, why: str) -> None:
    text = config.read_text("utf-8")
    config.write_text(text.replace('login = "CQSPB-GA1"\n', f'login = "CQSPB-GA1"\nmay_also = {codes}\n'), "utf-8")
    done = CliRunner().invoke(command, ["list", "--config", str(config)])
    assert done.exit_code == 1
    assert why in done.output


def test_a_login_that_is_not_there_is_an_error_that_names_a_near_one(config: Path) -> None:
    done = CliRunner().invoke(command, ["show", "CQSPB-S01", "--config", str(config)])
    assert done.exit_code == 1
    assert "did you mean" in done.output


def test_list_and_show_speak_chinese_in_straight_columns(config: Path) -> None:
    head, *lines = run("list", "--config", str(config), "--lang", "zh").splitlines()
    assert head.split() == ["账号", "类型", "方言", "位置", "认出方式"]
    sorter = next(line for line in lines if "SO1" in line)
    assert sorter.endswith("密码、地址 10.0.0.0/8")
    assert columns(head[: head.index("认出方式")]) == columns(sorter[: sorter.index("密码")])
    shown = run("show", "CQSPB-SO1", "--config", str(config), "--lang", "zh")
    assert "  认出方式                密码、地址 10.0.0.0/8\n" in shown


def test_passwords_that_differ_are_refused_in_the_language_of_the_command() -> None:
    done = CliRunner().invoke(command, ["hash", "--lang", "zh"], input="s3cret pass\ns3cret pas\n")
    assert done.exit_code == 1
    assert "s3cret" not in done.output
    assert said("the two passwords differ; nothing was made", "zh") == "两次输入的密码不同，没有生成"


@pytest.mark.parametrize("given", ["s3cret pass\n", "s3cret pass", "s3cret pass\r\n", "s3cret pass\ns3cret pass\n"])
def test_a_hash_is_made_of_what_standard_input_holds_and_nothing_else_is_printed(given: str) -> None:
    out = run("hash", typed=given)
    assert "s3cret" not in out
    (line,) = out.splitlines()
    assert PasswordHasher().verify(line, "s3cret pass")


@pytest.mark.parametrize("given", ["", "\n", "one\ntwo\nthree\n"])
def test_standard_input_without_a_password_or_with_more_is_refused(given: str) -> None:
    done = CliRunner().invoke(command, ["hash"], input=given)
    assert done.exit_code == 1
    assert "nothing was made" in done.output


def test_at_a_terminal_the_password_is_asked_for_twice_and_never_shown() -> None:
    ours, theirs = pty.openpty()
    arguments = [sys.executable, "-m", "node", "terminals", "hash", "--lang", "zh"]
    with subprocess.Popen(
        arguments, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        seen = ""
        for prompt in ("密码: ", "再输入一次: "):
            while not seen.endswith(prompt):
                seen += os.read(ours, 1024).decode()
            os.write(ours, b"s3cret pass\n")
        out, _ = process.communicate()
    os.close(theirs)
    os.close(ours)
    assert "s3cret" not in seen
    assert PasswordHasher().verify(out.strip(), "s3cret pass")


def test_no_option_takes_the_password_because_others_can_read_command_lines() -> None:
    done = CliRunner().invoke(command, ["hash", "--password", "abc"])
    assert done.exit_code == 2


def test_a_password_that_would_be_read_as_percent_encoding_is_refused() -> None:
    done = CliRunner().invoke(command, ["hash"], input="abc%41\n")
    assert done.exit_code == 1
    assert "percent-encoding" in done.output


def test_the_page_of_dialects_is_what_the_declarations_say() -> None:
    assert dialects_doc.main(["--check"]) == 0
    assert Path(__file__).resolve().parents[3] / "docs" / "dialects.md" == dialects_doc.PAGE
    assert all(f"| `{name}` |" in dialects_doc.page() for name in NAMED)
