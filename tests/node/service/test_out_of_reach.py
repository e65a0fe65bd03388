"""Who is out of reach, and what still works: each cell of the table in design section 4.

A reader of CQSPB at CQBB; items of CQBB, of CQCQ. What is refused says which library can't be reached.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from federation.contract import CheckoutQuestion, HoldMode, HoldQuestion, Reason, RenewQuestion
from federation.directory import AreaEntry
from node.kiosk.terminal import Terminal
from tests.node.service.kiosks import Kiosk
from tests.node.service.members import new_op
from tests.node.service.mishaps import screen, sentence
from tests.node.service.small_city import TERMINALS, SmallCity

BRANCH, HOME, OWNER = "CQBB", "CQSPB", "CQCQ"
OPEN_GATE = Terminal("open-gate", "gate", area="children", password_hash="hash:secret")
AREAS = {
    "adult": AreaEntry("adult", "成人借阅区", "shut"),
    "children": AreaEntry("children", "少儿借阅区", "open"),
}
CHARGED = 2
ANSWER_WITHIN_S, MARGIN_S = 4.0, 0.3


@pytest.fixture
def city() -> SmallCity:
    return SmallCity(terminals=(*TERMINALS, OPEN_GATE), changes={"areas": AREAS})


@pytest.fixture
def desk(city: SmallCity) -> Kiosk:
    return city.kiosk(BRANCH)


def lend(city: SmallCity, desk: Kiosk, home: str, owner: str, number: int = 1) -> tuple[str, str]:
    card, item = city.card(home, number), city.item(owner, number)
    assert desk.ask(desk.checkout(card, item)).ok
    city.settle()
    return card, item


# --- the home is out of reach ----------------------------------------------------------------------------------


@pytest.mark.parametrize("owner", [BRANCH, OWNER])
def test_without_the_home_nothing_is_lent_to_its_readers_and_the_screen_names_it(
    city: SmallCity, desk: Kiosk, owner: str
) -> None:
    city.isolate(HOME)
    began_s = city.clock.seconds()
    refused = desk.ask(desk.checkout(city.card(HOME), city.item(owner)))
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.HOME_UNREACHABLE, HOME))
    assert refused.title_identifier == f"{owner}之书1"
    assert city.clock.seconds() - began_s <= ANSWER_WITHIN_S
    assert desk.ask(desk.checkout(city.card(BRANCH), city.item(owner))).ok
    city.check()


@pytest.mark.parametrize("owner", [BRANCH, OWNER])
def test_without_the_home_every_return_is_taken_and_the_place_is_freed_later(
    city: SmallCity, desk: Kiosk, owner: str
) -> None:
    _, item = lend(city, desk, HOME, owner)
    city.isolate(HOME)
    taken = desk.ask(desk.checkin(item))
    assert (taken.ok, taken.title_identifier) == (True, f"{owner}之书1")
    assert city.places() != {}
    city.check()
    assert city.places() == {}


@pytest.mark.parametrize("owner", [BRANCH, OWNER])
def test_without_the_home_no_renewal(city: SmallCity, desk: Kiosk, owner: str) -> None:
    card, item = lend(city, desk, HOME, owner)
    city.pass_days(1)
    city.isolate(HOME)
    refused = desk.ask(desk.renew(card, item))
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.HOME_UNREACHABLE, HOME))
    city.check()
    assert city[owner].column("SELECT renewals FROM loan") == [0]
    city.run_for(60)  # until the home is tried again
    assert desk.ask(desk.renew(card, item)).ok


def test_without_the_home_nothing_is_told_of_a_reader_and_never_a_zero(city: SmallCity, desk: Kiosk) -> None:
    card, _ = lend(city, desk, HOME, BRANCH)
    city.isolate(HOME)
    for request in (desk.information(card, CHARGED), desk.status(card)):
        answer = desk.ask(request)
        assert screen(answer) == sentence(Reason.HOME_UNREACHABLE, HOME)
        assert answer.patron_status.startswith("YYYY")
        assert answer.valid_patron is not False
    told = desk.ask(desk.information(card, CHARGED))
    counts = (told.charged_items_count, told.overdue_items_count, told.fine_items_count, told.hold_items_count)
    assert counts == (None, None, None, None)
    assert told.fee_amount is None


def test_without_the_home_a_gate_goes_by_its_last_answer_while_that_is_young(city: SmallCity) -> None:
    gate, card = city.kiosk(BRANCH, "gate"), city.card(HOME)
    assert gate.ask(gate.status(card)).patron_status[0] == " "
    city.isolate(HOME)
    city.pass_minutes(23 * 60)
    assert gate.ask(gate.status(card)).patron_status[0] == " "
    city.pass_minutes(2 * 60)
    shut = gate.ask(gate.status(card))
    assert (shut.patron_status[0], screen(shut)) == ("Y", sentence(Reason.HOME_UNREACHABLE, HOME))


@pytest.mark.parametrize(("login", "position_0"), [("gate", "Y"), ("open-gate", " ")])
def test_without_the_home_and_without_an_answer_the_area_decides(city: SmallCity, login: str, position_0: str) -> None:
    gate = city.kiosk(BRANCH, login)
    city.isolate(HOME)
    assert gate.ask(gate.status(city.card(HOME))).patron_status[0] == position_0


def test_a_gate_remembers_that_a_card_was_suspended_even_where_the_area_is_open(city: SmallCity) -> None:
    gate, card = city.kiosk(BRANCH, "open-gate"), city.card(HOME)
    city[HOME].connection.execute("UPDATE card SET status = 'suspended'")
    suspended = gate.ask(gate.status(card))
    assert (suspended.patron_status[0], screen(suspended)) == ("Y", sentence(Reason.CARD_SUSPENDED, HOME))
    city.isolate(HOME)
    again = gate.ask(gate.status(card))
    assert (again.patron_status[0], screen(again)) == ("Y", sentence(Reason.CARD_SUSPENDED, HOME))
    assert again.valid_patron is not False


def test_a_gate_knows_without_the_home_that_a_card_has_expired_meanwhile(city: SmallCity) -> None:
    gate, card = city.kiosk(BRANCH, "gate"), city.card(HOME)
    city[HOME].connection.execute(f"UPDATE card SET expires_on = '{city.today.isoformat()}'")
    assert gate.ask(gate.status(card)).patron_status[0] == " "
    city.isolate(HOME)
    city.pass_minutes(15 * 60)  # past midnight
    expired = gate.ask(gate.status(card))
    assert (expired.patron_status[0], screen(expired)) == ("Y", sentence(Reason.CARD_EXPIRED, HOME))
    assert expired.valid_patron is not False


RESERVE = partial(HoldQuestion, mode=HoldMode.PLACE, title="", pickup=BRANCH, expires_on=None)


def asked_with(city: SmallCity, question: CheckoutQuestion | RenewQuestion | HoldQuestion, timeout_s: float) -> Any:
    """What the owner answers to its caller within the time that the caller still has."""
    owner = city[BRANCH].core.links.library(OWNER)
    if isinstance(question, CheckoutQuestion):
        return city.wait_for(owner.checkout(question, timeout_s))
    if isinstance(question, RenewQuestion):
        return city.wait_for(owner.renew(question, timeout_s))
    return city.wait_for(owner.hold(question, timeout_s))


def asked_of_the_owner(city: SmallCity) -> dict[str, Any]:
    at_ms = city.wall_ms()
    return {
        **{"op": new_op(), "card": city.card(HOME), "home": HOME, "branch": BRANCH, "barcode": city.item(OWNER)},
        **{"asked_at_ms": at_ms, "answer_by_ms": at_ms + 4000},
    }


@pytest.mark.parametrize("timeout_s", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("question", [CheckoutQuestion, RenewQuestion, RESERVE])
def test_the_owner_says_that_the_home_is_silent_before_its_callers_time_is_up(
    city: SmallCity, question: Any, timeout_s: float
) -> None:
    """Else the caller must hold the owner for silent, and cancel what was never begun."""
    if question is RenewQuestion:
        lend(city, city.kiosk(BRANCH), HOME, OWNER)
    city.lose_answers(of=HOME, to=OWNER)
    answer = asked_with(city, question(**asked_of_the_owner(city)), timeout_s)
    assert (answer.reason, answer.library) == (Reason.HOME_UNREACHABLE, HOME)


# --- the owner is out of reach ---------------------------------------------------------------------------------


def test_without_the_owner_its_items_are_not_lent_and_the_reader_is_told_to_leave_them(
    city: SmallCity, desk: Kiosk
) -> None:
    city.isolate(OWNER)
    for home in (BRANCH, HOME):
        began_s = city.clock.seconds()
        refused = desk.ask(desk.checkout(city.card(home), city.item(OWNER)))
        assert (refused.ok, screen(refused)) == (False, sentence(Reason.OWNER_UNREACHABLE, OWNER))
        assert "留在机台" in screen(refused)
        assert city.clock.seconds() - began_s <= ANSWER_WITHIN_S
        city.pass_minutes(1)
    assert desk.ask(desk.checkout(city.card(HOME), city.item(BRANCH))).ok
    city.check()
    assert city[OWNER].column("SELECT op FROM loan") == []


@pytest.mark.parametrize("home", [BRANCH, HOME])
def test_the_kiosk_is_answered_before_its_time_is_up_although_the_owner_is_silent(
    city: SmallCity, desk: Kiosk, home: str
) -> None:
    """The "no" must still be written, and sent."""
    city.lose_answers(of=OWNER, to=BRANCH)
    began_s = city.clock.seconds()
    refused = desk.ask(desk.checkout(city.card(home), city.item(OWNER)))
    assert screen(refused) == sentence(Reason.OWNER_UNREACHABLE, OWNER)
    assert city.clock.seconds() - began_s == pytest.approx(ANSWER_WITHIN_S - MARGIN_S)
    city.check()


def test_without_the_owner_returns_are_taken_and_settled_later_at_their_time(city: SmallCity, desk: Kiosk) -> None:
    _, item = lend(city, desk, HOME, OWNER)
    city.isolate(OWNER)
    city.pass_days(31)
    began_s = city.clock.seconds()
    taken = desk.ask(desk.checkin(item))
    assert taken.ok
    assert city.clock.seconds() - began_s <= 1.6
    assert "逾期费用，稍后计入" in screen(taken)
    city.pass_days(20)
    city.check()
    assert city.loans() == {}
    assert city[BRANCH].column("SELECT amount_fen FROM fine") == [20]


def test_without_the_owner_no_renewal(city: SmallCity, desk: Kiosk) -> None:
    card, item = lend(city, desk, HOME, OWNER)
    city.isolate(OWNER)
    refused = desk.ask(desk.renew(card, item))
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.OWNER_UNREACHABLE, OWNER))
    city.check()
    assert city[OWNER].column("SELECT renewals FROM loan") == [0]


def test_without_the_owner_a_reader_is_described_as_usual(city: SmallCity, desk: Kiosk) -> None:
    card, item = lend(city, desk, HOME, OWNER)
    city.isolate(OWNER)
    told = desk.ask(desk.information(card, CHARGED))
    assert (told.charged_items_count, told.charged_items) == (1, (item,))


def test_without_the_owner_a_gate_opens_as_usual(city: SmallCity) -> None:
    gate = city.kiosk(BRANCH, "gate")
    city.isolate(OWNER)
    assert gate.ask(gate.status(city.card(HOME))).patron_status[0] == " "


def test_without_the_owner_an_item_is_not_described_as_something_it_may_not_be(city: SmallCity, desk: Kiosk) -> None:
    city.isolate(OWNER)
    told = desk.ask(desk.item(city.item(OWNER)))
    assert told.circulation_status == "01"  # other
    assert screen(told) == sentence(Reason.OWNER_UNREACHABLE, OWNER)


# --- everyone is out of reach ----------------------------------------------------------------------------------


@pytest.fixture
def alone(city: SmallCity) -> SmallCity:
    city.isolate(BRANCH)
    return city


def test_alone_a_library_lends_renews_and_describes_its_own(alone: SmallCity) -> None:
    desk, card, item = alone.kiosk(BRANCH), alone.card(BRANCH), alone.item(BRANCH)
    assert desk.ask(desk.checkout(card, item)).ok
    alone.pass_days(1)
    assert desk.ask(desk.renew(card, item)).ok
    assert desk.ask(desk.information(card, CHARGED)).charged_items == (item,)
    assert desk.ask(desk.item(item)).circulation_status == "04"
    assert not desk.ask(desk.checkout(card, alone.item(OWNER))).ok
    assert not desk.ask(desk.checkout(alone.card(HOME), alone.item(BRANCH, 2))).ok
    alone.check()


def test_alone_a_library_takes_every_return(city: SmallCity, desk: Kiosk) -> None:
    for number, owner in enumerate((BRANCH, HOME, OWNER), start=1):
        lend(city, desk, HOME, owner, number)
    city.isolate(BRANCH)
    for number, owner in enumerate((BRANCH, HOME, OWNER), start=1):
        assert desk.ask(desk.checkin(city.item(owner, number))).ok
    city.check()
    assert city.loans() == {}


def test_alone_a_library_takes_money_for_its_fines_by_cards_it_knows(city: SmallCity, desk: Kiosk) -> None:
    card, item = lend(city, desk, HOME, BRANCH)
    city.pass_days(32)
    assert desk.ask(desk.checkin(item)).ok
    desk.ask(desk.information(card))
    city.isolate(BRANCH)
    assert desk.ask(desk.pay(card, "0.40")).payment_accepted
    city.check()
    assert city[HOME].column("SELECT paid_fen FROM fine_mirror") == [40]


@pytest.mark.parametrize("owner", [BRANCH, OWNER, HOME])
def test_alone_a_library_takes_money_by_a_card_that_it_knows_from_lending_alone(
    city: SmallCity, desk: Kiosk, owner: str
) -> None:
    card, item = lend(city, desk, HOME, owner)
    city.pass_days(32)
    assert desk.ask(desk.checkin(item)).ok
    city.settle()
    city.isolate(BRANCH)
    assert desk.ask(desk.pay(card, "0.40")).payment_accepted
    city.check()
    assert city[HOME].column("SELECT paid_fen FROM fine_mirror") == [40]


def test_alone_a_library_takes_no_money_by_a_card_that_it_has_never_lent_to(city: SmallCity, desk: Kiosk) -> None:
    _, item = lend(city, city.kiosk(OWNER), HOME, OWNER)
    city.pass_days(32)
    assert desk.ask(desk.checkin(item)).ok
    city.settle()
    city.isolate(BRANCH)
    refused = desk.ask(desk.pay(city.card(HOME), "0.40"))
    assert (refused.payment_accepted, screen(refused)) == (False, sentence(Reason.HOME_UNREACHABLE, HOME))


def test_of_a_card_that_it_only_lent_to_a_library_keeps_no_number_and_no_standing(city: SmallCity, desk: Kiosk) -> None:
    """To lend is not to have asked how the card stands: the gate goes by the area's rule."""
    card, _ = lend(city, desk, HOME, BRANCH)
    rows = city[BRANCH].connection.execute("SELECT * FROM seen_card").fetchall()
    assert len(rows) == 1
    assert card not in str(rows)
    city.isolate(HOME)
    gate = city.kiosk(BRANCH, "gate")
    assert gate.ask(gate.status(card)).patron_status[0] == "Y"


