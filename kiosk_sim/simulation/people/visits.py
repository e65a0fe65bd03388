"""A reader at one branch: what each wish makes of what the kiosk says.

A reader who hears "lent" takes the item away; one who hears "no" leaves it; one who hears nothing does as people do.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from twisted.internet.defer import Deferred

from kiosk_sim.simulation.account import Intention
from kiosk_sim.simulation.checks.facts import civil
from kiosk_sim.simulation.faults.weather import DAY_S
from kiosk_sim.simulation.kiosk import Kiosk
from kiosk_sim.simulation.people.requests import (
    HoldWish,
    checkin,
    checkout,
    fee_paid,
    hold,
    patron_information,
    renew,
    renew_all,
)
from kiosk_sim.simulation.people.scene import Doing, Scene
from kiosk_sim.simulation.people.things import ALONE_S
from kiosk_sim.simulation.plan import Action
from kiosk_sim.simulation.streams import Random
from kiosk_sim.simulation.world import EPOCH_MS, Item, Reader
from node.domain.calendar import SHANGHAI
from sip2 import SipDate
from sip2.dates import local_date

FULL = "已借满"
DASH_S = (1.2, 2.0, 5.0, 20.0, 63.0)
JAM_S = (1.2, 2.0, 20.0)
"""Until a machine has noticed: dates have whole seconds, and the same twice within one is a repeat."""


class Visit:
    """A reader at one branch."""

    def __init__(self, scene: Scene, action: Action, reader: Reader, rng: Random) -> None:
        self._scene = scene
        self._branch = action.branch
        self._wishes = action.wishes
        self._number = action.number
        self._reader = reader
        self._rng = rng
        self._kiosk = scene.kiosk(action.branch, rng)

    async def go(self) -> None:
        wishes: dict[str, Callable[[], Doing]] = {
            "borrow": self._borrow,
            "dash": self._dash,
            "impatient": self._impatient,
            "off line": self._off_line,
            "return": self._return,
            "drop": self._drop,
            "leave outside": self._leave_outside,
            "renew": self._renew,
            "pay": self._pay,
            "pay elsewhere": self._pay_elsewhere,
            "pay too much": self._pay_too_much,
            "look": self._look,
            "scan": self._scan,
            "reserve": self._reserve,
            "other copy": self._other_copy,
            "give up a hold": self._give_up_a_hold,
            "renew all": self._renew_all,
            "jam": self._jam,
            "jam on return": self._jam_on_return,
        }
        for wish in self._wishes:
            await wishes[wish]()
            await self._scene.pause(self._rng.choice((0.2, 3.0, 20.0)))

    def _mine(self) -> list[Item]:
        """Items in the reader's bag. One whose barcode another library has too is given back in its own group."""
        scene = self._scene
        carried = scene.things.carried(self._reader.card, self._branch, scene.now_s)
        return [item for item in carried if not item.barcode.isdigit() or scene.same_group(item.owner, self._branch)]

    async def _borrow(self) -> None:
        here = self._scene.things.at(self._branch)
        if not here:
            return
        item = self._choice(here)
        things = self._scene.things
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
        things.put(item, self._reader.card if takes else self._branch, self._branch, self._scene.now_s)
        if ok and self._rng.random() < 0.1:
            await self._scene.pause(self._rng.choice((1.0, 30.0)))
            await self._give_back(self._kiosk, item)  # changed their mind
        elif not takes and self._rng.random() < 0.3:
            await self._scene.scan(item, self._branch, self._scene.bin(self._branch))  # put where returns go

    def _choice(self, here: list[Item]) -> Item:
        """Rather what the reader has reserved, or another copy of it."""
        titles = {(item.owner, item.title) for item in self._scene.reserved.get(self._reader.card, ())}
        wanted = [item for item in here if (item.owner, item.title) in titles]
        return self._rng.choice(wanted if wanted and self._rng.random() < 0.7 else here)

    def _troubled(self, here: list[Item]) -> Item:
        """Rather one that is on somebody's account although it lies here."""
        accounted = [item for item in here if self._scene.on_somebodys_account(item)]
        return self._rng.choice(accounted if accounted and self._rng.random() < 0.6 else here)

    async def _impatient(self) -> None:
        """The kiosk is still thinking, and somebody has put the item into the bin."""
        here = self._scene.things.at(self._branch)
        if not here:
            return
        item = self._troubled(here)
        self._scene.things.take(item)
        asking = Deferred.fromCoroutine(self._checkout(item))
        await self._scene.pause(self._rng.uniform(0.01, 3.0))
        await self._scene.scan(item, self._branch, self._scene.bin(self._branch))
        self._scene.things.take(item)
        await asking
        self._scene.things.put(item, self._branch, self._branch, self._scene.now_s)

    async def _dash(self) -> None:
        """Out and in, again and again, within seconds and at two libraries: kiosks side by side, or a fast reader."""
        scene, rng = self._scene, self._rng
        here = [item for item in scene.things.at(self._branch) if not item.barcode.isdigit()]
        if not here:
            return
        item = rng.choice(here)
        scene.things.take(item)
        places = (self._branch, rng.choice(scene.group_of(self._branch)))
        branch, has_it = self._branch, False
        for _ in range(rng.choice((2, 3, 4, 5))):
            branch = branch if not has_it and rng.random() < 0.5 else rng.choice(places)
            done = await (self._bring(branch, item) if has_it else self._fetch(branch, item))
            if not done.ok:
                break
            has_it = not has_it
            await scene.pause(rng.choice(DASH_S))
        scene.things.put(item, self._reader.card if has_it else branch, branch, scene.now_s)

    def _fetch(self, branch: str, item: Item) -> Coroutine[Deferred[Any], Any, Intention]:
        build = lambda date: checkout(branch, self._reader, item, date)  # noqa: E731
        return self._scene.operate(self._dashing(branch), "11", self._reader, item, build)

    def _bring(self, branch: str, item: Item) -> Coroutine[Deferred[Any], Any, Intention]:
        kiosk = self._scene.bin(branch) if self._rng.random() < 0.5 else self._dashing(branch)
        return self._scene.operate(kiosk, "09", None, item, lambda date: checkin(branch, item, date))

    def _dashing(self, branch: str) -> Kiosk:
        return self._kiosk if branch == self._branch else self._scene.kiosk(branch, self._rng)

    async def _off_line(self) -> None:
        """The kiosk can't reach its node and goes on by itself; later it tells what it did, in order."""
        if not self._kiosk.dated:
            return
        done: list[tuple[Intention, SipDate]] = []
        for _ in range(self._rng.choice((1, 2))):
            borrows = self._rng.random() < 0.6
            there = self._scene.things.at(self._branch) if borrows else self._mine()
            there = self._scene.things.left_alone(there, self._scene.now_s)
            if not self._kiosk.device.codes:  # such a loan is none: staff would have to find out whose item it is
                there = [item for item in there if not self._scene.world.has_twin(item)]
            if there:
                item = self._troubled(there) if borrows else self._rng.choice(there)
                done.append(self._done_off_line("11" if borrows else "09", item))
                self._scene.things.take(item)
                await self._scene.pause(ALONE_S)
                self._scene.things.let_go(item)
        await self._scene.pause(self._rng.choice((60.0, 3600.0, 86_400.0)) * self._rng.random())
        for intention, date in done:
            await self._scene.replay(self._kiosk, intention, date)

    def _done_off_line(self, kind: Literal["11", "09"], item: Item) -> tuple[Intention, SipDate]:
        place = self._reader.card if kind == "11" else self._branch
        self._scene.things.put(item, place, self._branch, self._scene.now_s)
        return self._scene.did_off_line(kind, self._kiosk, self._reader, item), self._kiosk.date()

    async def _checkout(self, item: Item) -> Intention:
        """Now and then the card's PIN is sent; now and then the item is scanned twice."""
        pin = self._rng.choice((None, None, None, self._reader.pin))
        build = lambda date: checkout(self._branch, self._reader, item, date, pin=pin)  # noqa: E731
        intention = await self._scene.operate(self._kiosk, "11", self._reader, item, build)
        if self._rng.random() < 0.06:
            await self._scene.pause(self._rng.choice((0.1, 2.0, 30.0)))
            return await self._scene.operate(self._kiosk, "11", self._reader, item, build)
        return intention

    async def _return(self) -> None:
        for item in self._mine()[: self._rng.choice((1, 1, 4))]:
            await self._give_back(self._kiosk, item)

    async def _drop(self) -> None:
        for item in self._mine()[: self._rng.choice((1, 4))]:
            await self._give_back(self._scene.bin(self._branch), item)

    async def _leave_outside(self) -> None:
        """Into a box at the door. Staff scan it hours or days later, and say when it came back; now and then the day is
        that of the whole box, and too early."""
        mine, scene, rng = self._mine(), self._scene, self._rng
        if not mine:
            return
        item, kiosk = rng.choice(mine), rng.choice((scene.bin(self._branch), scene.bin(self._branch), self._kiosk))
        scene.things.take(item)
        came_back_ms = EPOCH_MS + int(scene.now_s - rng.choice((0, 0, 0, 2 * DAY_S))) * 1000
        await scene.pause(rng.choice((0.1, 1.0, 4.0, 9.0)) * DAY_S * rng.random())
        dated = local_date(datetime.fromtimestamp(came_back_ms / 1000, UTC), SHANGHAI)
        build = lambda date: checkin(self._branch, item, date, came_back=dated)  # noqa: E731
        intention = await scene.operate(kiosk, "09", None, item, build, came_back_ms=came_back_ms)
        scene.things.put(item, self._branch, self._branch, scene.now_s)
        scene.read_slip(item, intention)

    async def _give_back(self, kiosk: Kiosk, item: Item) -> None:
        """What went into a bin is in the library; at a self-check a reader who hears "no" keeps it."""
        things, scene = self._scene.things, self._scene
        if item not in self._mine():
            return
        things.take(item)
        intention = await scene.operate(kiosk, "09", None, item, lambda date: checkin(self._branch, item, date))
        left = kiosk.device.kind == "return" or intention.ok or (intention.ok is None and self._rng.random() < 0.6)
        things.put(item, self._branch if left else self._reader.card, self._branch, scene.now_s)
        scene.read_slip(item, intention)

    async def _renew(self) -> None:
        mine = self._mine()
        if mine:
            item = self._rng.choice(mine)
            build = lambda date: renew(self._branch, self._reader, item, date)  # noqa: E731
            await self._scene.operate(self._kiosk, "29", self._reader, item, build)

    async def _renew_all(self) -> None:
        build = lambda date: renew_all(self._branch, self._reader, date)  # noqa: E731
        await self._scene.operate(self._kiosk, "65", self._reader, None, build)

    # --- what fails at the kiosk after its answer ----------------------------------------------------------------

    async def _jam(self) -> None:
        """Lent, but the kiosk can't unlock the item: it says so (BI), and the item stays."""
        here = self._scene.things.at(self._branch)
        if not here:
            return
        item, scene = self._rng.choice(here), self._scene
        scene.things.take(item)
        lent = await self._checkout(item)
        if lent.ok:
            await scene.pause(self._rng.choice(JAM_S))
            build = lambda date: checkin(self._branch, item, date, cancel=True)  # noqa: E731
            await scene.operate(self._kiosk, "09 cancel", None, item, build, undoes=lent)
        scene.things.put(item, self._branch, self._branch, scene.now_s)

    async def _jam_on_return(self) -> None:
        """Taken back, but the flap stays shut: the kiosk says so (BI), and the reader keeps the item."""
        mine = self._mine()
        if not mine:
            return
        item, scene = self._rng.choice(mine), self._scene
        scene.things.take(item)
        back = await scene.operate(self._kiosk, "09", None, item, lambda date: checkin(self._branch, item, date))
        kept = False
        if back.ok:
            await scene.pause(self._rng.choice(JAM_S))
            build = lambda date: checkout(self._branch, self._reader, item, date, cancel=True)  # noqa: E731
            undone = await scene.operate(self._kiosk, "11 cancel", self._reader, item, build, undoes=back)
            kept = undone.ok is not False
        scene.things.put(item, self._reader.card if kept or not back.ok else self._branch, self._branch, scene.now_s)

    # --- holds ---------------------------------------------------------------------------------------------------

    async def _reserve(self) -> None:
        """An item anywhere in the group, or any copy of a title of this branch; or a hold is changed."""
        scene, rng = self._scene, self._rng
        group = scene.group_of(self._branch)
        items = [item for item in scene.world.items if item.owner in group]
        own = [item for item in items if item.owner == self._branch]
        mine = scene.reserved.setdefault(self._reader.card, [])
        if mine and rng.random() < 0.25:
            item, mode = rng.choice(mine), "*"
        else:
            item, mode = rng.choice(items), "+"
        by_title = bool(own) and mode == "+" and rng.random() < 0.25
        if by_title:
            item = rng.choice(own)
        pickup = rng.choice((None, rng.choice(group)))
        until_on = rng.choice((None, None, civil(EPOCH_MS + int(scene.now_s * 1000)) + timedelta(days=10)))
        wish = HoldWish(mode, item.title, None if by_title else item, pickup, until_on)
        if (await self._ask_for(wish)).ok:
            mine.append(item)

    async def _other_copy(self) -> None:
        """A title is reserved, and one copy comes in for its reader, who then takes another one from the shelf."""
        scene, rng, here = self._scene, self._rng, self._branch
        titles: dict[str, list[Item]] = {}
        for item in scene.things.at(here):
            titles.setdefault(item.title if item.owner == here else "", []).append(item)
        several = [copies for title, copies in titles.items() if title and len(copies) > 1]
        if not several:
            return
        kept, other = rng.sample(rng.choice(several), 2)
        if (
            await self._ask_for(HoldWish("+", kept.title, None, rng.choice((None, rng.choice(scene.group_of(here))))))
        ).ok:
            scene.reserved.setdefault(self._reader.card, []).append(kept)
        await scene.scan(kept, here, scene.bin(here))
        await scene.pause(rng.choice((1.0, 60.0)))
        if other in scene.things.at(here):
            scene.things.take(other)
            lent = await self._checkout(other)
            scene.things.put(other, self._reader.card if lent.ok else here, here, scene.now_s)

    async def _give_up_a_hold(self) -> None:
        mine = self._scene.reserved.get(self._reader.card, [])
        if mine:
            item = self._rng.choice(mine)
            if (await self._ask_for(HoldWish("-", item.title, item))).ok:
                mine.remove(item)

    async def _ask_for(self, wish: HoldWish) -> Intention:
        build = lambda date: hold(self._branch, self._reader, wish, date)  # noqa: E731
        extra = wish.identity(self._branch)
        return await self._scene.operate(self._kiosk, "15", self._reader, wish.item, build, extra=extra)

    # --- the rest ------------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        build = lambda date: patron_information(self._branch, self._reader, date)  # noqa: E731
        await self._scene.operate(self._kiosk, "63", self._reader, None, build)

    async def _scan(self) -> None:
        """Somebody plays with an item that lies there."""
        here = self._scene.things.at(self._branch)
        if here:
            await self._scene.scan(self._rng.choice(here), self._branch, self._kiosk)

    async def _pay(self) -> None:
        owed_fen = self._scene.owed_here_fen(self._branch, self._reader)
        if owed_fen:
            await self._pay_fen(self._rng.choice((owed_fen, owed_fen, max(1, owed_fen // 2))))

    async def _pay_elsewhere(self) -> None:
        await self._pay_fen(20)

    async def _pay_too_much(self) -> None:
        await self._pay_fen(self._scene.owed_here_fen(self._branch, self._reader) + 100)

    async def _pay_fen(self, amount_fen: int) -> None:
        number = f"{self._number}.{self._rng.randrange(10**6)}" if self._rng.random() < 0.8 else ""
        extra = "\x1f".join((number, str(amount_fen), ""))
        build = lambda date: fee_paid(self._branch, self._reader, amount_fen, number, date)  # noqa: E731
        await self._scene.operate(self._kiosk, "37", self._reader, None, build, extra=extra, amount_fen=amount_fen)
