"""A member says what a reader has, or calls our staff. The home's staff find out, and free what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from federation.contract import (
    ForcedPlace,
    HoldSnapshot,
    HoldState,
    LoanSnapshot,
    NotPermitted,
    PlaceHeld,
    PlaceQuestion,
    PlaceRestored,
    StaffCalled,
)
from federation.methods import HOLD_PLACE
from node.domain.staff import FROM_ELSEWHERE, StaffKind
from node.service.home.claims import MOST_HOLDS, MOST_PLACES
from node.service.staff import call_staff
from tests.node.service.errands import lend
from tests.node.service.members import ask, deliver, new_op
from tests.node.service.small_city import SmallCity

HOME, OTHER, LIAR = "CQSPB", "CQBB", "CQCQ"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def forced(city: SmallCity, branch: str = LIAR, card: str = "") -> ForcedPlace:
    return ForcedPlace(
        op=new_op(),
        card=card or city.card(HOME),
        owner=LIAR,
        barcode=city.item(LIAR),
        title="书",
        foreign=False,
        due_on=city.today,
        branch=branch,
        lent_at_ms=city.wall_ms(),
    )


def held(city: SmallCity, branch: str = LIAR) -> PlaceQuestion:
    return PlaceQuestion(
        *(new_op(), city.card(HOME), LIAR, city.item(LIAR), "书", "book", False, branch, city.wall_ms())
    )


def snapshot(city: SmallCity, hold: str = "", version: int = 1, reader: str = "") -> HoldSnapshot:
    reader = reader or f"{HOME}-reader-1"
    return HoldSnapshot(*(hold or new_op(), LIAR, 1, version, reader, city.item(LIAR), "书", HoldState.WAITING, LIAR))


def used(city: SmallCity) -> tuple[int, int]:
    """(places, places beside the quota) of the card."""
    places = city[HOME].column("SELECT places_used FROM card ORDER BY card LIMIT 1")
    beside = city[HOME].column("SELECT forced_used FROM card ORDER BY card LIMIT 1")
    return places[0], beside[0]


def holds(city: SmallCity) -> int:
    count: int = city[HOME].column("SELECT count(*) FROM hold_mirror WHERE state = 'waiting'")[0]
    return count


def kinds(city: SmallCity, code: str = HOME) -> list[str]:
    return [kind for kind, _barcode, _detail in city[code].exceptions()]


def free(city: SmallCity, number: str) -> str | None:
    node = city[HOME]
    return node.store.run_now(lambda tx: node.core.books.home.free(tx, number), "test")


# --- what no terminal of the home asked ------------------------------------------------------------------------


def test_a_place_that_a_terminal_of_the_home_is_said_to_have_asked_for_is_not_held(city: SmallCity) -> None:
    with pytest.raises(NotPermitted):
        ask(city, LIAR, HOME, HOLD_PLACE, held(city, branch=HOME))
    assert deliver(city, LIAR, HOME, forced(city, branch=HOME))[0].taken
    assert used(city) == (0, 0)
    assert kinds(city) == ["place_unconfirmed"]


def test_what_a_terminal_of_the_home_did_ask_for_is_held(city: SmallCity) -> None:
    assert lend(city, HOME, city.card(HOME), city.item(LIAR)).ok
    assert used(city) == (1, 0)
    kiosk = city.kiosk(HOME)
    assert kiosk.ask(kiosk.checkout(city.card(HOME), city.item(LIAR, 2), no_block=True)).ok
    city.settle()
    assert used(city) == (1, 1)
    assert kinds(city) == []


# --- whose staff see it ----------------------------------------------------------------------------------------


def test_what_breaks_a_rule_off_line_is_on_the_list_of_the_home_and_of_the_branch(city: SmallCity) -> None:
    for number in range(1, 9):
        lend(city, HOME, city.card(HOME), city.item(HOME, number))
    deliver(city, LIAR, HOME, forced(city))
    city.settle()
    assert kinds(city) == kinds(city, LIAR) == ["no_block_quota"]


def test_a_place_of_which_nothing_was_known_counts_and_is_on_the_list_of_the_home(city: SmallCity) -> None:
    restored = PlaceRestored(
        *(new_op(), LIAR, 1, 1, city.today, 0), reader=f"{HOME}-reader-1", barcode=city.item(LIAR), title="书"
    )
    assert deliver(city, LIAR, HOME, restored)[0].taken
    assert used(city) == (1, 0)
    assert kinds(city) == ["place_only_told"]


# --- freed by staff --------------------------------------------------------------------------------------------


def test_what_staff_free_stays_free_whatever_its_owner_says_and_the_owner_is_told(city: SmallCity) -> None:
    question = held(city)
    assert isinstance(ask(city, LIAR, HOME, HOLD_PLACE, question), PlaceHeld)
    assert used(city) == (1, 0)
    assert free(city, question.op) == LIAR
    city.settle()
    assert kinds(city, LIAR) == ["place_freed"]
    again: list[Any] = [
        LoanSnapshot(question.op, LIAR, 1, 9, city.today, 0),
        PlaceRestored(question.op, LIAR, 2, 9, city.today, 0, f"{HOME}-reader-1", city.item(LIAR), "书"),
    ]
    for said in again:
        assert deliver(city, LIAR, HOME, said)[0].taken
    assert used(city) == (0, 0)
    assert kinds(city) == ["place_freed", "place_claimed_again"]
    assert free(city, question.op) is None


def test_a_hold_that_staff_end_stays_ended(city: SmallCity) -> None:
    said = snapshot(city)
    deliver(city, LIAR, HOME, said)
    assert (holds(city), free(city, said.hold)) == (1, LIAR)
    for version in (2, 3):
        assert deliver(city, LIAR, HOME, snapshot(city, said.hold, version))[0].taken
    assert holds(city) == 0
    assert kinds(city) == ["place_freed", "place_claimed_again"]


# --- how much --------------------------------------------------------------------------------------------------


def test_one_owner_has_so_many_places_and_holds_of_one_reader(city: SmallCity) -> None:
    taken = [deliver(city, LIAR, HOME, forced(city))[0].taken for _ in range(MOST_PLACES + 3)]
    assert taken.count(True) == used(city)[1] == MOST_PLACES
    taken = [deliver(city, LIAR, HOME, snapshot(city))[0].taken for _ in range(MOST_HOLDS + 3)]
    assert taken.count(True) == holds(city) == MOST_HOLDS
    assert kinds(city).count("many_places") == 1
    assert deliver(city, LIAR, HOME, forced(city, card=city.card(HOME, 2)))[0].taken


def test_a_card_with_a_large_quota_may_have_more(city: SmallCity) -> None:
    city[HOME].connection.execute("UPDATE card SET max_loans = 100")
    taken = [deliver(city, LIAR, HOME, forced(city))[0].taken for _ in range(MOST_PLACES + 10)]
    assert taken.count(True) == MOST_PLACES + 10


def test_a_hold_of_nobody_is_not_kept(city: SmallCity) -> None:
    assert deliver(city, LIAR, HOME, snapshot(city, reader="nobody"))[0].taken
    assert holds(city) == 0


# --- calls for our staff -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", StaffKind)
def test_another_library_calls_our_staff_only_for_what_it_can_know(city: SmallCity, kind: StaffKind) -> None:
    (receipt,) = deliver(city, LIAR, HOME, StaffCalled(new_op(), LIAR, HOME, kind, ""))
    assert receipt.taken is (kind in FROM_ELSEWHERE)
    assert kinds(city) == ([kind] if receipt.taken else [])


@pytest.mark.parametrize("kind", sorted(FROM_ELSEWHERE))
def test_no_call_of_another_library_keeps_our_own_off_the_list(city: SmallCity, kind: StaffKind) -> None:
    op = new_op()
    for library in (LIAR, OTHER):
        assert deliver(city, library, HOME, StaffCalled(op, library, HOME, kind, "theirs"))[0].taken
    city[HOME].store.run_now(lambda tx: call_staff(tx, kind, op=op, at_ms=1, barcode="ours"), "test")
    assert [barcode for _kind, barcode, _detail in city[HOME].exceptions()] == ["theirs", "theirs", "ours"]


def test_what_we_have_listed_ourselves_is_not_listed_again(city: SmallCity) -> None:
    op, kind = new_op(), StaffKind.NO_BLOCK_DATE
    city[HOME].store.run_now(lambda tx: call_staff(tx, kind, op=op, at_ms=1), "test")
    assert deliver(city, LIAR, HOME, StaffCalled(op, LIAR, HOME, kind, ""))[0].taken
    assert kinds(city) == [kind]
