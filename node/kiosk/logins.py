"""Passwords of terminals (93): who is checked, in which order, and how often an address may be wrong.

A good hash is slow on purpose, so a check is what an attacker makes us spend. Promises:

* A terminal that was right before is known again at once (`known_logins.py`): no flood keeps it out.
* What waits for a check dies with its connection (cancel the Deferred), and few may wait.
* Gates come first, then other terminals, then logins that nobody has. Within each, addresses take turns, so an address
  waits for its own logins and for one of each other address.
* An address that was wrong too often about a login is refused at once, without a check. Every terminal behind one
  address (NAT, a balancer) has tries of its own.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network
from typing import Final, Protocol, TypeAlias

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from federation.clock import Clock
from node.kiosk.known_logins import KnownLogins
from node.kiosk.terminal import Terminal, address_of
from node.observe.outcomes import EdgeReason
from node.service.budget import Allowance, Budgets

WAITING_MAX: Final = 1024
"""Logins that may wait for their check, over all addresses."""
WAITING_EACH: Final = 2
"""Of one login at one address. All that nobody has count as one."""
WRONG_LOGINS: Final = Allowance(burst=5, every_s=10.0)
"""Of one login at one address; all that nobody has count as one."""
WRONG_AT_ADDRESS: Final = Allowance(burst=30, every_s=2.0)
"""Of one address over all logins. Beyond it the address is checked after everybody else."""
HOUSEHOLD_BITS: Final = 64
"""Who has one IPv6 address usually has all that share these bits."""

Refusal: TypeAlias = EdgeReason | None
"""Why a login is refused; None if it is right."""


class PasswordVerifier(Protocol):
    def verify(self, hashed: str, secret: str) -> Deferred[bool]: ...


@dataclass(slots=True, eq=False)
class _Check:
    """One login that waits. `place`: by which wrong ones are counted; `rank`: the smaller comes first."""

    terminal: Terminal | None
    password: str = field(repr=False)
    address: str
    rank: int
    answer: Deferred[Refusal]

    waits: bool = False

    @property
    def place(self) -> tuple[str, str]:
        return self.address, "" if self.terminal is None else self.terminal.login


class _Line:
    """Those who wait: by rank, then by address in turn."""

    def __init__(self) -> None:
        self._ranks: dict[int, OrderedDict[str, deque[_Check]]] = {}
        self._places: dict[tuple[str, str], int] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def of_place(self, place: tuple[str, str]) -> int:
        return self._places.get(place, 0)

    def add(self, check: _Check) -> None:
        self._ranks.setdefault(check.rank, OrderedDict()).setdefault(check.address, deque()).append(check)
        check.waits = True
        self._count_in(check, 1)

    def leave(self, check: _Check) -> None:
        waiting = self._ranks[check.rank][check.address]
        waiting.remove(check)
        check.waits = False
        if not waiting:
            del self._ranks[check.rank][check.address]
        self._count_in(check, -1)

    def next(self) -> _Check | None:
        for _rank, addresses in sorted(self._ranks.items()):
            if addresses:
                address, waiting = next(iter(addresses.items()))
                check = waiting[0]
                self.leave(check)
                if address in addresses:
                    addresses.move_to_end(address)
                return check
        return None

    def least_urgent(self) -> _Check | None:
        """Who gives way if the line is full: of the lowest rank, the last one of the address with the most."""
        for _rank, addresses in sorted(self._ranks.items(), reverse=True):
            if addresses:
                return max(addresses.values(), key=len)[-1]
        return None

    def comes_before(self, check: _Check, other: _Check) -> bool:
        """Whether a newcomer is more urgent than one who waits."""
        return (check.rank, self._beside(check) + 1) < (other.rank, self._beside(other))

    def _beside(self, check: _Check) -> int:
        """How many of its address wait in its rank."""
        addresses = self._ranks.get(check.rank)
        return 0 if addresses is None else len(addresses.get(check.address, ()))

    def _count_in(self, check: _Check, step: int) -> None:
        self._count += step
        left = self._places.get(check.place, 0) + step
        if left:
            self._places[check.place] = left
        else:
            self._places.pop(check.place, None)


class Logins:
    """The checks of one node."""

    def __init__(self, passwords: PasswordVerifier, known: KnownLogins, clock: Clock) -> None:
        self._passwords = passwords
        self._known = known
        self._line = _Line()
        self._running = False
        self._wrong = Budgets(clock, WRONG_LOGINS)
        self._wrong_at = Budgets(clock, WRONG_AT_ADDRESS)

    def check(self, terminal: Terminal | None, password: str, host: str) -> Deferred[Refusal]:
        """Whether that is the terminal's password. `terminal` None: nobody has that login, and the check takes as
        long as one of a wrong password does. Whoever does not wait for it any more cancels it."""
        if terminal is not None and self._known.knows(terminal, password):
            return succeed(None)
        check = self._check_of(terminal, password, household(host))
        if not self._wrong.left(check.place):
            return succeed(EdgeReason.TOO_MANY_WRONG_LOGINS)
        if self._line.of_place(check.place) >= WAITING_EACH or not self._has_room(check):
            return succeed(EdgeReason.LOGINS_BUSY)
        self._line.add(check)
        self._go_on()
        return check.answer

    def _check_of(self, terminal: Terminal | None, password: str, address: str) -> _Check:
        rank = 2 if terminal is None else 0 if terminal.kind == "gate" else 1
        if not self._wrong_at.left(address):
            rank += 3
        answer: Deferred[Refusal] = Deferred(lambda _: self._cancelled(check))
        check = _Check(terminal, password, address, rank, answer)
        return check

    def _cancelled(self, check: _Check) -> None:
        """Nobody waits for it any more. A check that runs can't be stopped; it counts."""
        if check.waits:
            self._line.leave(check)

    def _has_room(self, check: _Check) -> bool:
        """A full line makes room for whoever comes before its last one."""
        if len(self._line) < WAITING_MAX:
            return True
        last = self._line.least_urgent()
        if last is None or not self._line.comes_before(check, last):
            return False
        self._line.leave(last)
        last.answer.callback(EdgeReason.LOGINS_BUSY)
        return True

    # --- one check after the other -----------------------------------------------------------------------------

    def _go_on(self) -> None:
        if self._running:
            return
        check = self._line.next()
        if check is None:
            return
        self._running = True
        hashed = "" if check.terminal is None else check.terminal.password_hash
        self._passwords.verify(hashed, check.password).addBoth(self._checked, check)

    def _checked(self, right: bool | Failure, check: _Check) -> None:
        self._running = False
        answer = check.answer
        if isinstance(right, Failure):
            if not answer.called:
                answer.errback(right)
        else:
            self._tell(check, self._refusal(check, right))
        self._go_on()

    def _refusal(self, check: _Check, right: bool) -> Refusal:
        if check.terminal is not None and right:
            self._known.add(check.terminal, check.password)
            return None
        self._wrong.spend(check.place)
        self._wrong_at.spend(check.address)
        return EdgeReason.UNKNOWN_LOGIN if check.terminal is None else EdgeReason.WRONG_PASSWORD

    @staticmethod
    def _tell(check: _Check, refusal: Refusal) -> None:
        """A Deferred that was cancelled takes no answer."""
        if not check.answer.called:
            check.answer.callback(refusal)


def household(host: str) -> str:
    """The address by which logins are counted: of IPv6 the network that one household or one machine has."""
    address = address_of(host)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, HOUSEHOLD_BITS), strict=False))
    return host if address is None else str(address)
