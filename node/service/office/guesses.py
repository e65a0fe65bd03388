"""Guesses at passwords and codes of accounts made slow, without keeping their owners out.

Promises:

* Who signed in on a device before (`devices.py`) is counted on that device alone: nobody else's guesses slow them.
* Elsewhere a guess makes its account wait at that address. What an address guesses at other accounts only puts it
  behind the others in the line for checks, so a school behind one address is not slowed.
* Guesses at one account from very many addresses make the account wait on new devices, never on known ones.
* A right password costs nothing, and gives back what was mistyped before.

Memory is bounded. The clock is passed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from federation.clock import Clock
from node.service.budget import Allowance, Budgets

__all__ = ["CODES", "PASSWORDS", "GuessAlarm", "Guesses", "Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """From where somebody tries. `device` "": one on which that account has never signed in."""

    address: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class GuessLimits:
    """Wrong ones of an account at one place, and of an account over all new devices."""

    at_place: Allowance
    of_account: Allowance


PASSWORDS: Final = GuessLimits(Allowance(burst=6, every_s=20.0), Allowance(burst=200, every_s=30.0))
CODES: Final = GuessLimits(Allowance(burst=5, every_s=60.0), Allowance(burst=20, every_s=300.0))
"""A code has a million values, three of which are right. Whoever guesses codes knows the password."""
UNUSUAL: Final = Allowance(burst=50, every_s=72.0)
"""Wrong ones of one account that nobody mistypes: fifty within an hour, over all places."""
WRONG_AT_ADDRESS: Final = Allowance(burst=60, every_s=10.0)


class Guesses:
    """Of one kind of secret."""

    def __init__(self, clock: Clock, limits: GuessLimits) -> None:
        self._places = Budgets(clock, limits.at_place)
        self._accounts = Budgets(clock, limits.of_account)
        self._addresses = Budgets(clock, WRONG_AT_ADDRESS)

    def admits(self, login: str, place: Place) -> bool:
        """Whether a guess may be checked now. It counts as wrong until `right` says otherwise, so that many at the
        same time are counted as well."""
        if not self._places.left(_at(login, place)) or not (place.device or self._accounts.left(login)):
            return False
        self._places.spend(_at(login, place))
        if not place.device:
            self._accounts.spend(login)
            self._addresses.spend(place.address)
        return True

    def right(self, login: str, place: Place) -> None:
        self._places.clear(_at(login, place))
        self.unchecked(login, place)

    def unchecked(self, login: str, place: Place) -> None:
        """It was not looked at after all."""
        self._places.give_back(_at(login, place))
        if not place.device:
            self._accounts.give_back(login)
            self._addresses.give_back(place.address)

    def rank(self, place: Place) -> int:
        """The smaller comes first: known devices, quiet addresses, those that were wrong often."""
        return 0 if place.device else 1 if self._addresses.left(place.address) else 2


class GuessAlarm:
    """Tells `event("account_alarm", ...)` when an account has had so many wrong ones: somebody guesses."""

    def __init__(self, clock: Clock, event: Callable[..., None]) -> None:
        self._event = event
        self._wrong = Budgets(clock, UNUSUAL)

    def wrong(self, account_id: str, kind: str) -> None:
        """`kind`: wrong_password, wrong_code. It is told again after as many more."""
        place = (account_id, kind)
        self._wrong.spend(place)
        if not self._wrong.left(place):
            self._wrong.clear(place)
            self._event("account_alarm", account=account_id, kind=kind, count=UNUSUAL.burst)


def _at(login: str, place: Place) -> tuple[str, str]:
    return login, place.device or place.address
