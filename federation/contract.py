"""What libraries say to each other: values, and the promises of those who answer (the notices: `federation.notices`).

Three authorities decide (design 1): the *home* of a card, the *owner* of an item, the library where a fee
*arises*. Each decides its own part alone. This module holds the questions, the decisions, the notices that
are delivered for ever, and the protocols of the authorities. It knows no wire, no database and no clock; a
service in this process, a gRPC client and the simulator's client keep the same promises (`tests/contract`).

Conventions: an instant is `..._ms`, integer milliseconds of UTC since 1970; a civil date (Asia/Shanghai) is
`..._on`, a `datetime.date`; money is integer fen. A refusal is a value; an exception means that the answer is
*unknown* (`PeerUnreachable`) or that the asker may not ask (`NotPermitted`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol, TypeAlias

from twisted.internet.defer import Deferred

from federation.mirrors import (
    FineKept,
    FinesPage,
    FinesQuestion,
    Mirror,
    PlaceKept,
    PlacesPage,
    PlacesQuestion,
)
from federation.notices import (
    CancelOp,
    CardBlocked,
    CardEnabled,
    FineKind,
    FineOrder,
    FineSnapshot,
    ForcedPlace,
    HoldSnapshot,
    HoldState,
    ItemReturned,
    LoanRecorded,
    LoanSnapshot,
    Notice,
    PlaceRestored,
    PropertiesKept,
    ReaderKnown,
    ReleasePlace,
    RenewalRecorded,
    ReopenLoan,
    StaffCalled,
)

__all__ = [
    "CancelOp",
    "CardBlocked",
    "CardEnabled",
    "CardStatus",
    "CheckoutDecision",
    "CheckoutQuestion",
    "FineKept",
    "FineKind",
    "FineOrder",
    "FineSnapshot",
    "FineView",
    "FinesPage",
    "FinesQuestion",
    "ForcedPlace",
    "HoldDecision",
    "HoldMode",
    "HoldQuestion",
    "HoldSnapshot",
    "HoldState",
    "HoldTaken",
    "HoldView",
    "Home",
    "ItemDecision",
    "ItemQuestion",
    "ItemReturned",
    "ItemState",
    "ItemView",
    "Lent",
    "Library",
    "LoanRecorded",
    "LoanSnapshot",
    "Mailbox",
    "Mirror",
    "NotPermitted",
    "NotUnderstood",
    "Notice",
    "Owner",
    "PeerFailed",
    "PeerUnreachable",
    "PinCheck",
    "PlaceDecision",
    "PlaceHeld",
    "PlaceKept",
    "PlaceQuestion",
    "PlaceRestored",
    "PlaceView",
    "PlacesPage",
    "PlacesQuestion",
    "PropertiesKept",
    "ReaderKnown",
    "Reason",
    "Receipt",
    "Refused",
    "ReleasePlace",
    "RenewDecision",
    "RenewQuestion",
    "RenewalRecorded",
    "Renewed",
    "ReopenLoan",
    "Route",
    "StaffCalled",
    "Standing",
    "StandingDecision",
    "StandingQuestion",
    "TakenBack",
]


class Reason(StrEnum):
    """Why something was refused. Each has its own sentence on the kiosk's screen."""

    UNKNOWN_CARD = "unknown_card"
    UNKNOWN_ITEM = "unknown_item"
    AMBIGUOUS_ITEM = "ambiguous_item"
    CARD_SUSPENDED = "card_suspended"
    CARD_LOST = "card_lost"
    CARD_EXPIRED = "card_expired"
    CARD_CLOSED = "card_closed"
    PIN_REQUIRED = "pin_required"
    PIN_WRONG = "pin_wrong"
    PIN_THROTTLED = "pin_throttled"
    QUOTA = "quota"
    FOREIGN_QUOTA = "foreign_quota"
    NOT_LENDABLE = "not_lendable"
    ON_LOAN = "on_loan"
    ON_LOAN_TO_READER = "on_loan_to_reader"
    BEING_LENT = "being_lent"
    RESERVED = "reserved"
    OUT_OF_GROUP = "out_of_group"
    OVERDUE_ITEM = "overdue_item"
    FEE_UNPAID = "fee_unpaid"
    RENEWAL_LIMIT = "renewal_limit"
    RENEWAL_OVERDUE = "renewal_overdue"
    NOT_ON_LOAN = "not_on_loan"
    NOT_BORROWER = "not_borrower"
    VIOLATION = "violation"
    HOME_UNREACHABLE = "home_unreachable"
    OWNER_UNREACHABLE = "owner_unreachable"
    CLOCKS_APART = "clocks_apart"
    IN_DOUBT = "in_doubt"
    CANCELLED = "cancelled"
    FEE_ELSEWHERE = "fee_elsewhere"
    NOTHING_OWED = "nothing_owed"
    OVERPAYMENT = "overpayment"
    BAD_AMOUNT = "bad_amount"
    NOT_SUPPORTED = "not_supported"
    BUSY = "busy"
    NOTHING_TO_UNDO = "nothing_to_undo"
    ALREADY_RESERVED = "already_reserved"
    NO_SUCH_HOLD = "no_such_hold"
    HOLD_LIMIT = "hold_limit"
    FEE_NOT_ACKNOWLEDGED = "fee_not_acknowledged"
    STAFF_ONLY = "staff_only"
    RENEWAL_TOO_EARLY = "renewal_too_early"
    ASKED_TWICE = "asked_twice"
    UNKNOWN_CODE = "unknown_code"
    CODE_CONTRADICTS = "code_contradicts"
    RENEWAL_PAST_CARD = "renewal_past_card"


