"""Planted faults in whose item it is: the same barcode at two libraries, one of them silent, codes in front of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kiosk_sim.simulation.library import SimLibrary
from kiosk_sim.simulation.plants.planting import Plant, become, core_of
from node.service.desk.authorities import Authorities, Whose
from node.service.desk.item_name import ItemName
from node.storage.owner import loans as owner_rows


class _OwnFirst(Authorities):
    async def find_owner_to_return(self, item: ItemName, returned_at_ms: int) -> Whose:
        own = await self._store.read(lambda tx: owner_rows.find_item(tx, item.barcode))
        if own is not None and not item.named:
            return self.here
        return await super().find_owner_to_return(item, returned_at_ms)


def own_barcode_first(library: SimLibrary) -> None:
    """A return of a barcode that the branch has is a return of its own item."""
    become(core_of(library).desk.branch.authorities, _OwnFirst)


class _Concludes(Authorities):
    async def _ask_each(self, *question: Any) -> Any:
        return replace(await super()._ask_each(*question), silent=())


def silence_concludes(library: SimLibrary) -> None:
    """A library that does not answer is taken for one that has no such item."""
    become(core_of(library).desk.branch.authorities, _Concludes)


class _ReadsNoCodes(Authorities):
    def item_of(self, sent: str) -> ItemName:
        return ItemName(super().item_of(sent).barcode)


def codes_ignored(library: SimLibrary) -> None:
    """What stands in front of the dot names nobody."""
    become(core_of(library).desk.branch.authorities, _ReadsNoCodes)


PLANTS: tuple[Plant, ...] = (own_barcode_first, silence_concludes, codes_ignored)
