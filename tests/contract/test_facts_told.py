"""What is told as having happened (off-line loans, blocks), kept by a real node, however it is reached."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_twisted

from federation.contract import CardBlocked, ForcedPlace, LoanRecorded, Reason, Receipt, Standing
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
    STRANGE_CARD,
    CardFact,
)
from tests.contract.nodes import NODES, NodeUnderTest
from tests.contract.questions import WAIT_S, checkout, lend, new_op, reason, returned, standing

TAKEN = (Receipt(True),)
STAFF_CALLED = "SELECT peer, key FROM outbox WHERE key LIKE 'StaffCalled/%'"


@pytest_twisted.async_yield_fixture(params=list(NODES))
async def node(request: Any) -> AsyncIterator[NodeUnderTest]:
    async with NODES[request.param]() as found:
        yield found


async def loans_of(node: NodeUnderTest, card: CardFact) -> int:
    found = await node.library.standing(standing(card), WAIT_S)
    assert isinstance(found, Standing)
    return len(found.loans)


def recorded(card: CardFact | str, barcode: str, days: float = 0) -> LoanRecorded:
    number = card if isinstance(card, str) else card.number
    return LoanRecorded(new_op(), number, LIBRARY, barcode, ASKER, NOW_MS + int(days * DAY_MS), DUE_ON)


@pytest_twisted.ensureDeferred
async def test_a_loan_made_off_line_is_recorded_over_any_quota_and_counted_apart(node: NodeUnderTest) -> None:
    await lend(node.library, NARROW, BOOK)
    notice = recorded(NARROW, OTHER.barcode)
    assert await node.library.deliver([notice, notice], WAIT_S) == TAKEN * 2
    assert await loans_of(node, NARROW) == 2
    counted = "SELECT places_used, forced_used FROM card WHERE reader = 'reader-1'"
    assert node.sql(counted) == [(1, 1)]
    assert (ASKER, f"StaffCalled/{notice.op}/no_block_quota") in node.sql(STAFF_CALLED)
    await node.library.take_back(returned(OTHER), WAIT_S)
    assert node.sql(counted) == [(1, 0)]


@pytest_twisted.ensureDeferred
async def test_a_loan_made_off_line_ends_the_loan_before_it_without_a_fine(node: NodeUnderTest) -> None:
    await lend(node.library, GOOD, BOOK)
    await node.library.deliver([recorded(NARROW, BOOK.barcode, days=40)], WAIT_S)
    assert node.sql("SELECT closed_how FROM loan ORDER BY opened_at_ms") == [("superseded",), (None,)]
    assert node.sql("SELECT * FROM fine_order") == []
    assert await loans_of(node, GOOD) == 0


@pytest_twisted.ensureDeferred
async def test_a_forced_place_of_a_card_of_nobody_is_an_exception_for_the_staff_where_it_was_made(
    node: NodeUnderTest,
) -> None:
    forced = ForcedPlace(new_op(), STRANGE_CARD, ASKER, "CQBB0100000001", "书", False, DUE_ON, ASKER, NOW_MS)
    for _ in range(2):
        assert await node.library.deliver([forced], WAIT_S) == TAKEN
    assert node.sql(STAFF_CALLED) == [(ASKER, f"StaffCalled/{forced.op}/no_block_unknown_card")]


@pytest_twisted.ensureDeferred
async def test_a_card_blocked_elsewhere_lends_no_more(node: NodeUnderTest) -> None:
    blocked = CardBlocked(new_op(), GOOD.number, ASKER, NOW_MS, False, "")
    assert await node.library.deliver([blocked, blocked], WAIT_S) == TAKEN * 2
    assert await reason(node.library.checkout(checkout(GOOD, BOOK), WAIT_S)) is Reason.CARD_SUSPENDED
