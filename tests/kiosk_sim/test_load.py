"""The load client against a small threaded server that answers every line."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from itertools import count

import pytest

from kiosk_sim.load import LoadFailed, Measured, drive


class Answering(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while line := self._line():
            self.wfile.write({b"93": b"941\r", b"99": b"98Y\r"}.get(line[:2], b"120\r"))

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\r"):
            byte = self.rfile.read(1)
            if not byte or line.startswith(b"hang up"):
                return b""
            line += byte
        return line


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    with Server(("127.0.0.1", 0), Answering) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield ("127.0.0.1", server.server_address[1])
        server.shutdown()
        serving.join()


def ticking() -> float:
    return float(next(TICKS))


TICKS = count()


def test_every_request_is_answered_and_timed(address: tuple[str, int]) -> None:
    measured = drive(address, [b"93\r"], [[b"99\r"] * 5, [b"99\r"] * 3], b"98", ticking)
    assert (measured.count, measured.unexpected) == (8, 0)
    assert all(latency >= 1 for latency in measured.latencies_s)


def test_answers_that_begin_otherwise_are_counted_and_one_is_kept(address: tuple[str, int]) -> None:
    measured = drive(address, [b""], [[b"11\r", b"99\r"]], b"121", ticking)
    assert measured.unexpected == 2
    assert measured.sample == b"98Y\r"


def test_a_refused_login_ends_the_run(address: tuple[str, int]) -> None:
    with pytest.raises(LoadFailed, match="login"):
        drive(address, [b"11\r"], [[b"99\r"]], b"98", ticking)


def test_a_closed_connection_ends_the_run(address: tuple[str, int]) -> None:
    with pytest.raises(LoadFailed, match="closed"):
        drive(address, [b""], [[b"hang up\r"]], b"98", ticking)


def test_quantiles_are_taken_from_the_sorted_latencies() -> None:
    measured = Measured(2.0, tuple(float(n) for n in range(1, 101)))
    assert measured.per_s == 50
    assert measured.quantile_s(0.5) == 51
    assert measured.quantile_s(0.99) == 100
    assert Measured(0.0, ()).quantile_s(0.5) == 0
