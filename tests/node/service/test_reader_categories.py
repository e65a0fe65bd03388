"""A rule of a category holds for its readers and for nobody else, wherever branch, home and owner are."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from federation.contract import ItemQuestion, ItemView, LoanSnapshot
from node.domain.rules import LendingRule
from tests.node.service.cases import BRANCH, ROLES
from tests.node.service.kiosks import Kiosk, end_of, sip_date
from tests.node.service.small_city import FIRST_REFERENCE, SmallCity

ADULT, PUPIL = 1, 2  # numbers of cards
BOOK, REFERENCE, RARE = 1, FIRST_REFERENCE, FIRST_REFERENCE + 1  # numbers of items
ADULT_RULE = LendingRule(
    category="adult",
    lendable_types=("book", "reference"),
    loan_days=60,
    renewals=2,
    renewal_days=45,
    late_fee_fen_per_day=10,
    max_holds=1,
    hold_shelf_days=10,
)
OF_REFERENCE = LendingRule(
    category="adult", item_type="reference", lendable_types=("reference",), loan_days=14, hold_shelf_days=3
)
HOUR_MS = 3_600_000

EVERYWHERE = pytest.mark.parametrize("roles", ROLES)


def furnished(*more_rules: LendingRule) -> SmallCity:
    city = SmallCity(more_rules=(ADULT_RULE, *more_rules), categories={ADULT: "adult"})
    for code in city.nodes:
        city[code].connection.execute("UPDATE item SET item_type = 'rare' WHERE barcode = ?", (city.item(code, RARE),))
    return city


@pytest.fixture
def city() -> SmallCity:
    return furnished()


def parties(city: SmallCity, roles: str, reader: int, item: int) -> tuple[Kiosk, str, str]:
    home, owner = ROLES[roles]
    return city.kiosk(BRANCH), city.card(home, reader), city.item(owner, item)


def days(city: SmallCity, count: int) -> Any:
    return end_of(city.today + timedelta(days=count))


def column(city: SmallCity, code: str, sql: str) -> list[Any]:
    city.settle()
    return city[code].column(sql)


def listed(city: SmallCity) -> list[str]:
    city.settle()
    return sorted(kind for kind, _barcode, _detail in city[BRANCH].exceptions())


# --- lent on line ----------------------------------------------------------------------------------------------


@EVERYWHERE
def test_what_a_rule_lends_to_adults_an_adult_borrows_for_an_adult_s_time(city: SmallCity, roles: str) -> None:
    desk, card, item = parties(city, roles, ADULT, REFERENCE)
    answer = desk.ask(desk.checkout(card, item))
    assert (answer.ok, answer.due_date) == (True, days(city, 60))
    city.check()


@EVERYWHERE
def test_and_a_pupil_is_refused_it_and_keeps_no_place(city: SmallCity, roles: str) -> None:
    desk, card, item = parties(city, roles, PUPIL, REFERENCE)
    answer = desk.ask(desk.checkout(card, item))
    assert not answer.ok
    city.check()
    assert column(city, ROLES[roles][1], "SELECT refusal LIKE '%not_lendable%' FROM owner_op") == [1]
    assert column(city, ROLES[roles][0], "SELECT sum(places_used) FROM card") == [0]
    again = desk.ask(desk.checkout(card, city.item(ROLES[roles][1], BOOK)))
    assert (again.ok, again.due_date) == (True, days(city, 30))


@EVERYWHERE
def test_what_nobody_may_borrow_is_refused_before_the_home_is_asked(city: SmallCity, roles: str) -> None:
    desk, card, item = parties(city, roles, ADULT, RARE)
    assert not desk.ask(desk.checkout(card, item)).ok
    assert column(city, ROLES[roles][0], "SELECT count(*) FROM place") == [0]


@EVERYWHERE
def test_the_home_puts_the_same_date_into_its_mirror_as_the_owner_into_its_loan(roles: str) -> None:
    """By category and type of item: no snapshot is needed to correct it."""
    city = furnished(OF_REFERENCE)
    home, owner = ROLES[roles]
    desk, card, item = parties(city, roles, ADULT, REFERENCE)
    assert desk.ask(desk.checkout(card, item)).due_date == days(city, 14)
    due_on = (city.today + timedelta(days=14)).isoformat()
    assert column(city, owner, "SELECT due_on FROM loan") == column(city, home, "SELECT due_on FROM place") == [due_on]
    assert column(city, owner, f"SELECT key FROM outbox WHERE key LIKE '{LoanSnapshot.__name__}%'") == []


@EVERYWHERE
@pytest.mark.parametrize(("reader", "renewals", "gained"), [(ADULT, 2, 45), (PUPIL, 1, 30)], ids=["adult", "pupil"])
def test_each_renews_as_often_and_as_long_as_the_rule_of_the_category_says(
    city: SmallCity, roles: str, reader: int, renewals: int, gained: int
) -> None:
    desk, card, item = parties(city, roles, reader, BOOK)
    assert desk.ask(desk.checkout(card, item)).ok
    for _ in range(renewals):
        city.pass_days(20)
        answer = desk.ask(desk.renew(card, item))
        assert (answer.ok, answer.due_date) == (True, days(city, gained))
    city.pass_days(1)
    assert not desk.ask(desk.renew(card, item)).ok
    city.check()


@EVERYWHERE
def test_each_owes_the_late_fee_of_the_category(city: SmallCity, roles: str) -> None:
    for reader, number, late in ((ADULT, BOOK, 60), (PUPIL, BOOK + 1, 30)):
        desk, card, item = parties(city, roles, reader, number)
        assert desk.ask(desk.checkout(card, item)).ok
        city.pass_days(late + 5)
        assert desk.ask(desk.checkin(item)).ok
    assert column(city, BRANCH, "SELECT amount_fen FROM fine ORDER BY amount_fen") == [50, 100]


@pytest.mark.parametrize(("number", "lendable"), [(BOOK, True), (REFERENCE, True), (RARE, False)])
def test_item_information_names_no_reader_so_lendable_is_what_anybody_may_borrow(
    city: SmallCity, number: int, lendable: bool
) -> None:
    owner = city[BRANCH].core.books.owner
    view = city[BRANCH].read(
        lambda tx: owner.describe(tx, ItemQuestion(city.item(BRANCH, number), BRANCH), city.wall_ms())
    )
    assert isinstance(view, ItemView)
    assert view.lendable is lendable


# --- reserved --------------------------------------------------------------------------------------------------


@EVERYWHERE
def test_an_adult_reserves_what_is_lent_to_adults_and_a_pupil_does_not(city: SmallCity, roles: str) -> None:
    for reader, may in ((PUPIL, False), (ADULT, True)):
        desk, card, item = parties(city, roles, reader, REFERENCE)
        assert desk.ask(desk.hold("+", card, item)).ok is may
    city.settle()
    desk, card, item = parties(city, roles, PUPIL, REFERENCE)
    assert not desk.ask(desk.checkout(card, item)).ok
    desk, card, item = parties(city, roles, ADULT, REFERENCE)
    assert desk.ask(desk.checkout(card, item)).ok
    city.check()


@EVERYWHERE
def test_each_has_as_many_reservations_as_the_category_may(city: SmallCity, roles: str) -> None:
    for reader, second in ((ADULT, False), (PUPIL, True)):
        desk, card, item = parties(city, roles, reader, BOOK)
        assert desk.ask(desk.hold("+", card, item)).ok
        city.settle()
        desk, card, item = parties(city, roles, reader, BOOK + 1)
        assert desk.ask(desk.hold("+", card, item)).ok is second


@EVERYWHERE
@pytest.mark.parametrize(("reader", "kept"), [(ADULT, 10), (PUPIL, 7)], ids=["adult", "pupil"])
def test_a_copy_waits_on_the_shelf_as_long_as_the_rule_of_its_reader_says(
    city: SmallCity, roles: str, reader: int, kept: int
) -> None:
    desk, card, item = parties(city, roles, reader, BOOK)
    assert desk.ask(desk.hold("+", card, item)).ok
    assert desk.ask(desk.checkin(item)).ok
    until = (city.today + timedelta(days=kept)).isoformat()
    assert column(city, ROLES[roles][1], "SELECT shelf_until_on FROM hold") == [until]


def test_and_as_long_as_the_rule_of_the_type_of_item_says() -> None:
    city = furnished(OF_REFERENCE)
    desk, card, item = parties(city, "all one", ADULT, REFERENCE)
    assert desk.ask(desk.hold("+", card, item)).ok
    assert desk.ask(desk.checkin(item)).ok
    until = (city.today + timedelta(days=3)).isoformat()
    assert column(city, BRANCH, "SELECT shelf_until_on FROM hold") == [until]


def test_any_copy_of_a_title_is_judged_by_the_category_too(city: SmallCity) -> None:
    for reader, may in ((PUPIL, False), (ADULT, True)):
        desk, card, _item = parties(city, "home elsewhere", reader, REFERENCE)
        answer = desk.ask(desk.hold("+", card, title_identifier=f"{BRANCH}之书{REFERENCE}"))
        assert answer.ok is may


# --- off line --------------------------------------------------------------------------------------------------


def made_off_line(city: SmallCity, desk: Kiosk, card: str, item: str, due: date | None) -> Any:
    lent = desk.checkout(
        card,
        item,
        no_block=True,
        transaction_date=sip_date(city.wall_ms() - 2 * HOUR_MS),
        nb_due_date=None if due is None else end_of(due),
    )
    return desk.ask(lent)


@EVERYWHERE
@pytest.mark.parametrize(
    ("reader", "broken"),
    [(ADULT, []), (PUPIL, ["no_block_due_date", "no_block_not_lendable"])],
    ids=["adult", "pupil"],
)
def test_a_loan_made_off_line_breaks_the_rules_of_its_reader_or_none(
    city: SmallCity, roles: str, reader: int, broken: list[str]
) -> None:
    desk, card, item = parties(city, roles, reader, REFERENCE)
    assert made_off_line(city, desk, card, item, city.today + timedelta(days=60)).ok
    assert listed(city) == broken
    city.check()


@EVERYWHERE
def test_one_that_nobody_may_have_is_listed_once(city: SmallCity, roles: str) -> None:
    desk, card, item = parties(city, roles, ADULT, RARE)
    assert made_off_line(city, desk, card, item, city.today + timedelta(days=61)).ok
    assert listed(city) == ["no_block_due_date", "no_block_not_lendable"]
    city.check()


def test_a_loan_without_a_date_runs_as_long_as_is_known_here_of_reader_and_item() -> None:
    city = furnished(OF_REFERENCE)
    for roles, number, length in [
        ("all one", BOOK, 60),
        ("all one", REFERENCE, 14),
        ("owner elsewhere", BOOK, 60),
        ("home elsewhere", BOOK + 1, 30),  # whose card it is, its home alone knows
    ]:
        desk, card, item = parties(city, roles, ADULT, number)
        assert made_off_line(city, desk, card, item, None).due_date == days(city, length)


@EVERYWHERE
def test_a_second_renewal_off_line_breaks_the_rule_of_pupils_alone(city: SmallCity, roles: str) -> None:
    broken = {ADULT: [], PUPIL: ["no_block_renewal_limit"]}
    for reader, pause in ((ADULT, 40), (PUPIL, 15)):
        desk, card, item = parties(city, roles, reader, reader)
        assert desk.ask(desk.checkout(card, item)).ok
        for _ in range(2):
            city.pass_days(pause)
            assert desk.ask(desk.renew(card, item, no_block=True, nb_due_date=days(city, 40))).ok
        assert listed(city) == broken[reader]


def test_a_fee_that_was_ordered_before_the_reader_was_known_is_lowered_to_that_of_the_category(
    city: SmallCity,
) -> None:
    home, owner = ROLES["all different"]
    desk, card, item = parties(city, "all different", ADULT, BOOK)
    city.isolate(home)
    assert made_off_line(city, desk, card, item, city.today + timedelta(days=1)).ok
    city.run_for(60)
    city.pass_days(5)
    assert desk.ask(desk.checkin(item)).ok
    city.run_for(60)
    assert city[BRANCH].column("SELECT amount_fen FROM fine") == [80]
    assert column(city, BRANCH, "SELECT amount_fen FROM fine") == [40]
    assert column(city, home, "SELECT amount_fen || ' ' || reader FROM fine_mirror") == [f"40 {home}-reader-{ADULT}"]
    assert column(city, owner, "SELECT category FROM loan") == ["adult"]
    city.check()


def test_and_it_is_never_raised() -> None:
    city = SmallCity(more_rules=(LendingRule(category="adult", late_fee_fen_per_day=50),), categories={ADULT: "adult"})
    desk, card, item = parties(city, "all different", ADULT, BOOK)
    city.isolate(ROLES["all different"][0])
    assert made_off_line(city, desk, card, item, city.today + timedelta(days=1)).ok
    city.run_for(60)
    city.pass_days(5)
    assert desk.ask(desk.checkin(item)).ok
    assert column(city, BRANCH, "SELECT amount_fen FROM fine") == [80]
    city.check()
