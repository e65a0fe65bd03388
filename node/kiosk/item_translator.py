"""Requests about items: lend, take back, renew, renew all, reserve, describe, keep properties.

What a kiosk did off line (no block) and what failed after its answer (BI) are facts, and go to the journal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from twisted.internet.defer import Deferred, succeed

from federation.contract import (
    HoldMode,
    ItemDecision,
    ItemQuestion,
    NotPermitted,
    PeerUnreachable,
    PinCheck,
    Reason,
    Refused,
    Route,
    Standing,
    TakenBack,
)
from node.domain.calendar import civil_date
from node.kiosk import item_answers
from node.kiosk.answered import Answered, by_decision, by_told
from node.kiosk.answers import NO_PEOPLE, CheckinAnswer, CheckoutAnswer, People, RenewalAnswer
from node.kiosk.reception import Reception, at_ms
from node.kiosk.seen import is_open, seen
from node.kiosk.terminal import Session
from node.service.desk.authorities import Undecided
from node.service.desk.item_name import ItemName
from node.service.desk.kinds import OFF_LINE, Kind
from node.service.desk.memory import Ask, Told
from node.service.desk.operations import Checkout, Hold, Operation, Renewal
from sip2 import Message
from sip2 import messages as m
from sip2.tailoring import masked

DESCRIBE_S = 2.5
MAX_TEXT = 255

_MODES = {"+": HoldMode.PLACE, "-": HoldMode.DELETE, "*": HoldMode.CHANGE}


def day_of(sent: str | None) -> date | None:
    """The civil date of a kiosk's 18 characters; None if they are none."""
    moment_ms = at_ms(sent)
    return None if moment_ms is None else civil_date(moment_ms)


