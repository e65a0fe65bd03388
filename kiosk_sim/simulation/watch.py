"""Watches what a node says outside its answers: events of its log, and errors that nobody handled.

A card number, a name or a PIN in an event is a violation; so is any accident, but for a disk that refused a write.
"""

from __future__ import annotations

import gc
from typing import Any

from twisted.logger import LogEvent, LogLevel, formatEvent, globalLogPublisher
from twisted.python.failure import Failure

from kiosk_sim.simulation.world import NAME_CANARY, PIN_CANARY, World
from node.storage.store import StoreUnavailable


class Watch:
    """`node.observe.logs.EventLog` of all nodes, and, as a context, the observer of Twisted's log."""

    def __init__(self, world: World) -> None:
        self._canaries = (NAME_CANARY, PIN_CANARY, *(reader.card for reader in world.readers))
        self._observer: Any = self._observe
        self.violations: list[str] = []

    def event(self, name: str, /, **fields: object) -> None:
        for key, value in fields.items():
            if isinstance(value, str) and any(canary in value for canary in self._canaries):
                self.violations.append(f"privacy: the log event {name!r} shows a reader in {key!r}")

    def accident(self, name: str, failure: Failure, /, **fields: object) -> None:
        self.event(name, **fields)
        if not failure.check(StoreUnavailable):
            self.violations.append(f"accident: {name}: {_kind(failure)}: {failure.getErrorMessage()}")

    def __enter__(self) -> Watch:
        globalLogPublisher.addObserver(self._observer)
        return self

    def collect(self) -> None:
        """An error that nobody handled is told when its Deferred is collected, at the latest here."""
        gc.collect()

    def __exit__(self, *_exception: object) -> None:
        globalLogPublisher.removeObserver(self._observer)

    def _observe(self, event: LogEvent) -> None:
        if event.get("log_level", LogLevel.info) < LogLevel.error:
            return
        failure: Any = event.get("log_failure")
        if failure is not None and failure.check(StoreUnavailable):
            return
        text = formatEvent(event) if failure is None else f"{_kind(failure)}: {failure.getTraceback()}"
        if "StoreUnavailable" not in text:
            self.violations.append(f"accident: {text[-900:]}")


def _kind(failure: Failure) -> str:
    return type(failure.value).__name__
