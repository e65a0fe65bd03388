"""The desk takes down what kiosks tell as facts: what they did off line (no block), what failed after its answer,
what they want kept about an item.

Each is durable here before the kiosk hears "ok", and is delivered to the item's owner for ever: none of it needs the
owner to be reachable. What broke a rule goes on this branch's list of exceptions.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TypeAlias, TypeVar

from twisted.internet.defer import Deferred

from federation.contract import (
    CancelOp,
    ItemQuestion,
    ItemView,
    Lent,
    LoanRecorded,
    Notice,
    NotPermitted,
    PeerUnreachable,
    PropertiesKept,
    Reason,
    Refused,
    RenewalRecorded,
    Renewed,
    RenewQuestion,
    ReopenLoan,
    TakenBack,
)
from node.domain import rules
from node.domain.calendar import civil_date
from node.domain.staff import StaffKind, rule_broken_off_line
from node.domain.states import OpState
from node.service.desk.authorities import Whose
from node.service.desk.branch import Branch
from node.service.desk.done import checkout_to_undo, corrected, latest_done, loan_ended, returns_to_undo
from node.service.desk.ids import derived
from node.service.desk.item_name import ItemName
from node.service.desk.kinds import Kind
from node.service.desk.memory import (
    DATE_NEAR_MS,
    Answer,
    Ask,
    Begun,
    Fresh,
    InDoubt,
    Known,
    Told,
    read,
)
from node.service.desk.moments import due_date_can_be, in_order, moment_of
from node.service.desk.results import RECORDED, Kept, Recorded, Undone
from node.service.desk.undecided import UndecidedReturns
from node.storage.desk import operations as branch_rows
from node.storage.owner import loans as owner_rows
from node.storage.store import Tx

RecordAnswer: TypeAlias = Recorded | Lent | Renewed | Refused
"""Lent or Renewed: it had been done on line, and only the answer was lost."""
UndoAnswer: TypeAlias = Undone | Refused
KeepAnswer: TypeAlias = Kept | Refused
A = TypeVar("A", bound=Answer)

DESCRIBE_S = 1.5

JOURNALLED = (Kind.CANCEL_CHECKOUT, Kind.CANCEL_RETURN, Kind.KEEP)


class Journal:
    """Facts from the terminals of this branch."""

    def __init__(self, branch: Branch, undecided: UndecidedReturns, rule_book: rules.RuleBook) -> None:
        self._branch = branch
        self._undecided = undecided
        self._books = branch.books
        self._authorities = branch.authorities
        self._memory = branch.memory
        self._rule_book = rule_book

    # --- off line: loans and renewals --------------------------------------------------------------------------

    def lent(self, ask: Ask, due_on: date | None) -> Deferred[Told[RecordAnswer]]:
        """A checkout with no block: `Told.answer` is Recorded; Refused only if the card or the item is nobody's.

        `due_on`: what the reader was told.
        """
        return Deferred.fromCoroutine(self._record(ask, due_on))

    def renewed(self, ask: Ask, due_on: date | None) -> Deferred[Told[RecordAnswer]]:
        """A renewal with no block. `Told.answer`: what the owner says, if it is this library or answers at once: the
        due date in the books, or Refused if nothing is on loan. Else Recorded with the date that is on its way."""
        return Deferred.fromCoroutine(self._renew(ask, due_on))

    async def _renew(self, ask: Ask, due_on: date | None) -> Told[RecordAnswer]:
        home = self._authorities.home_of(ask.card)
        owner = await self._authorities.find_owner_to_lend(ask.item, ask.card)
        ask = self._branch.about(ask, owner) if isinstance(owner, str) else ask

        def first(tx: Tx) -> Known | RenewQuestion:
            begun = self._memory.begin(tx, ask)
            if not isinstance(begun, Fresh):
                return begun
            answer = self._recorded(tx, ask, begun, home=home, owner=owner, due_on=due_on)
            if isinstance(answer, Recorded) and isinstance(home, str) and owner != self._books.library:
                self._memory.asked(tx, ask, begun, json.dumps({RECORDED: answer.due_on.isoformat()}))
                return self._renewal_of(ask, begun, home)
            if isinstance(answer, Recorded):
                answer = self._books.owner.renewals.decided(tx, begun.op) or answer
            return self._memory.told_at_once(tx, ask, begun, answer)

        begun = await self._branch.write(first, "journal")
        if isinstance(begun, Told):
            return begun
        if isinstance(begun, InDoubt):
            return await self._branch.write(lambda tx: self.settle_renewal(tx, begun.op, begun.question), "journal")
        return await self._as_owner_decided(owner, begun)

    def _renewal_of(self, ask: Ask, fresh: Fresh, home: str) -> RenewQuestion:
        here = self._books.library
        return RenewQuestion(fresh.op, ask.card, home, ask.barcode, here, fresh.asked_at_ms, fresh.answer_by_ms)

    async def _as_owner_decided(self, owner: Whose, question: RenewQuestion) -> Told[RecordAnswer]:
        """Our notice rides on the question and is decided first, so the owner answers what it wrote down."""
        assert isinstance(owner, str), "it was found when the notice was posted"
        carried = await self._branch.courier.carried(owner, item=question.barcode)
        try:
            asked = replace(question, carried=carried)
            decision = await self._authorities.library(owner).renew(asked, DESCRIBE_S)
        except (PeerUnreachable, NotPermitted):
            decision = Refused(Reason.OWNER_UNREACHABLE)
        if isinstance(decision, Renewed) or decision.reason in (Reason.NOT_ON_LOAN, Reason.UNKNOWN_ITEM):
            return await self._tell(question.op, decision)
        return await self._branch.write(lambda tx: self._recorded_renewal(tx, question.op), "journal")

    def _recorded_renewal(self, tx: Tx, op: str) -> Told[RecordAnswer]:
        known = branch_rows.find_kiosk_op(tx, op)
        return self.settle_renewal(tx, op, "" if known is None else known.question or "")

    def settle_renewal(self, tx: Tx, op: str, question: str) -> Told[RecordAnswer]:
        """Taken down, and on its way to an owner who has not said what it makes of it."""
        return self._memory.tell(tx, op, Recorded(op, date.fromisoformat(json.loads(question)[RECORDED])))

    async def _record(self, ask: Ask, due_on: date | None) -> Told[RecordAnswer]:
        home = self._authorities.home_of(ask.card)
        owner = await self._authorities.find_owner_to_lend(ask.item, ask.card)
        ask = self._branch.about(ask, owner) if isinstance(owner, str) else ask

        def decide(tx: Tx, fresh: Fresh) -> RecordAnswer:
            return self._recorded(tx, ask, fresh, home=home, owner=owner, due_on=due_on)

        return await self._branch.decide_once(ask, decide, "journal")

    def _recorded(
        self,
        tx: Tx,
        ask: Ask,
        fresh: Fresh,
        *,
        home: str | Refused,
        owner: Whose,
        due_on: date | None,
    ) -> RecordAnswer:
        """It may have been done on line just before, and only the answer was lost: then it is the same one."""
        online = self._memory.answer_to(tx, _online(ask))
        if isinstance(online, Lent | Renewed):
            return online
        self._branch.call_remarks(tx, fresh.op, ask)
        if isinstance(home, Refused) or self._branch.is_nobodys(tx, ask.card, home):
            return self._refused(tx, ask, fresh, Reason.UNKNOWN_CARD)
        item = owner_rows.find_item(tx, ask.barcode) if owner == self._books.library else None
        if not isinstance(owner, str) or (owner == self._books.library and item is None):
            return self._unplaced(tx, ask, fresh, owner)
        at_ms, sound = moment_of(ask.kiosk_at_ms, fresh.asked_at_ms)
        at_ms = in_order(self._memory, tx, ask, at_ms)
        if not sound:
            self._branch.call_staff(tx, StaffKind.NO_BLOCK_DATE, fresh.op, ask)
        if ask.kind is Kind.CHECKOUT:
            at_ms = self._after_a_return(tx, ask, fresh.op, at_ms)
        if self._authorities.out_of_group(home, owner) is not None:
            self._branch.call_staff(tx, StaffKind.NO_BLOCK_OUT_OF_GROUP, fresh.op, ask)
        told = due_on is not None and due_date_can_be(due_on, at_ms, renewed=ask.kind is Kind.RENEWAL)
        told_on = due_on if due_on is not None and told else self._due_on(tx, ask, at_ms, item)
        self._books.post(tx, owner, self._notice(ask, fresh, home, at_ms, told_on))
        title, item_type = ("", "") if item is None else (item.title, item.item_type)
        return Recorded(fresh.op, told_on, title, item_type)

    def _after_a_return(self, tx: Tx, ask: Ask, op: str, at_ms: int) -> int:
        """A loan that seems to have been made a few minutes before the item was taken back here: the kiosk's clock may
        be slow, and then that return was of the loan before. The same terminal's own dates tell the order. Else staff
        look, and a return that ended a loan stands: neither its fee nor the new loan goes by a guess."""
        latest = latest_done(tx, ask)
        if latest is None or latest.message != Kind.RETURN or not self._memory.asked_on_line(latest):
            return at_ms
        if not at_ms < latest.asked_at_ms <= at_ms + DATE_NEAR_MS:
            return at_ms
        if latest.terminal == ask.terminal:
            return latest.asked_at_ms + 1 if ask.kiosk_date > latest.kiosk_date else at_ms
        self._branch.call_staff(tx, StaffKind.NO_BLOCK_ORDER, op, ask)
        answer = None if latest.answer is None else read(latest.answer)
        ended = isinstance(answer, TakenBack) and answer.was_on_loan
        return latest.asked_at_ms + 1 if ended else at_ms

    def _unplaced(self, tx: Tx, ask: Ask, fresh: Fresh, owner: Whose) -> Refused:
        """Nobody's item, or of one of several libraries: staff find out."""
        if isinstance(owner, Refused) and owner.reason in (Reason.UNKNOWN_CODE, Reason.CODE_CONTRADICTS):
            self._branch.call_staff(tx, StaffKind.NO_BLOCK_WRONG_CODE, fresh.op, ask)
            return owner
        return self._refused(tx, ask, fresh, owner.reason if isinstance(owner, Refused) else Reason.UNKNOWN_ITEM)

    def _refused(self, tx: Tx, ask: Ask, fresh: Fresh, reason: Reason) -> Refused:
        self._branch.call_staff(tx, rule_broken_off_line(reason), fresh.op, ask)
        return Refused(reason)

    def _due_on(self, tx: Tx, ask: Ask, at_ms: int, item: owner_rows.ItemRow | None) -> date:
        """The kiosk has told no date: ours holds, by what is known here of an own card and of an own item."""
        on = civil_date(at_ms)
        category = self._books.home.category_of(tx, ask.card) or rules.DEFAULT_CATEGORY
        rule = self._rule_book.rule_for(category, rules.ANY_TYPE if item is None else item.item_type, on)
        due_on = rules.due_on if ask.kind is Kind.CHECKOUT else rules.renewed_due_on
        return due_on(rule, on, self._books.home.last_due_on(tx, ask.card, on))

    def _notice(self, ask: Ask, fresh: Fresh, home: str, at_ms: int, due_on: date) -> Notice:
        here = self._books.library
        if ask.kind is Kind.CHECKOUT:
            return LoanRecorded(fresh.op, ask.card, home, ask.barcode, here, at_ms, due_on)
        return RenewalRecorded(fresh.op, ask.card, home, ask.barcode, here, at_ms, due_on)

    # --- failed after its answer -------------------------------------------------------------------------------

    def undo_checkout(self, ask: Ask) -> Deferred[Told[UndoAnswer]]:
        """The checkout that this terminal was answered last about this item failed there (09 names no card).
        `Told.answer`: Undone, or Refused if there is none, or something followed it."""
        return Deferred.fromCoroutine(self._correct(ask, self._cancellation))

    def undo_return(self, ask: Ask) -> Deferred[Told[UndoAnswer]]:
        """The return that this terminal was answered last about this item failed there."""
        return Deferred.fromCoroutine(self._correct(ask, self._reopening))

    async def _correct(self, ask: Ask, notices_for: Callable[[Tx, Ask, str], list[Notice]]) -> Told[UndoAnswer]:
        owner = await self._owner_to_correct(ask)
        ask = self._branch.about(ask, owner) if isinstance(owner, str) else ask

        def first(tx: Tx) -> Known:
            begun = self._memory.begin(tx, ask)
            if not isinstance(begun, Fresh):
                return begun
            if begun.too_soon:
                return self._memory.told_at_once(tx, ask, begun, Refused(Reason.ASKED_TWICE))
            notices = notices_for(tx, ask, begun.op)
            if self._undone_undecided(tx, notices):
                return self._memory.told_at_once(tx, ask, begun, Undone(begun.op))
            if not notices or not isinstance(owner, str):
                return self._memory.told_at_once(tx, ask, begun, Refused(Reason.NOTHING_TO_UNDO))
            notice = notices[-1]
            loan = self._loan_of(tx, notice)
            for each in notices:
                self._books.post(tx, owner, each)
            if owner == self._books.library:
                return self._memory.told_at_once(tx, ask, begun, self._corrected_here(tx, ask, begun.op, notice))
            question = json.dumps({"barcode": ask.barcode, "loan": loan})
            self._memory.asked(tx, ask, begun, question)
            return InDoubt(begun.op, question)

        begun = await self._branch.write(first, "journal")
        if isinstance(begun, Told):
            return begun
        view = await self._as_owner_sees(owner, ask.barcode)
        return await self._tell(begun.op, corrected(ask, begun.op, view, json.loads(begun.question)["loan"]))

    def _undone_undecided(self, tx: Tx, notices: list[Notice]) -> bool:
        """Whether the return that is undone still waited for its owner to be known: then nobody else knows of it."""
        return True in [self._undecided.undo(tx, each.returned) for each in notices if isinstance(each, ReopenLoan)]

    async def _owner_to_correct(self, ask: Ask) -> Whose:
        """What is undone was done here, so the branch knows whose item it was."""
        told = self._authorities.owner_told(ask.item)
        if told is not None:
            return told
        latest = await self._branch.store.read(lambda tx: latest_done(tx, ask))
        return latest.owner if latest is not None and latest.owner else await self._authorities.find_owner(ask.item)

    def _loan_of(self, tx: Tx, notice: Notice) -> str:
        """The loan that is to end, or to go on; "" where the owner has not told it yet."""
        if isinstance(notice, CancelOp):
            return notice.op
        row = branch_rows.find_kiosk_op(tx, notice.returned) if isinstance(notice, ReopenLoan) else None
        return "" if row is None else loan_ended(row)

    def _cancellation(self, tx: Tx, ask: Ask, _op: str) -> list[Notice]:
        """If the terminal says so again with another date, the same checkout once more: it stays undone."""
        latest = checkout_to_undo(tx, ask)
        if latest is None:
            return []
        answer = None if latest.answer is None else read(latest.answer)
        if answer is None:
            self._memory.tell(tx, latest.op, Refused(Reason.CANCELLED))
        elif not isinstance(answer, Lent | Recorded | Renewed):
            return []
        op = answer.op if isinstance(answer, Lent | Renewed) else latest.op
        return [CancelOp(op, ask.barcode, self._books.library)]

    def _reopening(self, tx: Tx, ask: Ask, op: str) -> list[Notice]:
        told = returns_to_undo(tx, ask)
        if told and self._is_of_another_card(tx, ask, loan_ended(told[-1])):
            return []
        return [
            ReopenLoan(op if row is told[-1] else derived(op, row.op), row.op, ask.barcode, self._books.library)
            for row in told
        ]

    def _is_of_another_card(self, tx: Tx, ask: Ask, loan: str) -> bool:
        """As far as this branch can know whose loan it was: lent here, or to a reader of its own."""
        reader = self._books.home.card_of_borrower(tx, loan) if loan and ask.card else None
        lent = branch_rows.find_kiosk_op(tx, loan) if loan and ask.card else None
        another = lent is not None and not self._memory.is_of_card(lent, ask.card)
        return another or (reader is not None and reader.card != ask.card)

    def _corrected_here(self, tx: Tx, ask: Ask, op: str, notice: Notice) -> UndoAnswer:
        loan = owner_rows.open_loan_of(tx, ask.barcode)
        item = owner_rows.find_item(tx, ask.barcode)
        title = "" if item is None else item.title
        if isinstance(notice, CancelOp):
            known = owner_rows.find_op(tx, notice.op)
            undone = known is not None and known.state == OpState.CANCELLED
            return Undone(op, title) if undone else Refused(Reason.NOTHING_TO_UNDO, title=title)
        if loan is None:
            return Refused(Reason.NOTHING_TO_UNDO, title=title)
        return Undone(op, title, loan.due_on)

    # --- kept with the item ------------------------------------------------------------------------------------

    def keep(self, ask: Ask, item: ItemName, properties: str) -> Deferred[Told[KeepAnswer]]:
        """Properties of an item: `Told.answer` is Kept, or Refused if the item is nobody's."""
        return Deferred.fromCoroutine(self._keep(ask, item, properties))

    async def _keep(self, ask: Ask, named: ItemName, properties: str) -> Told[KeepAnswer]:
        barcode = named.barcode
        owner = await self._authorities.find_owner(named)

        def first(tx: Tx) -> Begun:
            begun = self._memory.begin(tx, ask)
            if not isinstance(begun, Fresh):
                return begun
            item = owner_rows.find_item(tx, barcode) if owner == self._books.library else None
            if not isinstance(owner, str) or (owner == self._books.library and item is None):
                return self._memory.told_at_once(tx, ask, begun, Refused(Reason.UNKNOWN_ITEM))
            here = self._books.library
            self._books.post(tx, owner, PropertiesKept(begun.op, barcode, here, begun.asked_at_ms, properties))
            if item is not None:
                return self._memory.told_at_once(tx, ask, begun, Kept(begun.op, item.title))
            self._memory.asked(tx, ask, begun, json.dumps({"barcode": barcode}))
            return begun

        begun = await self._branch.write(first, "journal")
        if isinstance(begun, Told):
            return begun
        view = await self._as_owner_sees(owner, barcode)
        return await self._tell(begun.op, _kept(begun.op, view))

    # --- shared ------------------------------------------------------------------------------------------------

    async def _as_owner_sees(self, owner: Whose, barcode: str) -> ItemView | Refused | None:
        """The item after our notice, which rides on the question; None if the owner can't be asked now, or, for a
        repeat about a barcode that does not tell its owner, not even be found any more."""
        if not isinstance(owner, str):
            return None
        question = ItemQuestion(barcode, self._books.library, await self._branch.courier.carried(owner, item=barcode))
        try:
            return await self._authorities.library(owner).describe(question, DESCRIBE_S)
        except (PeerUnreachable, NotPermitted):
            return None

    def settle(self, tx: Tx, op: str, kind: Kind) -> Told[Kept | Undone]:
        """Taken down before a restart, and on its way to the owner: the kiosk may hear so."""
        return self._memory.tell(tx, op, Kept(op) if kind is Kind.KEEP else Undone(op))

    async def _tell(self, op: str, answer: A) -> Told[A]:
        return await self._branch.write(lambda tx: self._memory.tell(tx, op, answer), "journal")


def _online(ask: Ask) -> Ask:
    """The same request as the kiosk would have sent it on line."""
    return Ask(ask.kind, ask.terminal, ask.kiosk_date, ask.kiosk_at_ms, ask.card, ask.barcode, named=ask.named)


def _kept(op: str, view: ItemView | Refused | None) -> KeepAnswer:
    if isinstance(view, Refused):
        return view
    return Kept(op, "" if view is None else view.title)
