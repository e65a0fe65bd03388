"""From SIP2 requests to the desk and back: one method a message, one well-formed answer to each.

Requests about the terminal, readers and money are here. `items` and `statuses` answer the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, TypeVar, cast

from twisted.internet.defer import Deferred, succeed

from federation.contract import PinCheck, Reason, Refused, Standing
from node.domain.terminal_kinds import UNDO_RETURN
from node.kiosk import patron_answers, texts
from node.kiosk.answered import Answered, by_seen, by_told, done, refused
from node.kiosk.answers import NO_FLAGS, sip_date
from node.kiosk.failures import failed
from node.kiosk.item_translator import ItemTranslator
from node.kiosk.logins import Logins, Refusal
from node.kiosk.missing import naming_what_is_missing
from node.kiosk.reception import Reception, at_ms
from node.kiosk.seen import Seen, is_open, payment_seen, seen
from node.kiosk.status_translator import StatusTranslator
from node.kiosk.terminal import CHINESE, Session, Terminal
from node.observe.outcomes import EdgeReason
from node.service.desk.memory import Told
from node.service.desk.patrons import Passage
from node.service.desk.paying import Payment, PaymentAnswer
from sip2 import Message
from sip2 import messages as m
from sip2.amounts import minor_units
from sip2.codes import SUPPORTED_MESSAGES_ORDER, supported_messages

R = TypeVar("R", m.PatronStatus, m.PatronInformation)

YUAN: Final = frozenset(("CNY", "RMB", "156", ""))
"""What terminals call the yuan: its code, its everyday name, its number in ISO 4217, nothing."""


class GateCount(Protocol):
    def gate_passed(self, area: str, decision: str) -> None: ...


class Money(Protocol):
    def fine_paid(self, method: str, amount_fen: int) -> None: ...


class Counters(GateCount, Money, Protocol):
    """What is counted at the counter."""


@dataclass(frozen=True, slots=True)
class House:
    """What 98 says of this library."""

    name: str
    timeout_tenths: int
    retries: int
    offline_ok: bool
    login_required: bool
    writable: Callable[[], bool]


class Translator:
    """Answers requests of any connection; what a connection remembers is in its `Session`."""

    def __init__(
        self,
        house: House,
        reception: Reception,
        *,
        items: ItemTranslator,
        statuses: StatusTranslator,
        terminals: Mapping[str, Terminal],
        logins: Logins,
        counters: Counters,
    ) -> None:
        self._house = house
        self._reception = reception
        self._voice = reception.voice
        self._terminals = terminals
        self._logins = logins
        self._desk = reception.desk
        self._wall_ms = reception.wall_ms
        self._counters = counters
        self._answers: dict[type[Message], Callable[[Session, Any], Deferred[Answered]]] = {
            m.Login: self._login,
            m.ScStatus: self._sc_status,
            m.PatronStatus: self._patron_status,
            m.PatronInformation: self._patron_information,
            m.FeePaid: self._fee_paid,
            m.EndPatronSession: self._end_session,
            **items.answers,
            **statuses.answers,
        }

    def answer(self, session: Session, request: Message) -> Deferred[Answered]:
        """The response. Errors are accidents; the connection answers them with `failed`."""
        answer = self._answers.get(type(request))
        if answer is None:
            return succeed(self._reception.refuse(session, request, Refused(Reason.NOT_SUPPORTED)))
        if self._login_required(session) and not isinstance(request, m.Login | m.ScStatus):
            text = texts.sentence("login_required", session.language_of(getattr(request, "language", None)))
            response = failed(request, self._voice.library, self._wall_ms(), text)
            return succeed(refused(response, EdgeReason.LOGIN_REQUIRED))
        if not isinstance(request, m.ScStatus):
            self._reception.noticed(session, request)
        if not session.terminal.may_ask(_code_of(request)):
            return succeed(self._not_for_this_terminal(session, request))
        request = self._as_echoed(session, request)
        return answer(session, request).addCallback(naming_what_is_missing, request, session)

    def _not_for_this_terminal(self, session: Session, request: Message) -> Answered:
        """Its kind may not ask that (`node/domain/terminal_kinds.py`): nothing is looked up."""
        response: Any = self._reception.failed(session, request, Refused(Reason.NOT_SUPPORTED))
        if isinstance(request, m.BlockPatron):
            response = replace(response, patron_status=NO_FLAGS)  # nothing was blocked
        return refused(response, EdgeReason.NOT_FOR_THIS_TERMINAL)

    def _as_echoed(self, session: Session, request: Message) -> Message:
        """Answers repeat AA as it stands here: as it was sent, or without an institution code."""
        sent: str | None = getattr(request, "patron_identifier", None)
        if not sent or session.terminal.dialect.echo_aa == "as_sent":
            return request
        echoed: Message = replace(cast(Any, request), patron_identifier=self._reception.card_of(sent))
        return echoed

    def _login_required(self, session: Session) -> bool:
        required = self._house.login_required if session.login_required is None else session.login_required
        return required and not session.logged_in

    def failed(self, session: Session, request: Message, refused: Refused) -> Message:
        """The refusal of any request, with all its fields."""
        return self._reception.failed(session, request, refused)

    # --- the terminal itself -------------------------------------------------------------------------------

    def _login(self, session: Session, asked: m.Login) -> Deferred[Answered]:
        session.logout()
        terminal = self._terminals.get(asked.login_user_id or "")
        if not asked.uid_algorithm == asked.pwd_algorithm == "0":
            return succeed(refused(m.LoginResponse(ok=False), EdgeReason.LOGIN_ENCRYPTED))

        def checked(why: Refusal) -> Answered:
            if why is not None or terminal is None:
                return refused(m.LoginResponse(ok=False), why or EdgeReason.UNKNOWN_LOGIN)
            session.login(terminal)
            return done(m.LoginResponse(ok=True))

        # one Deferred up to the connection: cancelling it takes the login out of the line
        checking: Deferred[Any] = self._logins.check(terminal, asked.login_password or "", session.host)
        return checking.addCallback(checked)

    def _sc_status(self, session: Session, asked: m.ScStatus) -> Deferred[Answered]:
        """98 says whether the database can be written. If not, a kiosk must not go on."""
        release = (asked.protocol_version or "2").lstrip()[:1]
        spoken = release >= "1"
        writable = self._house.writable()
        language = session.language_of()
        text = texts.sentence("welcome" if spoken else "old_version", language)
        response = self._status(session, writable and spoken, text, language)
        if release == "1":
            # Its requests are those of 2.00 as well. It would give up before a newer release, and before "not on line".
            response = replace(response, protocol_version="1.00")
        if writable and spoken:
            return succeed(done(response))
        return succeed(refused(response, EdgeReason.NOT_WRITABLE if spoken else EdgeReason.OLD_VERSION))

    def _status(self, session: Session, online: bool, text: str, language: str) -> m.AcsStatus:
        name = self._house.name if language == CHINESE else self._voice.name_of(self._voice.library, language)
        return m.AcsStatus(
            online_status=online,
            checkin_ok=online,
            checkout_ok=online,
            acs_renewal_policy=online,
            status_update_ok=online and (session.terminal.may_block or session.terminal.may_enable),
            offline_ok=self._house.offline_ok and online,
            timeout_period=self._house.timeout_tenths if online else 0,
            retries_allowed=self._house.retries if online else 0,
            date_time_sync=sip_date(self._wall_ms()),
            institution_id=self._voice.library,
            library_name=name,
            supported_messages=supported_messages(SUPPORTED_MESSAGES_ORDER),
            terminal_location=session.terminal.location or None,
            screen_message=(text,),
        )

    # --- readers -------------------------------------------------------------------------------------------

    def _patron_status(self, session: Session, asked: m.PatronStatus) -> Deferred[Answered]:
        return self._about_reader(session, asked, patron_answers.status)

    def _patron_information(self, session: Session, asked: m.PatronInformation) -> Deferred[Answered]:
        return self._about_reader(session, asked, patron_answers.information)

    def _about_reader(
        self, session: Session, asked: R, answer: Callable[[patron_answers.Occasion, R, Seen | Refused], Message]
    ) -> Deferred[Answered]:
        """23 and 63. A gate asks whether it opens; other terminals ask how the card stands."""
        card = self._reception.card_of(asked.patron_identifier)
        occasion = self._reception.occasion(session, card, asked.language)
        pin = self._reception.pins.sent(session, asked.patron_password)
        if session.terminal.kind == "gate":
            passing = Deferred.fromCoroutine(self._passage(session, card, pin))
            return passing.addCallback(self._passed, session, asked, occasion)

        def told(standing: Standing | Refused) -> Answered:
            shown = seen(session, card, standing)
            return by_seen(answer(occasion, asked, shown), shown)

        return self._reception.pins.standing(session, card, pin).addCallback(told)

    async def _passage(self, session: Session, card: str, pin: str | None) -> tuple[Passage, PinCheck]:
        """R12; at a gate with keys also the PIN."""
        if pin is None and not is_open(session, card):
            return Passage(False, refused=Refused(Reason.PIN_REQUIRED)), PinCheck.ABSENT
        if pin is not None:
            found = await self._reception.pins.standing(session, card, pin)
            if isinstance(found, Refused):
                return Passage(False, refused=found), PinCheck.ABSENT
            if found.pin is not PinCheck.RIGHT:
                return Passage(False, found, Refused(Reason.PIN_WRONG)), PinCheck.WRONG
        passage = await self._desk.patrons.gate(card, session.terminal.area)
        return passage, PinCheck.ABSENT if pin is None else PinCheck.RIGHT

    def _passed(
        self,
        found: tuple[Passage, PinCheck],
        session: Session,
        asked: m.PatronStatus | m.PatronInformation,
        occasion: patron_answers.Occasion,
    ) -> Answered:
        passage, pin = found
        if isinstance(asked, m.PatronInformation):
            response: Message = patron_answers.gate_information(occasion, asked, passage, pin)
        else:
            self._counters.gate_passed(session.terminal.area, "open" if passage.opens else "shut")
            response = patron_answers.gate(occasion, asked, passage, pin)
        return done(response) if passage.opens else refused(response, passage.reason)

    def _end_session(self, session: Session, asked: m.EndPatronSession) -> Deferred[Answered]:
        language = session.language_of()
        session.end_patron()
        response = m.EndSessionResponse(
            end_session=True,
            transaction_date=sip_date(self._wall_ms()),
            institution_id=self._voice.library,
            patron_identifier=asked.patron_identifier or "",
            screen_message=(texts.sentence("goodbye", language),),
        )
        return succeed(done(response))

    # --- money ---------------------------------------------------------------------------------------------

    def _fee_paid(self, session: Session, asked: m.FeePaid) -> Deferred[Answered]:
        amount_fen = minor_units(asked.fee_amount)
        if (asked.currency_type or "").strip().upper() not in YUAN:
            text = texts.sentence("foreign_currency", session.language_of())
            response = failed(asked, self._voice.library, self._wall_ms(), text)
            return succeed(refused(response, EdgeReason.FOREIGN_CURRENCY))
        if amount_fen is None or amount_fen <= 0:
            return succeed(self._reception.refuse(session, asked, Refused(Reason.BAD_AMOUNT)))
        payment = Payment(
            terminal=session.terminal.login,
            kiosk_date=asked.transaction_date or "",
            kiosk_at_ms=at_ms(asked.transaction_date),
            card=self._reception.card_of(asked.patron_identifier),
            amount_fen=amount_fen,
            method=asked.payment_type or "",
            number=(asked.transaction_id or "").strip(),
            fine=(asked.fee_identifier or "").strip(),
        )
        paying = Deferred.fromCoroutine(self._pay(session, asked, payment))
        return paying.addCallback(self._paid, session, asked, payment)

    async def _pay(self, session: Session, asked: m.FeePaid, payment: Payment) -> Told[PaymentAnswer]:
        """A PIN is checked if one was sent. The money has been taken already, so one that nobody can check now stops
        nothing."""
        pins = self._reception.pins
        pin = pins.sent(session, asked.patron_password)
        found = None if pin is None else await pins.standing(session, payment.card, pin)
        if isinstance(found, Refused) and found.reason is Reason.PIN_THROTTLED:
            return Told("", found, self._wall_ms())
        if isinstance(found, Standing) and found.pin is not PinCheck.RIGHT:
            return Told("", Refused(Reason.PIN_WRONG), self._wall_ms())
        return await self._desk.paying.pay(payment)

    def _paid(self, told: Told[PaymentAnswer], session: Session, asked: m.FeePaid, payment: Payment) -> Answered:
        told = replace(told, answer=payment_seen(session, payment.card, told.answer))
        response = self._voice.payment(asked, told, session.language_of(), self._reception.home(payment.card))
        if response.payment_accepted and not told.repeated:
            self._counters.fine_paid(payment.method, payment.amount_fen)
        return by_told(response, told)


def _code_of(request: Message) -> str:
    """As the table of kinds has it."""
    undoes = isinstance(request, m.Checkout) and bool(request.cancel)
    return UNDO_RETURN if undoes else request.command
