"""The home's decisions, as steps of an open transaction: is the card valid, is there a place, how does it stand.

The home has no timers. A place is held on the owner's word and freed on the owner's word (promise 3); a release
that comes before its question leaves a tombstone (promise 2); a "no" is a row like a "yes".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from federation.contract import (
    CardBlocked,
    CardEnabled,
    CardStatus,
    FineSnapshot,
    ForcedPlace,
    HoldSnapshot,
    LoanSnapshot,
    Notice,
    NotPermitted,
    PinCheck,
    PlaceDecision,
    PlaceHeld,
    PlaceQuestion,
    PlaceRestored,
    Reason,
    Refused,
    ReleasePlace,
    StandingDecision,
    StandingQuestion,
)
from node.domain import rules
from node.domain.calendar import civil_date
from node.domain.keeping import FORGOTTEN
from node.domain.staff import StaffKind, rule_broken_off_line
from node.domain.states import PLACE, PlaceEvent, PlaceState
from node.service import refusals
from node.service.home.claims import Claims
from node.service.home.debts import Debts
from node.service.home.forced import ForcedPlaces
from node.service.home.standings import Standings
from node.service.staff import call_staff
from node.storage.home import card_ops
from node.storage.home import cards as rows
from node.storage.store import Tx

Post = Callable[[Tx, str, Notice], None]
UNVERSIONED = (0, 0)
HOUR_MS = 3600 * 1000
MANY_BLOCKS = 20
"""Of cards of this library, by the terminals of one other in an hour: more than mistyped PINs and kept cards make."""


class HomeSteps:
    """Decides about the cards of `library`."""

    def __init__(self, library: str, rule_book: rules.RuleBook, wall_ms: Callable[[], int], post: Post) -> None:
        self._library = library
        self._rule_book = rule_book
        self._wall_ms = wall_ms
        self._post = post
        self._standings = Standings(library, rule_book)
        self._debts = Debts(rule_book, wall_ms)
        self._claims = Claims(library, rule_book, wall_ms, post)
        self._forced = ForcedPlaces(library, rule_book, wall_ms, post, facts=self._standings.facts, claims=self._claims)

    # --- places --------------------------------------------------------------------------------------------

    def hold_place(self, tx: Tx, question: PlaceQuestion) -> PlaceDecision:
        """R2 under the card's own limits. The first decision under an operation id stands. NotPermitted if a terminal
        here is said to have asked for it, and did not."""
        known = rows.find_place(tx, question.op)
        if known is not None:
            return self._place_decided(tx, known, question.owner)
        if not self._claims.is_ours(tx, question):
            raise NotPermitted(f"{question.owner} asks for a place that no terminal here asked for")
        on = civil_date(question.asked_at_ms)
        card = rows.find_card(tx, question.card)
        if card is None:
            return self._refuse(tx, question, Refused(Reason.UNKNOWN_CARD))
        facts = self._standings.facts(tx, card, on)
        rule = self._rule_book.rule_for(card.category, rules.ANY_TYPE, on)
        refused = rules.lending_refusal(rule, facts, on) or rules.place_refusal(facts, question.foreign)
        if refused is not None:
            return self._refuse(tx, question, refused)
        last_due_on = self._rule_book.last_due_on(card.category, card.expires_on, on)
        due_on = rules.due_on(self._rule_book.rule_for(card.category, question.item_type, on), on, last_due_on)
        place = rows.PlaceRow(
            op=question.op,
            state=PLACE.after(None, PlaceEvent.HELD),
            owner=question.owner,
            at_ms=question.asked_at_ms,
            reader=card.reader,
            barcode=question.barcode,
            title=question.title,
            foreign=question.foreign,
            due_on=due_on,
            branch=question.branch,
        )
        rows.hold_place(tx, place)
        return PlaceHeld(question.op, card.reader, card.category, due_on, card.expires_on)

    def _place_decided(self, tx: Tx, known: rows.PlaceRow, owner: str) -> PlaceDecision:
        if known.owner != owner:
            raise NotPermitted(f"{owner} may not ask for a place of {known.owner}")
        if known.state == PlaceState.REFUSED:
            return refusals.restored(known.refusal or "")
        if known.state == PlaceState.FREED or known.reader is None or known.due_on is None:
            return Refused(Reason.CANCELLED)
        card = rows.find_reader(tx, known.reader)
        category, expires_on = ("", None) if card is None else (card.category, card.expires_on)
        return PlaceHeld(known.op, known.reader, category, known.due_on, expires_on)

    def _refuse(self, tx: Tx, question: PlaceQuestion, refused: Refused) -> Refused:
        place = rows.PlaceRow(
            op=question.op,
            state=PLACE.after(None, PlaceEvent.REFUSED),
            owner=question.owner,
            at_ms=self._wall_ms(),
            ended_at_ms=self._wall_ms(),
            barcode=question.barcode,
            branch=question.branch,
            refusal=refusals.stored(refused),
        )
        rows.refuse_place(tx, place)
        return refused

    def force_place(self, tx: Tx, notice: ForcedPlace) -> None:
        """A loan made off line."""
        self._forced.take(tx, notice)
        self._debts.look_again(tx, notice.op)

    def release(self, tx: Tx, notice: ReleasePlace) -> None:
        """Freed on the owner's word, unless the home knows already that the loan went on after that."""
        known = rows.find_place(tx, notice.op)
        stamp = (notice.epoch, notice.version)
        if known is None:
            rows.bury_place(
                tx,
                op=notice.op,
                owner=notice.owner,
                at_ms=self._wall_ms(),
                epoch=notice.epoch,
                version=notice.version,
            )
            return
        newest = max(stamp, (known.epoch, known.version))
        if known.owner != notice.owner or stamp not in (UNVERSIONED, newest):
            return
        if known.state == PlaceState.HELD:
            rows.free_place(tx, known, *newest, self._wall_ms())
        elif known.state == PlaceState.FREED:
            rows.stay_free(tx, known, *newest, known.ended_at_ms or self._wall_ms())

    def free(self, tx: Tx, number: str) -> str | None:
        """By staff of this home: `Claims.free`."""
        return self._claims.free(tx, number)

    def restore(self, tx: Tx, notice: PlaceRestored) -> None:
        """The loan goes on after all; beside the quota if the reader has filled it since."""
        known = rows.find_place(tx, notice.op)
        if known is not None and known.reader == FORGOTTEN and not known.barred and notice.reader:
            rows.drop_place(tx, known.op)
            known = None
        if known is None and notice.reader:
            self._restore_unknown(tx, notice)
            return
        self._goes_on(tx, known, notice)

    def _goes_on(self, tx: Tx, known: rows.PlaceRow | None, notice: LoanSnapshot | PlaceRestored) -> None:
        """The loan runs, as of that version: its place is held, and was freed by older news if it is not."""
        if known is None or known.owner != notice.owner or known.reader is None or known.state == PlaceState.REFUSED:
            return
        if (notice.epoch, notice.version) <= (known.epoch, known.version):
            return
        if known.barred:
            self._claims.claimed_again(tx, known.owner, known.op, known.barcode)
            return
        card = rows.find_reader(tx, known.reader)
        if known.state == PlaceState.HELD:
            PLACE.after(known.state, PlaceEvent.MIRRORED)
        elif card is not None:
            self._claims.check_room(tx, card, known.owner)
            full = card.places_used >= card.max_loans or (known.foreign and card.foreign_used >= card.max_foreign)
            rows.hold_again(tx, known, forced=known.forced or full)
        rows.mirror_loan(tx, _as_of(known, notice))
        self._debts.look_again(tx, known.op)

    def _restore_unknown(self, tx: Tx, notice: PlaceRestored) -> None:
        """These books have no row of that loan (they are older than it): the owner says whose it is."""
        card = rows.find_reader(tx, notice.reader)
        if card is None:
            kind = StaffKind.PLACE_OF_UNKNOWN_READER
            self._claims.call_staff(tx, kind, notice.op, notice.owner, notice.barcode)
            return
        self._claims.check_room(tx, card, notice.owner)
        self._claims.only_told(tx, notice)
        full = card.places_used >= card.max_loans or (notice.foreign and card.foreign_used >= card.max_foreign)
        place = rows.PlaceRow(
            op=notice.op,
            state=PLACE.after(None, PlaceEvent.HELD),
            owner=notice.owner,
            at_ms=self._wall_ms(),
            reader=card.reader,
            barcode=notice.barcode,
            title=notice.title,
            foreign=notice.foreign,
            forced=full,
        )
        rows.hold_place(tx, _as_of(place, notice))
        self._debts.look_again(tx, notice.op)

    # --- mirrors -------------------------------------------------------------------------------------------

    def mirror_loan(self, tx: Tx, notice: LoanSnapshot) -> None:
        known = rows.find_place(tx, notice.op)
        ours = known is not None and known.owner == notice.owner and notice.renewals > known.renewals
        if known is not None and known.reader is not None and ours:
            self._renewed_past_card(tx, notice, known.reader, known.barcode)
        self._goes_on(tx, known, notice)

    def _renewed_past_card(self, tx: Tx, notice: LoanSnapshot, reader: str, barcode: str) -> None:
        """No owner gives such a date on line. A kiosk gave it off line, when nobody looked at the card."""
        card, on = rows.find_reader(tx, reader), civil_date(self._wall_ms())
        last_due_on = None if card is None else self._rule_book.last_due_on(card.category, card.expires_on, on)
        if last_due_on is not None and last_due_on < notice.due_on:
            kind = rule_broken_off_line(Reason.RENEWAL_PAST_CARD)
            call_staff(tx, kind, op=notice.op, at_ms=self._wall_ms(), barcode=barcode)

    def mirror_fine(self, tx: Tx, notice: FineSnapshot) -> None:
        """What a ledger says that a reader of this home owes, as far as the home's own rows bear it out."""
        self._debts.mirror(tx, notice)

    def mirror_hold(self, tx: Tx, notice: HoldSnapshot) -> None:
        self._claims.mirror_hold(tx, notice)

    # --- blocks --------------------------------------------------------------------------------------------

    def block(self, tx: Tx, notice: CardBlocked) -> None:
        """From this row on the card lends nothing; a copy of the notice after it was enabled blocks nothing."""
        card = rows.find_card(tx, notice.card)
        new = card_ops.add_card_op(
            tx, op=notice.op, card=notice.card, kind="block", branch=notice.branch, at_ms=self._wall_ms()
        )
        if new and card is not None and card.status == CardStatus.ACTIVE:
            rows.set_status(tx, notice.card, CardStatus.SUSPENDED)
        if new and notice.branch != self._library:
            self._too_many_blocks(tx, notice.branch)

    def _too_many_blocks(self, tx: Tx, branch: str) -> None:
        """A block is a fact and is never refused; that one library makes so many is for staff, once an hour."""
        hour, _ = divmod(self._wall_ms(), HOUR_MS)
        if card_ops.count_blocks(tx, branch, self._wall_ms() - HOUR_MS) >= MANY_BLOCKS:
            op = f"blocks:{branch}:{hour}"
            call_staff(tx, StaffKind.MANY_BLOCKS, op=op, at_ms=self._wall_ms(), detail=branch)

    def enable(self, tx: Tx, notice: CardEnabled) -> None:
        """Away from home only a block that a terminal made is ended: what the home's staff suspended, they end."""
        card = rows.find_card(tx, notice.card)
        if card is None or card.status != CardStatus.SUSPENDED:
            return
        if notice.branch != self._library and not card_ops.blocked_by_terminal(tx, notice.card):
            return
        new = card_ops.add_card_op(
            tx, op=notice.op, card=notice.card, kind="enable", branch=notice.branch, at_ms=self._wall_ms()
        )
        if new:
            rows.set_status(tx, notice.card, CardStatus.ACTIVE)

    # --- standing ------------------------------------------------------------------------------------------

    def borrows(self, tx: Tx, loan_op: str, card: str) -> bool:
        """Whether this loan has a place of this card: the owner may not know its reader yet."""
        place = rows.find_place(tx, loan_op)
        return place is not None and place.reader is not None and place.reader == self.reader_of(tx, card)

    def card_of_reader(self, tx: Tx, reader: str) -> rows.CardRow | None:
        """For the library's own terminals only."""
        return rows.find_reader(tx, reader)

    def card_of_borrower(self, tx: Tx, loan: str) -> rows.CardRow | None:
        """The card of the reader who had or has that loan; for the library's own terminals only."""
        place = rows.find_place(tx, loan)
        return None if place is None or place.reader is None else rows.find_reader(tx, place.reader)

    def reader_of(self, tx: Tx, card: str) -> str | None:
        known = rows.find_card(tx, card)
        return None if known is None else known.reader

    def category_of(self, tx: Tx, card: str) -> str | None:
        known = rows.find_card(tx, card)
        return None if known is None else known.category

    def last_due_on(self, tx: Tx, card: str, on: date) -> date | None:
        """See `RuleBook.last_due_on`; None for a card that is not of this library."""
        known = rows.find_card(tx, card)
        return None if known is None else self._rule_book.last_due_on(known.category, known.expires_on, on)

    def pin_hash(self, tx: Tx, card: str) -> str | None:
        known = rows.find_card(tx, card)
        return None if known is None else known.pin_hash

    def standing(self, tx: Tx, question: StandingQuestion, pin: PinCheck) -> StandingDecision:
        return self._standings.standing(tx, question, pin)


def _as_of(place: rows.PlaceRow, notice: LoanSnapshot | PlaceRestored) -> rows.PlaceRow:
    """The place of a loan that runs as the owner says."""
    return place._replace(due_on=notice.due_on, renewals=notice.renewals, epoch=notice.epoch, version=notice.version)
