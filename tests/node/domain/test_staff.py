"""What staff must look at: every kind that the code raises is listed, explained in two languages, and in the manual."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from federation.contract import Reason
from node.domain.staff import StaffKind, rule_broken_off_line
from node.domain.staff_sentences import SENTENCES, sentence_of
from node.service.delivery.differences import FOR_STAFF, Kind

ROOT = Path(__file__).resolve().parents[3]
SERVICE = sorted((ROOT / "node" / "service").rglob("*.py"))
THE_DOOR = ROOT / "node" / "service" / "staff.py"
BY_REASON = "no_block_"
FROM_THE_DESK_AND_HOME = {Reason.UNKNOWN_CARD, Reason.UNKNOWN_ITEM, Reason.AMBIGUOUS_ITEM}
"""Reasons that no rule gives: the card, or the item, is nobody's, or the item is one of two."""
HAN = re.compile("[\u4e00-\u9fff]")


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text("utf-8")))


def place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def attributes_of(path: Path, enum: str) -> set[str]:
    """Names of members of `enum` that the file mentions."""
    return {
        node.attr
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == enum
    }


def reasons_of_the_rules() -> set[Reason]:
    return {Reason[name] for name in attributes_of(ROOT / "node" / "domain" / "rules.py", "Reason")}


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


# --- sentences -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", StaffKind)
def test_every_kind_says_what_happened_and_what_to_do_in_chinese_and_in_english(kind: StaffKind) -> None:
    both = SENTENCES[kind]
    for chinese in (both.zh.happened, both.zh.to_do):
        assert HAN.search(chinese)
        assert chinese.endswith("。")
    for english in (both.en.happened, both.en.to_do):
        assert not HAN.search(english)
        assert english.endswith((".", "?"))
    assert "  " not in both.en.happened + both.en.to_do


def test_no_two_kinds_read_the_same() -> None:
    assert len({both.zh.happened for both in SENTENCES.values()}) == len(StaffKind)
    assert len({both.en.happened for both in SENTENCES.values()}) == len(StaffKind)


def test_a_kind_of_a_newer_library_gets_a_general_sentence() -> None:
    assert "版本" in sentence_of("place_on_the_moon", "zh").happened
    assert "does not know" in sentence_of("place_on_the_moon", "en").happened
    assert sentence_of("card_retained", "en") == SENTENCES[StaffKind.CARD_RETAINED].en


# --- the code ------------------------------------------------------------------------------------------------


def test_only_one_module_puts_anything_on_the_list() -> None:
    found = [
        place(path, node)
        for path in SERVICE
        for node in nodes(path)
        if path != THE_DOOR and isinstance(node, ast.Call) and called(node) == "add_exception"
    ]
    assert found == []


def test_no_kind_is_made_of_text() -> None:
    """Neither whole nor by pieces: each call names a member, which mypy then holds to be one."""
    staffs = re.compile("|".join([BY_REASON, *StaffKind]))
    found = [
        place(path, node)
        for path in SERVICE
        if path.name != "differences.py"  # its `Kind` is a list of its own, mapped by FOR_STAFF
        for node in nodes(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and staffs.match(node.value)
    ]
    assert found == []


def test_every_notice_that_calls_staff_names_its_kind_by_the_enum() -> None:
    """`StaffCalled.kind` is text on the wire, so mypy would let any text pass."""
    kinds = {
        place(path, node): node.args[3]
        for path in SERVICE
        for node in nodes(path)
        if isinstance(node, ast.Call) and called(node) == "StaffCalled" and node.args
    }
    assert kinds
    texts = (ast.Constant, ast.JoinedStr, ast.BinOp)
    assert [where for where, kind in kinds.items() if isinstance(kind, texts)] == []


def test_every_kind_that_the_code_names_is_one_and_every_kind_is_named_somewhere() -> None:
    named = set().union(*(attributes_of(path, "StaffKind") for path in SERVICE))
    by_reason = {rule_broken_off_line(reason).name for reason in reasons_of_the_rules() | FROM_THE_DESK_AND_HOME}
    assert named | by_reason == set(StaffKind.__members__)


@pytest.mark.parametrize("reason", sorted(reasons_of_the_rules() | FROM_THE_DESK_AND_HOME))
def test_whatever_rule_is_broken_off_line_there_is_a_kind_for_it(reason: Reason) -> None:
    assert rule_broken_off_line(reason) == f"no_block_{reason}"


def test_a_difference_for_staff_keeps_its_word_on_their_list() -> None:
    assert all(kind == str(difference) for difference, kind in FOR_STAFF.items())
    assert set(FOR_STAFF) < set(Kind)


# --- the manual ----------------------------------------------------------------------------------------------


def test_the_manual_lists_every_kind_and_no_other() -> None:
    text = (ROOT / "docs" / "requests.md").read_text("utf-8")
    _, _, table = text.partition("## What staff must look at")
    cells = re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE)
    assert sorted(re.findall("`([^`]+)`", " ".join(cells))) == sorted(StaffKind)
