"""The demo's command line: what it refuses, and that it cleans up whatever ends it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from kiosk_sim.commands.reactor import INTERRUPTED, run


def demo(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "node", "demo", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False, env={**os.environ, **environment}
    )


def test_an_unknown_library_is_named_with_those_that_are_known() -> None:
    refused = demo("--serve", "--libraries", "CQBB,CQXX")
    assert refused.returncode == 2
    assert "unknown library code CQXX" in refused.stderr
    assert "CQSPB" in refused.stderr


def test_the_story_is_not_begun_without_its_libraries() -> None:
    refused = demo("--once", "--libraries", "CQBB,CQSPB")
    assert refused.returncode == 2
    assert "CQCQ, CQWZ" in refused.stderr


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    refused = demo("--dir", str(tmp_path))
    assert refused.returncode == 1
    assert "is not empty" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_port_in_use_is_named_with_the_option_that_helps(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = demo("--dir", str(tmp_path / "city"), "--base-port", str(port - 11))
    assert refused.returncode == 1
    assert f"port {port}" in refused.stderr
    assert "--base-port" in refused.stderr
    assert not (tmp_path / "city").exists()


def test_no_folder_is_left_behind_by_a_demo_that_could_not_begin(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = demo("--base-port", str(taken.getsockname()[1] - 11), TMPDIR=str(tmp_path))
    assert refused.returncode == 1
    assert list(tmp_path.iterdir()) == []


class HandReactor:
    """A reactor turned by hand: `run` makes the delayed calls, then a signal comes if `signal` is set."""

    def __init__(self, signal: bool) -> None:
        self._signal = signal
        self._calls: list[Callable[[], object]] = []
        self._triggers: list[Callable[[], object]] = []
        self.stopped = False

    def callLater(self, delay: float, callable: Callable[..., object], *args: Any) -> None:
        self._calls.append(lambda: callable(*args))

    def addSystemEventTrigger(self, phase: str, event: str, callable: Callable[[], object]) -> None:
        self._triggers.append(callable)

    def stop(self) -> None:
        assert not self.stopped, "stopped twice"
        self.stopped = True

    def run(self) -> None:
        for call in self._calls:
            call()
        if self._signal:
            self.stop()
        assert self.stopped
        for trigger in self._triggers:
            trigger()


@pytest.mark.parametrize("status", [0, 1])
def test_the_status_of_main_is_the_status_of_the_run(status: int) -> None:
    async def main() -> int:
        return status

    assert run(HandReactor(signal=False), main) == status


def test_what_main_raises_is_raised_after_cleaning_up() -> None:
    cleaned: list[str] = []

    async def main() -> int:
        raise ValueError("broken")

    async def clean_up() -> None:
        cleaned.append("up")

    with pytest.raises(ValueError, match="broken"):
        run(HandReactor(signal=False), main, clean_up)
    assert cleaned == ["up"]


def test_a_signal_cancels_main_and_cleans_up() -> None:
    events: list[str] = []

    async def main() -> int:
        try:
            await Deferred()
        finally:
            events.append("cancelled")
        return 0

    async def clean_up() -> None:
        events.append("cleaned up")

    assert run(HandReactor(signal=True), main, clean_up) == INTERRUPTED
    assert events == ["cancelled", "cleaned up"]
