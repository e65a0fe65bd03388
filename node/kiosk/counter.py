"""From SIP2 requests to the desk and back: one method a message, one well-formed answer to each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from twisted.internet.defer import Deferred, succeed

from federation.contract import (
    ItemDecision,
    ItemQuestion,
    NotPermitted,
    PeerUnreachable,
    PinCheck,
    Reason,
    Refused,
    Standing,
)
from node.domain.calendar import SHANGHAI
from node.kiosk import patron_answers, texts
from node.kiosk.answers import Voice, sip_date
from node.kiosk.failures import failed
from node.kiosk.terminal import Session, Terminal
from node.kiosk.throttle import PinThrottle
from node.service.lending import Lending
from node.service.memory import Ask, Told
from node.service.patrons import Passage, Patrons
from node.service.paying import Paying, Payment
from node.service.returning import Returning
from node.service.routes import Nobody, Routes
from sip2 import Message
from sip2 import messages as m
from sip2.amounts import minor_units
from sip2.codes import supported_messages
from sip2.dates import parse

SUPPORTED = ("23", "11", "09", "99", "97", "93", "63", "35", "37", "17", "29")
MAX_BARCODE = 64
DESCRIBE_S = 2.5


class PasswordVerifier(Protocol):
    def verify(self, hashed: str, secret: str) -> Deferred[bool]: ...


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


def at_ms(date: str | None) -> int | None:
    """A kiosk's 18 characters as an instant; None if they are none."""
    moment = parse(date, SHANGHAI)
    return None if moment is None else int(moment.timestamp() * 1000)


