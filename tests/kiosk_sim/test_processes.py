"""Process supervision, on a stand-in script: real processes, real signals, no node."""

import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.defer import CancelledError, Deferred

from kiosk_sim.city import layout
from kiosk_sim.city.city import City, city
from kiosk_sim.city.probe import PortInUse, ReadyProbe, require_free
from kiosk_sim.city.processes import NodeFailed, Nodes
from kiosk_sim.city.stock import CommandStock, ImportFailed

STAND_IN = Path(__file__).with_name("stand_in_node.py")
INSTANT = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


def free_base_port() -> int:
    """A base whose ports for CQCQ and CQSE are free now: the system picks one, we keep its neighbours."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            base = min(int(probe.getsockname()[1]), 60_000)
        try:
            require_free(range(base + 11, base + 24))
        except PortInUse:
            continue
        return base


@pytest.fixture
def town(tmp_path: Path) -> City:
    town = city(tmp_path / "city", ["CQCQ", "CQSE"], free_base_port())
    layout.write_settings(town)
    return town


def supervised(town: City, mode: str, ready_within_s: float = 20.0, stop_within_s: float = 8.0) -> Nodes:
    from twisted.internet import reactor

    return Nodes(
        timers=reactor,
        probe=ReadyProbe(reactor),
        command=[sys.executable, str(STAND_IN), mode],
        root=town.root,
        now=lambda: INSTANT,
        ready_within_s=ready_within_s,
        stop_within_s=stop_within_s,
    )


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest_twisted.ensureDeferred
async def test_nodes_start_together_are_reported_when_ready_and_leave_nothing_behind(town: City) -> None:
    nodes = supervised(town, "ready")
    ready: list[str] = []
    try:
        await nodes.start(town.branches, ready.append)
        pids = dict(nodes.pids)
        assert sorted(ready) == sorted(pids) == ["CQCQ", "CQSE"]
        assert all(alive(pid) for pid in pids.values())
    finally:
        await nodes.stop_all()
    assert not any(alive(pid) for pid in pids.values())
    assert not nodes.pids


@pytest_twisted.ensureDeferred
async def test_a_node_is_told_its_settings_and_its_instant_and_writes_to_its_log(town: City) -> None:
    nodes = supervised(town, "ready")
    try:
        await nodes.start(town.branches[:1])
    finally:
        await nodes.stop_all()
    log = (town.root / "CQCQ" / "node.log").read_text(encoding="utf-8")
    assert f"--config {town.root}/CQCQ/node.toml --now 2026-03-01T02:00:00.000+00:00" in log


@pytest_twisted.ensureDeferred
async def test_a_node_that_ends_at_once_is_an_error_that_quotes_its_log(town: City) -> None:
    nodes = supervised(town, "broken")
    try:
        with pytest.raises(NodeFailed, match="the settings are wrong"):
            await nodes.start(town.branches)
        assert nodes.exited()
    finally:
        await nodes.stop_all()


@pytest_twisted.ensureDeferred
async def test_a_node_that_never_answers_is_given_up_after_the_time_allowed(town: City) -> None:
    nodes = supervised(town, "deaf", ready_within_s=0.5)
    try:
        with pytest.raises(NodeFailed, match=r"not ready within 0\.5 s"):
            await nodes.start(town.branches[:1])
    finally:
        await nodes.stop_all()


@pytest_twisted.ensureDeferred
async def test_a_node_that_ignores_the_gentle_signal_is_killed(town: City) -> None:
    nodes = supervised(town, "stubborn", stop_within_s=0.3)
    await nodes.start(town.branches[:1])
    pid = nodes.pids["CQCQ"]
    await nodes.stop_all()
    assert not alive(pid)


@pytest_twisted.ensureDeferred
async def test_a_killed_node_can_be_started_again(town: City) -> None:
    nodes = supervised(town, "ready")
    try:
        await nodes.start(town.branches[:1])
        before = nodes.pids["CQCQ"]
        await nodes.kill("CQCQ")
        assert not alive(before)
        await nodes.start(town.branches[:1])
        assert nodes.pids["CQCQ"] != before
    finally:
        await nodes.stop_all()


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse) as refused:
            require_free([port])
    assert refused.value.port == port


@pytest_twisted.ensureDeferred
async def test_an_interrupted_start_leaves_nothing_behind(town: City) -> None:
    nodes = supervised(town, "deaf")
    starting = Deferred.fromCoroutine(nodes.start(town.branches))
    pids = list(nodes.pids.values())
    starting.cancel()
    with pytest.raises(CancelledError):
        await starting
    await nodes.stop_all()
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)


@pytest_twisted.ensureDeferred
async def test_a_node_whose_stop_was_interrupted_is_still_known(town: City) -> None:
    nodes = supervised(town, "stubborn", stop_within_s=0.3)
    await nodes.start(town.branches[:1])
    pid = nodes.pids["CQCQ"]
    stopping = Deferred.fromCoroutine(nodes.stop(["CQCQ"]))
    stopping.cancel()
    with pytest.raises(CancelledError):
        await stopping
    await nodes.stop_all()
    assert not alive(pid)


IMPORTER = """
import sys
print("importing", sys.argv[1:])
sys.exit("row 7 is wrong" if {fails} and sys.argv[1] == "cards" else 0)
"""


@pytest_twisted.ensureDeferred
async def test_books_and_cards_are_imported_by_the_node_s_own_commands(town: City) -> None:
    from twisted.internet import reactor

    done: list[str] = []
    await CommandStock(reactor, [sys.executable, "-c", IMPORTER.format(fails=False)])(town, done.append)
    assert sorted(done) == ["CQCQ", "CQSE"]
    log = (town.root / "CQSE" / "cards.log").read_text(encoding="utf-8")
    assert f"'cards', 'import-legacy', '{town.root}/CQSE/cards.csv', '--config', '{town.root}/CQSE/node.toml'" in log


@pytest_twisted.ensureDeferred
async def test_an_import_that_fails_is_an_error_that_quotes_it(town: City) -> None:
    from twisted.internet import reactor

    with pytest.raises(ImportFailed, match="row 7 is wrong"):
        await CommandStock(reactor, [sys.executable, "-c", IMPORTER.format(fails=True)])(town, lambda _code: None)


@pytest_twisted.ensureDeferred
async def test_an_interrupted_import_is_no_failed_import(town: City) -> None:
    from twisted.internet import reactor

    stock = CommandStock(reactor, [sys.executable, "-c", "import time; time.sleep(60)"])
    filling = Deferred.fromCoroutine(stock(town, lambda _code: None))
    filling.cancel()
    with pytest.raises(CancelledError):
        await filling
