"""The tables of states: the manual has the same ones, the code uses all of them and goes round none."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from node.domain import states
from node.domain.states import FINE, HOLD, LOAN, OPERATION, PLACE, LoanEvent, LoanState, Machine, OpEvent

ROOT = Path(__file__).parent.parent.parent.parent
MACHINES = (OPERATION, PLACE, LOAN, HOLD, FINE)
EVERY = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
FROM, EVENT, TO = 0, 1, 2


# --- the manual ------------------------------------------------------------------------------------------------


def rows_of(machine: Machine[Any, Any]) -> Iterator[list[str]]:
    """The cells of the table under the heading that names the machine's rows first."""
    manual = (ROOT / "docs" / "federation.md").read_text("utf-8")
    (section,) = (
        part
        for part in re.split(r"^## ", manual, flags=re.MULTILINE)
        if re.match(rf"[^`\n]*`{machine.name}`", part) and "\n| from | event | to |" in part
    )
    lines = section.partition("\n| from | event | to |")[2].splitlines()[2:]
    for line in lines:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split(" | ")]


def event_named(cell: str) -> str | None:
    named = re.match(r"`([a-z_]+)`:", cell)
    return None if named is None else named[1]


@EVERY
def test_the_manual_and_the_code_have_the_same_table(machine: Machine[Any, Any]) -> None:
    told = {
        (None if before == "nothing" else before, event, row[TO])
        for row in rows_of(machine)
        if (event := event_named(row[EVENT])) is not None
        for before in row[FROM].split(", ")
    }
    assert told == {(before, str(event), str(after)) for before, event, after in machine}


@EVERY
def test_a_row_of_the_manual_without_an_event_s_name_changes_no_state(machine: Machine[Any, Any]) -> None:
    unnamed = [row for row in rows_of(machine) if event_named(row[EVENT]) is None]
    assert [row for row in unnamed if row[TO] not in ("unchanged", row[FROM])] == []


# --- the machines ----------------------------------------------------------------------------------------------


def test_a_step_that_is_in_no_table_is_a_mistake_of_ours() -> None:
    assert LOAN.after("open", LoanEvent.RETURNED) is LoanState.RETURNED
    with pytest.raises(AssertionError, match="loan: no returned when cancelled"):
        LOAN.after("cancelled", LoanEvent.RETURNED)
    with pytest.raises(AssertionError, match="owner_op: no given_up when nothing"):
        OPERATION.after(None, OpEvent.GIVEN_UP)


def test_what_follows_from_figures_must_be_what_the_table_says() -> None:
    FINE.must_lead("owed", states.FineEvent.PAID, states.fine_state(60, 60))
    with pytest.raises(AssertionError, match="fine: paid of owed leads to owed"):
        FINE.must_lead("owed", states.FineEvent.PAID, states.fine_state(60, 40))


def test_a_void_fine_is_neither_owed_nor_paid() -> None:
    assert [states.fine_state(*each) for each in ((60, 0), (60, 60), (60, 80), (0, 0), (0, 40))] == [
        "owed",
        "paid",
        "paid",
        "void",
        "void",
    ]


# --- the code --------------------------------------------------------------------------------------------------


def sources() -> Iterator[tuple[str, ast.AST]]:
    for folder in ("node/service", "node/storage"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                    yield path.relative_to(ROOT).as_posix(), node


def events() -> list[str]:
    found = [each for each in vars(states).values() if isinstance(each, type) and issubclass(each, StrEnum)]
    return [f"{kind.__name__}.{event.name}" for kind in found if kind.__name__.endswith("Event") for event in kind]


def test_every_event_of_a_table_happens_somewhere_in_the_code() -> None:
    used = {ast.unparse(node) for _path, node in sources() if isinstance(node, ast.Attribute)}
    assert [event for event in events() if event not in used] == []


def is_state(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in ("state", "closed_how")


def is_text(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in ast.walk(node))


def test_no_state_is_written_or_compared_as_a_plain_word() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, node in sources()
        if (isinstance(node, ast.Compare) and is_state(node.left) and any(map(is_text, node.comparators)))
        or (
            isinstance(node, ast.Call)
            and any(each.arg in ("state", "how") and is_text(each.value) for each in node.keywords)
        )
    ]
    assert found == []
