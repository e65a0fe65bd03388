"""A notice that a library won't take waits at its sender, and stands in nobody's way; so does what waits for nobody."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from federation.contract import CancelOp, ReopenLoan
from federation.methods import METHODS
from federation.permissions import SPEAKER
from federation.wire import NOTICE_TYPES
from tests.federation.said import SAID
from tests.node.service.errands import lend
from tests.node.service.members import ask, deliver, owe
from tests.node.service.small_city import SmallCity

HERE, PEER = "CQSPB", "CQBB"


@pytest.fixture
def city() -> SmallCity:
    """CQSPB owes CQBB two notices that CQBB does not take: about a loan and a return of CQBB's own desk."""
    city = SmallCity()
    desk = city.kiosk(PEER)
    item = city.item(PEER, 9)
    assert desk.ask(desk.checkout(city.card(PEER, 2), item)).ok
    city.pass_minutes(2)
    assert desk.ask(desk.checkin(item)).ok
    loan, returned = city[PEER].column("SELECT op FROM loan UNION ALL SELECT op FROM evidence")
    owe(city, HERE, PEER, CancelOp(loan, item, HERE))
    owe(city, HERE, PEER, ReopenLoan("o", returned, item, HERE))
    return city


def waiting(city: SmallCity) -> int:
    return int(city[HERE].column("SELECT count(*) FROM outbox WHERE acked_at_ms IS NULL")[0])


def test_an_item_of_that_library_is_lent_and_renewed_all_the_same(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    assert desk.ask(desk.checkout(city.card(HERE), city.item(PEER))).ok
    city.pass_days(1)
    assert desk.ask(desk.renew(city.card(HERE), city.item(PEER))).ok
    assert desk.ask(desk.hold("+", city.card(HERE), city.item(PEER, 2))).ok
    assert waiting(city) == 2


def test_a_card_of_that_library_borrows_here_all_the_same(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    assert desk.ask(desk.checkout(city.card(PEER), city.item(HERE))).ok
    assert desk.ask(desk.information(city.card(PEER), patron_password="0001")).valid_patron
    city.pass_days(1)
    assert desk.ask(desk.renew(city.card(PEER), city.item(HERE))).ok


def test_what_comes_after_it_is_still_carried_and_applied_first(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    assert desk.ask(desk.checkout(city.card(PEER), city.item(PEER))).ok
    city.pass_minutes(2)
    city.cut(HERE, PEER)
    assert desk.ask(desk.checkin(city.item(PEER))).ok
    assert waiting(city) == 3
    city.heal()
    assert desk.ask(desk.checkout(city.card(HERE), city.item(PEER))).ok


# --- no member of the federation --------------------------------------------------------------------------------

NOBODY = "CQXX"
PARTIES = ("home", "owner", "ledger", "branch", "pickup", "library")
NAMING = [
    pytest.param(kind, field.name, id=f"{kind.__name__}.{field.name}")
    for kind in SPEAKER
    for field in fields(kind)
    if field.name in PARTIES and field.name != SPEAKER[kind]
]


@pytest.mark.parametrize("number", [1, 99])
@pytest.mark.parametrize(("kind", "field"), NAMING)
def test_whatever_names_no_member_makes_no_library_write_to_it(kind: type[Any], field: str, number: int) -> None:
    """About a card and an item of the library that hears it (or that speaks, as the owner), or of nobody."""
    city, names = SmallCity(), {each.name for each in fields(kind)}
    item = city.item(PEER if SPEAKER[kind] == "owner" else HERE, number)
    heres = {"card": city.card(HERE, number), "barcode": item, "ledger": HERE, field: NOBODY}
    said = replace(SAID[kind](PEER), **{name: value for name, value in heres.items() if name in names})
    if kind in NOTICE_TYPES:
        deliver(city, PEER, HERE, said)
    else:
        ask(city, PEER, HERE, next(method for method in METHODS if method.question is kind), said)
    assert NOBODY not in city[HERE].column("SELECT peer FROM outbox")
    city.settle()


def test_the_fine_in_an_answer_is_booked_for_a_member_only() -> None:
    """Of a reader of a library that the ledger does not know, or not yet: the order waits where it arose."""
    city = SmallCity()
    assert lend(city, HERE, city.card(HERE), city.item(PEER)).ok
    city.pass_days(40)
    returns = city[PEER].core.books.owner.returns
    truly = returns._order
    returns._order = lambda *said: replace(truly(*said), home=NOBODY)  # type: ignore[method-assign]
    desk = city.kiosk(HERE)
    assert desk.ask(desk.checkin(city.item(PEER))).ok
    city.run_for(60.0)
    assert city[HERE].column("SELECT peer FROM outbox WHERE acked_at_ms IS NULL") == []
    assert city.backlog() == {PEER: 1}


def test_what_waits_for_a_library_that_has_left_waits_on_and_keeps_nothing_else_up() -> None:
    city = SmallCity()
    owe(city, HERE, NOBODY, CancelOp("o", "b", HERE))
    city.run_for(600.0)
    assert city.backlog() == {HERE: 1}
    assert lend_unsettled(city)
    city.run_for(600.0)
    assert city.backlog() == {HERE: 1}


def lend_unsettled(city: SmallCity) -> bool:
    """An item of the peer; something is written to it afterwards."""
    desk = city.kiosk(HERE)
    lent = desk.ask(desk.checkout(city.card(HERE), city.item(PEER))).ok
    city.pass_minutes(2)
    return bool(lent and desk.ask(desk.checkin(city.item(PEER))).ok)
