"""docs/backup.md and docs/upgrade.md: their commands are run as they stand, in a root of their own."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from node.storage.imports import NewItem, claim_database, import_items
from node.storage.opening import prepare_database
from tests.node.commands.city_files import city_files

DOCS = Path(__file__).resolve().parent.parent.parent.parent / "docs"

SQLITE3 = """\
#!{python}
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for row in connection.execute(sys.argv[2]):
    print(*row, sep="|")
"""
TONGJIE = "#!{python}\nfrom node.__main__ import main\nmain()\n"
NOTED = '#!/bin/sh\necho "${{0##*/}} $*" >> {root}/done\n'
PROGRAMS = {"sqlite3": SQLITE3, "tongjie": TONGJIE, "systemctl": NOTED, "curl": NOTED, "pip": NOTED}


def blocks(page: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", (DOCS / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


class Machine:
    """A folder that stands for / of a library's machine. What belongs to the system is noted in place of done."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("bin", "etc/tongjie", "var/lib/tongjie", "opt/tongjie/bin"):
            (root / folder).mkdir(parents=True)
        for name, text in PROGRAMS.items():
            path = root / ("opt/tongjie/bin" if name == "pip" else "bin") / name
            path.write_text(text.format(python=sys.executable, root=root), "utf-8")
            path.chmod(0o755)
        files = city_files(root / "etc/tongjie")
        text = files.config.read_text("utf-8").replace("sqlite:///node.db", f"sqlite:///{self.books}")
        files.config.write_text(text, "utf-8")
        prepare_database(self.books)
        claim_database(self.books, "CQBB", os.urandom)

    @property
    def books(self) -> Path:
        return self.root / "var/lib/tongjie/node.db"

    def run(self, block: str) -> str:
        text = re.sub(r"(?<![\w.:/])/(?=(etc|var|opt|usr)\b)", f"{self.root}/", block)
        environment = {**os.environ, "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}"}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
            cwd=DOCS.parent,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def count_items(self) -> int:
        with closing(sqlite3.connect(self.books)) as connection:
            [(count,)] = connection.execute("SELECT count(*) FROM item").fetchall()
        return int(count)

    def add_item(self, barcode: str) -> None:
        import_items(self.books, [NewItem(barcode, "title", "", "", "", "book", "", foreign=False, price_fen=0)])

    @property
    def noted(self) -> str:
        return (self.root / "done").read_text("utf-8")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_copy_made_beside_a_writer_is_whole_and_is_restored_by_the_commands_of_the_page(machine: Machine) -> None:
    backup, restore, _compare = blocks("backup.md")
    with closing(sqlite3.connect(machine.books)):  # the node, with its journal
        machine.add_item("CQBB1")
        assert machine.run(backup) == "ok\n"
        machine.add_item("CQBB2")
    machine.books.write_bytes(b"damaged")
    assert "is of version" in machine.run(restore)
    assert machine.count_items() == 1
    assert machine.noted == "systemctl stop tongjie\nsystemctl start tongjie\n"


def test_only_the_owner_may_read_a_copy_and_no_copy_is_written_over(machine: Machine) -> None:
    backup = blocks("backup.md")[0]
    machine.run(backup)
    folder = machine.root / "var/backups/tongjie"
    assert {path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())} == {0}
    with pytest.raises(AssertionError, match="already exists"):
        machine.run(backup)


def test_the_commands_of_the_upgrade_run_in_order(machine: Machine) -> None:
    for block in blocks("upgrade.md"):
        machine.run(block)
    steps = ["pip install --upgrade", "systemctl restart tongjie", "curl -s http://127.0.0.1:8080/readyz"]
    assert [line.startswith(step) for line, step in zip(machine.noted.splitlines(), steps, strict=True)] == [True] * 3


def test_every_command_of_the_pages_is_one_that_the_test_knows() -> None:
    known = {*PROGRAMS, "umask", "mkdir", "tar", "mv", "cp", "chown"}
    lines = [line for page in ("backup.md", "upgrade.md") for block in blocks(page) for line in block.splitlines()]
    assert {line.split()[0].rpartition("/")[2] for line in lines} <= known
