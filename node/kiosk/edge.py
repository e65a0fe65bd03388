"""What all connections of a node share: who answers, who observes, the limits, the terminals, the open sessions."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from federation.clock import Clock
from federation.contract import Refused
from node.kiosk.answered import Answered
from node.kiosk.terminal import Network, Session, Terminal, Terminals
from node.kiosk.watch import Watch
from sip2 import DEFAULT, Dialect, Message

UNREAD = "other"
"""The code of a message that could not be read."""


class Answerer(Protocol):
    """Who answers: `node.kiosk.translator.Translator`."""

    def answer(self, session: Session, request: Message) -> Deferred[Answered]: ...

    def failed(self, session: Session, request: Message, refused: Refused) -> Message:
        """The refusal of any request, where no decision was made."""
        ...


class Observer(Protocol):
    """What is counted and logged about connections."""

    def connection_opened(self, kind: str) -> None: ...

    def connection_closed(self, kind: str) -> None: ...

    def answered(self, request: Message, answer: Answered, session: Session, seconds: float) -> None: ...

    def login_refused(self, login: str, host: str, reason: str) -> None:
        """`login` as the kiosk at that address sent it; `reason`: an `EdgeReason`."""
        ...

    def disturbed(self, what: str, session: Session, detail: str = "", message: str = UNREAD) -> None:
        """Something came that is not answered, or not as asked: damaged, undecodable, ignored, oversize ...
        `message`: its code, if it could be read."""
        ...

    def remarked(self, request: Message, warnings: tuple[str, ...], session: Session) -> None:
        """The request was understood with tolerance."""
        ...

    def accident(self, failure: Failure, request: Message, session: Session) -> None: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may cost. Seconds, bytes and numbers.

    `idle_timeout_s`    silence after which a connection is closed; must exceed the kiosk's heartbeat twice
    `login_timeout_s`   the same before a login, where one is required
    `frame_timeout_s`   a message that has begun must end within this (a slow loris does not)
    `answer_guard_s`    a request still without an answer is refused in doubt: more than the desk ever takes
    `write_timeout_s`   a client that does not read is dropped after this
    `damaged_in_a_row`  so many messages that had to be asked for again end the connection
    `handshake_timeout_s`  TLS must be agreed on within this
    `per_address`       connections of one address without a login; the loopback is exempt, behind a TLS tunnel all
                        come from there
    """

    idle_timeout_s: float = 900.0
    login_timeout_s: float = 300.0
    frame_timeout_s: float = 30.0
    answer_guard_s: float = 10.0
    write_timeout_s: float = 60.0
    handshake_timeout_s: float = 10.0
    damaged_in_a_row: int = 10
    bad_logins: int = 5
    max_connections: int = 5000
    per_address: int = 64


@dataclass(frozen=True, slots=True)
class Door:
    """One listener. `allow`, `balancers` empty: all; `keepalive_s` 0: none; `tls`: a ClientHello is expected here."""

    allow: tuple[Network, ...] = ()
    login_required: bool | None = None
    dialect: Dialect = DEFAULT
    keepalive_s: int = 60
    tls: bool = False
    balancers: tuple[Network, ...] = ()


OPEN_DOOR = Door()


class Seat(Hashable, Protocol):
    """A connection that is logged in."""

    def displace(self) -> None:
        """Another session of the same terminal takes over: finish what is being answered, then close."""
        ...


@dataclass(slots=True, eq=False)
class Edge:
    """Handed to every connection. `limits` and what is in `terminals` change when the settings are read again."""

    answerer: Answerer
    observer: Observer
    clock: Clock
    terminals: Terminals
    limits: Limits
    login_required: bool
    watch: Watch = field(init=False)
    last_seen_s: dict[str, float] = field(init=False, default_factory=dict)
    _seats: dict[str, list[Seat]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.watch = Watch(self.clock)

    def take_seat(self, terminal: Terminal, seat: Seat) -> None:
        """A new session. If the terminal then has too many, its oldest session is closed."""
        seats = self._seats.setdefault(terminal.login, [])
        seats.append(seat)
        while len(seats) > max(1, terminal.sessions):
            seats.pop(0).displace()

    def leave_seat(self, login: str, seat: Seat) -> None:
        seats = self._seats.get(login, [])
        if seat in seats:
            seats.remove(seat)
        if not seats:
            self._seats.pop(login, None)

    def saw(self, login: str) -> None:
        """That terminal asked something."""
        if login:
            self.last_seen_s[login] = self.clock.seconds()

    def seated(self) -> frozenset[str]:
        """The logins that have a session now."""
        return frozenset(self._seats)
