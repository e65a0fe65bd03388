"""Load: many devices at once, each with one request outstanding, as light as a client can be.

Requests are encoded beforehand; one selector loop sends and receives, without a reactor, so that on a small machine
the client takes as little as possible of what it measures. The clock is passed in.
"""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle

_SILENT_S = 30.0
_CHUNK = 65_536

Timer = Callable[[], float]
"""Seconds, rising."""


class LoadFailed(RuntimeError):
    """The library refused the login, hung up, or fell silent."""


@dataclass(frozen=True, slots=True)
class Measured:
    """`latencies_s` sorted; `unexpected` answers did not begin as they should, `sample` is one of those."""

    seconds: float
    latencies_s: tuple[float, ...]
    unexpected: int = 0
    sample: bytes = b""

    @property
    def count(self) -> int:
        return len(self.latencies_s)

    @property
    def per_s(self) -> float:
        return self.count / self.seconds if self.seconds else 0.0

    def quantile_s(self, share: float) -> float:
        """The latency that `share` of the requests did not exceed; 0 for none."""
        if not self.latencies_s:
            return 0.0
        return self.latencies_s[min(self.count - 1, int(share * self.count))]


class _Device:
    """One connection with its requests."""

    def __init__(self, wire: socket.socket, requests: Sequence[bytes]) -> None:
        self.wire = wire
        self.requests: Iterator[bytes] = iter(requests)
        self.buffer = b""
        self.sent_at = 0.0


def drive(
    address: tuple[str, int],
    logins: Sequence[bytes],
    queues: Sequence[Sequence[bytes]],
    answer_begins: bytes,
    timer: Timer,
) -> Measured:
    """Send each queue over a connection of its own, all at once, one request outstanding each.

    A login is sent first, the n-th connection taking the n-th (around again if there are fewer); it must be
    answered by 941. Empty: not sent. Raises `LoadFailed`.
    """
    with ExitStack() as open_wires, selectors.DefaultSelector() as ready:
        devices = [
            _Device(open_wires.enter_context(_connected(address, login)), queue)
            for queue, login in zip(queues, cycle(logins), strict=False)
        ]
        return _Race(devices, ready, answer_begins, timer).run()


class _Race:
    def __init__(
        self, devices: Sequence[_Device], ready: selectors.BaseSelector, answer_begins: bytes, timer: Timer
    ) -> None:
        self._devices = devices
        self._ready = ready
        self._begins = answer_begins
        self._timer = timer
        self._latencies: list[float] = []
        self._unexpected = 0
        self._sample = b""

    def run(self) -> Measured:
        began = self._timer()
        busy = sum(self._begin(device) for device in self._devices)
        while busy:
            events = self._ready.select(_SILENT_S)
            if not events:
                raise LoadFailed(f"no answer for {_SILENT_S:g} s")
            busy -= sum(self._receive(key.data) for key, _ in events)
        took = self._timer() - began
        return Measured(took, tuple(sorted(self._latencies)), self._unexpected, self._sample)

    def _begin(self, device: _Device) -> int:
        self._ready.register(device.wire, selectors.EVENT_READ, device)
        return 1 - self._next(device)

    def _next(self, device: _Device) -> int:
        """Send the device's next request; 1 if it has none left."""
        request = next(device.requests, None)
        if request is None:
            self._ready.unregister(device.wire)
            return 1
        device.sent_at = self._timer()
        device.wire.sendall(request)
        return 0

    def _receive(self, device: _Device) -> int:
        data = device.wire.recv(_CHUNK)
        if not data:
            raise LoadFailed("the library closed a connection")
        device.buffer += data
        if not device.buffer.endswith(b"\r"):
            return 0
        self._latencies.append(self._timer() - device.sent_at)
        if not device.buffer.startswith(self._begins):
            self._unexpected += 1
            self._sample = device.buffer
        device.buffer = b""
        return self._next(device)


def _connected(address: tuple[str, int], login: bytes) -> socket.socket:
    wire = socket.create_connection(address, timeout=_SILENT_S)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if login:
        wire.sendall(login)
        answer = wire.recv(_CHUNK)
        if not answer.startswith(b"941"):
            wire.close()
            raise LoadFailed("the library refused the login")
    return wire