class Counter:
    """Answers requests of any connection; what a connection remembers is in its `Session`."""

    def __init__(
        self,
        house: House,
        voice: Voice,
        *,
        terminals: Mapping[str, Terminal],
        passwords: PasswordVerifier,
        routes: Routes,
        lending: Lending,
        returning: Returning,
        paying: Paying,
        patrons: Patrons,
        wall_ms: Callable[[], int],
        counters: Counters,
        throttle: PinThrottle,
    ) -> None:
        self._house = house
        self._throttle = throttle
        self._voice = voice
        self._terminals = terminals
        self._passwords = passwords
        self._routes = routes
        self._lending = lending
        self._returning = returning
        self._paying = paying
        self._patrons = patrons
        self._wall_ms = wall_ms
        self._counters = counters
        self._answers: dict[type[Message], Callable[[Session, Any], Deferred[Any]]] = {
            m.Login: self._login,
            m.ScStatus: self._sc_status,
            m.PatronStatus: self._patron_status,
            m.PatronInformation: self._patron_information,
            m.Checkout: self._checkout,
            m.Checkin: self._checkin,
            m.Renew: self._renew,
            m.FeePaid: self._fee_paid,
            m.ItemInformation: self._item_information,
            m.EndPatronSession: self._end_session,
        }

    def answer(self, session: Session, request: Message) -> Deferred[Message]:
        """The response. Errors are accidents; the connection answers them with `failed`."""
        answer = self._answers.get(type(request))
        if answer is None:
            return succeed(self.failed(session, request, Refused(Reason.NOT_SUPPORTED)))
        if self._login_required(session) and not isinstance(request, m.Login | m.ScStatus):
            text = texts.sentence("login_required", session.language_of(getattr(request, "language", None)))
            return succeed(failed(request, self._voice.library, self._wall_ms(), text))
        return answer(session, request)

    def _login_required(self, session: Session) -> bool:
        required = self._house.login_required if session.login_required is None else session.login_required
        return required and not session.logged_in

    def failed(self, session: Session, request: Message, refused: Refused) -> Message:
        """The refusal of any request, with all its fields."""
        language = session.language_of(getattr(request, "language", None))
        return failed(request, self._voice.library, self._wall_ms(), self._voice.refusal(refused, language))

    # --- the terminal itself -------------------------------------------------------------------------------

    def _login(self, session: Session, asked: m.Login) -> Deferred[m.LoginResponse]:
        session.logout()
        terminal = self._terminals.get(asked.login_user_id or "")
        if not asked.uid_algorithm == asked.pwd_algorithm == "0":
            return succeed(m.LoginResponse(ok=False))

        def checked(right: bool) -> m.LoginResponse:
            if right and terminal is not None:
                session.login(terminal)
            return m.LoginResponse(ok=right and terminal is not None)

        # An unknown login is checked as well, against nothing: it takes as long as a wrong password.
        hashed = "" if terminal is None else terminal.password_hash
        return self._passwords.verify(hashed, asked.login_password or "").addCallback(checked)

    def _sc_status(self, session: Session, asked: m.ScStatus) -> Deferred[m.AcsStatus]:
        """98 says whether the database can be written: a kiosk must not go on if nothing would be kept."""
        spoken = (asked.protocol_version or "2").lstrip()[:1] >= "2"
        online = self._house.writable() and spoken
        text = texts.sentence("welcome" if spoken else "old_version", session.language_of())
        return succeed(
            m.AcsStatus(
                online_status=online,
                checkin_ok=online,
                checkout_ok=online,
                acs_renewal_policy=online,
                status_update_ok=False,
                offline_ok=self._house.offline_ok and online,
                timeout_period=self._house.timeout_tenths if online else 0,
                retries_allowed=self._house.retries if online else 0,
                date_time_sync=sip_date(self._wall_ms()),
                institution_id=self._voice.library,
                library_name=self._house.name,
                supported_messages=supported_messages(SUPPORTED),
                terminal_location=session.terminal.location or None,
                screen_message=(text,),
            )
        )

    # --- readers -------------------------------------------------------------------------------------------

    def _pin(self, session: Session, sent: str | None) -> str | None:
        """The PIN to check: none if the terminal does not ask for one, or if none was sent."""
        return None if session.terminal.pin == "ignored" or not sent else sent

    def _standing(self, session: Session, card: str, pin: str | None) -> Deferred[Standing | Refused]:
        """How the card stands; a PIN is checked only as often as the throttle lets this terminal ask."""
        terminal = session.terminal.login
        if pin is None:
            return self._patrons.standing(card, None)
        if not self._throttle.admits(terminal, card):
            return succeed(Refused(Reason.PIN_THROTTLED))

        def told(found: Standing | Refused) -> Standing | Refused:
            if isinstance(found, Standing) and found.pin is PinCheck.RIGHT:
                self._throttle.right(terminal, card)
            elif isinstance(found, Refused) and found.reason is not Reason.UNKNOWN_CARD:
                self._throttle.unchecked(terminal, card)
            return found

        return self._patrons.standing(card, pin).addCallback(told)

    def _occasion(self, session: Session, card: str, language: str | None) -> patron_answers.Occasion:
        return patron_answers.Occasion(
            self._voice, session.language_of(language), self._wall_ms(), self._home(card), session.terminal.dialect
        )

    def _home(self, card: str) -> str:
        home = self._routes.home_of(card)
        return home if isinstance(home, str) else ""

    def _seen(self, session: Session, card: str, found: Standing | Refused) -> Standing | Refused:
        """Remember a right PIN for the rest of the session; ask for one where the terminal requires it."""
        if isinstance(found, Refused):
            return found
        if found.pin is PinCheck.RIGHT:
            session.verified_card = card
        required = session.terminal.pin == "required" and session.verified_card != card
        if required and found.pin is PinCheck.ABSENT:
            return Refused(Reason.PIN_REQUIRED)
        return found

    def _patron_status(self, session: Session, asked: m.PatronStatus) -> Deferred[m.PatronStatusResponse]:
        card = (asked.patron_identifier or "").strip()
        occasion = self._occasion(session, card, asked.language)
        if session.terminal.kind == "gate":
            return self._patrons.gate(card, session.terminal.area).addCallback(self._passed, session, asked, occasion)
        found = self._standing(session, card, self._pin(session, asked.patron_password))
        return found.addCallback(
            lambda standing: patron_answers.status(occasion, asked, self._seen(session, card, standing))
        )

    def _passed(
        self, passage: Passage, session: Session, asked: m.PatronStatus, occasion: patron_answers.Occasion
    ) -> m.PatronStatusResponse:
        self._counters.gate_passed(session.terminal.area, "open" if passage.opens else "shut")
        return patron_answers.gate(occasion, asked, passage)

    def _patron_information(
        self, session: Session, asked: m.PatronInformation
    ) -> Deferred[m.PatronInformationResponse]:
        card = (asked.patron_identifier or "").strip()
        occasion = self._occasion(session, card, asked.language)
        found = self._standing(session, card, self._pin(session, asked.patron_password))
        return found.addCallback(
            lambda standing: patron_answers.information(occasion, asked, self._seen(session, card, standing))
        )

    def _end_session(self, session: Session, asked: m.EndPatronSession) -> Deferred[m.EndSessionResponse]:
        language = session.language_of()
        session.end_patron()
        return succeed(
            m.EndSessionResponse(
                end_session=True,
                transaction_date=sip_date(self._wall_ms()),
                institution_id=self._voice.library,
                patron_identifier=asked.patron_identifier or "",
                screen_message=(texts.sentence("goodbye", language),),
            )
        )

    # --- items ---------------------------------------------------------------------------------------------

    def _checkout(self, session: Session, asked: m.Checkout) -> Deferred[Any]:
        if asked.no_block or asked.cancel:
            return succeed(self.failed(session, asked, Refused(Reason.NOT_SUPPORTED)))
        ask = self._ask(session, asked, asked.patron_identifier)
        told = self._with_pin(session, ask, asked.patron_password, self._lending.checkout)
        return told.addCallback(
            lambda done: self._voice.checkout(asked, done, session.language_of(), self._home(ask.card))
        )

    def _renew(self, session: Session, asked: m.Renew) -> Deferred[Any]:
        if asked.no_block or not (asked.item_identifier or "").strip():
            return succeed(self.failed(session, asked, Refused(Reason.NOT_SUPPORTED)))
        ask = self._ask(session, asked, asked.patron_identifier)
        told = self._with_pin(session, ask, asked.patron_password, self._lending.renew)
        return told.addCallback(
            lambda done: self._voice.renewal(asked, done, session.language_of(), self._home(ask.card))
        )

    def _checkin(self, session: Session, asked: m.Checkin) -> Deferred[Any]:
        if asked.cancel:
            # BI undoes a checkout that failed at the kiosk: to take it for a return would lose the difference.
            return succeed(self.failed(session, asked, Refused(Reason.NOT_SUPPORTED)))
        ask = self._ask(session, asked, "")
        told = self._returning.checkin(ask, takes_everything=session.terminal.takes_everything, no_block=asked.no_block)
        return told.addCallback(lambda done: self._voice.checkin(asked, done, session.language_of()))

    def _with_pin(
        self, session: Session, ask: Ask, sent: str | None, operate: Callable[[Ask], Deferred[Told]]
    ) -> Deferred[Told]:
        """A PIN is checked by the card's home before anything else, once a session."""
        pin = self._pin(session, sent)
        if session.verified_card == ask.card or (pin is None and session.terminal.pin != "required"):
            return operate(ask)
        if pin is None:
            return succeed(Told("", Refused(Reason.PIN_REQUIRED), self._wall_ms()))

        def checked(found: Standing | Refused) -> Told | Deferred[Told]:
            if isinstance(found, Standing) and found.pin is PinCheck.RIGHT:
                session.verified_card = ask.card
                return operate(ask)
            if isinstance(found, Refused):
                return self._lending.refuse(ask, found)
            return Told("", Refused(Reason.PIN_WRONG), self._wall_ms())

        return self._standing(session, ask.card, pin).addCallback(checked)

    def _ask(self, session: Session, asked: Any, card: str | None) -> Ask:
        return Ask(
            message=asked.command,
            terminal=session.terminal.login,
            kiosk_date=asked.transaction_date or "",
            kiosk_at_ms=at_ms(asked.transaction_date),
            card=(card or "").strip(),
            barcode=(asked.item_identifier or "").strip()[:MAX_BARCODE],
        )

    def _item_information(self, session: Session, asked: m.ItemInformation) -> Deferred[m.ItemInformationResponse]:
        barcode = (asked.item_identifier or "").strip()[:MAX_BARCODE]
        found = Deferred.fromCoroutine(self._describe(barcode))
        return found.addCallback(lambda view: self._voice.item(asked, view, self._wall_ms(), session.language_of()))

    async def _describe(self, barcode: str) -> ItemDecision:
        owner: str | Refused | Nobody | None = self._routes.owner_by_prefix(barcode)
        if owner is None:
            owner = await self._routes.owner_of(barcode)
        if isinstance(owner, Nobody):
            return Refused(Reason.UNKNOWN_ITEM)
        if isinstance(owner, Refused):
            return owner
        try:
            return await self._routes.library(owner).describe(ItemQuestion(barcode, self._routes.here), DESCRIBE_S)
        except (PeerUnreachable, NotPermitted):
            return Refused(Reason.OWNER_UNREACHABLE, library=owner)

    # --- money ---------------------------------------------------------------------------------------------

    def _fee_paid(self, session: Session, asked: m.FeePaid) -> Deferred[Any]:
        amount_fen = minor_units(asked.fee_amount)
        if amount_fen is None or amount_fen <= 0 or (asked.currency_type or "CNY") != "CNY":
            return succeed(self.failed(session, asked, Refused(Reason.BAD_AMOUNT)))
        payment = Payment(
            terminal=session.terminal.login,
            kiosk_date=asked.transaction_date or "",
            kiosk_at_ms=at_ms(asked.transaction_date),
            card=(asked.patron_identifier or "").strip(),
            amount_fen=amount_fen,
            method=asked.payment_type or "",
            number=(asked.transaction_id or "").strip(),
            fine=(asked.fee_identifier or "").strip(),
        )
        return self._paying.pay(payment).addCallback(self._paid, session, asked, payment)

    def _paid(self, told: Told, session: Session, asked: m.FeePaid, payment: Payment) -> m.FeePaidResponse:
        response = self._voice.payment(asked, told, session.language_of(), self._home(payment.card))
        if response.payment_accepted and not told.repeated:
            self._counters.fine_paid(payment.method, payment.amount_fen)
        return response
