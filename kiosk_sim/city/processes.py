"""The nodes of a city as processes: started together, waited for, stopped, killed, restarted at another time.

Nothing outlives its city: `stop_all` ends whatever still runs, gently first. A node's words go to DIR/CODE/node.log.
Ends of processes are polled rather than signalled, so that this works beside any reactor and any signal set-up.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from twisted.internet.defer import Deferred, FirstError, gatherResults
from twisted.python.failure import Failure

from kiosk_sim.city.city import Branch
from kiosk_sim.city.plan import HOST
from kiosk_sim.ports import Timers, Wall, pause

_POLL_S = 0.1
_LOG_TAIL_CHARACTERS = 1_500


class Probe(Protocol):
    """Asks http://host:port/readyz; the result is the status code, 0 if nobody answered."""

    def __call__(self, host: str, port: int) -> Deferred[int]: ...


class NodeFailed(RuntimeError):
    """A node ended, or was not ready in time; carries the end of its log."""

    def __init__(self, code: str, what: str, log: Path) -> None:
        tail = log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL_CHARACTERS:] if log.exists() else ""
        super().__init__(f"{code}: {what} ({log})\n{tail}".rstrip())
        self.code = code


class Nodes:
    """The running nodes. `command` precedes `--config FILE`; `now` None leaves the nodes the real clock."""

    def __init__(
        self,
        *,
        timers: Timers,
        probe: Probe,
        command: Sequence[str],
        root: Path,
        now: Wall | None,
        ready_within_s: float = 120.0,
        stop_within_s: float = 8.0,
    ) -> None:
        self._timers = timers
        self._probe = probe
        self._command = tuple(command)
        self._root = root
        self._now = now
        self._ready_within_s = ready_within_s
        self._stop_within_s = stop_within_s
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def pids(self) -> Mapping[str, int]:
        """Process ids by library code."""
        return {code: process.pid for code, process in self._running.items()}

    async def start(self, branches: Iterable[Branch], on_ready: Callable[[str], None] = lambda _code: None) -> None:
        """Start all at once; return when each is ready. Raises `NodeFailed`, with the others left running."""
        chosen = list(branches)
        for branch in chosen:
            self._spawn(branch)
        waits = [Deferred.fromCoroutine(self._until_ready(branch, on_ready)) for branch in chosen]
        try:
            await gatherResults(waits, consumeErrors=True)
        except FirstError as error:
            failure: Failure = error.subFailure
            raise failure.value if failure.value is not None else error from None
        finally:
            for wait in waits:
                wait.cancel()

    async def stop(self, codes: Iterable[str]) -> None:
        """SIGTERM, then SIGKILL for those that do not end in time.

        A node is forgotten only when it has ended: if this is cancelled, `stop_all` still finds it.
        """
        leaving = {code: self._running[code] for code in codes if code in self._running}
        for process in leaving.values():
            process.terminate()
        deadline = self._timers.seconds() + self._stop_within_s
        while any(process.poll() is None for process in leaving.values()):
            if self._timers.seconds() > deadline:
                for process in leaving.values():
                    process.kill()
            await pause(self._timers, _POLL_S)
        for code in leaving:
            self._running.pop(code, None)

    async def stop_all(self) -> None:
        await self.stop(list(self._running))

    async def kill(self, code: str) -> None:
        """SIGKILL, as a power cut would end it."""
        process = self._running[code]
        process.kill()
        while process.poll() is None:
            await pause(self._timers, _POLL_S)
        self._running.pop(code, None)

    def exited(self) -> Mapping[str, int]:
        """Nodes that ended by themselves, with their exit status."""
        ended = {code: process.poll() for code, process in self._running.items()}
        return {code: status for code, status in ended.items() if status is not None}

    def _spawn(self, branch: Branch) -> None:
        # the instant is taken at each spawn: a node that starts later must not lag behind the others
        shift = [] if self._now is None else ["--now", self._now().isoformat(timespec="milliseconds")]
        arguments = [*self._command, "--config", str(branch.config(self._root)), *shift]
        with open(self._log(branch), "ab") as log:
            self._running[branch.library.code] = subprocess.Popen(  # noqa: S603 -- our own command, no shell
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # an interrupt typed at the terminal is for the demo, which then stops its nodes in order
                start_new_session=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )

    async def _until_ready(self, branch: Branch, on_ready: Callable[[str], None]) -> None:
        code = branch.library.code
        deadline = self._timers.seconds() + self._ready_within_s
        while (process := self._running.get(code)) is not None:
            status = process.poll()
            if status is not None:
                raise NodeFailed(code, f"ended with status {status} before it was ready", self._log(branch))
            if await self._probe(HOST, branch.library.http_port) == 200:
                on_ready(code)
                return
            if self._timers.seconds() > deadline:
                raise NodeFailed(code, f"not ready within {self._ready_within_s:g} s", self._log(branch))
            await pause(self._timers, _POLL_S)
        raise NodeFailed(code, "stopped while it was being waited for", self._log(branch))

    def _log(self, branch: Branch) -> Path:
        return branch.folder(self._root) / "node.log"
