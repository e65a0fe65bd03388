"""Loans, returns and late fees at the desk: quotas, the days at the edges, where a fee arises, where an item goes.

R2 to R8 through real kiosks; the rules themselves are tested in tests/node/domain.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from federation.contract import Reason, Refused
from node.domain.rules import LendingRule
from tests.node.service.errands import describe, lend, renew, take_back
from tests.node.service.mishaps import screen, sentence
from tests.node.service.small_city import SmallCity

BRANCH, HOME, OWNER = "CQBB", "CQSPB", "CQCQ"
MINUTES_TO_MIDNIGHT = 14 * 60  # the city begins at 10:00


def fines(city: SmallCity) -> dict[str, list[int]]:
    """Amounts by the library in whose books they are."""
    found = {code: node.column("SELECT amount_fen FROM fine") for code, node in city.nodes.items()}
    return {code: amounts for code, amounts in found.items() if amounts}


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


# --- R2: the quota ------------------------------------------------------------------------------------------------


def test_eight_items_over_all_libraries_and_no_ninth_anywhere(city: SmallCity) -> None:
    card = city.card(HOME)
    for number, owner in enumerate([BRANCH, HOME, OWNER] * 3):
        answer = lend(city, [BRANCH, OWNER, HOME][number % 3], card, city.item(owner, 1 + number // 3))
        assert answer.ok == (number < 8)
    assert screen(answer) == sentence(Refused(Reason.QUOTA, number=8))
    city.pass_minutes(2)
    take_back(city, OWNER, city.item(BRANCH, 1))
    assert lend(city, HOME, card, city.item(OWNER, 3)).ok
    city.check()


def test_three_foreign_items_over_all_libraries_and_no_fourth(city: SmallCity) -> None:
    card = city.card(HOME)
    for number, owner in enumerate([BRANCH, HOME, OWNER, BRANCH]):
        answer = lend(city, BRANCH, card, city.item(owner, 11 + number // 3))
        assert answer.ok == (number < 3)
    assert screen(answer) == sentence(Refused(Reason.FOREIGN_QUOTA, number=3))
    assert lend(city, BRANCH, card, city.item(BRANCH)).ok
    city.check()


def test_what_is_not_lendable_is_refused_by_its_title(city: SmallCity) -> None:
    refused = lend(city, BRANCH, city.card(HOME), city.item(OWNER, 14))
    assert (refused.ok, refused.title_identifier) == (False, f"{OWNER}之书14")
    assert screen(refused) == sentence(Reason.NOT_LENDABLE)


# --- R4, R5, R7: days ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "minutes", "amount_fen"),
    [
        pytest.param(30, 0, [], id="on the due date"),
        pytest.param(30, MINUTES_TO_MIDNIGHT - 1, [], id="one minute before the day is over"),
        pytest.param(30, MINUTES_TO_MIDNIGHT, [20], id="at midnight"),
        pytest.param(31, 0, [20], id="the day after"),
        pytest.param(280, 0, [5000], id="250 days late: the cap"),
        pytest.param(600, 0, [5000], id="beyond the cap"),
    ],
)
@pytest.mark.parametrize("owner", [BRANCH, OWNER])
def test_a_fee_is_owed_for_each_day_after_the_due_date(
    city: SmallCity, owner: str, days: int, minutes: int, amount_fen: list[int]
) -> None:
    lent = lend(city, BRANCH, city.card(HOME), city.item(owner))
    assert lent.due_date == f"{city.today + timedelta(days=30):%Y%m%d}    235900"
    city.pass_days(days)
    city.pass_minutes(minutes)
    assert take_back(city, BRANCH, city.item(owner)).ok
    assert fines(city).get(BRANCH, []) == amount_fen
    city.check()


def test_a_loan_made_just_before_midnight_counts_from_that_day(city: SmallCity) -> None:
    lent_on = city.today
    city.pass_minutes(MINUTES_TO_MIDNIGHT - 1)
    assert lend(city, BRANCH, city.card(HOME), city.item(OWNER)).due_date[:8] == f"{lent_on + timedelta(30):%Y%m%d}"
    city.pass_minutes(1)
    assert lend(city, BRANCH, city.card(HOME), city.item(OWNER, 2)).due_date[:8] == f"{lent_on + timedelta(31):%Y%m%d}"


def test_a_renewal_on_the_due_date_counts_from_that_day_and_is_the_only_one(city: SmallCity) -> None:
    card, item = city.card(HOME), city.item(OWNER)
    lend(city, BRANCH, card, item)
    city.pass_days(30)
    city.pass_minutes(MINUTES_TO_MIDNIGHT - 2)
    due_on = city.today + timedelta(days=30)
    renewed = renew(city, BRANCH, card, item)
    assert (renewed.ok, renewed.due_date[:8]) == (True, f"{due_on:%Y%m%d}")
    city.pass_days(1)
    refused = renew(city, HOME, card, item)
    assert (refused.ok, refused.due_date) == (False, renewed.due_date)
    assert screen(refused) == sentence(Refused(Reason.RENEWAL_LIMIT, number=1, due_on=due_on))


def test_after_the_due_date_nothing_is_renewed(city: SmallCity) -> None:
    card, item = city.card(HOME), city.item(OWNER)
    lend(city, BRANCH, card, item)
    city.pass_days(30)
    city.pass_minutes(MINUTES_TO_MIDNIGHT)
    refused = renew(city, BRANCH, card, item)
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.RENEWAL_OVERDUE))
    assert refused.due_date[:8] == f"{city.today - timedelta(days=1):%Y%m%d}"


def test_another_overdue_item_stops_a_renewal_and_lending_not(city: SmallCity) -> None:
    card = city.card(HOME)
    lend(city, BRANCH, card, city.item(BRANCH))
    city.pass_days(20)
    lend(city, BRANCH, card, city.item(OWNER))
    city.pass_days(11)
    refused = renew(city, BRANCH, card, city.item(OWNER))
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.OVERDUE_ITEM))
    assert lend(city, BRANCH, card, city.item(HOME)).ok


def test_only_the_borrower_renews(city: SmallCity) -> None:
    lend(city, BRANCH, city.card(HOME), city.item(OWNER))
    refused = renew(city, BRANCH, city.card(BRANCH), city.item(OWNER))
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.NOT_BORROWER))


# --- R8: where a fee arises -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("arises_at", "ledger"), [("return", OWNER), ("lending", BRANCH), ("owner", "CQSPB")])
def test_a_late_fee_arises_where_the_rule_says_and_the_reader_is_told(arises_at: Any, ledger: str) -> None:
    """Lent at CQBB, an item of CQSPB, returned at CQCQ."""
    city = SmallCity(rule=LendingRule(fee_arises_at=arises_at))
    card, item = city.card(BRANCH), city.item("CQSPB")
    lend(city, BRANCH, card, item)
    city.pass_days(35)
    taken = take_back(city, OWNER, item)
    place = "本馆" if ledger == OWNER else ledger
    assert f"逾期5天，滞纳金1.00元，请{'在' if place == '本馆' else '到'}{place}缴纳" in screen(taken)
    assert fines(city) == {ledger: [100]}
    assert city[BRANCH].column("SELECT ledger FROM fine_mirror") == [ledger]
    for code in (BRANCH, OWNER, "CQSPB"):
        desk = city.kiosk(code)
        assert desk.ask(desk.pay(card, "1.00")).payment_accepted == (code == ledger)
    city.check()
    assert city[BRANCH].column("SELECT amount_fen - paid_fen FROM fine_mirror") == [0]


def test_the_sixty_seconds_between_two_branches(city: SmallCity) -> None:
    """CQCQ reports a return 59 s after CQBB lent: clocks differ by so much, it belongs to the loan before."""
    card, item = city.card(HOME), city.item(HOME)
    lend(city, BRANCH, card, item)
    city.pass_minutes(59 / 60 - 0.02)
    assert "未在借" in screen(take_back(city, OWNER, item))
    assert item in city.loans().values()
    city.pass_minutes(11)
    assert take_back(city, OWNER, item).ok
    city.check()
    assert city.loans() == {}


# --- where it goes, and what is not on loan --------------------------------------------------------------------------


def test_an_item_of_another_library_goes_into_its_box_and_an_own_one_onto_the_shelf(city: SmallCity) -> None:
    card = city.card(HOME)
    lend(city, BRANCH, card, city.item(OWNER))
    lend(city, BRANCH, card, city.item(BRANCH))
    city.pass_minutes(5)
    away, home = take_back(city, BRANCH, city.item(OWNER)), take_back(city, BRANCH, city.item(BRANCH))
    assert (away.alert, away.alert_type, away.destination_location) == (True, "04", OWNER)
    assert (home.alert, home.alert_type, home.destination_location) == (False, None, None)
    assert away.sort_bin != home.sort_bin
    told = describe(city, BRANCH, city.item(OWNER))
    assert (told.circulation_status, told.current_location) == ("10", BRANCH)


@pytest.mark.parametrize("owner", [BRANCH, OWNER])
def test_an_item_not_on_loan_is_taken_or_refused_by_the_setting_but_never_at_a_bin(owner: str) -> None:
    lenient, strict = SmallCity(), SmallCity(changes={"not_on_loan_ok": False})
    assert "未在借" in screen(take_back(lenient, BRANCH, lenient.item(owner)))
    refused = take_back(strict, BRANCH, strict.item(owner))
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.NOT_ON_LOAN))
    strict.pass_minutes(11)
    assert take_back(strict, BRANCH, strict.item(owner), "bin").ok


def test_an_item_still_on_loan_to_another_reader_is_not_lent_until_it_is_scanned_back(city: SmallCity) -> None:
    item = city.item(OWNER)
    lend(city, BRANCH, city.card(HOME), item)
    refused = lend(city, HOME, city.card(BRANCH), item)
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.ON_LOAN))
    city.pass_minutes(2)
    take_back(city, HOME, item)
    city.pass_minutes(2)
    assert lend(city, HOME, city.card(BRANCH), item).ok
    city.check()


def test_a_return_made_out_of_the_owners_reach_lets_the_item_go_out_again_at_once(city: SmallCity) -> None:
    """The return rides on the next question about the item."""
    item = city.item(OWNER)
    lend(city, BRANCH, city.card(HOME), item)
    city.pass_days(2)
    city.isolate(OWNER)
    desk = city.kiosk(BRANCH)
    assert desk.ask(desk.checkin(item)).ok
    city.heal()
    assert desk.ask(desk.checkout(city.card(BRANCH), item)).ok
    city.check()
    assert list(city.loans().values()) == [item]


def test_an_expired_a_lost_and_a_suspended_card_lend_nothing_but_give_back(city: SmallCity) -> None:
    card, item = city.card(HOME), city.item(OWNER)
    lend(city, BRANCH, card, item)
    city.pass_days(1)
    yesterday = (city.today - timedelta(days=1)).isoformat()
    for change, why in (
        (f"expires_on = '{yesterday}'", Reason.CARD_EXPIRED),
        (f"expires_on = '{date(2030, 1, 1)}', status = 'lost'", Reason.CARD_LOST),
        ("status = 'suspended'", Reason.CARD_SUSPENDED),
        ("status = 'closed'", Reason.CARD_CLOSED),
    ):
        city[HOME].connection.execute(f"UPDATE card SET {change}")
        city.pass_minutes(1)
        for answer in (lend(city, BRANCH, card, city.item(BRANCH)), renew(city, BRANCH, card, item)):
            assert (answer.ok, screen(answer)) == (False, sentence(why, HOME))
    assert take_back(city, BRANCH, item).ok
    city.check()
