"""Connections that say nothing, or begin to speak and stop: held open from one host. Loopback only."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

FROM: Final = "127.9.9.9"
ADDRESSES: Final = 200
CONNECT_S: Final = 5.0


@contextmanager
def silent(port: int, count: int, says: bytes = b"", *, one_host: bool = True) -> Iterator[list[socket.socket]]:
    """So many at that port of the loopback; those that were let in, be it for a moment. `one_host` False: from 200
    addresses."""
    with ExitStack() as held:
        found = []
        for number in range(count):
            line = held.enter_context(socket.socket())
            line.settimeout(CONNECT_S)
            try:
                line.bind((FROM if one_host else f"127.9.8.{number % ADDRESSES + 1}", 0))
                line.connect(("127.0.0.1", port))
                line.sendall(says)
            except OSError:
                continue
            found.append(line)
        yield found
