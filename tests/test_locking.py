"""The lock files are those of pyproject.toml, and a difference is told."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests import locking

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKS = {file: (ROOT / file).read_text("utf-8") for file in locking.EXTRAS}


def changed(file: str, old: str, new: str) -> list[str]:
    assert old in LOCKS[file]
    return locking.problems(PYPROJECT, {**LOCKS, file: LOCKS[file].replace(old, new, 1)})


def test_the_lock_files_are_those_of_the_project() -> None:
    assert locking.check() == []


def test_a_version_below_the_bound_of_the_project_is_told() -> None:
    version = locking.pinned(LOCKS[locking.NODE])["click"][0]
    found = changed(locking.NODE, f"click=={version}", "click==7.0")
    assert "requirements.lock: click==7.0 is not >=8.1" in found
    assert "click differs between the two" in found


def test_a_package_that_is_missing_or_that_nobody_wants_any_more_is_told() -> None:
    more = {**PYPROJECT, "project": {**PYPROJECT["project"], "dependencies": ["treq>=1"]}}
    found = locking.problems(more, LOCKS)
    assert "requirements.lock: treq is missing" in found
    assert "requirements.lock: nobody asks for alembic any more" in found


@pytest.mark.parametrize("line", ["--index-url https://mirror.example/simple", "--find-links /wheels", "# http://x"])
def test_the_address_of_an_index_is_told(line: str) -> None:
    lock = f"{LOCKS[locking.NODE]}{line}\n"
    assert locking.problems(PYPROJECT, {**LOCKS, locking.NODE: lock}) == [
        "requirements.lock: names an index or an address"
    ]


def test_a_package_without_a_hash_is_told() -> None:
    lock = f"{LOCKS[locking.DEV]}evil==1.0\n"
    assert locking.problems(PYPROJECT, {**LOCKS, locking.DEV: lock}) == ["requirements-dev.lock: evil has no hash"]


PIP = """#!/bin/sh
echo "$*" >> calls
case "$*" in *--require-hashes*) cat answer >&2; exit $(cat status);; esac
"""


def installed(folder: Path, status: int, answer: str, locked: str = "") -> tuple[int, list[str]]:
    """How `.ci/install` ends, and what it called, when the first call of pip ends so."""
    (folder / "python").write_text(PIP)
    (folder / "python").chmod(0o755)
    (folder / "status").write_text(str(status))
    (folder / "answer").write_text(answer)
    environment = {**os.environ, "LOCKED": locked}
    done = subprocess.run(["sh", ROOT / ".ci/install", "./python"], cwd=folder, env=environment, check=False)
    return done.returncode, (folder / "calls").read_text().splitlines()


NOT_THERE = "ERROR: No matching distribution found for rich==15.0.0"
OTHER_FILE = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."


def test_what_is_locked_is_installed_and_nothing_else(tmp_path: Path) -> None:
    code, calls = installed(tmp_path, 0, "")
    assert (code, len(calls)) == (0, 2)
    assert "--no-deps" in calls[1]


def test_an_index_without_a_version_is_no_obstacle_unless_only_what_is_locked_may_be_used(tmp_path: Path) -> None:
    code, calls = installed(tmp_path, 1, NOT_THERE)
    assert (code, calls[-1].endswith("-e .[dev,build]")) == (0, True)
    (tmp_path / "calls").unlink()
    assert installed(tmp_path, 1, NOT_THERE, "only")[0] == 1


@pytest.mark.parametrize("answer", [OTHER_FILE, f"{NOT_THERE}\n{OTHER_FILE}", "ERROR: the network is down"])
def test_a_file_with_another_hash_and_any_other_fault_end_it(tmp_path: Path, answer: str) -> None:
    code, calls = installed(tmp_path, 1, answer)
    assert (code, len(calls)) == (1, 1)
