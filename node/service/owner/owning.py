"""What the owner's decisions share: whose items, by which rules, and small pieces of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from federation.contract import (
    CheckoutQuestion,
    HoldQuestion,
    LoanSnapshot,
    Notice,
    NotPermitted,
    Reason,
    Refused,
    RenewQuestion,
    StaffCalled,
)
from node.domain.calendar import civil_date
from node.domain.keeping import Keep
from node.domain.rules import RuleBook
from node.domain.staff import StaffKind
from node.domain.states import LOAN, OPERATION, LoanEvent, LoanState, OpEvent, loan_state
from node.service import refusals
from node.storage.owner import loans as rows
from node.storage.store import Tx

Post = Callable[[Tx, str, Notice], None]

CORRECTED_MS = 24 * 3600 * 1000
LONGEST_LOAN = timedelta(days=366)
OLDEST_MS = 7 * 24 * 3600 * 1000
"""What a kiosk says it did off line longer ago than this is the mistake of its clock."""
AHEAD_MS = 10 * 60 * 1000
"""A clock may be ahead by so much; what is later still is a mistake. Less would tear loans and returns of a library
apart whose clock is right, when ours is behind."""


@dataclass(frozen=True, slots=True)
class Owning:
    """The owner `library`. `post(tx, to, notice)` delivers for ever, in the same transaction. `ahead_ms(one, other)`:
    how far at the most the clock of library `one` is ahead of that of `other`, None if that is not known.
    `clock_off_ms()`: how far our own clock is behind the right time, while most libraries contradict it; else None.
    `against_timers_ms()`: it, against timers that nobody sets. `kept_ms`: how long operations are remembered."""

    library: str
    epoch: int
    rule_book: RuleBook
    wall_ms: Callable[[], int]
    ahead_ms: Callable[[str, str], int | None]
    post: Post
    clock_off_ms: Callable[[], int | None]
    against_timers_ms: Callable[[], int]
    kept_ms: int = Keep().operations_ms

    def right_ms(self) -> int:
        """Now, as most libraries see it while they contradict our clock."""
        return self.wall_ms() + (self.clock_off_ms() or 0)

    def day_of(self, asked_at_ms: int) -> date:
        """The day from which a loan runs that was asked for just now. Where most libraries contradict our clock nobody
        knows whose is right, so it is the later day: nothing is due too early."""
        return civil_date(asked_at_ms + max(0, self.clock_off_ms() or 0))

    def tell_home(self, tx: Tx, loan: rows.LoanRow) -> None:
        self.post(
            tx,
            loan.home,
            LoanSnapshot(loan.op, self.library, self.epoch, loan.version, loan.due_on, loan.renewals),
        )

    def item_refusal(self, category: str | None, item: rows.ItemRow | rows.CopyRow, on: date) -> Refused | None:
        """R3 for a reader of that category; None: it is not known yet, and refused is what nobody may borrow."""
        return self.rule_book.item_refusal(category, item.item_type, item.location, on)

    def is_late(self, at_ms: int) -> bool:
        """Whether what happened then is corrected so late that a person must look at it: a kiosk finds out at once that
        something failed."""
        return self.wall_ms() - at_ms > CORRECTED_MS

    def is_forgotten(self, at_ms: int) -> bool:
        """Whether what was done then may have been told before, and nobody here would know."""
        return self.wall_ms() - at_ms > self.kept_ms

    def by_now(self, at_ms: int) -> int:
        """That moment, if it can have been: what has happened has not happened in the future."""
        return min(at_ms, self.latest_ms())

    def latest_ms(self) -> int:
        """Nothing that has happened has a later date, but by a clock that was ahead."""
        return self.wall_ms() + AHEAD_MS

    def call_staff(self, tx: Tx, op: str, branch: str, kind: StaffKind, barcode: str) -> None:
        """Onto the branch's list of exceptions."""
        self.post(tx, branch, StaffCalled(op, self.library, branch, kind, barcode))

    def call_both(self, tx: Tx, op: str, branch: str, kind: StaffKind, barcode: str) -> None:
        """Onto the branch's list and our own: it was decided here, about what only the branch can find out."""
        for code in dict.fromkeys((branch, self.library)):
            self.call_staff(tx, op, code, kind, barcode)

    def add_op(
        self,
        tx: Tx,
        question: CheckoutQuestion | RenewQuestion,
        kind: str,
        event: OpEvent,
        *,
        loan: str | None = None,
        refused: Refused | None = None,
    ) -> None:
        row = rows.OpRow(
            op=question.op,
            kind=kind,
            state=OPERATION.after(None, event),
            barcode=question.barcode,
            branch=question.branch,
            at_ms=self.wall_ms(),
            home=question.home,
            loan=loan,
            refusal=None if refused is None else refusals.stored(refused),
        )
        rows.add_op(tx, row)


def asked_by(branch: str, known: rows.OpRow) -> rows.OpRow:
    """`known`, for the branch that asked it. NotPermitted for every other: what was decided is not its business, and
    whom it concerns even less."""
    if known.branch != branch:
        raise NotPermitted(f"{branch} may not ask an operation of {known.branch}")
    return known


def check_asker(tx: Tx, question: RenewQuestion | HoldQuestion) -> None:
    """NotPermitted if another branch asked that operation."""
    known = rows.find_op(tx, question.op)
    if known is not None:
        asked_by(question.branch, known)


def loan_after(loan: rows.LoanRow, event: LoanEvent) -> LoanState:
    """The state that follows. AssertionError if that can't happen to this loan."""
    return LOAN.after(loan_state(loan.closed_how), event)


def refusal_of(known: rows.OpRow) -> Refused:
    return Refused(Reason.CANCELLED) if known.refusal is None else refusals.restored(known.refusal)


def titled(refused: Refused, item: rows.ItemRow, loan: rows.LoanRow | None = None) -> Refused:
    """A refusal still names the item: the kiosk shows the title, the medium and the due date that stands."""
    due_on = refused.due_on or (None if loan is None else loan.due_on)
    return replace(refused, title=refused.title or item.title, due_on=due_on, item_type=item.item_type)
