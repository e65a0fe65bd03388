"""A checkout that a return overtakes: the item lies where returns go, so it is not lent, and is on nobody's account."""

from __future__ import annotations

from federation.contract import Reason
from tests.node.service.errands import describe, lend
from tests.node.service.kiosks import read
from tests.node.service.mishaps import hold_back, screen, sentence
from tests.node.service.small_city import SmallCity

HOME, OWNER, BRANCH = "CQSPB", "CQBB", "CQCQ"
PIN = "0001"


def test_a_question_that_arrives_after_the_return_that_followed_it_lends_nothing() -> None:
    """The item was still on another reader's account when it was asked for; it went into the bin meanwhile."""
    city = SmallCity()
    item = city.item(OWNER)
    assert lend(city, BRANCH, city.card(HOME, 2), item).ok
    city.pass_days(2)
    kiosk, bin_ = city.kiosk(BRANCH), city.kiosk(BRANCH, "bin")
    held = hold_back(city[OWNER], "checkout")
    kiosk.say(kiosk.bytes_of(kiosk.checkout(city.card(HOME), item)))
    city.run_until(lambda: held.caught > 0)
    assert bin_.ask(bin_.checkin(item)).ok
    held.let_go()
    city.run_until(lambda: bool(kiosk.heard()))
    city.settle()
    answer = read(kiosk.heard())
    assert not answer.ok
    assert screen(answer) == sentence(Reason.ON_LOAN)
    assert city.loans() == city.places() == {}


def test_a_checkout_that_waits_for_its_pin_while_the_item_is_put_into_the_bin_lends_nothing() -> None:
    city = SmallCity()
    item = city.item(OWNER)
    kiosk, bin_ = city.kiosk(BRANCH), city.kiosk(BRANCH, "bin")
    held = hold_back(city[HOME], "standing")
    kiosk.say(kiosk.bytes_of(kiosk.checkout(city.card(HOME), item, patron_password=PIN)))
    city.run_until(lambda: held.caught > 0)
    city.run_for(0.5)
    assert bin_.ask(bin_.checkin(item)).ok
    held.let_go()
    city.run_until(lambda: bool(kiosk.heard()))
    city.settle()
    answer = read(kiosk.heard())
    assert not answer.ok
    assert screen(answer) == sentence(Reason.BUSY)
    assert city.loans() == city.places() == {}
    again = lend(city, BRANCH, city.card(HOME), item)
    assert again.ok
    assert describe(city, BRANCH, item).circulation_status == "04"
