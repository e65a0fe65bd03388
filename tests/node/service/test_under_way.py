"""Whoever asks for what is under way joins it, and hears the same."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred

from node.service.under_way import UnderWay


class Work:
    """What is done, once."""

    def __init__(self) -> None:
        self.began = 0
        self.result: Deferred[str] = Deferred()

    async def do(self) -> str:
        self.began += 1
        return await self.result


@pytest.fixture
def under_way() -> UnderWay[str, str]:
    return UnderWay()


def test_it_is_done_once_and_everybody_hears_the_same_the_leader_first(under_way: UnderWay[str, str]) -> None:
    work, heard = Work(), list[str]()
    under_way.lead("op", work.do()).addCallback(lambda found: heard.append(f"leader: {found}"))
    under_way.join("op").addCallback(lambda found: heard.append(f"joined: {found}"))
    assert "op" in under_way
    assert list(under_way) == ["op"]
    work.result.callback("lent")
    assert (work.began, heard) == (1, ["leader: lent", "joined: lent"])
    assert "op" not in under_way
    assert len(under_way) == 0


def test_what_has_ended_is_no_longer_under_way_when_it_is_heard(under_way: UnderWay[str, str]) -> None:
    work, seen = Work(), list[bool]()
    under_way.lead("op", work.do()).addCallback(lambda _found: seen.append("op" in under_way))
    work.result.callback("lent")
    assert seen == [False]


def test_an_accident_is_told_to_everybody(under_way: UnderWay[str, str]) -> None:
    work = Work()
    asked = [under_way.lead("op", work.do()), under_way.join("op")]
    work.result.errback(ValueError("an accident"))
    for each in asked:
        failures: list[object] = []
        each.addErrback(failures.append)
        assert len(failures) == 1


def test_whoever_gives_up_ends_it_for_nobody(under_way: UnderWay[str, str]) -> None:
    work, heard = Work(), list[str]()
    under_way.lead("op", work.do()).addErrback(lambda _cancelled: None).cancel()
    under_way.join("op").addCallback(heard.append)
    work.result.callback("lent")
    assert heard == ["lent"]


def test_work_that_ends_at_once_needs_no_waiting(under_way: UnderWay[str, str]) -> None:
    work = Work()
    work.result.callback("lent")
    assert under_way.lead("op", work.do()).called
    assert "op" not in under_way


def test_nobody_joins_what_is_not_under_way(under_way: UnderWay[str, str]) -> None:
    with pytest.raises(KeyError):
        under_way.join("op")
