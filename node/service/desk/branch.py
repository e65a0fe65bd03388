"""What every service of the desk works with, and what each of them does with it in the same way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from twisted.internet.defer import Deferred

from federation.clock import Clock, WallMs
from federation.contract import Refused
from node.domain.staff import StaffKind
from node.service import staff
from node.service.books import Books
from node.service.delivery.courier import Courier
from node.service.desk.authorities import Authorities
from node.service.desk.memory import Answer, Ask, Fresh, KioskMemory, Known, Told
from node.storage.store import Store, StoreUnavailable, Tx

T = TypeVar("T")
A = TypeVar("A", bound=Answer)


@dataclass(frozen=True, slots=True)
class Branch:
    """The library where the reader stands: its books and who delivers from them, who decides elsewhere, what it told
    whom."""

    books: Books
    store: Store
    courier: Courier
    authorities: Authorities
    memory: KioskMemory
    clock: Clock
    wall_ms: WallMs

    @property
    def library(self) -> str:
        return self.books.library

    def about(self, ask: Ask, owner: str) -> Ask:
        """The request, with the item's owner if only asking told it."""
        named = self.authorities.item_at(owner, ask.barcode).named if ask.barcode else ""
        return replace(ask, owner=named) if named else ask

    def write(self, work: Callable[[Tx], T], name: str) -> Deferred[T]:
        """In one transaction; fires once it is durable. What it put into the outbox is on its way then."""
        return self.courier.write(work, name)

    async def begin(self, ask: Ask, work: Callable[[Tx], T]) -> T | Known:
        """`work` in one transaction. Where the disk refuses it: what the request was taken for before, if it was, for
        "busy" would be a lie about what stands in the books.

        Errors: StoreUnavailable for a new request, of which nothing can be kept now.
        """
        try:
            return await self.write(work, "desk")
        except StoreUnavailable:
            return await self.known_before(ask)

    async def known_before(self, ask: Ask) -> Known:
        begun = await self.store.read(lambda tx: self.memory.begin(tx, ask))
        if isinstance(begun, Fresh):
            raise StoreUnavailable("a new request can't be written now")
        return begun

    def decide_once(self, ask: Ask, decide: Callable[[Tx, Fresh], A], name: str) -> Deferred[Told[A]]:
        """For what is always asked and answered in one transaction: `decide` a new request, repeat a known one."""
        return self.write(lambda tx: self.memory.decide_once(tx, ask, lambda fresh: decide(tx, fresh)), name)

    def is_nobodys(self, tx: Tx, card: str, home: str | Refused) -> bool:
        """No library has this prefix, or it is ours and we have no such card. Another home is asked by a notice."""
        if isinstance(home, Refused):
            return True
        return home == self.library and self.books.home.reader_of(tx, card) is None

    def call_remarks(self, tx: Tx, op: str, ask: Ask) -> None:
        """Of what was done off line, and is taken as a fact whatever it lacks."""
        if ask.not_offered:
            self.call_staff(tx, StaffKind.NO_BLOCK_NOT_OFFERED, op, ask)
        if ask.not_proven:
            self.call_staff(tx, StaffKind.NO_BLOCK_WITHOUT_PIN, op, ask)

    def call_staff(self, tx: Tx, kind: StaffKind, op: str, ask: Ask, detail: str = "") -> None:
        """`staff.call_staff` about a request, now."""
        at_ms = self.wall_ms()
        staff.call_staff(tx, kind, op=op, at_ms=at_ms, barcode=ask.barcode, terminal=ask.terminal, detail=detail)
