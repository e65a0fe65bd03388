"""The same bare barcode at several libraries: a loan ends only for the item that came back (design 3)."""

from __future__ import annotations

import pytest

from federation.contract import Reason
from node.storage.owner import loans as owner_rows
from tests.node.service.errands import describe, lend, renew, take_back
from tests.node.service.kiosks import read
from tests.node.service.mishaps import screen, sentence
from tests.node.service.small_city import SmallCity, isil_of

BRANCH, HOME, OWNER = "CQBB", "CQSPB", "CQCQ"
SAME = "30012345"


def put_item(city: SmallCity, code: str) -> None:
    row = owner_rows.NewItem(SAME, f"{code}的书", "", "", "I1", "book", "A", foreign=False, price_fen=0)
    city[code].store.run_now(lambda tx: owner_rows.add_items(tx, [row]), "furnish")


@pytest.fixture
def city() -> SmallCity:
    """Branch and owner both have an item with this barcode, and nobody lists its prefix."""
    city = SmallCity()
    for code in (BRANCH, OWNER):
        put_item(city, code)
    return city


def named(code: str) -> str:
    """As an RFID kiosk names that library's item."""
    return f"{isil_of(code)}.{SAME}"


def lend_of(city: SmallCity, code: str, card: str) -> None:
    """That library's item goes to that card, a few days ago."""
    assert lend(city, code, card, named(code)).title_identifier == f"{code}的书"
    city.pass_days(3)


def on_loan(city: SmallCity) -> list[str]:
    """The libraries that have the item on loan."""
    open_loans = "SELECT count(*) FROM loan WHERE closed_at_ms IS NULL"
    return [code for code, node in city.nodes.items() if node.column(open_loans)[0]]


# --- returns --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lender", [BRANCH, OWNER])
@pytest.mark.parametrize("login", ["sc2", "bin"])
def test_a_return_ends_the_only_loan_there_is(city: SmallCity, lender: str, login: str) -> None:
    lend_of(city, lender, city.card(HOME))
    assert take_back(city, BRANCH, SAME, login).title_identifier == f"{lender}的书"
    city.check()
    assert on_loan(city) == []


def test_a_return_ends_no_loan_where_both_items_are_on_loan(city: SmallCity) -> None:
    lend_of(city, BRANCH, city.card(HOME))
    lend_of(city, OWNER, city.card(BRANCH))
    refused = take_back(city, BRANCH, SAME)
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.AMBIGUOUS_ITEM))
    taken = take_back(city, BRANCH, SAME, "bin")
    assert (taken.ok, taken.alert) == (True, True)
    assert city[BRANCH].exceptions() == [("return_ambiguous_item", SAME, "")]
    city.check()
    assert on_loan(city) == [BRANCH, OWNER]


def test_a_return_where_neither_item_is_on_loan_is_for_staff(city: SmallCity) -> None:
    assert not take_back(city, BRANCH, SAME).ok
    assert take_back(city, BRANCH, SAME, "bin").ok
    assert city[BRANCH].exceptions() == [("return_ambiguous_item", SAME, "")]


@pytest.mark.parametrize("login", ["sc2", "bin"])
def test_silence_of_a_possible_owner_never_ends_the_own_loan(city: SmallCity, login: str) -> None:
    lend_of(city, BRANCH, city.card(HOME))
    lend_of(city, OWNER, city.card(BRANCH))
    city.isolate(OWNER)
    desk = city.kiosk(BRANCH, login)
    assert desk.ask(desk.checkin(SAME)).ok
    city.run_for(180)
    assert on_loan(city) == [BRANCH, OWNER]
    assert city[BRANCH].exceptions() == [("return_owner_silent", SAME, OWNER)]
    city.check()
    assert on_loan(city) == [BRANCH, OWNER], "both may have come back: staff decide"
    assert ("return_ambiguous_item", SAME, "") in city[BRANCH].exceptions()


@pytest.mark.parametrize("lender", [BRANCH, OWNER])
def test_a_return_in_silence_is_settled_at_its_own_time_when_the_owner_answers(city: SmallCity, lender: str) -> None:
    lend_of(city, lender, city.card(HOME))
    city.isolate(OWNER)
    desk = city.kiosk(BRANCH, "bin")
    returned_at_ms = city.wall_ms()
    assert desk.ask(desk.checkin(SAME)).ok
    city.run_for(180)
    assert on_loan(city) == [lender]
    city.restart(BRANCH)
    city.check()
    assert on_loan(city) == []
    (closed_at_ms,) = city[lender].column("SELECT closed_at_ms FROM loan")
    assert closed_at_ms - returned_at_ms < 5_000


def test_a_loan_made_after_a_return_in_silence_is_not_meant_by_it(city: SmallCity) -> None:
    lend_of(city, BRANCH, city.card(HOME))
    city.isolate(OWNER)
    desk = city.kiosk(BRANCH, "bin")
    assert desk.ask(desk.checkin(SAME)).ok
    city.pass_days(1)
    there = city.kiosk(OWNER)
    assert there.ask(there.checkout(city.card(OWNER), named(OWNER))).ok
    city.check()
    assert on_loan(city) == [OWNER]


def test_a_return_in_silence_can_be_undone_at_the_kiosk(city: SmallCity) -> None:
    lend_of(city, OWNER, city.card(HOME))
    city.isolate(OWNER)
    desk = city.kiosk(BRANCH, "sc2")
    assert desk.ask(desk.checkin(SAME)).ok
    undo = desk.bytes_of(desk.checkout("", SAME, cancel=True))
    assert read(desk.send(undo)).ok
    city.check()
    assert on_loan(city) == [OWNER]


# --- checkouts, renewals, descriptions ------------------------------------------------------------------------------


