"""What happens at the owner between a question and its decision, and after it: cancelled, overtaken, recorded off line.

The branch CQBB speaks straight to the owner CQCQ, about cards of CQSPB.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from federation import wire
from federation.contract import (
    CancelOp,
    CheckoutQuestion,
    ItemQuestion,
    ItemReturned,
    Lent,
    LoanRecorded,
    ReaderKnown,
    Reason,
    Refused,
    ReleasePlace,
)
from federation.methods import CHECKOUT, DESCRIBE, TAKE_BACK
from node.service.owner.checkouts import OnLoan
from node.storage.delivery import outbox
from node.storage.owner import loans as rows
from node.storage.store import Tx
from tests.node.service.members import ask, deliver, new_op
from tests.node.service.mishaps import HeldBack, hold_back
from tests.node.service.small_city import DAY_MS, SmallCity

HOME, BRANCH, OWNER = "CQSPB", "CQBB", "CQCQ"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def question(city: SmallCity, *, reader: int = 1, item: int = 1, home: str = HOME, ago_ms: int = 0) -> CheckoutQuestion:
    asked_at_ms = city.wall_ms() - ago_ms
    card, barcode = city.card(home, reader), city.item(OWNER, item)
    return CheckoutQuestion(new_op(), card, home, barcode, BRANCH, asked_at_ms, asked_at_ms + 4_000)


def checkout(city: SmallCity, asked: CheckoutQuestion) -> Lent | Refused:
    decision: Lent | Refused = ask(city, BRANCH, OWNER, CHECKOUT, asked)
    return decision


def cancel(city: SmallCity, asked: CheckoutQuestion) -> None:
    assert deliver(city, BRANCH, OWNER, CancelOp(asked.op, asked.barcode, BRANCH))[0].taken


class Asking:
    """A checkout that waits for its home, until `answer`."""

    def __init__(self, city: SmallCity, asked: CheckoutQuestion, method: str = "hold_place") -> None:
        self._city = city
        self._held: HeldBack = hold_back(city[HOME], method)
        self._decision: list[Lent | Refused | Failure] = []
        decided: Deferred[Lent | Refused] = city[OWNER].core.local.checkout(asked, 4.0)
        decided.addBoth(self._decision.append)
        city.run_until(lambda: self._held.caught > 0)

    def answer(self) -> Lent | Refused | Failure:
        self._held.let_go()
        self._city.run_until(lambda: bool(self._decision))
        return self._decision[0]


def told(city: SmallCity, peer: str) -> list[Any]:
    """What the owner has for a peer that has not heard it yet."""
    return [wire.decode_notice(row.payload) for row in city[OWNER].read(lambda tx: outbox.waiting(tx, peer, 100))]


def returned(city: SmallCity, branch: str, item: int = 1, ago_ms: int = 0) -> str:
    """Taken back at a branch; the operation."""
    notice = ItemReturned(new_op(), city.item(OWNER, item), branch, city.wall_ms() - ago_ms)
    ask(city, branch, OWNER, TAKE_BACK, notice)
    return notice.op


# --- asked, and not decided yet -------------------------------------------------------------------------------------


def test_while_an_item_is_being_lent_nobody_else_gets_it(city: SmallCity) -> None:
    asking = Asking(city, question(city))
    refused = checkout(city, question(city, home=OWNER))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.BEING_LENT
    assert isinstance(asking.answer(), Lent)
    city.check()


def test_a_checkout_that_is_cancelled_while_its_home_is_asked_is_no_loan(city: SmallCity) -> None:
    asked = question(city)
    asking = Asking(city, asked)
    cancel(city, asked)
    assert asking.answer() == Refused(Reason.CANCELLED)
    city.check()
    assert city.places() == {}
    assert isinstance(checkout(city, question(city, home=OWNER)), Lent)


def test_a_checkout_that_is_cancelled_while_it_is_asked_whose_loan_the_item_is_stays_cancelled(city: SmallCity) -> None:
    assert isinstance(checkout(city, question(city, reader=2)), Lent)
    asked = question(city)
    asking = Asking(city, asked, "standing")
    cancel(city, asked)
    assert asking.answer() == Refused(Reason.CANCELLED)


def test_what_is_being_decided_is_not_given_up_as_left_over(city: SmallCity) -> None:
    asking = Asking(city, question(city))
    assert city.wait_for(city[OWNER].core.local.abort_left_over()) == 0
    assert isinstance(asking.answer(), Lent)


def test_a_loan_made_off_line_ends_a_checkout_that_is_being_decided(city: SmallCity) -> None:
    asking = Asking(city, question(city))
    record(city, reader=2)
    answer = asking.answer()
    assert isinstance(answer, Refused)
    assert answer.reason is Reason.ON_LOAN
    city.check()
    assert city[OWNER].column("SELECT reader FROM loan") == [f"{HOME}-reader-2"]


# --- decided --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("home", [HOME, OWNER])
def test_a_loan_that_was_cancelled_is_cancelled_whoever_asks_again(city: SmallCity, home: str) -> None:
    asked = question(city, home=home)
    assert isinstance(checkout(city, asked), Lent)
    cancel(city, asked)
    assert checkout(city, asked) == Refused(Reason.CANCELLED)
    city.check()


def test_a_home_that_refused_has_nothing_to_release(city: SmallCity) -> None:
    city[HOME].connection.execute("UPDATE card SET status = 'suspended'")
    assert isinstance(checkout(city, question(city)), Refused)
    assert told(city, HOME) == []


def test_a_home_that_refused_at_its_door_may_have_a_place_to_release(city: SmallCity) -> None:
    """An earlier copy of the question may have been granted."""
    server: Any = city[HOME].core.server
    server._wall_ms = lambda: city.wall_ms() - 61_000
    asked = question(city)
    refused = checkout(city, asked)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.CLOCKS_APART
    assert told(city, HOME) == [ReleasePlace(asked.op, OWNER)]


def test_an_item_that_was_on_its_way_is_not_any_more_once_it_is_lent(city: SmallCity) -> None:
    assert isinstance(checkout(city, question(city)), Lent)
    city.pass_days(1)
    returned(city, BRANCH)
    assert city[OWNER].column("SELECT transit_to FROM item WHERE transit_to <> ''") == [OWNER]
    city.pass_minutes(2)
    assert isinstance(checkout(city, question(city, reader=2)), Lent)
    assert city[OWNER].column("SELECT transit_to FROM item WHERE transit_to <> ''") == []


@pytest.mark.parametrize(("branch", "lent"), [(BRANCH, False), (OWNER, True)])
def test_a_return_that_overtook_the_question_at_its_own_branch_forbids_the_loan(
    city: SmallCity, branch: str, lent: bool
) -> None:
    assert isinstance(checkout(city, question(city, reader=2)), Lent)
    city.pass_days(2)
    late = question(city, ago_ms=10_000)
    returned(city, branch)
    assert isinstance(checkout(city, late), Lent) == lent


def test_a_loan_whose_reader_the_owner_does_not_know_is_its_readers_by_the_place(city: SmallCity) -> None:
    """Recorded off line, and the home has not said yet whose it is."""
    lent = checkout(city, question(city))
    assert isinstance(lent, Lent)
    city[OWNER].connection.execute("UPDATE loan SET reader = 'op:' || op")

    def found(tx: Tx) -> OnLoan:
        loan, item = rows.find_loan(tx, lent.op), rows.find_item(tx, city.item(OWNER))
        assert loan is not None
        assert item is not None
        return OnLoan(loan, item)

    on_loan = city[OWNER].read(found)
    assert on_loan.is_of(standing(city, 1))
    assert not on_loan.is_of(standing(city, 2))


def standing(city: SmallCity, reader: int) -> Any:
    return city.wait_for(city[BRANCH].core.desk.patrons.standing(city.card(HOME, reader), None))


def test_an_earlier_return_ends_the_loan_and_sets_the_later_one_free(city: SmallCity) -> None:
    """The later one may end a loan that a kiosk made in between and tells of last."""
    first = checkout(city, question(city))
    assert isinstance(first, Lent)
    city.pass_days(6)
    later = returned(city, BRANCH)
    earlier = returned(city, HOME, ago_ms=3 * DAY_MS)
    assert city[OWNER].column("SELECT closed_by FROM loan") == [earlier]
    made = record(city, reader=2, ago_ms=2 * DAY_MS)
    assert city[OWNER].column(f"SELECT closed_by FROM loan WHERE op = '{made}'") == [later]


def test_a_fine_is_named_by_its_loan_and_due_date(city: SmallCity) -> None:
    lent = checkout(city, question(city))
    assert isinstance(lent, Lent)
    city.pass_days(35)
    returned(city, BRANCH)
    city.settle()
    assert city[OWNER].column("SELECT fine FROM fine_order") == [f"{lent.op}:{lent.due_on.isoformat()}"]


def test_an_item_that_was_never_away_stands_at_its_owner(city: SmallCity) -> None:
    view = ask(city, BRANCH, OWNER, DESCRIBE, ItemQuestion(city.item(OWNER), BRANCH))
    assert view.current_location == OWNER


# --- recorded off line ----------------------------------------------------------------------------------------------


def record(city: SmallCity, *, reader: int = 1, item: str = "", ago_ms: int = 0, days: int = 20) -> str:
    barcode = item or city.item(OWNER)
    due_on = city.today + timedelta(days=days)
    card = city.card(HOME, reader)
    notice = LoanRecorded(new_op(), card, HOME, barcode, BRANCH, city.wall_ms() - ago_ms, due_on)
    assert deliver(city, BRANCH, OWNER, notice)[0].taken
    return notice.op


def kinds(city: SmallCity, code: str) -> list[str]:
    city.settle()
    return [kind for kind, _barcode, _detail in city[code].exceptions()]


def test_an_item_that_nobody_knows_and_a_kiosk_lent_off_line_is_for_staff(city: SmallCity) -> None:
    record(city, item=f"{OWNER}0199999999")
    assert kinds(city, BRANCH) == ["no_block_unknown_item"]


def test_news_of_a_loan_that_is_older_than_a_week_is_for_the_staff_of_both(city: SmallCity) -> None:
    record(city, ago_ms=8 * DAY_MS, days=10)
    assert kinds(city, BRANCH) == kinds(city, OWNER) == ["no_block_date"]


def test_a_loan_made_off_line_takes_the_item_off_its_way(city: SmallCity) -> None:
    assert isinstance(checkout(city, question(city)), Lent)
    city.pass_days(1)
    returned(city, BRANCH)
    city.pass_minutes(2)
    record(city, reader=2)
    assert city[OWNER].column("SELECT transit_to FROM item WHERE transit_to <> ''") == []


def test_a_loan_made_off_line_ends_the_loan_before_it_at_that_moment_and_takes_its_return(city: SmallCity) -> None:
    first = checkout(city, question(city))
    assert isinstance(first, Lent)
    city.pass_days(3)
    lent_at_ms = city.wall_ms()
    city.pass_days(3)
    back = returned(city, BRANCH)
    second = record(city, reader=2, ago_ms=city.wall_ms() - lent_at_ms)
    found = city[OWNER].connection.execute(
        "SELECT op, closed_how, closed_by, closed_at_ms FROM loan ORDER BY opened_at_ms"
    )
    ended, taken = found.fetchall()
    assert tuple(ended) == (first.op, "superseded", second, lent_at_ms)
    assert tuple(taken)[:3] == (second, "returned", back)
    city.check()


@pytest.mark.parametrize("how", ["open", "returned"])
def test_a_loan_that_is_nobodys_is_none_and_one_that_was_returned_stays_so(city: SmallCity, how: str) -> None:
    city.isolate(HOME)
    loan = record(city, ago_ms=DAY_MS)
    if how == "returned":
        returned(city, BRANCH)
    before = city[OWNER].column("SELECT closed_by FROM loan")
    assert deliver(city, HOME, OWNER, ReaderKnown(loan, HOME, "", ""))[0].taken
    expected = {"open": "cancelled", "returned": "returned"}[how]
    assert city[OWNER].column("SELECT closed_how FROM loan") == [expected]
    assert city[OWNER].column("SELECT closed_by FROM loan") == (before if how == "returned" else [loan])
