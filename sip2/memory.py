"""What one connection remembers, so that a message sent twice is carried out once (1.10).

Promises: a request with the same AY, AZ and bytes as the one before it gets the same answer, byte for byte, and is not
processed, until the caller says that it is too old (`expire`). A damaged request gets 96. 97 gets the last bytes sent,
or 96 if there are none. Nothing from before a login is sent after it. The caller passes requests in order and answers
each before the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sip2.codec import Decoded, Ignored, Received, Resend, encode, without_sequence
from sip2.dialects import Dialect
from sip2.messages import Login, Request, RequestAcsResend, RequestScResend, ScStatus


@dataclass(frozen=True, slots=True)
class Process:
    """A new request: carry it out, then tell `Memory.answered`."""

    received: Received


@dataclass(frozen=True, slots=True)
class Send:
    """Send these bytes and do nothing else. `why` is "duplicate", "resend" (97) or "damaged" (a 96)."""

    data: bytes = field(repr=False)
    why: Literal["duplicate", "resend", "damaged"]


Step = Process | Send | Ignored


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer. Outlives the connection if the terminal's account keeps it for a while."""

    sequence: str | None
    checksum: str | None
    raw: bytes = field(repr=False)
    answer: bytes = field(repr=False)

    def repeated_by(self, received: Received) -> bool:
        """Whether the request is the same message again. Without AY this is not known, so False."""
        key = (received.sequence, received.checksum, received.raw)
        return received.sequence is not None and key == (self.sequence, self.checksum, self.raw)


class Memory:
    """The memory of one connection. It has two stores, because a 96 must not hide the answer to the request before
    it."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._last: Exchange | None = None
        self._last_sent: bytes | None = None
        self.damaged_in_a_row = 0
        """Messages that had to be asked for again since the last good one. Many in a row mean a wrong dialect."""

    @property
    def last(self) -> Exchange | None:
        """The last exchange, to be kept by the terminal's account when the connection is lost."""
        return self._last

    def speak(self, dialect: Dialect) -> None:
        """Use this dialect from now on. Answers that were sent before stay as they are."""
        self._dialect = dialect

    def recall(self, kept: Exchange) -> None:
        """Take over what an earlier connection of the same terminal kept, after its login."""
        self._last = kept

    def receive(self, decoded: Decoded) -> Step:
        """What to do about a frame."""
        if isinstance(decoded, Resend):
            self.damaged_in_a_row += 1
            return self._send(self._request_resend(True), "damaged")
        if isinstance(decoded, Ignored):
            return decoded
        self.damaged_in_a_row = 0
        message = decoded.message
        if isinstance(message, RequestAcsResend | RequestScResend):
            return self._send_again(decoded)
        if not isinstance(message, Request):
            return Ignored(f"{message.command} is not a request")
        if self._last is not None and self._last.repeated_by(decoded) and not isinstance(message, ScStatus):
            # 99 always gets a new answer: it changes nothing, and terminals that never change AY poll it for the clock.
            return self._send(self._repeated(self._last.answer), "duplicate")
        if isinstance(message, Login):
            self.forget()
        return Process(decoded)

    def answered(self, received: Received, data: bytes) -> None:
        """The request has been answered by these bytes (which are about to be sent)."""
        self._last = Exchange(received.sequence, received.checksum, received.raw, data)
        self._last_sent = data

    def expire(self) -> None:
        """The last request was answered too long ago: the same bytes are a new request from now on. Terminals that
        count AY from 0 to 9 and send no date come back to the same bytes for another reader."""
        self._last = None

    def forget(self) -> None:
        """Forget everything: the next terminal must not get answers meant for another."""
        self._last = self._last_sent = None

    def _send(self, data: bytes, why: Literal["duplicate", "resend", "damaged"]) -> Send:
        self._last_sent = data
        return Send(data, why)

    def _send_again(self, asking: Received) -> Send:
        if self._last_sent is None:
            return self._send(self._request_resend(asking.error_detection), "resend")
        return self._send(self._repeated(self._last_sent), "resend")

    def _repeated(self, data: bytes) -> bytes:
        return without_sequence(data, self._dialect) if self._dialect.strip_ay_on_resend else data

    def _request_resend(self, error_detection: bool) -> bytes:
        return encode(RequestScResend(), None, self._dialect, error_detection)
