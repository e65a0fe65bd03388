"""What readers and staff share: the kiosks, the items, the clock, and how one thing is done at one kiosk."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Literal, TypeAlias

from twisted.internet.defer import Deferred

from kiosk_sim.simulation.account import Account, Intention, Kind
from kiosk_sim.simulation.clock import HeapClock
from kiosk_sim.simulation.kiosk import Build, Kiosk
from kiosk_sim.simulation.library import SimLibrary
from kiosk_sim.simulation.people.requests import checkin, checkout
from kiosk_sim.simulation.people.things import Things
from kiosk_sim.simulation.streams import Random
from kiosk_sim.simulation.world import Item, Reader, World
from sip2 import Request, SipDate

Doing: TypeAlias = Coroutine[Deferred[Any], Any, None]

_OWED = (
    "SELECT COALESCE(SUM(amount_fen - paid_fen), 0) FROM fine WHERE home = ? AND reader = ? AND amount_fen > paid_fen"
)
_RUNS = "SELECT 1 FROM loan WHERE barcode = ? AND closed_at_ms IS NULL"


class Scene:
    """`checked` is called with whatever was done at a kiosk, once it is over."""

    def __init__(
        self,
        world: World,
        *,
        clock: HeapClock,
        account: Account,
        libraries: dict[str, SimLibrary],
        kiosks: dict[str, Kiosk],
        checked: Callable[[Intention], None],
    ) -> None:
        self.world = world
        self.account = account
        self.libraries = libraries
        self.things = Things(world.items)
        self.reserved: dict[str, list[Item]] = {}
        self._clock = clock
        self._kiosks = kiosks
        self._checked = checked

    # --- at a kiosk --------------------------------------------------------------------------------------------

    async def operate(
        self,
        kiosk: Kiosk,
        kind: Kind,
        reader: Reader | None,
        item: Item | None,
        build: Build,
        *,
        extra: str = "",
        amount_fen: int = 0,
        undoes: Intention | None = None,
        came_back_ms: int | None = None,
    ) -> Intention:
        """One intention at one kiosk, whose turn this is."""
        await kiosk.turn.acquire()
        try:
            intention = self.account.intend(kind, kiosk.device, reader, item)
            intention.extra, intention.amount_fen, intention.undoes = extra, amount_fen, undoes
            intention.came_back_ms = came_back_ms
            await kiosk.ask(intention, build)
        finally:
            kiosk.turn.release()
        self._checked(intention)
        return intention

    async def scan(self, item: Item, branch: str, kiosk: Kiosk) -> Intention:
        """Somebody puts an item of the branch through a terminal, with no reader there, and reads the slip."""
        self.things.take(item)
        intention = await self.operate(kiosk, "09", None, item, lambda date: checkin(branch, item, date))
        self.things.put(item, branch, branch, self.now_s)
        self.read_slip(item, intention)
        return intention

    def read_slip(self, item: Item, intention: Intention) -> None:
        """Where a return is to be carried to."""
        self.things.destination[item.number] = str(getattr(intention.heard, "destination_location", None) or "")

    def did_off_line(self, kind: Literal["11", "09"], kiosk: Kiosk, reader: Reader, item: Item) -> Intention:
        """It has happened; the node will hear of it."""
        intention = self.account.intend(kind, kiosk.device, reader if kind == "11" else None, item)
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

    # --- what everybody knows ------------------------------------------------------------------------------------

    def group_of(self, code: str) -> tuple[str, ...]:
        return self.world.central if code in self.world.central else (code,)

    def same_group(self, one: str, other: str) -> bool:
        return other in self.group_of(one)

    def owed_here_fen(self, branch: str, reader: Reader) -> int:
        """What the branch's books say: readers know from letters and screens."""
        connection = self.libraries[branch].connection
        return int(connection.execute(_OWED, (reader.home, reader.reader)).fetchone()[0])

    def on_somebodys_account(self, item: Item) -> bool:
        """Lent by the owner's books, although it may lie in a branch."""
        return self.libraries[item.owner].connection.execute(_RUNS, (item.barcode,)).fetchone() is not None

    @property
    def now_s(self) -> float:
        return self._clock.seconds()

    def pause(self, seconds: float) -> Deferred[None]:
        return self._clock.pause(seconds)
