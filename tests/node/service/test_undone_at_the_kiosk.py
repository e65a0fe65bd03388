"""What failed at the kiosk after it was answered: a checkout cancelled (09 with BI), a check-in undone (11 with BI)."""

from __future__ import annotations

import pytest

from federation.contract import ReopenLoan
from tests.node.service.kiosks import read
from tests.node.service.mishaps import hold_back
from tests.node.service.small_city import SmallCity, in_every_way_again

HERE, ELSEWHERE, THIRD = "CQSPB", "CQBB", "CQCQ"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


OWNERS = pytest.mark.parametrize("owner", [HERE, ELSEWHERE], ids=["an own item", "an item of another library"])


@OWNERS
@pytest.mark.parametrize("home", [HERE, ELSEWHERE, THIRD])
def test_a_checkout_that_failed_is_cancelled_in_every_way_once(city: SmallCity, owner: str, home: str) -> None:
    desk = city.kiosk(HERE)
    card, item = city.card(home), city.item(owner)
    assert desk.ask(desk.checkout(card, item)).ok
    answers = in_every_way_again(city, desk, desk.checkin(item, cancel=True))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].ok
    assert not answers[0].alert
    assert city[owner].column("SELECT closed_how FROM loan") == ["cancelled"]
    city.check()
    assert city.loans() == {}
    city.pass_minutes(0.1)
    assert desk.ask(desk.checkout(card, item)).ok


