"""A library joins the federation, or leaves it, while a node serves."""

from __future__ import annotations

import pytest

from federation.directory import Directory
from federation.peers import PeerView
from tests.node.service.small_city import SmallCity

BRANCH, OWNER = "CQBB", "CQCQ"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def test_a_library_that_leaves_is_not_asked_and_one_that_joins_is_lent_from_at_once(city: SmallCity) -> None:
    core = city[BRANCH].core
    desk = city.kiosk(BRANCH)
    everybody = Directory(core.plan.directory.libraries, core.plan.directory.groups)
    without = Directory([each for each in everybody.libraries if each.code != OWNER], everybody.groups)
    core.plan.directory.follow(without)
    assert core.links.follow(without.codes) == ([], [OWNER])
    assert OWNER not in core.plan.directory.codes
    assert not desk.ask(desk.checkout(city.card(BRANCH), city.item(OWNER))).ok
    core.plan.directory.follow(everybody)
    assert core.links.follow(everybody.codes) == ([OWNER], [])
    assert core.links.follow(everybody.codes) == ([], [])
    assert core.plan.directory.codes == everybody.codes
    assert desk.ask(desk.checkout(city.card(BRANCH), city.item(OWNER, 2))).ok
    city.check()


def test_of_a_library_that_left_nothing_is_known(city: SmallCity) -> None:
    core = city[BRANCH].core
    core.peers.failed(OWNER)
    core.peers.forget(OWNER)
    assert core.peers.view(OWNER) == PeerView(True, None, None, None, None)


def test_the_members_that_are_held_on_to_are_those_of_now(city: SmallCity) -> None:
    directory = Directory(city[BRANCH].core.plan.directory.libraries, city[BRANCH].core.plan.directory.groups)
    members = directory.members
    directory.follow(Directory(directory.libraries[:1], directory.groups))
    assert list(members) == [directory.libraries[0].code]
