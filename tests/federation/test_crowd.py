"""Who has a place at a listener, and who makes way when it is full."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from federation.crowd import TOO_MANY, TOO_MANY_OF_ADDRESS, Crowd, Places

ATTACKER, HONEST = "192.0.2.66", "192.0.2.1"


class Door:
    def __init__(self, most: int = 10, of_address: int = 4, **more: bool) -> None:
        self.places = Places(most, of_address, **more)
        self.shown_out: list[str] = []
        self.crowd: Crowd[str] = Crowd(lambda: self.places, self.shown_out.append)

    def fill(self, host: str, count: int) -> list[str]:
        guests = [f"{host} {number}" for number in range(count)]
        for guest in guests:
            assert self.crowd.enter(guest, host) == ""
        return guests


def test_the_oldest_silent_one_of_the_same_address_makes_way() -> None:
    door = Door()
    first, second, *_ = door.fill(ATTACKER, 4)
    honest = door.fill(HONEST, 4)
    assert door.crowd.enter("a", ATTACKER) == ""
    assert door.crowd.enter("b", ATTACKER) == ""
    assert door.shown_out == [first, second]
    assert set(honest) < set(door.crowd.guests())


def test_who_is_known_keeps_its_place_and_the_next_of_that_address_is_refused() -> None:
    door = Door()
    for guest in door.fill(HONEST, 4):
        door.crowd.know(guest)
    assert door.crowd.enter("a", HONEST) == TOO_MANY_OF_ADDRESS
    assert door.shown_out == []


def test_many_that_are_known_and_free_may_share_an_address() -> None:
    door = Door(most=50)
    for number in range(40):
        assert door.crowd.enter(str(number), HONEST) == ""
        door.crowd.know(str(number), free=True)
    assert door.shown_out == []


def test_who_is_known_no_more_counts_again_and_may_have_to_make_way() -> None:
    door = Door()
    guests = door.fill(HONEST, 4)
    for guest in guests:
        door.crowd.know(guest, free=True)
    door.crowd.know_no_more(guests[2])
    more = [door.crowd.enter(name, HONEST) for name in "abcd"]
    assert more == ["", "", "", ""]
    assert door.shown_out == [guests[2]]


def test_when_all_places_are_taken_the_address_with_most_silent_ones_gives_one() -> None:
    door = Door(most=6, of_address=4)
    quiet = door.fill("192.0.2.2", 2)
    first, *_ = door.fill(ATTACKER, 4)
    assert door.crowd.enter("new", HONEST) == ""
    assert door.shown_out == [first]
    assert set(quiet) < set(door.crowd.guests())


def test_when_all_are_known_the_next_one_is_refused_and_a_place_that_is_left_is_given_again() -> None:
    door = Door(most=2)
    one, two = door.fill(HONEST, 2)
    door.crowd.know(one)
    door.crowd.know(two)
    assert door.crowd.enter("new", "192.0.2.9") == TOO_MANY
    assert door.crowd.leave(one)
    assert not door.crowd.leave(one)
    assert door.crowd.enter("new", "192.0.2.9") == ""


def test_an_address_that_does_not_make_way_is_refused_and_one_without_a_limit_is_not() -> None:
    door = Door(address_makes_way=False)
    door.fill(ATTACKER, 4)
    assert door.crowd.enter("a", ATTACKER) == TOO_MANY_OF_ADDRESS
    assert door.crowd.enter("b", ATTACKER, limited=False) == ""
    assert door.shown_out == []


STEPS = st.lists(
    st.tuples(st.sampled_from(("enter", "know", "free", "no_more", "leave")), st.integers(0, 9), st.integers(0, 2)),
    max_size=80,
)


@given(STEPS, st.integers(1, 6), st.integers(1, 4))
def test_whatever_happens_the_limits_hold_and_nothing_is_left_behind(
    steps: list[tuple[str, int, int]], most: int, of_address: int
) -> None:
    door = Door(most, of_address)
    known: set[str] = set()
    for what, number, host in steps:
        guest = f"{host} {number}"
        if what == "enter" and guest not in door.crowd.guests():
            door.crowd.enter(guest, str(host))
            assert not known & set(door.shown_out)
            door.shown_out.clear()
        elif what in ("know", "free"):
            door.crowd.know(guest, free=what == "free")
            known |= {guest} & set(door.crowd.guests())
        elif what == "no_more":
            door.crowd.know_no_more(guest)
            known.discard(guest)
        elif what == "leave":
            door.crowd.leave(guest)
            known.discard(guest)
        assert len(door.crowd) <= most
    for guest in door.crowd.guests():
        door.crowd.leave(guest)
    assert (door.crowd._counted, door.crowd._free, door.crowd._unknown) == ({}, set(), {})
