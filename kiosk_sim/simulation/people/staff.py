"""What staff do: cards suspended and blocked, items carried between branches, the work of a night."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from federation.contract import CardStatus
from kiosk_sim.simulation.people.requests import block, checkout, enable
from kiosk_sim.simulation.people.scene import Scene
from kiosk_sim.simulation.people.things import TRAVEL_S
from kiosk_sim.simulation.plan import Action
from kiosk_sim.simulation.streams import Random
from kiosk_sim.simulation.world import Item, Reader
from node.core import Core
from node.service.delivery.differences import Difference
from node.storage.home import cards as home_rows
from node.storage.sqlite import InlineStore
from node.storage.store import StoreUnavailable

CARRIED_AT_ONCE = 4


class Staff:
    """`differs` is told what a night's comparison of the books showed twice: nothing should."""

    def __init__(self, scene: Scene, differs: list[str]) -> None:
        self._scene = scene
        self._differs = differs

    # --- cards -------------------------------------------------------------------------------------------------

    async def set_status(self, reader: Reader, status: CardStatus) -> None:
        """Straight in the home's books."""
        library = self._scene.libraries[reader.home]
        InlineStore(library.connection).run_now(lambda tx: home_rows.set_status(tx, reader.card, status), "staff")
        library.trace.add("staff", reader.home, reader.reader, str(status))
        if status is CardStatus.ACTIVE:
            self._scene.account.reactivated.append((reader, self._scene.now_s))

    async def block(self, action: Action, reader: Reader, rng: Random) -> None:
        """A card that was found is blocked where it was found; its finder may have wanted to borrow with it."""
        branch = action.branch
        await self._scene.operate(
            self._scene.kiosk(branch, rng), "01", reader, None, lambda date: block(branch, reader, date)
        )
        here = self._scene.things.at(branch)
        if here and rng.random() < 0.7:
            item = rng.choice(here)
            self._scene.things.take(item)
            kiosk = self._scene.kiosk(branch, rng)
            lent = await self._scene.operate(
                kiosk, "11", reader, item, lambda date: checkout(branch, reader, item, date)
            )
            self._scene.things.put(item, reader.card if lent.ok else branch, branch, self._scene.now_s)

    async def enable(self, action: Action, reader: Reader, rng: Random) -> None:
        kiosk = self._scene.kiosk(action.branch, rng)
        await self._scene.operate(kiosk, "25", reader, None, lambda date: enable(action.branch, reader, date))

    # --- items -------------------------------------------------------------------------------------------------

    async def truck(self, action: Action, rng: Random) -> None:
        """Items are carried to where their slips say, or to any branch of the group; most are scanned there."""
        scene = self._scene
        anywhere = rng.choice(scene.group_of(action.branch))
        for item in scene.things.at(action.branch)[:CARRIED_AT_ONCE]:
            target = self._target(item, anywhere, rng)
            scene.things.take(item)
            await scene.pause(TRAVEL_S)
            scene.things.put(item, target, target, scene.now_s)
            # by its barcode alone nobody can tell a twin from the one that belongs there
            if rng.random() < 0.7 or scene.world.has_twin(item):
                await scene.scan(item, target, scene.bin(target))

    def _target(self, item: Item, anywhere: str, rng: Random) -> str:
        slip = self._scene.things.destination.get(item.number, "")
        return slip if slip in self._scene.group_of(anywhere) and rng.random() < 0.8 else anywhere

    # --- nights ------------------------------------------------------------------------------------------------

    async def night(self) -> None:
        """At every library that is up: holds whose time is over are ended, the books are compared with the homes'.
        Nobody waits for that: a crash ends it, and a disk that refuses a write puts it off to another night."""
        for library in self._scene.libraries.values():
            if library.serving and library.core is not None:
                doing = Deferred.fromCoroutine(self._nightly_work(library.code, library.core))
                doing.addErrback(lambda failure: failure.trap(StoreUnavailable))

    async def _nightly_work(self, code: str, core: Core) -> None:
        await core.sweep()
        found = await core.lookout.comparison.look_and_repair()
        self._differs += [self._said(code, difference) for difference in found]

    def _said(self, code: str, difference: Difference) -> str:
        return f"{code} and {difference.peer} differ lastingly: {difference.kind} {difference.subject}"
