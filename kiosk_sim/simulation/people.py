"""Readers and staff: what they do at the kiosks, and where the items are while they do it.

Items are things: one is with a reader or lies in a branch, whatever the books say. A reader who hears "lent" takes
it away; one who hears "no" leaves it; one who hears nothing does as people do.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from twisted.internet.defer import Deferred

from federation.contract import CardStatus
from kiosk_sim.simulation.account import Account, Intention
from kiosk_sim.simulation.clock import HeapClock
from kiosk_sim.simulation.kiosk import Kiosk
from kiosk_sim.simulation.library import SimLibrary
from kiosk_sim.simulation.plan import Action
from kiosk_sim.simulation.requests import checkin, checkout, fee_paid, patron_information, renew
from kiosk_sim.simulation.streams import Random, stream
from kiosk_sim.simulation.world import Item, Reader, World
from node.storage import home as home_rows
from node.storage.sqlite import InlineStore
from sip2 import Request, SipDate

Doing: TypeAlias = Coroutine[Deferred[Any], Any, None]
TRAVEL_S = 1800.0
ALONE_S = 300.0
FULL = "已借满"


class Things:
    """Where each item is: in a branch (its code) or with a reader (the card). Whoever handles one has it locked."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.place = {item.number: item.first_at for item in items}
        self._left_s = {item.number: -TRAVEL_S for item in items}
        self._left = {item.number: item.first_at for item in items}
        self._items = items
        self._handled: set[int] = set()

    def at(self, place: str) -> list[Item]:
        return [each for each in self._items if self.place[each.number] == place and each.number not in self._handled]

    def take(self, item: Item) -> None:
        self._handled.add(item.number)

    def put(self, item: Item, place: str, branch: str, now_s: float) -> None:
        """It is at `place` now, put there (or taken from there) in `branch`."""
        self._handled.discard(item.number)
        self.place[item.number] = place
        self._left[item.number], self._left_s[item.number] = branch, now_s

    def let_go(self, item: Item) -> None:
        """It stays where it is."""
        self._handled.discard(item.number)

    def left_alone(self, items: Sequence[Item], now_s: float) -> list[Item]:
        """Those that nobody has moved for a while: by two clocks nobody can tell what came first within a minute."""
        return [item for item in items if now_s - self._left_s[item.number] >= ALONE_S]

    def carried(self, card: str, branch: str, now_s: float) -> list[Item]:
        """What the reader can have with them in `branch` by now: nobody is in two places at once."""
        return [
            each
            for each in self.at(card)
            if self._left[each.number] == branch or now_s - self._left_s[each.number] >= TRAVEL_S
        ]


