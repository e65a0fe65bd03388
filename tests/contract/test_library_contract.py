"""The promises of a library, kept by every implementation of `contract.Library` (design 4).

A refusal is a value; the same question under the same id has the same answer; a cancellation is remembered even if
it comes first; what a question carries is applied before it is answered; receipts come in the order of the notices.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest_twisted

from federation.contract import (
    ItemQuestion,
    ItemState,
    ItemView,
    Lent,
    Library,
    LoanSnapshot,
    Notice,
    PinCheck,
    PlaceHeld,
    Reason,
    Receipt,
    Refused,
    ReleasePlace,
    Renewed,
    Standing,
    TakenBack,
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
)
from tests.contract.implementations import IMPLEMENTATIONS
from tests.contract.questions import WAIT_S, cancel, checkout, lend, place, reason, renewal, returned, standing


@pytest_twisted.async_yield_fixture(params=list(IMPLEMENTATIONS))
async def library(request: Any) -> AsyncIterator[Library]:
    async with IMPLEMENTATIONS[request.param]() as found:
        yield found


# --- the card ------------------------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_a_card_in_order_stands_without_objection_and_without_its_name(library: Library) -> None:
    found = await library.standing(standing(GOOD), WAIT_S)
    assert isinstance(found, Standing)
    assert (found.lending, found.renewal, found.loans, found.fines) == (None, None, (), ())
    assert (found.category, found.max_loans, found.max_foreign) == ("pupil", 8, 3)
    assert found.reader
    assert GOOD.number not in found.reader
    assert found.name == ""


@pytest_twisted.ensureDeferred
async def test_a_pin_is_right_or_wrong_or_absent(library: Library) -> None:
    for pin, check in ((GOOD.pin, PinCheck.RIGHT), ("0000", PinCheck.WRONG), (None, PinCheck.ABSENT)):
        found = await library.standing(standing(GOOD, pin), WAIT_S)
        assert isinstance(found, Standing)
        assert found.pin is check


@pytest_twisted.ensureDeferred
async def test_a_card_of_nobody_and_a_suspended_card_are_refusals_by_value(library: Library) -> None:
    assert await reason(library.standing(standing(STRANGE_CARD), WAIT_S)) is Reason.UNKNOWN_CARD
    found = await library.standing(standing(SUSPENDED), WAIT_S)
    assert isinstance(found, Standing)
    assert found.lending is not None
    assert found.lending.reason is Reason.CARD_SUSPENDED


# --- places in the quota ----------------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_a_place_is_held_for_the_owner_and_shows_among_the_loans(library: Library) -> None:
    question = place(GOOD)
    held = await library.hold_place(question, WAIT_S)
    assert isinstance(held, PlaceHeld)
    assert (held.op, held.category, held.due_on) == (question.op, "pupil", DUE_ON)
    found = await library.standing(standing(GOOD), WAIT_S)
    assert isinstance(found, Standing)
    assert [(loan.op, loan.owner, loan.barcode) for loan in found.loans] == [(question.op, ASKER, question.barcode)]


@pytest_twisted.ensureDeferred
async def test_the_same_place_asked_again_is_the_same_place(library: Library) -> None:
    question = place(NARROW)
    first = await library.hold_place(question, WAIT_S)
    assert await library.hold_place(question, WAIT_S) == first
    assert isinstance(first, PlaceHeld)


@pytest_twisted.ensureDeferred
async def test_a_place_too_many_is_refused_and_stays_refused_when_there_is_room_again(library: Library) -> None:
    held, refused = place(NARROW), place(NARROW)
    await library.hold_place(held, WAIT_S)
    assert await reason(library.hold_place(refused, WAIT_S)) is Reason.QUOTA
    assert await library.deliver([ReleasePlace(held.op, ASKER)], WAIT_S) == (Receipt(True),)
    assert await reason(library.hold_place(refused, WAIT_S)) is Reason.QUOTA
    assert isinstance(await library.hold_place(place(NARROW), WAIT_S), PlaceHeld)


@pytest_twisted.ensureDeferred
async def test_a_release_that_comes_before_its_question_is_remembered(library: Library) -> None:
    question = place(GOOD)
    await library.deliver([ReleasePlace(question.op, ASKER)], WAIT_S)
    assert isinstance(await library.hold_place(question, WAIT_S), Refused)


@pytest_twisted.ensureDeferred
async def test_a_release_that_is_carried_makes_room_first(library: Library) -> None:
    held = place(NARROW)
    await library.hold_place(held, WAIT_S)
    assert isinstance(await library.hold_place(place(NARROW, ReleasePlace(held.op, ASKER)), WAIT_S), PlaceHeld)


@pytest_twisted.ensureDeferred
async def test_no_place_for_a_card_that_does_not_lend(library: Library) -> None:
    assert await reason(library.hold_place(place(SUSPENDED), WAIT_S)) is Reason.CARD_SUSPENDED
    assert await reason(library.hold_place(place(STRANGE_CARD), WAIT_S)) is Reason.UNKNOWN_CARD


# --- lending ---------------------------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_an_item_is_lent_for_thirty_days(library: Library) -> None:
    question = checkout(GOOD, BOOK)
    lent = await library.checkout(question, WAIT_S)
    assert isinstance(lent, Lent)
    assert (lent.op, lent.title, lent.due_on) == (question.op, BOOK.title, DUE_ON)
    assert (lent.item_type, lent.foreign) == ("book", False)
    assert GOOD.number not in lent.reader


@pytest_twisted.ensureDeferred
async def test_the_same_checkout_asked_again_has_the_same_answer(library: Library) -> None:
    question = checkout(GOOD, BOOK)
    first = await library.checkout(question, WAIT_S)
    assert await library.checkout(question, WAIT_S) == first
    assert isinstance(first, Lent)


@pytest_twisted.ensureDeferred
async def test_what_may_not_be_lent_is_refused_by_value(library: Library) -> None:
    assert await reason(library.checkout(checkout(GOOD, STRANGE_ITEM), WAIT_S)) is Reason.UNKNOWN_ITEM
    assert await reason(library.checkout(checkout(GOOD, REFERENCE), WAIT_S)) is Reason.NOT_LENDABLE
    assert await reason(library.checkout(checkout(SUSPENDED, BOOK), WAIT_S)) is Reason.CARD_SUSPENDED
    assert await reason(library.checkout(checkout(STRANGE_CARD, BOOK), WAIT_S)) is Reason.UNKNOWN_CARD


@pytest_twisted.ensureDeferred
async def test_an_item_on_loan_is_not_lent_and_that_no_stays_when_it_is_back(library: Library) -> None:
    await lend(library, GOOD, BOOK)
    late = checkout(NARROW, BOOK)
    assert await reason(library.checkout(late, WAIT_S)) is Reason.ON_LOAN
    await library.take_back(returned(BOOK), WAIT_S)
    assert await reason(library.checkout(late, WAIT_S)) is Reason.ON_LOAN
    assert isinstance(await library.checkout(checkout(NARROW, BOOK), WAIT_S), Lent)


@pytest_twisted.ensureDeferred
async def test_a_full_quota_refuses_the_next_loan(library: Library) -> None:
    await lend(library, NARROW, BOOK)
    assert await reason(library.checkout(checkout(NARROW, OTHER), WAIT_S)) is Reason.QUOTA


@pytest_twisted.ensureDeferred
async def test_a_cancellation_that_comes_before_its_question_is_remembered(library: Library) -> None:
    question = checkout(GOOD, BOOK)
    assert await library.deliver([cancel(question)], WAIT_S) == (Receipt(True),)
    assert isinstance(await library.checkout(question, WAIT_S), Refused)
    await lend(library, GOOD, BOOK)


@pytest_twisted.ensureDeferred
async def test_a_cancelled_checkout_frees_item_and_place(library: Library) -> None:
    question = await lend(library, NARROW, BOOK)
    await library.deliver([cancel(question)], WAIT_S)
    assert isinstance(await library.checkout(question, WAIT_S), Refused)
    await lend(library, NARROW, BOOK)


@pytest_twisted.ensureDeferred
async def test_a_cancellation_that_is_carried_lets_the_reader_rescan(library: Library) -> None:
    ghost = await lend(library, NARROW, BOOK)
    assert isinstance(await library.checkout(checkout(NARROW, BOOK, cancel(ghost)), WAIT_S), Lent)


@pytest_twisted.ensureDeferred
async def test_a_return_that_is_carried_lets_the_item_go_out_again(library: Library) -> None:
    await lend(library, GOOD, BOOK)
    later_ms = NOW_MS + 2 * DAY_MS
    again = checkout(NARROW, BOOK, returned(BOOK), at_ms=later_ms)
    assert isinstance(await library.checkout(again, WAIT_S), Lent)


# --- renewal ---------------------------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_a_loan_is_renewed_once_and_a_repeat_is_no_second_renewal(library: Library) -> None:
    loan = await lend(library, GOOD, BOOK)
    question = renewal(GOOD, BOOK)
    first = await library.renew(question, WAIT_S)
    assert isinstance(first, Renewed)
    assert (first.op, first.loan, first.due_on) == (question.op, loan.op, DUE_ON + timedelta(days=1))
    assert await library.renew(question, WAIT_S) == first
    assert await reason(library.renew(renewal(GOOD, BOOK), WAIT_S)) is Reason.RENEWAL_LIMIT


@pytest_twisted.ensureDeferred
async def test_a_renewal_that_gains_no_day_is_refused_with_the_day_from_which_it_gains(library: Library) -> None:
    await lend(library, GOOD, BOOK)
    refused = await library.renew(renewal(GOOD, BOOK, at_ms=NOW_MS), WAIT_S)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.RENEWAL_TOO_EARLY
    assert (refused.due_on, refused.from_on) == (DUE_ON, DUE_ON - timedelta(days=29))
    assert isinstance(await library.renew(renewal(GOOD, BOOK), WAIT_S), Renewed)


@pytest_twisted.ensureDeferred
async def test_only_the_borrower_renews_and_only_what_is_on_loan(library: Library) -> None:
    assert await reason(library.renew(renewal(GOOD, BOOK), WAIT_S)) is Reason.NOT_ON_LOAN
    await lend(library, GOOD, BOOK)
    assert await reason(library.renew(renewal(NARROW, BOOK), WAIT_S)) is Reason.NOT_BORROWER


# --- returns and items -------------------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_a_return_ends_the_loan_and_the_same_return_has_the_same_answer(library: Library) -> None:
    await lend(library, NARROW, BOOK)
    notice = returned(BOOK)
    first = await library.take_back(notice, WAIT_S)
    assert isinstance(first, TakenBack)
    assert (first.op, first.was_on_loan, first.known, first.title) == (notice.op, True, True, BOOK.title)
    assert first.fine is None
    assert await library.take_back(notice, WAIT_S) == first
    await lend(library, NARROW, OTHER)


@pytest_twisted.ensureDeferred
async def test_a_return_by_mailbox_ends_the_loan_as_well(library: Library) -> None:
    await lend(library, NARROW, BOOK)
    notice = returned(BOOK)
    assert await library.deliver([notice], WAIT_S) == (Receipt(True),)
    assert (await library.take_back(notice, WAIT_S)).was_on_loan
    await lend(library, NARROW, OTHER)


@pytest_twisted.ensureDeferred
async def test_a_return_of_what_is_not_on_loan_or_not_known_is_never_refused(library: Library) -> None:
    idle = await library.take_back(returned(BOOK), WAIT_S)
    assert (idle.was_on_loan, idle.known, idle.title) == (False, True, BOOK.title)
    strange = await library.take_back(returned(STRANGE_ITEM), WAIT_S)
    assert (strange.was_on_loan, strange.known, strange.title) == (False, False, "")


@pytest_twisted.ensureDeferred
async def test_an_item_is_described_as_it_stands(library: Library) -> None:
    for item, state, due_on in ((BOOK, ItemState.ON_LOAN, DUE_ON), (REFERENCE, ItemState.AVAILABLE, None)):
        if state is ItemState.ON_LOAN:
            await lend(library, GOOD, item)
        found = await library.describe(ItemQuestion(item.barcode, ASKER), WAIT_S)
        assert isinstance(found, ItemView)
        assert (found.owner, found.title, found.lendable) == (LIBRARY, item.title, item.lendable)
        assert (found.state, found.due_on) == (state, due_on)
    assert await reason(library.describe(ItemQuestion(STRANGE_ITEM, ASKER), WAIT_S)) is Reason.UNKNOWN_ITEM


# --- the mailbox -----------------------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_nothing_delivered_is_nothing_receipted(library: Library) -> None:
    assert await library.deliver([], WAIT_S) == ()


@pytest_twisted.ensureDeferred
async def test_every_notice_has_its_receipt_and_a_repeat_is_taken_again(library: Library) -> None:
    held = place(GOOD)
    await library.hold_place(held, WAIT_S)
    snapshot = LoanSnapshot(held.op, ASKER, 1, 2, DUE_ON.replace(month=5), 1)
    batch: list[Notice] = [returned(BOOK), snapshot, cancel(checkout(GOOD, OTHER)), ReleasePlace(held.op, ASKER)]
    for _ in range(2):
        assert await library.deliver(batch, WAIT_S) == (Receipt(True),) * 4
