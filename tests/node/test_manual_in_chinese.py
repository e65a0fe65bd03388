"""docs/zh/operations.md tells what docs/operations.md tells: the same commands, metrics, alerts, log fields."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
ENGLISH = (DOCS / "operations.md").read_text("utf-8")
CHINESE = (DOCS / "zh" / "operations.md").read_text("utf-8")


def blocks(page: str) -> list[str]:
    return [text.strip("\n") for text in re.findall(r"^```\w*\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)]


def named(page: str) -> list[str]:
    """All names in the running text: commands, metrics, events, fields, settings."""
    return sorted(set(re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL))))


def first_cells(page: str, beginning: str) -> list[str]:
    return re.findall(rf"^\| (`{beginning}[^|]*?) \|", page, re.MULTILINE)


def test_both_manuals_name_the_same_commands_metrics_events_fields_and_settings() -> None:
    assert named(CHINESE) == named(ENGLISH)


def test_both_manuals_list_the_metrics_in_the_same_order() -> None:
    assert first_cells(CHINESE, "tongjie_") == first_cells(ENGLISH, "tongjie_") != []


def test_both_manuals_have_the_same_commands_alerts_and_log_line() -> None:
    def code(page: str) -> list[str]:
        # what stands behind a wide gap is a remark
        return [re.split(r" {9,}(?!for )", line)[0] for block in blocks(page) for line in block.splitlines()]

    assert code(CHINESE) == code(ENGLISH)
    assert sum("tongjie_" in line for line in code(CHINESE)) >= 4


@pytest.mark.parametrize("mark", [r"^## ", r"^\* \*\*", r"^\| "])
def test_both_manuals_have_as_many_chapters_rows_and_answers(mark: str) -> None:
    assert len(re.findall(mark, CHINESE, re.MULTILINE)) == len(re.findall(mark, ENGLISH, re.MULTILINE))


def test_every_link_of_the_chinese_manual_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", CHINESE)
    assert links
    assert [each for each in links if not (DOCS / "zh" / each).exists()] == []
