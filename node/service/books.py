"""All that one library decides, in one place: the steps of its three authorities, and the post between them.

`post` is the only place that asks whether a notice is for this library: then it is applied in the same transaction;
else it goes into the outbox, in the same transaction (promise 7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from federation import wire
from federation.contract import (
    CancelOp,
    CardBlocked,
    CardEnabled,
    CheckoutDecision,
    CheckoutQuestion,
    FineOrder,
    FineSnapshot,
    ForcedPlace,
    HoldDecision,
    HoldQuestion,
    HoldSnapshot,
    ItemReturned,
    LoanRecorded,
    LoanSnapshot,
    Notice,
    NotPermitted,
    PeerUnreachable,
    PinCheck,
    PlaceQuestion,
    PlaceRestored,
    PropertiesKept,
    ReaderKnown,
    ReleasePlace,
    RenewalRecorded,
    RenewDecision,
    RenewQuestion,
    ReopenLoan,
    Route,
    StaffCalled,
    StandingDecision,
    StandingQuestion,
)
from federation.older import fine_reader
from node.domain.keeping import Keep
from node.domain.rules import RuleBook
from node.domain.staff import StaffKind
from node.service.home.steps import HomeSteps
from node.service.money.proof import Proof
from node.service.money.steps import LedgerSteps
from node.service.owner.checkouts import InProgress, Lendable, OnLoan
from node.service.owner.owning import Owning
from node.service.owner.steps import OwnerSteps
from node.service.staff import take_call
from node.service.strangers import Strangers
from node.storage.delivery import outbox
from node.storage.owner import loans as owner_rows
from node.storage.store import Tx

_RETURNED_RESERVED: Final[Mapping[Route, StaffKind]] = {
    Route.HOLD_HERE: StaffKind.RETURNED_HOLD_HERE,
    Route.HOLD_ELSEWHERE: StaffKind.RETURNED_HOLD_ELSEWHERE,
}


def key_of(notice: Notice) -> str:
    """What makes a notice the same one: kind, subject and version."""
    kind = type(notice).__name__
    match notice:
        case FineOrder(fine=fine, version=version):
            return f"{kind}/{fine}/{version}"
        case FineSnapshot(fine=fine, epoch=epoch, version=version):
            return f"{kind}/{fine}/{epoch}.{version}"
        case HoldSnapshot(hold=hold, epoch=epoch, version=version):
            return f"{kind}/{hold}/{epoch}.{version}"
        case (
            LoanSnapshot(op=op, epoch=epoch, version=version)
            | PlaceRestored(op=op, epoch=epoch, version=version)
            | ReleasePlace(op=op, epoch=epoch, version=version)
        ):
            return f"{kind}/{op}/{epoch}.{version}"
        case StaffCalled(op=op, kind=what):
            return f"{kind}/{op}/{what}"
        case _:
            return f"{kind}/{notice.op}"


def owe(tx: Tx, to: str, notice: Notice, at_ms: int, key: str) -> None:
    """Into the outbox, with what it is about, so that a question about that can carry it."""
    barcode, reader = _about(tx, notice)
    payload = wire.encode_notice(notice)
    outbox.put(tx, peer=to, key=key, payload=payload, created_at_ms=at_ms, barcode=barcode, reader=reader)


def _about(tx: Tx, notice: Notice) -> tuple[str, str]:
    """(item, reader), "" if not known. Where a notice names its loan alone, its writer has that in the books."""
    if isinstance(notice, ReleasePlace | LoanSnapshot | PlaceRestored):
        loan, op = owner_rows.find_loan(tx, notice.op), owner_rows.find_op(tx, notice.op)
        return (loan.barcode, loan.reader or "") if loan else (op.barcode if op else "", "")
    if isinstance(notice, FineOrder | FineSnapshot):
        return notice.barcode, fine_reader(notice) or ""
    return getattr(notice, "barcode", ""), getattr(notice, "reader", "")


class Books:
    """The authorities of `library` over one database. `ahead_ms`, `clock_off_ms`, `against_timers_ms`: see `Owning`;
    `owners_of`: which libraries list a barcode; `kept_ms`: how long operations are remembered."""

    def __init__(
        self,
        library: str,
        epoch: int,
        rule_book: RuleBook,
        wall_ms: Callable[[], int],
        *,
        ahead_ms: Callable[[str, str], int | None],
        owners_of: Callable[[str], tuple[str, ...]],
        clock_off_ms: Callable[[], int | None] = lambda: None,
        against_timers_ms: Callable[[], int] = lambda: 0,
        kept_ms: int = Keep().operations_ms,
    ) -> None:
        self.library = library
        self.epoch = epoch
        self._wall_ms = wall_ms
        self.strangers = Strangers(library, wall_ms)
        self.home = HomeSteps(library, rule_book, wall_ms, self.post)
        self.ledger = LedgerSteps(library, epoch, wall_ms, self.post, Proof(library, rule_book, owners_of))
        own = Owning(library, epoch, rule_book, wall_ms, ahead_ms, self.post, clock_off_ms, against_timers_ms, kept_ms)
        self.owner = OwnerSteps(own)

    def wall_ms(self) -> int:
        return self._wall_ms()

    def post(self, tx: Tx, to: str, notice: Notice) -> None:
        """Deliver for ever: here at once, elsewhere through the outbox."""
        if to == self.library:
            self.apply(tx, notice)
        else:
            owe(tx, to, notice, self._wall_ms(), key_of(notice))

    def apply(self, tx: Tx, notice: Notice) -> None:
        """Take a notice in. Idempotent and order-free for each kind; NotPermitted if its sender may not say it."""
        _TAKERS[type(notice)](self, tx, notice)

    def take(self, tx: Tx, notice: Notice) -> None:
        """The same from another library: NotPermitted also if it says too much about nobody."""
        if why := self.strangers.objection(tx, notice):
            raise NotPermitted(why)
        self.apply(tx, notice)

    def check(self, tx: Tx, question: CheckoutQuestion | RenewQuestion | HoldQuestion | PlaceQuestion) -> None:
        """PeerUnreachable for a question of another library that says too much about nobody: it is not decided."""
        if why := self.strangers.objection(tx, question):
            raise PeerUnreachable(self.library, why)

    def _taken_back_unseen(self, tx: Tx, notice: ItemReturned) -> None:
        """The answer to this return reached nobody: where the item is to go, staff at the branch must be told."""
        if self.owner.returns.is_known(tx, notice):
            return
        taken = self.owner.returns.take_back(tx, notice)
        kind = _RETURNED_RESERVED.get(taken.route)
        if kind is not None:
            called = StaffCalled(notice.op, self.library, notice.branch, kind, notice.barcode)
            self.post(tx, notice.branch, called)

    def _call_staff(self, tx: Tx, notice: StaffCalled) -> None:
        take_call(tx, notice, own_library=self.library, at_ms=self._wall_ms())

    def apply_carried(self, tx: Tx, notices: Iterable[Notice]) -> None:
        """What rode on a question. One that its sender may not say is left out, lest it stops every question of that
        library: the mailbox receipts it."""
        for notice in notices:
            with suppress(NotPermitted):
                self.take(tx, notice)

    # --- an own item for an own card: owner and home decide in one transaction ------------------------------

    def lend_own(self, tx: Tx, question: CheckoutQuestion) -> CheckoutDecision | OnLoan | InProgress:
        """Of an item on loan it is not said to whom: at an own terminal that is known at once, else the home is asked
        as any other."""
        checkouts = self.owner.checkouts
        examined = checkouts.examine(tx, question)
        if not isinstance(examined, Lendable):
            return examined
        place = self.home.hold_place(tx, checkouts.place_question(question, examined.item))
        return checkouts.conclude_at_once(tx, question, examined, place)

    def lend_own_at_once(self, tx: Tx, question: CheckoutQuestion) -> CheckoutDecision:
        """At an own terminal: nothing is left open."""
        decision = self.lend_own(tx, question)
        if isinstance(decision, OnLoan):
            own = decision.loan.home == question.home and self.home.borrows(tx, decision.loan.op, question.card)
            return self.owner.checkouts.refuse(tx, question, decision.refused(to_reader=own))
        assert not isinstance(decision, InProgress), "nothing is in progress within one transaction"
        return decision

    def renew_own(self, tx: Tx, question: RenewQuestion) -> RenewDecision:
        return self.owner.renewals.renew(tx, question, self._standing_of_own(tx, question))

    def hold_own(self, tx: Tx, question: HoldQuestion) -> HoldDecision:
        return self.owner.reserving.decide(tx, question, self._standing_of_own(tx, question))

    def _standing_of_own(self, tx: Tx, question: RenewQuestion | HoldQuestion) -> StandingDecision:
        asked = StandingQuestion(question.card, self.library, question.asked_at_ms)
        return self.home.standing(tx, asked, PinCheck.ABSENT)


# Who takes which notice. One table for all: made anew for each notice it cost a fiftieth of a return.
_TAKERS: Final[Mapping[type[Any], Callable[[Books, Tx, Any], object]]] = {
    CancelOp: lambda books, tx, notice: books.owner.cancel(tx, notice),
    ItemReturned: lambda books, tx, notice: books._taken_back_unseen(tx, notice),
    LoanRecorded: lambda books, tx, notice: books.owner.offline.record(tx, notice),
    RenewalRecorded: lambda books, tx, notice: books.owner.offline.record_renewal(tx, notice),
    ReaderKnown: lambda books, tx, notice: books.owner.offline.reader_known(tx, notice),
    ReopenLoan: lambda books, tx, notice: books.owner.reopening.reopen(tx, notice),
    PropertiesKept: lambda books, tx, notice: books.owner.keep_properties(tx, notice),
    ReleasePlace: lambda books, tx, notice: books.home.release(tx, notice),
    ForcedPlace: lambda books, tx, notice: books.home.force_place(tx, notice),
    PlaceRestored: lambda books, tx, notice: books.home.restore(tx, notice),
    LoanSnapshot: lambda books, tx, notice: books.home.mirror_loan(tx, notice),
    FineSnapshot: lambda books, tx, notice: books.home.mirror_fine(tx, notice),
    HoldSnapshot: lambda books, tx, notice: books.home.mirror_hold(tx, notice),
    CardBlocked: lambda books, tx, notice: books.home.block(tx, notice),
    CardEnabled: lambda books, tx, notice: books.home.enable(tx, notice),
    FineOrder: lambda books, tx, notice: books.ledger.book(tx, notice),
    StaffCalled: lambda books, tx, notice: books._call_staff(tx, notice),
}
