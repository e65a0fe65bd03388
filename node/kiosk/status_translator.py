"""Requests about the status of cards: block (01, answered by 24) and enable again (25, answered by 26)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from federation.contract import Reason, Refused, Standing
from node.kiosk import status_answers
from node.kiosk.answered import Answered, by_told, refused
from node.kiosk.reception import Reception
from node.kiosk.seen import seen
from node.kiosk.terminal import Session
from node.service.desk.blocking import StatusAnswer
from node.service.desk.kinds import Kind
from node.service.desk.memory import Told
from sip2 import Message
from sip2 import messages as m


class StatusTranslator:
    """Answers about the status of cards. The terminal's settings say what it may do."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._patrons = reception.desk.patrons
        self._blocking = reception.desk.blocking
        self.answers: dict[type[Message], Callable[[Session, Any], Deferred[Answered]]] = {
            m.BlockPatron: self._block,
            m.PatronEnable: self._enable,
        }

    def _block(self, session: Session, asked: m.BlockPatron) -> Deferred[Answered]:
        if not session.terminal.may_block:
            return self._refused_block(session, asked)
        card = self._reception.card_of(asked.patron_identifier)
        ask = self._reception.ask(session, asked, Kind.BLOCK, card, extra=str(bool(asked.card_retained)))
        told = self._blocking.block(ask, retained=bool(asked.card_retained), message=asked.blocked_card_msg or "")
        return told.addCallback(self._blocked, session, asked, card)

    def _blocked(
        self, told: Told[StatusAnswer], session: Session, asked: m.BlockPatron, card: str
    ) -> Answered | Deferred[Answered]:
        occasion = self._reception.occasion(session, card, None)
        if isinstance(told.answer, Refused):
            return by_told(status_answers.blocked(occasion, asked, told.answer), told)

        def then(standing: Standing | Refused) -> Answered:
            response = status_answers.blocked(occasion, asked, seen(session, card, standing))
            if isinstance(standing, Refused) and standing.reason is Reason.UNKNOWN_CARD:
                return refused(response, standing.reason, told.op)  # the home knows no such card
            return by_told(response, told)

        return self._patrons.standing(card, None).addCallback(then)

    def _refused_block(self, session: Session, asked: m.BlockPatron) -> Deferred[Answered]:
        """Answered with the status unchanged (reference 2.4)."""
        card = self._reception.card_of(asked.patron_identifier)
        occasion = self._reception.occasion(session, card, None)
        found = self._patrons.standing(card, None)
        why = Refused(Reason.STAFF_ONLY)
        return found.addCallback(
            lambda standing: refused(
                status_answers.not_blocked(occasion, asked, seen(session, card, standing), why), why.reason
            )
        )

    def _enable(self, session: Session, asked: m.PatronEnable) -> Deferred[Answered]:
        return Deferred.fromCoroutine(self._enabled(session, asked))

    async def _enabled(self, session: Session, asked: m.PatronEnable) -> Answered:
        """A PIN that was sent is checked first: whoever does not know it gets no card back."""
        card = self._reception.card_of(asked.patron_identifier)
        occasion = self._reception.occasion(session, card, None)
        pin = self._reception.pins.sent(session, asked.patron_password)
        found = await self._reception.pins.standing(session, card, pin)
        why = None if pin is None else status_answers.pin_not_right(found)
        if not session.terminal.may_enable:
            why = Refused(Reason.STAFF_ONLY)
        if why is not None:
            return refused(status_answers.enabled(occasion, asked, seen(session, card, found), why), why.reason)
        told = await self._blocking.enable(self._reception.ask(session, asked, Kind.ENABLE, card))
        standing = status_answers.with_pin_of(found, await self._patrons.standing(card, None))
        denied = told.answer if isinstance(told.answer, Refused) else status_answers.still_denied(standing)
        response = status_answers.enabled(occasion, asked, seen(session, card, standing), denied)
        if denied is None or denied is told.answer:
            return by_told(response, told)
        return refused(response, denied.reason, told.op)
