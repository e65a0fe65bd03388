"""The history of the schema, carried out by Alembic; imported only when a database is not at its head yet.

Promises: a database moves to the head in one transaction, or stays as it was. There is no alembic.ini: everything
Alembic needs to know stands here and in env.py.

A change of `node/storage/schema` needs a new step of the history:

    python -m node.storage.migrations "What changes"      writes versions/v0002_what_changes.py
    ruff format node/storage/migrations/versions          then read it, and set HEAD in node/storage/opening.py

As long as nothing is released there is only one step. Delete versions/v0001_*.py and make it anew:

    rm node/storage/migrations/versions/v0001_*.py
    python -m node.storage.migrations "First schema"
    ruff check --fix node/storage/migrations/versions; ruff format node/storage/migrations/versions

`tests/node/storage/test_migrations.py` compares a migrated database with the schema, down to the constraints.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.pool import StaticPool

__all__ = ["engine_over", "head", "known_versions", "migrate", "write_step"]


def engine_over(connection: sqlite3.Connection) -> Engine:
    """SQLAlchemy on a connection in autocommit mode; its transactions take the write lock as they begin."""
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    # the driver would begin a transaction before changes of rows only, not before changes of tables
    event.listen(engine, "begin", lambda begun: begun.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database to the head, in one transaction. Errors: `sqlite3.Error` and Alembic's own; then nothing
    was changed."""
    with engine_over(connection).begin() as begun:
        command.upgrade(_config(begun), "head")


def head() -> str:
    """The newest version in the folder."""
    newest = _scripts().get_current_head()
    if newest is None:
        raise LookupError("the folder of versions is empty")
    return newest


def known_versions() -> frozenset[str]:
    """Every version that this program can start from."""
    return frozenset(script.revision for script in _scripts().walk_revisions())


def write_step(message: str) -> Path:
    """Write the step from the head to the schema as it is declared now, for a person to read and to correct."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    number = f"{len(known_versions()) + 1:04d}"
    with engine_over(connection).begin() as begun:
        config = _config(begun)
        if number != "0001":
            command.upgrade(config, "head")
        written = command.revision(config, message=message, autogenerate=True, rev_id=number)
    if not isinstance(written, Script):
        raise LookupError("no step was written")
    path = Path(written.path)
    # Alembic takes an empty text for an expression
    path.write_text(path.read_text("utf-8").replace("""sa.text("('')")""", """sa.text("''")"""), "utf-8")
    return path


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(None))


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("file_template", "v%%(rev)s_%%(slug)s")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
