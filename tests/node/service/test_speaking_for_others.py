"""What a member says in its own name about another's loans, fines and operations changes nothing of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from federation.contract import (
    CheckoutQuestion,
    FineOrder,
    FineSnapshot,
    HoldMode,
    HoldQuestion,
    ItemReturned,
    Lent,
    LoanRecorded,
    NotPermitted,
    PlaceHeld,
    PlaceQuestion,
    Refused,
    StandingQuestion,
)
from federation.methods import CHECKOUT, HOLD, HOLD_PLACE, RENEW, STANDING, TAKE_BACK, Envelope, Method
from tests.node.service.errands import lend, take_back
from tests.node.service.members import ask, deliver, new_op
from tests.node.service.mishaps import hold_back
from tests.node.service.small_city import SmallCity

HOME, LEDGER, OWNER = "CQSPB", "CQBB", "CQCQ"
ABSURD_EPOCH = 1 << 40


@dataclass(frozen=True)
class Late:
    """A reader of the home has kept an item of the owner too long: `fine` is what will be owed at the ledger."""

    city: SmallCity
    loan: str
    fine: str
    due_on: date

    def back(self) -> None:
        assert take_back(self.city, LEDGER, self.city.item(OWNER)).ok

    def owed(self) -> list[tuple[str, int, int]]:
        """(ledger, amount, paid) of what the home shows the reader."""
        asked = StandingQuestion(self.city.card(HOME), LEDGER, self.city.wall_ms())
        standing = ask(self.city, LEDGER, HOME, STANDING, asked)
        return [(each.ledger, each.amount_fen, each.paid_fen) for each in standing.fines]


@pytest.fixture
def late() -> Late:
    city = SmallCity()
    assert lend(city, LEDGER, city.card(HOME), city.item(OWNER)).ok
    ((loan, due_on),) = city[OWNER].connection.execute("SELECT op, due_on FROM loan")
    city.pass_days(40)
    return Late(city, loan, f"{loan}:{due_on}", date.fromisoformat(due_on))


# --- the mirror of a fine at the home ---------------------------------------------------------------------------


def paid_says_the_owner(late: Late) -> FineSnapshot:
    """In its own name, as if the fee were one of its own."""
    return FineSnapshot(late.fine, OWNER, ABSURD_EPOCH, 1, "x", "y", "z", late.due_on, 200, 200)


def test_a_fine_that_another_ledger_calls_paid_is_still_owed(late: Late) -> None:
    late.back()
    deliver(late.city, OWNER, HOME, paid_says_the_owner(late))
    assert late.owed() == [(LEDGER, 200, 0)]


def test_a_ledger_tells_of_its_fine_although_another_spoke_of_it_first(late: Late) -> None:
    deliver(late.city, OWNER, HOME, paid_says_the_owner(late))
    late.back()
    assert late.owed() == [(LEDGER, 200, 0)]
    desk = late.city.kiosk(LEDGER)
    assert desk.ask(desk.pay(late.city.card(HOME), "2.00")).payment_accepted
    late.city.check()
    assert late.owed() == []


def test_the_ledger_finds_its_fine_mirrored_whatever_another_said_of_it(late: Late) -> None:
    deliver(late.city, OWNER, HOME, paid_says_the_owner(late))
    late.back()
    deliver(late.city, OWNER, HOME, paid_says_the_owner(late))
    late.city.pass_minutes(60)
    compared = Deferred.fromCoroutine(late.city[LEDGER].core.lookout.comparison.look())
    assert late.city.wait_for(compared).differences == ()


# --- the fine at its ledger -------------------------------------------------------------------------------------


def order_of(late: Late, owner: str) -> FineOrder:
    """As `owner` may say it in its own name, before the true owner has: nothing is owed."""
    nothing = (late.due_on, late.due_on, 0, 0)
    return FineOrder(late.fine, 1, late.loan, owner, LEDGER, HOME, f"{HOME}-reader-1", "b", "t", *nothing)


def test_the_owners_order_is_booked_although_another_ordered_a_fine_of_that_name_first(late: Late) -> None:
    (receipt,) = deliver(late.city, HOME, LEDGER, order_of(late, HOME))
    assert receipt.taken
    late.back()
    assert late.owed() == [(LEDGER, 200, 0)]
    assert late.city[LEDGER].column("SELECT told_at_ms FROM kiosk_op WHERE told_at_ms IS NULL") == []
    desk = late.city.kiosk(LEDGER)
    assert desk.ask(desk.pay(late.city.card(HOME), "2.00")).payment_accepted
    late.city.check()
    assert late.owed() == []


def test_the_owners_own_return_is_booked_although_another_ordered_a_fine_of_that_name_first(late: Late) -> None:
    deliver(late.city, HOME, OWNER, replace(order_of(late, HOME), ledger=OWNER))
    assert take_back(late.city, OWNER, late.city.item(OWNER)).ok
    assert late.owed() == [(OWNER, 200, 0)]


# --- operations -------------------------------------------------------------------------------------------------

BRANCH = LEDGER


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def asked(city: SmallCity, kind: type[Any], branch: str, op: str) -> Any:
    """About a card of the home and an item of the owner, now, as of `branch`."""
    card, item, now_ms = city.card(HOME), city.item(OWNER), city.wall_ms()
    if kind is HoldQuestion:
        wish = (HoldMode.PLACE, card, HOME, city.item(OWNER, 2), "", branch, branch, None)
        return HoldQuestion(op, *wish, now_ms, now_ms + 4_000)
    if kind is ItemReturned:
        return ItemReturned(op, item, branch, now_ms)
    return kind(op, card, HOME, item, branch, now_ms, now_ms + 4_000)


OPERATIONS = [CHECKOUT, RENEW, HOLD, TAKE_BACK]


def lent_before(city: SmallCity, method: Method[Any, Any]) -> None:
    if method in (RENEW, TAKE_BACK):
        lent = ask(city, BRANCH, OWNER, CHECKOUT, asked(city, CheckoutQuestion, BRANCH, new_op()))
        assert isinstance(lent, Lent)
        city.pass_days(1)


@pytest.mark.parametrize("method", OPERATIONS, ids=lambda method: method.name)
def test_an_operation_is_answered_again_to_the_branch_that_asked_it_and_to_no_other(
    city: SmallCity, method: Method[Any, Any]
) -> None:
    lent_before(city, method)
    question = asked(city, method.question, BRANCH, new_op())
    first = ask(city, BRANCH, OWNER, method, question)
    assert not isinstance(first, Refused)
    with pytest.raises(NotPermitted):
        ask(city, HOME, OWNER, method, replace(question, branch=HOME))
    assert ask(city, BRANCH, OWNER, method, question) == first


@pytest.mark.parametrize("method", [CHECKOUT, RENEW, HOLD], ids=lambda method: method.name)
def test_so_is_a_refusal(city: SmallCity, method: Method[Any, Any]) -> None:
    question = replace(asked(city, method.question, BRANCH, new_op()), card="2350199999999")
    first = ask(city, BRANCH, OWNER, method, question)
    assert isinstance(first, Refused)
    with pytest.raises(NotPermitted):
        ask(city, HOME, OWNER, method, replace(question, branch=HOME))
    assert ask(city, BRANCH, OWNER, method, question) == first


def test_nor_is_it_joined_by_another_while_it_is_decided(city: SmallCity) -> None:
    question = asked(city, CheckoutQuestion, BRANCH, new_op())
    held = hold_back(city[HOME], "hold_place")
    payloads = {
        branch: CHECKOUT.encode_question(Envelope(branch, 1, city.wall_ms()), replace(question, branch=branch))
        for branch in (BRANCH, HOME)
    }
    first = city[OWNER].core.answer(BRANCH, CHECKOUT.path, payloads[BRANCH], 4.0)
    city.run_until(lambda: held.caught > 0)
    with pytest.raises(NotPermitted):
        city.wait_for(city[OWNER].core.answer(HOME, CHECKOUT.path, payloads[HOME], 4.0))
    held.let_go()
    assert isinstance(CHECKOUT.decode_decision(city.wait_for(first))[1], Lent)


def test_a_return_and_a_loan_told_under_the_operation_of_another_are_not_taken(city: SmallCity) -> None:
    """They wait at whoever told them: what has happened is never dropped unseen."""
    back, off_line = asked(city, ItemReturned, BRANCH, new_op()), new_op()
    lent = LoanRecorded(off_line, city.card(HOME), HOME, city.item(OWNER, 3), BRANCH, city.wall_ms(), city.today)
    for _ in range(2):
        assert [each.taken for each in deliver(city, BRANCH, OWNER, back, lent)] == [True, True]
    others = deliver(city, HOME, OWNER, replace(back, branch=HOME), replace(lent, branch=HOME))
    assert [each.taken for each in others] == [False, False]


def place_of(city: SmallCity, owner: str, op: str, item: str) -> PlaceQuestion:
    return PlaceQuestion(op, city.card(HOME), owner, item, "t", "book", False, BRANCH, city.wall_ms())


def test_a_place_is_told_again_to_the_owner_that_asked_for_it_and_to_no_other(city: SmallCity) -> None:
    question = place_of(city, OWNER, new_op(), city.item(OWNER))
    first = ask(city, OWNER, HOME, HOLD_PLACE, question)
    assert isinstance(first, PlaceHeld)
    with pytest.raises(NotPermitted):
        ask(city, BRANCH, HOME, HOLD_PLACE, place_of(city, BRANCH, question.op, city.item(BRANCH)))
    assert ask(city, OWNER, HOME, HOLD_PLACE, question) == first


def test_a_place_is_held_for_the_items_of_the_owner_that_asks(city: SmallCity) -> None:
    """As far as the barcode tells: a bare number of an older system tells nothing."""
    with pytest.raises(NotPermitted):
        ask(city, OWNER, HOME, HOLD_PLACE, place_of(city, OWNER, new_op(), city.item(BRANCH)))
    assert city.places() == {}
    assert isinstance(ask(city, OWNER, HOME, HOLD_PLACE, place_of(city, OWNER, new_op(), "0042317")), PlaceHeld)


def test_a_loan_made_off_line_at_one_branch_is_ended_by_its_return_at_another(city: SmallCity) -> None:
    lent_ms = city.wall_ms()
    recorded = LoanRecorded(new_op(), city.card(HOME), HOME, city.item(OWNER), BRANCH, lent_ms, city.today)
    deliver(city, BRANCH, OWNER, recorded)
    city.pass_minutes(30)
    assert take_back(city, HOME, city.item(OWNER)).ok
    city.check()
    assert city.loans() == {}
