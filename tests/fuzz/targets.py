"""What must hold for any bytes at all: of the framing, of the codec, of a whole session with a library behind it."""

from __future__ import annotations

import random
from typing import Any

from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from node.kiosk.answered import Answered
from node.kiosk.failures import RESPONSE_TO
from node.kiosk.terminal import Session, Terminal
from sip2 import (
    DEFAULT,
    NAMED,
    Decoded,
    Dialect,
    Framer,
    Ignored,
    Memory,
    Message,
    Oversize,
    Process,
    Received,
    Resend,
    Send,
    decode,
    encode,
    tailoring,
)
from sip2 import messages as m
from sip2.diagnosing import diagnosis
from tests.node.service.small_city import TERMINALS, SmallCity

DIALECTS = tuple(NAMED.values())


def check_framing(data: bytes) -> None:
    """However the bytes are cut, the frames are the same; nothing else comes out than went in."""
    whole = Framer(max_frame=200).feed(data)
    for size in (1, 3, 1 + len(data) // 2):
        framer = Framer(max_frame=200)
        pieces = [frame for at in range(0, len(data), size) for frame in framer.feed(data[at : at + size])]
        assert [each for each in pieces if not isinstance(each, Oversize)] == [
            each for each in whole if not isinstance(each, Oversize)
        ]
        assert sum(isinstance(each, Oversize) for each in pieces) == sum(isinstance(each, Oversize) for each in whole)
    assert all(0 < len(each) <= 200 and not set(each) & {10, 13} for each in whole if isinstance(each, bytes))


def check_codec(data: bytes) -> None:
    """Whatever is read can be written, and then reads as the same; in the default dialect and in another."""
    for dialect in (DEFAULT, DIALECTS[sum(data[:4]) % len(DIALECTS)]):
        decoded: Decoded = decode(data, dialect)
        assert isinstance(decoded, Received | Resend | Ignored)
        assert diagnosis(data, dialect)
        if not isinstance(decoded, Received):
            continue
        message = tailoring.answered(tailoring.asked(decoded.message, dialect), dialect)
        written = encode(message, decoded.sequence, dialect, decoded.error_detection)
        # The first writing may straighten what was odd (a fixed field of the wrong shape); after that nothing moves.
        straight = _again(written, dialect, decoded)
        # (In a login %25 is read as %, as often as there are any: that is how some kiosks write Chinese names.)
        percent = decoded.message.command == "93" and b"%" in straight
        assert percent or _again(straight, dialect, decoded) == straight


def _again(written: bytes, dialect: Dialect, first: Received) -> bytes:
    """Read and written once more; what was written must read as the same kind of message."""
    assert written.endswith(dialect.end)
    assert not set(written.removesuffix(dialect.end)) & {0, 10, 13}
    decoded = decode(written, dialect)
    if decoded == Resend("damaged checksum") and not first.error_detection:
        return written  # a last value that looks like a checksum with one wrong byte: nobody could tell
    assert isinstance(decoded, Received), (written, decoded)
    assert decoded.message.command == first.message.command
    assert decoded.error_detection == first.error_detection
    return encode(decoded.message, decoded.sequence, dialect, decoded.error_detection)


# --- a whole session -----------------------------------------------------------------------------------------


class Witness:
    """An `Observer` that remembers accidents, and passes nothing on."""

    def __init__(self) -> None:
        self.accidents: list[str] = []

    def connection_opened(self, kind: str) -> None: ...

    def connection_closed(self, kind: str) -> None: ...

    def answered(self, request: Message, answer: Answered, session: Session, seconds: float) -> None: ...

    def login_refused(self, login: str, host: str, reason: str) -> None: ...

    def disturbed(self, what: str, session: Session, detail: str = "", message: str = "") -> None:
        if what in ("no_answer_in_time", "answer_too_late"):
            self.accidents.append(what)

    def remarked(self, request: Message, warnings: tuple[str, ...], session: Session) -> None: ...

    def accident(self, failure: Failure, request: Message, session: Session) -> None:
        self.accidents.append(f"{request.command}: {failure.getTraceback()}")


SPEAKING = (
    *TERMINALS,
    *(Terminal(name, "sorter", dialect=dialect, password_hash="hash:secret") for name, dialect in NAMED.items()),
)
"""The usual terminals, and a sorter that speaks each of the dialects."""
_DIALECT_OF = {each.login: each.dialect for each in SPEAKING}


class Branch:
    """One library with its books in memory, behind connections that may be sent anything."""

    def __init__(self) -> None:
        self.city = SmallCity(("CQSPB", "CQBB", "CQCQ", "CQWZ"), terminals=SPEAKING)
        self.edge = self.city["CQSPB"].core.kiosks.edge
        self.witness = Witness()
        self.edge.observer = self.witness

    def known_inputs(self) -> list[bytes]:
        """Requests about readers and items that exist, so that the books are reached."""
        kiosk = self.city.kiosk("CQSPB", "sc2")
        cards = [self.city.card("CQSPB", number) for number in (1, 2)]
        items = [self.city.item("CQSPB", number) for number in (1, 2, 12, 14)]
        requests: list[Message] = []
        for card in cards:
            requests += [kiosk.information(card, wanted) for wanted in (0, 2, 3)]
            requests += [kiosk.status(card, patron_password=card[-4:]), kiosk.pay(card, "0.20"), kiosk.renew_all(card)]
            requests += [kiosk.block(card), kiosk.enable(card)]
            for item in items:
                requests += [kiosk.checkout(card, item), kiosk.checkin(item), kiosk.renew(card, item)]
                requests += [kiosk.item(item), kiosk.properties(item, "x"), kiosk.hold("+", card, item)]
                requests += [kiosk.checkout(card, item, no_block=True), kiosk.checkin(item, no_block=True)]
                requests += [kiosk.checkout(card, item, cancel=True), kiosk.checkin(item, cancel=True)]
                requests += [kiosk.hold("-", card, item), kiosk.hold("*", card, item)]
        return [encode(each, str(number % 10)) for number, each in enumerate(requests)]

    def check_session(self, stream: bytes, login: str, rng: random.Random) -> int:
        """Send the stream in pieces over a new connection; every recognised request has one well-formed answer, in
        order, and nothing inside has failed. The number of answers."""
        protocol: Any = self.city["CQSPB"].core.kiosks.buildProtocol(None)
        wire = StringTransport()
        protocol.makeConnection(wire)
        greeting = LOGIN.replace(b"USER", login.encode())
        expected = expected_answers(greeting + stream)
        pieces = [greeting]
        rest = stream
        while rest:
            size = rng.choice((1, 7, 40, 200, len(rest)))
            pieces.append(rest[:size])
            rest = rest[size:]
        for piece in pieces:
            if not wire.disconnecting and not wire.disconnected:
                protocol.dataReceived(piece)
        self.city.run_for(0.0)
        if protocol._busy is not None or protocol._queue:
            self.city.run_until(lambda: (protocol._busy is None and not protocol._queue) or wire.disconnecting, 30)
        answers = [each for each in wire.value().replace(b"\n", b"").split(b"\r") if each]
        self._check_answers(answers, expected, closed=bool(wire.disconnecting or wire.disconnected))
        protocol.connectionLost()
        return len(answers)

    def _check_answers(self, answers: list[bytes], expected: list[tuple[str, Dialect]], *, closed: bool) -> None:
        assert self.witness.accidents == [], self.witness.accidents[0]
        kinds, due = [each[:2].decode() for each in answers], [code for code, _ in expected]
        assert kinds == due[: len(kinds)], (kinds, due)
        assert closed or len(kinds) == len(due), (kinds, due)
        for each, (_, dialect) in zip(answers, expected, strict=False):
            decoded = decode(each, dialect)
            assert isinstance(decoded, Received), each
            # a sequence of several digits is the client's own, and echoed
            assert all("sequence" in warning for warning in decoded.warnings), (each, decoded.warnings)


LOGIN = b"9300CNUSER|COsecret|\r"


def expected_answers(stream: bytes) -> list[tuple[str, Dialect]]:
    """The codes of the answers that are due, each with its dialect, from the protocol alone."""
    dialect, memory = DEFAULT, Memory(DEFAULT)
    due: list[tuple[str, Dialect]] = []
    for frame in Framer().feed(stream):
        step = memory.receive(Resend("oversize") if isinstance(frame, Oversize) else decode(frame, dialect))
        if isinstance(step, Send):
            due.append((step.data[:2].decode(), dialect))
        elif isinstance(step, Process):
            request = step.received.message
            if isinstance(request, m.Login):
                dialect = _after(request)
                memory.speak(dialect)
            code = RESPONSE_TO[request.command]
            due.append((code, dialect))
            memory.answered(step.received, code.encode())
    return due


def _after(login: m.Login) -> Dialect:
    """The dialect that is spoken after this login."""
    clear = login.uid_algorithm == login.pwd_algorithm == "0" and login.login_password == "secret"
    return _DIALECT_OF.get(login.login_user_id or "", DEFAULT) if clear else DEFAULT
