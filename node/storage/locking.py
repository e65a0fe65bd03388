"""One node a database: a lock on a file beside it, which the kernel releases when its process ends, however it ends.

SQLite lets any number of processes write in turn, and commands do so beside a running node. Two nodes would each answer
for the library, each with a memory of its own. So a node holds this lock from before it opens the database until after
it has closed it. The file stays; only the lock on it means something.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from pathlib import Path

from node.storage.opening import DatabaseError

_GROUP_MAY_READ = 0o660


class DatabaseLock:
    """Held as long as this object is, until `release`."""

    def __init__(self, database: Path) -> None:
        """Take it. Errors: DatabaseError, which names the process that has it."""
        self._path = lock_file(database)
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _GROUP_MAY_READ)
        except OSError as error:
            raise DatabaseError(f"{self._path} can't be made ({error.strerror}); check the folder") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = _who(self._file)
            os.close(self._file)
            raise DatabaseError(
                f"{database} is in use by another node ({who}); stop that one first, or correct `database` in node.toml"
            ) from None
        except OSError as error:
            os.close(self._file)
            raise DatabaseError(f"{self._path} can't be locked ({error.strerror}); use a local disk") from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode(), 0)

    def release(self) -> None:
        os.close(self._file)


def lock_file(database: Path) -> Path:
    """The same for every name of one file."""
    found = database.resolve()
    return found.with_name(f"{found.name}.lock")


def _who(file: int) -> str:
    """What the process that holds it wrote."""
    try:
        told = json.loads(os.pread(file, 1024, 0))
        return f"process {int(told['pid'])} on {str(told['host'])[:64]}"
    except (ValueError, KeyError, TypeError):  # it has just taken it, and not written yet
        return "its process is not known"
