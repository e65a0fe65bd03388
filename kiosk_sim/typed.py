"""Lines typed at a terminal, read in the reactor: the connection stays served while somebody thinks."""

from __future__ import annotations

import os
from collections import deque
from typing import Protocol

from twisted.internet.defer import Deferred, succeed

_CHUNK = 4096


class ReaderReactor(Protocol):
    """The part of IReactorFDSet that is used here."""

    def addReader(self, reader: object) -> object: ...

    def removeReader(self, reader: object) -> object: ...


class TypedLines:
    """Reads the file descriptor of a terminal (or a pipe) when it has something; an IReadDescriptor by shape."""

    def __init__(self, reactor: ReaderReactor, descriptor: int) -> None:
        self._reactor = reactor
        self._descriptor = descriptor
        self._begun = b""
        self._lines: deque[str | None] = deque()
        self._waiting: Deferred[str | None] | None = None
        reactor.addReader(self)

    def next(self) -> Deferred[str | None]:
        """The next line without its end; None, for ever, once the input has ended."""
        if self._lines:
            return succeed(self._lines[0] if self._lines[0] is None else self._lines.popleft())
        self._waiting = Deferred()
        return self._waiting

    def close(self) -> None:
        self._reactor.removeReader(self)

    def fileno(self) -> int:
        return self._descriptor

    def doRead(self) -> None:
        data = os.read(self._descriptor, _CHUNK)
        *lines, self._begun = (self._begun + data).split(b"\n")
        self._lines.extend(line.decode(errors="replace") for line in lines)
        if not data:
            self._lines.append(None)
            self.close()
        if self._lines and self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.callback(self._lines[0] if self._lines[0] is None else self._lines.popleft())

    def connectionLost(self, reason: object) -> None:
        """The reactor is going down."""

    def logPrefix(self) -> str:
        return "typed"
