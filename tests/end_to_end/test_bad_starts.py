"""A node that can't start says in one sentence why, names what to correct, and ends with another status than 0."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from federation import certificates
from kiosk_sim.city import layout
from kiosk_sim.city.city import City, city
from node.storage.imports import claim_database
from node.storage.opening import prepare_database
from tests.end_to_end.served_city import free_base_port, run

# Root may write everywhere; without this capability it is bound by a file's mode like everyone.
AS_EVERYONE = ("setpriv", "--bounding-set", "-dac_override", "--") if os.geteuid() == 0 else ()


@pytest.fixture
def town(tmp_path: Path) -> City:
    """Settings and certificates of CQBB and CQCQ; no database, nothing runs."""
    laid_out = city(tmp_path / "city", ["CQBB", "CQCQ"], free_base_port())
    layout.write_settings(laid_out)
    certificates.lay_out(laid_out.root / "certs", ["CQBB", "CQCQ"], datetime.now(UTC), 30)
    return laid_out


def config_of(town: City) -> Path:
    return town.branch("CQBB").config(town.root)


def database_of(town: City) -> Path:
    return town.root / "CQBB" / "node.db"


def refusal(town: City, *before: str) -> str:
    """What a node says that does not start, and ends in order all the same. `before`: the command that runs it."""
    ended = run("node", "--config", str(config_of(town)), before=before)
    assert ended.returncode not in (0, None)
    assert "Traceback" not in ended.stderr
    events = [json.loads(line)["event"] for line in ended.stderr.splitlines() if line.startswith("{")]
    assert "ready" not in events
    assert events[-1:] in ([], ["stopped"])  # without an open database there is no log
    said = [line for line in ended.stderr.splitlines() if line.startswith("Error: ")]
    assert len(said) == 1, ended.stderr
    return said[0]


def replace_line(path: Path, begins: str, by: str) -> int:
    """The number of the line that was replaced, from 1."""
    lines = path.read_text("utf-8").splitlines()
    number = next(number for number, line in enumerate(lines) if line.startswith(begins))
    lines[number] = by
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return number + 1


def test_a_typo_in_the_settings_is_named_by_file_line_and_key(town: City) -> None:
    line = replace_line(config_of(town), "database", 'databse = "sqlite:///node.db"')
    said = refusal(town)
    assert f"{config_of(town)}:{line}" in said
    assert "databse" in said


def test_a_bad_value_of_the_city_is_named_by_file_line_and_key(town: City) -> None:
    federation = town.root / "federation.toml"
    line = replace_line(federation, "when_unreachable", 'when_unreachable = "ajar"')
    said = refusal(town)
    assert f"{federation}:{line}" in said
    assert "when_unreachable" in said


def test_settings_that_are_no_toml_and_settings_that_are_not_there(town: City) -> None:
    replace_line(config_of(town), "library", 'library = "CQBB')
    assert f"{config_of(town)}:1" in refusal(town)
    config_of(town).unlink()
    assert str(config_of(town)) in refusal(town)


@pytest.mark.parametrize("which", [0, 1, 2], ids=["sip2", "federation", "http"])
def test_a_port_in_use_is_named(town: City, which: int) -> None:
    port = town.branch("CQBB").library.ports[which]
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        assert str(port) in refusal(town)


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root writes everywhere")
def test_a_read_only_database_is_named_with_what_to_do(town: City) -> None:
    path = database_of(town)
    prepare_database(path)
    path.chmod(0o444)
    said = refusal(town, *AS_EVERYONE)
    assert str(path) in said
    assert "written" in said


def test_the_database_of_another_library_is_not_touched(town: City) -> None:
    path = database_of(town)
    prepare_database(path)
    claim_database(path, "CQCQ", random.Random(1).randbytes)
    said = refusal(town)
    assert "CQCQ" in said
    assert "CQBB" in said
    with closing(sqlite3.connect(path)) as connection:
        owner = connection.execute("SELECT value FROM meta WHERE name = 'library'").fetchone()
    assert owner == ("CQCQ",)


def test_a_database_newer_than_the_program_is_refused_and_stays_as_it_is(town: City) -> None:
    path = database_of(town)
    prepare_database(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    said = refusal(town)
    assert "9999" in said
    assert str(path) in said
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)


def test_what_is_no_database_is_not_overwritten(town: City) -> None:
    database_of(town).write_text("my holiday photographs\n" * 1000)
    assert str(database_of(town)) in refusal(town)
    assert database_of(town).read_text().startswith("my holiday photographs")


def test_a_certificate_that_is_not_there_is_named(town: City) -> None:
    (town.root / "certs" / "CQBB.pem").unlink()
    assert "CQBB.pem" in refusal(town)
