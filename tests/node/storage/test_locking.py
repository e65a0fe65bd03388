"""One node a database: the second one is told who has it, and a process that dies leaves it free."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from node.storage.locking import DatabaseLock, lock_file
from node.storage.opening import DatabaseError

_HOLDER = """
import sys
from pathlib import Path
from node.storage.locking import DatabaseLock
held = DatabaseLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_lock_names_the_process_that_has_the_first(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    held = DatabaseLock(path)
    with pytest.raises(DatabaseError, match=f"process {os.getpid()} on "):
        DatabaseLock(path)
    held.release()
    DatabaseLock(path).release()


def test_another_name_of_the_same_file_is_the_same_database(tmp_path: Path) -> None:
    path, other = tmp_path / "node.db", tmp_path / "other.db"
    path.touch()
    other.symlink_to(path)
    held = DatabaseLock(path)
    with pytest.raises(DatabaseError, match="in use"):
        DatabaseLock(other)
    held.release()


def test_a_process_that_is_killed_leaves_the_database_free(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    command = [sys.executable, "-c", _HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DatabaseError, match=f"process {holder.pid} on "):
            DatabaseLock(path)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    DatabaseLock(path).release()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', "\x00" * 2000])
def test_whatever_stands_in_the_file_the_lock_alone_counts(tmp_path: Path, text: str) -> None:
    path = tmp_path / "node.db"
    held = DatabaseLock(path)
    lock_file(path).write_text(text)
    with pytest.raises(DatabaseError, match="not known"):
        DatabaseLock(path)
    held.release()
    DatabaseLock(path).release()
