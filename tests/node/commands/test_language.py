"""The commands in Chinese: every sentence has one, nothing filled in is lost, and who wants English gets it."""

from __future__ import annotations

import ast
import csv
import os
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from node.commands import cards, items
from node.commands.check import printed
from node.commands.checks import Check
from node.commands.chinese import CHINESE
from node.commands.chinese_help import OF_CLICK
from node.commands.chinese_settings import OF_SETTINGS
from node.commands.exceptions import command as exceptions_command
from node.commands.language import columns, lang_option, language_of, said
from node.settings.library import SettingsError, load_node_settings
from node.storage.imports import claim_database
from node.storage.opening import prepare_database
from tests.node.commands.city_files import Files, city_files
from tests.node.test_command_line import Plugins

ROOT = Path(__file__).resolve().parent.parent.parent.parent
CATALOGUE = {**CHINESE, **OF_SETTINGS, **OF_CLICK}

SPEAKING = (
    "node/commands/checks.py",
    "node/commands/port_checks.py",
    "node/commands/peer_checks.py",
    "node/commands/csv_rows.py",
    "node/commands/importing.py",
    "node/commands/items.py",
    "node/commands/cards.py",
    "node/commands/school_lists.py",
    "node/commands/federation.py",
    "node/commands/comparing.py",
    "node/commands/terminals.py",
    "node/commands/run.py",
    "node/service/delivery/differences.py",
    "federation/certificates.py",
    "federation/renewal.py",
    "federation/directory.py",
    "node/kiosk/tls.py",
    "node/storage/opening.py",
    "node/storage/beside.py",
    "node/settings/city.py",
    "node/settings/library.py",
    "node/settings/model.py",
    "node/settings/switches.py",
    "node/settings/toml_file.py",
)
PARTS = {
    # of sentences that the catalogue has as a whole
    "nothing is lent between the two; ",
    "the clock of {} is {} s {}",
    "{}; {}set both by NTP",
    "{} of {} rows refused",
    "{} of {} rows taken without something",
    "{}, listed in {}",
    "of version {}",
    "{} is {}, this program works with version {}: start this program's node once, it brings the database up to date",
    "{} does not hold {} that can be used",
    "a certificate (PEM)",
    "a private key (PEM, without a passphrase)",
    "nothing was changed",
    "port {} {}",
    # beside their Chinese words, in the module
    "known by",
    "The same once more",
    # what other programs say, or the names that they see
    "unexpected end of data",
    "without a name",
    "tongjie federation",
}
SENTENCE = re.compile(r"[a-z]{2,}[,;:]? [a-z{]")
CODE = re.compile(r"\bPRAGMA\b|\bSELECT\b|\bBEGIN\b|\(\?:|\\|^The report of refused rows")


# --- the catalogue -------------------------------------------------------------------------------------------


def sentences_in(path: Path) -> Iterator[str]:
    """What a module may say, {} for what is filled in: no docstrings, nothing in help and descriptions."""
    tree = ast.parse(path.read_text("utf-8"))
    passed_over: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            passed_over.update(id(each) for decorator in node.decorator_list for each in ast.walk(decorator))
        elif isinstance(node, ast.keyword) and node.arg in ("help", "description"):
            passed_over.update(map(id, ast.walk(node.value)))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed_over.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            passed_over.update(id(part) for part in node.values if isinstance(part, ast.Constant))
    for node in ast.walk(tree):
        if id(node) not in passed_over and isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif id(node) not in passed_over and isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("name", SPEAKING)
def test_every_sentence_of_the_module_has_a_chinese_one(name: str) -> None:
    found = {each for each in sentences_in(ROOT / name) if SENTENCE.search(each) and not CODE.search(each)}
    # a sentence may begin with its subject, which another function puts in front, or be an appendix to another
    cut = [("{} ", ""), ("{}: ", ""), ("{}; ", ""), ("{} (", ")")]
    known = {each.removeprefix(head).removesuffix(tail) for each in CATALOGUE for head, tail in [("", ""), *cut]}
    assert sorted(each for each in found - PARTS if each.replace("{}:{}: ", "{}: ") not in known) == []


@pytest.mark.parametrize("english", sorted(CATALOGUE.keys() - {"{}: {}", "{}, not {}", "true, false"}))
def test_nothing_that_is_filled_in_is_lost_and_no_sentence_hides_another(english: str) -> None:
    before = english.split("{}")[:-1]
    values = [f"值{place}" if text or not place else f"; 值{place}" for place, text in enumerate(before)]
    chinese = said(english.format(*values), "zh")
    assert chinese == CATALOGUE[english].format(*values)
    assert re.search("[一-鿿]", chinese)
    if not english.startswith("missing; add it ({})"):
        assert all(value in chinese for value in values) or "instance of" in english


def test_what_the_catalogue_does_not_have_stays_as_it_is() -> None:
    assert said("an unheard-of accident: at /tmp/x: 7, not 8", "zh") == "an unheard-of accident: at /tmp/x: 7, not 8"
    assert said("a {brace} and {}", "zh") == "a {brace} and {}"


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "127.0.0.1:6001 is in use by another program; stop it, or choose another port",
            "127.0.0.1:6001 被别的程序占用。请停掉那个程序，或者换一个端口",
        ),
        (
            "10.0.0.1:6002 can't be reached (Connection refused); is its node running?",
            "10.0.0.1:6002 连不上（连接被拒绝）。那边的节点在运行吗？",
        ),
        (
            "the clock of CQSPB is 61.0 s ahead; nothing is lent between the two; set both by NTP",
            "CQSPB 的时钟快 61.0 秒，两馆之间停止借还。请两边都用 NTP 校时",
        ),
        (
            "/etc/CQBB.pem: the certificate expired on 2026-03-01 08:00 UTC; have a new one made",
            "/etc/CQBB.pem：证书已于 2026-03-01 08:00（UTC）过期。请换发证书",
        ),
        (
            "/etc/node.toml:1: library: 'CQX' is not listed in /etc/federation.toml; did you mean CQXX?",
            "/etc/node.toml:1: library: 'CQX' 不在 /etc/federation.toml 里，是不是 CQXX？",
        ),
        ("item_type: 'bok' is not possible; did you mean book?", "item_type: 'bok' 不行，是不是 book？"),
    ],
)
def test_sentences_within_sentences_are_said_in_chinese_too(english: str, chinese: str) -> None:
    assert said(english, "zh") == chinese
    assert said(english, "en") == english


