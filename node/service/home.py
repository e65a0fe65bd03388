"""The home's decisions, as steps of an open transaction: is the card valid, is there a place, how does it stand.

The home has no timers. A place is held on the owner's word and freed on the owner's word (promise 3); a release
that comes before its question leaves a tombstone (promise 2); a "no" is a row like a "yes".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from federation.contract import (
    CardBlocked,
    CardStatus,
    FineSnapshot,
    FineView,
    ForcedPlace,
    LoanSnapshot,
    PinCheck,
    PlaceDecision,
    PlaceHeld,
    PlaceQuestion,
    PlaceView,
    Reason,
    Refused,
    ReleasePlace,
    Standing,
    StandingDecision,
    StandingQuestion,
)
from node.domain import rules
from node.domain.calendar import civil_date
from node.service import refusals
from node.storage import branch as branch_rows
from node.storage import home as rows
from node.storage.transaction import Tx


class HomeSteps:
    """Decides about the cards of `library`."""

    def __init__(self, library: str, rule_book: rules.RuleBook, wall_ms: Callable[[], int]) -> None:
        self._library = library
        self._rule_book = rule_book
        self._wall_ms = wall_ms

    # --- places --------------------------------------------------------------------------------------------

    def hold_place(self, tx: Tx, question: PlaceQuestion) -> PlaceDecision:
        """R2 under the card's own limits. The first decision under an operation id stands."""
        known = rows.find_place(tx, question.op)
        if known is not None:
            return self._place_decided(tx, known)
        on = civil_date(question.asked_at_ms)
        card = rows.find_card(tx, question.card)
        if card is None:
            return self._refuse(tx, question, Refused(Reason.UNKNOWN_CARD))
        facts = self._facts(tx, card, on)
        rule = self._rule_book.rule_for(card.category, rules.ANY_TYPE, on)
        refused = rules.lending_refusal(rule, facts, on) or rules.place_refusal(facts, question.foreign)
        if refused is not None:
            return self._refuse(tx, question, refused)
        due_on = rules.due_on(self._rule_book.rule_for(card.category, question.item_type, on), on)
        rows.hold_place(
            tx,
            op=question.op,
            reader=card.reader,
            owner=question.owner,
            barcode=question.barcode,
            title=question.title,
            foreign=question.foreign,
            forced=False,
            due_on=due_on,
            branch=question.branch,
            at_ms=question.asked_at_ms,
        )
        return PlaceHeld(question.op, card.reader, card.category, due_on)

    def _place_decided(self, tx: Tx, known: rows.PlaceRow) -> PlaceDecision:
        if known.state == "refused":
            return refusals.restored(known.refusal or "")
        if known.state == "freed" or known.reader is None or known.due_on is None:
            return Refused(Reason.CANCELLED)
        card = rows.find_reader(tx, known.reader)
        return PlaceHeld(known.op, known.reader, card.category if card else "", known.due_on)

    def _refuse(self, tx: Tx, question: PlaceQuestion, refused: Refused) -> Refused:
        rows.refuse_place(
            tx,
            op=question.op,
            owner=question.owner,
            barcode=question.barcode,
            branch=question.branch,
            at_ms=self._wall_ms(),
            refusal=refusals.stored(refused),
        )
        return refused

    def force_place(self, tx: Tx, notice: ForcedPlace) -> None:
        """A loan made off line: it has left, so it counts, apart from the quota that it may break."""
        if rows.find_place(tx, notice.op) is not None:
            return
        card = rows.find_card(tx, notice.card)
        if card is None:
            rows.bury_place(tx, op=notice.op, owner=notice.owner, at_ms=self._wall_ms())
            self._note(tx, notice.op, "forced_loan_unknown_card", notice.barcode)
            return
        facts = self._facts(tx, card, civil_date(notice.lent_at_ms))
        if rules.place_refusal(facts, notice.foreign) is not None:
            self._note(tx, notice.op, "forced_loan_over_quota", notice.barcode)
        rows.hold_place(
            tx,
            op=notice.op,
            reader=card.reader,
            owner=notice.owner,
            barcode=notice.barcode,
            title=notice.title,
            foreign=notice.foreign,
            forced=True,
            due_on=notice.due_on,
            branch=notice.branch,
            at_ms=notice.lent_at_ms,
        )

    def _note(self, tx: Tx, op: str, kind: str, barcode: str) -> None:
        branch_rows.raise_exception_for_staff(
            tx, op=op, kind=kind, barcode=barcode, terminal="", detail="", at_ms=self._wall_ms()
        )

    def release(self, tx: Tx, notice: ReleasePlace) -> None:
        known = rows.find_place(tx, notice.op)
        if known is None:
            rows.bury_place(tx, op=notice.op, owner=notice.owner, at_ms=self._wall_ms())
        elif known.state == "held" and known.owner == notice.owner:
            rows.free_place(tx, known)

    # --- mirrors -------------------------------------------------------------------------------------------

    def mirror_loan(self, tx: Tx, notice: LoanSnapshot) -> None:
        known = rows.find_place(tx, notice.op)
        newer = known is not None and (known.epoch, known.version) < (notice.epoch, notice.version)
        if known is not None and newer and known.state == "held" and known.owner == notice.owner:
            rows.mirror_loan(
                tx,
                op=notice.op,
                due_on=notice.due_on,
                renewals=notice.renewals,
                epoch=notice.epoch,
                version=notice.version,
            )

    def mirror_fine(self, tx: Tx, notice: FineSnapshot) -> None:
        rows.mirror_fine(
            tx,
            fine=notice.fine,
            ledger=notice.ledger,
            reader=notice.reader,
            barcode=notice.barcode,
            title=notice.title,
            due_on=notice.due_on,
            amount_fen=notice.amount_fen,
            paid_fen=notice.paid_fen,
            epoch=notice.epoch,
            version=notice.version,
        )

    def block(self, tx: Tx, notice: CardBlocked) -> None:
        card = rows.find_card(tx, notice.card)
        if card is not None and card.status == CardStatus.ACTIVE:
            rows.set_status(tx, notice.card, CardStatus.SUSPENDED)

    # --- standing ------------------------------------------------------------------------------------------

    def reader_of(self, tx: Tx, card: str) -> str | None:
        known = rows.find_card(tx, card)
        return None if known is None else known.reader

    def pin_hash(self, tx: Tx, card: str) -> str | None:
        known = rows.find_card(tx, card)
        return None if known is None else known.pin_hash

    def standing(self, tx: Tx, question: StandingQuestion, pin: PinCheck) -> StandingDecision:
        """Counts and lists from the same rows, so they can't differ; the name stays in this library."""
        card = rows.find_card(tx, question.card)
        if card is None:
            return Refused(Reason.UNKNOWN_CARD)
        on = civil_date(question.asked_at_ms)
        places = rows.held_places(tx, card.reader)
        fines = rows.open_fines(tx, card.reader)
        rule = self._rule_book.rule_for(card.category, rules.ANY_TYPE, on)
        facts = _facts_of(card, places, fines, on)
        return Standing(
            reader=card.reader,
            name=card.name if question.branch == self._library else "",
            status=CardStatus(card.status),
            pin=pin,
            category=card.category,
            expires_on=card.expires_on,
            max_loans=card.max_loans,
            max_foreign=card.max_foreign,
            loans=tuple(
                PlaceView(row.op, row.owner, row.barcode, row.title, row.foreign, row.due_on or on, row.renewals)
                for row in places
            ),
            fines=tuple(
                FineView(row.fine, row.ledger, row.barcode, row.title, row.due_on, row.amount_fen, row.paid_fen)
                for row in fines
            ),
            lending=rules.lending_refusal(rule, facts, on) or rules.place_refusal(facts, foreign=False),
            renewal=rules.renewal_refusal(rule, facts, on),
        )

    def _facts(self, tx: Tx, card: rows.CardRow, on: date) -> rules.CardFacts:
        """Loans and fines are read only if the rule looks at them: the usual checkout needs neither."""
        rule = self._rule_book.rule_for(card.category, rules.ANY_TYPE, on)
        if not rule.lending_refused_for:
            return _facts_of(card, [], [], on)
        return _facts_of(card, rows.held_places(tx, card.reader), rows.open_fines(tx, card.reader), on)


def _facts_of(
    card: rows.CardRow, places: list[rows.PlaceRow], fines: list[rows.MirrorRow], on: date
) -> rules.CardFacts:
    return rules.CardFacts(
        status=CardStatus(card.status),
        expires_on=card.expires_on,
        places_used=card.places_used,
        foreign_used=card.foreign_used,
        max_loans=card.max_loans,
        max_foreign=card.max_foreign,
        overdue_items=sum(1 for row in places if row.due_on is not None and row.due_on < on),
        owed_fen=sum(row.amount_fen - row.paid_fen for row in fines),
        fee_ledger=fines[0].ledger if fines else "",
        violation=card.violation,
    )
