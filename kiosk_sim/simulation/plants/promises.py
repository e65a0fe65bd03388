"""Faults planted on purpose: the check of the checks.

Each changes one piece of a node's core as it is composed, and breaks one promise. None is a switch in the product.
A test says within how many seeds each must be found. Here the promises between libraries; `plants_beside` has the rules
of renewals, holds, cards, what is done off line or undone, and what staff and readers are shown.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from federation.contract import (
    CancelOp,
    FineOrder,
    FineSnapshot,
    ItemReturned,
    LoanSnapshot,
    Notice,
    PlaceDecision,
    PlaceHeld,
    PlaceQuestion,
    Refused,
    ReleasePlace,
)
from kiosk_sim.simulation.library import SimLibrary
from kiosk_sim.simulation.plants import clocks, forgetting, harms, identity, trust
from kiosk_sim.simulation.plants import repeats as plants_of_repeats
from kiosk_sim.simulation.plants import rules as plants_beside
from kiosk_sim.simulation.plants.planting import Plant, become, core_of, drop, repost
from node.domain.states import PlaceState
from node.service.desk.memory import KioskMemory
from node.service.home.steps import HomeSteps
from node.service.money.steps import LedgerSteps
from node.service.owner.checkouts import Checkouts
from node.service.owner.returns import Returns
from node.service.owner.steps import OwnerSteps
from node.storage.delivery import outbox
from node.storage.home import cards as home_rows
from node.storage.owner import loans as owner_rows
from node.storage.owner.evidence import EvidenceRow
from node.storage.store import Tx

# --- promise 5: what the kiosk was told ----------------------------------------------------------------------


class _Forgetful(KioskMemory):
    def _repeats(self, *_known: Any, **_followed: Any) -> bool:
        return False

    def _earlier(self, *_asked: Any) -> tuple[str, str]:
        return "", ""


def answers_not_remembered(library: SimLibrary) -> None:
    """A kiosk that repeats itself asks a new operation."""
    become(core_of(library).desk.branch.memory, _Forgetful)


def no_cancellation_after_no(library: SimLibrary) -> None:
    """The kiosk was told "not lent", and the owner never hears of it."""
    drop(library, CancelOp)


# --- promise 2: a cancellation before its question -----------------------------------------------------------


class _NoTombstones(OwnerSteps):
    def cancel(self, tx: Tx, notice: CancelOp) -> None:
        if owner_rows.find_op(tx, notice.op) is not None:
            super().cancel(tx, notice)


def cancellation_forgotten(library: SimLibrary) -> None:
    """The owner ignores the cancellation of an operation that it has not heard of yet."""
    become(core_of(library).books.owner, _NoTombstones)


class _NoPlaceTombstones(HomeSteps):
    def release(self, tx: Tx, notice: ReleasePlace) -> None:
        if home_rows.find_place(tx, notice.op) is not None:
            super().release(tx, notice)


def release_forgotten(library: SimLibrary) -> None:
    """The home ignores the release of a place that it has not been asked for yet."""
    become(core_of(library).books.home, _NoPlaceTombstones)


# --- promise 1 and 3: no answer is not no; the home decides and remembers --------------------------------------


def place_freed_by_timer(library: SimLibrary) -> None:
    """The home frees a place an hour after it was held, on nobody's word."""
    core = core_of(library)
    free = core.books.home.release

    class Impatient(HomeSteps):
        def hold_place(self, tx: Tx, question: PlaceQuestion) -> PlaceDecision:
            decision = super().hold_place(tx, question)
            if isinstance(decision, PlaceHeld):
                release = ReleasePlace(question.op, question.owner)
                library.clock.callLater(3600.0, core.store.run, lambda tx: free(tx, release), "impatience")
            return decision

    become(core.books.home, Impatient)


class _RefusesInPassing(HomeSteps):
    def _refuse(self, tx: Tx, question: PlaceQuestion, refused: Refused) -> Refused:
        return refused


def refusal_not_recorded(library: SimLibrary) -> None:
    """The home says "no" without a row: asked again under the same id it may say "yes"."""
    become(core_of(library).books.home, _RefusesInPassing)


class _KeepsPlaces(Checkouts):
    def abort(self, tx: Tx, op: str, refused: Refused) -> Any:
        own = self._own
        self._own = replace(own, post=lambda *_release: None)
        try:
            return super().abort(tx, op, refused)
        finally:
            self._own = own


def no_release_after_abort(library: SimLibrary) -> None:
    """The owner gives up waiting for the home, and never releases the place it may hold."""
    become(core_of(library).books.owner.checkouts, _KeepsPlaces)


# --- promise 4: returns --------------------------------------------------------------------------------------


class _LaterOutbox:
    """Notices are written by a transaction of their own, a moment later."""

    def __init__(self, library: SimLibrary) -> None:
        self._core = core_of(library)
        self._clock = library.clock
        self._post = self._core.books.post

    def post(self, tx: Tx, to: str, notice: Notice) -> None:
        if to == self._core.plan.library:
            self._post(tx, to, notice)
            return

        def put(later: Tx) -> None:
            self._post(later, to, notice)

        self._clock.callLater(0.01, lambda: self._core.courier.write(put, "outbox"))


def outbox_outside_the_transaction(library: SimLibrary) -> None:
    """What is owed to others is written after the answer, in a transaction of its own."""
    repost(core_of(library).books, _LaterOutbox(library).post)


