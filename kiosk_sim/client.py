"""A SIP2 device: what a self-check, a return bin or a gate says to its library, and how it waits for the answer.

Promises: one request is outstanding at a time, others wait their turn; a request that gets no answer is repeated
byte for byte (SIP2 reference 1.10), as often as the options allow, over the same connection; an answer with another
sequence number is thrown away; an answer with a wrong checksum is asked for again (97). Refusals are values: the
response as the library sent it. `NoAnswer` and `LineClosed` are accidents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar
from zoneinfo import ZoneInfo

from twisted.internet.defer import DeferredLock

from kiosk_sim.line import Connect, Line, LineClosed, NoAnswer
from kiosk_sim.ports import Timers, Wall
from sip2 import messages as m
from sip2.codec import Decoded, Received, Resend, decode, encode
from sip2.dialects import DEFAULT, Dialect
from sip2.fields import SipDate

__all__ = ["KioskClient", "KioskOptions", "LineClosed", "NoAnswer", "UnexpectedAnswer"]

R = TypeVar("R", bound=m.Response)
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_ASK_AGAIN = encode(m.RequestAcsResend(), error_detection=True)
_LISTS = ("hold", "overdue", "charged", "fine", "recall", "unavailable")
CHINESE, ENGLISH = "019", "001"


class UnexpectedAnswer(Exception):
    """The library answered with another message than the request calls for."""


@dataclass(frozen=True, slots=True)
class KioskOptions:
    """How a device is set up. `timeout_s` is for one try, `retries` are tries after the first.

    `language` goes into 23 and 63 (CHINESE, ENGLISH); `location` into the returns (AP).
    """

    institution: str
    location: str = ""
    language: str = CHINESE
    error_detection: bool = True
    timeout_s: float = 10.0
    retries: int = 3
    dialect: Dialect = DEFAULT


class KioskClient:
    """One device on one connection. Every method opens the connection if there is none."""

    def __init__(self, connect: Connect, timers: Timers, wall: Wall, options: KioskOptions) -> None:
        self._connect = connect
        self._timers = timers
        self._wall = wall
        self.options = options
        self._line: Line | None = None
        self._turn = DeferredLock()
        self._sequence = -1

    async def login(self, user: str, password: str) -> bool:
        """93: True if the library takes this device."""
        question = m.Login(login_user_id=user, login_password=password, location_code=self.options.location or None)
        return (await self.ask(question, m.LoginResponse)).ok

    async def status(self) -> m.AcsStatus:
        """99, also the heartbeat."""
        return await self.ask(m.ScStatus(status_code="0", max_print_width=80), m.AcsStatus)

    async def patron_status(self, card: str, pin: str | None = None) -> m.PatronStatusResponse:
        """23: what a gate asks, and a self-check when a reader steps up."""
        question = m.PatronStatus(
            language=self.options.language,
            transaction_date=self.now(),
            institution_id=self.options.institution,
            patron_identifier=card,
            terminal_password="",
            patron_password=pin or "",
        )
        return await self.ask(question, m.PatronStatusResponse)

    async def patron_information(
        self,
        card: str,
        pin: str | None = None,
        listing: str | None = None,
        start: int | None = None,
        end: int | None = None,
    ) -> m.PatronInformationResponse:
        """63. `listing` is one of hold, overdue, charged, fine, recall, unavailable; `start`, `end` from 1."""
        question = m.PatronInformation(
            language=self.options.language,
            transaction_date=self.now(),
            summary="".join("Y" if name == listing else " " for name in _LISTS).ljust(10),
            institution_id=self.options.institution,
            patron_identifier=card,
            patron_password=pin,
            start_item=start,
            end_item=end,
        )
        return await self.ask(question, m.PatronInformationResponse)

    async def checkout(self, card: str, item: str, pin: str | None = None) -> m.CheckoutResponse:
        """11, without permission to renew: a second scan is no renewal."""
        question = m.Checkout(
            sc_renewal_policy=False,
            no_block=False,
            transaction_date=self.now(),
            nb_due_date=None,
            institution_id=self.options.institution,
            patron_identifier=card,
            item_identifier=item,
            terminal_password="",
            patron_password=pin,
        )
        return await self.ask(question, m.CheckoutResponse)

    async def checkin(self, item: str) -> m.CheckinResponse:
        """09, at this moment."""
        now = self.now()
        question = m.Checkin(
            no_block=False,
            transaction_date=now,
            return_date=now,
            current_location=self.options.location,
            institution_id=self.options.institution,
            item_identifier=item,
            terminal_password="",
        )
        return await self.ask(question, m.CheckinResponse)

    async def renew(self, card: str, item: str, pin: str | None = None) -> m.RenewResponse:
        """29."""
        question = m.Renew(
            third_party_allowed=False,
            no_block=False,
            transaction_date=self.now(),
            nb_due_date=None,
            institution_id=self.options.institution,
            patron_identifier=card,
            patron_password=pin,
            item_identifier=item,
        )
        return await self.ask(question, m.RenewResponse)

    async def fee_paid(
        self, card: str, amount_fen: int, transaction_id: str | None = None, fee: str | None = None
    ) -> m.FeePaidResponse:
        """37: `amount_fen` in fen, paid in cash; a fee of the type "overdue"."""
        question = m.FeePaid(
            transaction_date=self.now(),
            fee_type="04",
            payment_type="00",
            currency_type="CNY",
            fee_amount=f"{amount_fen // 100}.{amount_fen % 100:02d}",
            institution_id=self.options.institution,
            patron_identifier=card,
            fee_identifier=fee,
            transaction_id=transaction_id,
        )
        return await self.ask(question, m.FeePaidResponse)

    async def item_information(self, item: str) -> m.ItemInformationResponse:
        """17."""
        question = m.ItemInformation(
            transaction_date=self.now(),
            institution_id=self.options.institution,
            item_identifier=item,
        )
        return await self.ask(question, m.ItemInformationResponse)

    async def end_session(self, card: str) -> m.EndSessionResponse:
        """35: the reader steps away."""
        question = m.EndPatronSession(
            transaction_date=self.now(),
            institution_id=self.options.institution,
            patron_identifier=card,
        )
        return await self.ask(question, m.EndSessionResponse)

    async def ask(self, request: m.Request, expected: type[R]) -> R:
        """Send a message and wait for its answer. `NoAnswer` after the last retry, `LineClosed`,
        `UnexpectedAnswer` if the answer is of another kind."""
        answer = await self._exchange(request)
        if isinstance(answer, m.AcsStatus) and expected is not m.AcsStatus:
            # 1.1: a 98 in place of the answer announces a change; the request is sent again
            answer = await self._exchange(request)
        if not isinstance(answer, expected):
            raise UnexpectedAnswer(f"{request.command} was answered by {answer.command}")
        return answer

    async def raw(self, data: bytes) -> bytes:
        """Send these bytes as they are (the terminator is the caller's) and return the next frame, within one
        try."""
        await self._turn.acquire()
        try:
            line = await self.connected()
            line.forget_frames()
            line.write(data)
            return await line.read(self.options.timeout_s)
        finally:
            self._turn.release()

    async def connected(self) -> Line:
        """The open connection; a new one if there is none."""
        if self._line is None or self._line.closed:
            self._line = await self._connect()
        return self._line

    @property
    def is_connected(self) -> bool:
        return self._line is not None and not self._line.closed

    def close(self) -> None:
        """Hang up. The next request connects anew, without login."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def now(self) -> SipDate:
        """The device's clock in the protocol's form: local time, four blanks for the zone."""
        return SipDate(self._wall().astimezone(_SHANGHAI).strftime("%Y%m%d    %H%M%S"))

    async def _exchange(self, request: m.Request) -> m.Message:
        await self._turn.acquire()
        try:
            line = await self.connected()
            sequence = self._next_sequence()
            data = encode(request, sequence, self.options.dialect)
            line.forget_frames()
            return await self._until_answered(line, data, sequence)
        finally:
            self._turn.release()

    async def _until_answered(self, line: Line, data: bytes, sequence: str | None) -> m.Message:
        line.write(data)
        tries_left = self.options.retries
        while True:
            try:
                answer = await self._answer(line, sequence)
            except NoAnswer:
                again = data
            else:
                if isinstance(answer, Received) and not isinstance(answer.message, m.RequestScResend):
                    return answer.message
                again = _ASK_AGAIN if isinstance(answer, Resend) else data
            if not tries_left:
                self.close()  # 1.10: the link is dead; a late answer must not be taken for the next one
                raise NoAnswer(f"no answer to {data[:2].decode()} in {self.options.retries + 1} tries")
            tries_left -= 1
            line.write(again)

    async def _answer(self, line: Line, sequence: str | None) -> Decoded:
        """The next frame that may be the answer; one with another sequence number is an old one (1.10)."""
        deadline = self._timers.seconds() + self.options.timeout_s
        while True:
            answer = decode(await line.read(max(0.0, deadline - self._timers.seconds())), self.options.dialect)
            stale = isinstance(answer, Received) and answer.sequence is not None and answer.sequence != sequence
            if not stale:
                return answer

    def _next_sequence(self) -> str | None:
        if not self.options.error_detection:
            return None
        self._sequence = (self._sequence + 1) % 10
        return str(self._sequence)
