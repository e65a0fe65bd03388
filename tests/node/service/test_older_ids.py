"""The program is upgraded between a kiosk's request and its repeat: the request is found by the id that it had."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from node.service.desk import ids
from node.storage import meta
from tests.node.service.mishaps import screen
from tests.node.service.repeating import BRANCH, ROLES, Case, but_for_the_date


@pytest.fixture(params=list(ROLES))
def case(request: Any, monkeypatch: pytest.MonkeyPatch) -> Case:
    """An older program runs."""
    monkeypatch.setattr(ids, "asked", lambda _date, text: ids.undated(text))
    return Case(request.param)


def upgrade(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The branch is started again with today's program. An older one has not noted up to where its ids go."""
    monkeypatch.undo()
    case.city.run_for(1.0)
    case.city[BRANCH].connection.execute("DELETE FROM meta WHERE name = ?", (meta._OLDER_IDS_TO,))
    case.city.restart(BRANCH)
    case.kiosk.connect()


@pytest.mark.parametrize("no_block", [False, True], ids=["on line", "off line"])
def test_a_checkout_is_answered_as_before(case: Case, no_block: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    request = case.kiosk.checkout(case.card, case.item, no_block=no_block)
    before = case.kiosk.ask(request)
    upgrade(case, monkeypatch)
    assert but_for_the_date(case.kiosk.ask(request)) == but_for_the_date(before)
    case.city.settle()
    assert case.count(BRANCH, "kiosk_op") == case.count(case.owner, "loan") == 1
    case.city.check()


@pytest.mark.parametrize("no_block", [False, True], ids=["on line", "off line"])
def test_a_return_is_answered_as_before(case: Case, no_block: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    case.lend()
    case.city.pass_days(33)
    request = case.kiosk.checkin(case.item, no_block=no_block)
    before = case.kiosk.ask(request)
    upgrade(case, monkeypatch)
    assert screen(case.kiosk.ask(request)) == screen(before)
    case.city.settle()
    assert case.count(BRANCH, "fine") == 1
    case.city.check()


def test_what_was_done_on_line_and_is_told_off_line_is_the_same(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    request = case.kiosk.checkout(case.card, case.item)
    assert case.kiosk.ask(request).ok
    upgrade(case, monkeypatch)
    assert case.kiosk.ask(replace(request, no_block=True)).ok
    case.city.settle()
    assert case.count(case.owner, "loan") == 1
    case.city.check()


def test_a_new_database_has_no_older_ids_and_an_old_one_until_they_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = Case()
    assert case.lend().ok
    case.city.restart(BRANCH)
    assert not case.city[BRANCH].identity.older_ids
    upgrade(case, monkeypatch)
    assert case.city[BRANCH].identity.older_ids
    case.city[BRANCH].connection.execute("DELETE FROM kiosk_op")
    case.city.restart(BRANCH)
    assert not case.city[BRANCH].identity.older_ids
