"""Whichever commit is a library's last, at whichever library: what the kiosk is told in the end is what the books say.

Every message that changes something, for every way in which branch, home and owner may coincide; the power is cut
before and after each commit in turn, the node starts again, and the kiosk sends the same bytes again.
"""

from __future__ import annotations

from functools import partial

import pytest

from tests.node.service.cases import BRANCH, MESSAGES, ROLES, Case
from tests.node.service.kiosks import read
from tests.node.service.mishaps import AFTER, BEFORE, Cut, cut_power

MOST_COMMITS = 12


def victims(message: str, roles: str) -> list[str]:
    home, owner = ROLES[roles]
    return list(dict.fromkeys((BRANCH, owner, home)))


CASES = [
    pytest.param(message, roles, victim, id=f"{message}, {roles}, {victim} dies")
    for message in MESSAGES
    for roles in ROLES
    for victim in victims(message, roles)
]


def is_over(cut: Cut, case: Case) -> bool:
    return cut.happened() or bool(case.heard())


@pytest.mark.parametrize("moment", [BEFORE, AFTER])
@pytest.mark.parametrize(("message", "roles", "victim"), CASES)
def test_a_power_cut_at_any_commit(message: str, roles: str, victim: str, moment: str) -> None:
    for nth in range(1, MOST_COMMITS):
        case = Case(message, roles)
        cut = cut_power(case.city[victim], moment, nth=nth)
        case.say()
        case.city.run_until(partial(is_over, cut, case))
        if not cut.happened():
            return
        case.city.restart(victim)
        if victim == BRANCH:
            told = case.again()
        else:
            case.city.run_until(case.heard)
            told = read(case.kiosk.heard())
        case.check(told)
        again = case.again()
        # of a return that was only accepted, its owner says more once it can be asked
        assert again == told or (message == "09" and again.ok and told.ok)
    raise AssertionError(f"more than {MOST_COMMITS} commits for one message")
