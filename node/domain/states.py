"""The states that operations, places, loans, holds and fines go through: one table each, and nothing else happens.

A machine says which state follows from a state and an event. Whoever writes a state asks it: a step that is not in the
table is a mistake of ours, an AssertionError, and its unit of work is undone. docs/federation.md has the same tables in
words, each row with its event's name; a test compares them.

`None` as a state: there is no row yet. Rows hold states as plain text, so a state may be given as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final, Generic, TypeVar

from federation.contract import HoldState

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class Machine(Generic[S, E]):
    """`table`: event -> (state before, or None) -> state after. `name`: of the table of rows in the books."""

    def __init__(self, name: str, table: Mapping[E, Mapping[S | None, S]]) -> None:
        self.name = name
        self._after: Final[dict[tuple[str | None, E], S]] = {
            (before, event): after for event, steps in table.items() for before, after in steps.items()
        }

    def __iter__(self) -> Iterator[tuple[str | None, E, S]]:
        """Every (state before, event, state after)."""
        return ((before, event, after) for (before, event), after in self._after.items())

    def after(self, before: str | None, event: E) -> S:
        """The state that follows. AssertionError if the event can't happen in that state."""
        after = self._after.get((before, event))
        assert after is not None, f"{self.name}: no {event} when {before or 'nothing'}"
        return after

    def must_lead(self, before: str | None, event: E, after: str) -> None:
        """AssertionError unless that state follows: for rows whose state is not written, but follows from figures."""
        assert self.after(before, event) == after, f"{self.name}: {event} of {before or 'nothing'} leads to {after}"


# --- operations: what an owner was asked, and what it decided ------------------------------------------------------


class OpState(StrEnum):
    """`reserving`: the home is being asked. The others are decisions; `cancelled` is also a tombstone."""

    RESERVING = "reserving"
    DONE = "done"
    REFUSED = "refused"
    ABORTED = "aborted"
    CANCELLED = "cancelled"


class OpEvent(StrEnum):
    ASKED = "asked"
    DECIDED = "decided"
    REFUSED = "refused"
    GIVEN_UP = "given_up"
    CANCELLED = "cancelled"


OPERATION: Final = Machine[OpState, OpEvent](
    "owner_op",
    {
        OpEvent.ASKED: {None: OpState.RESERVING},
        OpEvent.DECIDED: {None: OpState.DONE, OpState.RESERVING: OpState.DONE},
        OpEvent.REFUSED: {None: OpState.REFUSED, OpState.RESERVING: OpState.REFUSED},
        OpEvent.GIVEN_UP: {OpState.RESERVING: OpState.ABORTED},
        OpEvent.CANCELLED: {
            None: OpState.CANCELLED,
            OpState.RESERVING: OpState.CANCELLED,
            OpState.DONE: OpState.CANCELLED,
        },
    },
)


# --- places in the quota, at the home ------------------------------------------------------------------------------


class PlaceState(StrEnum):
    """`freed` without a reader is a tombstone."""

    HELD = "held"
    FREED = "freed"
    REFUSED = "refused"


class PlaceEvent(StrEnum):
    REFUSED = "refused"
    HELD = "held"
    BURIED = "buried"
    RELEASED = "released"
    NAMED = "named"
    RESTORED = "restored"
    MIRRORED = "mirrored"


PLACE: Final = Machine[PlaceState, PlaceEvent](
    "place",
    {
        PlaceEvent.REFUSED: {None: PlaceState.REFUSED},
        PlaceEvent.HELD: {None: PlaceState.HELD},
        PlaceEvent.BURIED: {None: PlaceState.FREED},
        PlaceEvent.RELEASED: {PlaceState.HELD: PlaceState.FREED, PlaceState.FREED: PlaceState.FREED},
        PlaceEvent.NAMED: {PlaceState.FREED: PlaceState.FREED},
        PlaceEvent.RESTORED: {PlaceState.FREED: PlaceState.HELD},
        PlaceEvent.MIRRORED: {PlaceState.HELD: PlaceState.HELD},
    },
)


# --- loans, at the owner -------------------------------------------------------------------------------------------


class LoanState(StrEnum):
    """`open` is a loan whose `closed_how` is empty; the others are how it was closed."""

    OPEN = "open"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


class LoanEvent(StrEnum):
    LENT = "lent"
    LENT_BEFORE = "lent_before"
    RENEWED = "renewed"
    RETURNED = "returned"
    RETURNED_EARLIER = "returned_earlier"
    RETURNED_LATER = "returned_later"
    REOPENED = "reopened"
    TAKEN = "taken"
    CANCELLED = "cancelled"


