"""Attacks with real sockets on a real node, whose passwords have hashes as in production."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from kiosk_sim.attack.devices import all_log_in, waits_of
from kiosk_sim.attack.silence import silent
from kiosk_sim.attack.target import Target, new_target, page_answers
from kiosk_sim.city.probe import PortInUse
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


# --- descriptors -----------------------------------------------------------------------------------------------

FILES = 400
"""A node that may open so few: each attack would take them all."""
CROWD = 450


@pytest.mark.parametrize("port", ["http", "federation", "sip2"])
def test_however_many_connections_say_nothing_kiosks_come_in_and_the_page_answers(target: Target, port: str) -> None:
    with target.running(FILES), silent(target.ports[port], CROWD) as held:
        came = all_log_in(target.address, target.devices[:KNOWN], PATIENCE_S)
        assert (len(came.seconds), came.tries) == (KNOWN, KNOWN)
        assert len(waits_of(came.lines[0], STATUS, 0.5)) > 1
        assert page_answers(target)
        assert held
    for line in came.lines:
        line.close()


def test_kiosks_that_are_inside_stay_inside_while_all_ports_are_crowded(target: Target) -> None:
    with target.running(FILES):
        came = all_log_in(target.address, target.devices[:KNOWN], PATIENCE_S)
        with ExitStack() as crowds:
            for port in target.ports.values():
                crowds.enter_context(silent(port, CROWD))
            for line in came.lines:
                assert waits_of(line, STATUS, 0.05)
            assert page_answers(target)
            back = all_log_in(target.address, target.devices[:KNOWN], PATIENCE_S)
            assert (len(back.seconds), back.tries) == (KNOWN, KNOWN)
    for line in (*came.lines, *back.lines):
        line.close()


def test_the_tool_attacks_no_node_but_its_own(target: Target) -> None:
    with socket.create_server(("127.0.0.1", target.ports["federation"])), pytest.raises(PortInUse), target.running():
        raise AssertionError("it must not get here")