# --- which language ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW.UTF-8", "LC_ALL": ""}, "zh"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "POSIX"}, "en"),
    ],
)
def test_the_environment_names_the_language(environment: dict[str, str], language: str) -> None:
    assert language_of(environment, "en") == language


def test_who_names_no_language_gets_that_of_the_command() -> None:
    assert language_of({"LANG": "C.UTF-8"}, "zh") == "zh"
    assert language_of({}, "zh") == "zh"


# --- the commands --------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return city_files(tmp_path)


def test_checks_are_lines_of_chinese_in_columns() -> None:
    checks = [Check("settings", "ok", "node.toml: CQBB 北碚"), Check("port sip2 6001", "error", "0.0.0.0:6001 is free")]
    first, second = (click.unstyle(line) for line in printed(checks, "zh", as_json=False).splitlines())
    assert (first.split(), second.split()) == (
        ["正常", "设置", "node.toml:", "CQBB", "北碚"],
        ["错误", "终端端口", "6001", "0.0.0.0:6001", "空闲"],
    )
    assert columns(first[: first.index("node.toml")]) == columns(second[: second.index("0.0.0.0")])


def test_json_keeps_names_and_states_for_programs_in_every_language() -> None:
    body = printed([Check("clock", "ok", "agrees with CQSPB")], "zh", as_json=True)
    assert '"name": "clock"' in body
    assert '"state": "ok"' in body
    assert "与 CQSPB 一致" in body


def test_an_import_speaks_chinese_on_the_screen_and_in_the_report(files: Files) -> None:
    file = files.folder / "items.csv"
    rows = "CQBB1,三体,,,,book,,0,1\nCQBB2,,,,,bok,,0,1\n1.00E+11,三体,,123,,book,,0,1"
    file.write_text(f"{','.join(items.COLUMNS)}\n{rows}\n", "utf-8")
    done = CliRunner().invoke(items.command, ["import", str(file), "--config", str(files.config), "--lang", "zh"])
    assert done.exit_code == 1
    assert "新增馆藏 1 册（件），更新 0，未变 0" in done.output
    assert f"{file}:3: title: 没有填，请补上" in done.output
    assert f"3 行中有 2 行没有收，清单见 {files.folder / 'items.refused.csv'}" in done.output
    with (files.folder / "items.refused.csv").open(encoding="utf-8-sig", newline="") as report:
        reasons = [row["reason"] for row in csv.DictReader(report)]
    assert reasons[0] == "item_type: 'bok' 不行，是不是 book？; title: 没有填，请补上"
    assert "被电子表格缩短了" in reasons[1]


def test_a_file_that_cannot_be_imported_is_refused_in_chinese(files: Files) -> None:
    file = files.folder / "cards.csv"
    done = CliRunner().invoke(
        cards.command, ["import-legacy", str(file), "--config", str(files.config)], env={"LC_ALL": "zh_CN.UTF-8"}
    )
    assert (done.exit_code, f"{file}：没有这个文件。请检查路径" in done.output) == (2, True)
    file.write_text("card,pin\n", "utf-8")
    done = CliRunner().invoke(
        cards.command, ["import-legacy", str(file), "--config", str(files.config), "--lang", "zh"]
    )
    assert "第一行必须是列名 card,pin,name,category,expires_on；缺少 name, category, expires_on" in done.output


def test_wrong_settings_are_told_in_chinese_with_file_line_and_key(files: Files) -> None:
    text = files.config.read_text("utf-8").replace("[http]", "idle_timout_s = 3\n[http]")
    files.config.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as error:
        load_node_settings(files.config)
    line = text.splitlines().index("idle_timout_s = 3") + 1
    assert said(str(error.value), "zh").startswith(f"{files.config}:{line}: federation.idle_timout_s: 没有这个键")


@click.command()
@lang_option("en")
def plugin_command(lang: str) -> None:
    raise click.ClickException("/tmp/node.toml: no such file; check the path")


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        ((), "zh_CN.UTF-8", "没有这个文件"),
        (("--lang", "zh"), "en_US.UTF-8", "没有这个文件"),
        (("--lang", "en"), "zh_CN.UTF-8", "no such file"),
    ],
)
def test_the_error_of_any_command_is_said_in_the_language_that_was_chosen(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], environment: str, words: str
) -> None:
    monkeypatch.setenv("LC_ALL", environment)
    plugins = Plugins(wrong="tests.node.commands.test_language:plugin_command")
    code, output = plugins.run("wrong", *arguments)
    assert (code, words in output) == (1, True)


def test_staff_read_chinese_where_the_environment_names_no_language(files: Files) -> None:
    prepare_database(files.database)
    claim_database(files.database, "CQBB", os.urandom)
    arguments = ["list", "--config", str(files.config)]
    assert "待处理" in CliRunner().invoke(exceptions_command, arguments).output
    assert "exceptions" in CliRunner().invoke(exceptions_command, arguments, env={"LC_ALL": "en_US.UTF-8"}).output
