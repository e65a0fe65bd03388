"""Planted faults about repeats and clocks: a genuine operation is taken for a repeat, a return for one of before."""

from __future__ import annotations

from typing import Any

from kiosk_sim.simulation.library import SimLibrary
from kiosk_sim.simulation.plants.planting import Plant, become, core_of
from node.service.desk.kinds import Kind
from node.service.desk.lending import Lending
from node.service.desk.memory import RETRYING_MS, Ask, Begun, Fresh, KioskMemory, Told, read
from node.service.desk.returning import Returning
from node.service.owner.returns import Returns
from node.storage.desk import operations as rows
from node.storage.owner.loans import LoanRow
from node.storage.store import Tx


class _DecidesAboutDates(KioskMemory):
    """The same wish with a fresh date is answered like the one before it."""

    KIND = Kind.RETURN

    def begin(self, tx: Tx, ask: Ask, *, followed: bool = False) -> Begun:
        begun = super().begin(tx, ask, followed=followed)
        if not isinstance(begun, Fresh) or begun.attempt > 1 or ask.kind is not self.KIND:
            return begun
        row = rows.find_kiosk_op(tx, begun.earlier_op)
        if row is None or row.answer is None or row.told_at_ms is None:
            return begun
        return Told(row.op, read(row.answer), row.told_at_ms, repeated=True)


class _DecidesAboutLoans(_DecidesAboutDates):
    KIND = Kind.CHECKOUT


def fresh_return_swallowed(library: SimLibrary) -> None:
    """A return with a new date is the one before it, whatever happened in between."""
    memory = core_of(library).desk.branch.memory
    memory.__class__ = _DecidesAboutDates


def fresh_checkout_told_again(library: SimLibrary) -> None:
    """A checkout with a new date is the one before it, whether or not its loan still runs."""
    memory = core_of(library).desk.branch.memory
    memory.__class__ = _DecidesAboutLoans


class _BelievesStamps(KioskMemory):
    def _followed(self, *_known: Any) -> bool:
        return False


class _AsksNobody(Lending):
    def _is_over(self, *_told: Any) -> bool:
        return False


def stamps_believed(library: SimLibrary) -> None:
    """The same words are a repeat, whatever happened to the item here in between."""
    desk = core_of(library).desk
    become(desk.branch.memory, _BelievesStamps)
    become(desk.lending, _AsksNobody)


class _AsksAfterSeconds(Lending):
    async def _still_true(self, *asked: Any) -> Any:
        told = asked[-1]
        return told if self._branch.wall_ms() - told.at_ms <= RETRYING_MS else await super()._still_true(*asked)


class _SwallowsRepeats(Returning):
    def _may_be_followed(self, tx: Tx, ask: Ask, owner: str, told: Told[Any]) -> bool:
        return self._branch.wall_ms() - told.at_ms > RETRYING_MS and super()._may_be_followed(tx, ask, owner, told)


def retries_believed(library: SimLibrary) -> None:
    """The same words within a minute are a retry, whatever happened to the item elsewhere in between."""
    desk = core_of(library).desk
    become(desk.lending, _AsksAfterSeconds)
    become(desk.returning, _SwallowsRepeats)


def always_in_doubt(library: SimLibrary) -> None:
    """A return elsewhere within a minute ends no loan, though the clocks are known."""
    object.__setattr__(core_of(library).books.owner._own, "ahead_ms", lambda *_branches: None)


class _ByItsDate(Returns):
    def _opened_just_after(self, *_return: Any) -> list[LoanRow]:
        return []

    def _was_made_before(self, *_return: Any) -> bool:
        return False

    def _doubt_dates(self, *_return: Any) -> None:
        return None


def clock_behind_believed(library: SimLibrary) -> None:
    """A return elsewhere that is dated before the loan belongs to the loan before, though that clock is behind."""
    become(core_of(library).books.owner.returns, _ByItsDate)


PLANTS: tuple[Plant, ...] = (
    fresh_return_swallowed,
    fresh_checkout_told_again,
    stamps_believed,
    retries_believed,
    always_in_doubt,
    clock_behind_believed,
)
