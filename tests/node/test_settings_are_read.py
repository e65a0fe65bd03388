"""No setting is decoration: what the manual documents, the code reads, or the manual says that it does not yet."""

from __future__ import annotations

import ast
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel

from node.domain.rules import LendingRule
from node.settings import city, library, web

ROOT = Path(__file__).parent.parent.parent
# they declare the settings, or hand them on under the same name
HAND_ON = ("node/settings/", "node/planning.py", "federation/v1/")

BUILDS = "node/settings/city.py builds the directory, the rules and the areas from it"
OTHERWISE = {
    "federation_file": "read by load_node_settings",
    "group_rows": BUILDS,
    "library_rows": BUILDS,
    "rule_rows": BUILDS,
    "area_rows": BUILDS,
    "message_timeout_s": "node/planning.py hands it on as frame_timeout_s",
    "outbox_alarm_s": "node/planning.py makes BacklogLimits of it",
    "outbox_alarm_notices": "node/planning.py makes BacklogLimits of it",
}
NOT_YET = {
    "card_reissue_fen": "charged where a card is replaced, which no command does yet",
}


@cache
def names_read() -> frozenset[str]:
    paths = (path for folder in ("sip2", "federation", "node") for path in sorted((ROOT / folder).rglob("*.py")))
    return frozenset(
        node.attr
        for path in paths
        if not path.relative_to(ROOT).as_posix().startswith(HAND_ON)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    )


def declared() -> dict[str, str]:
    """Every setting, as "table.key", and its name in the code."""
    tables = [
        model
        for module in (library, city, web)
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, BaseModel) and model.__module__ == module.__name__
    ]
    found = {f"{model.__name__}.{name}": name for model in tables for name in model.model_fields}
    return found | {f"{LendingRule.__name__}.{each.name}": each.name for each in fields(LendingRule)}


@pytest.mark.parametrize(("setting", "name"), declared().items(), ids=str)
def test_every_setting_is_read(setting: str, name: str) -> None:
    assert name in names_read() or name in OTHERWISE or name in NOT_YET, f"nothing reads {setting}"


def test_a_reason_why_a_setting_is_not_read_is_still_needed() -> None:
    given = {**OTHERWISE, **NOT_YET}
    assert [name for name in given if name in names_read() or name not in declared().values()] == []


@pytest.mark.parametrize("name", NOT_YET)
def test_the_manual_says_of_a_setting_that_nothing_reads_yet_that_it_is_so(name: str) -> None:
    manual = (ROOT / "docs" / "settings.md").read_text("utf-8")
    (line,) = (line for line in manual.splitlines() if line.startswith(f"| `{name}`"))
    assert "not read yet" in line or "not charged yet" in line
