"""Where two libraries' books differ, and the one safe direction in which a difference may be repaired.

The owner's word on its loans and the ledger's word on its fines stand; the home follows. So a place is freed only for
an operation that the owner itself knows to be over, and a loan's place or a fine's mirror is only ever told again.
What the owner does not know, or knows to be older than the home does, is a matter for people: one of the two was
restored from an old copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from federation import wire
from federation.contract import FineKept, LoanSnapshot, Notice, PlaceKept, PlaceRestored, ReleasePlace
from federation.older import reader_text
from node.domain.staff import StaffKind
from node.domain.states import OpState
from node.service.books import Books, key_of, owe
from node.service.staff import call_staff
from node.storage.delivery import comparing as rows
from node.storage.delivery import outbox
from node.storage.money import fines as ledger_rows
from node.storage.owner import loans as owner_rows
from node.storage.store import Tx

PAGE = 250
"""Rows that are looked at in one turn: some milliseconds."""
AGAIN = "again"


class Kind(StrEnum):
    """The word for each in the log, and on staff's list if it is for them."""

    PLACE_WITHOUT_LOAN = "place_without_loan"
    LOAN_WITHOUT_PLACE = "loan_without_place"
    PLACE_DIFFERS = "place_differs"
    PLACE_OF_ANOTHER = "place_of_another_reader"
    PLACE_UNKNOWN_HERE = "place_unknown_here"
    PLACE_AHEAD = "place_ahead"
    FINE_NOT_MIRRORED = "fine_not_mirrored"
    FINE_MIRROR_DIFFERS = "fine_mirror_differs"
    FINE_NOT_TAKEN = "fine_not_taken"
    FINE_UNKNOWN_HERE = "fine_unknown_here"
    FINE_MIRROR_AHEAD = "fine_mirror_ahead"


