"""All that one library decides, in one place: the steps of its three authorities, and the post between them.

`post` is the only place that asks whether a notice is for this library: then it is applied in the same transaction;
else it goes into the outbox, in the same transaction (promise 7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from federation import wire
from federation.contract import (
    CancelOp,
    CardBlocked,
    FineOrder,
    FineSnapshot,
    ForcedPlace,
    HoldSnapshot,
    ItemReturned,
    LoanRecorded,
    LoanSnapshot,
    Notice,
    PinCheck,
    PlaceRestored,
    ReleasePlace,
    RenewDecision,
    RenewQuestion,
    StaffCalled,
    StandingQuestion,
)
from node.domain.rules import RuleBook
from node.service.home import HomeSteps
from node.service.ledger import LedgerSteps
from node.service.owner import OwnerSteps
from node.service.owning import Owning
from node.storage import outbox
from node.storage.transaction import Tx


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


class Books:
    """The authorities of `library` over one database."""

    def __init__(self, library: str, epoch: int, rule_book: RuleBook, wall_ms: Callable[[], int]) -> None:
        self.library = library
        self.epoch = epoch
        self._wall_ms = wall_ms
        self.home = HomeSteps(library, rule_book, wall_ms)
        self.ledger = LedgerSteps(library, epoch, wall_ms, self.post)
        self.owner = OwnerSteps(Owning(library, epoch, rule_book, wall_ms, self.post))

    def post(self, tx: Tx, to: str, notice: Notice) -> None:
        """Deliver for ever: here at once, elsewhere through the outbox."""
        if to == self.library:
            self.apply(tx, notice)
        else:
            outbox.put(
                tx,
                peer=to,
                key=key_of(notice),
                payload=wire.encode_notice(notice),
                created_at_ms=self._wall_ms(),
            )

    def apply(self, tx: Tx, notice: Notice) -> None:
        """Take a notice in. Idempotent and order-free for each kind; NotPermitted if its sender may not say it."""
        match notice:
            case CancelOp():
                self.owner.cancel(tx, notice)
            case ItemReturned():
                self.owner.returns.take_back(tx, notice)
            case LoanRecorded():
                self.owner.checkouts.record(tx, notice)
            case ReleasePlace():
                self.home.release(tx, notice)
            case ForcedPlace():
                self.home.force_place(tx, notice)
            case LoanSnapshot():
                self.home.mirror_loan(tx, notice)
            case FineOrder():
                self.ledger.book(tx, notice)
            case FineSnapshot():
                self.home.mirror_fine(tx, notice)
            case CardBlocked():
                self.home.block(tx, notice)

    def renew_own(self, tx: Tx, question: RenewQuestion) -> RenewDecision:
        """A renewal of an own item by an own card, in one transaction."""
        asked = StandingQuestion(question.card, self.library, question.asked_at_ms)
        return self.owner.renewals.renew(tx, question, self.home.standing(tx, asked, PinCheck.ABSENT))

    def apply_all(self, tx: Tx, notices: Iterable[Notice]) -> None:
        for notice in notices:
            self.apply(tx, notice)
