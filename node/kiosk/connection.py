"""One kiosk connection: bytes in, one answer to each request, strictly in order, each in one write.

Promises: a segment is not a message (field lesson 6); a request that fails inside is answered by its own refusal and
the session goes on (lesson 1); what is hostile or broken costs its own connection at the most. Frames are decoded
only when their turn comes, because a login changes the dialect of what follows it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from federation.clock import Clock, DelayedCall
from federation.contract import Reason, Refused
from node.kiosk.terminal import Session
from sip2 import DEFAULT, Framer, Ignored, Memory, Message, Oversize, Process, Received, Send, decode, encode
from sip2 import messages as m

MAX_QUEUED = 64
MAX_BAD_LOGINS = 5
MAX_DAMAGED = 20


class Desk(Protocol):
    """Who answers: `node.kiosk.counter.Counter`."""

    def answer(self, session: Session, request: Message) -> Deferred[Message]: ...

    def failed(self, session: Session, request: Message, refused: Refused) -> Message: ...


class Observer(Protocol):
    """What is counted and logged about connections."""

    def connection_opened(self, kind: str) -> None: ...

    def connection_closed(self, kind: str) -> None: ...

    def answered(self, request: Message, response: Message, session: Session, seconds: float) -> None: ...

    def disturbed(self, what: str, session: Session) -> None:
        """Something came that is not answered, or not as asked: damaged, undecodable, ignored, oversize ..."""
        ...

    def accident(self, failure: Failure, request: Message, session: Session) -> None: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """`idle_timeout_s`: silence after which a connection is closed; must exceed the kiosk's heartbeat twice."""

    idle_timeout_s: float