@dataclass(frozen=True, slots=True)
class Refused:
    """A durable "no".

    `library` is the code of the library the sentence should name (the one that can't be reached, the one where
    the fee is owed); `number` a figure it should name (the limit, the fen owed); `title`, `due_on` and `item_type`
    what is known of the item in spite of the refusal; `from_on` the day from which the answer would be "yes".
    """

    reason: Reason
    library: str = ""
    number: int = 0
    title: str = ""
    due_on: date | None = None
    from_on: date | None = None
    item_type: str = ""


# --- questions and decisions ---------------------------------------------------------------------------------
# `carried`: notices about this card or item that are not acknowledged yet; the receiver applies them first.


@dataclass(frozen=True, slots=True)
class CheckoutQuestion:
    """Branch to owner: may `card` of `home` borrow `barcode`? `asked_at_ms` is the branch's time of lending.

    `answer_by_ms`: the branch's time after which it will have told the kiosk "no". `fee_acknowledged`: the reader
    agreed to the fee of collecting a hold, if there is one. `earlier_op`: the loan that the same terminal was told of
    the same card and item within the last minutes, "" if none: if it still runs, it is the answer again.
    """

    op: str
    card: str = field(repr=False)
    home: str
    barcode: str
    branch: str
    asked_at_ms: int
    answer_by_ms: int
    carried: tuple[Notice, ...] = ()
    fee_acknowledged: bool = False
    earlier_op: str = ""


@dataclass(frozen=True, slots=True)
class Lent:
    """The owner's loan row exists: the commit point of a checkout. `fee_fen`: what collecting the hold cost. `reader`
    "": the loan was recorded off line before, and the owner does not know yet whose it is."""

    op: str
    reader: str
    title: str
    item_type: str
    foreign: bool
    due_on: date
    properties: str = ""
    fee_fen: int = 0


CheckoutDecision: TypeAlias = Lent | Refused


@dataclass(frozen=True, slots=True)
class PlaceQuestion:
    """Owner to home: hold a place in the quota of `card` for the loan `op`."""

    op: str
    card: str = field(repr=False)
    owner: str
    barcode: str
    title: str
    item_type: str
    foreign: bool
    branch: str
    asked_at_ms: int
    carried: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaceHeld:
    """`reader` is the home's opaque reference: the loan knows (home, reader), never the card.

    `category` and `expires_on` (of the card, None if it has no last day) let the owner compute the due date (R4);
    `due_on` is what the home put into its mirror by the same rule. The owner decides: where its own date differs it
    sends a `LoanSnapshot`. An older home does not say when the card expires.
    """

    op: str
    reader: str
    category: str
    due_on: date
    expires_on: date | None = None


