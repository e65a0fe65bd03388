"""What rides on a question: first what is about its item or its card, then the oldest, in the order it was written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import pytest

from federation.contract import FineSnapshot, Notice, PropertiesKept, ReleasePlace
from federation.wire import NOTICE_TYPES
from node.service.delivery.courier import CARRIED, carried_notices
from node.service.delivery.differences import Differences
from sip2 import Message
from tests.federation.said import SAID
from tests.node.service.errands import lend, take_back
from tests.node.service.members import new_op, owe
from tests.node.service.small_city import SmallCity

HERE, PEER, THIRD = "CQSPB", "CQBB", "CQCQ"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def news(city: SmallCity, number: int) -> PropertiesKept:
    return PropertiesKept(new_op(), city.item(PEER, number), HERE, city.wall_ms(), "缺页")


def much_waits(city: SmallCity, peer: str = PEER) -> list[Notice]:
    """More than one question carries, and none of it about what is asked in these tests."""
    waits: list[Notice] = [news(city, 9) for _ in range(CARRIED + 8)]
    for notice in waits:
        owe(city, HERE, peer, notice)
    return waits


def carried(city: SmallCity, peer: str = PEER, **about: str) -> Sequence[Notice]:
    return city[HERE].read(lambda tx: carried_notices(tx, peer, **about))


def snapshot(city: SmallCity, reader: str) -> FineSnapshot:
    return FineSnapshot(f"fine of {reader}", HERE, 1, 2, reader, city.item(HERE), "t", city.today, 200, 200)


def test_the_next_reader_of_an_item_that_came_in_here_gets_it_however_much_else_waits(city: SmallCity) -> None:
    assert lend(city, HERE, city.card(HERE), city.item(PEER)).ok
    city.pass_minutes(2)
    city.cut(HERE, PEER)
    much_waits(city)
    desk = city.kiosk(HERE)
    assert desk.ask(desk.checkin(city.item(PEER))).ok
    city.heal()
    assert desk.ask(desk.checkout(city.card(HERE, 2), city.item(PEER))).ok


def test_what_is_about_the_item_takes_the_place_of_the_newest_and_keeps_its_own(city: SmallCity) -> None:
    waits = much_waits(city)
    late = [news(city, 1), news(city, 1)]
    for notice in late:
        owe(city, HERE, PEER, notice)
    assert carried(city) == tuple(waits[:CARRIED])
    assert carried(city, item=city.item(PEER)) == (*waits[: CARRIED - 2], *late)
    assert carried(city, item=city.item(PEER, 9)) == tuple(waits[:CARRIED])
    assert carried(city, item=city.item(PEER, 2)) == tuple(waits[:CARRIED])


def test_what_fits_is_carried_whole_whatever_it_is_about(city: SmallCity) -> None:
    waits = [news(city, number) for number in (3, 1, 2)]
    for notice in waits:
        owe(city, HERE, PEER, notice)
    assert carried(city, item=city.item(PEER)) == tuple(waits)


def test_what_is_about_a_card_that_was_seen_here_is_carried_on_a_question_about_that_card(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    assert desk.ask(desk.information(city.card(PEER), 2)).valid_patron
    much_waits(city)
    for reader in ("somebody else", f"{PEER}-reader-1"):
        owe(city, HERE, PEER, snapshot(city, reader))
    digest = city[HERE].core.desk.branch.memory.card_digest(city.card(PEER))
    told = carried(city, card_digest=digest)
    assert [notice.reader for notice in told if isinstance(notice, FineSnapshot)] == [f"{PEER}-reader-1"]


def test_a_place_is_freed_first_where_the_same_reader_borrows_again(city: SmallCity) -> None:
    """The owner asks the home; the release names nothing but its loan."""
    desk = city.kiosk(HERE)
    for number in (1, 2):
        assert lend(city, HERE, city.card(PEER), city.item(HERE, number)).ok
    city.pass_minutes(2)
    city.cut(HERE, PEER)
    much_waits(city)
    assert desk.ask(desk.checkin(city.item(HERE))).ok
    digest = city[HERE].core.desk.branch.memory.card_digest(city.card(PEER))
    for about in ({"card_digest": digest}, {"item": city.item(HERE)}, {"item": city.item(HERE, 2)}):
        assert any(isinstance(notice, ReleasePlace) for notice in carried(city, **about)), about
    assert not any(isinstance(notice, ReleasePlace) for notice in carried(city, item=city.item(HERE, 3)))


def test_the_release_of_what_never_became_a_loan_is_about_its_item(city: SmallCity) -> None:
    city.cut(HERE, PEER)
    desk = city.kiosk(HERE)
    assert not desk.ask(desk.checkout(city.card(PEER), city.item(HERE))).ok
    (about,) = city[HERE].connection.execute("SELECT barcode, reader FROM outbox WHERE key LIKE 'ReleasePlace/%'")
    assert tuple(about) == (city.item(HERE), None)


def test_what_the_comparison_tells_again_is_found_as_well(city: SmallCity) -> None:
    assert lend(city, HERE, city.card(PEER), city.item(HERE)).ok
    (op,) = city.loans()
    city.pass_minutes(2)
    assert take_back(city, HERE, city.item(HERE)).ok
    node = city[HERE]
    again = Differences(node.core.books, city.wall_ms)
    node.store.run_now(lambda tx: again._tell_again(tx, PEER, ReleasePlace(op, HERE)), "test")
    rows = node.connection.execute("SELECT barcode, reader FROM outbox WHERE key LIKE 'ReleasePlace/%/again/%'")
    assert [tuple(row) for row in rows] == [(city.item(HERE), f"{PEER}-reader-1")]


CARDS = [kind for kind in NOTICE_TYPES if any(field.name == "card" for field in fields(kind))]


@pytest.mark.parametrize("kind", CARDS)
def test_no_number_of_a_card_stands_beside_the_message(city: SmallCity, kind: Any) -> None:
    notice = SAID[kind](HERE)
    owe(city, HERE, THIRD, notice)
    ((barcode, reader, key),) = city[HERE].connection.execute("SELECT barcode, reader, key FROM outbox")
    assert not [text for text in (barcode, reader, key) if text and notice.card in text]


def test_every_question_about_an_item_carries_what_is_about_it(city: SmallCity) -> None:
    """Of the branch to the owner: renewal, checkout, hold, and whether properties were kept."""
    assert lend(city, HERE, city.card(HERE), city.item(PEER)).ok
    asked: list[Any] = []
    local: Any = city[PEER].core.local

    def noting(truly: Callable[..., Any]) -> Callable[..., Any]:
        def ask(question: Any, left_s: float) -> Any:
            asked.append(question)
            return truly(question, left_s)

        return ask

    for name in ("checkout", "renew", "hold", "describe"):
        setattr(local, name, noting(getattr(local, name)))
    city.pass_days(1)
    desk = city.kiosk(HERE, "staff")
    requests: list[Callable[[], Message]] = [
        lambda: desk.renew(city.card(HERE), city.item(PEER)),
        lambda: desk.checkout(city.card(HERE), city.item(PEER)),
        lambda: desk.hold("+", city.card(HERE, 2), city.item(PEER)),
        lambda: desk.properties(city.item(PEER), "缺页"),
    ]
    for request in requests:
        city.cut(HERE, PEER)
        much_waits(city)
        late = news(city, 1)
        owe(city, HERE, PEER, late)
        city.heal()
        asked.clear()
        desk.ask(request())
        assert late in asked[0].carried, type(asked[0])
        city.settle()


def test_no_more_is_carried_than_may_be_however_much_is_about_the_item(city: SmallCity) -> None:
    waits = [news(city, 1) for _ in range(CARRIED + 5)]
    for notice in waits:
        owe(city, HERE, PEER, notice)
    assert carried(city, item=city.item(PEER)) == tuple(waits[:CARRIED])
