"""The house rules, as tests: what a reviewer should never have to say.

Each rule reads the source as it stands; a test that fails names the file and the line.
"""

from __future__ import annotations

import ast
import os
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pytest

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

ROOT = Path(__file__).resolve().parent.parent
CODE = ("sip2", "federation", "node", "kiosk_sim")
GENERATED = "federation/v1/"
NOT_OURS = {".git", ".venv", ".hypothesis", "build", "dist", "__pycache__", "vectors"}

LINES_USUAL, LINES_MAX = 400, 600
LONG_FILES = {
    "federation/contract.py": "the whole language between libraries is read, and changed, as one page",
    "node/domain/staff_sentences.py": "the table of all that staff are told, both languages side by side",
    "node/storage/migrations/versions/v0001_first_schema.py": "one step, written by the tool, never changed",
    "tests/node/service/small_city.py": "one fixture, read from top to bottom: nodes, lines, kiosks",
    "sip2/messages.py": "the table of all messages, each declared once, beside its answer",
}

LINES_OF_A_FUNCTION, LINES_OF_A_TEST = 40, 60
"""From `def` to the last line: the signature counts, the docstring does not. A test may tell a longer story."""
LONG_FUNCTIONS = {
    "node/storage/migrations/versions/v0001_first_schema.py::upgrade": "one step, written by the tool, never changed",
}


# --- reading the source --------------------------------------------------------------------------------------


def is_ours(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return not any(part in NOT_OURS or part.endswith("_cache") or part.endswith(".egg-info") for part in parts)


@cache
def python_files(folder: str) -> tuple[Path, ...]:
    found = sorted((ROOT / folder).rglob("*.py"))
    return tuple(path for path in found if is_ours(path) and not name(path).startswith(GENERATED))


@cache
def code_files() -> tuple[Path, ...]:
    return tuple(path for folder in CODE for path in python_files(folder))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def place(path: Path, node: ast.AST) -> str:
    return f"{name(path)}:{getattr(node, 'lineno', 0)}"


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), filename=str(path))


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(tree(path))


def functions(node: ast.AST, within: str = "") -> Iterator[tuple[str, Function]]:
    """Every function under a node, those inside functions too, with its dotted name: "Class.method"."""
    for child in ast.iter_child_nodes(node):
        inside = f"{within}.{child.name}".lstrip(".") if isinstance(child, Function | ast.ClassDef) else within
        if isinstance(child, Function):
            yield inside, child
        yield from functions(child, inside)


def function_lines(function: Function) -> int:
    """From `def` to the last line, without the docstring."""
    whole = (function.end_lineno or 0) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return whole
    docstring = function.body[0]
    return whole - ((docstring.end_lineno or 0) - docstring.lineno + 1)


def imported(node: ast.AST) -> list[str]:
    """The dotted names that an import statement brings in: `from a import b` is both a and a.b."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def dotted(node: ast.AST) -> str:
    """`a.b.c` of an expression, "" if it is something else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def import_time_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Everything that is run when the module is imported: not the bodies of functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and dotted(child.test).endswith("TYPE_CHECKING"):
            continue
        yield child
        yield from import_time_nodes(child)


def importers(package: str, paths: tuple[Path, ...]) -> list[str]:
    """Where `package` (or a part of it) is imported, as "file:line"."""
    return [
        place(path, node)
        for path in paths
        for node in nodes(path)
        if any(each == package or each.startswith(f"{package}.") for each in imported(node))
    ]


def outside(found: list[str], *allowed: str) -> list[str]:
    return [each for each in found if not each.startswith(allowed)]


# --- the reactor, the clock, chance --------------------------------------------------------------------------


def test_only_the_command_line_may_import_the_reactor_at_the_top_of_a_module() -> None:
    found = [
        place(path, node)
        for path in code_files()
        for node in import_time_nodes(tree(path))
        if "twisted.internet.reactor" in imported(node)
    ]
    assert outside(found, "node/__main__.py") == []


