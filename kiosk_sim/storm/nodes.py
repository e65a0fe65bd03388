"""What may befall the processes of the town: SIGKILL, SIGSTOP, a disk that refuses to grow; and their way back."""

from __future__ import annotations

import os
import resource
import signal
from contextlib import suppress

from kiosk_sim.city.city import City
from kiosk_sim.city.processes import NodeFailed, Nodes, Probe
from kiosk_sim.ports import Timers
from kiosk_sim.storm.town import TownClock

_FULL_AT_BYTES = 4096
_READY_WITHIN_S = 90.0
_TRIES = 3


class Machines:
    """The four nodes. A new set of `Nodes` is made whenever days pass, because its clock is part of its command."""

    def __init__(self, town: City, timers: Timers, probe: Probe, command: tuple[str, ...], clock: TownClock) -> None:
        self._town = town
        self._timers = timers
        self._probe = probe
        self._command = command
        self._clock = clock
        self._nodes = self._set()
        self.starts = 0

    def _set(self) -> Nodes:
        return Nodes(
            timers=self._timers,
            probe=self._probe,
            command=[*self._command, "node", "--now", self._clock.option],
            root=self._town.root,
            now=None,
            ready_within_s=_READY_WITHIN_S,
            stop_within_s=30.0,
        )

    async def start_all(self) -> None:
        """At the town's present time. All must be down."""
        self._nodes = self._set()
        self.starts += len(self._town.branches)
        await self._nodes.start(self._town.branches)

    async def start(self, code: str) -> None:
        self.starts += 1
        await self._nodes.start([self._town.branch(code)])

    async def start_again(self, code: str) -> None:
        """A disk that is still full, or a port not yet free, may cost a start or two."""
        for left in reversed(range(_TRIES)):
            try:
                await self.start(code)
                return
            except NodeFailed:
                if not left:
                    raise

    async def kill(self, code: str) -> None:
        await self._nodes.kill(code)

    async def kill_all(self) -> None:
        for code in list(self._nodes.pids):
            await self._nodes.kill(code)

    async def stop_all(self) -> list[str]:
        """Told to stop; a sentence for each that had ended by itself before."""
        self.wake_all()
        early = [f"the node of {code} ended by itself, {how}" for code, how in self.ended().items()]
        await self._nodes.stop_all()
        return early

    def sleep(self, code: str) -> None:
        self._signal(code, signal.SIGSTOP)

    def wake(self, code: str) -> None:
        self._signal(code, signal.SIGCONT)

    def fill_disk(self, code: str) -> None:
        """No file of it may grow, or be written to, beyond the first page."""
        self._limit(code, _FULL_AT_BYTES)

    def empty_disk(self, code: str) -> None:
        self._limit(code, resource.RLIM_INFINITY)

    def wake_all(self) -> None:
        for code in self._nodes.pids:
            self.wake(code)
            self.empty_disk(code)

    def ended(self) -> dict[str, str]:
        """Nodes that ended by themselves, and how."""
        return {code: _in_words(status) for code, status in self._nodes.exited().items()}

    def _signal(self, code: str, number: int) -> None:
        if code in self._nodes.pids:
            with suppress(ProcessLookupError):
                os.kill(self._nodes.pids[code], number)

    def _limit(self, code: str, soft: int) -> None:
        if code in self._nodes.pids:
            with suppress(ProcessLookupError):
                resource.prlimit(self._nodes.pids[code], resource.RLIMIT_FSIZE, (soft, resource.RLIM_INFINITY))


def _in_words(status: int) -> str:
    return f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
