"""What libraries tell each other: notices, delivered for ever, in any order, any number of times.

A notice that comes twice, late, or after a newer one changes nothing. The conventions are those of
`federation.contract`. Import notices from there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeAlias


class HoldState(StrEnum):
    """`ready` waits on the shelf of the pickup library; the last three are over."""

    WAITING = "waiting"
    READY = "ready"
    COLLECTED = "collected"
    EXPIRED = "expired"
    DELETED = "deleted"


class FineKind(StrEnum):
    """What a fee is for: a late return, or a hold that was collected."""

    LATE = "late"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class CancelOp:
    """Branch to owner: the kiosk was told "no" to `op`; undo the checkout or renewal if nothing followed it."""

    op: str
    barcode: str
    branch: str


@dataclass(frozen=True, slots=True)
class ItemReturned:
    """Branch to owner: `barcode` came in at `branch` at that time (branch clock). Never refused.

    `earlier_op`: the return that the same terminal told of the same item before, "" if none: if nothing followed it,
    the answer is the same. `told_late_s`: how much later the branch was told, where the terminal gave an earlier
    return date; else 0.
    """

    op: str
    barcode: str
    branch: str
    returned_at_ms: int
    no_block: bool = False
    earlier_op: str = ""
    told_late_s: int = 0


@dataclass(frozen=True, slots=True)
class LoanRecorded:
    """Branch to owner: a kiosk lent `barcode` off line (SIP2 no block). It has left; record it, never refuse."""

    op: str
    card: str = field(repr=False)
    home: str
    barcode: str
    branch: str
    lent_at_ms: int
    due_on: date


@dataclass(frozen=True, slots=True)
class ReleasePlace:
    """Owner to home: the loan `op` is over, or never came to be; free its place in the quota.

    `epoch` and `version` are those of the loan as it ended; 0 where no loan came to be. An older release than what
    the home knows of the loan changes nothing: it may have been opened again since.
    """

    op: str
    owner: str
    epoch: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class ForcedPlace:
    """Owner to home: `op` was lent off line; take a place whatever the quota says (counted apart)."""

    op: str
    card: str = field(repr=False)
    owner: str
    barcode: str
    title: str
    foreign: bool
    due_on: date
    branch: str
    lent_at_ms: int


@dataclass(frozen=True, slots=True)
class LoanSnapshot:
    """Owner to home: the loan `op` as it stands at (`epoch`, `version`)."""

    op: str
    owner: str
    epoch: int
    version: int
    due_on: date
    renewals: int


@dataclass(frozen=True, slots=True)
class FineOrder:
    """Owner to the library where the fee arises (R8): a late return owes `amount_fen`.

    One order per loan and due date (`fine` = loan id + due date); a higher `version` only ever lowers the amount.
    `kind` None: an older library's name says it (`federation.older`). `reader_unknown`: the home knows him by the
    loan's place, `reader` does not name him.
    """

    fine: str
    version: int
    loan: str
    owner: str
    ledger: str
    home: str
    reader: str
    barcode: str
    title: str
    due_on: date
    returned_on: date
    days_late: int
    amount_fen: int
    kind: FineKind | None = None
    reader_unknown: bool = False


@dataclass(frozen=True, slots=True)
class FineSnapshot:
    """Ledger library to home: the fine as it stands in its books at (`epoch`, `version`).

    `kind`, `reader_unknown`: as in the order. `loan`: what it is for; "" from an older library.
    """

    fine: str
    ledger: str
    epoch: int
    version: int
    reader: str
    barcode: str
    title: str
    due_on: date
    amount_fen: int
    paid_fen: int
    kind: FineKind | None = None
    loan: str = ""
    reader_unknown: bool = False


@dataclass(frozen=True, slots=True)
class CardBlocked:
    """Branch to home: a terminal or a member of staff blocked the card."""

    op: str
    card: str = field(repr=False)
    branch: str
    blocked_at_ms: int
    retained: bool
    message: str


@dataclass(frozen=True, slots=True)
class RenewalRecorded:
    """Branch to owner: a kiosk renewed the loan of `barcode` off line (SIP2 no block). Record it, never refuse."""

    op: str
    card: str = field(repr=False)
    home: str
    barcode: str
    branch: str
    renewed_at_ms: int
    due_on: date


@dataclass(frozen=True, slots=True)
class ReopenLoan:
    """Branch to owner: the check-in `returned` failed at the kiosk (SIP2 BI on 11); the loan that it ended goes on
    as it was, if nothing followed. The fee that the check-in caused is void."""

    op: str
    returned: str
    barcode: str
    branch: str


@dataclass(frozen=True, slots=True)
class PlaceRestored:
    """Owner to home: the loan `op` goes on after all, as of (`epoch`, `version`); its place is held again, beside
    the quota if it no longer fits in. With `reader` and what follows it also restores what the home has no row of."""

    op: str
    owner: str
    epoch: int
    version: int
    due_on: date
    renewals: int
    reader: str = ""
    barcode: str = ""
    title: str = ""
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class ReaderKnown:
    """Home to owner: the loan `op`, recorded off line, is that of `reader`; "" if the card is nobody's: such a loan
    is no loan."""

    op: str
    home: str
    reader: str
    category: str


@dataclass(frozen=True, slots=True)
class StaffCalled:
    """Any library to the branch where it happened: `library` found something that a person there must look at."""

    op: str
    library: str
    branch: str
    kind: str
    barcode: str


@dataclass(frozen=True, slots=True)
class HoldSnapshot:
    """Owner to home: the hold as it stands at (`epoch`, `version`). `barcode` is "" while any copy will do."""

    hold: str
    owner: str
    epoch: int
    version: int
    reader: str
    barcode: str
    title: str
    state: HoldState
    pickup: str


@dataclass(frozen=True, slots=True)
class CardEnabled:
    """Branch to home: a member of staff ended the block of a card. Away from the home it ends only a block that a
    terminal made."""

    op: str
    card: str = field(repr=False)
    branch: str
    enabled_at_ms: int


@dataclass(frozen=True, slots=True)
class PropertiesKept:
    """Branch to owner: what a terminal wants kept about the physical item (SIP2 CH); the latest stands."""

    op: str
    barcode: str
    branch: str
    kept_at_ms: int
    properties: str


Notice: TypeAlias = (
    CancelOp
    | ItemReturned
    | LoanRecorded
    | ReleasePlace
    | ForcedPlace
    | LoanSnapshot
    | FineOrder
    | FineSnapshot
    | CardBlocked
    | RenewalRecorded
    | ReopenLoan
    | PlaceRestored
    | ReaderKnown
    | StaffCalled
    | HoldSnapshot
    | CardEnabled
    | PropertiesKept
)
