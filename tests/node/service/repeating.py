"""A kiosk that repeats itself, in every combination of branch, home and owner."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sip2 import SipDate
from tests.node.service.kiosks import Kiosk
from tests.node.service.small_city import SmallCity

BRANCH = "CQBB"
ROLES = {
    "all one": ("CQBB", "CQBB"),
    "home elsewhere": ("CQSPB", "CQBB"),
    "owner elsewhere": ("CQBB", "CQCQ"),
    "both at another": ("CQSPB", "CQSPB"),
    "all different": ("CQSPB", "CQCQ"),
}
STUCK = SipDate("20010101    000000")


class Case:
    def __init__(self, roles: str = "all one") -> None:
        self.home, self.owner = ROLES[roles]
        self.city = SmallCity()
        self.kiosk: Kiosk = self.city.kiosk(BRANCH)
        self.card, self.item = self.city.card(self.home), self.city.item(self.owner)

    def lend(self, **fields: Any) -> Any:
        return self.kiosk.ask(self.kiosk.checkout(self.card, self.item, **fields))

    def take_back(self, **fields: Any) -> Any:
        return self.kiosk.ask(self.kiosk.checkin(self.item, **fields))

    def renew(self, **fields: Any) -> Any:
        return self.kiosk.ask(self.kiosk.renew(self.card, self.item, **fields))

    def pay(self, amount: str, **fields: Any) -> Any:
        return self.kiosk.ask(self.kiosk.pay(self.card, amount, **fields))

    def owe(self, days_late: int = 10) -> None:
        """0.20 yuan for each day."""
        assert self.lend().ok
        self.city.pass_days(30 + days_late)
        assert self.take_back().ok
        self.city.settle()

    def count(self, library: str, what: str) -> int:
        return int(self.city[library].column(f"SELECT count(*) FROM {what}")[0])

    def paid_fen(self) -> list[int]:
        return self.city[BRANCH].column("SELECT amount_fen FROM payment ORDER BY at_ms, pay_key")


def but_for_the_date(answer: Any) -> Any:
    return replace(answer, transaction_date=STUCK)


def same(answers: list[Any]) -> Any:
    assert all(answer == answers[0] for answer in answers)
    return answers[0]
