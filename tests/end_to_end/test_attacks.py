"""Attacks with real sockets on a real node, whose passwords have hashes as in production."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kiosk_sim.attack.devices import all_log_in, waits_of
from kiosk_sim.attack.target import Target, new_target
from sip2 import encode
from sip2 import messages as m
from tests.end_to_end.served_city import free_base_port

TERMINALS, KNOWN = 14, 12
PATIENCE_S = 120.0
STATUS = encode(m.ScStatus(status_code="0", max_print_width=80), "1")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Target:
    return new_target(tmp_path_factory.mktemp("attacked") / "city", TERMINALS, free_base_port(12))


@contextmanager
def flooded(target: Target, *logins: str) -> Iterator[None]:
    """One host connects, sends a wrong 93 and closes, all through the block."""
    command = [sys.executable, "-m", "kiosk_sim.attack.flood", str(target.address[1]), "300", *logins]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as flood:
        try:
            yield
            assert flood.poll() is None
        finally:
            flood.kill()


def test_beside_a_flood_of_logins_terminals_come_back_new_ones_come_in_and_a_gate_works(target: Target) -> None:
    with target.running():
        first = all_log_in(target.address, target.devices[:KNOWN], PATIENCE_S)
        assert len(first.seconds) == KNOWN
    names = [each.login for each in target.branch.terminals]
    with target.running(), flooded(target, "nobody", *names):
        back = all_log_in(target.address, target.devices[:KNOWN], PATIENCE_S)
        assert (len(back.seconds), back.tries) == (KNOWN, KNOWN)  # nobody was refused, and nobody tried twice
        assert len(waits_of(back.lines[0], STATUS, 2.0)) > 10
        new = all_log_in(target.address, target.devices[KNOWN:], PATIENCE_S)
        assert len(new.seconds) == TERMINALS - KNOWN
    for line in (*first.lines, *back.lines, *new.lines):
        line.close()
