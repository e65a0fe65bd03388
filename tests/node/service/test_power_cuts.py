"""Whichever commit is a library's last, at whichever library: what the kiosk is told in the end is what the books say.

Every message that changes something, for every way in which branch, home and owner may coincide; the power is cut
before and after each commit in turn, the node starts again, and the kiosk sends the same bytes again.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.node.service.kiosks import Kiosk, read
from tests.node.service.mishaps import AFTER, BEFORE, cut_power
from tests.node.service.small_city import SmallCity

BRANCH = "CQBB"
# home of the card, owner of the item
ROLES = {
    "all one": ("CQBB", "CQBB"),
    "home elsewhere": ("CQSPB", "CQBB"),
    "owner elsewhere": ("CQBB", "CQCQ"),
    "both at another": ("CQSPB", "CQSPB"),
    "all different": ("CQSPB", "CQCQ"),
}
MOST_COMMITS = 12


class Case:
    """A city in which the message is about to be sent."""

    def __init__(self, message: str, roles: str) -> None:
        self.message = message
        self.home, self.owner = ROLES[roles]
        self.city = SmallCity()
        self.kiosk: Kiosk = self.city.kiosk(BRANCH)
        self.card, self.item = self.city.card(self.home), self.city.item(self.owner)
        prepare = {"11": self._lend, "09": self._take_back, "29": self._renew, "37": self._pay}
        self.data = self.kiosk.bytes_of(prepare[message]())
        self.said_at_ms = self.city.wall_ms()

    def _lend(self) -> Any:
        return self.kiosk.checkout(self.card, self.item)

    def _take_back(self) -> Any:
        assert self.kiosk.ask(self._lend()).ok
        self.city.pass_days(33)
        return self.kiosk.checkin(self.item)

    def _renew(self) -> Any:
        assert self.kiosk.ask(self._lend()).ok
        self.city.pass_days(3)
        return self.kiosk.renew(self.card, self.item)

    def _pay(self) -> Any:
        assert self.kiosk.ask(self._take_back()).ok
        self.city.settle()
        return self.kiosk.pay(self.card, "0.40", transaction_id="BK-1")

    def say(self) -> None:
        self.kiosk.say(self.data)

    def heard(self) -> bool:
        return self.kiosk.heard().endswith(b"\r")

    def again(self) -> Any:
        self.kiosk.connect()
        return read(self.kiosk.send(self.data))

    def column(self, library: str, sql: str) -> list[Any]:
        return self.city[library].column(sql)

    def check(self, answer: Any) -> None:
        """The books are settled and say what was told."""
        self.city.check()
        if self.message == "11":
            assert answer.ok == (self.item in self.city.loans().values())
        elif self.message == "09":
            assert answer.ok
            assert self.city.loans() == {}
            (closed_at_ms,) = self.column(self.owner, "SELECT closed_at_ms FROM loan")
            assert 0 <= closed_at_ms - self.said_at_ms < 10_000
            assert self.column(BRANCH, "SELECT amount_fen FROM fine") == [60]
            assert self.column(self.home, "SELECT amount_fen FROM fine_mirror") == [60]
        elif self.message == "29":
            assert self.column(self.owner, "SELECT renewals FROM loan") == [int(answer.ok)]
            assert self.column(self.home, "SELECT renewals FROM place") == [int(answer.ok)]
        else:
            assert answer.payment_accepted
            assert self.column(BRANCH, "SELECT paid_fen FROM fine") == [40]
            assert self.column(BRANCH, "SELECT amount_fen FROM payment") == [40]
            assert self.column(self.home, "SELECT paid_fen FROM fine_mirror") == [40]


def victims(message: str, roles: str) -> list[str]:
    home, owner = ROLES[roles]
    return list(dict.fromkeys((BRANCH, owner, home)))


CASES = [
    pytest.param(message, roles, victim, id=f"{message}, {roles}, {victim} dies")
    for message in ("11", "09", "29", "37")
    for roles in ROLES
    for victim in victims(message, roles)
]


@pytest.mark.parametrize("moment", [BEFORE, AFTER])
@pytest.mark.parametrize(("message", "roles", "victim"), CASES)
def test_a_power_cut_at_any_commit(message: str, roles: str, victim: str, moment: str) -> None:
    for nth in range(1, MOST_COMMITS):
        case = Case(message, roles)
        cut = cut_power(case.city[victim], moment, nth=nth)
        case.say()
        case.city.run_until(lambda cut=cut, case=case: cut.happened() or case.heard())
        if not cut.happened():
            return
        case.city.restart(victim)
        if victim == BRANCH:
            told = case.again()
        else:
            case.city.run_until(case.heard)
            told = read(case.kiosk.heard())
        case.check(told)
        assert case.again() == told
    raise AssertionError(f"more than {MOST_COMMITS} commits for one message")
