"""The reader at the terminal: card, PIN, language. Also the refusal of what this terminal cannot do.

All translators share it. `pins.py` says how long a right PIN holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred

from federation.contract import PinCheck, Reason, Refused, Standing
from node.domain.calendar import SHANGHAI
from node.kiosk import answered
from node.kiosk.answered import Answered
from node.kiosk.answers import Voice
from node.kiosk.failures import failed
from node.kiosk.patron_answers import Occasion
from node.kiosk.pins import Pins
from node.kiosk.seen import is_open
from node.kiosk.terminal import Session
from node.service.desk.authorities import Authorities
from node.service.desk.composing import Desk
from node.service.desk.item_name import ItemName
from node.service.desk.kinds import Kind
from node.service.desk.memory import Ask, Told
from sip2 import Message
from sip2.dates import parse

MAX_BARCODE = 64
NO_ITEM = ItemName("")


def at_ms(date: str | None) -> int | None:
    """A kiosk's 18 characters as an instant; None if they are none."""
    moment = parse(date, SHANGHAI)
    return None if moment is None else int(moment.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Reception:
    """What all translators need to know about a session."""

    voice: Voice
    desk: Desk
    pins: Pins
    offline_ok: bool

    @property
    def authorities(self) -> Authorities:
        return self.desk.branch.authorities

    def wall_ms(self) -> int:
        return self.desk.branch.wall_ms()

    def failed(self, session: Session, request: Message, refused: Refused) -> Message:
        """The refusal of any request, with all its fields."""
        language = session.language_of(getattr(request, "language", None))
        return failed(request, self.voice.library, self.wall_ms(), self.voice.refusal(refused, language))

    def refuse(self, session: Session, request: Message, refused: Refused) -> Answered:
        """The refusal of a request that the counter decides by itself."""
        return answered.refused(self.failed(session, request, refused), refused.reason)

    def card_of(self, sent: str | None) -> str:
        """The card's number, without the institution code that RFID kiosks send in front of it."""
        return self.authorities.card_of((sent or "").strip())

    def item_of(self, sent: str | None) -> ItemName:
        """The item that is meant; its barcode is "" where none was sent."""
        return self.authorities.item_of((sent or "").strip()[:MAX_BARCODE])

    def home(self, card: str) -> str:
        """The code of the card's home, "" if it is nobody's."""
        home = self.authorities.home_of(card)
        return home if isinstance(home, str) else ""

    def occasion(self, session: Session, card: str, language: str | None) -> Occasion:
        return Occasion(self.voice, session.language_of(language), self.wall_ms(), self.home(card), session.dialect)

    def ask(self, session: Session, asked: Any, kind: Kind, card: str, item: ItemName = NO_ITEM, **more: Any) -> Ask:
        """The request as the desk knows it. `card`, `item`: from `card_of` and `item_of`."""
        return Ask(
            **{
                "kind": kind,
                "terminal": session.terminal.login,
                "kiosk_date": asked.transaction_date or "",
                "kiosk_at_ms": at_ms(asked.transaction_date),
                "card": card,
                "barcode": item.barcode,
                "named": item.named,
                "fee_acknowledged": bool(getattr(asked, "fee_acknowledged", None)),
                "arrived_at_ms": self.wall_ms(),
                **more,
            }
        )

    # --- PINs --------------------------------------------------------------------------------------------------

    def noticed(self, session: Session, request: Message) -> None:
        """A request of a reader has come."""
        self.pins.noticed(session, self.card_of(getattr(request, "patron_identifier", None)))

    def may_be_off_line(self, session: Session) -> bool:
        """Whether this terminal was told so (98)."""
        told = session.terminal.dialect.offline_ok
        return self.offline_ok if told is None else told

    async def is_proven(self, session: Session, card: str, sent: str | None) -> bool:
        """Whether the PIN that was sent is right; without one, whether the terminal does without."""
        pin = self.pins.sent(session, sent)
        if pin is None:
            return session.terminal.pin != "required"
        if self.pins.is_same(session, card, pin):
            return True
        found = await self.pins.standing(session, card, pin)
        return isinstance(found, Standing) and found.pin is PinCheck.RIGHT

    def with_pin(
        self, session: Session, ask: Ask, sent: str | None, operate: Callable[[], Deferred[Told[Any]]]
    ) -> Deferred[Told[Any]]:
        """A PIN that was sent is checked by the card's home before anything else."""
        return Deferred.fromCoroutine(self._with_pin(session, ask, self.pins.sent(session, sent), operate))

    async def _with_pin(
        self, session: Session, ask: Ask, pin: str | None, operate: Callable[[], Deferred[Told[Any]]]
    ) -> Told[Any]:
        if pin is None and not is_open(session, ask.card):
            return Told("", Refused(Reason.PIN_REQUIRED), self.wall_ms())
        if pin is None or self.pins.is_same(session, ask.card, pin):
            return await operate()
        found = await self.pins.standing(session, ask.card, pin)
        if isinstance(found, Refused):
            return await self.desk.lending.refuse(ask, found)
        if found.pin is not PinCheck.RIGHT:
            return Told("", Refused(Reason.PIN_WRONG), self.wall_ms())
        return await operate()
