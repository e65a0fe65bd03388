"""The desk blocks cards and enables them again (at a kiosk: SIP2 01 and 25), at the card's home.

A block is a fact: durable here, delivered to the home for ever; from this moment the card is denied at this branch,
whether or not its home has heard of it. Enabling needs the home: it is a permission, not a fact.
"""

from __future__ import annotations

from typing import TypeAlias

from twisted.internet.defer import Deferred

from federation.contract import CardBlocked, CardEnabled, Reason, Refused, Standing
from node.domain.staff import StaffKind
from node.service.books import key_of
from node.service.desk.branch import Branch
from node.service.desk.memory import Ask, Begun, Fresh, Told
from node.service.desk.patrons import Patrons
from node.service.desk.results import StatusChanged
from node.storage.desk import denied
from node.storage.store import Tx

StatusAnswer: TypeAlias = StatusChanged | Refused

MAX_MESSAGE = 255


class Blocking:
    """The status of cards, from the terminals of this branch."""

    def __init__(self, branch: Branch, patrons: Patrons) -> None:
        self._branch = branch
        self._patrons = patrons

    def block(self, ask: Ask, *, retained: bool, message: str) -> Deferred[Told[StatusAnswer]]:
        """Refused if the card is nobody's. A card that the machine kept is on the list for staff in any case."""
        home = self._branch.authorities.home_of(ask.card)

        def decide(tx: Tx, fresh: Fresh) -> StatusAnswer:
            if retained:
                # the last digits tell the person who opens the machine which card it is
                detail = f"*{ask.card[-4:]}"
                self._branch.call_staff(tx, StaffKind.CARD_RETAINED, fresh.op, ask, detail)
            if isinstance(home, Refused) or self._branch.is_nobodys(tx, ask.card, home):
                return Refused(Reason.UNKNOWN_CARD)
            here = self._branch.library
            notice = CardBlocked(fresh.op, ask.card, here, fresh.asked_at_ms, retained, message[:MAX_MESSAGE])
            self._branch.books.post(tx, home, notice)
            if home != here:
                denied.deny(tx, op=fresh.op, card_digest=fresh.card_digest, home=home, outbox_key=key_of(notice))
            return StatusChanged(fresh.op)

        return self._branch.decide_once(ask, decide, "block")

    def enable(self, ask: Ask) -> Deferred[Told[StatusAnswer]]:
        """Refused if the home can't be asked. Away from the home only a block that
        a terminal made is ended: the standing tells what came of it."""
        return Deferred.fromCoroutine(self._enable(ask))

    async def _enable(self, ask: Ask) -> Told[StatusAnswer]:
        memory = self._branch.memory

        def first(tx: Tx) -> Begun:
            begun = memory.begin(tx, ask)
            if isinstance(begun, Fresh):
                memory.asked(tx, ask, begun, "")
            return begun

        begun = await self._branch.write(first, "enable")
        if isinstance(begun, Told):
            return begun
        notice = CardEnabled(begun.op, ask.card, self._branch.library, self._branch.wall_ms())
        found = await self._patrons.standing(ask.card, None, (notice,))
        answer: StatusAnswer = StatusChanged(begun.op) if isinstance(found, Standing) else found
        return await self._branch.write(lambda tx: memory.tell(tx, begun.op, answer), "enable")
