"""What a person must look at: the kinds of exceptions, as they are stored and as they cross between libraries.

A value never changes: it stands in the databases, and libraries do not upgrade on the same day. A newer library may
send a kind that is not listed here. It is kept and shown as it is (`node/domain/staff_sentences.py`).
"""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Final

from federation.contract import Reason

_RULE_BROKEN = "no_block_"


@unique
class StaffKind(StrEnum):
    """Each has its sentence in `staff_sentences`, and its row in docs/requests.md."""

    # a kiosk did it off line, and it broke a rule
    NO_BLOCK_UNKNOWN_CARD = "no_block_unknown_card"
    NO_BLOCK_UNKNOWN_ITEM = "no_block_unknown_item"
    NO_BLOCK_AMBIGUOUS_ITEM = "no_block_ambiguous_item"
    NO_BLOCK_WRONG_CODE = "no_block_wrong_code"
    NO_BLOCK_CARD_SUSPENDED = "no_block_card_suspended"
    NO_BLOCK_CARD_LOST = "no_block_card_lost"
    NO_BLOCK_CARD_EXPIRED = "no_block_card_expired"
    NO_BLOCK_CARD_CLOSED = "no_block_card_closed"
    NO_BLOCK_VIOLATION = "no_block_violation"
    NO_BLOCK_OVERDUE_ITEM = "no_block_overdue_item"
    NO_BLOCK_FEE_UNPAID = "no_block_fee_unpaid"
    NO_BLOCK_QUOTA = "no_block_quota"
    NO_BLOCK_FOREIGN_QUOTA = "no_block_foreign_quota"
    NO_BLOCK_NOT_LENDABLE = "no_block_not_lendable"
    NO_BLOCK_RESERVED = "no_block_reserved"
    NO_BLOCK_OUT_OF_GROUP = "no_block_out_of_group"
    NO_BLOCK_DUE_DATE = "no_block_due_date"
    NO_BLOCK_RENEWAL_LIMIT = "no_block_renewal_limit"
    NO_BLOCK_RENEWAL_OVERDUE = "no_block_renewal_overdue"
    NO_BLOCK_RENEWAL_TOO_EARLY = "no_block_renewal_too_early"
    NO_BLOCK_RENEWAL_PAST_CARD = "no_block_renewal_past_card"
    # a kiosk did it off line, and it does not fit what the books say
    NO_BLOCK_ON_LOAN = "no_block_on_loan"
    NO_BLOCK_NOT_ON_LOAN = "no_block_not_on_loan"
    NO_BLOCK_DATE = "no_block_date"
    NO_BLOCK_ORDER = "no_block_order"
    NO_BLOCK_NOT_OFFERED = "no_block_not_offered"
    NO_BLOCK_WITHOUT_PIN = "no_block_without_pin"
    # returns, and what was taken back
    RETURN_UNKNOWN_ITEM = "return_unknown_item"
    RETURN_AMBIGUOUS_ITEM = "return_ambiguous_item"
    RETURN_WRONG_CODE = "return_wrong_code"
    RETURN_OWNER_SILENT = "return_owner_silent"
    RETURN_OUT_OF_GROUP = "return_out_of_group"
    RETURN_IN_FUTURE = "return_in_future"
    RETURN_TOO_SOON = "return_too_soon"
    RETURN_BEFORE_LOAN = "return_before_loan"
    LOAN_IN_FUTURE = "loan_in_future"
    RETURNED_HOLD_HERE = "returned_hold_here"
    RETURNED_HOLD_ELSEWHERE = "returned_hold_elsewhere"
    RETURN_UNDONE_LATE = "return_undone_late"
    CANCELLED_LATE = "cancelled_late"
    # this library's own clock
    CLOCK_WAS_AHEAD = "clock_was_ahead"
    # reservations
    HOLD_EXPIRED = "hold_expired"
    HOLD_DELETED = "hold_deleted"
    HOLD_OTHER_COPY = "hold_other_copy"
    HOLD_REDIRECTED = "hold_redirected"
    # cards
    CARD_RETAINED = "card_retained"
    MANY_BLOCKS = "many_blocks"
    # money
    REFUND_DUE = "refund_due"
    PAYMENT_AGAIN = "payment_again"
    # the books of two libraries differ
    PLACE_OF_UNKNOWN_READER = "place_of_unknown_reader"
    PLACE_OF_ANOTHER_READER = "place_of_another_reader"
    PLACE_UNKNOWN_HERE = "place_unknown_here"
    PLACE_AHEAD = "place_ahead"
    PLACE_ONLY_TOLD = "place_only_told"
    PLACE_UNCONFIRMED = "place_unconfirmed"
    PLACE_FREED = "place_freed"
    PLACE_CLAIMED_AGAIN = "place_claimed_again"
    MANY_PLACES = "many_places"
    FINE_NOT_TAKEN = "fine_not_taken"
    FINE_UNKNOWN_HERE = "fine_unknown_here"
    FINE_MIRROR_AHEAD = "fine_mirror_ahead"
    # another library says what nothing here bears out
    FINE_UNCONFIRMED = "fine_unconfirmed"
    MANY_UNCONFIRMED = "many_unconfirmed"


FROM_ELSEWHERE: Final = frozenset(
    {
        *(kind for kind in StaffKind if kind.startswith(_RULE_BROKEN)),
        *(StaffKind.RETURN_IN_FUTURE, StaffKind.RETURNED_HOLD_HERE, StaffKind.RETURNED_HOLD_ELSEWHERE),
        *(StaffKind.RETURN_UNDONE_LATE, StaffKind.CANCELLED_LATE, StaffKind.LOAN_IN_FUTURE),
        *(StaffKind.HOLD_EXPIRED, StaffKind.HOLD_DELETED, StaffKind.HOLD_OTHER_COPY, StaffKind.HOLD_REDIRECTED),
        StaffKind.PLACE_FREED,
    }
) - {
    *(StaffKind.NO_BLOCK_AMBIGUOUS_ITEM, StaffKind.NO_BLOCK_WRONG_CODE),
    *(StaffKind.NO_BLOCK_OUT_OF_GROUP, StaffKind.NO_BLOCK_ORDER),
}
"""What an owner or a home finds out about something that was done at another library. All other kinds only a library
itself can find out: nobody else may call its staff for them."""


def may_come_from_elsewhere(kind: str) -> bool:
    """Whether another library may call our staff for that. A word that we do not know is of a newer library."""
    return kind in FROM_ELSEWHERE or kind not in StaffKind.__members__.values()


def rule_broken_off_line(reason: Reason) -> StaffKind:
    """The kind of what a kiosk did off line although a rule refuses it for that reason. ValueError for a reason that
    no rule gives (a test holds the rules against this)."""
    return StaffKind(f"{_RULE_BROKEN}{reason}")
