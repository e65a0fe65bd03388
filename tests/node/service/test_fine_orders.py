"""Whose orders a ledger takes, and whose fines it lets a reader pay."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from federation.contract import FineOrder, NotPermitted, Reason, Refused
from node.domain.rules import RuleBook
from node.service.books import Books
from node.service.money.steps import Paid
from node.storage import tally
from node.storage.delivery import outbox
from node.storage.desk import operations as branch_rows
from node.storage.opening import new_memory_database
from node.storage.sqlite import InlineStore
from node.storage.store import Tx

ORDER = FineOrder(
    fine="a" * 32 + ":2026-01-01",
    version=1,
    loan="a" * 32,
    owner="CQBB",
    ledger="CQSPB",
    home="CQSPB",
    reader="r1",
    barcode="CQBB0100234567",
    title="三体",
    due_on=date(2026, 1, 1),
    returned_on=date(2026, 1, 6),
    days_late=5,
    amount_fen=100,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
OTHERS = replace(ORDER, owner="CQCQ", version=9, amount_fen=0)
"""Under the same name: whoever is the home of the reader knows it before the owner has ordered anything."""


def the_books() -> Books:
    return Books("CQSPB", 1, RuleBook(), lambda: 0, ahead_ms=lambda *_: None, owners_of=lambda _barcode: ())


def books_with_returns(tx: Tx) -> Books:
    """An item with that barcode came back here: once one of CQBB, and three times one of CQCQ."""
    for number, owner in enumerate(("CQBB", "CQCQ", "CQCQ", "CQCQ")):
        came_in(tx, owner, f"return {number}")
    return the_books()


def came_in(tx: Tx, owner: str, op: str, *, message: str = "09", on: date = ORDER.returned_on) -> None:
    at_ms = int(datetime(on.year, on.month, on.day, 10, tzinfo=SHANGHAI).timestamp() * 1000)
    row = branch_rows.KioskOpRow(
        op=op,
        base=op,
        attempt=1,
        message=message,
        kiosk_date="",
        terminal="bin",
        card_digest="",
        barcode=ORDER.barcode,
        date_near=True,
        asked_at_ms=at_ms,
        answer_by_ms=at_ms,
        told_at_ms=None,
        answer=None,
        question=None,
        owner=owner,
    )
    branch_rows.add_kiosk_op(tx, row)


def booked(*orders: FineOrder) -> int:
    """The fen that the ledger of CQSPB then has on its books."""
    store = InlineStore(new_memory_database())

    def work(tx: Tx) -> int:
        books = books_with_returns(tx)
        for order in orders:
            books.apply(tx, order)
        return tally.value(tx, tally.FINES_OUTSTANDING_FEN)

    try:
        return store.run_now(work, "test")
    finally:
        store.close()


def test_an_order_to_this_ledger_is_booked_once() -> None:
    assert booked(ORDER, ORDER) == 100


def test_an_order_to_another_ledger_is_not_booked_here() -> None:
    with pytest.raises(NotPermitted):
        booked(replace(ORDER, ledger="CQCQ"))


def test_an_order_keeps_no_other_out_whatever_it_is_named() -> None:
    """Also by the name that this ledger would give the other's."""
    others = replace(OTHERS, amount_fen=3)
    orders = (others, replace(others, fine=f"{ORDER.owner}/{ORDER.fine}"), ORDER, ORDER)
    assert booked(*orders) == 3 + 3 + 100
    assert booked(*orders, replace(ORDER, version=2, amount_fen=40)) == 3 + 3 + 40


def test_another_owner_does_not_lower_the_fine() -> None:
    assert booked(ORDER, OTHERS) == 100


def test_another_owner_that_came_first_keeps_no_fine_out_and_is_not_lowered_by_it() -> None:
    assert booked(OTHERS, ORDER, ORDER) == 100
    lowered = replace(ORDER, version=2, amount_fen=40)
    assert booked(OTHERS, ORDER, lowered, ORDER, OTHERS) == 40
    assert booked(replace(OTHERS, amount_fen=60), ORDER, lowered) == 100


def test_an_order_that_is_not_newer_lowers_nothing() -> None:
    """The owner that says two things under one version is not to be followed."""
    assert booked(ORDER, replace(ORDER, amount_fen=40)) == 100
    lowered = replace(ORDER, version=3, amount_fen=40)
    assert booked(ORDER, lowered, replace(ORDER, version=2, amount_fen=20)) == 40


def test_a_newer_order_of_the_same_amount_is_not_told_to_the_home() -> None:
    assert snapshots_told(ORDER, replace(ORDER, version=2)) == snapshots_told(ORDER) == 1


def snapshots_told(*orders: FineOrder) -> int:
    """How often the home of the reader, another library, is told how the fine stands."""
    store = InlineStore(new_memory_database())

    def work(tx: Tx) -> int:
        books = books_with_returns(tx)
        for order in orders:
            books.apply(tx, replace(order, home="CQCQ"))
        return sum(count for _, count, _ in outbox.backlog(tx))

    try:
        return store.run_now(work, "test")
    finally:
        store.close()


def paid(home: str, *listed: str, amount_fen: int = 100) -> Paid | Refused:
    """What comes of it when reader r2 of `home` pays, of whom that home says that the fines `listed` are theirs.

    ORDER is booked: it names r1 of CQSPB.
    """
    return paid_and_owed(home, *listed, amount_fen=amount_fen)[0]


def paid_and_owed(home: str, *listed: str, amount_fen: int) -> tuple[Paid | Refused, list[int]]:
    """The same, and the fen that r2 owes after that, while that home still says the same."""
    store = InlineStore(new_memory_database())

    def work(tx: Tx) -> tuple[Paid | Refused, list[int]]:
        books = books_with_returns(tx)
        books.apply(tx, ORDER)
        result = books.ledger.pay(
            tx,
            pay_key="b" * 32,
            terminal="sc",
            home=home,
            reader="r2",
            amount_fen=amount_fen,
            method="cash",
            listed=listed,
        )
        return result, [row.outstanding_fen for row in books.ledger.owed_here(tx, home, "r2", listed)]

    try:
        return store.run_now(work, "test")
    finally:
        store.close()


def test_a_fine_that_its_home_lists_for_another_of_its_readers_is_paid_by_that_reader() -> None:
    """Nobody knows here whose loan it was that was recorded off line."""
    assert isinstance(paid(ORDER.home, ORDER.fine), Paid)


def test_a_fine_of_another_home_is_not_paid_although_a_home_lists_it() -> None:
    assert paid("CQCQ", ORDER.fine) == Refused(Reason.NOTHING_OWED)


def test_a_listed_fine_that_is_not_booked_yet_is_not_paid() -> None:
    assert paid(ORDER.home, "c" * 32 + ":2026-01-01") == Refused(Reason.NOTHING_OWED)


def test_a_fine_is_owed_to_its_last_fen_and_no_longer_although_the_home_still_lists_it() -> None:
    assert paid_and_owed(ORDER.home, ORDER.fine, amount_fen=99)[1] == [1]
    assert paid_and_owed(ORDER.home, ORDER.fine, amount_fen=100)[1] == []


@pytest.mark.parametrize("amount_fen", [0, -1])
def test_nothing_and_less_is_no_payment(amount_fen: int) -> None:
    assert paid(ORDER.home, ORDER.fine, amount_fen=amount_fen) == Refused(Reason.BAD_AMOUNT)


def test_one_fen_is_a_payment() -> None:
    result = paid(ORDER.home, ORDER.fine, amount_fen=1)
    assert isinstance(result, Paid)
    assert (result.amount_fen, result.left_fen) == (1, 99)
