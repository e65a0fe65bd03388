"""Help and wrong usage of every command in Chinese: no text lacks it, no line is too wide, and English stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from node.__main__ import SUMMARIES, command_line, installed_commands, load_command
from node.commands.chinese_help import HELP
from node.commands.help_pages import wrapped
from node.commands.language import columns

CHINESE = {"LC_ALL": "zh_CN.UTF-8"}
ENGLISH = {"LC_ALL": "C.UTF-8"}
HAN = re.compile("[\u4e00-\u9fff]")
WORDS = re.compile(r"[A-Za-z]{2,}[,.;:]? [a-z]{2,}")
NOT_WRAPPED = "\b"


def root() -> click.Group:
    return command_line(installed_commands(), prepare=lambda: None)


def tree() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that is installed, and what is below it, with its name."""
    left: list[tuple[tuple[str, ...], click.Command]] = [
        ((name,), load_command(found)) for name, found in sorted(installed_commands().items())
    ]
    while left:
        name, command = left.pop()
        yield name, command
        if isinstance(command, click.Group):
            left += [((*name, each), below) for each, below in command.commands.items()]


COMMANDS = dict(tree())
EVERY = pytest.mark.parametrize("name", [(), *sorted(COMMANDS)], ids=lambda name: " ".join(name) or "tongjie")


def paragraphs(text: str | None) -> Iterator[str]:
    for each in (text or "").split("\n\n"):
        lines = each.strip("\n").split("\n")
        if lines[0].strip() == NOT_WRAPPED:
            yield lines[1]  # its heading; below it stands what is typed
        elif each.strip():
            yield " ".join(each.split())


def run(*arguments: str, env: dict[str, str], **more: Any) -> Result:
    return CliRunner().invoke(root(), list(arguments), prog_name="tongjie", env=env, **more)


def test_every_text_of_the_help_has_a_chinese_one() -> None:
    texts = {root().help or "", *(summary for name, summary in SUMMARIES.items() if name in installed_commands())}
    for command in COMMANDS.values():
        texts.update(paragraphs(command.help))
        helps = [getattr(each, "help", None) for each in command.params if not getattr(each, "hidden", False)]
        texts.update(each for each in helps if each)
    assert sorted(text for text in texts if text not in HELP) == []
    assert sorted(text for text in texts if not HAN.search(HELP[text])) == []


def test_the_catalogue_of_help_has_nothing_that_no_command_says() -> None:
    said = "\n".join(" ".join(run(*name, "--help", env=ENGLISH).output.split()) for name in [(), *COMMANDS])
    shortened = re.sub(r"\s+", "", said)
    assert [text for text in HELP if re.sub(r"\s+", "", text) not in shortened] == []


@EVERY
def test_a_page_of_help_is_chinese_and_fits_the_terminal(name: tuple[str, ...]) -> None:
    done = run(*name, "--help", env=CHINESE)
    assert done.exit_code == 0
    assert done.output.startswith("用法：")
    lines = done.output.splitlines()
    typed = {
        line
        for command in COMMANDS.values()
        for line in (command.help or "").split("\n")
        if NOT_WRAPPED in (command.help or "")
    }
    prose = [line for line in lines if line.strip() not in {each.strip() for each in typed}]
    assert [line for line in prose if WORDS.search(line) and not HAN.search(line)] == []
    assert [line for line in prose if columns(line) > 80 and "--plant" not in line] == []


@EVERY
def test_who_reads_english_gets_the_pages_of_click(name: tuple[str, ...]) -> None:
    done = run(*name, "--help", env=ENGLISH)
    assert done.exit_code == 0
    assert done.output.startswith("Usage: tongjie")
    assert not HAN.search(done.output.replace("中文 or English", "").replace("通借通还: borrow", ""))


@pytest.mark.parametrize("arguments", [("check", "--lang", "zh", "--help"), ("check", "--help", "--lang=zh")])
def test_the_option_lang_holds_for_the_help_wherever_it_stands(arguments: tuple[str, ...]) -> None:
    assert run(*arguments, env=ENGLISH).output.startswith("用法：")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nope",), "错误：没有命令 'nope'。"),
        (("terminals", "lst"), "错误：没有命令 'lst'。是不是 'list'？"),
        (("check",), "错误：缺少选项 '--config'。"),
        (("check", "--confg", "x"), "错误：没有选项 '--confg'。"),
        (("check", "--config"), "错误：选项 '--config' 后面要写值。"),
        (("check", "--config", "/"), "错误：'--config' 的值不对：'/' 是文件夹，这里要文件。"),
        (("check", "--config", "x", "y"), "错误：多出一个参数（y）"),
        (("check", "--json=x"), "错误：选项 '--json' 后面不能写值。"),
        (("items", "import"), "错误：缺少参数 'FILE'。"),
        (("federation", "init", "--dir", "x", "--days", "a", "CQSPB"), "错误：'--days' 的值不对：'a' 不是整数"),
        (
            ("federation", "init", "--dir", "x", "--days", "0", "CQSPB"),
            "错误：'--days' 的值不对：0 不在范围 1<=x<=825 里。",
        ),
        (
            ("exceptions", "list", "--config", "x", "--lang", "de"),
            "错误：'--lang' 的值不对：'de' 不在可选的 'zh', 'en' 里。",
        ),
        (("--nope",), "错误：没有选项 '--nope'。"),
    ],
)
def test_wrong_usage_is_said_in_chinese_with_the_way_to_the_help(arguments: tuple[str, ...], words: str) -> None:
    done, english = run(*arguments, env=CHINESE), run(*arguments, env=ENGLISH)
    assert (done.exit_code, english.exit_code) == (2, 2)
    assert words in done.output
    assert not WORDS.search(done.output.splitlines()[-1])
    assert "Error: " in english.output
    # click shows the usage of all but some errors
    assert done.output.startswith("用法：tongjie") == english.output.startswith("Usage: tongjie")
    assert done.output.count("--help") == english.output.count("--help")


def test_a_group_without_a_command_shows_its_help() -> None:
    done = run("terminals", env=CHINESE)
    assert done.exit_code == 2
    assert done.output.startswith("用法：tongjie terminals")
    assert "列出" not in done.output
    assert "命令：" in done.output


@given(st.text(alphabet="中文，。（）“” abc-", max_size=120), st.integers(10, 40))
def test_wrapped_lines_lose_nothing_and_are_no_wider_than_asked(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        words = re.findall(r"[^\s\u2e80-\uffef]+|.", line)
        longest = max(map(columns, words), default=0)
        marks = re.findall("[，。（）“”]+", line)
        assert columns(line) <= max(width, longest + columns("".join(marks)) + 2)


def test_a_mark_never_begins_a_line() -> None:
    lines = wrapped("一二三四五，六七八九十。（甲乙）", 10)
    assert [line[0] for line in lines if line[0] in "，。）"] == []
    assert [line[-1] for line in lines if line[-1] in "（“"] == []
