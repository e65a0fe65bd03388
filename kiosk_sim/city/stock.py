"""Fills the libraries with their sample books and cards, by the node's own import commands.

Each library has its own database, so that they fill side by side, as many at a time as there are processors.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from twisted.internet.defer import Deferred, DeferredSemaphore, FirstError, gatherResults
from twisted.python.failure import Failure

from kiosk_sim.city.city import Branch, City
from kiosk_sim.city.layout import cards_csv, items_csv
from kiosk_sim.ports import Timers, pause

Stock: TypeAlias = Callable[[City, Callable[[str], None]], Awaitable[None]]
"""Fills a city; calls back with the code of each library that is done."""

_POLL_S = 0.05


class ImportFailed(RuntimeError):
    """An import command ended with an error; carries what it printed."""


class CommandStock:
    """Runs `items import` and `cards import-legacy`. `command` is the way to call tongjie."""

    def __init__(self, timers: Timers, command: Sequence[str]) -> None:
        self._timers = timers
        self._command = tuple(command)

    async def __call__(self, city: City, on_done: Callable[[str], None]) -> None:
        turns = DeferredSemaphore(os.cpu_count() or 1)
        fills = [turns.run(self._fill, city, branch, on_done) for branch in city.branches]
        try:
            await gatherResults(fills, consumeErrors=True)
        except FirstError as error:
            failure: Failure = error.subFailure
            raise failure.value if failure.value is not None else error from None

    def _fill(self, city: City, branch: Branch, on_done: Callable[[str], None]) -> Deferred[None]:
        return Deferred.fromCoroutine(self._fill_one(city, branch, on_done))

    async def _fill_one(self, city: City, branch: Branch, on_done: Callable[[str], None]) -> None:
        config = branch.config(city.root)
        await self._run("items", "import", items_csv(city, branch), config)
        await self._run("cards", "import-legacy", cards_csv(city, branch), config, "--fast-hash")
        on_done(branch.library.code)

    async def _run(self, what: str, how: str, file: Path, config: Path, *options: str) -> None:
        arguments = [*self._command, what, how, str(file), "--config", str(config), "--all-or-nothing", *options]
        log = file.with_suffix(".log")
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 -- our own command, no shell
                arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            while process.poll() is None:
                await pause(self._timers, _POLL_S)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode != 0:
            raise ImportFailed(f"{what} import {file}: {log.read_text(encoding='utf-8', errors='replace')}")
