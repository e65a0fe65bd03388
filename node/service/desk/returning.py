"""The desk takes items back. A return is durable at the branch before the kiosk hears "ok" (promise 4)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from twisted.internet.defer import Deferred

from federation.contract import ItemReturned, NotPermitted, PeerUnreachable, Reason, Refused, TakenBack
from node.domain.staff import StaffKind
from node.service.books import Books, key_of
from node.service.delivery.courier import Courier
from node.service.desk.authorities import Authorities, Nobody
from node.service.desk.journal import moment_of
from node.service.desk.memory import Answer, Ask, Begun, Fresh, InDoubt, KioskMemory, ReturnAccepted, Told
from node.service.desk.troubled import known_before
from node.service.staff import call_staff
from node.storage.delivery import outbox
from node.storage.sqlite import Store, StoreUnavailable
from node.storage.transaction import Tx

T = TypeVar("T")


class Returning:
    """Check-in at the terminals of this branch.

    `wait_s`: how long a return waits for its owner. `not_on_loan_ok`: an item that was not on loan is answered ok.
    """

    def __init__(
        self,
        books: Books,
        store: Store,
        courier: Courier,
        *,
        authorities: Authorities,
        memory: KioskMemory,
        wall_ms: Callable[[], int],
        wait_s: float,
        not_on_loan_ok: bool,
    ) -> None:
        self._books = books
        self._store = store
        self._courier = courier
        self._authorities = authorities
        self._memory = memory
        self._wall_ms = wall_ms
        self._wait_s = wait_s
        self._not_on_loan_ok = not_on_loan_ok

    def checkin(self, ask: Ask, *, takes_everything: bool, no_block: bool = False) -> Deferred[Told]:
        """`Told.answer` is TakenBack, ReturnAccepted or Refused.

        `takes_everything`: a bin or a sorter, where the item is already in the library. `no_block`: the kiosk took it
        off line, at the time it says.
        """
        return Deferred.fromCoroutine(self._checkin(ask, takes_everything or no_block, no_block))

    async def _checkin(self, ask: Ask, takes_everything: bool, no_block: bool) -> Told:
        owner = await self._authorities.find_owner(ask.barcode)
        if not isinstance(owner, str):
            return await self._write("desk", lambda tx: self._unplaced(tx, ask, owner, takes_everything, no_block))
        outside = self._authorities.out_of_group(owner)
        if outside is not None and not takes_everything:
            return await self._write("desk", lambda tx: self._settled(tx, ask, outside))
        return await self._take(ask, owner, takes_everything, no_block)

    # --- an item of a known owner --------------------------------------------------------------------------

    async def _take(self, ask: Ask, owner: str, takes_everything: bool, no_block: bool) -> Told:
        def first(tx: Tx) -> Begun | ItemReturned:
            begun = self._memory.begin(tx, ask)
            if not isinstance(begun, Fresh):
                return begun
            online = self._done_online(tx, ask) if no_block else None
            if online is not None:
                return self._memory.told_at_once(tx, ask, begun, online)
            notice = self._notice(ask, begun, no_block)
            if no_block and not moment_of(ask.kiosk_at_ms, begun.asked_at_ms)[1]:
                self._for_staff(tx, begun.op, ask, StaffKind.NO_BLOCK_DATE, "")
            if owner == self._books.library:
                taken = self._books.owner.returns.take_back(tx, notice)
                return self._memory.told_at_once(tx, ask, begun, self._judged(tx, ask, taken, takes_everything))
            self._memory.asked(tx, ask, begun, "")
            self._books.post(tx, owner, notice)
            if self._authorities.out_of_group(owner) is not None:
                self._for_staff(tx, begun.op, ask, StaffKind.RETURN_OUT_OF_GROUP, owner)
            return notice

        begun: Begun | ItemReturned
        try:
            begun = await self._write("desk", first)
        except StoreUnavailable:
            begun = await known_before(self._store, self._memory, ask)
        if isinstance(begun, ItemReturned):
            return await self._ask_owner(ask, owner, begun, takes_everything)
        if isinstance(begun, Told):
            return begun
        assert isinstance(begun, InDoubt)
        # Taken before, and durable; only its owner's word was still awaited.
        return await self._tell(begun.op, lambda tx: self._memory.tell(tx, begun.op, ReturnAccepted(begun.op)))

    async def _tell(self, op: str, work: Callable[[Tx], Told]) -> Told:
        """The return is in the books already: if only its answer can't be written now, it is accepted all the same."""
        try:
            return await self._write("desk", work)
        except StoreUnavailable:
            return Told(op, ReturnAccepted(op), self._wall_ms())

    def _notice(self, ask: Ask, fresh: Fresh, no_block: bool) -> ItemReturned:
        """On line at the branch's time; off line at the kiosk's, if that can be."""
        at_ms = moment_of(ask.kiosk_at_ms, fresh.asked_at_ms)[0] if no_block else fresh.asked_at_ms
        return ItemReturned(fresh.op, ask.barcode, self._books.library, at_ms, no_block)

    def _done_online(self, tx: Tx, ask: Ask) -> Answer | None:
        """The kiosk did it on line just before, and only the answer was lost: the same return."""
        online = Ask(ask.kind, ask.terminal, ask.kiosk_date, ask.kiosk_at_ms, ask.card, ask.barcode)
        answer = self._memory.answer_to(tx, online)
        return answer if isinstance(answer, TakenBack | ReturnAccepted) else None

    async def _ask_owner(self, ask: Ask, owner: str, notice: ItemReturned, takes_everything: bool) -> Told:
        try:
            taken = await self._authorities.library(owner).take_back(notice, self._wait_s)
        except (PeerUnreachable, NotPermitted):
            # The outbox delivers it, for ever; the reader need not wait for that.
            return await self._tell(notice.op, lambda tx: self._memory.tell(tx, notice.op, ReturnAccepted(notice.op)))

        def tell(tx: Tx) -> Told:
            outbox.acknowledge_key(tx, owner, key_of(notice), self._wall_ms())
            self._book(tx, taken)
            return self._memory.tell(tx, notice.op, self._judged(tx, ask, taken, takes_everything))

        return await self._tell(notice.op, tell)

    def _book(self, tx: Tx, taken: TakenBack) -> None:
        """The fine that arose here. The item is back, whatever is wrong with the order: the mailbox brings it as well,
        and says so."""
        order = taken.fine
        if order is not None and order.ledger == self._books.library and self._authorities.is_member(order.home):
            with suppress(NotPermitted):
                self._books.ledger.book(tx, order)

    def _judged(self, tx: Tx, ask: Ask, taken: TakenBack, takes_everything: bool) -> Answer:
        if not taken.known:
            if not takes_everything:
                return Refused(Reason.UNKNOWN_ITEM)
            self._for_staff(tx, taken.op, ask, StaffKind.RETURN_UNKNOWN_ITEM, "")
            return ReturnAccepted(taken.op, for_staff=True)
        if not (taken.was_on_loan or taken.arrived or self._not_on_loan_ok or takes_everything):
            return Refused(Reason.NOT_ON_LOAN, title=taken.title)
        return taken

    # --- an item of nobody ---------------------------------------------------------------------------------

    def _unplaced(self, tx: Tx, ask: Ask, owner: Refused | Nobody, takes_everything: bool, no_block: bool) -> Told:
        """None or several libraries may own it: a clear "no" at a self-check, an exception at a bin.

        If some library could not be asked, its owner may be there: all of those are told of the return.
        """
        begun = self._memory.begin(tx, ask)
        if isinstance(begun, InDoubt):
            return self._memory.tell(tx, begun.op, ReturnAccepted(begun.op, for_staff=True))
        if isinstance(begun, Told):
            return begun
        silent = owner.silent if isinstance(owner, Nobody) else ()
        if not takes_everything and not silent:
            refused = owner if isinstance(owner, Refused) else Refused(Reason.UNKNOWN_ITEM)
            return self._memory.told_at_once(tx, ask, begun, refused)
        for code in silent:
            self._books.post(tx, code, self._notice(ask, begun, no_block))
        self._for_staff(tx, begun.op, ask, StaffKind.RETURN_UNKNOWN_ITEM, ",".join(silent))
        return self._memory.told_at_once(tx, ask, begun, ReturnAccepted(begun.op, for_staff=True))

    def _settled(self, tx: Tx, ask: Ask, answer: Answer) -> Told:
        begun = self._memory.begin(tx, ask)
        if isinstance(begun, Fresh):
            return self._memory.told_at_once(tx, ask, begun, answer)
        return begun if isinstance(begun, Told) else self._memory.tell(tx, begun.op, answer)

    def _for_staff(self, tx: Tx, op: str, ask: Ask, kind: StaffKind, detail: str) -> None:
        at_ms = self._wall_ms()
        call_staff(tx, kind, op=op, at_ms=at_ms, barcode=ask.barcode, terminal=ask.terminal, detail=detail)

    def _write(self, name: str, work: Callable[[Tx], T]) -> Deferred[T]:
        return self._courier.write(work, name)
