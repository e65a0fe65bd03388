"""The history of the schema ends at the schema, and a database gets there whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from node.storage import migrations, opening
from node.storage.opening import (
    HEAD,
    DatabaseError,
    DatabaseState,
    database_version,
    inspect_database,
    new_memory_database,
    prepare_database,
)
from node.storage.schema import metadata

HINT = "the recipe stands in node/storage/migrations/__init__.py"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "node.db"


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def declarations(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """What sqlite_master says, each table as its columns and constraints in no particular order. A table that was made
    anew by a step has its name in quotes."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'")
    plain = {name: re.sub(r'^CREATE TABLE "(\w+)"', r"CREATE TABLE \1", " ".join(sql.split())) for name, sql in rows}
    parted = {name: re.split(r", (?=CONSTRAINT)|\)(?= WITHOUT ROWID$|$)", sql) for name, sql in plain.items()}
    return {name: sorted(part.strip() for part in parts) for name, parts in parted.items()}


# --- the history and the schema ------------------------------------------------------------------------------


def test_the_head_of_the_program_is_the_newest_version_in_the_folder() -> None:
    assert migrations.head() == HEAD


def test_a_migrated_database_has_exactly_the_constraints_and_indexes_of_the_schema(path: Path) -> None:
    prepare_database(path)
    with opened(path) as migrated, closing(new_memory_database()) as declared:
        assert declarations(migrated) == declarations(declared), HINT


def test_alembic_finds_no_difference_between_a_migrated_database_and_the_schema(path: Path) -> None:
    prepare_database(path)
    with opened(path) as migrated, migrations.engine_over(migrated).begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == [], HINT


def test_a_database_in_memory_is_a_fresh_one_each_time() -> None:
    one, other = new_memory_database(), new_memory_database()
    one.execute("INSERT INTO meta VALUES ('a', 'b')")
    assert other.execute("SELECT count(*) FROM meta").fetchone() == (0,)
    assert one.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_the_recipe_writes_a_step_for_a_changed_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(Path(migrations.__file__).parent, folder, ignore=shutil.ignore_patterns("v0*", "__pycache__"))
    monkeypatch.setattr(migrations, "__file__", str(folder / "__init__.py"))
    written = migrations.write_step("First schema")
    assert written.name == "v0001_first_schema.py"
    assert "op.create_table" in written.read_text("utf-8")


# --- making and migrating ------------------------------------------------------------------------------------


def test_a_new_database_is_made_for_a_group_at_most(path: Path) -> None:
    prepare_database(path)
    with opened(path) as connection:
        assert database_version(connection) == HEAD
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert path.stat().st_mode & 0o007 == 0


def test_a_database_at_the_head_is_left_alone(path: Path) -> None:
    prepare_database(path)
    before = path.read_bytes()
    prepare_database(path)
    assert path.read_bytes() == before


def test_an_empty_file_is_filled(path: Path) -> None:
    path.touch()
    prepare_database(path)
    assert inspect_database(path) == DatabaseState(HEAD, None)