class ItemTranslator:
    """Answers about items; `people(hold_reader, loan)`: this library's own reader for whom a copy is kept, and the
    one who had a loan."""

    def __init__(self, reception: Reception, people: Callable[[str, str], Deferred[People]]) -> None:
        self._reception = reception
        self._voice = reception.voice
        self._desk = reception.desk
        self._people = people
        self.answers: dict[type[Message], Callable[[Session, Any], Deferred[Answered]]] = {
            m.Checkout: self._checkout,
            m.Checkin: self._checkin,
            m.Renew: self._renew,
            m.RenewAll: self._renew_all,
            m.Hold: self._hold,
            m.ItemInformation: self._item_information,
            m.ItemStatusUpdate: self._item_status_update,
        }

    def _not_supported(self, session: Session, asked: Message) -> Deferred[Answered]:
        return succeed(self._reception.refuse(session, asked, Refused(Reason.NOT_SUPPORTED)))

    # --- lend and take back ------------------------------------------------------------------------------------

    def _checkout(self, session: Session, asked: m.Checkout) -> Deferred[Answered]:
        home = self._reception.home(self._reception.card_of(asked.patron_identifier))
        told = Deferred.fromCoroutine(self._lend(session, asked))
        return told.addCallback(
            lambda done: by_told(self._voice.checkout(asked, done, session.language_of(), home), done)
        )

    async def _lend(self, session: Session, asked: m.Checkout) -> Told[CheckoutAnswer]:
        reception = self._reception
        card, item = reception.card_of(asked.patron_identifier), reception.item_of(asked.item_identifier)
        if asked.cancel:
            return await self._desk.journal.undo_return(reception.ask(session, asked, Kind.CANCEL_RETURN, card, item))
        if asked.no_block:
            ask = await self._off_line(session, asked, Kind.CHECKOUT, item)
            return await self._desk.journal.lent(ask, day_of(asked.nb_due_date))
        renews = bool(asked.sc_renewal_policy) and session.terminal.renew_on_checkout
        ask = reception.ask(session, asked, Kind.CHECKOUT, card, item, renews=renews)
        return await self._operate(session, asked, Checkout(ask))

    async def _off_line(self, session: Session, asked: m.Checkout | m.Renew, kind: Kind, item: ItemName) -> Ask:
        """What a reader did off line is taken whatever it lacks, and staff are to look at that."""
        card = self._reception.card_of(asked.patron_identifier)
        proven = await self._reception.is_proven(session, card, asked.patron_password)
        facts: dict[str, Any] = {"extra": OFF_LINE, "lasting": True, "not_proven": not proven}
        facts["not_offered"] = not self._reception.may_be_off_line(session)
        return self._reception.ask(session, asked, kind, card, item, **facts)

    def _operate(self, session: Session, asked: Any, operation: Operation[Any, Any]) -> Deferred[Told[Any]]:
        """After the PIN, if one was sent."""
        return self._reception.with_pin(
            session, operation.ask, asked.patron_password, lambda: self._desk.lending.operate(operation)
        )

    def _checkin(self, session: Session, asked: m.Checkin) -> Deferred[Answered]:
        told = Deferred.fromCoroutine(self._take_back(session, asked))
        return told.addCallback(self._with_people, session).addCallback(
            lambda found: by_told(self._voice.checkin(asked, found[0], session.language_of(), found[1]), found[0])
        )

    async def _take_back(self, session: Session, asked: m.Checkin) -> Told[CheckinAnswer]:
        item = self._reception.item_of(asked.item_identifier)
        if asked.cancel:
            # BI undoes a checkout that failed at the kiosk. It must not be recorded as a return.
            ask = self._reception.ask(session, asked, Kind.CANCEL_CHECKOUT, "", item)
            return await self._desk.journal.undo_checkout(ask)
        return await self._desk.returning.checkin(
            self._returned(session, asked, item),
            takes_everything=session.terminal.takes_everything,
            no_block=asked.no_block,
        )

    def _returned(self, session: Session, asked: m.Checkin, item: ItemName) -> Ask:
        if not asked.no_block:
            told_ms = at_ms(asked.return_date) if session.terminal.tells_return_date else None
            return self._reception.ask(session, asked, Kind.RETURN, "", item, returned_at_ms=told_ms)
        # off line the return date says when the item came back (reference 2.3)
        moment_ms = at_ms(asked.return_date) or at_ms(asked.transaction_date)
        facts: dict[str, Any] = {"kiosk_at_ms": moment_ms, "extra": OFF_LINE, "lasting": True}
        facts["not_offered"] = not self._reception.may_be_off_line(session)
        return self._reception.ask(session, asked, Kind.RETURN, "", item, **facts)

    def _with_people(self, told: Told[CheckinAnswer], session: Session) -> Deferred[tuple[Told[CheckinAnswer], People]]:
        """DA, CY, AA: own readers alone. Another library's reader has neither name nor number here."""
        taken, terminal = told.answer, session.terminal
        if not isinstance(taken, TakenBack):
            return succeed((told, NO_PEOPLE))
        hold_reader = taken.hold_reader if self._is_kept_for_own(taken) else ""
        loan = taken.loan if session.dialect.checkin_patron else ""
        if not hold_reader and not loan:
            return succeed((told, NO_PEOPLE))

        def shown(people: People) -> tuple[Told[CheckinAnswer], People]:
            if not terminal.prints_hold_slips:
                people = replace(people, hold_card="", hold_name=masked(people.hold_name))
            if not is_open(session, people.borrower_card):
                people = replace(people, borrower_card="")
            return told, people

        return self._people(hold_reader, loan).addCallback(shown)

    def _is_kept_for_own(self, taken: TakenBack) -> bool:
        return taken.route in (Route.HOLD_HERE, Route.HOLD_ELSEWHERE) and taken.hold_home == self._voice.library

    # --- renew -------------------------------------------------------------------------------------------------

    def _renew(self, session: Session, asked: m.Renew) -> Deferred[Answered]:
        card, item = self._reception.card_of(asked.patron_identifier), self._reception.item_of(asked.item_identifier)
        if item.barcode:
            return self._renew_item(session, asked, card, item)
        if not (asked.title_identifier or "").strip():
            return self._not_supported(session, asked)
        pins = self._reception.pins
        found = pins.standing(session, card, pins.sent(session, asked.patron_password))
        return found.addCallback(self._renew_title, session, asked, card)

    def _renew_title(
        self, found: Standing | Refused, session: Session, asked: m.Renew, card: str
    ) -> Answered | Deferred[Answered]:
        """A title without an item: the one that this reader has on loan."""
        shown = seen(session, card, found)
        if isinstance(shown, Refused):
            return self._reception.refuse(session, asked, shown)
        if shown.pin is PinCheck.WRONG:
            return self._reception.refuse(session, asked, Refused(Reason.PIN_WRONG))
        title = (asked.title_identifier or "").strip()
        loans = [loan for loan in shown.standing.loans if loan.title == title]
        if not loans:
            return self._reception.refuse(session, asked, Refused(Reason.NOT_BORROWER))
        item = self._reception.authorities.item_at(loans[0].owner, loans[0].barcode)
        return self._renew_item(session, asked, card, item)

    def _renew_item(self, session: Session, asked: m.Renew, card: str, item: ItemName) -> Deferred[Answered]:
        home = self._reception.home(card)
        told = Deferred.fromCoroutine(self._renewed(session, asked, card, item))
        return told.addCallback(
            lambda done: by_told(self._voice.renewal(asked, done, session.language_of(), home), done)
        )

    async def _renewed(self, session: Session, asked: m.Renew, card: str, item: ItemName) -> Told[RenewalAnswer]:
        reception = self._reception
        if asked.no_block:
            ask = await self._off_line(session, asked, Kind.RENEWAL, item)
            return await self._desk.journal.renewed(ask, day_of(asked.nb_due_date))
        ask = reception.ask(session, asked, Kind.RENEWAL, card, item)
        return await self._operate(session, asked, Renewal(ask))

    def _renew_all(self, session: Session, asked: m.RenewAll) -> Deferred[Answered]:
        ask = self._reception.ask(session, asked, Kind.RENEW_ALL, self._reception.card_of(asked.patron_identifier))
        told = self._reception.with_pin(
            session, ask, asked.patron_password, lambda: self._desk.renewing_all.renew_all(ask)
        )
        home = self._reception.home(ask.card)
        return told.addCallback(
            lambda done: by_told(item_answers.all_renewed(self._voice, done, session.language_of(), home), done)
        )

    # --- reserve -----------------------------------------------------------------------------------------------

    def _hold(self, session: Session, asked: m.Hold) -> Deferred[Answered]:
        mode = _MODES.get(asked.hold_mode or "+", HoldMode.PLACE)
        reception, title = self._reception, (asked.title_identifier or "").strip()[:MAX_TEXT]
        card, item = reception.card_of(asked.patron_identifier), reception.item_of(asked.item_identifier)
        if not item.barcode and not title:
            return self._not_supported(session, asked)
        unchanged = mode is not HoldMode.PLACE and not (asked.pickup_location or "").strip()
        pickup = "" if unchanged else reception.authorities.pickup_of(asked.pickup_location)
        expires_on = day_of(asked.expiration_date)
        # without the item: a hold does nothing to it, so the memory need not ask what else was done with it
        extra = "\x1f".join((mode, item.key, title, pickup, str(expires_on)))
        ask = reception.ask(session, asked, Kind.HOLD, card, extra=extra)
        told = self._operate(session, asked, Hold(ask, mode, item, title, pickup, expires_on))
        home = self._reception.home(ask.card)
        return told.addCallback(
            lambda done: by_told(item_answers.hold(self._voice, asked, done, session.language_of(), home), done)
        )

    # --- describe and keep -------------------------------------------------------------------------------------

    def _item_information(self, session: Session, asked: m.ItemInformation) -> Deferred[Answered]:
        found = Deferred.fromCoroutine(self._describe(self._reception.item_of(asked.item_identifier)))
        now_ms = self._reception.wall_ms()
        return found.addCallback(
            lambda view: by_decision(self._voice.item(asked, view, now_ms, session.language_of()), view)
        )

    async def _describe(self, item: ItemName) -> ItemDecision:
        authorities = self._reception.authorities
        owner = await authorities.find_owner(item)
        if isinstance(owner, Undecided):
            return Refused(Reason.UNKNOWN_ITEM)
        if isinstance(owner, Refused):
            return owner
        try:
            return await authorities.library(owner).describe(ItemQuestion(item.barcode, authorities.here), DESCRIBE_S)
        except (PeerUnreachable, NotPermitted):
            return Refused(Reason.OWNER_UNREACHABLE, library=owner)

    def _item_status_update(self, session: Session, asked: m.ItemStatusUpdate) -> Deferred[Answered]:
        item, properties = self._reception.item_of(asked.item_identifier), (asked.item_properties or "")[:MAX_TEXT]
        ask = self._reception.ask(session, asked, Kind.KEEP, "", extra=f"{item.key}\x1f{properties}")
        told = self._desk.journal.keep(ask, item, properties)
        return told.addCallback(
            lambda done: by_told(item_answers.kept(self._voice, asked, done, session.language_of()), done)
        )
