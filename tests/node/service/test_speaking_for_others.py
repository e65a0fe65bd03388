"""What a member says in its own name about another's loans, fines and operations changes nothing of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pytest
from twisted.internet.defer import Deferred

from federation.contract import FineOrder, FineSnapshot, StandingQuestion
from federation.methods import STANDING
from tests.node.service.errands import lend, take_back
from tests.node.service.members import ask, deliver
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
    compared = Deferred.fromCoroutine(late.city[LEDGER].core.comparison.look())
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


def test_an_order_that_is_not_permitted_in_the_answer_to_a_return_leaves_the_return_told(late: Late) -> None:
    """Of a peer that names its fines as no other does."""
    returns = late.city[OWNER].core.books.owner.returns
    truly = returns._order
    returns._order = lambda *said: replace(truly(*said), fine="a/b")  # type: ignore[method-assign]
    desk = late.city.kiosk(LEDGER)
    assert desk.ask(desk.checkin(late.city.item(OWNER))).ok
    assert late.city[LEDGER].column("SELECT told_at_ms FROM kiosk_op WHERE told_at_ms IS NULL") == []
    waiting = f"SELECT count(*) FROM outbox WHERE acked_at_ms IS NULL AND peer = '{LEDGER}'"
    assert late.city[OWNER].column(waiting) == [1]
