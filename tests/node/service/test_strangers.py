"""What a member says about nobody, or again and again about one card, makes only so many rows; honest news always get
through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from federation.contract import (
    CancelOp,
    CardBlocked,
    CheckoutQuestion,
    ForcedPlace,
    HoldMode,
    HoldQuestion,
    ItemReturned,
    LoanRecorded,
    Notice,
    PeerUnreachable,
    PlaceHeld,
    PlaceQuestion,
    PlaceRestored,
    PropertiesKept,
    Refused,
    ReleasePlace,
    RenewalRecorded,
    RenewQuestion,
    ReopenLoan,
)
from federation.methods import CHECKOUT, HOLD, HOLD_PLACE, RENEW, TAKE_BACK, Method
from node.service.strangers import BURST, EACH_S, OF_ONE_CARD
from tests.node.service.errands import lend
from tests.node.service.members import ask, deliver, new_op
from tests.node.service.small_city import SmallCity

HERE, LIAR, OTHER = "CQSPB", "CQCQ", "CQBB"
NOBODY, NOTHING = "2350019999999", "CQSPB0199999999"

NOTICES: dict[str, Callable[[SmallCity], Notice]] = {
    "CancelOp": lambda city: CancelOp(new_op(), city.item(HERE), LIAR),
    "ItemReturned": lambda city: ItemReturned(new_op(), NOTHING, LIAR, city.wall_ms()),
    "LoanRecorded": lambda city: LoanRecorded(
        new_op(), city.card(LIAR), LIAR, NOTHING, LIAR, city.wall_ms(), city.today
    ),
    "RenewalRecorded": lambda city: RenewalRecorded(
        new_op(), city.card(LIAR), LIAR, NOTHING, LIAR, city.wall_ms(), city.today
    ),
    "ReopenLoan": lambda city: ReopenLoan(new_op(), new_op(), NOTHING, LIAR),
    "PropertiesKept": lambda city: PropertiesKept(new_op(), NOTHING, LIAR, city.wall_ms(), "x"),
    "ReleasePlace": lambda city: ReleasePlace(new_op(), LIAR),
    "ForcedPlace": lambda city: forced(city, NOBODY + new_op()[:8]),
    "PlaceRestored": lambda city: PlaceRestored(new_op(), LIAR, 1, 1, city.today, 0, "nobody", NOTHING, "t"),
    "CardBlocked": lambda city: CardBlocked(new_op(), NOBODY + new_op()[:8], LIAR, city.wall_ms(), False, ""),
}
QUESTIONS: dict[str, tuple[Method[Any, Any], Callable[[SmallCity], Any]]] = {
    "checkout": (CHECKOUT, lambda city: CheckoutQuestion(*asked(city, NOTHING))),
    "renew": (RENEW, lambda city: RenewQuestion(*asked(city, NOTHING))),
    "hold": (
        HOLD,
        lambda city: HoldQuestion(
            *(new_op(), HoldMode.PLACE, city.card(LIAR), LIAR, NOTHING, "", LIAR, LIAR, None),
            *(city.wall_ms(), city.wall_ms() + 4_000),
        ),
    ),
    "hold_place": (HOLD_PLACE, lambda city: place(city, NOBODY + new_op()[:8])),
    "take_back": (TAKE_BACK, lambda city: ItemReturned(new_op(), NOTHING, LIAR, city.wall_ms())),
}


def asked(city: SmallCity, barcode: str) -> tuple[Any, ...]:
    return new_op(), city.card(LIAR), LIAR, barcode, LIAR, city.wall_ms(), city.wall_ms() + 4_000


def place(city: SmallCity, card: str) -> PlaceQuestion:
    return PlaceQuestion(new_op(), card, LIAR, city.item(LIAR), "t", "book", False, LIAR, city.wall_ms())


def forced(city: SmallCity, card: str) -> ForcedPlace:
    return ForcedPlace(new_op(), card, LIAR, city.item(LIAR), "t", False, city.today, LIAR, city.wall_ms())


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


@pytest.fixture
def spent(city: SmallCity) -> SmallCity:
    """The liar has said all that it may about nobody."""
    city[HERE].core.books.strangers._spent[LIAR] = (BURST, city.wall_ms())
    return city


def many() -> tuple[Notice, ...]:
    return tuple(ReleasePlace(new_op(), LIAR) for _ in range(100))


def rows(city: SmallCity) -> int:
    """All rows of the library, but for what waits for others."""
    tables = ("place", "owner_op", "evidence", "card_op", "loan", "hold_mirror", "fine_mirror", "staff_exception")
    return sum(city[HERE].column(f"SELECT count(*) FROM {table}")[0] for table in tables)


@pytest.mark.parametrize("kind", NOTICES)
def test_a_notice_about_nobody_waits_with_its_sender_once_there_were_too_many(spent: SmallCity, kind: str) -> None:
    before, notice = rows(spent), NOTICES[kind](spent)
    (receipt,) = deliver(spent, LIAR, HERE, notice)
    assert not receipt.taken
    assert rows(spent) == before
    spent.pass_minutes(1)
    assert deliver(spent, LIAR, HERE, notice)[0].taken


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_about_nobody_is_not_decided_then(spent: SmallCity, name: str) -> None:
    method, question = QUESTIONS[name]
    before = rows(spent)
    with pytest.raises(PeerUnreachable):
        ask(spent, LIAR, HERE, method, question(spent))
    assert rows(spent) == before


def test_what_is_about_somebody_is_taken_all_the_same_and_so_is_what_others_say(spent: SmallCity) -> None:
    assert lend(spent, LIAR, spent.card(HERE), spent.item(LIAR)).ok
    assert lend(spent, LIAR, spent.card(LIAR), spent.item(HERE)).ok
    assert deliver(spent, OTHER, HERE, ReleasePlace(new_op(), OTHER))[0].taken
    spent.check()


def test_the_allowance_fills_up_again(spent: SmallCity) -> None:
    spent.pass_minutes(1)
    taken = [receipt.taken for receipt in deliver(spent, LIAR, HERE, *many())]
    assert taken.count(True) == 60 * EACH_S


def test_a_flood_makes_only_so_many_rows(city: SmallCity) -> None:
    for _ in range(150):
        deliver(city, LIAR, HERE, *many())
    assert rows(city) == BURST


# --- about one card ------------------------------------------------------------------------------------------------


def test_refused_places_of_one_card_are_bounded_and_other_cards_are_served(city: SmallCity) -> None:
    city[HERE].connection.execute("UPDATE card SET status = 'suspended' WHERE card = ?", (city.card(HERE),))
    for _ in range(OF_ONE_CARD):
        assert isinstance(ask(city, LIAR, HERE, HOLD_PLACE, place(city, city.card(HERE))), Refused)
    with pytest.raises(PeerUnreachable):
        ask(city, LIAR, HERE, HOLD_PLACE, place(city, city.card(HERE)))
    assert isinstance(ask(city, LIAR, HERE, HOLD_PLACE, place(city, city.card(HERE, 2))), PlaceHeld)
    city.pass_minutes(61)
    assert isinstance(ask(city, LIAR, HERE, HOLD_PLACE, place(city, city.card(HERE))), Refused)


def test_blocks_of_one_card_are_bounded(city: SmallCity) -> None:
    def block() -> CardBlocked:
        return CardBlocked(new_op(), city.card(HERE), LIAR, city.wall_ms(), False, "")

    taken = [receipt.taken for _ in range(8) for receipt in deliver(city, LIAR, HERE, *(block() for _ in range(50)))]
    assert taken.count(True) == OF_ONE_CARD
