"""A kiosk: real SIP2 bytes over a line that may break, and the habits of real devices when no answer comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from kiosk_sim.simulation.account import Account, Intention
from kiosk_sim.simulation.clock import HeapClock, Life
from kiosk_sim.simulation.library import SimLibrary
from kiosk_sim.simulation.streams import Random
from kiosk_sim.simulation.trace import Trace
from kiosk_sim.simulation.world import EPOCH_MS, PASSWORD, Device, Item, isil_of
from node.domain.calendar import SHANGHAI
from sip2 import Framer, Message, Oversize, Received, Request, SipDate, decode, encode
from sip2 import messages as m
from sip2.dates import local_date

LINE_S = 0.002
NO_LINE_S = 5.0
REPLAY_S, REPLAYS = 600.0, 600
BATCH_PAUSE_MS = 100_000
NO_DATE = SipDate(" " * 18)

Build = Callable[[SipDate], Request]


class Line:
    """One connection, as the node's transport: what is written arrives a moment later, unless the line broke."""

    def __init__(self, clock: HeapClock, life: Life, deliver: Callable[[bytes], None], closed: Callable[[], None]):
        self._clock = clock
        self._life = life
        self._deliver = deliver
        self._closed = closed
        self.open = True
        self.protocol: Any = None

    def send(self, data: bytes) -> None:
        """From the kiosk."""
        self._clock.callLater(LINE_S, self._to_node, data)

    def _to_node(self, data: bytes) -> None:
        if self.open and self._life.alive:
            self.protocol.dataReceived(data)

    def break_(self) -> None:
        """Both ends lose it; what was under way is lost."""
        if self.open:
            self.open = False
            if self._life.alive:
                self.protocol.connectionLost(Failure(ConnectionDone()))

    # --- what Twisted's transports do ------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        if self._life.alive:
            self._clock.callLater(LINE_S, self._to_kiosk, data)

    def _to_kiosk(self, data: bytes) -> None:
        if self.open:
            self._deliver(data)

    def loseConnection(self) -> None:
        self._clock.callLater(0, self._lost)

    abortConnection = loseConnection

    def _lost(self) -> None:
        if self.open:
            self.break_()
            self._closed()

    def pauseProducing(self) -> None:
        return None

    resumeProducing = unregisterProducer = pauseProducing

    def registerProducer(self, producer: object, streaming: bool) -> None:
        """The line is never full."""


