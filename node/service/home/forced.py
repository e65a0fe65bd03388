"""The home takes in what kiosks lent off line: it has happened, so it is never refused.

Such a place is counted apart from the quota, and what broke a rule goes on the list of the branch where it happened.
The owner is told whose loan it is, in whatever order the news of it come.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from federation.contract import ForcedPlace, Notice, ReaderKnown, Reason, Refused, StaffCalled
from node.domain import rules
from node.domain.calendar import civil_date
from node.domain.staff import StaffKind, rule_broken_off_line
from node.domain.states import PLACE, PlaceEvent, PlaceState
from node.service.home.claims import Claims
from node.storage.home import cards as rows
from node.storage.store import Tx


class ForcedPlaces:
    """The step of a `ForcedPlace` at home `library`. `facts(tx, card, on)`: what the rules look at."""

    def __init__(
        self,
        library: str,
        rule_book: rules.RuleBook,
        wall_ms: Callable[[], int],
        post: Callable[[Tx, str, Notice], None],
        *,
        facts: Callable[[Tx, rows.CardRow, date], rules.CardFacts],
        claims: Claims,
    ) -> None:
        self._library = library
        self._rule_book = rule_book
        self._wall_ms = wall_ms
        self._post = post
        self._facts = facts
        self._claims = claims

    def take(self, tx: Tx, notice: ForcedPlace) -> None:
        """A loan made off line: it has left, so it counts, apart from the quota that it may break. If it is over
        already it holds nothing, but whose it was must be known all the same: there may be a fine."""
        known = rows.find_place(tx, notice.op)
        if known is not None and not _is_tombstone_of(known, notice.owner):
            return
        if not self._claims.is_ours(tx, notice):
            self._claims.not_asked_here(tx, notice)
            return
        card = rows.find_card(tx, notice.card)
        if card is None:
            rows.bury_place(tx, op=notice.op, owner=notice.owner, at_ms=self._wall_ms(), epoch=0, version=0)
            self._call_staff(tx, notice, StaffKind.NO_BLOCK_UNKNOWN_CARD)
            self._post(tx, notice.owner, ReaderKnown(notice.op, self._library, "", ""))
            return
        if known is None:
            self._claims.check_room(tx, card, notice.owner)
        self._broken_rules(tx, notice, card)
        if known is None:
            state = PLACE.after(None, PlaceEvent.HELD)
            place = rows.PlaceRow(op=notice.op, state=state, owner=notice.owner, at_ms=notice.lent_at_ms)
            rows.hold_place(tx, _named(place, notice, card))
        else:
            PLACE.must_lead(known.state, PlaceEvent.NAMED, known.state)
            rows.name_place(tx, _named(known, notice, card))
        rows.name_fines(tx, notice.op, card.reader)
        self._post(tx, notice.owner, ReaderKnown(notice.op, self._library, card.reader, card.category))

    def _broken_rules(self, tx: Tx, notice: ForcedPlace, card: rows.CardRow) -> None:
        on = civil_date(notice.lent_at_ms)
        facts = self._facts(tx, card, on)
        rule = self._rule_book.rule_for(card.category, rules.ANY_TYPE, on)
        taken = len(rows.held_places(tx, card.reader))
        full = Refused(Reason.QUOTA) if taken >= card.max_loans else None
        for refused in (rules.lending_refusal(rule, facts, on), full or rules.place_refusal(facts, notice.foreign)):
            if refused is not None:
                self._call_staff(tx, notice, rule_broken_off_line(refused.reason))
        last_due_on = self._rule_book.last_due_on(card.category, card.expires_on, on)
        if last_due_on is not None and on <= last_due_on < notice.due_on:
            self._call_staff(tx, notice, StaffKind.NO_BLOCK_DUE_DATE)

    def _call_staff(self, tx: Tx, notice: ForcedPlace, kind: StaffKind) -> None:
        """What broke a rule goes on the list of the branch where it happened, and on the home's own: the branch may be
        the one that made it up."""
        for code in dict.fromkeys((self._library, notice.branch)):
            called = StaffCalled(notice.op, self._library, code, kind, notice.barcode)
            self._post(tx, code, called)


def _is_tombstone_of(place: rows.PlaceRow, owner: str) -> bool:
    return place.state == PlaceState.FREED and place.reader is None and place.owner == owner


def _named(place: rows.PlaceRow, notice: ForcedPlace, card: rows.CardRow) -> rows.PlaceRow:
    """The place with what the branch tells of a loan that was made off line."""
    return place._replace(
        reader=card.reader,
        barcode=notice.barcode,
        title=notice.title,
        foreign=notice.foreign,
        forced=True,
        due_on=notice.due_on,
        branch=notice.branch,
        at_ms=notice.lent_at_ms,
    )