def test_what_the_home_said_of_a_card_is_not_forgotten_by_lending_to_it(city: SmallCity, desk: Kiosk) -> None:
    gate, card = city.kiosk(BRANCH, "gate"), city.card(HOME)
    assert gate.ask(gate.status(card)).patron_status[0] == " "
    lend(city, desk, HOME, BRANCH)
    city.isolate(HOME)
    assert gate.ask(gate.status(card)).patron_status[0] == " "


@pytest.mark.parametrize(("login", "position_0"), [("gate", "Y"), ("open-gate", " ")])
def test_alone_a_gate_lets_its_own_readers_in_and_others_by_the_areas_rule(
    alone: SmallCity, login: str, position_0: str
) -> None:
    gate = alone.kiosk(BRANCH, login)
    assert gate.ask(gate.status(alone.card(BRANCH))).patron_status[0] == " "
    assert gate.ask(gate.status(alone.card(HOME))).patron_status[0] == position_0


# --- a peer known to be down -----------------------------------------------------------------------------------


def test_a_peer_known_to_be_down_is_not_waited_for_and_asked_again_once_it_answers(
    city: SmallCity, desk: Kiosk
) -> None:
    city.isolate(OWNER)
    for number in range(1, 4):
        desk.ask(desk.checkout(city.card(BRANCH), city.item(OWNER, number)))
    began_s = city.clock.seconds()
    assert not desk.ask(desk.checkout(city.card(BRANCH), city.item(OWNER, 5))).ok
    assert city.clock.seconds() - began_s < 0.1
    city.settle()
    city.run_for(60)
    assert desk.ask(desk.checkout(city.card(BRANCH), city.item(OWNER, 6))).ok
    city.check()


def test_clocks_a_minute_apart_lend_nothing_between_two_libraries(city: SmallCity, desk: Kiosk) -> None:
    server: Any = city[OWNER].core.server
    server._wall_ms = lambda: city.wall_ms() - 61_000
    refused = desk.ask(desk.checkout(city.card(BRANCH), city.item(OWNER)))
    assert (refused.ok, screen(refused)) == (False, sentence(Reason.CLOCKS_APART))
    city.check()
