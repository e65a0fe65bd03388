"""The promises about holds, corrections and blocks, kept by a real node, in whatever order it hears things."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
import pytest_twisted

from federation.contract import (
    CancelOp,
    CardBlocked,
    CardEnabled,
    ForcedPlace,
    HoldMode,
    HoldQuestion,
    HoldSnapshot,
    HoldState,
    HoldTaken,
    ItemReturned,
    LoanRecorded,
    Notice,
    NotPermitted,
    PlaceRestored,
    PropertiesKept,
    ReaderKnown,
    Reason,
    Receipt,
    Refused,
    ReleasePlace,
    ReopenLoan,
    StaffCalled,
    Standing,
    StandingQuestion,
)
from tests.contract.facts import ASKER, BOOK, DUE_ON, GOOD, LIBRARY, NARROW, NOW_MS, OTHER, REFERENCE, CardFact
from tests.contract.nodes import NODES, NodeUnderTest
from tests.contract.questions import WAIT_S, checkout, lend, new_op, reason, returned, standing

TAKEN = (Receipt(True),)


@pytest_twisted.async_yield_fixture(params=list(NODES))
async def node(request: Any) -> AsyncIterator[NodeUnderTest]:
    async with NODES[request.param]() as found:
        yield found


def hold(card: CardFact = GOOD, mode: HoldMode = HoldMode.PLACE, barcode: str = BOOK.barcode) -> HoldQuestion:
    return HoldQuestion(new_op(), mode, card.number, LIBRARY, barcode, "", ASKER, ASKER, None, NOW_MS, NOW_MS + 4_000)


async def stands(node: NodeUnderTest, card: CardFact = GOOD) -> Standing:
    found = await node.library.standing(standing(card), WAIT_S)
    assert isinstance(found, Standing)
    return found


async def tell(node: NodeUnderTest, *notices: Notice) -> None:
    assert await node.library.deliver(notices, WAIT_S) == TAKEN * len(notices)


# --- holds ---------------------------------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_the_first_decision_about_a_hold_stands_across_a_restart(node: NodeUnderTest) -> None:
    question = hold()
    first = await node.library.hold(question, WAIT_S)
    assert isinstance(first, HoldTaken)
    assert (first.position, first.available) == (1, True)
    assert await node.library.hold(question, WAIT_S) == first
    assert await node.again().hold(question, WAIT_S) == first
    assert [view.barcode for view in (await stands(node)).holds] == [BOOK.barcode]


@pytest_twisted.ensureDeferred
async def test_a_no_to_a_hold_stays_a_no(node: NodeUnderTest) -> None:
    question = hold(barcode=REFERENCE.barcode)
    assert await reason(node.library.hold(question, WAIT_S)) is Reason.NOT_LENDABLE
    node.store.connection.execute("UPDATE item SET item_type = 'book'")
    assert await reason(node.library.hold(question, WAIT_S)) is Reason.NOT_LENDABLE


@pytest_twisted.ensureDeferred
async def test_a_cancellation_that_comes_before_its_hold_is_remembered(node: NodeUnderTest) -> None:
    question = hold()
    await tell(node, CancelOp(question.op, BOOK.barcode, ASKER))
    assert await reason(node.library.hold(question, WAIT_S)) is Reason.CANCELLED
    assert (await stands(node)).holds == ()


@pytest_twisted.ensureDeferred
async def test_a_reserved_item_is_lent_to_its_reader_and_to_nobody_else(node: NodeUnderTest) -> None:
    await node.library.hold(hold(), WAIT_S)
    assert await reason(node.library.checkout(checkout(NARROW, BOOK), WAIT_S)) is Reason.RESERVED
    assert (await stands(node, NARROW)).loans == ()
    await lend(node.library, GOOD, BOOK)
    assert (await stands(node)).holds == ()


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest_twisted.ensureDeferred
async def test_the_newest_snapshot_of_a_hold_stands_in_whatever_order_they_come(
    node: NodeUnderTest, order: tuple[int, ...]
) -> None:
    states = (HoldState.WAITING, HoldState.READY, HoldState.COLLECTED)
    snapshots = [
        HoldSnapshot("h", ASKER, 1, version, "reader-0", OTHER.barcode, "红岩", state, LIBRARY)
        for version, state in enumerate(states, start=1)
    ]
    await tell(node, *(snapshots[place] for place in order))
    assert (await stands(node)).holds == ()
    assert node.sql("SELECT state, version FROM hold_mirror") == [("collected", 3)]


@pytest_twisted.ensureDeferred
async def test_a_snapshot_of_somebody_else_s_hold_changes_nothing(node: NodeUnderTest) -> None:
    mine = HoldSnapshot("h", ASKER, 1, 1, "reader-0", OTHER.barcode, "红岩", HoldState.WAITING, LIBRARY)
    await tell(node, mine)
    with node.store.connection:
        node.store.connection.execute("UPDATE hold_mirror SET owner = 'CQCQ'")
    await tell(node, replace(mine, version=2, state=HoldState.DELETED))
    assert len((await stands(node)).holds) == 1


# --- corrections ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("early", [False, True], ids=["after its return", "before its return"])
@pytest_twisted.ensureDeferred
async def test_a_return_that_was_none_ends_no_loan(node: NodeUnderTest, early: bool) -> None:
    loan = await lend(node.library, GOOD, BOOK)
    came = replace(returned(BOOK), branch=ASKER, returned_at_ms=NOW_MS + 3_600_000)
    undone = ReopenLoan(new_op(), came.op, BOOK.barcode, ASKER)
    await tell(node, *((undone, came) if early else (came, undone)), undone, came)
    assert node.sql("SELECT op, closed_at_ms FROM loan") == [(loan.op, None)]
    assert [place.op for place in (await stands(node)).loans] == [loan.op]
    await node.library.take_back(replace(came, op=new_op(), returned_at_ms=NOW_MS + 7_200_000), WAIT_S)
    assert (await stands(node)).loans == ()


@pytest_twisted.ensureDeferred
async def test_only_the_branch_of_a_return_undoes_it(node: NodeUnderTest) -> None:
    await lend(node.library, GOOD, BOOK)
    came = ItemReturned(new_op(), BOOK.barcode, "CQCQ", NOW_MS + 3_600_000)
    await node.core.local.deliver([came], WAIT_S)
    (receipt,) = await node.library.deliver([ReopenLoan(new_op(), came.op, BOOK.barcode, ASKER)], WAIT_S)
    assert not receipt.taken
    assert node.sql("SELECT closed_how FROM loan") == [("returned",)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest_twisted.ensureDeferred
async def test_a_place_is_held_or_free_as_the_newest_word_of_its_owner_says(
    node: NodeUnderTest, order: tuple[int, ...]
) -> None:
    forced = ForcedPlace("p", GOOD.number, ASKER, "CQBB1", "书", False, DUE_ON, ASKER, NOW_MS)
    await tell(node, forced)
    told: list[Notice] = [
        ReleasePlace("p", ASKER, 1, 2),
        PlaceRestored("p", ASKER, 1, 3, DUE_ON, 0),
        ReleasePlace("p", ASKER, 1, 4),
    ]
    await tell(node, *(told[place] for place in order), told[0], told[1])
    assert node.sql("SELECT state FROM place") == [("freed",)]
    assert node.sql("SELECT forced_used FROM card WHERE reader = 'reader-0'") == [(0,)]
    await tell(node, PlaceRestored("p", ASKER, 1, 5, DUE_ON + timedelta(days=1), 1), told[2])
    assert [(place.op, place.renewals) for place in (await stands(node)).loans] == [("p", 1)]


# --- off line ------------------------------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_only_the_home_of_a_loan_says_whose_it_is(node: NodeUnderTest) -> None:
    recorded = LoanRecorded("l", "2350020000001", ASKER, BOOK.barcode, ASKER, NOW_MS, DUE_ON)
    await tell(node, recorded)
    await node.core.local.deliver([ReaderKnown("l", "CQCQ", "stranger", "pupil")], WAIT_S)
    assert node.sql("SELECT reader FROM loan") == [(None,)]
    await tell(node, ReaderKnown("l", ASKER, "theirs", "pupil"), ReaderKnown("l", ASKER, "", ""))
    assert node.sql("SELECT reader, closed_at_ms FROM loan") == [("theirs", None)]


@pytest_twisted.ensureDeferred
async def test_staff_are_called_once_for_the_same(node: NodeUnderTest) -> None:
    called = StaffCalled("l", ASKER, LIBRARY, "no_block_quota", BOOK.barcode)
    await tell(node, called, called, replace(called, kind="x" * 200))
    assert node.sql("SELECT length(kind), detail FROM staff_exception") == [(14, ASKER), (64, ASKER)]


@pytest_twisted.ensureDeferred
async def test_the_latest_properties_stand(node: NodeUnderTest) -> None:
    kept = [PropertiesKept(new_op(), BOOK.barcode, ASKER, NOW_MS + place, str(place)) for place in (2, 3, 1)]
    await tell(node, *kept, PropertiesKept(new_op(), "CQSPB9", ASKER, NOW_MS, "nobody's"))
    assert node.sql(f"SELECT properties FROM item WHERE barcode = '{BOOK.barcode}'") == [("3",)]


# --- blocks --------------------------------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_a_block_that_is_delivered_again_after_the_card_was_enabled_blocks_nothing(node: NodeUnderTest) -> None:
    block = CardBlocked(new_op(), GOOD.number, ASKER, NOW_MS, False, "")
    enable = CardEnabled(new_op(), GOOD.number, ASKER, NOW_MS)
    await tell(node, block, enable, block)
    assert (await stands(node)).lending is None
    await tell(node, replace(block, op=new_op()), enable)
    refused = (await stands(node)).lending
    assert refused == Refused(Reason.CARD_SUSPENDED)


@pytest_twisted.ensureDeferred
async def test_a_question_may_not_carry_what_its_asker_may_not_say(node: NodeUnderTest) -> None:
    if not node.has_door:
        return
    asked = StandingQuestion(GOOD.number, ASKER, NOW_MS, None, (CardEnabled(new_op(), GOOD.number, LIBRARY, NOW_MS),))
    with pytest.raises(NotPermitted):
        await node.library.standing(asked, WAIT_S)
