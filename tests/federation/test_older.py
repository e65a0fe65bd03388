"""What older libraries say in texts is read as what newer ones say in fields, and still written for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from federation.contract import FineKind, FineOrder, FineSnapshot
from federation.older import fine_kind, fine_loan, fine_reader, hold_fee_name, reader_text
from federation.wire import NewerWire, decode_notice, encode_notice
from tests.contract.facts import LIBRARY
from tests.federation.said import SAID

LOAN = "l" * 32
ORDER: FineOrder = SAID[FineOrder](LIBRARY)
SNAPSHOT: FineSnapshot = SAID[FineSnapshot](LIBRARY)
BOTH = pytest.mark.parametrize("notice", [ORDER, SNAPSHOT], ids=["order", "snapshot"])


@BOTH
def test_an_older_library_says_the_kind_of_a_fee_by_its_name(notice: Any) -> None:
    assert fine_kind(replace(notice, fine=f"{LOAN}:2026-03-01")) is FineKind.LATE
    assert fine_kind(replace(notice, fine=hold_fee_name(LOAN))) is FineKind.HOLD
    assert hold_fee_name(LOAN) == f"{LOAN}:hold", "as an older home reads it"


@BOTH
def test_the_field_goes_before_the_name(notice: Any) -> None:
    assert fine_kind(replace(notice, fine=hold_fee_name(LOAN), kind=FineKind.LATE)) is FineKind.LATE
    assert fine_kind(replace(notice, kind=FineKind.HOLD)) is FineKind.HOLD


@BOTH
def test_a_reader_whom_an_older_library_does_not_know_is_unknown(notice: Any) -> None:
    assert fine_reader(notice) == notice.reader
    assert fine_reader(replace(notice, reader=reader_text(None, LOAN))) is None
    assert fine_reader(replace(notice, reader_unknown=True)) is None
    assert reader_text(None, LOAN) == f"op:{LOAN}", "as an older home reads it"
    assert reader_text("r", LOAN) == "r"


def test_the_loan_of_such_a_fine_stands_in_a_field_or_in_the_reader() -> None:
    assert fine_loan(SNAPSHOT) == ""
    assert fine_loan(replace(SNAPSHOT, reader=f"op:{LOAN}")) == LOAN
    assert fine_loan(replace(SNAPSHOT, reader="op:another", loan=LOAN)) == LOAN


@BOTH
def test_the_kind_of_a_fee_crosses(notice: Any) -> None:
    for kind in (None, *FineKind):
        assert decode_notice(encode_notice(replace(notice, kind=kind))).kind is kind  # type: ignore[union-attr]


def test_a_kind_of_fee_that_is_not_known_yet_is_not_taken_for_another() -> None:
    from federation.v1 import notices_pb2

    message = notices_pb2.Notice.FromString(encode_notice(ORDER))
    message.fine_order.kind = 99  # type: ignore[assignment]
    with pytest.raises(NewerWire):
        decode_notice(message.SerializeToString())
