"""From a stream of bytes to frames.

Promises: a frame ends at CR or LF and is never empty, so CR, LF, CRLF and repeats of them all work (1.3). Any split of
the bytes into chunks gives the same frames. At most `max_frame` bytes are kept. The work is linear.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_FRAME = 64 * 1024
"""Bytes; 2.00 names no limit, 1.5 asks for at least this."""


@dataclass(frozen=True, slots=True)
class Oversize:
    """A frame that was too long. It is dropped up to its terminator. Given once, as soon as it is too long."""

    limit: int


class Framer:
    """Collects the bytes of one connection."""

    def __init__(self, max_frame: int = MAX_FRAME) -> None:
        self._max = max_frame
        self._begun = bytearray()
        self._dropping = False
        self.dropped = 0
        """Bytes of a frame that is too long, dropped so far; 0 again at its terminator."""

    @property
    def begun(self) -> bool:
        """Whether a frame has begun and not ended. The caller limits how long it may take."""
        return bool(self._begun) or self._dropping

    def feed(self, data: bytes) -> list[bytes | Oversize]:
        """The frames completed by `data`, in order, without terminators."""
        *ends, begun = data.replace(b"\n", b"\r").split(b"\r")
        events: list[bytes | Oversize] = []
        for end in ends:
            self._extend(end, events)
            if self._begun:
                events.append(bytes(self._begun))
                self._begun.clear()
            self._dropping = False
            self.dropped = 0
        self._extend(begun, events)
        return events

    def _extend(self, piece: bytes, events: list[bytes | Oversize]) -> None:
        if self._dropping:
            self.dropped += len(piece)
        elif len(self._begun) + len(piece) > self._max:
            self.dropped = len(self._begun) + len(piece)
            self._begun.clear()
            self._dropping = True
            events.append(Oversize(self._max))
        else:
            self._begun += piece
