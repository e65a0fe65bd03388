"""Carries out what goes wrong in an era, each fault at its moment, and counts it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.python.failure import Failure

from kiosk_sim.ports import Timers, pause
from kiosk_sim.storm.nodes import Machines
from kiosk_sim.storm.plan import Fault
from kiosk_sim.storm.ways import Ways


class Weather:
    """A library that is being struck is not struck again before it is well. `violations`: nodes that died unasked."""

    def __init__(self, machines: Machines, ways: Ways, timers: Timers) -> None:
        self._machines = machines
        self._ways = ways
        self._timers = timers
        self._struck: set[str] = set()
        self._accidents: list[Failure] = []
        self.counts: Counter[str] = Counter()
        self.violations: list[str] = []

    async def rage(self, faults: Sequence[Fault], seconds: float) -> None:
        """For so long; then whatever is still under way is brought to its end. Errors: NodeFailed."""
        began_s = self._timers.seconds()
        under_way: list[Deferred[None]] = []
        for fault in faults:
            await self._until(began_s + fault.at_s)
            if fault.library not in self._struck:
                under_way.append(Deferred.fromCoroutine(self._strike(fault)).addErrback(self._accident))
        await self._until(began_s + seconds)
        self._machines.wake_all()
        await DeferredList(under_way)
        if self._accidents:
            self._accidents[0].raiseException()

    async def _until(self, at_s: float) -> None:
        """Wait, and see meanwhile whether a node ended by itself."""
        while (left_s := at_s - self._timers.seconds()) > 0:
            await pause(self._timers, min(left_s, 0.5))
            for code, how in self._machines.ended().items():
                if code not in self._struck:
                    self._struck.add(code)
                    self.violations.append(f"the node of {code} ended by itself, {how}")

    async def _strike(self, fault: Fault) -> None:
        self.counts[fault.kind] += 1
        if fault.kind == "cut":
            await self._cut(fault)
            return
        self._struck.add(fault.library)
        await self._one_library(fault)
        self._struck.discard(fault.library)

    async def _one_library(self, fault: Fault) -> None:
        machines, code = self._machines, fault.library
        match fault.kind:
            case "kill":
                await machines.kill(code)
                await pause(self._timers, fault.for_s)
                await machines.start_again(code)
            case "stop":
                machines.sleep(code)
                await pause(self._timers, fault.for_s)
                machines.wake(code)
            case "disk":
                machines.fill_disk(code)
                await pause(self._timers, fault.for_s)
                machines.empty_disk(code)

    async def _cut(self, fault: Fault) -> None:
        for pair in fault.pairs:
            self._ways[pair].cut(fault.how)
        await pause(self._timers, fault.for_s)
        for pair in fault.pairs:
            self._ways[pair].heal()

    def _accident(self, failure: Failure) -> Any:
        self._accidents.append(failure)
