"""What would fill the books of another library is not sent by kiosks and imports, and not taken from anyone."""

from __future__ import annotations

import pytest

from federation.bounds import CARRIED_MAX, NOTICES_MAX, TEXT_MAX
from federation.contract import FineOrder, ItemQuestion, PropertiesKept, Reason, StaffCalled
from federation.methods import DESCRIBE
from node.kiosk.item_translator import MAX_TEXT
from node.kiosk.pins import MAX_PIN
from node.kiosk.reception import MAX_BARCODE
from node.service.delivery import courier
from node.service.desk import blocking
from node.service.desk.authorities import MAX_CARD
from node.service.staff import MANY_CALLS
from node.storage import tally
from tests.node.service.members import ask, deliver, new_op
from tests.node.service.mishaps import screen, sentence
from tests.node.service.small_city import DAY_MS, SmallCity

HERE, FLOOD, OTHER = "CQBB", "CQCQ", "CQSPB"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def test_what_an_honest_library_sends_is_far_within_the_bounds() -> None:
    assert max(MAX_TEXT, MAX_BARCODE, MAX_PIN, MAX_CARD, blocking.MAX_MESSAGE, 300) * 3 < TEXT_MAX
    assert courier.BATCH <= NOTICES_MAX // 2
    assert courier.CARRIED <= CARRIED_MAX // 2


def test_properties_of_a_far_future_do_not_stand_for_ever(city: SmallCity) -> None:
    item = city.item(HERE)
    (receipt,) = deliver(city, FLOOD, HERE, PropertiesKept(new_op(), item, FLOOD, city.wall_ms() + 2 * DAY_MS, "mine"))
    assert not receipt.taken
    assert deliver(city, OTHER, HERE, PropertiesKept(new_op(), item, OTHER, city.wall_ms(), "new"))[0].taken
    assert ask(city, OTHER, HERE, DESCRIBE, ItemQuestion(item, OTHER)).properties == "new"


def test_a_fine_of_more_money_than_there_is_is_not_booked(city: SmallCity) -> None:
    fine = f"{new_op()}:{city.today}"
    order = FineOrder(fine, 1, fine[:32], FLOOD, HERE, OTHER, "r", "b", "t", city.today, city.today, 1, 9 * 10**18)
    assert [receipt.taken for receipt in deliver(city, FLOOD, HERE, order, order)] == [False, False]
    assert city[HERE].read(lambda tx: tally.value(tx, tally.FINES_OUTSTANDING_FEN)) == 0


def test_a_library_can_not_fill_the_list_of_exceptions_and_others_are_still_heard(city: SmallCity) -> None:
    def calls(who: str, times: int) -> int:
        """How many of them are taken."""
        called = [StaffCalled(new_op(), who, HERE, "look", "") for _ in range(times)]
        batches = [called[first : first + NOTICES_MAX] for first in range(0, times, NOTICES_MAX)]
        return sum(receipt.taken for batch in batches for receipt in deliver(city, who, HERE, *batch))

    assert calls(FLOOD, 5_000) == MANY_CALLS
    assert calls(OTHER, 3) == 3
    city.pass_minutes(61)
    assert calls(FLOOD, 3) == 3


@pytest.mark.parametrize("home", [HERE, OTHER])
def test_a_number_longer_than_any_card_has_is_nobodys_and_asks_no_library(city: SmallCity, home: str) -> None:
    kiosk, long = city.kiosk(HERE), city.card(home) + "0" * 2_000
    answer = kiosk.ask(kiosk.checkout(long, city.item(HERE)))
    assert (answer.ok, screen(answer)) == (False, sentence(Reason.UNKNOWN_CARD))
    kiosk.ask(kiosk.block(long))
    assert [to for _, to, _ in city.sent if to == OTHER] == []
    assert city.backlog() == {}


def test_a_pin_as_long_as_a_page_is_wrong_and_the_home_stays_up(city: SmallCity) -> None:
    kiosk = city.kiosk(HERE)
    for number in range(1, 5):
        answer = kiosk.ask(kiosk.status(city.card(OTHER, number), patron_password="9" * 5_000))
        assert answer.valid_patron_password is False
    assert city[HERE].core.peers.is_up(OTHER)
