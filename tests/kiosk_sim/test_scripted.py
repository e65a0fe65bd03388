"""`tongjie kiosk --script`: line after line, as they would be typed."""

from __future__ import annotations

import io
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred

from kiosk_sim.commands.kiosk import _scripted


class Typed:
    """A console that keeps what it was told to run."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def run(self, line: str) -> str:
        self.lines.append(line.strip())
        return ""


@pytest.mark.parametrize("last", ["quit", "exit"])
def test_a_script_ends_where_a_typist_would_leave(last: str) -> None:
    console, ended = Typed(), cast(Any, [])
    Deferred.fromCoroutine(_scripted(cast(Any, console), io.StringIO(f"status\n\n{last}\nitem CQBB1\n"))).addCallback(
        ended.append
    )
    assert ended == [0]
    assert console.lines == ["status", ""]