def test_nothing_below_the_command_line_imports_the_reactor_at_all() -> None:
    paths = tuple(path for folder in ("sip2", "federation", "node") for path in python_files(folder))
    found = importers("twisted.internet.reactor", paths)
    assert outside(found, "node/__main__.py", "node/commands/") == []


def test_the_module_that_installs_the_default_reactor_is_never_imported() -> None:
    assert importers("prometheus_client.twisted", (*code_files(), *python_files("tests"))) == []


CLOCKS = {"time.time", "time.monotonic", "time.time_ns", "datetime.now", "datetime.utcnow", "date.today"}
IDS = {"uuid4", "uuid1", "uuid.uuid4", "uuid.uuid1"}


def last_two(text: str) -> str:
    return ".".join(text.split(".")[-2:])


def calls_of(path: Path, wanted: Callable[[str], bool]) -> list[str]:
    return [place(path, node) for node in nodes(path) if isinstance(node, ast.Call) and wanted(dotted(node.func))]


BELOW = tuple(path for folder in ("node", "federation", "sip2") for path in python_files(folder))
# The commands and the node compose: they are the only place to take hold of the real clock and of real chance.
INJECTED = tuple(path for path in BELOW if not name(path).startswith(("node/commands/", "node/node.py")))


@pytest.mark.parametrize("path", INJECTED, ids=name)
def test_the_clock_and_ids_are_passed_in(path: Path) -> None:
    assert calls_of(path, lambda called: last_two(called) in CLOCKS or called in IDS) == []


@pytest.mark.parametrize("path", INJECTED, ids=name)
def test_randomness_is_passed_in(path: Path) -> None:
    made = {"random.Random"}  # a class that is given a seed; the module's own functions share a hidden state
    found = calls_of(path, lambda called: called.startswith(("random.", "secrets.")) and called not in made)
    assert found == []


# --- floors within floors ------------------------------------------------------------------------------------


def test_asyncio_lives_in_the_transport_and_in_the_command_line_only() -> None:
    paths = tuple(path for folder in ("sip2", "federation", "node") for path in python_files(folder))
    assert outside(importers("asyncio", paths), "federation/transport/", "node/__main__.py") == []


def test_grpc_lives_in_the_transport_only() -> None:
    found = importers("grpc", code_files()) + importers("grpc_health", code_files())
    assert outside(found, "federation/transport/") == []


def test_sql_lives_in_the_storage_only() -> None:
    found = importers("sqlalchemy", code_files()) + importers("alembic", code_files())
    assert outside(found, "node/storage/") == []


def test_the_protocol_needs_the_standard_library_only() -> None:
    foreign = ("twisted", "zope", "grpc", "click", "pydantic", "sqlalchemy", "federation", "node", "kiosk_sim")
    assert [found for each in foreign for found in importers(each, python_files("sip2"))] == []


