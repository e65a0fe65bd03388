"""Every text of the pages is there in Chinese and in English."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from node.service.office.audit import Action
from node.web.rendering import LOCALE, STYLE
from tests.node.web.sites import TEMPLATES

ROOM = LOCALE.parent
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
CHINESE = re.compile(r"[一-鿿]")


def in_templates() -> set[str]:
    found = extract_from_dir(
        str(ROOM / "templates"),
        [("**.html", "jinja2")],
        {"**.html": {"newstyle_gettext": "true", "trim_blocks": "true"}},
    )
    return {message if isinstance(message, str) else message[0] for _file, _line, message, _comments, _context in found}


def catalogue() -> dict[str, str]:
    with (LOCALE / "en" / "LC_MESSAGES" / "web.po").open("rb") as file:
        read = list(read_po(file))
    assert not [message.id for message in read if message.id and message.fuzzy]
    return {str(message.id): str(message.string) for message in read if message.id}


def test_the_catalogue_has_every_text_of_the_templates_and_no_other() -> None:
    assert set(catalogue()) == in_templates()


@pytest.mark.parametrize(("chinese", "english"), catalogue().items())
def test_an_english_text_is_there_in_english_and_fills_in_the_same(chinese: str, english: str) -> None:
    assert english.strip()
    assert not CHINESE.search(english)
    assert set(PLACEHOLDER.findall(english)) == set(PLACEHOLDER.findall(chinese))


@pytest.mark.parametrize("path", sorted((ROOM / "templates").glob("*.html")), ids=lambda path: path.name)
def test_no_chinese_stands_in_a_template_outside_of_the_catalogue(path: Path) -> None:
    bare = re.sub(r"_\(\s*(\"[^\"]*\"|'[^']*')[^)]*\)", "", path.read_text("utf-8"))
    assert CHINESE.findall(bare.replace("中文", "")) == []


@pytest.mark.parametrize("path", sorted((ROOM / "templates").glob("*.html")), ids=lambda path: path.name)
def test_a_template_has_no_script_no_style_and_nothing_unescaped(path: Path) -> None:
    text = path.read_text("utf-8")
    assert re.findall(r"<script|<style|\sstyle=|\son\w+=|\|\s*safe|autoescape|javascript:", text) == []


@pytest.mark.parametrize("path", sorted((ROOM / "templates").glob("*.html")), ids=lambda path: path.name)
def test_every_form_that_is_sent_carries_the_token(path: Path) -> None:
    forms = re.findall(r"<form[^>]*>.*?</form>", path.read_text("utf-8"), re.DOTALL)
    assert [form for form in forms if 'method="post"' not in form or 'name="token"' not in form] == []


@pytest.mark.parametrize("action", Action)
def test_every_action_of_the_log_has_a_word_on_its_page(action: Action) -> None:
    source = (ROOM / "templates" / "audit.html").read_text("utf-8")
    assert f"word == '{action}'" in source


def test_a_page_is_small_enough_for_a_slow_line() -> None:
    assert len(STYLE) < 20_000
    assert b"http" not in STYLE
    assert b"@import" not in STYLE
    assert TEMPLATES
