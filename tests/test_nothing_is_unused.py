"""No dead code: what stands at the top of a module is used by the code itself, not by tests alone.

Precise about modules: a name counts as used where its own module reads it outside its definition, where another
module imports it, or reads it as an attribute of that module.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.test_house_rules import code_files, name, tree

FOUND_BY_NAME = ("node/storage/migrations/versions/",)  # Alembic asks a step for its functions and constants
KEPT = {
    "node.observe.logs.Silence": "the log port of whoever wants none",
    "kiosk_sim.bench_codec.COMMANDS": "the messages that are measured, as its test counts them",
}


def module_of(path: Path) -> str:
    dotted = name(path).removesuffix(".py").replace("/", ".")
    return dotted.removesuffix(".__init__")


def top_level(path: Path) -> Iterator[tuple[str, ast.stmt]]:
    """The functions, classes and constants of a module. What is decorated may be registered by that."""
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if not node.decorator_list or isinstance(node, ast.ClassDef):
                yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((target.id, node) for target in targets if isinstance(target, ast.Name))


@cache
def uses_elsewhere() -> frozenset[str]:
    """Every `module.name` that some module of the code imports, or reads as an attribute of a module."""
    modules = {module_of(path) for path in code_files()}
    found: set[str] = set()
    for path in code_files():
        aliases: dict[str, str] = {}
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    found.add(f"{node.module}.{alias.name}")
                    aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"
            elif isinstance(node, ast.Import):
                aliases.update({alias.asname or alias.name: alias.name for alias in node.names})
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                module = aliases.get(node.value.id)
                if module in modules:
                    found.add(f"{module}.{node.attr}")
    return frozenset(found)


def read_within(path: Path, wanted: str, definition: ast.stmt) -> bool:
    own = set(map(id, ast.walk(definition)))
    return any(
        (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id == wanted)
        or (isinstance(node, ast.Constant) and node.value == wanted)  # a quoted annotation
        for node in ast.walk(tree(path))
        if id(node) not in own
    )


@cache
def unused() -> tuple[str, ...]:
    return tuple(
        f"{module_of(path)}.{each}"
        for path in code_files()
        if not name(path).startswith(FOUND_BY_NAME)
        for each, definition in top_level(path)
        if not each.startswith("__")
        and f"{module_of(path)}.{each}" not in uses_elsewhere()
        and not read_within(path, each, definition)
    )


def test_every_function_class_and_constant_of_a_module_is_used_by_the_code() -> None:
    assert [each for each in unused() if each not in KEPT] == []


@pytest.mark.parametrize("each", KEPT)
def test_every_reason_for_keeping_an_unused_name_is_still_needed(each: str) -> None:
    assert each in unused()
