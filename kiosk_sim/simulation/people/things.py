"""Where each item of the city is while people handle it, whatever the books say."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk_sim.simulation.world import Item

TRAVEL_S = 1800.0
ALONE_S = 300.0


class Things:
    """Where each item is: in a branch (its code) or with a reader (the card). Whoever handles one has it locked.

    `destination`: what the last slip says where it is to be carried.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self.place = {item.number: item.first_at for item in items}
        self._left_s = {item.number: -TRAVEL_S for item in items}
        self._left = {item.number: item.first_at for item in items}
        self._items = items
        self._handled: set[int] = set()
        self.destination: dict[int, str] = {}

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