PlaceDecision: TypeAlias = PlaceHeld | Refused


@dataclass(frozen=True, slots=True)
class RenewQuestion:
    """Branch to owner: renew the loan of `barcode` by `card`. A renewal that this branch itself told the kiosk
    had failed is undone first by the `CancelOp` it carries."""

    op: str
    card: str = field(repr=False)
    home: str
    barcode: str
    branch: str
    asked_at_ms: int
    answer_by_ms: int
    carried: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Renewed:
    op: str
    loan: str
    title: str
    item_type: str
    due_on: date


RenewDecision: TypeAlias = Renewed | Refused


class Route(StrEnum):
    """Where a returned item goes next."""

    SHELF = "shelf"
    OWNER = "owner"
    HOLD_HERE = "hold_here"
    HOLD_ELSEWHERE = "hold_elsewhere"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The owner's answer to a return. `was_on_loan` False: kept as evidence. `fine` if one is owed for it.

    `known` False: the owner has no such item (titles and shelf marks are empty). `arrived`: the item was on its way
    to this library. With a route to a hold: whose it is, by home and opaque reference. `loan`: what it ended.
    """

    op: str
    was_on_loan: bool
    title: str
    item_type: str
    location: str
    call_number: str
    route: Route
    destination: str = ""
    fine: FineOrder | None = None
    known: bool = True
    arrived: bool = False
    properties: str = ""
    hold_home: str = ""
    hold_reader: str = ""
    loan: str = ""


@dataclass(frozen=True, slots=True)
class ItemQuestion:
    """`moment_ms`: an item with this barcode came back then, by the branch's clock. Which library's it is, is asked."""

    barcode: str
    branch: str
    carried: tuple[Notice, ...] = ()
    moment_ms: int | None = None


class ItemState(StrEnum):
    AVAILABLE = "available"
    ON_LOAN = "on_loan"
    BEING_LENT = "being_lent"
    HOLD_SHELF = "hold_shelf"
    IN_TRANSIT = "in_transit"
    LOST = "lost"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class ItemView:
    """`loan`: the one that runs now, "" if none does. `ran`: whether one ran at the question's moment; None if it has
    none, and from an older library."""

    barcode: str
    owner: str
    title: str
    item_type: str
    location: str
    call_number: str
    foreign: bool
    lendable: bool
    state: ItemState
    due_on: date | None
    holds: int = 0
    current_location: str = ""
    properties: str = ""
    destination: str = ""
    shelf_until_on: date | None = None
    loan: str = ""
    ran: bool | None = None


ItemDecision: TypeAlias = ItemView | Refused


class HoldMode(StrEnum):
    PLACE = "place"
    CHANGE = "change"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class HoldQuestion:
    """Branch to owner: reserve `barcode` for `card` (or, `barcode` empty, any copy of `title`), change that, or end
    it. `pickup`: the library where the reader collects it, "" to leave that as it is. `expires_on`: the last day on
    which the reader wants it, None if there is none."""

    op: str
    mode: HoldMode
    card: str = field(repr=False)
    home: str
    barcode: str
    title: str
    branch: str
    pickup: str
    expires_on: date | None
    asked_at_ms: int
    answer_by_ms: int
    fee_acknowledged: bool = False
    carried: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class HoldTaken:
    """The hold as the question left it. `position` in the queue from 1, 0 if it has ended; `available`: the item
    stands on the shelf, neither on loan nor reserved by anyone else."""

    op: str
    hold: str
    barcode: str
    title: str
    position: int
    pickup: str
    expires_on: date | None
    available: bool
    fee_fen: int = 0


HoldDecision: TypeAlias = HoldTaken | Refused


class PinCheck(StrEnum):
    ABSENT = "absent"
    RIGHT = "right"
    WRONG = "wrong"


class CardStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LOST = "lost"
    EXPIRED = "expired"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class StandingQuestion:
    """Branch to home: how does this card stand? `pin` None: not supplied.

    `as_owner`: the owner of an item asks, to decide about a renewal or a hold. It is told about its own loans and how
    many holds there are. It is not told about loans from elsewhere, nor about fees. `status_only`: a gate asks whether
    the card is valid. It is told neither loans, fees and holds, nor limits and category. An older home tells
    everything.
    """

    card: str = field(repr=False)
    branch: str
    asked_at_ms: int
    pin: str | None = field(default=None, repr=False)
    carried: tuple[Notice, ...] = ()
    as_owner: bool = False
    status_only: bool = False


@dataclass(frozen=True, slots=True)
class PlaceView:
    op: str
    owner: str
    barcode: str
    title: str
    foreign: bool
    due_on: date
    renewals: int = 0


@dataclass(frozen=True, slots=True)
class FineView:
    fine: str
    ledger: str
    barcode: str
    title: str
    due_on: date
    amount_fen: int
    paid_fen: int

    @property
    def outstanding_fen(self) -> int:
        return max(0, self.amount_fen - self.paid_fen)


@dataclass(frozen=True, slots=True)
class HoldView:
    hold: str
    owner: str
    barcode: str
    title: str
    available: bool
    pickup: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A card as its home knows it, counts and lists from one query.

    `name` is filled for the home's own terminals only: a child's name never crosses to another library.
    `lending` and `renewal` are the refusals that follow from the card alone (None: none).
    """

    reader: str
    name: str = field(repr=False)
    status: CardStatus
    pin: PinCheck
    category: str
    expires_on: date | None
    max_loans: int
    max_foreign: int
    loans: tuple[PlaceView, ...]
    fines: tuple[FineView, ...]
    holds: tuple[HoldView, ...] = ()
    lending: Refused | None = None
    renewal: Refused | None = None


