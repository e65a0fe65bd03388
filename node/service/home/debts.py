"""The home's mirror of what its readers owe: what each ledger says, as far as the home's own places bear it out.

A late fee is for a loan, and every loan of a reader has a place here. So a fee counts if that place is the reader's, if
the loan was due by what the owner told us, if it is not more than the rules allow, and if no other ledger has one for
the same loan. Until then it is kept unconfirmed (`node.service.unconfirmed`), for the news of the loan may be on its
way.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from federation.contract import FineKind, FineSnapshot
from federation.older import fine_kind, fine_loan, fine_reader
from node.domain.calendar import civil_date
from node.domain.keeping import FORGOTTEN
from node.domain.rules import RuleBook, days_late, due_on
from node.service import unconfirmed
from node.storage.home import cards as rows
from node.storage.store import Tx

A_DAY: Final = timedelta(days=1)


class Debts:
    """The step of a `FineSnapshot` at the home."""

    def __init__(self, rule_book: RuleBook, wall_ms: Callable[[], int]) -> None:
        self._rule_book = rule_book
        self._wall_ms = wall_ms

    def mirror(self, tx: Tx, notice: FineSnapshot) -> None:
        loan = fine_loan(notice)
        place = rows.find_place(tx, loan)
        if not self._is_borne_out(tx, notice, place):
            awaited = fine_reader(notice) is None and (place is None or place.reader is None)
            listed = notice.amount_fen > 0 and not awaited
            unconfirmed.keep(tx, notice, _subject(loan), self._wall_ms(), listed=listed)
            return
        unconfirmed.drop(tx, notice)
        rows.mirror_fine(tx, _mirrored(notice, place, self._wall_ms()))
        if notice.amount_fen == 0:
            self.look_again(tx, loan)

    def look_again(self, tx: Tx, loan: str) -> None:
        """Something about that loan is new: it may bear out what was said before."""
        for notice in unconfirmed.about(tx, _subject(loan)):
            place = rows.find_place(tx, loan)
            if isinstance(notice, FineSnapshot) and self._is_borne_out(tx, notice, place):
                self.mirror(tx, notice)

    def _is_borne_out(self, tx: Tx, notice: FineSnapshot, place: rows.PlaceRow | None) -> bool:
        known = rows.find_mirror(tx, notice.ledger, notice.fine)
        if known is not None and notice.amount_fen <= known.amount_fen:
            return True  # no more than was borne out before
        if place is None or place.reader in (None, FORGOTTEN) or fine_reader(notice) not in (None, place.reader):
            return False
        return notice.amount_fen == 0 or self._is_owed(tx, notice, place)

    def _is_owed(self, tx: Tx, notice: FineSnapshot, place: rows.PlaceRow) -> bool:
        return notice.amount_fen <= self._at_most_fen(notice, place) and not self._is_second(tx, notice, place)

    def _at_most_fen(self, notice: FineSnapshot, place: rows.PlaceRow) -> int:
        """By the rules, had it come back today; a clock elsewhere may be in the next day already."""
        if fine_kind(notice) is FineKind.HOLD:
            return self._rule_book.hold_fee_at_most_fen(notice.due_on)
        not_before = max(notice.due_on, self._first_due_on(place) or notice.due_on)
        late = days_late(not_before, civil_date(self._wall_ms()) + A_DAY)
        return self._rule_book.late_fee_at_most_fen(late, notice.due_on)

    def _first_due_on(self, place: rows.PlaceRow) -> date | None:
        """Before this day it was not due. A renewal may have been taken back without our hearing of it."""
        if place.due_on is None or place.renewals == 0:
            return place.due_on
        lent_on = civil_date(place.at_ms)
        rules = self._rule_book.all_rules(lent_on)
        earliest = (due_on(rule, lent_on, lent_on if rule.due_within_card else None) for rule in rules)
        return min(place.due_on, *earliest)

    def _is_second(self, tx: Tx, notice: FineSnapshot, place: rows.PlaceRow) -> bool:
        """One loan has one fee of a kind. It stays where it arose."""
        return any(
            (row.ledger, row.fine) != (notice.ledger, notice.fine) and row.kind is fine_kind(notice)
            for row in rows.fines_of_loan(tx, place.reader or "", place.op)
        )


def _subject(loan: str) -> str:
    return f"loan:{loan}"


def _mirrored(notice: FineSnapshot, place: rows.PlaceRow | None, at_ms: int) -> rows.MirrorRow:
    """Whose loan it was, recorded off line, is known here by its place, if at all yet."""
    reader = fine_reader(notice)
    if reader is None and place is not None:
        reader = place.reader
    return rows.MirrorRow(
        fine=notice.fine,
        ledger=notice.ledger,
        barcode=notice.barcode,
        title=notice.title,
        due_on=notice.due_on,
        amount_fen=notice.amount_fen,
        paid_fen=notice.paid_fen,
        reader=reader,
        epoch=notice.epoch,
        version=notice.version,
        kind=fine_kind(notice),
        loan=fine_loan(notice),
        settled_at_ms=at_ms if notice.amount_fen <= notice.paid_fen else None,
    )
