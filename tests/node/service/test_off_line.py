"""What kiosks did off line (no block): recorded, never refused; what broke a rule is on the branch's list."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from itertools import permutations
from typing import Any

import pytest

from federation.contract import FineKind, FineSnapshot, ForcedPlace, LoanRecorded, Notice, ReleasePlace
from node.storage.store import Tx
from tests.node.service.kiosks import Kiosk, end_of, sip_date
from tests.node.service.small_city import DAY_MS, Node, SmallCity, in_every_way_again

HERE, ELSEWHERE, THIRD = "CQSPB", "CQBB", "CQCQ"
HOUR_MS = 3_600_000


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def taken(
    city: SmallCity, desk: Kiosk, card: str, item: str, *, ago_ms: int = 2 * HOUR_MS, due: date | None = None
) -> Any:
    """The 11 of a loan that the kiosk made so long ago."""
    at_ms = city.wall_ms() - ago_ms
    told = due or city.today + timedelta(days=30)
    return desk.checkout(card, item, no_block=True, transaction_date=sip_date(at_ms), nb_due_date=end_of(told))


def brought(city: SmallCity, desk: Kiosk, item: str, *, ago_ms: int) -> Any:
    at_ms = city.wall_ms() - ago_ms
    return desk.checkin(item, no_block=True, return_date=sip_date(at_ms), transaction_date=sip_date(at_ms))


def kinds(city: SmallCity, code: str) -> list[str]:
    return [kind for kind, _barcode, _detail in city[code].exceptions()]


EVERYWHERE = [(HERE, HERE), (ELSEWHERE, HERE), (HERE, ELSEWHERE), (ELSEWHERE, ELSEWHERE), (ELSEWHERE, THIRD)]


@pytest.mark.parametrize(("home", "owner"), EVERYWHERE)
def test_a_loan_made_off_line_is_recorded_once_with_its_own_dates(city: SmallCity, home: str, owner: str) -> None:
    desk, due = city.kiosk(HERE), city.today + timedelta(days=20)
    card, item = city.card(home), city.item(owner)
    answers = in_every_way_again(city, desk, taken(city, desk, card, item, due=due))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].ok
    assert not answers[0].desensitize
    assert answers[0].due_date == end_of(due)
    city.check()
    at_ms = city.wall_ms() - 2 * HOUR_MS
    assert city[owner].column("SELECT opened_at_ms / 60000 FROM loan") == [at_ms // 60_000]
    assert city[owner].column("SELECT due_on FROM loan") == [due.isoformat()]
    assert city[owner].column("SELECT reader FROM loan") == [f"{home}-reader-1"]
    assert kinds(city, HERE) == []
    assert desk.ask(desk.information(card, 2)).charged_items == (item,)


@pytest.mark.parametrize(("home", "owner"), EVERYWHERE)
def test_such_a_loan_is_renewed_returned_late_fined_and_paid_like_any_other(
    city: SmallCity, home: str, owner: str
) -> None:
    desk = city.kiosk(HERE)
    card, item = city.card(home), city.item(owner)
    assert desk.ask(taken(city, desk, card, item)).ok
    city.settle()
    city.pass_days(10)
    assert desk.ask(desk.renew(card, item)).ok
    city.pass_days(35)
    assert desk.ask(desk.checkin(item)).ok
    city.settle()
    assert desk.ask(desk.information(card)).fee_amount == "1.00"
    assert desk.ask(desk.pay(card, "1.00")).payment_accepted
    city.settle()
    assert desk.ask(desk.information(card)).fee_amount == "0.00"
    city.check()


def test_a_fine_that_is_booked_before_the_home_knows_whose_loan_it_is_lands_at_the_right_card(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    card, item = city.card(THIRD), city.item(ELSEWHERE)
    assert desk.ask(taken(city, desk, card, item, ago_ms=6 * DAY_MS, due=city.today - timedelta(days=4))).ok
    city.isolate(THIRD)
    city.run_for(60)
    assert desk.ask(desk.checkin(item)).ok
    city.run_for(60)
    assert city[HERE].column("SELECT reader FROM fine") == [None]
    city.check()
    assert desk.ask(desk.information(card)).fee_amount == "0.80"
    assert desk.ask(desk.pay(card, "0.80")).payment_accepted
    city.settle()
    assert desk.ask(desk.information(card)).fee_amount == "0.00"


def test_whoever_had_the_item_before_has_it_no_more_and_owes_nothing(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    item = city.item(ELSEWHERE)
    assert desk.ask(desk.checkout(city.card(HERE), item)).ok
    city.pass_days(40)
    assert desk.ask(taken(city, desk, city.card(HERE, 2), item)).ok
    city.check()
    assert desk.ask(desk.information(city.card(HERE), 2)).charged_items == ()
    assert desk.ask(desk.information(city.card(HERE))).fee_amount == "0.00"
    assert desk.ask(desk.information(city.card(HERE, 2), 2)).charged_items == (item,)
    assert kinds(city, HERE) == ["no_block_on_loan"]


def test_a_loan_from_before_the_item_was_lent_again_is_over_already(city: SmallCity) -> None:
    desk, other = city.kiosk(HERE), city.kiosk(ELSEWHERE)
    item = city.item(ELSEWHERE)
    assert other.ask(other.checkout(city.card(ELSEWHERE), item)).ok
    assert desk.ask(taken(city, desk, city.card(HERE), item)).ok
    city.check()
    assert other.ask(other.information(city.card(ELSEWHERE), 2)).charged_items == (item,)
    assert desk.ask(desk.information(city.card(HERE), 2)).charged_items == ()


def test_a_loan_from_before_the_item_was_lent_and_returned_again_is_over_already(city: SmallCity) -> None:
    """A later return must not be taken for its end, with a fine for the time in which others had the item."""
    desk, other = city.kiosk(HERE), city.kiosk(ELSEWHERE)
    item = city.item(ELSEWHERE)
    assert other.ask(other.checkout(city.card(ELSEWHERE), item)).ok
    city.pass_minutes(10)
    assert other.ask(other.checkin(item)).ok
    city.pass_minutes(10)
    assert desk.ask(taken(city, desk, city.card(HERE), item)).ok
    city.check()
    assert city.loans() == {}
    assert desk.ask(desk.information(city.card(HERE), 2)).charged_items == ()
    assert other.ask(other.checkout(city.card(ELSEWHERE), item)).ok


def test_a_quota_is_passed_counted_apart_and_listed(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    card = city.card(ELSEWHERE)
    for number in range(1, 9):
        assert desk.ask(desk.checkout(card, city.item(HERE, number))).ok
    assert desk.ask(taken(city, desk, card, city.item(HERE, 9))).ok
    city.check()
    assert kinds(city, HERE) == ["no_block_quota"]
    assert len(desk.ask(desk.information(card, 2)).charged_items) == 9


def test_a_suspended_card_and_an_item_that_is_not_lent_are_listed(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    city[HERE].connection.execute("UPDATE card SET status = 'suspended'")
    assert desk.ask(taken(city, desk, city.card(HERE), city.item(HERE, 14))).ok
    assert sorted(kinds(city, HERE)) == ["no_block_card_suspended", "no_block_not_lendable"]
    city.check()


@pytest.mark.parametrize("ago_ms", [8 * DAY_MS, -HOUR_MS], ids=["too old", "in the future"])
def test_a_date_that_can_not_be_is_taken_as_now_and_listed(city: SmallCity, ago_ms: int) -> None:
    desk = city.kiosk(HERE)
    assert desk.ask(taken(city, desk, city.card(HERE), city.item(HERE), ago_ms=ago_ms)).ok
    assert city[HERE].column("SELECT opened_at_ms / 60000 FROM loan") == [city.wall_ms() // 60_000]
    assert desk.ask(brought(city, desk, city.item(HERE, 2), ago_ms=ago_ms)).ok
    assert kinds(city, HERE) == ["no_block_date", "no_block_date"]


def test_without_a_due_date_the_rule_s_holds(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    answer = desk.ask(desk.checkout(city.card(HERE), city.item(HERE), no_block=True))
    assert answer.due_date == end_of(city.today + timedelta(days=30))


def test_a_card_or_an_item_of_nobody_is_refused_and_listed(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    for card, item in [("9999", city.item(HERE)), (city.card(HERE, 99), city.item(HERE)), (city.card(HERE), "CQSPB9")]:
        assert not desk.ask(taken(city, desk, card, item)).ok
    assert kinds(city, HERE) == ["no_block_unknown_card", "no_block_unknown_card", "no_block_unknown_item"]
    city.check()


def test_a_card_that_its_home_does_not_know_has_no_loan_and_is_listed(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    assert desk.ask(taken(city, desk, city.card(ELSEWHERE, 99), city.item(THIRD))).ok
    city.check()
    assert city.loans() == {}
    assert kinds(city, HERE) == ["no_block_unknown_card"]


def test_a_queue_of_the_day_is_taken_in_whatever_the_lines_are(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    item = city.item(ELSEWHERE)
    city.isolate(HERE)
    assert desk.ask(taken(city, desk, city.card(THIRD), item, ago_ms=5 * HOUR_MS)).ok
    assert desk.ask(brought(city, desk, item, ago_ms=3 * HOUR_MS)).ok
    assert desk.ask(taken(city, desk, city.card(THIRD, 2), item, ago_ms=HOUR_MS)).ok
    city.restart(HERE)
    city.check()
    assert city[ELSEWHERE].column("SELECT closed_how FROM loan ORDER BY opened_at_ms") == ["returned", None]
    assert city[ELSEWHERE].column("SELECT reader FROM loan WHERE closed_at_ms IS NULL") == ["CQCQ-reader-2"]


def test_a_whole_queue_sent_again_a_day_later_changes_nothing(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    item = city.item(ELSEWHERE)
    queue = [
        taken(city, desk, city.card(HERE), item, ago_ms=5 * HOUR_MS),
        brought(city, desk, item, ago_ms=3 * HOUR_MS),
    ]
    first = [desk.ask(message) for message in queue]
    city.pass_days(1)
    assert [desk.ask(message) for message in queue] == first
    city.check()
    assert city[ELSEWHERE].column("SELECT count(*) FROM loan") == [1]
    assert city[ELSEWHERE].column("SELECT count(*) FROM evidence") == [1]


def test_what_was_done_on_line_and_is_sent_again_as_off_line_is_the_same(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    card, item = city.card(HERE), city.item(ELSEWHERE)
    lent = desk.checkout(card, item)
    assert desk.ask(lent).ok
    again = desk.checkout(card, item, no_block=True, transaction_date=lent.transaction_date)
    assert desk.ask(again).ok
    city.check()
    assert city[ELSEWHERE].column("SELECT count(*) FROM loan") == [1]


@pytest.mark.parametrize("owner", [HERE, ELSEWHERE])
def test_a_renewal_made_off_line_is_recorded_once(city: SmallCity, owner: str) -> None:
    desk, due = city.kiosk(HERE), city.today + timedelta(days=45)
    card, item = city.card(HERE), city.item(owner)
    assert desk.ask(desk.checkout(card, item)).ok
    city.pass_days(1)
    renewed = desk.renew(card, item, no_block=True, nb_due_date=end_of(due))
    answers = in_every_way_again(city, desk, renewed)
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].ok
    assert answers[0].due_date == end_of(due)
    city.settle()
    assert city[owner].column("SELECT due_on || ' ' || renewals FROM loan") == [f"{due.isoformat()} 1"]
    assert kinds(city, HERE) == []


def test_a_second_renewal_made_off_line_holds_and_is_listed(city: SmallCity) -> None:
    desk, due = city.kiosk(HERE), city.today + timedelta(days=80)
    card, item = city.card(HERE), city.item(HERE)
    assert desk.ask(desk.checkout(card, item)).ok
    city.pass_days(1)
    assert desk.ask(desk.renew(card, item)).ok
    city.pass_days(1)
    assert desk.ask(desk.renew(card, item, no_block=True, nb_due_date=end_of(due))).ok
    assert city[HERE].column("SELECT due_on FROM loan") == [due.isoformat()]
    assert kinds(city, HERE) == ["no_block_renewal_limit"]


def test_a_loan_made_off_line_is_cancelled_like_any_other(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    item = city.item(ELSEWHERE)
    city.cut(HERE, ELSEWHERE)
    assert desk.ask(taken(city, desk, city.card(HERE), item)).ok
    assert desk.ask(desk.checkin(item, cancel=True)).ok
    city.check()
    assert city.loans() == {}


# --- what another library says it lent -------------------------------------------------------------------------


def recorded(city: SmallCity, item: str, lent_at_ms: int, due_on: date) -> None:
    """Word of ELSEWHERE to the owner HERE."""
    notice = LoanRecorded("l" * 32, city.card(THIRD), THIRD, item, ELSEWHERE, lent_at_ms, due_on)
    city[ELSEWHERE].store.run_now(lambda tx: city[ELSEWHERE].core.books.post(tx, HERE, notice), "post")
    city[ELSEWHERE].core.courier.wake()
    city.check()


@pytest.mark.parametrize("ago_ms", [-DAY_MS, -250_000_000_000_000, 8 * DAY_MS], ids=["ahead", "absurd", "old"])
def test_the_owner_keeps_dates_within_bounds_and_staff_of_both_libraries_look(city: SmallCity, ago_ms: int) -> None:
    recorded(city, city.item(HERE), city.wall_ms() - ago_ms, date(2199, 1, 1))
    (opened_ms,) = city[HERE].column("SELECT opened_at_ms FROM loan")
    assert opened_ms <= city.wall_ms() + 600_000
    (due_on,) = city[THIRD].column("SELECT due_on FROM place")
    assert date.fromisoformat(due_on) <= city.today + timedelta(days=367)
    assert kinds(city, HERE) == ["no_block_date"]
    assert kinds(city, ELSEWHERE) == ["no_block_date", "no_block_due_date"]


def test_the_owner_s_staff_hear_that_an_overdue_loan_ended_on_another_library_s_word(city: SmallCity) -> None:
    desk, item = city.kiosk(HERE), city.item(HERE)
    assert desk.ask(desk.checkout(city.card(HERE), item)).ok
    city.pass_days(40)
    recorded(city, item, city.wall_ms() - 2 * HOUR_MS, city.today + timedelta(days=28))
    assert city[HERE].column("SELECT closed_how FROM loan ORDER BY opened_at_ms") == ["superseded", None]
    assert kinds(city, HERE) == kinds(city, ELSEWHERE) == ["no_block_on_loan"]


# --- in any order ----------------------------------------------------------------------------------------------

OP = "l" * 32


def apply(node: Node, notice: Notice, tx: Tx) -> None:
    node.core.books.apply(tx, notice)


@pytest.mark.parametrize("schema", [1, 2])
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_a_home_hears_of_such_a_loan_ends_in_the_same_books_in_any_order(
    city: SmallCity, order: tuple[int, ...], schema: int
) -> None:
    """As a ledger of the first release says it, and as it is said now."""
    due = city.today - timedelta(days=10)
    card, item = city.card(HERE), city.item(ELSEWHERE)
    owed = FineSnapshot(f"{OP}:{due}", ELSEWHERE, 1, 1, f"op:{OP}", item, "书", due, 200, 0)
    said = (
        ForcedPlace(OP, card, ELSEWHERE, item, "书", False, due, ELSEWHERE, city.wall_ms()),
        ReleasePlace(OP, ELSEWHERE, 1, 2),
        owed if schema == 1 else replace(owed, reader="", reader_unknown=True, loan=OP, kind=FineKind.LATE),
    )
    home = city[HERE]
    for number in order:
        for _ in range(2):
            home.store.run_now(partial(apply, home, said[number]), "apply")
    assert home.column("SELECT state || ' ' || reader || ' ' || barcode FROM place") == [f"freed CQSPB-reader-1 {item}"]
    assert home.column("SELECT places_used + forced_used FROM card WHERE reader = 'CQSPB-reader-1'") == [0]
    assert home.column("SELECT key FROM outbox") == [f"ReaderKnown/{OP}"]
    desk = city.kiosk(HERE)
    assert desk.ask(desk.information(card)).fee_amount == "2.00"
