"""Readers at work: they step up to a free device, borrow, give back, renew, pay, look, and go on to the next.

Items are things: one lies in a branch or is with a reader, whatever the books say. A reader who hears "lent" takes it
away, one who hears "no" leaves it, one who hears nothing does as people do. Nobody is in two places within a minute:
the books rightly take a return elsewhere, less than a minute after a loan, for that of the loan before.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from random import Random  # noqa: TID251 - made from the seed by whoever calls
from typing import Any, TypeAlias

from twisted.internet.defer import Deferred

from kiosk_sim.ports import Timers, pause
from kiosk_sim.simulation.account import Intention
from kiosk_sim.simulation.people.requests import checkin, checkout, fee_paid, patron_information, renew
from kiosk_sim.simulation.world import Item, Reader, World
from kiosk_sim.storm.devices import Kiosk
from kiosk_sim.storm.town import TownClock

Owed: TypeAlias = Callable[[str, Reader], int]
"""Fen that the reader owes at a branch: readers know from letters and screens."""

_TRAVEL_S = 90.0
_WISHES = ("borrow",) * 8 + ("return",) * 6 + ("renew",) * 3 + ("pay",) * 3 + ("look", "scan", "scan")


class Things:
    """Where each item is: a branch (its code) or a reader (the card), and where and when it was put there."""

    def __init__(self, items: Sequence[Item], clock: TownClock) -> None:
        self._clock = clock
        self._place = {item.number: (item.first_at, item.first_at, -_TRAVEL_S) for item in items}
        self._items = items
        self._handled: set[int] = set()

    def at(self, branch: str) -> list[Item]:
        return [each for each in self._items if self._place[each.number][0] == branch and self._free(each)]

    def carried(self, card: str, branch: str) -> list[Item]:
        """What the reader can have with them in that branch by now."""
        now_s = self._clock.seconds()
        found = []
        for each in self._items:
            place, left, left_s = self._place[each.number]
            if place == card and self._free(each) and (left == branch or now_s - left_s >= _TRAVEL_S):
                found.append(each)
        return found

    def take(self, item: Item) -> None:
        """Somebody has it in their hands."""
        self._handled.add(item.number)

    def put(self, item: Item, place: str, branch: str) -> None:
        self._handled.discard(item.number)
        self._place[item.number] = (place, branch, self._clock.seconds())

    def _free(self, item: Item) -> bool:
        return item.number not in self._handled


class People:
    """Everybody who is in the town. `busy`: cards whose readers stand at a device."""

    def __init__(self, world: World, things: Things, owed: Owed, timers: Timers, rng: Random) -> None:
        self._world = world
        self._things = things
        self._owed = owed
        self._timers = timers
        self._rng = rng
        self._busy: set[str] = set()
        self._visits = 0

    async def use(self, kiosk: Kiosk) -> None:
        """One after the other at this device, until it is closing."""
        while not kiosk.closing:
            reader = self._somebody()
            try:
                if kiosk.device.kind == "return":
                    await self._drop(kiosk, reader)
                else:
                    await self._visit(kiosk, reader)
            finally:
                self._busy.discard(reader.card)
            await pause(self._timers, self._rng.uniform(0.0, 0.6))

    def _somebody(self) -> Reader:
        free = [each for each in self._world.readers if each.card not in self._busy]
        reader = self._rng.choice(free)
        self._busy.add(reader.card)
        return reader

    def _step_up(self, kiosk: Kiosk, reader: Reader) -> _Visit:
        self._visits += 1
        return _Visit(kiosk, reader, things=self._things, owed=self._owed, rng=self._rng, number=self._visits)

    async def _visit(self, kiosk: Kiosk, reader: Reader) -> None:
        visit = self._step_up(kiosk, reader)
        for wish in self._rng.choices(_WISHES, k=self._rng.choice((1, 2, 4))):
            if kiosk.closing:
                return
            await visit.carry_out(wish)

    async def _drop(self, kiosk: Kiosk, reader: Reader) -> None:
        """Into the bin: everything that the reader has along."""
        visit = self._step_up(kiosk, reader)
        for item in self._things.carried(reader.card, kiosk.device.branch)[: self._rng.choice((1, 3))]:
            if not kiosk.closing:
                await visit.give_back(item)


class _Visit:
    """One reader at one device."""

    def __init__(self, kiosk: Kiosk, reader: Reader, *, things: Things, owed: Owed, rng: Random, number: int) -> None:
        self._kiosk = kiosk
        self._branch = kiosk.device.branch
        self._reader = reader
        self._things = things
        self._owed = owed
        self._rng = rng
        self._number = number
        self._payments = 0

    async def carry_out(self, wish: str) -> None:
        doing: dict[str, Callable[[], Coroutine[Deferred[Any], Any, None]]] = {
            "borrow": self._borrow,
            "return": self._return,
            "renew": self._renew,
            "pay": self._pay,
            "look": self._look,
            "scan": self._scan,
        }
        await doing[wish]()

    async def _borrow(self) -> None:
        here = self._things.at(self._branch)
        if not here:
            return
        item = self._rng.choice(here)
        self._things.take(item)
        asked = await self._checkout(item)
        if asked.ok and self._rng.random() < 0.1:  # scanned twice
            await self._checkout(item)
        takes = bool(asked.ok) or (asked.ok is None and self._rng.random() < 0.3)
        self._things.put(item, self._reader.card if takes else self._branch, self._branch)
        if asked.ok is False and self._rng.random() < 0.3:
            await self._scan_this(item)  # staff find it left on the machine

    async def _checkout(self, item: Item) -> Intention:
        return await self._kiosk.ask(
            "11", lambda date: checkout(self._branch, self._reader, item, date), reader=self._reader, item=item
        )

    async def _return(self) -> None:
        mine = self._things.carried(self._reader.card, self._branch)
        for item in mine[: self._rng.choice((1, 2))]:
            if not self._kiosk.closing:
                await self.give_back(item)

    async def give_back(self, item: Item) -> None:
        """What went into a bin is in the library; at a self-check a reader who hears "no" keeps it."""
        self._things.take(item)
        asked = await self._kiosk.ask("09", lambda date: checkin(self._branch, item, date), item=item)
        in_a_bin = self._kiosk.device.kind == "return"
        left = in_a_bin or bool(asked.ok) or (asked.ok is None and self._rng.random() < 0.6)
        self._things.put(item, self._branch if left else self._reader.card, self._branch)

    async def _scan(self) -> None:
        """Somebody puts an item that lies there through the machine."""
        here = self._things.at(self._branch)
        if here:
            await self._scan_this(self._rng.choice(here))

    async def _scan_this(self, item: Item) -> None:
        self._things.take(item)
        await self._kiosk.ask("09", lambda date: checkin(self._branch, item, date), item=item)
        self._things.put(item, self._branch, self._branch)

    async def _renew(self) -> None:
        mine = self._things.carried(self._reader.card, self._branch)
        if mine:
            item = self._rng.choice(mine)
            await self._kiosk.ask(
                "29", lambda date: renew(self._branch, self._reader, item, date), reader=self._reader, item=item
            )

    async def _pay(self) -> None:
        owed_fen = self._owed(self._branch, self._reader)
        if not owed_fen:
            return
        self._payments += 1
        number = f"{self._number}.{self._payments}"
        amount_fen = self._rng.choice((owed_fen, owed_fen, max(1, owed_fen // 2), owed_fen + 100))
        await self._kiosk.ask(
            "37",
            lambda date: fee_paid(self._branch, self._reader, amount_fen, number, date),
            reader=self._reader,
            extra=number,
            amount_fen=amount_fen,
        )

    async def _look(self) -> None:
        await self._kiosk.ask(
            "63", lambda date: patron_information(self._branch, self._reader, date), reader=self._reader
        )
