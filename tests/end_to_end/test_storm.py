"""A short storm over real processes: what the kiosks were told is what the books say, and nothing is left behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

from tests.end_to_end.served_city import free_base_port, until

STORM = (sys.executable, "-m", "kiosk_sim.storm")
SECONDS = "13"


def running_in(folder: Path) -> list[str]:
    """Command lines of the processes that have something to do with the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = process.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if str(folder) in line:
            found.append(line)
    return found


def test_a_storm_leaves_books_that_say_what_the_kiosks_were_told(tmp_path: Path) -> None:
    folder = tmp_path / "town"
    place = ("--dir", str(folder), "--base-port", str(free_base_port()))
    held = subprocess.run(
        [*STORM, "--seconds", SECONDS, "--seed", "4", "--json", *place],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert held.returncode == 0, held.stdout[-8000:] + held.stderr[-8000:]
    told = json.loads(held.stdout.splitlines()[-1])
    assert told["violations"] == []
    assert told["operations"] > 60
    assert told["loans"] > 10
    assert told["returns"] > 10
    assert told["kills"] > 0
    assert told["stops"] + told["cuts"] + told["disk_faults"] > 0
    assert running_in(folder) == []


def test_an_interrupted_storm_takes_its_processes_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "town"
    place = ("--dir", str(folder), "--base-port", str(free_base_port()))
    storm = subprocess.Popen([*STORM, "--seconds", "60", *place], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        until(lambda: any(" -m node" in line for line in running_in(folder)), "a node runs")
        until((folder / "CQBB" / "node.log").exists, "it writes")
        storm.send_signal(signal.SIGTERM)  # an interrupt is ignored by whatever a shell started in the background
        assert storm.wait(60.0) == 130
    finally:
        storm.kill()
        storm.wait()
        for stream in (storm.stdout, storm.stderr):
            _close(stream)
    assert running_in(folder) == []


def _close(stream: IO[bytes] | None) -> None:
    if stream is not None:
        stream.close()