class Kiosk:
    """The device at one terminal. One request at a time; `turn` is held by whoever stands there."""

    def __init__(
        self,
        device: Device,
        library: SimLibrary,
        *,
        clock: HeapClock,
        account: Account,
        trace: Trace,
        rng: Random,
        line_break: float,
    ) -> None:
        self.device = device
        self.turn = DeferredLock()
        self._library = library
        self._clock = clock
        self._account = account
        self._trace = trace
        self._rng = rng
        self._line_break = line_break
        self._line: Line | None = None
        self._framer = Framer()
        self._sequence = 9
        self._waiting: Deferred[bytes | None] | None = None
        self._stuck_ms: int | None = None
        self._batch = (0, 0)

    def calm(self) -> None:
        self._line_break = 0.0

    def leave(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.break_()
            self._line = None

    # --- asking ----------------------------------------------------------------------------------------------

    async def ask(self, intention: Intention, build: Build) -> Message | None:
        """Send until an answer comes or patience ends; what was heard goes into the account."""
        date = self.date()
        for attempt in range(1 + self.device.retries):
            if attempt and self.device.retry == "fresh":
                date = self.date()
            key = self._account.sent(intention, date)
            answer = await self._once(self._as_sent(build(date), intention.item), attempt)
            if answer is not None:
                self._account.heard(intention, key, answer)
                break
        self._account.ended(intention)
        if intention.heard is None:
            self._trace.add("gave up", self.device.login, intention.kind)
        return intention.heard

    async def replay(self, intention: Intention, build: Build, date: SipDate) -> Message | None:
        """Tell what was done off line, at that date, until it is answered: a kiosk keeps it until then."""
        for attempt in range(REPLAYS):
            key = self._account.sent(intention, date)
            answer = await self._once(self._as_sent(build(date), intention.item), attempt)
            if answer is not None:
                self._account.heard(intention, key, answer)
                if intention.ok:
                    break
                intention.heard = None  # "busy": it happened all the same, and will be told again
            await self._clock.pause(REPLAY_S)
        self._account.ended(intention)
        return intention.heard

    async def send_again(self, data: bytes) -> None:
        """The very bytes of long ago, once."""
        line = await self._connected()
        received = decode(data.rstrip(b"\r"))
        if line is None or not isinstance(received, Received):
            return
        self._sequence = int(received.sequence or 0)
        await self._answer(line, data)
        self.leave()

    def _as_sent(self, request: Request, item: Item | None) -> Request:
        """A tag names the item's owner; a hold is typed."""
        if item is None or not self.device.codes or not isinstance(request, m.Checkout | m.Checkin | m.Renew):
            return request
        return replace(request, item_identifier=f"{isil_of(item.owner)}.{item.barcode}")

    @property
    def dated(self) -> bool:
        """Whether its clock is right: one that tells what it did off line must say when."""
        return self.device.clock == "right" and self.device.skew_s == 0.0

    async def _once(self, request: Request, attempt: int) -> Message | None:
        """One try. None: no answer in time, or the line broke."""
        line = await self._connected()
        if line is None:
            return None
        again = attempt > 0 and self.device.retry == "same" and self.device.sequences
        data = self._encoded(request, again)
        if self._rng.random() < self._line_break:
            self._clock.callLater(self._rng.choice((0.0, 0.01, 1.0, 4.0)) * self._rng.random(), self._broken, line)
        answer = await self._answer(line, data)
        if answer is None and (not self.device.sequences or self._rng.random() < 0.5):
            self.leave()  # without sequence numbers a late answer would be taken for the next one
        return answer

    def _encoded(self, request: Request, again: bool) -> bytes:
        if not self.device.sequences:
            return encode(request, None)
        if not again:
            self._sequence = (self._sequence + 1) % 10
        return encode(request, str(self._sequence))

    async def _answer(self, line: Line, data: bytes) -> Message | None:
        self._trace.add("kiosk", self.device.login, data)
        line.send(data)
        ends_s = self._clock.seconds() + self.device.timeout_s
        while True:
            frame = await self._frame(ends_s - self._clock.seconds())
            if frame is None:
                return None
            answer = decode(frame)
            if isinstance(answer, Received) and answer.sequence in (None, str(self._sequence)):
                self._trace.add("screen", self.device.login, frame)
                return answer.message

    def _frame(self, within_s: float) -> Deferred[bytes | None]:
        waiting: Deferred[bytes | None] = Deferred()
        self._waiting = waiting
        late = self._clock.callLater(within_s, self._fire, waiting, None)

        def heard(frame: bytes | None) -> bytes | None:
            late.cancel()
            return frame

        return waiting.addCallback(heard)

    def _fire(self, waiting: Deferred[bytes | None], frame: bytes | None) -> None:
        if not waiting.called:
            waiting.callback(frame)

    # --- the line --------------------------------------------------------------------------------------------

    async def _connected(self) -> Line | None:
        """The open line, or a new one with a login; None if the node can't be reached, after a pause."""
        if self._line is not None and self._line.open:
            return self._line
        library = self._library
        if not library.serving or library.core is None:
            await self._clock.pause(NO_LINE_S)
            return None
        self._framer, self._sequence = Framer(), 9
        line = self._line = Line(self._clock, library.life, self._received, self._hung_up)
        line.protocol = library.core.kiosks.buildProtocol(None)
        line.protocol.makeConnection(line)
        login = m.Login(login_user_id=self.device.login, login_password=PASSWORD)
        answer = await self._answer(line, self._encoded(login, False))
        if isinstance(answer, m.LoginResponse) and answer.ok:
            return line
        self.leave()
        return None

    def _received(self, data: bytes) -> None:
        for frame in self._framer.feed(data):
            if self._waiting is not None and not isinstance(frame, Oversize):
                self._fire(self._waiting, frame)

    def _broken(self, line: Line) -> None:
        if line.open:
            self._trace.add("line broke", self.device.login)
            line.break_()
            self._hung_up()

    def _hung_up(self) -> None:
        if self._waiting is not None:
            self._fire(self._waiting, None)

    def node_crashed(self) -> None:
        """The node's end is gone; the kiosk notices at once, or only by the silence."""
        if self._line is not None:
            self._line.open = False
            if self._rng.random() < 0.5:
                self._hung_up()

    def _batch_ms(self, now_ms: int) -> int:
        """The moment of the first request of the batch, which ends when nothing comes for a while."""
        began_ms, last_ms = self._batch
        self._batch = (began_ms if now_ms - last_ms <= BATCH_PAUSE_MS else now_ms, now_ms)
        return self._batch[0]

    # --- its clock -------------------------------------------------------------------------------------------

    def date(self) -> SipDate:
        """What the device puts into a request."""
        if self.device.clock == "none":
            return NO_DATE
        now_ms = EPOCH_MS + int((self._clock.seconds() + self.device.skew_s) * 1000)
        if self.device.clock == "stuck":
            now_ms = EPOCH_MS - 86_400_000
        if self.device.clock == "stuck now":
            self._stuck_ms = now_ms = self._stuck_ms or now_ms
        if self.device.clock == "minute":
            now_ms -= now_ms % 60_000
        if self.device.clock == "batch":
            now_ms = self._batch_ms(now_ms)
        return local_date(datetime.fromtimestamp(now_ms / 1000, UTC), SHANGHAI)
