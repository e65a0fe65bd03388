"""The desk of one library, composed: what the branch does for a kiosk, and what a restart finds half done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from federation.clock import Clock, WallMs
from federation.contract import Library
from federation.directory import AreaEntry, Directory
from node.domain.rules import RuleBook
from node.service.books import Books
from node.service.delivery.courier import Courier
from node.service.desk.authorities import Authorities
from node.service.desk.blocking import Blocking
from node.service.desk.branch import Branch
from node.service.desk.journal import JOURNALLED, Journal
from node.service.desk.kinds import Kind
from node.service.desk.lending import MARGIN_S, Lending
from node.service.desk.memory import KioskMemory, ReturnAccepted
from node.service.desk.patrons import Patrons
from node.service.desk.paying import Paying
from node.service.desk.renewing_all import RenewingAll
from node.service.desk.results import is_renewal_off_line
from node.service.desk.returning import Returning
from node.service.desk.undecided import UndecidedReturns
from node.service.peers.local import LocalLibrary
from node.storage.desk import operations as rows
from node.storage.meta import LibraryIdentity
from node.storage.store import Store, Tx


class DeskPlan(Protocol):
    """What the settings say, as the desk needs it. Durations in seconds."""

    @property
    def library(self) -> str: ...
    @property
    def directory(self) -> Directory: ...
    @property
    def rule_book(self) -> RuleBook: ...
    @property
    def areas(self) -> Mapping[str, AreaEntry]: ...
    @property
    def answer_within_s(self) -> float: ...
    @property
    def gate_within_s(self) -> float: ...
    @property
    def gate_grace_s(self) -> float: ...
    @property
    def return_wait_s(self) -> float: ...
    @property
    def not_on_loan_ok(self) -> bool: ...
    @property
    def repeat_window_s(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Its services over one branch."""

    branch: Branch
    lending: Lending
    returning: Returning
    patrons: Patrons
    paying: Paying
    renewing_all: RenewingAll
    journal: Journal
    blocking: Blocking
    undecided: UndecidedReturns

    def settle_untold(self, tx: Tx) -> int:
        """What kiosks were still waiting for when the program ended, or the disk refused a write, and nobody drives
        now: "no"; a return, and whatever was taken down as a fact: "yes". How many there were."""
        driven = {*self.lending.driving, *self.renewing_all.running}
        left = [row for row in rows.untold_ops(tx) if row.op not in driven]
        # what is made of other operations comes after them
        for row in sorted(left, key=lambda row: row.message == Kind.RENEW_ALL):
            self._settle(tx, row)
        return len(left)

    def _settle(self, tx: Tx, row: rows.KioskOpRow) -> None:
        kind = Kind(row.message)
        if kind is Kind.RETURN:
            self.branch.memory.tell(tx, row.op, ReturnAccepted(row.op))
        elif kind is Kind.RENEWAL and is_renewal_off_line(row.question or ""):
            self.journal.settle_renewal(tx, row.op, row.question or "")
        elif kind in JOURNALLED:
            self.journal.settle(tx, row.op, kind)
        elif kind is Kind.RENEW_ALL:
            self.renewing_all.settle(tx, row)
        else:
            self.lending.give_up(tx, row.op, row.question or "")


def compose_desk(
    plan: DeskPlan,
    identity: LibraryIdentity,
    *,
    books: Books,
    store: Store,
    courier: Courier,
    local: LocalLibrary,
    libraries: Callable[[str], Library],
    clock: Clock,
    wall_ms: WallMs,
) -> Desk:
    """`local`: this library as its own owner and home. `libraries(code)` reaches any library."""
    memory = KioskMemory(
        plan.library,
        identity.digest_key,
        wall_ms,
        older_ids=identity.older_ids,
        repeat_window_s=plan.repeat_window_s,
        answer_within_s=plan.answer_within_s,
    )
    authorities = Authorities(plan.library, plan.directory, store, libraries=libraries, clock=clock, wall_ms=wall_ms)
    return _services(plan, Branch(books, store, courier, authorities, memory, clock, wall_ms), local)


def _services(plan: DeskPlan, branch: Branch, local: LocalLibrary) -> Desk:
    undecided = UndecidedReturns(branch)
    lending = Lending(branch, local, answer_within_s=plan.answer_within_s)
    patrons = Patrons(
        branch,
        plan.areas,
        answer_within_s=plan.answer_within_s - MARGIN_S,
        gate_within_s=plan.gate_within_s,
        gate_grace_s=plan.gate_grace_s,
    )
    return Desk(
        branch=branch,
        lending=lending,
        returning=Returning(
            branch,
            undecided,
            wait_s=plan.return_wait_s,
            not_on_loan_ok=plan.not_on_loan_ok,
            clock_settled=local.clock_settled,
        ),
        patrons=patrons,
        paying=Paying(branch, patrons),
        renewing_all=RenewingAll(branch, lending, patrons),
        journal=Journal(branch, undecided, plan.rule_book),
        blocking=Blocking(branch, patrons),
        undecided=undecided,
    )