def test_no_module_imports_relatively() -> None:
    found = [
        place(path, node)
        for path in code_files()
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert found == []


# --- size and words ------------------------------------------------------------------------------------------


def lines_of(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def test_a_file_is_short_or_has_a_reason() -> None:
    long = {name(path): lines_of(path) for path in (*code_files(), *python_files("tests"), *python_files("proto"))}
    assert {path: lines for path, lines in long.items() if lines > LINES_MAX} == {}
    assert {path: lines for path, lines in long.items() if lines > LINES_USUAL and path not in LONG_FILES} == {}


def test_every_reason_for_a_long_file_is_still_needed() -> None:
    assert [path for path in LONG_FILES if lines_of(ROOT / path) <= LINES_USUAL] == []


def long_functions(paths: tuple[Path, ...], most: int) -> dict[str, int]:
    """Those of more than `most` lines, as "file::name", with their lines."""
    return {
        f"{name(path)}::{called}": function_lines(function)
        for path in paths
        for called, function in functions(tree(path))
        if function_lines(function) > most
    }


def test_a_function_is_short_or_has_a_reason() -> None:
    long = long_functions(code_files(), LINES_OF_A_FUNCTION)
    assert {function: lines for function, lines in long.items() if function not in LONG_FUNCTIONS} == {}


def test_every_reason_for_a_long_function_is_still_needed() -> None:
    assert LONG_FUNCTIONS.keys() - long_functions(code_files(), LINES_OF_A_FUNCTION).keys() == set()


def test_a_test_is_short_as_well() -> None:
    assert long_functions(python_files("tests"), LINES_OF_A_TEST) == {}


def test_the_lines_of_a_function_are_counted_with_its_signature_and_without_its_docstring() -> None:
    text = 'class A:\n    def b(\n        self,\n    ):\n        """One\n\n        two."""\n        def c(): ...\n'
    counted = {called: function_lines(function) for called, function in functions(ast.parse(text))}
    assert counted == {"A.b": 4, "A.b.c": 1}


def test_every_module_says_what_it_promises() -> None:
    mute = [name(path) for path in code_files() if not ast.get_docstring(tree(path))]
    assert mute == []


def test_no_exception_is_swallowed_in_silence() -> None:
    found = [
        place(path, node)
        for path in code_files()
        for node in nodes(path)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or dotted(node.type) in {"Exception", "BaseException"})
        and all(isinstance(step, ast.Pass) for step in node.body)
    ]
    assert found == []


# --- packaging -----------------------------------------------------------------------------------------------


def test_every_package_is_listed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    inits = (path for folder in CODE for path in (ROOT / folder).rglob("__init__.py") if is_ours(path))
    assert sorted(listed) == sorted(name(path.parent).replace("/", ".") for path in inits)


def test_every_module_lies_in_a_package() -> None:
    assert [name(path) for path in code_files() if not (path.parent / "__init__.py").exists()] == []


def test_the_folder_of_the_schema_is_no_package() -> None:
    assert not (ROOT / "proto" / "__init__.py").exists()


# --- tests ---------------------------------------------------------------------------------------------------


def test_no_test_sleeps() -> None:
    found = [
        call
        for path in python_files("tests")
        for call in calls_of(path, lambda called: called == "sleep" or called.endswith(".sleep"))
    ]
    assert found == []


# --- the repository as a whole -------------------------------------------------------------------------------

TEXTS = {".py", ".md", ".toml", ".proto", ".yaml", ".yml", ".ini", ".service", ".csv", ".jsonl", ".sh", ""}
MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:work|root|home|Users)/\w")


def texts() -> Iterator[Path]:
    for folder, names, files in os.walk(ROOT):
        here = Path(folder)
        names[:] = [each for each in names if is_ours(here / each)]
        yield from (here / each for each in files if is_ours(here / each) and (here / each).suffix in TEXTS)


def test_the_repository_names_no_path_of_somebodys_machine() -> None:
    found = [
        f"{name(path)}:{number}"
        for path in texts()
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), start=1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


def test_no_property_has_a_deadline() -> None:
    """A busy machine is slow. The profile of all tests has none; no test may set its own."""
    keywords = [
        (path, each)
        for path in python_files("tests")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] in {"settings", "register_profile"}
        for each in call.keywords
        if each.arg == "deadline"
    ]
    assert keywords
    assert [f"{name(path)}:{each.value.lineno}" for path, each in keywords if ast.unparse(each.value) != "None"] == []


def test_the_set_up_is_quiet_about_pip() -> None:
    """What pip warns of (its version, who runs it) is nothing that a newcomer must mend."""
    files = [(ROOT / name).read_text("utf-8") for name in ("Makefile", ".ci/install")]
    lines = [line for text in files for line in text.splitlines() if " -m pip install" in line]
    assert len(lines) == len(files)
    for line in lines:
        assert {"-qq", "--disable-pip-version-check", "--root-user-action=ignore"} <= set(line.split())
