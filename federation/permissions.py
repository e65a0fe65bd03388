"""Who may say what to this library, asking and answering, and what binds libraries of one group only (design 4, R9).

Pure tables with one row for each question and each notice. A test fails if one is missing. They look only at what is
said, not at the books. The authority checks against its rows that the right library releases a place, and that the
branch that asked for an operation cancels it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from federation.contract import (
    CancelOp,
    CardBlocked,
    CardEnabled,
    CheckoutQuestion,
    FineOrder,
    FineSnapshot,
    FinesQuestion,
    ForcedPlace,
    HoldQuestion,
    HoldSnapshot,
    ItemQuestion,
    ItemReturned,
    ItemView,
    Lent,
    LoanRecorded,
    LoanSnapshot,
    Notice,
    PlaceQuestion,
    PlaceRestored,
    PlacesQuestion,
    PropertiesKept,
    ReaderKnown,
    Reason,
    ReleasePlace,
    RenewalRecorded,
    RenewQuestion,
    ReopenLoan,
    StaffCalled,
    StandingQuestion,
    TakenBack,
)
from federation.directory import Directory

SPEAKER: Final[Mapping[type[Any], str]] = {
    StandingQuestion: "branch",
    PlaceQuestion: "owner",
    CheckoutQuestion: "branch",
    RenewQuestion: "branch",
    ItemQuestion: "branch",
    CancelOp: "branch",
    ItemReturned: "branch",
    LoanRecorded: "branch",
    ReleasePlace: "owner",
    ForcedPlace: "owner",
    LoanSnapshot: "owner",
    FineOrder: "owner",
    FineSnapshot: "ledger",
    CardBlocked: "branch",
    HoldQuestion: "branch",
    RenewalRecorded: "branch",
    ReopenLoan: "branch",
    PlaceRestored: "owner",
    ReaderKnown: "home",
    StaffCalled: "library",
    HoldSnapshot: "owner",
    CardEnabled: "branch",
    PropertiesKept: "branch",
    PlacesQuestion: "owner",
    FinesQuestion: "ledger",
}
"""The field that must name the caller."""

SCOPE: Final[Mapping[type[Any], Callable[[Any], tuple[str, ...]]]] = {
    StandingQuestion: lambda question: (question.branch,),
    PlaceQuestion: lambda question: (question.owner, question.branch),
    CheckoutQuestion: lambda question: (question.branch, question.home),
    RenewQuestion: lambda question: (question.branch, question.home),
    HoldQuestion: lambda question: (question.branch, question.home, *([question.pickup] if question.pickup else [])),
}
"""The libraries that must circulate together with this one (R9). Whatever is not here is taken from any member."""

ADDRESSEE: Final[Mapping[type[Any], str]] = {
    LoanRecorded: "home",
    FineOrder: "home",
    ForcedPlace: "branch",
}
"""The field of a notice that names a library to which the receiver must then write. It must be a member, or the
receiver's own outbox would never get empty. (The speaker is a member. To other libraries that are named nobody
writes.)"""

NEEDS_NEAR_CLOCKS: Final = frozenset({PlaceQuestion, CheckoutQuestion, RenewQuestion})
"""What binds two libraries to one time: refused while their clocks are too far apart."""

ASKED_NOW: Final = NEEDS_NEAR_CLOCKS | {HoldQuestion}
"""Decided as of the instant of the question: due dates, whether a card has expired, who came first in a queue. That
instant must be close to now: `ASKED_WITHIN_MS`."""

ASKED_WITHIN_MS: Final = 15 * 60 * 1000
"""Far more than clocks differ and questions travel, but too little to choose the day of a decision."""

REFUSED_AT_THE_DOOR: Final = frozenset({Reason.OUT_OF_GROUP, Reason.CLOCKS_APART})
"""Reasons that may be given before the books are read, so without a durable row. An earlier attempt under the same id
may have been granted. So a caller that gets one of these cancels (or releases) all the same."""


def not_permitted(caller: str, said: object) -> str:
    """Why `caller` may not say this question or notice ("" if it may): names the field."""
    field_name = SPEAKER[type(said)]
    if getattr(said, field_name) != caller:
        return f"{type(said).__name__}.{field_name} is not the caller"
    return ""


def not_its_own(directory: Directory, question: Any) -> str:
    """Why the caller, who says that it owns the item, does not ("" if it may): as far as the barcode alone tells."""
    if not isinstance(question, PlaceQuestion):
        return ""
    owners = directory.owners_of(question.barcode)
    return "PlaceQuestion.barcode is not of the owner" if owners and question.owner not in owners else ""


def question_not_permitted(caller: str, question: Any) -> str:
    """The same for a question and the notices that it carries."""
    carried: tuple[Notice, ...] = getattr(question, "carried", ())
    return next(filter(None, (not_permitted(caller, said) for said in (question, *carried))), "")


def addressed_to_nobody(directory: Directory, notice: Notice) -> str:
    """Why the notice can't be taken until the library that it names is a member ("" if it is): names the field."""
    field_name = ADDRESSEE.get(type(notice))
    if field_name is None or directory.entry(getattr(notice, field_name)) is not None:
        return ""
    return f"{type(notice).__name__}.{field_name} is no member of the federation"


def answer_not_permitted(peer: str, question: Any, decision: Any) -> str:
    """Why `peer` may not answer this question so ("" if it may). It must decide about the operation that was asked (or
    answer with the loan that the question names) and about items of its own. It may not order fines for another
    library."""
    kind = type(decision).__name__
    asked = (None, getattr(question, "op", None), *((question.earlier_op,) if isinstance(decision, Lent) else ()))
    if getattr(decision, "op", None) not in asked:
        return f"{kind}.op is not that of the question"
    if isinstance(decision, TakenBack) and decision.fine is not None and decision.fine.owner != peer:
        return f"{kind}.fine.owner is not the library that answered"
    if isinstance(decision, ItemView) and (decision.owner, decision.barcode) != (peer, question.barcode):
        return f"{kind}: not the item that was asked for"
    return ""
