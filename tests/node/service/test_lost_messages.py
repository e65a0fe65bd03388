"""Whichever message between libraries is lost, late or doubled: what the kiosk is told is what the books say.

Each message of an operation in turn: its question never arrives, its answer never arrives, it arrives only when all
is over, it arrives twice; once, or from there on until the kiosk has its answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from tests.node.service.cases import BRANCH, MESSAGES, ROLES, Case
from tests.node.service.kiosks import read
from tests.node.service.small_city import SmallCity

MOST_MESSAGES = 30
ANSWER_WITHIN_S = 4.0
FAULTS = ("question lost", "answer lost", "late", "twice")


class Weather:
    """The `nth` message of the city and, if `on`, all that follow, meet the fault until `clear`."""

    def __init__(self, city: SmallCity, fault: str, nth: int, on: bool) -> None:
        self._fault, self._nth, self._on = fault, nth, on
        self._seen = 0
        self._late: list[Callable[[], Any]] = []
        self._cleared = False
        self.met = False
        for node in city.nodes.values():
            core: Any = node.core
            core.answer = self._over(core.answer)

    def _over(self, answer: Callable[..., Deferred[bytes]]) -> Callable[..., Deferred[bytes]]:
        def arrive(*message: Any) -> Deferred[bytes]:
            self._seen += 1
            hit = self._seen == self._nth or (self._on and self._seen > self._nth)
            if not hit or self._cleared:
                return answer(*message)
            self.met = True
            return self._meet(lambda: answer(*message))

        return arrive

    def _meet(self, arrive: Callable[[], Deferred[bytes]]) -> Deferred[bytes]:
        if self._fault == "twice":
            arrive()
            return arrive()
        if self._fault == "answer lost":
            arrive()
        if self._fault == "late":
            self._late.append(arrive)
        return Deferred()

    def clear(self) -> None:
        self._cleared = True

    def let_in(self) -> None:
        """What was late arrives, the last first."""
        for arrive in reversed(self._late):
            arrive()


@pytest.mark.parametrize("on", [False, True], ids=["once", "from there on"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("roles", [roles for roles in ROLES if roles != "all one"])
@pytest.mark.parametrize("message", MESSAGES)
def test_whatever_happens_to_a_message(message: str, roles: str, fault: str, on: bool) -> None:
    for nth in range(1, MOST_MESSAGES):
        case = Case(message, roles)
        case.city.settle()
        weather = Weather(case.city, fault, nth, on)
        began_s = case.city.clock.seconds()
        case.say()
        case.city.run_until(case.heard)
        assert case.city.clock.seconds() - began_s <= ANSWER_WITHIN_S
        told = read(case.kiosk.heard())
        case.city.run_for(3.0)
        if not weather.met:
            silent = message == "37" and roles == "owner elsewhere"  # a payment by an own card asks nobody
            assert nth > 1 or silent
            return
        weather.clear()
        case.city.settle()
        weather.let_in()
        if message == "37" and not told.payment_accepted:
            assert case.column(BRANCH, "SELECT pay_key FROM payment") == []  # the home was out of reach: nothing taken
        else:
            case.check(told)
        again = case.again()
        # of a return that was only accepted, its owner says more once it can be asked
        assert again == told or (message == "09" and again.ok and told.ok)
    raise AssertionError(f"more than {MOST_MESSAGES} messages for one operation")
