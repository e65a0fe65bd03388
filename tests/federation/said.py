"""One of everything that a library may be told, by whoever tells it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from federation.contract import (
    CancelOp,
    CardBlocked,
    CardEnabled,
    CardStatus,
    CheckoutQuestion,
    FineOrder,
    FineSnapshot,
    FinesPage,
    FinesQuestion,
    ForcedPlace,
    HoldMode,
    HoldQuestion,
    HoldSnapshot,
    HoldState,
    HoldTaken,
    ItemQuestion,
    ItemReturned,
    ItemState,
    ItemView,
    Lent,
    LoanRecorded,
    LoanSnapshot,
    PinCheck,
    PlaceHeld,
    PlaceQuestion,
    PlaceRestored,
    PlacesPage,
    PlacesQuestion,
    PropertiesKept,
    ReaderKnown,
    ReleasePlace,
    RenewalRecorded,
    Renewed,
    RenewQuestion,
    ReopenLoan,
    Route,
    StaffCalled,
    Standing,
    StandingQuestion,
    TakenBack,
)
from tests.contract.facts import BOOK, GOOD, LIBRARY, NOW_MS, TODAY

LATER = date(2026, 4, 1)

SAID: dict[type[Any], Callable[[str], Any]] = {
    StandingQuestion: lambda who: StandingQuestion(GOOD.number, who, NOW_MS),
    PlaceQuestion: lambda who: PlaceQuestion("p", GOOD.number, who, "b", "t", "book", False, who, NOW_MS),
    CheckoutQuestion: lambda who: CheckoutQuestion(
        "c", GOOD.number, LIBRARY, BOOK.barcode, who, NOW_MS, NOW_MS + 4_000
    ),
    RenewQuestion: lambda who: RenewQuestion("r", GOOD.number, LIBRARY, BOOK.barcode, who, NOW_MS, NOW_MS + 4_000),
    ItemQuestion: lambda who: ItemQuestion(BOOK.barcode, who),
    CancelOp: lambda who: CancelOp("x", BOOK.barcode, who),
    ItemReturned: lambda who: ItemReturned("i", BOOK.barcode, who, NOW_MS),
    LoanRecorded: lambda who: LoanRecorded("l", GOOD.number, LIBRARY, BOOK.barcode, who, NOW_MS, LATER),
    ReleasePlace: lambda who: ReleasePlace("p", who),
    ForcedPlace: lambda who: ForcedPlace("f", GOOD.number, who, "b", "t", False, LATER, who, NOW_MS),
    LoanSnapshot: lambda who: LoanSnapshot("p", who, 1, 1, LATER, 0),
    FineOrder: lambda who: FineOrder("f", 1, "l", who, LIBRARY, LIBRARY, "r", "b", "t", TODAY, LATER, 30, 600),
    FineSnapshot: lambda who: FineSnapshot("f", who, 1, 1, "r", "b", "t", TODAY, 600, 0),
    CardBlocked: lambda who: CardBlocked("b", GOOD.number, who, NOW_MS, False, ""),
    HoldQuestion: lambda who: HoldQuestion(
        "h", HoldMode.PLACE, GOOD.number, LIBRARY, BOOK.barcode, "", who, who, None, NOW_MS, NOW_MS + 4_000
    ),
    RenewalRecorded: lambda who: RenewalRecorded("n", GOOD.number, LIBRARY, BOOK.barcode, who, NOW_MS, LATER),
    ReopenLoan: lambda who: ReopenLoan("o", "i", BOOK.barcode, who),
    PlaceRestored: lambda who: PlaceRestored("p", who, 1, 1, LATER, 0),
    ReaderKnown: lambda who: ReaderKnown("l", who, "r", "pupil"),
    StaffCalled: lambda who: StaffCalled("l", who, LIBRARY, "no_block_quota", BOOK.barcode),
    HoldSnapshot: lambda who: HoldSnapshot("h", who, 1, 1, "r", BOOK.barcode, "t", HoldState.WAITING, LIBRARY),
    CardEnabled: lambda who: CardEnabled("e", GOOD.number, who, NOW_MS),
    PlacesQuestion: PlacesQuestion,
    FinesQuestion: FinesQuestion,
    PropertiesKept: lambda who: PropertiesKept("k", BOOK.barcode, who, NOW_MS, "320g"),
}
"""The value of each type as `who` says it."""

ORDER = FineOrder("f", 1, "l", LIBRARY, "CQBB", LIBRARY, "r", BOOK.barcode, "t", TODAY, LATER, 30, 600)

ANSWERED: dict[type[Any], Any] = {
    Standing: Standing("r", "", CardStatus.ACTIVE, PinCheck.ABSENT, "pupil", None, 8, 3, (), ()),
    PlaceHeld: PlaceHeld("p", "r", "pupil", LATER, LATER),
    Lent: Lent("c", "r", BOOK.title, "book", False, LATER),
    Renewed: Renewed("r", "l", BOOK.title, "book", LATER),
    TakenBack: TakenBack("i", True, BOOK.title, "book", "", "", Route.SHELF, fine=ORDER),
    ItemView: ItemView(BOOK.barcode, LIBRARY, "t", "book", "", "", False, True, ItemState.AVAILABLE, None),
    HoldTaken: HoldTaken("h", "h", BOOK.barcode, BOOK.title, 1, "CQBB", None, False),
    PlacesPage: PlacesPage((), True),
    FinesPage: FinesPage((), True),
}
"""What the library answers to each, where it does not refuse."""
