"""A notice that a library won't take waits at its sender, and stands in nobody's way."""

from __future__ import annotations

import pytest

from federation.contract import CancelOp, ReopenLoan
from tests.node.service.members import owe
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
