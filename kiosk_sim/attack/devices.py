"""The devices of an attack on plain sockets: honest terminals that come back, a gate that works, a host that floods."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sip2 import Framer, encode
from sip2 import messages as m

Address = tuple[str, int]
RETRY_S: Final = 1.0
ANSWER_S: Final = 30.0


def login(user: str, password: str) -> bytes:
    return encode(m.Login(login_user_id=user, login_password=password), "0")


@dataclass(slots=True)
class _Device:
    """One terminal that tries until it is in. `at_s`: when it may try again."""

    request: bytes
    from_host: str
    line: socket.socket | None = None
    framer: Framer = field(default_factory=Framer)
    at_s: float = 0.0
    tries: int = 0


@dataclass(frozen=True, slots=True)
class CameBack:
    """How long each terminal needed, in seconds, and its open lines. `tries`: of all together."""

    seconds: tuple[float, ...]
    tries: int
    lines: tuple[socket.socket, ...] = field(repr=False, default=())


def all_log_in(node: Address, devices: Sequence[tuple[bytes, str]], within_s: float) -> CameBack:
    """All at once: (login, address it comes from). Each tries again a second after a "no" or a closed line. Those that
    are not in after `within_s` are missing in the result."""
    began_s, selector = time.perf_counter(), selectors.DefaultSelector()
    waiting, inside, seconds = [_Device(*each) for each in devices], [], []
    while waiting and time.perf_counter() - began_s < within_s:
        now_s = time.perf_counter() - began_s
        for device in waiting:
            if device.line is None and device.at_s <= now_s:
                _connect(device, node, selector)
        for key, _ in selector.select(0.05):
            device = key.data
            told = _heard(device)
            if told is None:
                continue
            selector.unregister(device.line)
            if told:
                waiting.remove(device)
                inside.append(device)
                seconds.append(time.perf_counter() - began_s)
            else:
                device.line.close()
                device.line, device.framer, device.at_s = None, Framer(), now_s + RETRY_S
    tries = sum(device.tries for device in (*inside, *waiting))
    return CameBack(tuple(seconds), tries, tuple(device.line for device in inside if device.line is not None))


def _connect(device: _Device, node: Address, selector: selectors.BaseSelector) -> None:
    device.tries += 1
    device.line = line = socket.socket()
    line.settimeout(ANSWER_S)
    line.bind((device.from_host, 0))
    line.connect(node)
    line.sendall(device.request)
    selector.register(line, selectors.EVENT_READ, device)


def _heard(device: _Device) -> bool | None:
    """Whether it is in now; None if the answer has not come whole."""
    assert device.line is not None
    try:
        data = device.line.recv(4096)
    except OSError:
        return False
    if not data:
        return False
    frames = device.framer.feed(data)
    return frames[0][:3] == b"941" if frames and isinstance(frames[0], bytes) else None


def waits_of(line: socket.socket, request: bytes, seconds: float, pause_s: float = 0.005) -> list[float]:
    """A working terminal, for so long: how long it waits for each of its answers, in seconds."""
    found, ends_s = [], time.perf_counter() + seconds
    line.settimeout(ANSWER_S)
    while time.perf_counter() < ends_s:
        began_s = time.perf_counter()
        line.sendall(request)
        while not line.recv(4096).endswith(b"\r"):
            pass
        found.append(time.perf_counter() - began_s)
        time.sleep(pause_s)
    return found


def quantile(values: Iterable[float], share: float) -> float:
    """NaN if there is none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")
