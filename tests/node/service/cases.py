"""Every message that changes something, for every way in which branch, home and owner may coincide."""

from __future__ import annotations

from typing import Any

from tests.node.service.kiosks import Kiosk, read
from tests.node.service.small_city import SmallCity

BRANCH = "CQBB"
MESSAGES = ("11", "09", "29", "37")
# home of the card, owner of the item
ROLES = {
    "all one": ("CQBB", "CQBB"),
    "home elsewhere": ("CQSPB", "CQBB"),
    "owner elsewhere": ("CQBB", "CQCQ"),
    "both at another": ("CQSPB", "CQSPB"),
    "all different": ("CQSPB", "CQCQ"),
}


class Case:
    """A city in which the message is about to be sent: a loan, a late return, a renewal, or a payment."""

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
