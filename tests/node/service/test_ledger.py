"""What a ledger tells a home of a fine, what a receipt is called, and which changes of a fine are not made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import pytest

from federation import wire
from federation.contract import FineKind, FineOrder, FineSnapshot
from node.domain.states import FINE, FineEvent, FineState
from node.service.money.steps import Paid
from node.storage.delivery import outbox
from node.storage.store import Tx
from tests.node.service.small_city import SmallCity

LEDGER, HOME = "CQBB", "CQSPB"
LOAN = "a" * 32
ORDER = FineOrder(
    fine=f"{LOAN}:2026-01-01",
    version=1,
    loan=LOAN,
    owner=LEDGER,
    ledger=LEDGER,
    home=HOME,
    reader="r1",
    barcode="CQBB0100234567",
    title="三体",
    due_on=date(2026, 1, 1),
    returned_on=date(2026, 1, 6),
    days_late=5,
    amount_fen=100,
    kind=FineKind.LATE,
)
Step = Callable[[SmallCity], object]


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def do(city: SmallCity, order: FineOrder) -> None:
    node = city[LEDGER]
    node.store.run_now(lambda tx: node.core.books.apply(tx, order), "order")


def ordered(version: int, amount_fen: int) -> Step:
    return lambda city: do(city, replace(ORDER, version=version, amount_fen=amount_fen))


def paid(amount_fen: int, pay_key: str = "b" * 32) -> Callable[[SmallCity], Paid]:
    def pay(city: SmallCity) -> Paid:
        def work(tx: Tx) -> object:
            return city[LEDGER].core.books.ledger.pay(
                tx,
                pay_key=pay_key,
                terminal="sc",
                home=HOME,
                reader=ORDER.reader,
                amount_fen=amount_fen,
                method="cash",
            )

        result = city[LEDGER].store.run_now(work, "pay")
        assert isinstance(result, Paid)
        return result

    return pay


def told(city: SmallCity) -> list[FineSnapshot]:
    """What waits for the home."""
    waiting = city[LEDGER].read(lambda tx: outbox.waiting(tx, HOME, 100))
    notices = [wire.decode_notice(row.payload) for row in waiting]
    return [notice for notice in notices if isinstance(notice, FineSnapshot)]


def test_a_home_is_told_of_a_fine_at_version_1_and_of_every_change_at_a_higher_one(city: SmallCity) -> None:
    for step in (ordered(1, 100), ordered(2, 60), paid(20)):
        step(city)
    versions = [notice.version for notice in told(city)]
    assert versions[0] == 1
    assert len(versions) == 3
    assert versions == sorted(set(versions))


def test_a_home_is_told_whether_the_ledger_knows_who_owes(city: SmallCity) -> None:
    do(city, ORDER)
    do(city, replace(ORDER, fine=f"{'c' * 32}:2026-01-01", loan="c" * 32, reader="", reader_unknown=True))
    assert [notice.reader_unknown for notice in told(city)] == [False, True]


def test_a_receipt_is_called_by_its_library_and_eight_signs(city: SmallCity) -> None:
    ordered(1, 100)(city)
    assert paid(100, "0123456789abcdef" * 2)(city).receipt == "CQBB-01234567"
    assert city[LEDGER].column("SELECT receipt FROM payment") == ["CQBB-01234567"]


OWED = FineState.OWED


@pytest.mark.parametrize(
    ("before", "event", "steps"),
    [
        (None, FineEvent.ORDERED, [ordered(1, 100)]),
        (None, FineEvent.VOIDED, [ordered(1, 0)]),
        (OWED, FineEvent.LOWERED, [ordered(1, 100), ordered(2, 60)]),
        (OWED, FineEvent.COVERED, [ordered(1, 100), paid(60), ordered(2, 60)]),
        (OWED, FineEvent.VOIDED, [ordered(1, 100), ordered(2, 0)]),
        (OWED, FineEvent.PAID_IN_PART, [ordered(1, 100), paid(60)]),
        (OWED, FineEvent.PAID, [ordered(1, 100), paid(100)]),
    ],
    ids=lambda value: "" if isinstance(value, list) else str(value),
)
def test_a_change_of_a_fine_that_its_table_does_not_have_is_not_made(
    monkeypatch: pytest.MonkeyPatch,
    city: SmallCity,
    before: FineState | None,
    event: FineEvent,
    steps: Sequence[Step],
) -> None:
    *first, last = steps
    for step in first:
        step(city)
    stood = city[LEDGER].column("SELECT amount_fen || ' ' || paid_fen || ' ' || version FROM fine")
    monkeypatch.delitem(FINE._after, (before, event))
    with pytest.raises(AssertionError, match=f"fine: no {event} when "):
        last(city)
    assert city[LEDGER].column("SELECT amount_fen || ' ' || paid_fen || ' ' || version FROM fine") == stood
