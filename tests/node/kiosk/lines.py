"""Connections in memory: the node's own edge over a desk that answers what a test says, on a clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from federation.contract import Refused
from node.kiosk.answered import Answered, done
from node.kiosk.edge import OPEN_DOOR, Door, Edge, Limits
from node.kiosk.failures import failed
from node.kiosk.listener import KioskFactory
from node.kiosk.terminal import Session, Terminal, Terminals
from sip2 import Message, Received, decode, encode
from sip2 import messages as m

SC1, SC2 = Terminal("sc1", "selfcheck"), Terminal("sc2", "selfcheck")
STATUS = m.ScStatus(status_code="0", max_print_width=80)


def status(number: int = 1, **fields: Any) -> bytes:
    return encode(m.ScStatus(status_code="0", max_print_width=80, **fields), str(number % 10))


def login(user: str = "sc1", number: int = 0) -> bytes:
    return encode(m.Login(login_user_id=user, login_password="secret"), str(number))


def item(barcode: str, number: int = 1) -> bytes:
    question = m.ItemInformation(transaction_date=None, institution_id="X", item_identifier=barcode)
    return encode(question, str(number))


@dataclass
class StubDesk:
    """Answers at once, unless `waits`; logs in whoever is known. `requests`: what it was asked."""

    terminals: Mapping[str, Terminal]
    waits: bool = False
    logins_wait: bool = False
    fails: bool = False
    answers: dict[str, Message] = field(default_factory=dict)
    requests: list[Message] = field(default_factory=list)
    waiting: list[Deferred[Any]] = field(default_factory=list)
    cancelled: list[Message] = field(default_factory=list)

    def answer(self, session: Session, request: Message) -> Deferred[Answered]:
        self.requests.append(request)
        if self.fails:
            raise RuntimeError("the desk is on fire")
        if isinstance(request, m.Login) and self.logins_wait:
            return Deferred(lambda _: self.cancelled.append(request))
        if isinstance(request, m.Login):
            session.logout()
            terminal = self.terminals.get(request.login_user_id or "")
            if terminal is not None:
                session.login(terminal)
            return succeed(done(m.LoginResponse(ok=terminal is not None)))
        if self.waits:
            self.waiting.append(Deferred())
            return self.waiting[-1]
        return succeed(done(self.answers.get(request.command) or failed(request, "CQSPB", 0, "ok")))

    def failed(self, session: Session, request: Message, refused: Refused) -> Message:
        return failed(request, "CQSPB", 0, refused.reason.value)


@dataclass
class Notes:
    """An `Observer` that writes down."""

    disturbances: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    refused_logins: list[tuple[str, str, str]] = field(default_factory=list)
    accidents: int = 0
    open: dict[str, int] = field(default_factory=dict)

    def connection_opened(self, kind: str) -> None:
        self.open[kind] = self.open.get(kind, 0) + 1

    def connection_closed(self, kind: str) -> None:
        self.open[kind] -= 1

    def answered(self, request: Message, answer: Answered, session: Session, seconds: float) -> None:
        self.outcomes.append(answer.outcome)

    def login_refused(self, login: str, host: str, reason: str) -> None:
        self.refused_logins.append((login, host, reason))

    def disturbed(self, what: str, session: Session, detail: str = "", message: str = "") -> None:
        self.disturbances.append(what)
        self.details.append(detail)

    def remarked(self, request: Message, warnings: tuple[str, ...], session: Session) -> None:
        self.remarks += warnings

    def accident(self, failure: Failure, request: Message, session: Session) -> None:
        self.accidents += 1


class Wire(StringTransport):
    """What a test sees of a connection: what was written, in how many writes, and whether it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.reading = True

    def write(self, data: bytes) -> None:
        self.writes.append(data)
        super().write(data)

    def pauseProducing(self) -> None:
        self.reading = False

    def resumeProducing(self) -> None:
        self.reading = True

    @property
    def closed(self) -> bool:
        return bool(self.disconnecting or self.disconnected)


class Place:
    """An edge with its factory; `connect` makes lines."""

    def __init__(
        self, *terminals: Terminal, limits: Limits | None = None, login_required: bool = False, waits: bool = False
    ) -> None:
        self.clock = Clock()
        known = {each.login: each for each in terminals or (SC1, SC2)}
        self.terminals = Terminals(known)
        self.desk = StubDesk(self.terminals, waits=waits)
        self.notes = Notes()
        self.kiosks = KioskFactory(
            Edge(self.desk, self.notes, self.clock, self.terminals, limits or Limits(), login_required)
        )

    def connect(self, host: str = "10.0.0.1", door: Door = OPEN_DOOR) -> Line | None:
        caller: Any = IPv4Address("TCP", host, 40000)
        protocol = self.kiosks.admit(caller, door)
        return None if protocol is None else Line(protocol)

    def line(self, host: str = "10.0.0.1", door: Door = OPEN_DOOR) -> Line:
        line = self.connect(host, door)
        assert line is not None
        return line

    def pass_s(self, seconds: float) -> None:
        """Second by second, as time passes."""
        for _ in range(int(seconds)):
            self.clock.advance(1)


class Line:
    def __init__(self, protocol: Any) -> None:
        self.protocol = protocol
        self.wire: Any = Wire()
        protocol.makeConnection(self.wire)

    def send(self, data: bytes) -> bytes:
        """What is answered at once."""
        self.wire.clear()
        self.protocol.dataReceived(data)
        heard: bytes = self.wire.value()
        return heard

    def ask(self, data: bytes) -> Any:
        received = decode(self.send(data))
        assert isinstance(received, Received), received
        return received.message

    def hang_up(self) -> None:
        from twisted.internet.protocol import connectionDone

        self.protocol.connectionLost(connectionDone)


Maker = Callable[[], Place]
