"""Planted faults that harm a reader while success is reported: return dates, and another copy than the one kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kiosk_sim.simulation.library import SimLibrary
from kiosk_sim.simulation.plants.planting import Plant, become, core_of
from node.kiosk.terminal import Terminal, Terminals
from node.service.desk.memory import Ask
from node.service.desk.returning import Returning
from node.service.owner.holds import Holds
from node.service.owner.returns import Returns

# --- return dates --------------------------------------------------------------------------------------------


class _OursAlone(Returning):
    def _notice(self, tx: Any, ask: Ask, *fresh: Any) -> Any:
        return super()._notice(tx, replace(ask, returned_at_ms=None), *fresh)


def return_date_ignored(library: SimLibrary) -> None:
    """What came back three days ago is charged as today, whoever says so."""
    become(core_of(library).desk.returning, _OursAlone)


class _AllTell(Terminals):
    def __getitem__(self, login: str) -> Terminal:
        return replace(super().__getitem__(login), tells_return_date=True)


def return_date_believed_of_all(library: SimLibrary) -> None:
    """A self-check too may say when an item came back."""
    become(core_of(library).terminals, _AllTell)


class _ByThatDate(Returns):
    def _end_loan_seen(self, *_return: Any) -> bool:
        return False


def return_date_before_the_loan(library: SimLibrary) -> None:
    """A return date of before the loan ends no loan, though the item is back."""
    become(core_of(library).books.owner.returns, _ByThatDate)


# --- another copy --------------------------------------------------------------------------------------------


class _OneCopy(Holds):
    def collect(self, tx: Any, item: Any, loan: Any, *, queue: list[Any], **fee: Any) -> Any:
        queue = [hold for hold in queue if hold.item in (None, item.barcode) or hold.reader != loan.reader]
        return super().collect(tx, item, loan, queue=queue, **fee)


def other_copy_collects_nothing(library: SimLibrary) -> None:
    """Who waits for a title and takes another copy than the one kept waits on, and that one is blocked."""
    become(core_of(library).books.owner.holds, _OneCopy)


class _KeepsOn(Holds):
    def _free_other_copy(self, _tx: Any, _barcode: str, ended: Any) -> Any:
        return ended


def kept_copy_not_freed(library: SimLibrary) -> None:
    """The copy that was kept for a reader who took another one stays where it is, and staff hear nothing."""
    become(core_of(library).books.owner.holds, _KeepsOn)


PLANTS: tuple[Plant, ...] = (
    return_date_ignored,
    return_date_believed_of_all,
    return_date_before_the_loan,
    other_copy_collects_nothing,
    kept_copy_not_freed,
)
