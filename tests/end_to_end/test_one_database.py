"""A node and its database file: one node at a time, and a file that is damaged is not taken for a sound one."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.end_to_end.one_node import one_node
from tests.end_to_end.served_city import run, until


def test_a_second_node_on_the_same_database_does_not_start(tmp_path: Path) -> None:
    with one_node(tmp_path) as node:
        second = run("node", "--config", str(node.config))
        assert second.returncode == 1
        assert f"in use by another node (process {node.pid} on " in second.stderr
        beside = run("exceptions", "list", "--config", str(node.config))
        assert beside.returncode == 0, beside.stderr
        assert run("check", "--config", str(node.config)).returncode in (0, 1)
        node.kill()
        node.start()


def readyz(port: int) -> tuple[int, dict[str, object]]:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            return answer.status, json.load(answer)["database"]
    except HTTPError as error:
        return error.code, json.load(error)["database"]


def test_a_damaged_database_is_not_ready_and_says_what_to_do(tmp_path: Path) -> None:
    with one_node(tmp_path) as node:
        assert node.process is not None
        node.process.terminate()
        node.process.wait()
        database = node.config.parent / "node.db"
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (page,) = connection.execute(
                "SELECT MAX(pageno) FROM dbstat WHERE name = 'card' AND pagetype = 'leaf'"
            ).fetchone()
        with database.open("r+b") as file:
            file.seek((page - 1) * 4096)
            file.write(b"\xa5" * 4096)
        checked = run("check", "--config", str(node.config))
        assert checked.returncode == 1
        assert "restore a backup" in checked.stdout
        node.start_unready()
        port = node.branch.library.http_port
        until(lambda: bool(readyz(port)[1]["damage"]), "the damage is found")
        status, told = readyz(port)
        assert status == 503
        assert str(told["damage"]).startswith("card: ")
        with urlopen(f"http://127.0.0.1:{port}/", timeout=10) as page_text:
            assert "已损坏" in page_text.read().decode()
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as metrics:
            assert "tongjie_database_damaged 1.0" in metrics.read().decode()
        assert "database_damaged" in node.log.read_text("utf-8")