class People:
    """Carries actions out."""

    def __init__(
        self,
        seed: int,
        world: World,
        *,
        clock: HeapClock,
        account: Account,
        libraries: dict[str, SimLibrary],
        kiosks: dict[str, Kiosk],
        checked: Callable[[Intention], None],
    ) -> None:
        self._seed = seed
        self._world = world
        self._clock = clock
        self._account = account
        self._libraries = libraries
        self._kiosks = kiosks
        self._checked = checked
        self.things = Things(world.items)
        self.busy = 0

    def begin(self, action: Action) -> None:
        """Start to carry it out."""
        rng = stream(self._seed, "action", action.number)
        reader = self._world.readers[action.reader]
        self.busy += 1
        doing: dict[str, Callable[[], Doing]] = {
            "visit": lambda: Visit(self, action, reader, rng).go(),
            "debt": lambda: self._debt(action, reader, rng),
            "suspend": lambda: self._set_status(reader, CardStatus.SUSPENDED),
            "reactivate": lambda: self._set_status(reader, CardStatus.ACTIVE),
            "truck": lambda: self._truck(action, rng),
        }
        Deferred.fromCoroutine(doing[action.kind]()).addBoth(self._done)

    def _done(self, result: object) -> object:
        self.busy -= 1
        return result

    async def _set_status(self, reader: Reader, status: CardStatus) -> None:
        """Staff, straight in the home's books."""
        library = self._libraries[reader.home]
        InlineStore(library.connection).run_now(lambda tx: home_rows.set_status(tx, reader.card, status), "staff")
        library.trace.add("staff", reader.home, reader.reader, str(status))

    async def _debt(self, action: Action, reader: Reader, rng: Random) -> None:
        """The reader goes where a fee is owed."""
        for code in self._world.codes:
            if self.owed_here_fen(code, reader):
                await Visit(self, replace(action, branch=code, wishes=("pay",)), reader, rng).go()

    async def _truck(self, action: Action, rng: Random) -> None:
        """Items are carried to another branch of the group, and some are scanned when they arrive."""
        group = self._world.central if action.branch in self._world.central else (action.branch,)
        target = rng.choice(group)
        for item in self.things.at(action.branch)[:4]:
            self.things.take(item)
            await self._clock.pause(TRAVEL_S)
            self.things.put(item, target, target, self._clock.seconds())
            if rng.random() < 0.7:
                await self.scan(item, target, self.bin(target))

    async def scan(self, item: Item, branch: str, kiosk: Kiosk) -> Intention:
        """Somebody puts an item of the branch through a terminal, with no reader there."""
        self.things.take(item)
        intention = await self.operate(kiosk, "09", None, item, lambda date: checkin(branch, item, date))
        self.things.put(item, branch, branch, self._clock.seconds())
        return intention

    async def operate(
        self,
        kiosk: Kiosk,
        kind: Any,
        reader: Reader | None,
        item: Item | None,
        build: Any,
        *,
        payment: str = "",
        amount_fen: int = 0,
    ) -> Intention:
        """One intention at one kiosk, whose turn this is."""
        await kiosk.turn.acquire()
        try:
            intention = self._account.intend(kind, kiosk.device, reader, item)
            intention.payment, intention.amount_fen = payment, amount_fen
            await kiosk.ask(intention, build)
        finally:
            kiosk.turn.release()
        self._checked(intention)
        return intention

    def did_off_line(self, kind: Literal["11", "09"], kiosk: Kiosk, reader: Reader, item: Item) -> Intention:
        """It has happened; the node will hear of it."""
        intention = self._account.intend(kind, kiosk.device, reader if kind == "11" else None, item)
        intention.no_block = True
        return intention

    async def replay(self, kiosk: Kiosk, done: Intention, date: SipDate) -> None:
        """Tell the node, at this kiosk's turn."""
        item, reader, branch = done.item, done.reader, kiosk.device.branch
        assert item is not None

        def build(at: SipDate) -> Request:
            if reader is None:
                return checkin(branch, item, at, no_block=True)
            return checkout(branch, reader, item, at, no_block=True)

        await kiosk.turn.acquire()
        try:
            await kiosk.replay(done, build, date)
        finally:
            kiosk.turn.release()
        self._checked(done)

    def kiosk(self, branch: str, rng: Random) -> Kiosk:
        return self._kiosks[f"{branch}-s{rng.randrange(2)}"]

    def bin(self, branch: str) -> Kiosk:
        return self._kiosks[f"{branch}-bin"]

    def same_group(self, one: str, other: str) -> bool:
        return (one in self._world.central) == (other in self._world.central)

    @property
    def now_s(self) -> float:
        return self._clock.seconds()

    def pause(self, seconds: float) -> Deferred[None]:
        return self._clock.pause(seconds)

    def owed_here_fen(self, branch: str, reader: Reader) -> int:
        """What the branch's books say: readers know from letters and screens."""
        row = (
            self._libraries[branch]
            .connection.execute(
                "SELECT COALESCE(SUM(amount_fen - paid_fen), 0) FROM fine"
                " WHERE home = ? AND reader = ? AND amount_fen > paid_fen",
                (reader.home, reader.reader),
            )
            .fetchone()
        )
        return int(row[0])


