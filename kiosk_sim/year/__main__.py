"""`python -m kiosk_sim.year`: what a year of loans costs a node, and what forgetting gives back.

A database of that size is made, a real node is started on it, and its nightly works run while a gate asks. Prints the
figures of docs/performance.md, and writes them to `year.json`: seconds, bytes, and the machine's load beside them.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from federation import certificates
from kiosk_sim.city.city import Branch, City, city
from kiosk_sim.city.layout import write_settings
from kiosk_sim.simulation.streams import stream
from kiosk_sim.year.books import Size, make_books
from sip2 import messages as m
from sip2.codec import encode
from sip2.fields import SipDate

CODE: Final = "CQSPB"
BASE_PORT: Final = 7_300
EVERY_S: Final = 0.02
WORKS: Final = ("rest", "count", "compare", "forget for a minute", "rest")


@click.command()
@click.option("--readers", default=300_000, show_default=True)
@click.option("--items", default=1_000_000, show_default=True)
@click.option("--loans", default=1_000_000, show_default=True)
@click.option("--days", default=365, show_default=True, help="Over which the loans are spread; they end today.")
@click.option("--later", default=0, show_default=True, help="The node's clock is so many days ahead.")
@click.option("--whole-night", is_flag=True, help="Forget all that is to be forgotten, not for a minute only.")
@click.option("--database", type=click.Path(path_type=Path), help="Take this one, or make it there and leave it.")
def command(
    *, readers: int, items: int, loans: int, days: int, later: int, whole_night: bool, database: Path | None
) -> None:
    with tempfile.TemporaryDirectory(prefix="tongjie-year-") as folder:
        town = city(Path(folder) / "city", [CODE], BASE_PORT)
        branch = town.branches[0]
        write_settings(town)
        certificates.lay_out(town.root / "certs", [CODE], _now(), 30)
        own = branch.folder(town.root) / "node.db"
        if database is not None:
            database.parent.mkdir(parents=True, exist_ok=True)
            own.symlink_to(database.absolute())
        until_ms = int(_now().timestamp() * 1000)
        size = Size(CODE, readers, items, loans, days, until_ms, branch.library.card_prefix, branch.library.item_prefix)
        if not own.exists():
            began_s = time.perf_counter()
            make_books(own.resolve(), size, stream(1, "year"), lambda text: click.echo(text, err=True))
            click.echo(f"made in {time.perf_counter() - began_s:.0f} s", err=True)
        works = tuple("forget" if each.startswith("forget") and whole_night else each for each in WORKS)
        found = {**_measured(town, size, own, later, works), "load": os.getloadavg()[0]}
    Path("year.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    click.echo(json.dumps(found, indent=1))


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the composition root of this program


def _measured(town: City, size: Size, database: Path, later: int, works: Sequence[str]) -> dict[str, Any]:
    branch = town.branches[0]
    found: dict[str, Any] = {"bytes_before": _bytes(database), "pages_free_before": _free_share(database)}
    with _node(branch.config(town.root), later) as node:
        found["ready_s"] = _said(node)["ready_s"]
        for number, work in enumerate(works):
            with _gate(branch, size) as latencies:
                assert node.stdin is not None
                node.stdin.write(f"{work}\n")
                node.stdin.flush()
                told = _said(node)
            name = f"{number}_{work.replace(' ', '_')}"
            found |= {f"{name}_{key}": value for key, value in told.items() if key != "work"}
            found |= {f"{name}_gate_{share}": _quantile(latencies, share) for share in (0.5, 0.99, 1.0)}
            click.echo(f"{name}: {told}, gate p99 {found[f'{name}_gate_0.99'] * 1000:.1f} ms", err=True)
    return found | {"bytes_after": _bytes(database), "pages_free_after": _free_share(database)}


@contextmanager
def _node(config: Path, later: int) -> Iterator[subprocess.Popen[str]]:
    command_line = [sys.executable, "-m", "kiosk_sim.year.node", str(config), str(later)]
    with (config.parent / "node.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own module
            command_line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _said(node: subprocess.Popen[str]) -> dict[str, Any]:
    assert node.stdout is not None
    line = node.stdout.readline()
    if not line:
        raise click.ClickException("the node has ended; see node.log")
    told: dict[str, Any] = json.loads(line)
    return told


@contextmanager
def _gate(branch: Branch, size: Size) -> Iterator[list[float]]:
    """How long a gate waits, once every `EVERY_S`, as long as this lasts."""
    latencies: list[float] = []
    over = threading.Event()
    asking = threading.Thread(target=_ask, args=(branch, size, over, latencies))
    asking.start()
    try:
        yield latencies
    finally:
        over.set()
        asking.join()


def _ask(branch: Branch, size: Size, over: threading.Event, latencies: list[float]) -> None:
    gate = next(each for each in branch.terminals if each.kind == "gate")
    rng = stream(2, "gate")
    with socket.create_connection(("127.0.0.1", branch.library.sip2_port)) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _exchange(wire, encode(m.Login(login_user_id=gate.login, login_password=gate.password), "0"))
        number = 0
        while not over.wait(EVERY_S):
            number += 1
            question = m.PatronStatus(
                language="019",
                transaction_date=SipDate(_now().strftime("%Y%m%d    %H%M%S")),
                institution_id=CODE,
                patron_identifier=size.card(rng.randrange(size.readers)),
                terminal_password="",
                patron_password="",
            )
            request = encode(question, str(number % 10))
            began_s = time.perf_counter()
            _exchange(wire, request)
            latencies.append(time.perf_counter() - began_s)


def _exchange(wire: socket.socket, request: bytes) -> bytes:
    wire.sendall(request)
    answer = b""
    while not answer.endswith(b"\r"):
        more = wire.recv(4096)
        if not more:
            raise click.ClickException("the node hung up on the gate")
        answer += more
    return answer


def _quantile(latencies: list[float], share: float) -> float:
    ordered = sorted(latencies) or [0.0]
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _bytes(database: Path) -> int:
    return database.stat().st_size


def _free_share(database: Path) -> float:
    """Of the pages: free ones are written again before the file grows."""
    with closing(sqlite3.connect(database)) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    return float(free) / float(pages)


if __name__ == "__main__":
    command()