CLOSED: Final = tuple(state for state in LoanState if state is not LoanState.OPEN)
LOAN: Final = Machine[LoanState, LoanEvent](
    "loan",
    {
        LoanEvent.LENT: {None: LoanState.OPEN},
        LoanEvent.LENT_BEFORE: {None: LoanState.SUPERSEDED},
        LoanEvent.RENEWED: {LoanState.OPEN: LoanState.OPEN},
        LoanEvent.RETURNED: {LoanState.OPEN: LoanState.RETURNED},
        LoanEvent.RETURNED_EARLIER: {LoanState.RETURNED: LoanState.RETURNED},
        LoanEvent.RETURNED_LATER: {LoanState.RETURNED: LoanState.RETURNED},
        LoanEvent.REOPENED: {LoanState.RETURNED: LoanState.OPEN},
        LoanEvent.TAKEN: {LoanState.OPEN: LoanState.SUPERSEDED, LoanState.RETURNED: LoanState.SUPERSEDED},
        LoanEvent.CANCELLED: {LoanState.OPEN: LoanState.CANCELLED, LoanState.RETURNED: LoanState.CANCELLED},
    },
)


def loan_state(closed_how: LoanState | None) -> LoanState:
    return LoanState.OPEN if closed_how is None else closed_how


# --- holds, at the owner -------------------------------------------------------------------------------------------

IN_FORCE: Final = (HoldState.WAITING, HoldState.READY)


class HoldEvent(StrEnum):
    PLACED = "placed"
    CHANGED = "changed"
    SENT_ON = "sent_on"
    SHELVED = "shelved"
    LET_GO = "let_go"
    COLLECTED = "collected"
    PUT_BACK = "put_back"
    WAITS_AGAIN = "waits_again"
    DELETED = "deleted"
    EXPIRED = "expired"


HOLD: Final = Machine[HoldState, HoldEvent](
    "hold",
    {
        HoldEvent.PLACED: {None: HoldState.WAITING},
        HoldEvent.CHANGED: {HoldState.WAITING: HoldState.WAITING, HoldState.READY: HoldState.READY},
        HoldEvent.SENT_ON: {HoldState.WAITING: HoldState.WAITING, HoldState.READY: HoldState.WAITING},
        HoldEvent.SHELVED: {HoldState.WAITING: HoldState.READY},
        HoldEvent.LET_GO: {HoldState.WAITING: HoldState.WAITING, HoldState.READY: HoldState.WAITING},
        HoldEvent.COLLECTED: {HoldState.WAITING: HoldState.COLLECTED, HoldState.READY: HoldState.COLLECTED},
        HoldEvent.PUT_BACK: {HoldState.COLLECTED: HoldState.READY},
        HoldEvent.WAITS_AGAIN: {HoldState.COLLECTED: HoldState.WAITING, HoldState.DELETED: HoldState.WAITING},
        HoldEvent.DELETED: {HoldState.WAITING: HoldState.DELETED, HoldState.READY: HoldState.DELETED},
        HoldEvent.EXPIRED: {HoldState.WAITING: HoldState.EXPIRED, HoldState.READY: HoldState.EXPIRED},
    },
)


# --- fines, where they arose ---------------------------------------------------------------------------------------


class FineState(StrEnum):
    """`owed`: something is outstanding. `void`: the amount is 0."""

    OWED = "owed"
    PAID = "paid"
    VOID = "void"


class FineEvent(StrEnum):
    ORDERED = "ordered"
    VOIDED = "voided"
    LOWERED = "lowered"
    COVERED = "covered"
    PAID_IN_PART = "paid_in_part"
    PAID = "paid"


FINE: Final = Machine[FineState, FineEvent](
    "fine",
    {
        FineEvent.ORDERED: {None: FineState.OWED},
        FineEvent.VOIDED: {None: FineState.VOID, FineState.OWED: FineState.VOID, FineState.PAID: FineState.VOID},
        FineEvent.LOWERED: {FineState.OWED: FineState.OWED},
        FineEvent.COVERED: {FineState.OWED: FineState.PAID, FineState.PAID: FineState.PAID},
        FineEvent.PAID_IN_PART: {FineState.OWED: FineState.OWED},
        FineEvent.PAID: {FineState.OWED: FineState.PAID},
    },
)


def fine_state(amount_fen: int, paid_fen: int) -> FineState:
    if amount_fen == 0:
        return FineState.VOID
    return FineState.OWED if amount_fen > paid_fen else FineState.PAID
