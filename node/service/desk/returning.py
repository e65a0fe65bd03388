"""The desk takes items back. A return is durable at the branch before the kiosk hears "ok" (promise 4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from twisted.internet.defer import Deferred

from federation.contract import ItemReturned, NotPermitted, PeerUnreachable, Reason, Refused, TakenBack
from node.domain.staff import StaffKind
from node.service.books import key_of
from node.service.desk.authorities import Undecided, Whose
from node.service.desk.branch import Branch
from node.service.desk.memory import RETRYING_MS, Ask, Fresh, InDoubt, Known, ReturnAccepted, Told
from node.service.desk.moments import in_order, moment_of, returned_at
from node.service.desk.undecided import UndecidedReturns, staff_kind
from node.storage.delivery import outbox
from node.storage.owner import loans as owner_rows
from node.storage.store import StoreUnavailable, Tx

ReturnAnswer: TypeAlias = TakenBack | ReturnAccepted | Refused


class Returning:
    """Check-in at the terminals of this branch.

    `wait_s`: how long a return waits for its owner. `not_on_loan_ok`: an item that was not on loan is answered ok.
    `clock_settled`: see `Links`.
    """

    def __init__(
        self,
        branch: Branch,
        undecided: UndecidedReturns,
        *,
        wait_s: float,
        not_on_loan_ok: bool,
        clock_settled: Callable[[], Deferred[None]],
    ) -> None:
        self._branch = branch
        self._undecided = undecided
        self._books = branch.books
        self._authorities = branch.authorities
        self._memory = branch.memory
        self._wait_s = wait_s
        self._clock_settled = clock_settled
        self._not_on_loan_ok = not_on_loan_ok

    def checkin(self, ask: Ask, *, takes_everything: bool, no_block: bool = False) -> Deferred[Told[ReturnAnswer]]:
        """`takes_everything`: a bin or a sorter, where the item is already in the library. `no_block`: the kiosk took
        it off line, at the time it says.
        """
        return Deferred.fromCoroutine(self._checkin(ask, takes_everything or no_block, no_block))

    async def _checkin(self, ask: Ask, takes_everything: bool, no_block: bool) -> Told[ReturnAnswer]:
        owner = await self._find_owner(ask, no_block)
        if not isinstance(owner, str):
            return await self._branch.write(
                lambda tx: self._unplaced(tx, ask, owner, takes_everything, no_block), "desk"
            )
        ask = self._branch.about(ask, owner)
        outside = self._authorities.out_of_group(owner)
        if outside is not None and not takes_everything:
            return await self._branch.write(lambda tx: self._settled(tx, ask, outside), "desk")
        return await self._take(ask, owner, takes_everything, no_block)

    async def _find_owner(self, ask: Ask, no_block: bool) -> Whose:
        """A kiosk that repeats itself means the item that it meant before, though another loan fits by now."""
        told = self._authorities.owner_told(ask.item)
        if told is not None:
            return told
        now_ms = self._branch.wall_ms()
        at_ms = moment_of(ask.kiosk_at_ms, now_ms)[0] if no_block else returned_at(ask, now_ms)
        owner = await self._authorities.find_owner_to_return(ask.item, at_ms)
        before = await self._branch.store.read(lambda tx: self._memory.just_returned(tx, ask))
        if before is None or not isinstance(owner, str) or before.owner == owner:
            return owner
        same_words = before.kiosk_date == ask.kiosk_date
        return before.owner if same_words and before.owner else Refused(Reason.AMBIGUOUS_ITEM)

    # --- an item of a known owner --------------------------------------------------------------------------

    async def _take(self, ask: Ask, owner: str, takes_everything: bool, no_block: bool) -> Told[ReturnAnswer]:
        before: Told[ReturnAnswer] | None = None
        if owner == self._books.library:
            await self._clock_settled()

        def first(tx: Tx) -> Known | ItemReturned:
            nonlocal before
            begun = self._memory.begin(tx, ask)
            if isinstance(begun, Told) and not no_block and self._may_be_followed(tx, ask, owner, begun):
                before, begun = begun, self._memory.begin(tx, ask, followed=True)
            if not isinstance(begun, Fresh):
                return begun
            online = self._done_online(tx, ask) if no_block else None
            if online is not None:
                return self._memory.told_at_once(tx, ask, begun, online)
            self._branch.call_remarks(tx, begun.op, ask)
            notice = self._notice(tx, ask, begun, no_block)
            if no_block and not moment_of(ask.kiosk_at_ms, begun.asked_at_ms)[1]:
                self._branch.call_staff(tx, StaffKind.NO_BLOCK_DATE, begun.op, ask)
            if owner == self._books.library:
                taken = self._books.owner.returns.take_back(tx, notice, on_line=True)
                return self._memory.told_at_once(tx, ask, begun, self._judged(tx, ask, taken, takes_everything))
            self._memory.asked(tx, ask, begun, "")
            self._books.post(tx, owner, notice)
            if self._authorities.out_of_group(owner) is not None:
                self._branch.call_staff(tx, StaffKind.RETURN_OUT_OF_GROUP, begun.op, ask, owner)
            return notice

        begun = await self._branch.begin(ask, first)
        if isinstance(begun, ItemReturned):
            return await self._ask_owner(ask, owner, begun, takes_everything, before)
        if isinstance(begun, Told):
            return begun
        # Taken before, and durable; only its owner's word was still awaited.
        return await self._tell(begun.op, lambda tx: self._memory.tell(tx, begun.op, ReturnAccepted(begun.op)))

    def _may_be_followed(self, tx: Tx, ask: Ask, owner: str, told: Told[ReturnAnswer]) -> bool:
        """Whether the item may have been lent since that return: the same words may then be another one, of a device
        that has one stamp for many. Only the owner knows; to take back twice does no harm."""
        if owner != self._books.library:
            return True
        lent = owner_rows.next_loan(tx, ask.barcode, told.at_ms)
        return lent is not None or owner_rows.open_loan_of(tx, ask.barcode) is not None

    async def _tell(self, op: str, work: Callable[[Tx], Told[ReturnAnswer]]) -> Told[ReturnAnswer]:
        """The return is in the books already: if only its answer can't be written now, it is accepted all the same."""
        try:
            return await self._branch.write(work, "desk")
        except StoreUnavailable:
            return Told(op, ReturnAccepted(op), self._branch.wall_ms())

    def _notice(self, tx: Tx, ask: Ask, fresh: Fresh, no_block: bool) -> ItemReturned:
        """On line at the branch's time, or at the terminal's return date; off line at the kiosk's, if that can be."""
        here, now_ms = self._books.library, fresh.asked_at_ms
        if no_block:
            at_ms = in_order(self._memory, tx, ask, moment_of(ask.kiosk_at_ms, now_ms)[0])
            return ItemReturned(fresh.op, ask.barcode, here, at_ms, no_block, fresh.earlier_op)
        at_ms = returned_at(ask, now_ms)
        late_s = -((at_ms - now_ms) // 1000)  # whole seconds, and never less
        return ItemReturned(fresh.op, ask.barcode, here, at_ms, no_block, fresh.earlier_op, late_s)

    def _done_online(self, tx: Tx, ask: Ask) -> ReturnAnswer | None:
        """The kiosk did it on line just before, and only the answer was lost: the same return."""
        online = Ask(ask.kind, ask.terminal, ask.kiosk_date, ask.kiosk_at_ms, ask.card, ask.barcode, named=ask.named)
        answer = self._memory.answer_to(tx, online)
        return answer if isinstance(answer, TakenBack | ReturnAccepted) else None

    async def _ask_owner(
        self, ask: Ask, owner: str, notice: ItemReturned, takes_everything: bool, before: Told[ReturnAnswer] | None
    ) -> Told[ReturnAnswer]:
        try:
            taken = await self._authorities.library(owner).take_back(notice, self._wait_s)
        except (PeerUnreachable, NotPermitted):
            # The outbox delivers it, for ever; the reader need not wait for that. A kiosk that retries hears the same.
            retries = before is not None and self._branch.wall_ms() - before.at_ms <= RETRYING_MS
            answer = before.answer if before is not None and retries else ReturnAccepted(notice.op)
            told = await self._tell(notice.op, lambda tx: self._memory.tell(tx, notice.op, answer))
            return _as_before(told, before)

        def tell(tx: Tx) -> Told[ReturnAnswer]:
            outbox.acknowledge_key(tx, owner, key_of(notice), self._branch.wall_ms())
            booked = self._book(tx, taken)
            return self._memory.tell(tx, notice.op, self._judged(tx, ask, booked, takes_everything))

        return _as_before(await self._tell(notice.op, tell), before)

    def _book(self, tx: Tx, taken: TakenBack) -> TakenBack:
        """The fine that arose here; the mailbox brings the order as well. What our books do not bear out, or is more
        than the rules allow, is not shown."""
        order, ledger = taken.fine, self._books.ledger
        if order is None:
            return taken
        shown = order.amount_fen <= ledger.at_most_fen(order)
        if order.ledger == self._books.library and self._authorities.is_member(order.home):
            shown = ledger.book(tx, order)
        return taken if shown else replace(taken, fine=None)

    def _judged(self, tx: Tx, ask: Ask, taken: TakenBack, takes_everything: bool) -> ReturnAnswer:
        if not taken.known:
            if not takes_everything:
                return Refused(Reason.UNKNOWN_ITEM)
            self._branch.call_staff(tx, StaffKind.RETURN_UNKNOWN_ITEM, taken.op, ask)
            return ReturnAccepted(taken.op, for_staff=True)
        if not (taken.was_on_loan or taken.arrived or self._not_on_loan_ok or takes_everything):
            return Refused(Reason.NOT_ON_LOAN, title=taken.title)
        return taken

    # --- an item of nobody ---------------------------------------------------------------------------------

    def _unplaced(
        self, tx: Tx, ask: Ask, owner: Refused | Undecided, takes_everything: bool, no_block: bool
    ) -> Told[ReturnAnswer]:
        """None or several libraries may own it: a clear "no" at a self-check, an exception at a bin. No loan ends.

        If some library that may own it could not be asked, the return is taken, and settled when it answers.
        """
        begun = self._memory.begin(tx, ask)
        if isinstance(begun, InDoubt):
            return self._memory.tell(tx, begun.op, ReturnAccepted(begun.op, for_staff=True))
        if isinstance(begun, Told):
            return begun
        online = self._done_online(tx, ask) if no_block else None
        if online is not None:
            return self._memory.told_at_once(tx, ask, begun, online)
        self._branch.call_remarks(tx, begun.op, ask)
        silent = owner.silent if isinstance(owner, Undecided) else ()
        if not takes_everything and not silent:
            refused = owner if isinstance(owner, Refused) else Refused(Reason.UNKNOWN_ITEM)
            return self._memory.told_at_once(tx, ask, begun, refused)
        if silent:
            self._undecided.keep(tx, self._notice(tx, ask, begun, no_block), silent)
        self._branch.call_staff(tx, staff_kind(owner), begun.op, ask, ",".join(silent))
        return self._memory.told_at_once(tx, ask, begun, ReturnAccepted(begun.op, for_staff=True))

    def _settled(self, tx: Tx, ask: Ask, answer: ReturnAnswer) -> Told[ReturnAnswer]:
        begun = self._memory.once(tx, ask, answer)
        return begun if isinstance(begun, Told) else self._memory.tell(tx, begun.op, answer)


def _as_before(told: Told[ReturnAnswer], before: Told[ReturnAnswer] | None) -> Told[ReturnAnswer]:
    """The same words with the same answer are a repeat, and have the operation of the first."""
    if before is None or isinstance(told.answer, Refused) or isinstance(before.answer, Refused):
        return told
    return before if replace(told.answer, op=before.answer.op) == before.answer else told
