"""What owners say that readers of this home have and wait for: places and holds of which the home has no proof.

The home can't know whether an owner lent something. But it knows what its own terminals asked, how much one reader has,
and what its own staff have found out to be wrong. What staff have freed stays free.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from federation.contract import (
    ForcedPlace,
    HoldSnapshot,
    Notice,
    NotPermitted,
    PlaceQuestion,
    PlaceRestored,
    StaffCalled,
)
from node.domain.calendar import civil_date
from node.domain.rules import ANY_TYPE, RuleBook
from node.domain.staff import StaffKind
from node.domain.states import IN_FORCE, PlaceState
from node.service.staff import call_staff
from node.storage.desk import operations as branch_rows
from node.storage.home import cards as rows
from node.storage.home import holds as hold_rows
from node.storage.store import Tx

CHECKOUT: Final = "11"
DAY_MS: Final = 24 * 3600 * 1000
MOST_PLACES: Final = 64
"""Held by one owner for one reader, or twice the quota of a large card. Then none beside the quota is taken."""
MOST_HOLDS: Final = 64
"""In force at one owner for one reader, or twice what a generous rule allows over all owners."""


class Claims:
    """Of the owners, at home `library`."""

    def __init__(
        self, library: str, rule_book: RuleBook, wall_ms: Callable[[], int], post: Callable[[Tx, str, Notice], None]
    ) -> None:
        self._library = library
        self._rule_book = rule_book
        self._wall_ms = wall_ms
        self._post = post

    def is_ours(self, tx: Tx, said: PlaceQuestion | ForcedPlace) -> bool:
        """False if another library says that a terminal here asked for it, and none did."""
        if said.branch != self._library or said.owner == self._library:
            return True
        asked = branch_rows.find_kiosk_op(tx, said.op)
        return asked is not None and (asked.message, asked.barcode) == (CHECKOUT, said.barcode)

    def not_asked_here(self, tx: Tx, notice: ForcedPlace) -> None:
        """Acknowledged, and no place is held. If the loan is real, the owner's comparison tells of it again."""
        self.call_staff(tx, StaffKind.PLACE_UNCONFIRMED, notice.op, notice.owner, notice.barcode)

    def check_room(self, tx: Tx, card: rows.CardRow, owner: str) -> None:
        """For one more place beside the quota. Errors: NotPermitted; the owner may say it again later."""
        held = sum(1 for place in rows.held_places(tx, card.reader) if place.owner == owner)
        self._check(tx, card.reader, owner, held, max(MOST_PLACES, 2 * card.max_loans))

    def claimed_again(self, tx: Tx, owner: str, op: str, barcode: str) -> None:
        """What staff here have freed is said to go on: it stays free."""
        self.call_staff(tx, StaffKind.PLACE_CLAIMED_AGAIN, op, owner, barcode)

    def only_told(self, tx: Tx, notice: PlaceRestored) -> None:
        """It counts, for the home may have been restored from an old copy; staff are to find out."""
        self.call_staff(tx, StaffKind.PLACE_ONLY_TOLD, notice.op, notice.owner, notice.barcode)

    def mirror_hold(self, tx: Tx, notice: HoldSnapshot) -> None:
        """Take over a snapshot if it is newer (promise 7). A hold of nobody is none. Errors: NotPermitted for more of
        them than one reader has."""
        known = hold_rows.find_hold_mirror(tx, notice.hold)
        stamp = (notice.epoch, notice.version)
        if known is not None and (known.owner != notice.owner or stamp <= (known.epoch, known.version)):
            return
        if known is not None and known.barred:
            self._barred_hold(tx, known, notice)
            return
        card = rows.find_reader(tx, notice.reader)
        if card is None:
            return
        if known is None:
            of_owner = [hold for hold in hold_rows.mirrored_holds(tx, notice.reader) if hold.owner == notice.owner]
            rule = self._rule_book.rule_for(card.category, ANY_TYPE, civil_date(self._wall_ms()))
            self._check(tx, notice.reader, notice.owner, len(of_owner), max(MOST_HOLDS, 2 * rule.max_holds))
            hold_rows.add_hold_mirror(tx, _mirror_row(notice, self._wall_ms()))
        else:
            hold_rows.change_hold_mirror(tx, _mirror_row(notice, self._wall_ms()))

    def _barred_hold(self, tx: Tx, known: hold_rows.HoldMirrorRow, notice: HoldSnapshot) -> None:
        if notice.state in IN_FORCE:
            self.claimed_again(tx, notice.owner, notice.hold, notice.barcode)
        hold_rows.change_hold_mirror(tx, known._replace(epoch=notice.epoch, version=notice.version))

    def free(self, tx: Tx, number: str) -> str | None:
        """Staff here free a place, or end a hold, whose owner says that it runs. It stays so, whatever the owner says,
        and the owner is told. Gives the owner; None if nothing of that number is held."""
        place, hold = rows.find_place(tx, number), hold_rows.find_hold_mirror(tx, number)
        if place is not None and place.state == PlaceState.HELD:
            rows.bar_place(tx, place, self._wall_ms())
            return self._freed(tx, number, place.owner, place.barcode)
        if hold is not None and hold.state in IN_FORCE:
            hold_rows.bar_hold_mirror(tx, hold, self._wall_ms())
            return self._freed(tx, number, hold.owner, hold.barcode)
        return None

    def _freed(self, tx: Tx, number: str, owner: str, barcode: str) -> str:
        for code in dict.fromkeys((self._library, owner)):
            self._post(tx, code, StaffCalled(number, self._library, code, StaffKind.PLACE_FREED, barcode))
        return owner

    def _check(self, tx: Tx, reader: str, owner: str, count: int, most: int) -> None:
        if count >= most:
            self.call_staff(tx, StaffKind.MANY_PLACES, f"places:{owner}:{reader}:{self._wall_ms() // DAY_MS}", owner)
            raise NotPermitted(f"{owner} has {count} of one reader already")

    def call_staff(self, tx: Tx, kind: StaffKind, op: str, owner: str, barcode: str = "") -> None:
        """This home's own, not those of whoever said it."""
        call_staff(tx, kind, op=op, at_ms=self._wall_ms(), barcode=barcode, detail=owner)


def _mirror_row(notice: HoldSnapshot, at_ms: int) -> hold_rows.HoldMirrorRow:
    return hold_rows.HoldMirrorRow(
        hold=notice.hold,
        owner=notice.owner,
        barcode=notice.barcode,
        title=notice.title,
        state=notice.state,
        pickup=notice.pickup,
        reader=notice.reader,
        epoch=notice.epoch,
        version=notice.version,
        ended_at_ms=None if notice.state in IN_FORCE else at_ms,
    )
