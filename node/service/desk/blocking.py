"""The desk blocks cards and enables them again (at a kiosk: SIP2 01 and 25), at the card's home.

A block is a fact: durable here, delivered to the home for ever; from this moment the card is denied at this branch,
whether or not its home has heard of it. Enabling needs the home: it is a permission, not a fact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from twisted.internet.defer import Deferred

from federation.contract import CardBlocked, CardEnabled, Reason, Refused, Standing
from node.domain.staff import StaffKind
from node.service.books import Books, key_of
from node.service.delivery.courier import Courier
from node.service.desk.authorities import Authorities
from node.service.desk.memory import Ask, Begun, Fresh, KioskMemory, Told
from node.service.desk.patrons import Patrons
from node.service.desk.results import StatusChanged
from node.service.staff import call_staff
from node.storage.desk import denied
from node.storage.sqlite import Store
from node.storage.transaction import Tx

T = TypeVar("T")

MAX_MESSAGE = 255


class Blocking:
    """The status of cards, from the terminals of this branch."""

    def __init__(
        self,
        books: Books,
        store: Store,
        courier: Courier,
        *,
        authorities: Authorities,
        memory: KioskMemory,
        patrons: Patrons,
        wall_ms: Callable[[], int],
    ) -> None:
        self._books = books
        self._store = store
        self._courier = courier
        self._authorities = authorities
        self._memory = memory
        self._patrons = patrons
        self._wall_ms = wall_ms

    def block(self, ask: Ask, *, retained: bool, message: str) -> Deferred[Told]:
        """`Told.answer` is StatusChanged, or Refused if the card is nobody's. A card that the machine kept is on the
        list for staff in any case."""
        home = self._authorities.home_of(ask.card)

        def work(tx: Tx) -> Told:
            begun = self._memory.begin(tx, ask)
            if isinstance(begun, Told):
                return begun
            assert isinstance(begun, Fresh), "a block is taken down in one transaction"
            if retained:
                self._for_staff(tx, begun.op, ask)
            if isinstance(home, Refused) or self._is_nobodys(tx, home, ask.card):
                return self._memory.told_at_once(tx, ask, begun, Refused(Reason.UNKNOWN_CARD))
            here = self._books.library
            notice = CardBlocked(begun.op, ask.card, here, begun.asked_at_ms, retained, message[:MAX_MESSAGE])
            self._books.post(tx, home, notice)
            if home != here:
                digest = self._memory.card_digest(ask.card)
                denied.deny(tx, op=begun.op, card_digest=digest, home=home, outbox_key=key_of(notice))
            return self._memory.told_at_once(tx, ask, begun, StatusChanged(begun.op))

        return self._write("block", work)

    def _is_nobodys(self, tx: Tx, home: str, card: str) -> bool:
        return home == self._books.library and self._books.home.reader_of(tx, card) is None

    def _for_staff(self, tx: Tx, op: str, ask: Ask) -> None:
        """The last digits tell the person who opens the machine which card it is."""
        detail = f"*{ask.card[-4:]}"
        call_staff(tx, StaffKind.CARD_RETAINED, op=op, at_ms=self._wall_ms(), terminal=ask.terminal, detail=detail)

    def enable(self, ask: Ask) -> Deferred[Told]:
        """`Told.answer` is StatusChanged, or Refused if the home can't be asked. Away from the home only a block that
        a terminal made is ended: the standing tells what came of it."""
        return Deferred.fromCoroutine(self._enable(ask))

    async def _enable(self, ask: Ask) -> Told:
        def first(tx: Tx) -> Begun:
            begun = self._memory.begin(tx, ask)
            if isinstance(begun, Fresh):
                self._memory.asked(tx, ask, begun, "")
            return begun

        begun = await self._write("enable", first)
        if isinstance(begun, Told):
            return begun
        notice = CardEnabled(begun.op, ask.card, self._books.library, self._wall_ms())
        found = await self._patrons.standing(ask.card, None, (notice,))
        answer = StatusChanged(begun.op) if isinstance(found, Standing) else found
        return await self._write("enable", lambda tx: self._memory.tell(tx, begun.op, answer))

    def _write(self, name: str, work: Callable[[Tx], T]) -> Deferred[T]:
        return self._courier.write(work, name)
