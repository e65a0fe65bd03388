"""Readers and staff carry out the actions of a plan, each when its moment has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from twisted.internet.defer import Deferred

from federation.contract import CardStatus
from kiosk_sim.simulation.people.liar import Liar
from kiosk_sim.simulation.people.requests import patron_information
from kiosk_sim.simulation.people.scene import Doing, Scene
from kiosk_sim.simulation.people.staff import Staff
from kiosk_sim.simulation.people.visits import Visit
from kiosk_sim.simulation.plan import Action
from kiosk_sim.simulation.streams import Random, stream
from kiosk_sim.simulation.world import Reader


class People:
    """`busy`: how many are still at it. `differences`: what the nights' comparisons found."""

    def __init__(self, seed: int, scene: Scene) -> None:
        self._seed = seed
        self._scene = scene
        self.differences: list[str] = []
        self._staff = Staff(scene, self.differences)
        self._liar = Liar(scene)
        self.busy = 0

    def begin(self, action: Action) -> None:
        """Start to carry it out."""
        rng = stream(self._seed, "action", action.number)
        reader = self._scene.world.readers[action.reader]
        self.busy += 1
        doing: dict[str, Callable[[], Doing]] = {
            "visit": lambda: Visit(self._scene, action, reader, rng).go(),
            "debt": lambda: self._debt(action, reader, rng),
            "suspend": lambda: self._staff.set_status(reader, CardStatus.SUSPENDED),
            "reactivate": lambda: self._staff.set_status(reader, CardStatus.ACTIVE),
            "block": lambda: self._staff.block(action, reader, rng),
            "enable": lambda: self._staff.enable(action, reader, rng),
            "truck": lambda: self._staff.truck(action, rng),
            "night": self._staff.night,
            "lie": lambda: self._liar.lie(action, reader, rng),
        }
        Deferred.fromCoroutine(doing[action.kind]()).addBoth(self._done)

    def _done(self, result: object) -> object:
        self.busy -= 1
        return result

    async def _debt(self, action: Action, reader: Reader, rng: Random) -> None:
        """The reader goes where a fee is owed."""
        for code in self._scene.world.codes:
            if self._scene.owed_here_fen(code, reader):
                await Visit(self._scene, replace(action, branch=code, wishes=("pay",)), reader, rng).go()

    def look_at_the_accounts(self) -> None:
        """When all is quiet every reader looks at the account, at a branch of the group."""
        for reader in self._scene.world.readers:
            self.busy += 1
            Deferred.fromCoroutine(self._last_look(reader)).addBoth(self._done)

    async def _last_look(self, reader: Reader) -> None:
        rng = stream(self._seed, "last look", reader.reader)
        branch = rng.choice(self._scene.group_of(reader.home))
        build = lambda date: patron_information(branch, reader, date)  # noqa: E731
        seen = await self._scene.operate(self._scene.kiosk(branch, rng), "63", reader, None, build)
        self._scene.account.last_looks.append(seen)
