"""How a card stands, as its home tells it: to a branch, to a gate, to an owner."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

from federation.contract import (
    CardStatus,
    FineKind,
    FineView,
    HoldState,
    HoldView,
    PinCheck,
    PlaceView,
    Reason,
    Refused,
    Standing,
    StandingDecision,
    StandingQuestion,
)
from node.domain import rules
from node.domain.calendar import civil_date
from node.storage.home import cards as rows
from node.storage.home import holds as hold_rows
from node.storage.store import Tx

_ANY_HOLD: Final = HoldView("*", "*", "", "", False)


class Standings:
    """Of the cards of `library`."""

    def __init__(self, library: str, rule_book: rules.RuleBook) -> None:
        self._library = library
        self._rule_book = rule_book

    def standing(self, tx: Tx, question: StandingQuestion, pin: PinCheck) -> StandingDecision:
        """Counts and lists from the same rows, so they can't differ; the name stays in this library, and an owner is
        told what it decides by."""
        if question.status_only:
            return self._status(tx, question, pin)
        found = self._whole_standing(tx, question, pin)
        return _for_owner(found, question.branch) if question.as_owner and isinstance(found, Standing) else found

    def _status(self, tx: Tx, question: StandingQuestion, pin: PinCheck) -> StandingDecision:
        """All that a gate needs (R12)."""
        card = rows.find_card(tx, question.card)
        if card is None:
            return Refused(Reason.UNKNOWN_CARD)
        invalid = rules.card_refusal(_facts_of(card, [], [], date.min), civil_date(question.asked_at_ms))
        return Standing(
            reader=card.reader,
            name="",
            status=CardStatus(card.status),
            pin=pin,
            category="",
            expires_on=card.expires_on,
            max_loans=0,
            max_foreign=0,
            loans=(),
            fines=(),
            lending=invalid,
            renewal=invalid,
        )

    def _whole_standing(self, tx: Tx, question: StandingQuestion, pin: PinCheck) -> StandingDecision:
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
            holds=tuple(
                HoldView(row.hold, row.owner, row.barcode, row.title, row.state == HoldState.READY, row.pickup)
                for row in hold_rows.mirrored_holds(tx, card.reader)
            ),
            lending=rules.lending_refusal(rule, facts, on) or rules.place_refusal(facts, foreign=False),
            renewal=rules.renewal_refusal(rule, facts, on),
        )

    def facts(self, tx: Tx, card: rows.CardRow, on: date) -> rules.CardFacts:
        """Loans and fines are read only if the rule looks at them: the usual checkout needs neither."""
        rule = self._rule_book.rule_for(card.category, rules.ANY_TYPE, on)
        if not rule.lending_refused_for:
            return _facts_of(card, [], [], on)
        return _facts_of(card, rows.held_places(tx, card.reader), rows.open_fines(tx, card.reader), on)


def _facts_of(
    card: rows.CardRow, places: list[rows.PlaceRow], fines: list[rows.MirrorRow], on: date
) -> rules.CardFacts:
    late = [row for row in fines if row.kind is FineKind.LATE]
    return rules.CardFacts(
        status=CardStatus(card.status),
        expires_on=card.expires_on,
        places_used=card.places_used,
        foreign_used=card.foreign_used,
        max_loans=card.max_loans,
        max_foreign=card.max_foreign,
        overdue_items=sum(1 for row in places if row.due_on is not None and row.due_on < on),
        owed_fen=sum(row.amount_fen - row.paid_fen for row in late),
        fee_ledger=late[0].ledger if late else "",
        violation=card.violation,
    )


def _for_owner(found: Standing, owner: str) -> Standing:
    """Without what other owners lent and what is owed; holds are counted, whosever they are."""
    return replace(
        found,
        loans=tuple(loan for loan in found.loans if loan.owner == owner),
        fines=(),
        holds=tuple(hold if hold.owner == owner else _ANY_HOLD for hold in found.holds),
    )
