"""Who is connected to one listener, and who makes way when it is full.

A connection is *unknown* until it has shown what it is for: a terminal logs in, a library makes a call, a page is asked
for. So silence costs nobody but the silent: when no place is left, an unknown connection makes way, the oldest of the
address that has most of them.

Promises: a known connection never makes way for a new one. At most `Places.most` are inside. One address can't take the
places of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

__all__ = ["MADE_WAY", "TOO_MANY", "TOO_MANY_OF_ADDRESS", "Crowd", "Places"]

G = TypeVar("G")

TOO_MANY: Final = "too_many_connections"
TOO_MANY_OF_ADDRESS: Final = "too_many_of_address"
MADE_WAY: Final = "made_way"


@dataclass(frozen=True, slots=True)
class Places:
    """`most` connections at once, and of one address `of_address`.

    `address_makes_way`: where an address has all of its own, its oldest unknown one makes way; else the new one is
    refused.
    """

    most: int
    of_address: int
    address_makes_way: bool = True


class Crowd(Generic[G]):
    """`places` may change. `show_out(guest)` closes a connection that makes way; it is not inside any more."""

    def __init__(self, places: Callable[[], Places], show_out: Callable[[G], None]) -> None:
        self._places = places
        self._show_out = show_out
        self._unknown: dict[str, dict[G, None]] = {}  # the oldest first
        self._host_of: dict[G, str] = {}
        self._counted: Counter[str] = Counter()  # of each address, those that count
        self._free: set[G] = set()  # those that don't

    def __len__(self) -> int:
        return len(self._host_of)

    @property
    def most(self) -> int:
        return self._places().most

    def guests(self) -> tuple[G, ...]:
        return tuple(self._host_of)

    def enter(self, guest: G, host: str, *, limited: bool = True) -> str:
        """Whether it may come in: "", or why not. `limited` False: its address has no limit of its own."""
        places = self._places()
        if limited and self._counted[host] >= places.of_address:
            if not (places.address_makes_way and self._makes_way(host)):
                return TOO_MANY_OF_ADDRESS
        elif len(self) >= places.most and not self._makes_way(self._most_crowded()):
            return TOO_MANY
        self._host_of[guest] = host
        self._unknown.setdefault(host, {})[guest] = None
        self._counted[host] += 1
        return ""

    def know(self, guest: G, *, free: bool = False) -> None:
        """It has shown what it is for. `free`: it counts no more among those of its address."""
        host = self._host_of.get(guest)
        if host is not None:
            self._forget_unknown(host, guest)
            self._count(host, guest, free=free)

    def know_no_more(self, guest: G) -> None:
        """It is as good as new, such as a connection that waits for its next request."""
        host = self._host_of.get(guest)
        if host is not None:
            self._unknown.setdefault(host, {})[guest] = None
            self._count(host, guest, free=False)

    def leave(self, guest: G) -> bool:
        """Whether it was inside."""
        host = self._host_of.pop(guest, None)
        if host is None:
            return False
        self._forget_unknown(host, guest)
        self._count(host, guest, free=True)
        self._free.discard(guest)
        if not self._counted[host]:
            del self._counted[host]
        return True

    def _most_crowded(self) -> str:
        return max(self._unknown, key=lambda host: len(self._unknown[host]), default="")

    def _makes_way(self, host: str) -> bool:
        guest = next(iter(self._unknown.get(host, ())), None)
        if guest is None:
            return False
        self.leave(guest)
        self._show_out(guest)
        return True

    def _count(self, host: str, guest: G, *, free: bool) -> None:
        if free == (guest in self._free):
            return
        self._counted[host] += -1 if free else 1
        if free:
            self._free.add(guest)
        else:
            self._free.discard(guest)

    def _forget_unknown(self, host: str, guest: G) -> None:
        guests = self._unknown.get(host, {})
        guests.pop(guest, None)
        if not guests:
            self._unknown.pop(host, None)
