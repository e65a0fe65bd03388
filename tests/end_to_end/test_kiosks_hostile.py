"""What idle and hostile connections cost a real node, measured by a kiosk that works beside them."""

from __future__ import annotations

import os
import resource
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from kiosk_sim.bench import cpu_s
from sip2 import encode
from sip2 import messages as m
from tests.end_to_end.one_node import OneNode, one_node
from tests.end_to_end.served_city import PlainClient, until

IDLE = 2_000
STATUS = encode(m.ScStatus(status_code="0", max_print_width=80), "1")
PATIENCE = "\nmessage_timeout_s = 5\n"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneNode]:
    with one_node(tmp_path_factory.mktemp("branch") / "city") as found:
        yield found


def memory_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def latencies_s(kiosk: PlainClient, count: int = 60) -> list[float]:
    """How long a working kiosk waits for each of its answers."""
    found = []
    for _ in range(count):
        began = time.perf_counter()
        kiosk.ask(m.ScStatus(status_code="0", max_print_width=80), m.AcsStatus)
        found.append(time.perf_counter() - began)
    return found


@contextmanager
def meanwhile(work: Callable[[threading.Event], None]) -> Iterator[threading.Thread]:
    """`work` beside the block, until its event is set at the end."""
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(stop,), daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def test_two_thousand_idle_kiosks_cost_little_memory_and_no_processor_to_speak_of(node: OneNode) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, IDLE + 500)), hard))
    with node.at(0) as kiosk, ExitStack() as lines:
        latencies_s(kiosk)
        before_kib = memory_kib(node.pid)
        idle = [lines.enter_context(socket.create_connection(node.place, timeout=60)) for _ in range(IDLE)]
        for line in idle:
            line.sendall(STATUS)
        assert all(line.recv(4096).startswith(b"98") for line in idle)
        grown_kib = memory_kib(node.pid) - before_kib
        before_cpu_s, before_s = cpu_s(node.pid), time.monotonic()
        until(lambda: time.monotonic() - before_s > 3, "three seconds have passed")
        busy = (cpu_s(node.pid) - before_cpu_s) / (time.monotonic() - before_s)
        waits = latencies_s(kiosk)
    print(f"{IDLE} idle lines: {grown_kib / 1024:.1f} MB, {busy:.2%} of a processor")
    assert grown_kib < 40 * 1024
    assert busy < 0.05
    assert statistics.median(waits) < 0.05


def test_a_client_that_sends_a_hundred_megabytes_without_an_end_harms_nobody(node: OneNode) -> None:
    sent = [0]

    def flood(stop: threading.Event) -> None:
        chunk = b"A" * 1_000_000
        while not stop.is_set() and sent[0] < 100_000_000:
            try:
                with socket.create_connection(node.place, timeout=60) as line:
                    while not stop.is_set() and sent[0] < 100_000_000:
                        sent[0] += line.send(chunk)
            except OSError:
                continue  # cut off: it comes again

    before_kib = memory_kib(node.pid)
    with node.at(1) as kiosk, meanwhile(flood) as flooding:
        waits = latencies_s(kiosk, 200)
        until(lambda: not flooding.is_alive(), "100 MB are sent", 60)
    print(f"beside a flood: median {statistics.median(waits) * 1000:.1f} ms, longest {max(waits) * 1000:.0f} ms")
    assert sent[0] >= 100_000_000
    assert statistics.median(waits) < 0.1
    assert memory_kib(node.pid) - before_kib < 20 * 1024


def test_a_client_that_never_reads_harms_nobody_and_costs_bounded_memory(node: OneNode) -> None:
    before_kib = memory_kib(node.pid)

    def never_read(stop: threading.Event) -> None:
        with socket.create_connection(node.place, timeout=0.5) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            while not stop.is_set():
                try:
                    line.sendall(STATUS * 500)
                except OSError:
                    stop.wait(0.2)

    with node.at(2) as kiosk, meanwhile(never_read):
        waits = latencies_s(kiosk, 300)
    print(f"beside one that never reads: median {statistics.median(waits) * 1000:.1f} ms")
    assert statistics.median(waits) < 0.1
    assert memory_kib(node.pid) - before_kib < 10 * 1024


def test_a_byte_a_second_gets_no_further_than_the_time_for_a_message(node: OneNode) -> None:
    node.read_settings_again("[sip2]\n", f"[sip2]{PATIENCE}")
    ends = threading.Event()

    def drip(stop: threading.Event) -> None:
        with socket.create_connection(node.place, timeout=60) as line:
            try:
                while not stop.wait(0.25):
                    line.sendall(b"9")
                    line.settimeout(0.75)
                    if line.recv(1) == b"":
                        ends.set()
                        return
            except TimeoutError:
                return drip_on(line, stop)
            except OSError:
                ends.set()

    def drip_on(line: socket.socket, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                line.sendall(b"9")
                if line.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        ends.set()

    with node.at(3) as kiosk, meanwhile(drip):
        waits = latencies_s(kiosk, 100)
        until(ends.is_set, "the slow line is closed", 15)
    assert statistics.median(waits) < 0.05
    assert os.path.exists(f"/proc/{node.pid}")