class KioskConnection(TwistedProtocol):
    """Made by `KioskFactory`, one a connection."""

    def __init__(self, desk: Desk, observer: Observer, clock: Clock, limits: Limits) -> None:
        self._desk = desk
        self._observer = observer
        self._clock = clock
        self._limits = limits
        self._framer = Framer()
        self._dialect = DEFAULT
        self._memory = Memory(DEFAULT)
        self.session = Session()
        self._queue: deque[bytes] = deque()
        self._busy = False
        self._working = False
        self._paused = False
        self._lost = False
        self._closing = False
        self._bad_logins = 0
        self._kind = "unknown"
        self._idle: DelayedCall | None = None
        self._last_heard_s = 0.0
        self._quiet: list[Deferred[None]] = []

    # --- the line ------------------------------------------------------------------------------------------

    def connectionMade(self) -> None:
        self._observer.connection_opened(self._kind)
        self._last_heard_s = self._clock.seconds()
        self._idle = self._clock.callLater(self._limits.idle_timeout_s, self._check_idle)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._lost = True
        self._queue.clear()
        self._observer.connection_closed(self._kind)
        if self._idle is not None and self._idle.active():
            self._idle.cancel()
        if not self._busy:
            self._tell_quiet()

    def dataReceived(self, data: bytes) -> None:
        self._last_heard_s = self._clock.seconds()
        if data.startswith(b"\x16\x03") and not self._framer_used():
            # A TLS ClientHello on a plain port: silence would make the client wait (lesson 20 of part 2).
            self._observer.disturbed("tls_on_plain_port", self.session)
            self._abort()
            return
        for frame in self._framer.feed(data):
            if isinstance(frame, Oversize):
                self._observer.disturbed("oversize", self.session)
            else:
                self._queue.append(frame)
        if len(self._queue) > MAX_QUEUED and not self._paused:
            self._paused = True
            self._line.pauseProducing()
        self._work()

    def _framer_used(self) -> bool:
        return bool(self._queue) or self._busy or self.session.logged_in or self._memory.last is not None

    @property
    def _line(self) -> Any:
        """Twisted's interfaces are zope's, which mypy does not read."""
        return self.transport

    def _check_idle(self) -> None:
        """One timer a connection, moved on only when it fires: 2,000 idle kiosks cost nothing."""
        silent_s = self._clock.seconds() - self._last_heard_s
        if silent_s >= self._limits.idle_timeout_s and not self._busy:
            self._observer.disturbed("idle", self.session)
            self._close()
            return
        wait_s = max(1.0, self._limits.idle_timeout_s - silent_s)
        self._idle = self._clock.callLater(wait_s, self._check_idle)

    def _close(self) -> None:
        self._closing = True
        self._line.loseConnection()

    def _abort(self) -> None:
        self._closing = True
        self._line.abortConnection()

    def finish(self) -> Deferred[None]:
        """Stop serving: what is being answered is still answered, then the line is closed. Fires when it is quiet."""
        done: Deferred[None] = Deferred()
        self._queue.clear()
        self._quiet.append(done)
        if not self._busy:
            self._tell_quiet()
        return done

    def _tell_quiet(self) -> None:
        waiting, self._quiet = self._quiet, []
        if waiting and not self._lost:
            self._close()
        for done in waiting:
            done.callback(None)

    # --- one request at a time -----------------------------------------------------------------------------

    def _work(self) -> None:
        """Answer what waits, in order. Answers that come at once cost no recursion."""
        if self._working:
            return
        self._working = True
        while self._queue and not self._busy and not self._closing and not self._lost:
            self._take(self._queue.popleft())
        self._working = False
        if self._paused and len(self._queue) <= MAX_QUEUED // 2 and not self._lost:
            self._paused = False
            self._line.resumeProducing()

    def _take(self, frame: bytes) -> None:
        step = self._memory.receive(decode(frame, self._dialect))
        if isinstance(step, Process):
            self._process(step.received)
        elif isinstance(step, Send):
            self._observer.disturbed(step.why, self.session)
            self._write(step.data)
            if self._memory.damaged_in_a_row > MAX_DAMAGED:
                self._observer.disturbed("too_many_damaged", self.session)
                self._close()
        elif isinstance(step, Ignored):
            self._observer.disturbed("ignored", self.session)

    def _process(self, received: Received) -> None:
        began_s = self._clock.seconds()
        self._busy = True
        try:
            answer = self._desk.answer(self.session, received.message)
        except Exception:  # noqa: BLE001
            # An accident inside must not cost the reader an answer: `_respond` refuses and reports it.
            self._respond(Failure(), received, began_s)
            return
        answer.addBoth(self._respond, received, began_s)

    def _respond(self, result: Message | Failure, received: Received, began_s: float) -> None:
        if isinstance(result, Failure):
            self._observer.accident(result, received.message, self.session)
            result = self._desk.failed(self.session, received.message, Refused(Reason.BUSY))
        data = encode(result, received.sequence, self._dialect, received.error_detection)
        self._memory.answered(received, data)
        self._busy = False
        self._write(data)
        self._observer.answered(received.message, result, self.session, self._clock.seconds() - began_s)
        if isinstance(result, m.LoginResponse):
            self._logged_in(result.ok)
        if self._quiet:
            self._tell_quiet()
        else:
            self._work()

    def _logged_in(self, ok: bool) -> None:
        """A new reader of this line: its dialect, and an empty memory."""
        self._bad_logins = 0 if ok else self._bad_logins + 1
        if self._bad_logins >= MAX_BAD_LOGINS:
            self._close()
        terminal = self.session.terminal
        kind = terminal.kind if self.session.logged_in else "unknown"
        if kind != self._kind:
            self._observer.connection_closed(self._kind)
            self._observer.connection_opened(kind)
            self._kind = kind
        if terminal.dialect != self._dialect:
            self._dialect = terminal.dialect
            kept = self._memory.last
            self._memory = Memory(terminal.dialect)
            if kept is not None:
                self._memory.recall(kept)

    def _write(self, data: bytes) -> None:
        if not self._lost:
            self._line.write(data)