def test_a_cancelled_checkout_owes_nothing_however_late(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    assert desk.ask(desk.checkout(city.card(HERE), city.item(HERE))).ok
    city.pass_days(40)
    assert desk.ask(desk.checkin(city.item(HERE), cancel=True)).ok
    assert city[HERE].column("SELECT fine FROM fine") == []
    city.check()


def test_a_cancellation_is_delivered_when_the_owner_can_be_reached_again(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    assert desk.ask(desk.checkout(city.card(HERE), city.item(ELSEWHERE))).ok
    city.cut(HERE, ELSEWHERE)
    assert desk.ask(desk.checkin(city.item(ELSEWHERE), cancel=True)).ok
    city.restart(HERE)
    city.settle()
    assert city.loans() == {}
    city.check()


def test_there_is_nothing_to_cancel_if_nothing_was_lent_here_or_something_followed(city: SmallCity) -> None:
    desk, other = city.kiosk(HERE), city.kiosk(ELSEWHERE)
    card, item = city.card(HERE), city.item(HERE)
    assert not desk.ask(desk.checkin(item, cancel=True)).ok
    assert desk.ask(desk.checkout(card, item)).ok
    assert not other.ask(other.checkin(item, cancel=True)).ok
    assert desk.ask(desk.checkin(item)).ok
    assert not desk.ask(desk.checkin(item, cancel=True)).ok
    assert city[HERE].column("SELECT closed_how FROM loan") == ["returned"]


def test_a_renewed_loan_is_not_cancelled(city: SmallCity) -> None:
    desk, other = city.kiosk(HERE), city.kiosk(ELSEWHERE)
    card, item = city.card(HERE), city.item(ELSEWHERE)
    assert desk.ask(desk.checkout(card, item)).ok
    city.pass_days(1)
    assert other.ask(other.renew(card, item)).ok
    assert not desk.ask(desk.checkin(item, cancel=True)).ok
    assert list(city.loans().values()) == [item]
    city.check()


def test_another_readers_refused_checkout_in_between_changes_nothing(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    item = city.item(HERE)
    assert desk.ask(desk.checkout(city.card(HERE), item)).ok
    assert not desk.ask(desk.checkout(city.card(HERE, 2), item)).ok
    assert desk.ask(desk.checkin(item, cancel=True)).ok
    city.check()


# --- a check-in that failed --------------------------------------------------------------------------------------


@OWNERS
@pytest.mark.parametrize("home", [HERE, ELSEWHERE, THIRD])
def test_a_check_in_that_failed_is_undone_in_every_way_once(city: SmallCity, owner: str, home: str) -> None:
    desk = city.kiosk(HERE)
    card, item = city.card(home), city.item(owner)
    lent = desk.ask(desk.checkout(card, item))
    city.pass_days(2)
    assert desk.ask(desk.checkin(item)).ok
    answers = in_every_way_again(city, desk, desk.checkout(card, item, cancel=True))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].ok
    assert answers[0].due_date == lent.due_date
    assert not answers[0].renewal_ok
    city.check()
    assert list(city.loans().values()) == [item]
    assert city[owner].column("SELECT renewals FROM loan") == [0]
    assert desk.ask(desk.renew(card, item)).ok
    city.pass_minutes(20)
    assert desk.ask(desk.checkin(item)).ok
    city.check()
    assert city.loans() == {}


@OWNERS
def test_the_fee_of_a_return_that_was_none_is_void_and_the_real_one_is_owed(city: SmallCity, owner: str) -> None:
    desk = city.kiosk(HERE)
    card, item = city.card(HERE), city.item(owner)
    assert desk.ask(desk.checkout(card, item)).ok
    city.pass_days(35)
    assert "1.00" in desk.ask(desk.checkin(item)).screen_message[1]
    assert desk.ask(desk.checkout(card, item, cancel=True)).ok
    city.settle()
    assert desk.ask(desk.information(card)).fee_amount == "0.00"
    city.pass_days(1)
    desk.ask(desk.checkin(item))
    city.settle()
    assert desk.ask(desk.information(card)).fee_amount == "1.20"
    assert desk.ask(desk.pay(card, "1.20")).payment_accepted
    city.check()


def test_a_fee_that_was_paid_is_a_refund_due(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    card, item = city.card(HERE), city.item(HERE)
    assert desk.ask(desk.checkout(card, item)).ok
    city.pass_days(35)
    assert desk.ask(desk.checkin(item)).ok
    assert desk.ask(desk.pay(card, "1.00")).payment_accepted
    assert desk.ask(desk.checkout(card, item, cancel=True)).ok
    assert [kind for kind, _barcode, _detail in city[HERE].exceptions()] == ["refund_due"]
    city.check()


def test_an_undone_check_in_is_delivered_when_the_owner_can_be_reached_again(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    card, item = city.card(THIRD), city.item(ELSEWHERE)
    assert desk.ask(desk.checkout(card, item)).ok
    city.cut(HERE, ELSEWHERE)
    assert desk.ask(desk.checkin(item)).ok
    assert desk.ask(desk.checkout(card, item, cancel=True)).ok
    city.restart(HERE)
    city.settle()
    assert list(city.loans().values()) == [item]
    city.check()


def test_what_was_lent_again_is_not_reopened(city: SmallCity) -> None:
    desk, other = city.kiosk(HERE), city.kiosk(ELSEWHERE)
    item = city.item(THIRD)
    assert desk.ask(desk.checkout(city.card(HERE), item)).ok
    city.pass_minutes(5)
    assert desk.ask(desk.checkin(item)).ok
    city.pass_minutes(5)
    assert other.ask(other.checkout(city.card(ELSEWHERE), item)).ok
    assert not desk.ask(desk.checkout(city.card(HERE), item, cancel=True)).ok
    assert len(city.loans()) == 1
    city.check()


def test_a_reopened_loan_beyond_the_quota_is_counted_apart(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    card = city.card(ELSEWHERE)
    for number in range(1, 9):
        assert desk.ask(desk.checkout(card, city.item(HERE, number))).ok
    city.pass_minutes(5)
    assert desk.ask(desk.checkin(city.item(HERE, 1))).ok
    city.settle()
    assert desk.ask(desk.checkout(card, city.item(HERE, 9))).ok
    assert desk.ask(desk.checkout(card, city.item(HERE, 1), cancel=True)).ok
    city.check()
    counted = "SELECT places_used * 10 + forced_used FROM card WHERE reader = 'CQBB-reader-1'"
    assert city[ELSEWHERE].column(counted) == [81]
    assert not desk.ask(desk.checkout(card, city.item(HERE, 10))).ok


def test_a_release_that_is_delivered_again_does_not_free_a_restored_place(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    card, item = city.card(ELSEWHERE), city.item(HERE)
    assert desk.ask(desk.checkout(card, item)).ok
    city.pass_minutes(5)
    assert desk.ask(desk.checkin(item)).ok
    assert desk.ask(desk.checkout(card, item, cancel=True)).ok
    city.settle()
    city[HERE].connection.execute("UPDATE outbox SET acked_at_ms = NULL")
    city[HERE].core.courier.wake()
    city.check()
    assert list(city.places().values()) == [item]


def test_a_cancellation_sent_again_with_a_new_date_while_the_owner_is_asked_is_the_same(city: SmallCity) -> None:
    item = city.item(ELSEWHERE)
    desk = city.kiosk(HERE)
    assert desk.ask(desk.checkout(city.card(HERE), item)).ok
    city.settle()
    held = hold_back(city[ELSEWHERE], "describe")
    desk.say(desk.bytes_of(desk.checkin(item, cancel=True)))
    city.run_until(lambda: held.caught > 0)
    city.run_for(1.0)
    again = city.kiosk(HERE)  # the same terminal on a new line
    again.say(again.bytes_of(again.checkin(item, cancel=True)))
    city.run_for(0.1)
    held.let_go()
    city.run_until(lambda: bool(again.heard()))
    assert read(again.heard()).ok
    city.check()
    assert city.loans() == {}


def test_a_return_undone_after_the_next_one_is_known_leaves_the_loan_to_that_one(city: SmallCity) -> None:
    """The flap jammed twice, and the owner hears late of it: returned, returned, undone, undone."""
    item, desk = city.item(HERE), city.kiosk(HERE)
    assert desk.ask(desk.checkout(city.card(HERE), item)).ok
    city.pass_days(32)
    for _ in range(2):
        assert desk.ask(desk.checkin(item)).ok
        city.pass_days(1)
    first, second = city[HERE].column("SELECT op FROM evidence ORDER BY returned_at_ms")
    owed = "SELECT amount_fen FROM fine WHERE amount_fen > 0"
    assert city[HERE].column(owed) == [40]
    undo(city, first, item)
    assert city[HERE].column("SELECT closed_by FROM loan") == [second]
    assert city[HERE].column(owed) == [60]
    undo(city, second, item)
    assert city.loans() != {}
    assert city[HERE].column(owed) == []
    city.check()


def undo(city: SmallCity, returned: str, barcode: str) -> None:
    """The correction of that return arrives."""
    notice = ReopenLoan(f"undo-{returned}", returned, barcode, HERE)
    city[HERE].store.run_now(lambda tx: city[HERE].core.books.apply(tx, notice), "undo")