StandingDecision: TypeAlias = Standing | Refused


# --- exceptions: accidents, not answers ----------------------------------------------------------------------


class PeerUnreachable(Exception):
    """No answer came. The answer is *unknown*, never "no" (promise 1)."""

    def __init__(self, library: str, why: str) -> None:
        super().__init__(f"{library}: {why}")
        self.library = library
        self.why = why


class NotUnderstood(PeerUnreachable):
    """The peer answered, but its answer cannot be read, or it does not know the method. The answer is *unknown*."""


class PeerFailed(PeerUnreachable):
    """The peer said that it had an accident: as *unknown* as no answer."""


class NotPermitted(Exception):
    """The caller may not say what it said (its certificate names another library, another group ...)."""


# --- the authorities -----------------------------------------------------------------------------------------


class Home(Protocol):
    """Decides about a card: is it valid here, is there a place left, may it renew."""

    def standing(self, question: StandingQuestion, timeout_s: float) -> Deferred[StandingDecision]: ...

    def hold_place(self, question: PlaceQuestion, timeout_s: float) -> Deferred[PlaceDecision]: ...


class Owner(Protocol):
    """Decides about an item: may it be lent now, when is it due, is it reserved."""

    def checkout(self, question: CheckoutQuestion, timeout_s: float) -> Deferred[CheckoutDecision]: ...

    def renew(self, question: RenewQuestion, timeout_s: float) -> Deferred[RenewDecision]: ...

    def take_back(self, notice: ItemReturned, timeout_s: float) -> Deferred[TakenBack]: ...

    def describe(self, question: ItemQuestion, timeout_s: float) -> Deferred[ItemDecision]: ...

    def hold(self, question: HoldQuestion, timeout_s: float) -> Deferred[HoldDecision]: ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one delivered notice: it is durable here (or was known already), or `why` it was not taken."""

    taken: bool
    why: str = ""


class Mailbox(Protocol):
    """Takes notices; each is receipted once it is durable, however often it comes."""

    def deliver(self, notices: Sequence[Notice], timeout_s: float) -> Deferred[tuple[Receipt, ...]]:
        """One receipt a notice, in order."""
        ...


class Library(Home, Owner, Mailbox, Mirror, Protocol):
    """Everything that one library answers to another. A peer connection gives it and a node serves it."""