class _ClosesAnything(Returns):
    def _end_loan(
        self, tx: Tx, notice: ItemReturned, item: owner_rows.ItemRow, found: EvidenceRow, *, fresh: bool
    ) -> None:
        loan = owner_rows.open_loan_of(tx, notice.barcode)
        if loan is not None:
            self._close(tx, loan, item, found)


def return_closes_any_loan(library: SimLibrary) -> None:
    """A return ends whatever loan is open when it arrives, not the one that ran when the item came back."""
    become(core_of(library).books.owner.returns, _ClosesAnything)


class _OwnersClock(Checkouts):
    def _open_loan(self, tx: Tx, question: Any, item: Any, place: PlaceHeld) -> owner_rows.LoanRow:
        return super()._open_loan(tx, replace(question, asked_at_ms=self._own.wall_ms()), item, place)


def loan_stamped_by_the_owner(library: SimLibrary) -> None:
    """A loan begins at the owner's time, its return has the branch's."""
    become(core_of(library).books.owner.checkouts, _OwnersClock)


class _IgnoresOpeningEvidence(Returns):
    def close_with_evidence(self, tx: Tx, loan: owner_rows.LoanRow, item: owner_rows.ItemRow) -> bool:
        return False


def early_return_forgotten(library: SimLibrary) -> None:
    """A return that came before its loan does not end it."""
    become(core_of(library).books.owner.returns, _IgnoresOpeningEvidence)


# --- promise 6: fines ----------------------------------------------------------------------------------------


class _IgnoresLateEvidence(Returns):
    def _end_loan(
        self, tx: Tx, notice: ItemReturned, item: owner_rows.ItemRow, found: EvidenceRow, *, fresh: bool
    ) -> None:
        if owner_rows.open_loan_of(tx, notice.barcode) is not None:
            super()._end_loan(tx, notice, item, found, fresh=fresh)


def late_evidence_ignored(library: SimLibrary) -> None:
    """A return that was on its way for days moves no loan's end back."""
    become(core_of(library).books.owner.returns, _IgnoresLateEvidence)


class _NeverLowers(Returns):
    def _lower_fine(self, *_loan: Any) -> None:
        return None


def fine_not_lowered(library: SimLibrary) -> None:
    """A loan's end moves back, its fine stays."""
    become(core_of(library).books.owner.returns, _NeverLowers)


class _FinePerReturn(LedgerSteps):
    def book(self, tx: Tx, order: FineOrder) -> Any:
        return super().book(tx, replace(order, fine=f"{order.loan}:{order.returned_on}"))


def fine_keyed_by_return(library: SimLibrary) -> None:
    """A fine is the same one if it is of the same return, not of the same loan."""
    become(core_of(library).books.ledger, _FinePerReturn)


def snapshot_without_version(library: SimLibrary) -> None:
    """The home takes any snapshot over, an old one too."""
    core = core_of(library)
    versions = iter(range(10**6, 10**9))

    class Credulous(HomeSteps):
        def mirror_fine(self, tx: Tx, notice: FineSnapshot) -> None:
            super().mirror_fine(tx, replace(notice, version=next(versions)))

        def mirror_loan(self, tx: Tx, notice: LoanSnapshot) -> None:
            super().mirror_loan(tx, replace(notice, version=next(versions)))

    become(core.books.home, Credulous)


def home_counts_not_restored(library: SimLibrary) -> None:
    """A place is freed, its count is not."""
    core = core_of(library)

    class Miscounting(HomeSteps):
        def release(self, tx: Tx, notice: ReleasePlace) -> None:
            known = home_rows.find_place(tx, notice.op)
            if known is not None and known.state == PlaceState.HELD:
                home_rows._FREE.run(tx, known._replace(state=PlaceState.FREED, epoch=0, version=0))

    become(core.books.home, Miscounting)


# --- promise 7 and durability --------------------------------------------------------------------------------


def acknowledged_unheard(library: SimLibrary) -> None:
    """A notice is taken for delivered when it was sent."""
    core = core_of(library)
    lane = core.courier._lane

    def careless(peer: str) -> Any:
        found = lane(peer)
        send = found._send

        def sent(notices: list[Notice]) -> Any:
            rows: list[int] = []

            def all_waiting(tx: Tx) -> None:
                rows.extend(row.id for row in outbox.waiting(tx, peer, 64))
                outbox.acknowledge(tx, rows, library.wall_ms())

            core.store.run(all_waiting, "acknowledge")
            return send(notices)

        found._send = sent
        return found

    core.courier._lane = careless  # type: ignore[method-assign]


PLANTS: dict[str, Plant] = {
    plant.__name__: plant
    for plant in (
        answers_not_remembered,
        no_cancellation_after_no,
        cancellation_forgotten,
        release_forgotten,
        place_freed_by_timer,
        refusal_not_recorded,
        no_release_after_abort,
        outbox_outside_the_transaction,
        return_closes_any_loan,
        loan_stamped_by_the_owner,
        early_return_forgotten,
        late_evidence_ignored,
        fine_not_lowered,
        fine_keyed_by_return,
        snapshot_without_version,
        home_counts_not_restored,
        acknowledged_unheard,
        *plants_beside.PLANTS,
        *plants_of_repeats.PLANTS,
        *identity.PLANTS,
        *harms.PLANTS,
        *trust.PLANTS,
        *clocks.PLANTS,
        *forgetting.PLANTS,
    )
}
