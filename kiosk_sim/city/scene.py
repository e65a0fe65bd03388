"""The stage of the story: who acts, at which device, on which day. It knows the city from `world.json` alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol, TypeVar

from kiosk_sim.city import plan
from kiosk_sim.city.account import Notebook, Words
from kiosk_sim.city.world import World, WorldItem, WorldLibrary, WorldReader
from kiosk_sim.client import KioskClient
from kiosk_sim.ports import Timers, pause
from sip2 import messages as m

T = TypeVar("T")
_SETTLED_WITHIN_S = 60.0
_ASK_AGAIN_S = 0.25
_ANOTHER_SECOND_S = 1.1
CHARGED = "04"  # circulation status of 18


class Controls(Protocol):
    """What the story may do to the city itself."""

    async def travel(self, days: int) -> None:
        """Restart every node, that many days later, at ten in the morning."""

    async def stop(self, code: str) -> None: ...

    async def start(self, code: str) -> None: ...

    def today(self) -> date: ...


class Floor(Protocol):
    """The devices: one client for each terminal, logged in, its connection kept while its node runs."""

    async def at(self, library: WorldLibrary, kind: str, area: str = "") -> KioskClient: ...

    def leave(self, code: str | None = None) -> None:
        """Hang up at that library (None: everywhere): its node is about to stop."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who and what the story is about. Chosen from the world, by what they are."""

    reader: WorldReader  # of CQSPB
    neighbour: WorldReader  # of CQSPB too
    cut_off: WorldReader  # of CQCQ
    outsider: WorldReader  # of CQWZ
    first_book: WorldItem  # of CQBB
    foreign: tuple[WorldItem, ...]  # two of CQBB, one of CQSPB
    fourth_foreign: WorldItem  # of CQCQ
    five_books: tuple[WorldItem, ...]  # of CQSPB
    ninth: WorldItem  # of CQBB
    stranded: WorldItem  # of CQCQ
    outsiders_book: WorldItem  # of CQWZ
    wanted: WorldItem  # of CQSPB, on the shelf
    neighbours_book: WorldItem  # of CQSPB


def cast_of(world: World) -> Cast:
    """The same people and books for the same world."""
    spb, bb = world.items_of("CQSPB"), world.items_of("CQBB")
    return Cast(
        reader=world.readers_of("CQSPB")[0],
        neighbour=world.readers_of("CQSPB")[1],
        cut_off=world.readers_of("CQCQ")[0],
        outsider=world.readers_of("CQWZ")[0],
        first_book=bb[0],
        foreign=(*world.items_of("CQBB", foreign=True)[:2], world.items_of("CQSPB", foreign=True)[0]),
        fourth_foreign=world.items_of("CQCQ", foreign=True)[0],
        five_books=spb[:5],
        ninth=bb[1],
        stranded=world.items_of("CQCQ")[0],
        outsiders_book=world.items_of("CQWZ")[0],
        wanted=spb[5],
        neighbours_book=spb[6],
    )


class Scene:
    """Handed to every step: the cast, the devices, the controls, and the notebook of the step that runs."""

    def __init__(self, world: World, floor: Floor, controls: Controls, timers: Timers) -> None:
        self.world = world
        self.cast = cast_of(world)
        self.controls = controls
        self.floor = floor
        self._timers = timers

    def name(self, code: str) -> str:
        return self.world.library(code).name

    def library_words(self, code: str) -> Words:
        """How a sentence of the demo names a library."""
        return Words(self.name(code), plan.english_name(code))

    def day(self, days: int) -> str:
        """The date `days` from today as SIP2 dates begin, YYYYMMDD."""
        return (self.controls.today() + timedelta(days=days)).strftime("%Y%m%d")

    async def at(self, code: str, kind: str = "selfcheck", area: str = "") -> KioskClient:
        return await self.floor.at(self.world.library(code), kind, area)

    async def borrow(self, code: str, reader: WorldReader, item: WorldItem) -> m.CheckoutResponse:
        """A whole visit to a self-check: the reader steps up (23), scans (11), steps away (35)."""
        kiosk = await self.at(code)
        await kiosk.patron_status(reader.card, reader.pin)
        answer = await kiosk.checkout(reader.card, item.barcode, reader.pin)
        await kiosk.end_session(reader.card)
        return answer

    async def renew(self, code: str, reader: WorldReader, item: WorldItem) -> m.RenewResponse:
        kiosk = await self.at(code)
        await kiosk.patron_status(reader.card, reader.pin)
        answer = await kiosk.renew(reader.card, item.barcode, reader.pin)
        await kiosk.end_session(reader.card)
        return answer

    async def pay(self, code: str, reader: WorldReader, amount_fen: int, receipt: str) -> m.FeePaidResponse:
        kiosk = await self.at(code)
        await kiosk.patron_status(reader.card, reader.pin)
        answer = await kiosk.fee_paid(reader.card, amount_fen, receipt)
        await kiosk.end_session(reader.card)
        return answer

    async def give_back(self, code: str, item: WorldItem) -> m.CheckinResponse:
        return await (await self.at(code)).checkin(item.barcode)

    async def account(self, code: str, reader: WorldReader, listing: str | None = None) -> m.PatronInformationResponse:
        return await (await self.at(code)).patron_information(reader.card, reader.pin, listing)

    async def look_up(self, code: str, item: WorldItem) -> m.ItemInformationResponse:
        return await (await self.at(code)).item_information(item.barcode)

    async def a_moment_later(self) -> None:
        """Let the kiosk's clock show another second: what it repeats within one is the same request again, and is
        answered as before (the operation's id is made from the transaction date)."""
        await pause(self._timers, _ANOTHER_SECOND_S)

    async def until(self, ask: Callable[[], Awaitable[T]], settled: Callable[[T], bool]) -> T:
        """Ask again until the answer is settled, a minute at most; the last answer either way.

        News between libraries travels by outbox: it is promised to arrive, not to be there at once.
        """
        deadline = self._timers.seconds() + _SETTLED_WITHIN_S
        answer = await ask()
        while not settled(answer) and self._timers.seconds() < deadline:
            await pause(self._timers, _ASK_AGAIN_S)
            answer = await ask()
        return answer


def said(answer: m.Response) -> str:
    """The text on the screen, all lines of it."""
    lines: tuple[str, ...] = getattr(answer, "screen_message", ())
    return " / ".join(line for line in lines if line)


_DECISIVE = ("ok", "payment_accepted", "circulation_status", "charged_items_count", "fine_items_count")


def short(answer: m.Response) -> str:
    """An answer as the account of a step shows it: what decides, and the text on the screen."""
    values = ((name.removesuffix("_items_count"), getattr(answer, name, None)) for name in _DECISIVE)
    shown = [f"{name}={int(v) if isinstance(v, bool) else v}" for name, v in values if v is not None]
    if due := getattr(answer, "due_date", None):
        shown.append(f"due={due[:8]}")
    if owed := getattr(answer, "fee_amount", None):
        shown.append(f"owed={owed}")
    if text := said(answer):
        shown.append(f"“{text}”")
    return f"{answer.command}: {' '.join(shown)}"


Act = Callable[[Scene, Notebook], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the story."""

    name: Words
    act: Act
