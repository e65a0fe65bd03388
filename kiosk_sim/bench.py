"""`python -m kiosk_sim.bench`: how fast a node is, measured from the wire with 32 kiosks and one client.

Two libraries run as real processes on this machine. The table goes to standard output, the numbers to `bench.json`:
rates in 1/s, times in seconds, ratios plain. Every rate counts answers that were what they had to be: a checkout
that is refused ends the run.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from twisted.internet.interfaces import IReactorTime

from kiosk_sim import bench_codec
from kiosk_sim.bench_store import gate_beside_kiosks, group_gain
from kiosk_sim.city.city import Branch, City, city
from kiosk_sim.city.probe import ReadyProbe
from kiosk_sim.city.processes import Nodes
from kiosk_sim.city.running import lay_out, require_room
from kiosk_sim.city.stock import CommandStock
from kiosk_sim.city.terminals import Terminal
from kiosk_sim.commands.reactor import run
from kiosk_sim.load import Measured, drive
from kiosk_sim.ports import Timers
from node.__main__ import install_reactor
from sip2 import messages as m
from sip2.codec import encode
from sip2.fields import SipDate

CONNECTIONS = 32
READERS, ITEMS = 5_000, 20_000
EDGE, ECHO, LOCAL, CROSS, INFORMATION = 20_000, 20_000, 8_000, 1_600, 4_000
LOANS_EACH = 8
BASE_PORT = 7_000
_TONGJIE = (sys.executable, "-m", "node")
_FSYNCS = 200
SLOW_DISK_S = 0.02


@dataclass(frozen=True, slots=True)
class Bench:
    """The two libraries, and the requests' common parts."""

    here: Branch
    there: Branch
    pid: int
    date: SipDate

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.here.library.sip2_port)

    @property
    def logins(self) -> list[bytes]:
        return [encode(m.Login(login_user_id=t.login, login_password=t.password), "0") for t in self.here.terminals]


def bench_city(root: Path) -> City:
    """Two libraries with 32 self-checks each; cards without a PIN, because none is sent."""
    plain = city(root, ["CQSPB", "CQBB"], BASE_PORT, readers=READERS, items=ITEMS)
    return City(plain.root, tuple(_equipped(branch) for branch in plain.branches))


def _equipped(branch: Branch) -> Branch:
    code = branch.library.code
    devices = tuple(Terminal(f"{code}-SC{n}", f"bench-{n}", "selfcheck", "", "") for n in range(CONNECTIONS))
    return replace(branch, terminals=devices, readers=tuple(replace(reader, pin="") for reader in branch.readers))


def status_requests(count: int) -> list[bytes]:
    return [encode(m.ScStatus(status_code="0", max_print_width=80), str(n % 10)) for n in range(1, count + 1)]


def checkout_requests(bench: Bench, cards: Sequence[str], items: Sequence[str]) -> list[list[bytes]]:
    """The n-th item for the n-th card, eight a card; all items of a card over one connection."""
    queues: list[list[bytes]] = [[] for _ in range(CONNECTIONS)]
    for n, item in enumerate(items):
        reader = n // LOANS_EACH
        queue = queues[reader % CONNECTIONS]
        queue.append(_checkout(bench, cards[reader], item, len(queue)))
    return queues


def _checkout(bench: Bench, card: str, item: str, place: int) -> bytes:
    question = m.Checkout(
        sc_renewal_policy=False,
        no_block=False,
        transaction_date=bench.date,
        nb_due_date=None,
        institution_id=bench.here.library.code,
        patron_identifier=card,
        item_identifier=item,
        terminal_password="",
    )
    return encode(question, str((place + 1) % 10))


def checkin_requests(bench: Bench, items: Sequence[str]) -> list[list[bytes]]:
    def one(item: str, place: int) -> bytes:
        question = m.Checkin(
            no_block=False,
            transaction_date=bench.date,
            return_date=bench.date,
            current_location="",
            institution_id=bench.here.library.code,
            item_identifier=item,
            terminal_password="",
        )
        return encode(question, str((place + 1) % 10))

    return [[one(item, place) for place, item in enumerate(items[k::CONNECTIONS])] for k in range(CONNECTIONS)]


def information_requests(bench: Bench, cards: Sequence[str], count: int) -> list[list[bytes]]:
    def one(n: int, place: int) -> bytes:
        question = m.PatronInformation(
            language="019",
            transaction_date=bench.date,
            summary="  Y       ",
            institution_id=bench.here.library.code,
            patron_identifier=cards[n % len(cards)],
        )
        return encode(question, str((place + 1) % 10))

    shares = [range(k, count, CONNECTIONS) for k in range(CONNECTIONS)]
    return [[one(n, place) for place, n in enumerate(share)] for share in shares]


def cpu_s(pid: int) -> float:
    """Processor time of a process so far, user and system, from /proc/PID/stat."""
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def measured(bench: Bench, name: str, queues: Sequence[Sequence[bytes]], answer: bytes) -> dict[str, float]:
    """One run against the node; `name` begins the names of its numbers."""
    before = cpu_s(bench.pid)
    result = drive(bench.address, bench.logins, queues, answer, time.perf_counter)
    spent = cpu_s(bench.pid) - before
    if result.unexpected:
        raise RuntimeError(f"{name}: {result.unexpected} answers were not {answer!r}, such as {result.sample!r}")
    return {**numbers(name, result), f"{name}_cpu_s": spent / result.count}