FOR_STAFF: Final[Mapping[Kind, StaffKind]] = {
    Kind.PLACE_OF_ANOTHER: StaffKind.PLACE_OF_ANOTHER_READER,
    Kind.PLACE_UNKNOWN_HERE: StaffKind.PLACE_UNKNOWN_HERE,
    Kind.PLACE_AHEAD: StaffKind.PLACE_AHEAD,
    Kind.FINE_NOT_TAKEN: StaffKind.FINE_NOT_TAKEN,
    Kind.FINE_UNKNOWN_HERE: StaffKind.FINE_UNKNOWN_HERE,
    Kind.FINE_MIRROR_AHEAD: StaffKind.FINE_MIRROR_AHEAD,
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Between our books and those of the home `peer`, about the operation or fine `subject`."""

    peer: str
    kind: Kind
    subject: str
    detail: str = ""

    @property
    def repairable(self) -> bool:
        return self.kind not in FOR_STAFF


class Differences:
    """The steps of a comparison at the owner and at the ledger, as functions of an open transaction."""

    def __init__(self, books: Books, wall_ms: Callable[[], int]) -> None:
        self._books = books
        self._wall_ms = wall_ms

    # --- finding ---------------------------------------------------------------------------------------------

    def lent_page(self, tx: Tx, peer: str, after: str) -> list[rows.LentRow]:
        """Our next open loans to readers of `peer`, by barcode."""
        return rows.lent_to(tx, peer, after, PAGE)

    def of_loans(
        self, lent: Iterable[rows.LentRow], peer: str, kept: dict[str, PlaceKept], before_ms: int
    ) -> list[Difference]:
        """Our open loans against the places that `peer` holds; those that are for one of them are taken out of `kept`.
        Left out: what is younger than `before_ms`."""
        found = []
        for row in lent:
            place = kept.pop(row.op, None)
            if row.opened_at_ms < before_ms:
                found += [Difference(peer, kind, row.op, detail) for kind, detail in self._judge_loan(row, place)]
        return found

    def of_strange(self, tx: Tx, peer: str, ops: Iterable[str]) -> list[Difference]:
        """Places that `peer` holds and that were not among our open loans."""
        return [Difference(peer, kind, op) for op in ops if (kind := self._judge_place(tx, op)) is not None]

    def _judge_loan(self, loan: rows.LentRow, place: PlaceKept | None) -> Iterator[tuple[Kind, str]]:
        if place is None:
            yield Kind.LOAN_WITHOUT_PLACE, ""
            return
        if loan.reader not in (None, place.reader):
            yield Kind.PLACE_OF_ANOTHER, ""
        if (place.due_on, place.renewals) != (loan.due_on, loan.renewals):
            here = (self._books.epoch, loan.version)
            detail = f"due {loan.due_on} here, {place.due_on} there"
            yield (Kind.PLACE_DIFFERS if (place.epoch, place.version) < here else Kind.PLACE_AHEAD), detail

    def _judge_place(self, tx: Tx, op: str) -> Kind | None:
        """Of a place without an open loan; None: it is being decided, or goes on after all."""
        decided, loan = owner_rows.find_op(tx, op), owner_rows.find_loan(tx, op)
        if decided is None and loan is None:
            return Kind.PLACE_UNKNOWN_HERE
        if loan is not None and loan.closed_at_ms is None:
            return None
        if decided is not None and decided.state == OpState.RESERVING:
            return None
        return Kind.PLACE_WITHOUT_LOAN

    def owed_page(self, tx: Tx, peer: str, after: str) -> list[rows.OwedRow]:
        """Our next fines of readers of `peer` that are not fully paid, by name."""
        return rows.owed_by(tx, peer, after, PAGE)

    def of_owed(
        self, tx: Tx, owed: Iterable[rows.OwedRow], peer: str, kept: Mapping[str, FineKept], before_ms: int
    ) -> list[Difference]:
        """Our fines against the mirror of `peer`, which has none of them."""
        return [
            Difference(
                peer, self._judge_lost(tx, peer, row), row.fine, f"{row.amount_fen - row.paid_fen} fen owed here"
            )
            for row in owed
            if row.fine not in kept and row.booked_at_ms < before_ms
        ]

    def of_mirrored(self, tx: Tx, peer: str, mirrored: Iterable[FineKept]) -> list[Difference]:
        """What `peer` takes for not fully paid against our fines."""
        return [
            Difference(peer, kind, each.fine, detail)
            for each in mirrored
            for kind, detail in self._judge_mirror(tx, each)
        ]

    def _judge_lost(self, tx: Tx, peer: str, fine: rows.OwedRow) -> Kind:
        """A home lists what it takes for owed. What it was told again and still does not list it takes for paid, by
        later news of ours: these books, or its own, were restored from an old copy."""
        told = f"FineSnapshot/{fine.fine}/{self._books.epoch}.{fine.version}/{AGAIN}/"
        return Kind.FINE_NOT_TAKEN if outbox.heard(tx, peer, told) else Kind.FINE_NOT_MIRRORED

    def _judge_mirror(self, tx: Tx, mirrored: FineKept) -> Iterator[tuple[Kind, str]]:
        fine = ledger_rows.find_fine(tx, mirrored.fine)
        if fine is None:
            yield Kind.FINE_UNKNOWN_HERE, f"{mirrored.amount_fen} fen there"
        elif (fine.amount_fen, fine.paid_fen) != (mirrored.amount_fen, mirrored.paid_fen):
            older = (mirrored.epoch, mirrored.version) < (self._books.epoch, fine.version)
            detail = f"{fine.paid_fen} of {fine.amount_fen} fen paid here, {mirrored.paid_fen} there"
            yield (Kind.FINE_MIRROR_DIFFERS if older else Kind.FINE_MIRROR_AHEAD), detail

    def waiting_page(self, tx: Tx, peer: str, after_id: int) -> tuple[set[str], int | None]:
        """Operations and fines of which the peer has not acknowledged something yet, and where the next page goes on;
        None: there is none."""
        page = outbox.waiting(tx, peer, PAGE, after_id)
        found: set[str] = set()
        for row in page:
            notice = wire.decode_notice(row.payload)
            found.update(str(getattr(notice, name)) for name in ("op", "fine") if hasattr(notice, name))
        return found, page[-1].id if len(page) == PAGE else None

    # --- repairing -------------------------------------------------------------------------------------------

    def repair(self, tx: Tx, difference: Difference) -> bool:
        """Tell the home again what our books say now; what can't be repaired goes onto staff's list. True if something
        was sent."""
        if not difference.repairable:
            self._call_staff(tx, difference)
            return False
        notice = self._what_to_tell(tx, difference)
        if notice is not None:
            self._tell_again(tx, difference.peer, notice)
        return notice is not None

    def _what_to_tell(self, tx: Tx, difference: Difference) -> Notice | None:
        """None: our books have changed since, and it is no difference any more."""
        match difference.kind:
            case Kind.PLACE_WITHOUT_LOAN:
                return self._release(tx, difference.subject)
            case Kind.LOAN_WITHOUT_PLACE:
                return self._restored(tx, difference.subject)
            case Kind.PLACE_DIFFERS:
                return self._snapshot(tx, difference.subject)
        fine = ledger_rows.find_fine(tx, difference.subject)
        return None if fine is None else self._books.ledger.snapshot(fine)

    def _release(self, tx: Tx, op: str) -> ReleasePlace | None:
        """Only of what our books know to be over."""
        loan, decided = owner_rows.find_loan(tx, op), owner_rows.find_op(tx, op)
        if loan is not None:
            over = loan.closed_at_ms is not None
            return ReleasePlace(op, self._books.library, self._books.epoch, loan.version) if over else None
        over = decided is not None and decided.state not in (OpState.RESERVING, OpState.DONE)
        return ReleasePlace(op, self._books.library) if over else None

    def _restored(self, tx: Tx, op: str) -> PlaceRestored | None:
        """With a new version of the loan: the home may have freed the place under the present one."""
        loan = owner_rows.find_loan(tx, op)
        item = None if loan is None else owner_rows.find_item(tx, loan.barcode)
        if loan is None or item is None or loan.closed_at_ms is not None:
            return None
        version = owner_rows.change_due(tx, loan, due_on=loan.due_on, renewals=loan.renewals)
        return PlaceRestored(
            op=op,
            owner=self._books.library,
            epoch=self._books.epoch,
            version=version,
            due_on=loan.due_on,
            renewals=loan.renewals,
            reader=reader_text(loan.reader, op),
            barcode=loan.barcode,
            title=item.title,
            foreign=item.foreign,
        )

    def _snapshot(self, tx: Tx, op: str) -> LoanSnapshot | None:
        loan = owner_rows.find_loan(tx, op)
        if loan is None or loan.closed_at_ms is not None:
            return None
        return LoanSnapshot(op, self._books.library, self._books.epoch, loan.version, loan.due_on, loan.renewals)

    def _tell_again(self, tx: Tx, to: str, notice: Notice) -> None:
        """Under a key of its own: the same notice may have been acknowledged before."""
        if to == self._books.library:
            self._books.apply(tx, notice)
            return
        now_ms = self._wall_ms()
        owe(tx, to, notice, now_ms, f"{key_of(notice)}/{AGAIN}/{now_ms}")

    def _call_staff(self, tx: Tx, difference: Difference) -> None:
        detail = f"{difference.peer}: {difference.detail}".rstrip(": ")
        kind = FOR_STAFF[difference.kind]
        call_staff(tx, kind, op=difference.subject, at_ms=self._wall_ms(), detail=detail)