def test_neither_item_is_lent_where_the_barcode_alone_is_sent(city: SmallCity) -> None:
    refused = lend(city, BRANCH, city.card(HOME), SAME)
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.AMBIGUOUS_ITEM))
    assert describe(city, BRANCH, SAME).title_identifier == ""
    assert on_loan(city) == []


def test_the_own_item_is_lent_while_the_other_library_is_silent(city: SmallCity) -> None:
    city.isolate(OWNER)
    desk = city.kiosk(BRANCH)
    assert desk.ask(desk.checkout(city.card(BRANCH), SAME)).title_identifier == f"{BRANCH}的书"


@pytest.mark.parametrize("lender", [BRANCH, OWNER])
def test_a_renewal_is_of_the_item_that_this_card_has(city: SmallCity, lender: str) -> None:
    other = {BRANCH: OWNER, OWNER: BRANCH}[lender]
    lend_of(city, other, city.card(BRANCH))
    lend_of(city, lender, city.card(HOME))
    renewed = renew(city, BRANCH, city.card(HOME), SAME)
    assert (renewed.ok, renewed.title_identifier) == (True, f"{lender}的书")
    city.check()


def test_a_card_that_has_both_items_renews_both_together_and_neither_by_the_barcode(city: SmallCity) -> None:
    lend_of(city, BRANCH, city.card(HOME))
    lend_of(city, OWNER, city.card(HOME))
    refused = renew(city, BRANCH, city.card(HOME), SAME)
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.AMBIGUOUS_ITEM))
    desk = city.kiosk(BRANCH, "sc2")
    assert desk.ask(desk.renew_all(city.card(HOME))).renewed_items == (SAME, SAME)
    for code in (BRANCH, OWNER):
        assert city[code].column("SELECT renewals FROM loan") == [1]
    city.check()


def test_a_checkout_that_failed_at_the_kiosk_is_undone_for_the_item_that_it_lent(city: SmallCity) -> None:
    lend_of(city, OWNER, city.card(BRANCH))
    desk = city.kiosk(BRANCH, "sc2")
    assert desk.ask(desk.checkout(city.card(HOME), named(BRANCH))).ok
    assert desk.ask(desk.checkin(named(BRANCH), cancel=True)).ok
    city.check()
    assert on_loan(city) == [OWNER]


def test_a_loan_off_line_of_one_of_two_items_is_for_staff(city: SmallCity) -> None:
    desk = city.kiosk(BRANCH)
    assert not desk.ask(desk.checkout(city.card(HOME), SAME, no_block=True)).ok
    assert city[BRANCH].exceptions() == [("no_block_ambiguous_item", SAME, "")]
    assert on_loan(city) == []


def test_the_own_item_is_not_lent_in_silence_where_the_other_one_may_lie_here(city: SmallCity) -> None:
    lend_of(city, OWNER, city.card(HOME))
    assert take_back(city, BRANCH, SAME).ok
    city.isolate(OWNER)
    desk = city.kiosk(BRANCH)
    refused = desk.ask(desk.checkout(city.card(BRANCH), SAME))
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.OWNER_UNREACHABLE, OWNER))


@pytest.mark.parametrize("sent", [SAME, named(BRANCH)], ids=["barcode", "tag"])
def test_what_came_back_in_silence_is_not_lent_on_the_loan_that_it_ended(city: SmallCity, sent: str) -> None:
    """The loan still stands, and the terminal has just told of it. Found by the simulator."""
    desk, bin_, card = city.kiosk(BRANCH), city.kiosk(BRANCH, "bin"), city.card(BRANCH)
    assert desk.ask(desk.checkout(card, named(BRANCH))).ok
    city.pass_minutes(2)
    city.isolate(OWNER)
    assert bin_.ask(bin_.checkin(SAME)).ok
    city.run_for(90)
    refused = desk.ask(desk.checkout(card, sent))
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.IN_DOUBT))
    city.check()
    assert on_loan(city) == []
    assert desk.ask(desk.checkout(card, named(BRANCH))).ok
    city.check()
    assert on_loan(city) == [BRANCH]


def test_a_return_in_silence_is_not_of_the_other_item_although_its_own_loan_has_ended_meanwhile(
    city: SmallCity,
) -> None:
    """The item went home by truck, and was taken back there, before its owner could be asked."""
    lend_of(city, BRANCH, city.card(HOME))
    lend_of(city, OWNER, city.card(OWNER))
    city.isolate(OWNER)
    desk = city.kiosk(BRANCH, "bin")
    assert desk.ask(desk.checkin(SAME)).ok
    city.pass_days(1)
    at_home = city.kiosk(OWNER, "bin")
    assert at_home.ask(at_home.checkin(named(OWNER))).ok
    city.check()
    assert on_loan(city) == [BRANCH]
    assert ("return_ambiguous_item", SAME, "") in city[BRANCH].exceptions()


def test_a_return_that_is_told_again_does_not_end_the_loan_of_the_other_item(city: SmallCity) -> None:
    """The kiosk lost the answer: only the other item is on loan when it asks again."""
    lend_of(city, OWNER, city.card(HOME))
    desk = city.kiosk(BRANCH, "bin")
    first = desk.checkin(SAME)
    assert desk.ask(first).title_identifier == f"{OWNER}的书"
    there = city.kiosk(BRANCH, "sc2")
    assert there.ask(there.checkout(city.card(BRANCH), named(BRANCH))).ok
    city.settle()
    assert desk.ask(first).title_identifier == f"{OWNER}的书"
    again = desk.ask(desk.checkin(SAME))
    assert (again.ok, again.alert) == (True, True), "the same one, or the other one: staff look"
    assert on_loan(city) == [BRANCH]
    city.check()
