"""One kiosk connection: bytes in, one answer to each request, strictly in order, each in one write.

Promises: a segment is not a message (field lesson 6). A request that fails inside gets its own refusal, and the session
goes on (lesson 1). A hostile or broken client harms only its own connection and uses bounded memory. Frames are decoded
only when their turn comes, because a login changes the dialect of the frames after it.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from federation.clock import DelayedCall
from federation.contract import Reason, Refused
from federation.waiting import Quiet
from node.kiosk.answered import Answered, failed, late
from node.kiosk.edge import UNREAD, Door, Edge
from node.kiosk.lines import keep_alive, names_in_certificate, send
from node.kiosk.terminal import NOBODY, Session, Terminal
from sip2 import Framer, Ignored, Memory, Message, Oversize, Process, Received, Resend, Send, decode, encode, tailoring
from sip2 import messages as m
from sip2.diagnosing import diagnosis

MAX_QUEUED = 64
MAX_A_TURN = 32
REPEATED_WITHIN_S = 60.0
MAX_DROPPED = 1024 * 1024
CLOSE_WITHIN_S = 10.0
CLIENT_HELLO = b"\x16"


@implementer(IHandshakeListener)
class KioskConnection(TwistedProtocol):
    """Made by `KioskFactory`, one a connection. `host`: where it comes from."""

    def __init__(self, edge: Edge, door: Door, host: str = "") -> None:
        self._edge = edge
        self._door = door
        self._host = host
        self._framer = Framer()
        self._dialect = door.dialect
        self._memory = Memory(door.dialect)
        self.session = Session(login_required=door.login_required, dialect=door.dialect, host=host)
        self._version = edge.terminals.version
        self._queue: deque[bytes | Oversize] = deque()
        self._busy: tuple[Received, float] | None = None
        self._login: Deferred[Any] | None = None
        self._turn = 0
        self._working = self._paused = self._lost = self._closing = self._heard = False
        self._bad_logins = 0
        self._kind = "unknown"
        self._seated_as = ""
        self._idle: DelayedCall | None = None
        self._handshake: DelayedCall | None = None
        self._last_heard_s = self._answered_s = 0.0
        self._frame_since_s: float | None = None
        self._choked_since_s: float | None = None
        self._closing_since_s: float | None = None
        self._quiet = Quiet()

    # --- the line ------------------------------------------------------------------------------------------

    def connectionMade(self) -> None:
        self._edge.observer.connection_opened(self._kind)
        self._last_heard_s = self._edge.clock.seconds()
        self._idle = self._edge.clock.callLater(self._idle_limit_s(), self._check_idle)
        if self._door.tls:
            self._handshake = self._edge.clock.callLater(self._edge.limits.handshake_timeout_s, self._no_handshake)
        keep_alive(self.transport, self._door.keepalive_s)
        self._line.registerProducer(self, True)
        known = self._edge.terminals.by_address(self._host) if self._host else None
        if known is not None:
            self._enter(known)

    def handshakeCompleted(self) -> None:
        """TLS only: the client has shown its certificate, or none."""
        self._end_handshake()
        known = self._edge.terminals.by_certificate(names_in_certificate(self.transport))
        if known is not None:
            self._enter(known)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._lost = True
        self._queue.clear()
        self._edge.observer.connection_closed(self._kind)
        self._edge.leave_seat(self._seated_as, self)
        if self._idle is not None and self._idle.active():
            self._idle.cancel()
        self._end_handshake()
        self._drop_login()
        if self._busy is None:
            self._tell_quiet()

    def dataReceived(self, data: bytes) -> None:
        if self._closing:
            return
        self._last_heard_s = self._edge.clock.seconds()
        if not self._heard and data.startswith(CLIENT_HELLO):
            # TLS on a plain port: silence would make the client wait (lesson 20 of part 2).
            self._disturbed("tls_on_plain_port")
            self._abort()
            return
        self._heard = True
        frames = self._framer.feed(data)
        self._queue.extend(frames)
        self._note_half_a_frame(bool(frames))
        if self._framer.dropped > MAX_DROPPED:
            self._disturbed("endless")
            self._abort()
            return
        if len(self._queue) > MAX_QUEUED and not self._paused:
            self._paused = True
            self._line.pauseProducing()
        self._work()

    def _note_half_a_frame(self, ended: bool) -> None:
        if not self._framer.begun:
            self._frame_since_s = None
        elif ended or self._frame_since_s is None:
            self._frame_since_s = self._last_heard_s
            self._edge.watch.over(self)

    @property
    def _line(self) -> Any:
        """Twisted's interfaces are zope's, which mypy does not read."""
        return self.transport

    # What the transport tells us as its producer (of answers): its buffer is full, it is empty again, it is gone.

    def pauseProducing(self) -> None:
        if self._choked_since_s is None:
            self._choked_since_s = self._edge.clock.seconds()
            self._edge.watch.over(self)

    def resumeProducing(self) -> None:
        self._choked_since_s = None
        self._work()

    def stopProducing(self) -> None:
        self._choked_since_s = None

    # --- limits of time ------------------------------------------------------------------------------------

    def _idle_limit_s(self) -> float:
        limits = self._edge.limits
        if self._must_log_in and not self.session.logged_in:
            return min(limits.login_timeout_s, limits.idle_timeout_s)
        return limits.idle_timeout_s

    @property
    def _must_log_in(self) -> bool:
        own = self._door.login_required
        return self._edge.login_required if own is None else own

    def _check_idle(self) -> None:
        """One timer a connection. It is moved only when it fires, so 2,000 idle kiosks cost nothing."""
        silent_s, limit_s = self._edge.clock.seconds() - self._last_heard_s, self._idle_limit_s()
        if silent_s >= limit_s and self._busy is None:
            self._disturbed("idle")
            self._close()
            return
        self._idle = self._edge.clock.callLater(max(1.0, limit_s - silent_s), self._check_idle)

    def _end_handshake(self) -> None:
        if self._handshake is not None and self._handshake.active():
            self._handshake.cancel()

    def _no_handshake(self) -> None:
        self._disturbed("no_handshake", self._host)
        self._abort()

    def look(self, now_s: float) -> bool:
        """For `Watch`: end what has taken too long; whether there is something left to hurry about."""
        if self._lost:
            return False
        limits = self._edge.limits
        if self._closing_since_s is not None and now_s - self._closing_since_s >= CLOSE_WITHIN_S:
            self._abort()
        elif self._choked_since_s is not None and now_s - self._choked_since_s >= limits.write_timeout_s:
            self._disturbed("never_reads")
            self._abort()
        elif self._frame_since_s is not None and now_s - self._frame_since_s >= limits.frame_timeout_s:
            self._disturbed("slow_message")
            self._close()
        elif self._busy is not None and now_s - self._busy[1] >= limits.answer_guard_s:
            self._give_up(*self._busy)
        hurries = (self._closing_since_s, self._choked_since_s, self._frame_since_s, self._busy)
        return not self._lost and any(each is not None for each in hurries)

    # --- the end -------------------------------------------------------------------------------------------

    def _close(self) -> None:
        if self._closing or self._lost:
            return
        self._closing = True
        self._closing_since_s = self._edge.clock.seconds()
        self._edge.watch.over(self)  # else a client that does not read would keep a closed line open for ever
        self._line.unregisterProducer()
        self._line.loseConnection()

    def _abort(self) -> None:
        self._closing = True
        self._line.abortConnection()

    def displace(self) -> None:
        self._disturbed("displaced")
        self.finish()

    def finish(self) -> Deferred[None]:
        """Stop serving. Finish the present answer, then close the line. Fires when nothing is under way."""
        self._queue.clear()
        quiet = self._quiet.after(True)
        if self._busy is None:
            self._tell_quiet()
        return quiet

    def _tell_quiet(self) -> None:
        quiet, self._quiet = self._quiet, Quiet()
        if quiet:
            self._close()
        quiet.reached()

    # --- one request at a time -----------------------------------------------------------------------------

    def _work(self) -> None:
        """Answer what waits, in order. Answers that come at once cost no recursion. After some of them other
        connections get their turn."""
        if self._working:
            return
        self._working = True
        for _ in range(MAX_A_TURN):
            if not self._may_work():
                break
            self._take(self._queue.popleft())
        self._working = False
        if self._may_work():
            self._edge.clock.callLater(0, self._work)
        elif self._paused and len(self._queue) <= MAX_QUEUED // 2 and not self._lost and not self._closing:
            self._paused = False
            self._line.resumeProducing()

    def _may_work(self) -> bool:
        free = self._busy is None and self._choked_since_s is None
        return bool(self._queue) and free and not self._closing and not self._lost

    def _take(self, frame: bytes | Oversize) -> None:
        if self._version != self._edge.terminals.version:
            self._follow_settings()
        decoded = Resend("oversize") if isinstance(frame, Oversize) else decode(frame, self._dialect)
        if self._edge.clock.seconds() - self._answered_s >= REPEATED_WITHIN_S:
            self._memory.expire()
        step = self._memory.receive(decoded)
        if isinstance(step, Process):
            self._process(step.received)
        elif isinstance(step, Send):
            code = decoded.message.command if isinstance(decoded, Received) else UNREAD
            self._disturbed("oversize" if isinstance(frame, Oversize) else step.why, message=code)
            self._write(step.data)
            if self._memory.damaged_in_a_row >= self._edge.limits.damaged_in_a_row and isinstance(frame, bytes):
                self._disturbed("too_many_damaged", diagnosis(frame, self._dialect))
                self._close()
        elif isinstance(step, Ignored):
            self._disturbed("ignored")

    def _process(self, received: Received) -> None:
        self._turn += 1
        self._busy = (received, self._edge.clock.seconds())
        self._edge.watch.over(self)
        if received.warnings:
            self._edge.observer.remarked(received.message, received.warnings, self.session)
            if received.garbled:
                self._disturbed("garbled", message=received.message.command)
        try:
            answer = self._edge.answerer.answer(self.session, tailoring.asked(received.message, self._dialect))
        except Exception:  # noqa: BLE001
            # An accident inside must not cost the reader an answer: `_respond` refuses and reports it.
            self._respond(Failure(), self._turn)
            return
        self._login = answer if isinstance(received.message, m.Login) else None
        answer.addBoth(self._respond, self._turn)

    def _drop_login(self) -> None:
        """A password is slow to check: a login that still waits leaves the line with its connection, or its time."""
        login, self._login = self._login, None
        if login is not None and not login.called:
            self._turn, self._busy = self._turn + 1, None
            login.cancel()

    def _give_up(self, received: Received, began_s: float) -> None:
        """The desk has its own time limit, so this is an accident. The reader is told to leave the item and try again.
        The repeat is the same operation and gets the answer in the books."""
        self._disturbed("no_answer_in_time")
        self._drop_login()
        refusal = Refused(Reason.IN_DOUBT)
        response = self._edge.answerer.failed(self.session, received.message, refusal)
        self._send(received, began_s, late(response, refusal))

    def _respond(self, result: Answered | Failure, turn: int) -> None:
        if isinstance(result, Failure) and result.check(CancelledError):
            return
        if self._busy is None or turn != self._turn:
            self._disturbed("answer_too_late")
            return
        received, began_s = self._busy
        if isinstance(result, Failure):
            result = self._accident(result, received)
        self._send(received, began_s, result)

    def _send(self, received: Received, began_s: float, answer: Answered) -> None:
        if isinstance(answer.response, m.LoginResponse):
            self._tell_login(received.message, answer)
            self._logged_in(answer.response.ok)  # first: the answer to a login is the first in the terminal's dialect
        try:
            data = self._encoded(tailoring.answered(answer.response, self._dialect), received)
        except Exception:  # noqa: BLE001
            # An answer that cannot be written is an accident. The reader must still get an answer.
            answer = self._accident(Failure(), received)
            data = self._encoded(answer.response, received)
        self._memory.answered(received, data)
        self._busy, self._answered_s = None, self._edge.clock.seconds()
        self._write(data)
        seconds = self._answered_s - began_s
        self._edge.observer.answered(received.message, answer, self.session, seconds)
        self._edge.saw(self.session.terminal.login)
        if self._quiet or self._bad_logins >= self._edge.limits.bad_logins:
            self._tell_quiet()
            self._close()
        else:
            self._work()

    def _accident(self, failure: Failure, received: Received) -> Answered:
        self._edge.observer.accident(failure, received.message, self.session)
        refusal = Refused(Reason.BUSY)
        return failed(self._edge.answerer.failed(self.session, received.message, refusal), refusal)

    def _encoded(self, response: Message, received: Received) -> bytes:
        return encode(response, received.sequence, self._dialect, received.error_detection)

    def _write(self, data: bytes) -> None:
        if not self._lost:
            send(self.transport, data)

    def _disturbed(self, what: str, detail: str = "", message: str = UNREAD) -> None:
        self._edge.observer.disturbed(what, self.session, detail, message)

    # --- who is at the other end ---------------------------------------------------------------------------

    def _tell_login(self, request: Message, answer: Answered) -> None:
        if answer.reason is not None and isinstance(request, m.Login):
            self._edge.observer.login_refused(request.login_user_id or "", self._host, answer.reason)

    def _logged_in(self, ok: bool) -> None:
        self._bad_logins = 0 if ok else self._bad_logins + 1
        if ok:
            self._enter(self.session.terminal)
        else:
            self._seat(NOBODY)

    def _enter(self, terminal: Terminal) -> None:
        """This connection is that terminal from now on: by its login, its certificate or its address."""
        if not self.session.logged_in or self.session.terminal != terminal:
            self.session.login(terminal)
        self._seat(terminal)
        self._edge.take_seat(terminal, self)

    def _seat(self, terminal: Terminal) -> None:
        """The dialect and the place among the open sessions that go with the terminal."""
        self._edge.leave_seat(self._seated_as, self)
        self._seated_as = terminal.login
        self._speak(terminal)
        kind = "unknown" if terminal is NOBODY else terminal.kind
        if kind != self._kind:
            self._edge.observer.connection_closed(self._kind)
            self._edge.observer.connection_opened(kind)
            self._kind = kind

    def _speak(self, terminal: Terminal) -> None:
        self._dialect = self._door.dialect if terminal is NOBODY else terminal.dialect
        self.session.dialect = self._dialect
        self._memory.speak(self._dialect)

    def _follow_settings(self) -> None:
        """The settings were read again: the same terminal with its new switches, or none if it is gone."""
        self._version = self._edge.terminals.version
        if not self.session.logged_in:
            return
        terminal = self._edge.terminals.get(self.session.terminal.login)
        if terminal is None:
            self.session.logout()
            self._seat(NOBODY)
        else:
            self.session.terminal = terminal
            self._speak(terminal)
