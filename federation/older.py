"""What older libraries say in texts, and newer ones in fields of their own.

Until schema 2 a fee for collecting a hold was one whose name ends with `:hold`, and the reader of a loan made off line
was `op:` and its operation, until the home had said whose it is. Both are still written, so that such a library
understands us, and read where the field is missing. Nothing else looks into these texts. Once no library of the city
speaks schema 1, this module goes.
"""

from __future__ import annotations

from typing import Final

from federation.notices import FineKind, FineOrder, FineSnapshot

__all__ = ["fine_kind", "fine_loan", "fine_reader", "hold_fee_name", "reader_text"]

_HOLD_FEE: Final = ":hold"
_UNKNOWN_READER: Final = "op:"


def hold_fee_name(loan: str) -> str:
    """The name of the fee for the hold that `loan` collected: an older home takes any other for a late fee."""
    return f"{loan}{_HOLD_FEE}"


def fine_kind(notice: FineOrder | FineSnapshot) -> FineKind:
    """What the fee is for."""
    if notice.kind is not None:
        return notice.kind
    return FineKind.HOLD if notice.fine.endswith(_HOLD_FEE) else FineKind.LATE


def fine_reader(notice: FineOrder | FineSnapshot) -> str | None:
    """Who owes it; None if its writer does not know yet."""
    unknown = notice.reader_unknown or notice.reader.startswith(_UNKNOWN_READER)
    return None if unknown else notice.reader


def fine_loan(notice: FineSnapshot) -> str:
    """The loan that it is for. An older ledger says it in the name of the fine, behind the owner that it may have put
    in front; "" if that does not look so."""
    if notice.loan == "" and notice.reader.startswith(_UNKNOWN_READER):
        return notice.reader.removeprefix(_UNKNOWN_READER)
    loan, colon, _ = notice.fine.rpartition("/")[2].partition(":")
    return notice.loan or (loan if colon else "")


def reader_text(reader: str | None, loan: str) -> str:
    """The reader as a notice has it."""
    return f"{_UNKNOWN_READER}{loan}" if reader is None else reader