class Visit:
    """A reader at one branch."""

    def __init__(self, people: People, action: Action, reader: Reader, rng: Random) -> None:
        self._people = people
        self._branch = action.branch
        self._wishes = action.wishes
        self._number = action.number
        self._reader = reader
        self._rng = rng
        self._kiosk = people.kiosk(action.branch, rng)

    async def go(self) -> None:
        wishes: dict[str, Callable[[], Doing]] = {
            "borrow": self._borrow,
            "impatient": self._impatient,
            "off line": self._off_line,
            "return": self._return,
            "drop": self._drop,
            "renew": self._renew,
            "pay": self._pay,
            "pay elsewhere": self._pay_elsewhere,
            "pay too much": self._pay_too_much,
            "look": self._look,
            "scan": self._scan,
        }
        for wish in self._wishes:
            await wishes[wish]()
            await self._people.pause(self._rng.choice((0.2, 3.0, 20.0)))

    def _mine(self) -> list[Item]:
        """Items in the reader's bag. One whose barcode another library has too is given back in its own group."""
        people = self._people
        carried = people.things.carried(self._reader.card, self._branch, people.now_s)
        return [item for item in carried if not item.barcode.isdigit() or people.same_group(item.owner, self._branch)]

    async def _borrow(self) -> None:
        here = self._people.things.at(self._branch)
        if not here:
            return
        item = self._rng.choice(here)
        things = self._people.things
        things.take(item)
        ok = None
        for _ in range(self._rng.choice((1, 2, 2))):  # a child tries once more
            intention = await self._checkout(item)
            ok = intention.ok
            if ok or self._rng.random() < 0.5:
                break
            if FULL in str(getattr(intention.heard, "screen_message", "")):
                await self._return()  # then there is room for this one
        takes = ok or getattr(intention.heard, "renewal_ok", False) or (ok is None and self._rng.random() < 0.3)
        things.put(item, self._reader.card if takes else self._branch, self._branch, self._people.now_s)
        if ok and self._rng.random() < 0.1:
            await self._people.pause(self._rng.choice((1.0, 30.0)))
            await self._give_back(self._kiosk, item)  # changed their mind
        elif not takes and self._rng.random() < 0.3:
            await self._people.scan(item, self._branch, self._people.bin(self._branch))  # put where returns go

    async def _impatient(self) -> None:
        """The kiosk is still thinking, and somebody has put the item into the bin."""
        here = self._people.things.at(self._branch)
        if not here:
            return
        item = self._rng.choice(here)
        self._people.things.take(item)
        asking = Deferred.fromCoroutine(self._checkout(item))
        await self._people.pause(self._rng.uniform(0.01, 3.0))
        await self._people.scan(item, self._branch, self._people.bin(self._branch))
        self._people.things.take(item)
        await asking
        self._people.things.put(item, self._branch, self._branch, self._people.now_s)

    async def _off_line(self) -> None:
        """The kiosk can't reach its node and goes on by itself; later it tells what it did, in order."""
        if not self._kiosk.dated:
            return
        done: list[tuple[Intention, SipDate]] = []
        for _ in range(self._rng.choice((1, 2))):
            borrows = self._rng.random() < 0.6
            there = self._people.things.at(self._branch) if borrows else self._mine()
            there = self._people.things.left_alone(there, self._people.now_s)
            if there:
                item = self._rng.choice(there)
                done.append(self._done_off_line("11" if borrows else "09", item))
                self._people.things.take(item)
                await self._people.pause(ALONE_S)
                self._people.things.let_go(item)
        await self._people.pause(self._rng.choice((60.0, 3600.0, 86_400.0)) * self._rng.random())
        for intention, date in done:
            await self._people.replay(self._kiosk, intention, date)

    def _done_off_line(self, kind: Literal["11", "09"], item: Item) -> tuple[Intention, SipDate]:
        place = self._reader.card if kind == "11" else self._branch
        self._people.things.put(item, place, self._branch, self._people.now_s)
        return self._people.did_off_line(kind, self._kiosk, self._reader, item), self._kiosk.date()

    async def _checkout(self, item: Item) -> Intention:
        """Now and then the card's PIN is sent; now and then the item is scanned twice."""
        pin = self._rng.choice((None, None, None, self._reader.pin))
        build = lambda date: checkout(self._branch, self._reader, item, date, pin=pin)  # noqa: E731
        intention = await self._people.operate(self._kiosk, "11", self._reader, item, build)
        if self._rng.random() < 0.06:
            await self._people.pause(self._rng.choice((0.1, 2.0, 30.0)))
            return await self._people.operate(self._kiosk, "11", self._reader, item, build)
        return intention

    async def _return(self) -> None:
        for item in self._mine()[: self._rng.choice((1, 1, 4))]:
            await self._give_back(self._kiosk, item)

    async def _drop(self) -> None:
        for item in self._mine()[: self._rng.choice((1, 4))]:
            await self._give_back(self._people.bin(self._branch), item)

    async def _give_back(self, kiosk: Kiosk, item: Item) -> None:
        """What went into a bin is in the library; at a self-check a reader who hears "no" keeps it."""
        things, people = self._people.things, self._people
        if item not in self._mine():
            return
        things.take(item)
        intention = await people.operate(kiosk, "09", None, item, lambda date: checkin(self._branch, item, date))
        left = kiosk.device.kind == "return" or intention.ok or (intention.ok is None and self._rng.random() < 0.6)
        things.put(item, self._branch if left else self._reader.card, self._branch, people.now_s)

    async def _renew(self) -> None:
        mine = self._mine()
        if mine:
            item = self._rng.choice(mine)
            build = lambda date: renew(self._branch, self._reader, item, date)  # noqa: E731
            await self._people.operate(self._kiosk, "29", self._reader, item, build)

    async def _look(self) -> None:
        build = lambda date: patron_information(self._branch, self._reader, date)  # noqa: E731
        await self._people.operate(self._kiosk, "63", self._reader, None, build)

    async def _scan(self) -> None:
        """Somebody plays with an item that lies there."""
        here = self._people.things.at(self._branch)
        if here:
            await self._people.scan(self._rng.choice(here), self._branch, self._kiosk)

    async def _pay(self) -> None:
        owed_fen = self._people.owed_here_fen(self._branch, self._reader)
        if owed_fen:
            await self._pay_fen(self._rng.choice((owed_fen, owed_fen, max(1, owed_fen // 2))))

    async def _pay_elsewhere(self) -> None:
        await self._pay_fen(20)

    async def _pay_too_much(self) -> None:
        await self._pay_fen(self._people.owed_here_fen(self._branch, self._reader) + 100)

    async def _pay_fen(self, amount_fen: int) -> None:
        number = f"{self._number}.{self._rng.randrange(10**6)}" if self._rng.random() < 0.8 else ""
        payment = "\x1f".join((number, str(amount_fen), ""))
        build = lambda date: fee_paid(self._branch, self._reader, amount_fen, number, date)  # noqa: E731
        await self._people.operate(self._kiosk, "37", self._reader, None, build, payment=payment, amount_fen=amount_fen)
