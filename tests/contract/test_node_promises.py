"""The promises of design 4 that show only in books: kept by a real node, however it is reached."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest_twisted

from federation.contract import (
    FineOrder,
    FineSnapshot,
    ItemQuestion,
    ItemState,
    ItemView,
    Lent,
    Library,
    LoanSnapshot,
    Notice,
    PlaceHeld,
    Reason,
    Receipt,
    Refused,
    ReleasePlace,
    Renewed,
    Standing,
)
from tests.contract.facts import (
    ASKER,
    BOOK,
    DAY_MS,
    DUE_ON,
    GOOD,
    LIBRARY,
    NARROW,
    NOW_MS,
    OTHER,
    REFERENCE,
    STRANGE_CARD,
    STRANGE_ITEM,
    SUSPENDED,
    TODAY,
    CardFact,
)
from tests.contract.nodes import NODES, NodeUnderTest
from tests.contract.questions import (
    WAIT_S,
    cancel,
    checkout,
    lend,
    new_op,
    place,
    reason,
    renewal,
    returned,
    standing,
)

TAKEN = (Receipt(True),)


@pytest_twisted.async_yield_fixture(params=list(NODES))
async def node(request: Any) -> AsyncIterator[NodeUnderTest]:
    async with NODES[request.param]() as found:
        yield found


async def stands(library: Library, card: CardFact) -> Standing:
    found = await library.standing(standing(card), WAIT_S)
    assert isinstance(found, Standing)
    return found


def after_days(days: float) -> int:
    return NOW_MS + int(days * DAY_MS)


# --- decisions are rows --------------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_the_first_decision_stands_whatever_else_is_asked_under_its_id(node: NodeUnderTest) -> None:
    question = await lend(node.library, GOOD, BOOK)
    first = await node.library.checkout(question, WAIT_S)
    other = replace(question, card=NARROW.number, barcode=OTHER.barcode)
    assert await node.library.checkout(other, WAIT_S) == first
    assert node.sql("SELECT count(*) FROM loan") == [(1,)]


@pytest_twisted.ensureDeferred
async def test_every_no_to_a_checkout_is_a_row_that_outlives_the_process_and_its_reason(node: NodeUnderTest) -> None:
    await lend(node.library, NARROW, OTHER)
    refused = [
        (checkout(GOOD, STRANGE_ITEM), Reason.UNKNOWN_ITEM),
        (checkout(GOOD, REFERENCE), Reason.NOT_LENDABLE),
        (checkout(GOOD, OTHER), Reason.ON_LOAN),
        (checkout(NARROW, OTHER), Reason.ON_LOAN_TO_READER),
        (checkout(NARROW, BOOK), Reason.QUOTA),
        (checkout(SUSPENDED, BOOK), Reason.CARD_SUSPENDED),
        (checkout(STRANGE_CARD, BOOK), Reason.UNKNOWN_CARD),
    ]
    for question, why in refused:
        assert await reason(node.library.checkout(question, WAIT_S)) is why
    await node.library.take_back(returned(OTHER), WAIT_S)
    node.sql("UPDATE card SET status = 'active'")
    again = node.again()
    for question, why in refused:
        assert await reason(again.checkout(question, WAIT_S)) is why
    assert node.sql("SELECT count(*) FROM owner_op WHERE state = 'refused'") == [(len(refused),)]


@pytest_twisted.ensureDeferred
async def test_every_no_to_a_place_and_to_a_renewal_is_a_row_too(node: NodeUnderTest) -> None:
    no_place, no_renewal = place(SUSPENDED), renewal(GOOD, BOOK)
    assert await reason(node.library.hold_place(no_place, WAIT_S)) is Reason.CARD_SUSPENDED
    assert await reason(node.library.renew(no_renewal, WAIT_S)) is Reason.NOT_ON_LOAN
    node.sql("UPDATE card SET status = 'active'")
    await lend(node.library, GOOD, BOOK)
    again = node.again()
    assert await reason(again.hold_place(no_place, WAIT_S)) is Reason.CARD_SUSPENDED
    assert await reason(again.renew(no_renewal, WAIT_S)) is Reason.NOT_ON_LOAN


@pytest_twisted.ensureDeferred
async def test_tombstones_outlive_the_process_at_the_owner_and_at_the_home(node: NodeUnderTest) -> None:
    question, wanted = checkout(GOOD, BOOK), place(GOOD)
    assert await node.library.deliver([cancel(question), ReleasePlace(wanted.op, ASKER)], WAIT_S) == TAKEN * 2
    again = node.again()
    assert await reason(again.checkout(question, WAIT_S)) is Reason.CANCELLED
    assert await reason(again.hold_place(wanted, WAIT_S)) is Reason.CANCELLED
    assert (await stands(again, GOOD)).loans == ()


@pytest_twisted.ensureDeferred
async def test_a_renewal_cancelled_before_it_is_asked_is_refused(node: NodeUnderTest) -> None:
    await lend(node.library, GOOD, BOOK)
    question = renewal(GOOD, BOOK)
    await node.library.deliver([cancel(question)], WAIT_S)
    assert await reason(node.library.renew(question, WAIT_S)) is Reason.CANCELLED
    assert isinstance(await node.library.renew(renewal(GOOD, BOOK), WAIT_S), Renewed)


# --- cancelling ----------------------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_cancelling_a_committed_checkout_closes_it_and_frees_its_place_once(node: NodeUnderTest) -> None:
    question = await lend(node.library, GOOD, BOOK)
    for _ in range(2):
        assert await node.library.deliver([cancel(question)], WAIT_S) == TAKEN
    assert node.sql("SELECT closed_how FROM loan") == [("cancelled",)]
    assert node.sql("SELECT state FROM place") == [("freed",)]
    assert node.sql("SELECT places_used FROM card WHERE places_used <> 0") == []
    view = await node.library.describe(ItemQuestion(BOOK.barcode, ASKER), WAIT_S)
    assert isinstance(view, ItemView)
    assert view.state is ItemState.AVAILABLE


@pytest_twisted.ensureDeferred
async def test_a_renewed_loan_is_not_undone_by_the_cancellation_of_its_checkout(node: NodeUnderTest) -> None:
    question = await lend(node.library, GOOD, BOOK)
    assert isinstance(await node.library.renew(renewal(GOOD, BOOK), WAIT_S), Renewed)
    await node.library.deliver([cancel(question)], WAIT_S)
    assert node.sql("SELECT closed_how FROM loan") == [(None,)]


@pytest_twisted.ensureDeferred
async def test_of_a_checkout_that_is_cancelled_after_a_late_return_nothing_is_owed(node: NodeUnderTest) -> None:
    question = await lend(node.library, GOOD, BOOK)
    back = returned(BOOK, after_days(37))
    await node.library.take_back(back, WAIT_S)
    for _ in range(2):
        assert await node.library.deliver([cancel(question)], WAIT_S) == TAKEN
    assert node.sql("SELECT closed_how, closed_at_ms FROM loan") == [("cancelled", back.returned_at_ms)]
    assert node.sql("SELECT amount_fen, version, voided FROM fine_order") == [(0, 2, 1)]
    assert node.sql("SELECT loan FROM evidence") == [(None,)]


@pytest_twisted.ensureDeferred
async def test_a_cancelled_renewal_gives_the_old_date_and_the_right_to_renew_back(node: NodeUnderTest) -> None:
    await lend(node.library, GOOD, BOOK)
    question = renewal(GOOD, BOOK, at_ms=after_days(10))
    renewed = await node.library.renew(question, WAIT_S)
    assert isinstance(renewed, Renewed)
    assert renewed.due_on == DUE_ON + timedelta(days=10)
    assert [(loan.due_on, loan.renewals) for loan in (await stands(node.library, GOOD)).loans] == [(renewed.due_on, 1)]
    for _ in range(2):
        await node.library.deliver([cancel(question)], WAIT_S)
    assert [(loan.due_on, loan.renewals) for loan in (await stands(node.library, GOOD)).loans] == [(DUE_ON, 0)]
    assert isinstance(await node.library.renew(renewal(GOOD, BOOK), WAIT_S), Renewed)


@pytest_twisted.ensureDeferred
async def test_a_branch_cancels_its_own_operations_only(node: NodeUnderTest) -> None:
    question = await lend(node.library, GOOD, BOOK)
    (receipt,) = await node.core.local.deliver([replace(cancel(question), branch="CQCQ")], WAIT_S)
    assert not receipt.taken
    assert node.sql("SELECT closed_how FROM loan") == [(None,)]


# --- returns are evidence ------------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_a_late_return_taken_twice_gives_one_fine_and_one_answer(node: NodeUnderTest) -> None:
    await lend(node.library, GOOD, BOOK)
    notice = returned(BOOK, after_days(37))
    first = await node.library.take_back(notice, WAIT_S)
    assert first.fine is not None
    assert (first.fine.days_late, first.fine.amount_fen, first.fine.ledger) == (7, 140, ASKER)
    assert await node.library.take_back(notice, WAIT_S) == first
    assert await node.again().take_back(notice, WAIT_S) == first
    assert node.sql("SELECT amount_fen, version FROM fine_order") == [(140, 1)]


@pytest_twisted.ensureDeferred
async def test_a_return_that_overtook_its_checkout_closes_the_loan_as_it_opens(node: NodeUnderTest) -> None:
    """Handed in at the branch that lent it, and reported before the checkout was asked."""
    first_ms, then_ms = NOW_MS + 2_000, NOW_MS + 3_000
    await node.library.deliver([returned(BOOK, then_ms), returned(BOOK, first_ms)], WAIT_S)
    lent = await node.library.checkout(checkout(NARROW, BOOK), WAIT_S)
    assert isinstance(lent, Lent)
    assert node.sql("SELECT closed_how, closed_at_ms FROM loan") == [("returned", first_ms)]
    assert (await stands(node.library, NARROW)).loans == ()
    await lend(node.library, NARROW, OTHER)


@pytest_twisted.ensureDeferred
async def test_a_return_from_before_the_loan_does_not_end_it(node: NodeUnderTest) -> None:
    await node.library.take_back(returned(BOOK, NOW_MS - DAY_MS), WAIT_S)
    await lend(node.library, GOOD, BOOK)
    await node.library.take_back(returned(BOOK, NOW_MS - 1), WAIT_S)
    assert node.sql("SELECT closed_how FROM loan") == [(None,)]


@pytest_twisted.ensureDeferred
async def test_a_return_elsewhere_within_a_minute_of_the_loan_is_not_its_end(node: NodeUnderTest) -> None:
    """Clocks of two branches differ by up to a minute: it belongs to the loan before."""
    await lend(node.library, GOOD, BOOK)
    elsewhere = replace(returned(BOOK, NOW_MS + 59_999), branch="CQCQ")
    assert not (await node.core.local.take_back(elsewhere, WAIT_S)).was_on_loan
    assert node.sql("SELECT closed_how FROM loan") == [(None,)]
    late_enough = replace(elsewhere, op=new_op(), returned_at_ms=NOW_MS + 60_000)
    assert (await node.core.local.take_back(late_enough, WAIT_S)).was_on_loan
    assert node.sql("SELECT closed_how FROM loan") == [("returned",)]


@pytest_twisted.ensureDeferred
async def test_a_return_at_the_same_branch_within_a_minute_ends_the_loan(node: NodeUnderTest) -> None:
    await lend(node.library, GOOD, BOOK)
    assert (await node.library.take_back(returned(BOOK, NOW_MS), WAIT_S)).was_on_loan


@pytest_twisted.ensureDeferred
async def test_earlier_evidence_moves_the_end_back_and_only_ever_lowers_the_fine(node: NodeUnderTest) -> None:
    await lend(node.library, GOOD, BOOK)
    expected = [(40, 40, 200), (35, 35, 100), (38, 35, 100), (33, 33, 60), (29, 29, 0), (39, 29, 0)]
    for day, end, amount_fen in expected:
        await node.library.deliver([returned(BOOK, after_days(day))], WAIT_S)
        assert node.sql("SELECT closed_at_ms FROM loan") == [(after_days(end),)]
        assert node.sql("SELECT amount_fen FROM fine_order") == [(amount_fen,)]
    assert node.sql("SELECT count(*) FROM outbox WHERE key LIKE 'FineOrder/%'") == [(4,)]


@pytest_twisted.ensureDeferred
async def test_a_fine_is_per_due_date_and_a_renewed_loan_counts_from_the_new_one(node: NodeUnderTest) -> None:
    await lend(node.library, GOOD, BOOK)
    assert isinstance(await node.library.renew(renewal(GOOD, BOOK, at_ms=after_days(30)), WAIT_S), Renewed)
    taken = await node.library.take_back(returned(BOOK, after_days(61)), WAIT_S)
    assert taken.fine is not None
    assert (taken.fine.due_on, taken.fine.amount_fen) == (DUE_ON + timedelta(days=30), 20)


async def overdue(node: NodeUnderTest) -> FineSnapshot:
    """CQBB took back an item of its own that a reader of CQSPB had ten days too long."""
    loan, due_on = place(GOOD), TODAY - timedelta(days=10)
    held = await node.library.hold_place(loan, WAIT_S)
    assert isinstance(held, PlaceHeld)
    await node.library.deliver([LoanSnapshot(loan.op, ASKER, 1, 1, due_on, 0), ReleasePlace(loan.op, ASKER)], WAIT_S)
    return FineSnapshot(
        f"{loan.op}:{due_on}", ASKER, 1, 1, held.reader, loan.barcode, "书", due_on, 200, 0, loan=loan.op
    )


# --- the mailbox: any order, any number of times ---------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_notices_in_any_order_and_twice_end_in_the_same_books(node: NodeUnderTest) -> None:
    ends = set()
    for order in permutations(range(3)):
        for table in ("loan", "place", "evidence", "fine_order", "owner_op", "outbox", "fine_mirror"):
            node.sql(f"DELETE FROM {table}")
        node.sql("UPDATE card SET places_used = 0")
        never = checkout(NARROW, OTHER)
        notices: list[Notice] = [returned(BOOK, after_days(34)), returned(BOOK, after_days(41)), cancel(never)]
        loan = await lend(node.library, GOOD, BOOK)
        batch = [notices[place] for place in order]
        assert await node.library.deliver([*batch, *reversed(batch)], WAIT_S) == TAKEN * 6
        assert isinstance(await node.library.checkout(never, WAIT_S), Refused)
        ends.add(
            (
                *node.sql("SELECT closed_at_ms, closed_how FROM loan"),
                *node.sql("SELECT amount_fen FROM fine_order"),
                *node.sql("SELECT state FROM place"),
                *node.sql("SELECT sum(places_used) FROM card"),
            )
        )
        assert node.sql("SELECT op FROM loan") == [(loan.op,)]
    assert ends == {((after_days(34), "returned"), (80,), ("freed",), (0,))}


@pytest_twisted.ensureDeferred
async def test_a_snapshot_of_a_loan_counts_only_if_it_is_newer(node: NodeUnderTest) -> None:
    held = place(GOOD)
    assert isinstance(await node.library.hold_place(held, WAIT_S), PlaceHeld)

    def snapshot(epoch: int, version: int, day: int) -> LoanSnapshot:
        return LoanSnapshot(held.op, ASKER, epoch, version, DUE_ON + timedelta(days=day), 1)

    for epoch, version, day, stands_at in ((1, 3, 3, 3), (1, 2, 2, 3), (1, 3, 9, 3), (2, 1, 4, 4), (1, 99, 9, 4)):
        await node.library.deliver([snapshot(epoch, version, day)], WAIT_S)
        (loan,) = (await stands(node.library, GOOD)).loans
        assert loan.due_on == DUE_ON + timedelta(days=stands_at)


@pytest_twisted.ensureDeferred
async def test_a_snapshot_of_a_fine_counts_only_if_it_is_newer(node: NodeUnderTest) -> None:
    owed = await overdue(node)

    def snapshot(epoch: int, version: int, amount_fen: int, paid_fen: int) -> FineSnapshot:
        return replace(owed, epoch=epoch, version=version, amount_fen=amount_fen, paid_fen=paid_fen)

    seen = []
    for epoch, version, amount_fen, paid_fen in ((1, 2, 200, 50), (1, 1, 200, 0), (1, 3, 100, 50), (2, 1, 100, 100)):
        await node.library.deliver([snapshot(epoch, version, amount_fen, paid_fen)], WAIT_S)
        seen.append([fine.outstanding_fen for fine in (await stands(node.library, GOOD)).fines])
    assert seen == [[150], [150], [50], []]


@pytest_twisted.ensureDeferred
async def test_a_fine_unpaid_anywhere_stops_renewals_but_not_lending_until_word_comes_that_it_is_paid(
    node: NodeUnderTest,
) -> None:
    owed = await overdue(node)
    await lend(node.library, GOOD, BOOK)
    await node.library.deliver([owed], WAIT_S)
    answer = await node.library.renew(renewal(GOOD, BOOK), WAIT_S)
    assert isinstance(answer, Refused)
    assert (answer.reason, answer.library, answer.number) == (Reason.FEE_UNPAID, ASKER, 200)
    await lend(node.library, GOOD, OTHER)
    paid = replace(owed, version=2, paid_fen=200)
    assert isinstance(await node.library.renew(renewal(GOOD, BOOK, paid), WAIT_S), Renewed)


@pytest_twisted.ensureDeferred
async def test_an_order_is_booked_once_and_may_only_be_lowered(node: NodeUnderTest) -> None:
    """CQSPB is where the item came back, so the fine arose there; CQBB owns it and is the home."""
    late = FineOrder(
        "L1:2026-04-01", 1, "L1", ASKER, LIBRARY, ASKER, "r", "B", "书", DUE_ON, date(2026, 4, 11), 10, 200
    )
    node.sql(
        "INSERT INTO kiosk_op (op, base, attempt, message, kiosk_date, terminal, card_digest, barcode, date_near,"
        " asked_at_ms, answer_by_ms, owner) VALUES ('R1', 'R1', 1, '09', '', 'bin', '', 'B', 1, 1775880000000, 1, ?)",
        ASKER,
    )
    for version, amount_fen, booked_fen in ((2, 100, 100), (1, 200, 100), (3, 160, 100), (4, 0, 0)):
        order = replace(late, version=version, amount_fen=amount_fen)
        assert await node.library.deliver([order, order], WAIT_S) == TAKEN * 2
        assert node.sql("SELECT amount_fen, paid_fen FROM fine") == [(booked_fen, 0)]
