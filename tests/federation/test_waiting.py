"""Waiting until it is quiet, or for so long at most."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock

from federation.waiting import Quiet, all_of, at_most


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_whoever_asks_while_nothing_goes_on_need_not_wait() -> None:
    quiet = Quiet()
    assert quiet.after(0).called
    assert not quiet


def test_all_who_wait_go_on_in_the_order_in_which_they_came() -> None:
    quiet, heard = Quiet(), list[str]()
    for name in ("first", "second"):
        quiet.after(True).addCallback(lambda _none, name: heard.append(name), name)
    assert quiet
    quiet.reached()
    assert heard == ["first", "second"]
    assert not quiet


def test_whoever_begins_to_wait_as_it_becomes_quiet_waits_for_the_next_time() -> None:
    quiet, later = Quiet(), list[Deferred[None]]()
    quiet.after(True).addCallback(lambda _none: later.append(quiet.after(True)))
    quiet.reached()
    assert not later[0].called
    quiet.reached()
    assert later[0].called


def test_work_that_ends_in_time_leaves_no_timer(clock: Clock) -> None:
    work: Deferred[str] = Deferred()
    waited = at_most(clock, work, 2.0)
    work.callback("done")
    assert waited.called
    assert clock.getDelayedCalls() == []


def test_an_accident_ends_the_waiting_as_well(clock: Clock) -> None:
    assert at_most(clock, fail(ValueError("an accident")), 2.0).called
    assert clock.getDelayedCalls() == []


def test_nobody_waits_longer_than_that_and_the_work_goes_on(clock: Clock) -> None:
    ended: list[str] = []
    work: Deferred[str] = Deferred()
    waited = at_most(clock, work, 2.0)
    clock.advance(1.9)
    assert not waited.called
    clock.advance(0.1)
    assert waited.called
    work.addCallback(ended.append)
    work.callback("done")
    assert waited.called


def test_whoever_gives_up_waiting_disturbs_neither_the_work_nor_the_timer(clock: Clock) -> None:
    work: Deferred[str] = Deferred()
    waited = at_most(clock, work, 2.0).addErrback(lambda _cancelled: None)
    waited.cancel()
    work.callback("done")
    assert clock.getDelayedCalls() == []


def test_several_are_waited_for_together() -> None:
    works: list[Deferred[None]] = [Deferred(), Deferred()]
    waited = all_of(works)
    works[1].callback(None)
    assert not waited.called
    works[0].callback(None)
    assert waited.called
    assert all_of(()).called
