"""A device of the town: it sends what its reader wants, repeats it as devices do, and writes down what it heard.

What was heard goes into an `Account`, the same that the simulation's checks read; which operation of the books it was
is found out afterwards (`kiosk_sim.storm.verdict`), because nobody but the node knows while it happens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random  # noqa: TID251 - made from the seed by whoever calls
from typing import TypeAlias

from kiosk_sim.client import KioskClient, LineClosed, NoAnswer, UnexpectedAnswer
from kiosk_sim.ports import Timers, pause
from kiosk_sim.simulation.account import Account, Intention, Kind
from kiosk_sim.simulation.world import Device, Item, Reader
from kiosk_sim.storm.town import TownClock
from sip2 import messages as m
from sip2.fields import SipDate

Build: TypeAlias = Callable[[SipDate], m.Request]

EXPECTED: dict[Kind, type[m.Response]] = {
    "11": m.CheckoutResponse,
    "09": m.CheckinResponse,
    "29": m.RenewResponse,
    "37": m.FeePaidResponse,
    "63": m.PatronInformationResponse,
}
_BETWEEN_S = 1.05  # the date of a request has seconds: two of one device always differ


@dataclass(slots=True)
class Sent:
    """What went out for one intention: the dates it bore, and when (town's time) its answer came."""

    dates: list[str] = field(default_factory=list)
    heard_s: float | None = None


class Counted:
    """How it went at the kiosks."""

    def __init__(self) -> None:
        self.operations = 0
        self.repeats = 0
        self.unanswered = 0
        self.unexpected = 0
        self.yes: dict[str, int] = {}
        self.no: dict[str, int] = {}


class Kiosk:
    """One device. `ask` is for one reader at a time."""

    def __init__(
        self,
        device: Device,
        client: KioskClient,
        password: str,
        *,
        account: Account,
        sent: dict[int, Sent],
        counted: Counted,
        clock: TownClock,
        timers: Timers,
        rng: Random,
    ) -> None:
        self.device = device
        self._client = client
        self._password = password
        self._account = account
        self._sent = sent
        self._counted = counted
        self._clock = clock
        self._timers = timers
        self._rng = rng
        self._last_s = 0.0
        self.closing = False

    def leave(self) -> None:
        """Hang up; whoever stands there hears nothing any more."""
        self.closing = True
        self._client.close()

    async def ask(
        self,
        kind: Kind,
        build: Build,
        *,
        reader: Reader | None = None,
        item: Item | None = None,
        extra: str = "",
        amount_fen: int = 0,
    ) -> Intention:
        """One thing that somebody wants done once; `heard` None if they left without an answer."""
        intention = self._account.intend(kind, self.device, reader, item)
        intention.extra, intention.amount_fen = extra, amount_fen
        self._sent[intention.number] = sent = Sent()
        self._counted.operations += 1
        tries = self._rng.choice((1, 3, 6, 6))
        fresh = self._rng.random() < 0.25  # this device puts a new date on each try
        for left in reversed(range(tries)):
            if not sent.dates or fresh:
                await self._new_second()
                sent.dates.append(str(self._client.now()))
            heard = await self._once(kind, build(SipDate(sent.dates[-1])))
            if heard is not None or self.closing or not left:
                break
            self._counted.repeats += 1
            await pause(self._timers, self._rng.choice((0.1, 0.5, 2.0)))
        self._note(intention, sent, heard)
        return intention

    def _note(self, intention: Intention, sent: Sent, heard: m.Message | None) -> None:
        self._account.ended(intention)
        intention.heard = heard
        if heard is None:
            self._counted.unanswered += 1
            return
        sent.heard_s = self._clock.seconds()
        counts = self._counted.yes if intention.ok else self._counted.no
        counts[intention.kind] = counts.get(intention.kind, 0) + 1

    async def _once(self, kind: Kind, request: m.Request) -> m.Message | None:
        """One exchange, with the client's own repeats; None if the line broke or nothing came."""
        try:
            if not self._client.is_connected and not await self._client.login(self.device.login, self._password):
                self._client.close()
                return None
            return await self._client.ask(request, EXPECTED[kind])
        except (LineClosed, NoAnswer):
            return None
        except UnexpectedAnswer:
            self._counted.unexpected += 1
            return None

    async def _new_second(self) -> None:
        wait_s = self._last_s + _BETWEEN_S - self._timers.seconds()
        if wait_s > 0:
            await pause(self._timers, wait_s)
        self._last_s = self._timers.seconds()