def numbers(name: str, result: Measured) -> dict[str, float]:
    return {
        f"{name}_per_s": result.per_s,
        f"{name}_p50_s": result.quantile_s(0.5),
        f"{name}_p99_s": result.quantile_s(0.99),
    }


def against_the_wire(bench: Bench) -> dict[str, float]:
    """Every measurement that goes through the node, and the bare echo beside it."""
    items = [item.barcode for item in bench.here.items if item.lendable and not item.foreign]
    cards = [reader.card for reader in bench.here.readers]
    others = [reader.card for reader in bench.there.readers]
    status = [status_requests(EDGE // CONNECTIONS)] * CONNECTIONS
    measured(bench, "warm_up", [queue[:50] for queue in status], b"98")
    found = measured(bench, "edge", status, b"98")
    found |= echo([status_requests(ECHO // CONNECTIONS)] * CONNECTIONS)
    found |= measured(bench, "local_checkout", checkout_requests(bench, cards, items[:LOCAL]), b"121")
    holders = cards[: LOCAL // LOANS_EACH]
    found |= measured(bench, "patron_information", information_requests(bench, holders, INFORMATION), b"64")
    found |= measured(bench, "local_checkin", checkin_requests(bench, items[:LOCAL]), b"101")
    found |= measured(bench, "cross_checkout", checkout_requests(bench, others, items[LOCAL : LOCAL + CROSS]), b"121")
    found["grpc_echo_per_s"] = grpc_echo_per_s()
    found["cross_checkout_ratio"] = found["cross_checkout_per_s"] / found["grpc_echo_per_s"]
    found["local_checkout_ratio"] = found["local_checkout_per_s"] / found["edge_per_s"]
    return found


def echo(queues: Sequence[Sequence[bytes]]) -> dict[str, float]:
    with _echo_server() as port:
        return numbers("line_echo", drive(("127.0.0.1", port), [b""], queues, b"99", time.perf_counter))


@contextmanager
def _echo_server() -> Iterator[int]:
    arguments = [sys.executable, "-m", "kiosk_sim.echo"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 -- our own module
        try:
            assert server.stdout is not None
            yield int(server.stdout.readline())
        finally:
            server.terminate()


def grpc_echo_per_s() -> float:
    """Calls per second of a bare gRPC echo between two processes, 32 in flight."""
    command = [sys.executable, "-m", "federation.transport.echo"]
    with subprocess.Popen(  # noqa: S603 -- our own module
        [*command, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        asked = subprocess.run([*command, "ask", port], capture_output=True, text=True, check=True)  # noqa: S603
        server.terminate()
    return float(asked.stdout)


def fsync_s(folder: Path) -> float:
    """The median time to make 4 KiB durable in this folder."""
    times = []
    with (folder / "fsync.bin").open("wb", buffering=0) as file:
        for _ in range(_FSYNCS):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def report(found: Mapping[str, float]) -> None:
    """Print the table, write `bench.json`."""
    Path("bench.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    table = Table(box=None, pad_edge=False)
    table.add_column("measure")
    table.add_column("value", justify="right")
    for name, value in found.items():
        table.add_row(name, _shown(name, value))
    Console().print(table)


def _shown(name: str, value: float) -> str:
    if name.endswith("_per_s"):
        return f"{value:,.0f} /s"
    if name.endswith("_s"):
        return f"{value * 1000:.3f} ms"
    return f"{value:.2f}"


async def measure(root: Path, nodes: Nodes, reactor: object) -> dict[str, float]:
    """Start the two libraries, measure, and give the numbers."""
    town = bench_city(root)
    require_room(town)
    lay_out(town, _wall, lambda _stage, _code: None)
    await CommandStock(cast(Timers, reactor), _TONGJIE)(town, lambda _code: None)
    await nodes.start(town.branches)
    date = SipDate(_wall().astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y%m%d    %H%M%S"))
    found = against_the_wire(Bench(town.branch("CQSPB"), town.branch("CQBB"), nodes.pids["CQSPB"], date))
    found["group_gain"] = await group_gain(root, reactor)
    found |= bench_codec.measure()
    found |= await gate_beside_kiosks(root, reactor, SLOW_DISK_S)
    found["fsync_s"] = fsync_s(root)
    return found


def _wall() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the composition root of this program


def main() -> int:
    install_reactor()
    from twisted.internet import reactor  # noqa: PLC0415, TID251 - just installed

    root = Path(tempfile.mkdtemp(prefix="tongjie-bench-"))
    nodes = Nodes(
        timers=cast(Timers, reactor),
        probe=ReadyProbe(cast(IReactorTime, reactor)),
        command=[*_TONGJIE, "node"],
        root=root,
        now=None,
    )

    async def whole() -> int:
        report(await measure(root, nodes, reactor))
        return 0

    try:
        return run(reactor, whole, nodes.stop_all)
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
