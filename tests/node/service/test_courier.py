"""A lane of the courier pauses while its peer can't be reached; what was not taken waits by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed

from federation.contract import ItemQuestion, Notice, NotPermitted, PropertiesKept
from federation.methods import DELIVER, decode_notices
from node.storage.store import StoreUnavailable
from tests.node.service.errands import lend
from tests.node.service.members import new_op, owe
from tests.node.service.mishaps import hold_back, read_only_disk
from tests.node.service.older import goes_on_in_the_first_release
from tests.node.service.small_city import LAG_S, Node, SmallCity

HERE, PEER = "CQSPB", "CQBB"
LONGEST_PAUSE_S = 900 * 1.25
FIRST_PAUSE_S = 5 * 1.25


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


@pytest.fixture
def arrived(city: SmallCity) -> Counter[str]:
    """Under its op, how often each notice has come to the peer."""
    return count_arrivals(city)


def count_arrivals(city: SmallCity) -> Counter[str]:
    """From now on. (Whoever goes on in the first release later does so behind this.)"""
    arrived: Counter[str] = Counter()
    answer = city[PEER].core.answer

    def counting(caller: str, method: str, payload: bytes, left_s: float) -> Deferred[bytes]:
        if method == DELIVER:
            arrived.update(str(getattr(notice, "op", "")) for notice in decode_notices(payload)[1])
        return answer(caller, method, payload, left_s)

    city[PEER].core.answer = counting  # type: ignore[assignment]
    return arrived


def news(city: SmallCity, number: int = 9) -> PropertiesKept:
    """What the first release does not know."""
    return PropertiesKept(new_op(), city.item(PEER, number), HERE, city.wall_ms(), "缺页")


def tell(city: SmallCity, *notices: Notice) -> None:
    for notice in notices:
        owe(city, HERE, PEER, notice)
    city[HERE].core.courier.wake()
    city.run_for(0.5)


def takes_nothing_new(city: SmallCity) -> Callable[[], None]:
    """The peer does not take `PropertiesKept`, until the function that this gives is called."""
    local = city[PEER].core.local
    truly = local._take

    def take(tx: Any, notice: Any) -> Any:
        if isinstance(notice, PropertiesKept):
            return type(truly(tx, notice))(False, "not yet")
        return truly(tx, notice)

    local._take = take  # type: ignore[method-assign]
    return lambda: setattr(local, "_take", truly)


def lane(city: SmallCity) -> Any:
    return city[HERE].core.courier._lane(PEER)


def down_and_back(city: SmallCity) -> None:
    city.cut(HERE, PEER)
    desk = city.kiosk(HERE)
    for number in range(1, 4):
        desk.ask(desk.checkout(city.card(HERE), city.item(PEER, number)))
    assert not city[HERE].core.peers.is_up(PEER)
    city.heal()
    city.run_for(3.0)
    assert city[HERE].core.peers.is_up(PEER)


def test_what_is_not_taken_keeps_nothing_else_waiting(city: SmallCity) -> None:
    assert lend(city, HERE, city.card(PEER), city.item(HERE)).ok
    goes_on_in_the_first_release(city[PEER])
    tell(city, news(city))
    city.run_for(7200)
    desk = city.kiosk(HERE)
    assert desk.ask(desk.checkin(city.item(HERE))).ok
    city.run_for(0.1)
    assert city.places() == {}
    assert city.backlog() == {HERE: 1}


def test_it_is_tried_again_and_again_at_longer_and_longer_pauses(city: SmallCity, arrived: Counter[str]) -> None:
    upgrade = goes_on_in_the_first_release(city[PEER])
    notice = news(city)
    tell(city, notice)
    city.run_for(60)
    assert 3 <= sum(arrived.values()) <= 5
    city.run_for(7200)
    assert 13 <= sum(arrived.values()) <= 23
    upgrade()
    city.run_for(LONGEST_PAUSE_S + FIRST_PAUSE_S)
    assert city.backlog() == {}


def test_it_does_not_go_out_with_what_else_goes_out_meanwhile(city: SmallCity, arrived: Counter[str]) -> None:
    takes_nothing_new(city)
    old = [news(city, number) for number in range(1, 4)]
    tell(city, *old)
    city.run_for(3600)
    before = sum(arrived[notice.op] for notice in old)
    for number in range(4, 14):
        tell(city, news(city, number))
    assert sum(arrived[notice.op] for notice in old) - before <= len(old)
    assert len(arrived) == 13


def test_many_of_them_are_tried_in_few_batches_and_none_is_forgotten(city: SmallCity, arrived: Counter[str]) -> None:
    upgrade = takes_nothing_new(city)
    tell(city, *(news(city) for _ in range(500)))
    assert len(arrived) == 500
    city.run_for(3600)
    city.sent.clear()
    city.run_for(900)
    assert len(city.sent) <= 900 / 3.75 + 500 / 64
    upgrade()
    city.run_for(LONGEST_PAUSE_S + FIRST_PAUSE_S)
    assert city.backlog() == {}


def test_when_all_is_taken_nothing_is_planned_any_more(city: SmallCity) -> None:
    upgrade = takes_nothing_new(city)
    tell(city, news(city), news(city, 8))
    city.run_for(100)
    upgrade()
    city.run_for(LONGEST_PAUSE_S + FIRST_PAUSE_S)
    assert city.backlog() == {}
    assert city.clock.getDelayedCalls() == []


def test_what_was_acknowledged_meanwhile_is_not_waited_for(city: SmallCity) -> None:
    takes_nothing_new(city)
    tell(city, news(city))
    city[HERE].connection.execute("UPDATE outbox SET acked_at_ms = 1")
    city.run_for(3 * FIRST_PAUSE_S)
    assert city.clock.getDelayedCalls() == []


def test_a_peer_that_was_down_and_is_back_is_offered_again_what_it_did_not_take(city: SmallCity) -> None:
    upgrade = takes_nothing_new(city)
    tell(city, news(city))
    city.run_for(7200)
    upgrade()
    down_and_back(city)
    city.run_for(1.0)
    assert not city[HERE].column("SELECT id FROM outbox WHERE acked_at_ms IS NULL AND key LIKE 'PropertiesKept/%'")


def test_an_answer_after_one_that_was_lost_makes_the_rest_due_but_not_what_was_not_taken(
    city: SmallCity, arrived: Counter[str]
) -> None:
    takes_nothing_new(city)
    assert lend(city, HERE, city.card(PEER), city.item(HERE)).ok
    refused = news(city)
    tell(city, refused)
    city.run_for(7200)
    tried = arrived[refused.op]
    city.cut(HERE, PEER)
    desk = city.kiosk(HERE)
    assert desk.ask(desk.checkin(city.item(HERE))).ok
    city.run_for(1.0)
    assert lane(city).silent
    city.heal()
    city.wait_for(city[HERE].core.links.library(PEER).describe(ItemQuestion(city.item(PEER), HERE), 2.0))
    city.run_for(0.5)
    assert not lane(city).silent
    assert city.places() == {}
    assert arrived[refused.op] - tried <= 1


def test_a_peer_that_does_not_take_something_is_not_silent(city: SmallCity) -> None:
    takes_nothing_new(city)
    tell(city, news(city))
    assert not lane(city).silent
    city.cut(HERE, PEER)
    tell(city, news(city, 8))
    assert lane(city).silent


def not_permitted(_city: SmallCity) -> Deferred[bytes]:
    return fail(NotPermitted("the caller is no member of the federation"))


def unreadable(_city: SmallCity) -> Deferred[bytes]:
    return succeed(b"\xff\xff")


@pytest.mark.parametrize("refuse", [not_permitted, unreadable])
def test_a_peer_that_takes_no_delivery_at_all_is_not_silent_and_is_not_flooded(
    city: SmallCity, refuse: Callable[[SmallCity], Deferred[bytes]]
) -> None:
    core = city[PEER].core
    answer = core.answer

    def refusing(caller: str, method: str, payload: bytes, left_s: float) -> Deferred[bytes]:
        return refuse(city) if method == DELIVER else answer(caller, method, payload, left_s)

    core.answer = refusing  # type: ignore[assignment]
    tell(city, news(city))
    for _ in range(20):
        city.wait_for(city[HERE].core.links.library(PEER).describe(ItemQuestion(city.item(PEER), HERE), 2.0))
        city.run_for(0.5)
    assert not lane(city).silent
    assert sum(method == DELIVER for _, _, method in city.sent) <= 4
    core.answer = answer
    city.run_for(60)
    assert city.backlog() == {}


# --- what must not come after a question ---------------------------------------------------------------------------


def settles_after_s(city: SmallCity, within_s: float) -> float:
    """How long one waits who lets the courier deliver first."""
    began_s = city.clock.seconds()
    city.wait_for(city[HERE].core.courier.settle_first(PEER, within_s))
    return city.clock.seconds() - began_s


def test_who_lets_the_courier_deliver_first_goes_on_as_soon_as_it_is_delivered(city: SmallCity) -> None:
    owe(city, HERE, PEER, news(city))
    assert settles_after_s(city, 0.7) == pytest.approx(2 * LAG_S)
    assert city.backlog() == {}
    city.run_for(1.0)
    assert city.clock.getDelayedCalls() == []


def test_who_lets_the_courier_deliver_first_goes_on_when_that_takes_too_long(city: SmallCity) -> None:
    held = hold_back(city[PEER], "deliver")
    owe(city, HERE, PEER, news(city))
    assert settles_after_s(city, 0.7) == pytest.approx(0.7)
    held.let_go()
    city.run_for(1.0)
    assert city.backlog() == {}


def test_nobody_waits_for_the_courier_where_nothing_is_under_way(city: SmallCity) -> None:
    assert settles_after_s(city, 0.7) == 0


def test_nobody_waits_for_the_courier_at_a_silent_peer(city: SmallCity) -> None:
    city.cut(HERE, PEER)
    tell(city, news(city))
    city.run_until(lambda: bool(lane(city).silent and lane(city).busy))  # the second attempt
    assert settles_after_s(city, 0.7) == 0


# --- our own disk --------------------------------------------------------------------------------------------


def refuses_acknowledgements(node: Node) -> Callable[[], None]:
    """The disk, until the function that this gives is called."""
    store: Any = node.core.courier._store
    run = store.run

    def refusing(work: Any, name: str) -> Deferred[Any]:
        return fail(StoreUnavailable("disk full")) if name == "acknowledge" else run(work, name)

    store.run = refusing
    return lambda: setattr(store, "run", run)


def test_after_our_own_disk_was_full_the_outbox_is_empty_at_once(city: SmallCity, arrived: Counter[str]) -> None:
    works_again = refuses_acknowledgements(city[HERE])
    notice = news(city)
    tell(city, notice)
    city.run_for(3600)
    assert not lane(city).silent
    assert arrived[notice.op] <= 3600 / 3.75 + 1
    works_again()
    city.run_for(FIRST_PAUSE_S)
    assert city.backlog() == {}
    assert city.clock.getDelayedCalls() == []


def test_what_was_not_taken_hides_nothing_of_which_the_receipt_could_not_be_written(city: SmallCity) -> None:
    assert lend(city, HERE, city.card(PEER), city.item(HERE)).ok
    takes_nothing_new(city)
    tell(city, news(city))
    city.run_for(7200)
    desk = city.kiosk(HERE)
    city.cut(HERE, PEER)
    assert desk.ask(desk.checkin(city.item(HERE))).ok
    owe(city, HERE, PEER, news(city, 8))
    city.heal()
    with read_only_disk(city[HERE]):
        city.run_for(4 * FIRST_PAUSE_S)
        assert city.backlog() == {HERE: 3}
    city.run_for(FIRST_PAUSE_S)
    assert city.backlog() == {HERE: 2}