def test_starting_on_a_database_at_the_head_imports_no_alembic(path: Path) -> None:
    prepare_database(path)
    program = (
        "import sys; from pathlib import Path; from node.storage.opening import prepare_database;"
        "prepare_database(Path(sys.argv[1])); assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)


def test_a_migration_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(config: Config, revision: str) -> None:
        upgrade(config, revision)
        raise sqlite3.OperationalError("the power went")

    upgrade = command.upgrade
    monkeypatch.setattr(command, "upgrade", fails)
    with pytest.raises(DatabaseError, match="the power went"):
        prepare_database(path)
    with opened(path) as connection:
        assert database_version(connection) is None
    monkeypatch.undo()
    prepare_database(path)


def test_what_was_on_the_list_of_exceptions_before_staff_could_close_it_stays_there(path: Path) -> None:
    with opened(path) as connection, migrations.engine_over(connection).begin() as begun:
        command.upgrade(migrations._config(begun), "0001")
    with opened(path) as connection:
        add = (
            "INSERT INTO staff_exception (op, kind, barcode, terminal, at_ms, closed_at_ms) VALUES (?, ?, '', '', 1, ?)"
        )
        connection.executemany(add, [("o1", "refund_due", None), ("o2", "refund_due", 5)])
    prepare_database(path)
    with opened(path) as connection:
        kept = connection.execute("SELECT op, closed_at_ms, closed_by, closing_note FROM staff_exception ORDER BY id")
        assert kept.fetchall() == [("o1", None, None, None), ("o2", 5, "", "")]


OLD_ROWS = (
    *(
        "INSERT INTO loan (op, barcode, home, reader, category, branch, opened_at_ms, due_on)"
        f" VALUES ('{op}', 'b-{op}', 'H', '{reader}', 'pupil', 'B', 1, '2026-03-01')"
        for op, reader in (("l1", "r1"), ("l2", "op:l2"), ("l3", "op:another"))
    ),
    *(
        "INSERT INTO fine (fine, loan, owner, home, reader, barcode, title, due_on, returned_on, days_late,"
        f" amount_fen, order_version, booked_at_ms) VALUES ('{fine}', '{fine[:2]}', 'CQBB', 'H', '{reader}', '', '',"
        " '2026-03-01', '2026-03-02', 1, 20, 1, 1)"
        for fine, reader in (("l1:2026-03-01", "r1"), ("l2:hold", "op:l2"))
    ),
    "INSERT INTO fine (fine, loan, owner, home, reader, barcode, title, due_on, returned_on, days_late, amount_fen,"
    " order_version, booked_at_ms) VALUES ('CQBB/l3:hold', 'l3', 'CQBB', 'H', 'r3', '', '', '2026-03-01',"
    " '2026-03-02', 1, 20, 1, 1)",
    *(
        f"INSERT INTO fine_mirror VALUES ('CQBB', '{fine}', '{reader}', '', '', '2026-03-01', 20, 0, 1, 1)"
        for fine, reader in (("l1:2026-03-01", "r1"), ("l2:2026-03-01", "op:l2"), ("l3:hold", "r3"))
    ),
    *(
        "INSERT INTO owner_op (op, kind, state, barcode, branch, loan, at_ms)"
        f" VALUES ('{op}', '{kind}', 'done', '', 'B', '{about}', 1)"
        for op, kind, about in (("o1", "checkout", "l1"), ("o2", "renewal", "l1"), ("o3", "hold", "h1"))
    ),
)


def test_what_old_rows_meant_by_their_names_stands_in_fields(path: Path) -> None:
    with opened(path) as connection, migrations.engine_over(connection).begin() as begun:
        command.upgrade(migrations._config(begun), "0003")
    with opened(path) as connection:
        for row in OLD_ROWS:
            connection.execute(row)
    prepare_database(path)
    with opened(path) as connection:
        said = {
            table: connection.execute(f"SELECT {columns} FROM {table} ORDER BY 1").fetchall()
            for table, columns in {
                "loan": "op, reader",
                "fine": "fine, reader, kind, ordered, amount_fen, paid_fen, version",
                "fine_mirror": "fine, reader, kind, loan, amount_fen",
                "owner_op": "op, loan, hold",
            }.items()
        }
    assert said == {
        "loan": [("l1", "r1"), ("l2", None), ("l3", "op:another")],
        "fine": [
            ("CQBB/l3:hold", "r3", "hold", "l3:hold", 20, 0, 1),
            ("l1:2026-03-01", "r1", "late", "l1:2026-03-01", 20, 0, 1),
            ("l2:hold", None, "hold", "l2:hold", 20, 0, 1),
        ],
        "fine_mirror": [
            ("l1:2026-03-01", "r1", "late", "", 20),
            ("l2:2026-03-01", None, "late", "l2", 20),
            ("l3:hold", "r3", "hold", "", 20),
        ],
        "owner_op": [("o1", "l1", None), ("o2", "l1", None), ("o3", None, "h1")],
    }


# --- what is refused -----------------------------------------------------------------------------------------


def refused(path: Path) -> str:
    """What both say: the one that prepares and the one that only looks."""
    with pytest.raises(DatabaseError) as caught:
        prepare_database(path)
    with pytest.raises(DatabaseError) as looked:
        inspect_database(path)
    assert str(caught.value) == str(looked.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_database_of_a_newer_program_is_refused(path: Path) -> None:
    prepare_database(path)
    with opened(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    assert re.search("version 9999.*install the version of tongjie that wrote it", refused(path))
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused(path: Path) -> None:
    with opened(path) as connection:
        connection.execute("CREATE TABLE recipes (name)")
    assert "another program" in refused(path)


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_text("library,database\n" * 1000)
    assert "is not an SQLite database" in refused(path)


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert "there is no folder" in refused(tmp_path / "nowhere" / "node.db")


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "node.db").mkdir()
    assert "is not a file" in refused(tmp_path / "node.db")


def test_a_database_locked_by_another_process_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_WAIT_S", 0)
    monkeypatch.setattr(opening, "_INSPECT_WAIT_MS", 0)
    path.touch()
    with opened(path) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        assert "locked by another process" in refused(path)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that a user without rights can reach; pytest's own is shut."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def without_rights() -> Iterator[None]:
    """Not as the superuser, whom no mode of a file stops."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_can_only_be_read_is_refused(open_folder: Path) -> None:
    path = open_folder / "node.db"
    prepare_database(path)
    path.chmod(0o444)
    open_folder.chmod(0o777)
    with without_rights():
        assert "can't be written by this user" in refused(path)


def test_a_folder_that_can_only_be_read_is_refused(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    with without_rights():
        assert f"the folder {open_folder} can't be written" in refused(open_folder / "node.db")
