"""Planted faults in what a library does when a clock is wrong."""

from __future__ import annotations

from typing import Any

from federation.clocks import ClockView
from kiosk_sim.simulation.library import SimLibrary
from kiosk_sim.simulation.plants.planting import Plant, become, core_of
from node.clock_watch import ClockWatch
from node.service.owner.returns import Returns


class _BelievesDates(Returns):
    def _was_made_before(self, *_return: Any) -> bool:
        return False

    def _doubt_dates(self, *_return: Any) -> None:
        return None


def loan_of_the_future_stays(library: SimLibrary) -> None:
    """A return does not end a loan that begins after it by its date, and nobody is told."""
    become(core_of(library).books.owner.returns, _BelievesDates)


class _FinesAtOnce(Returns):
    def _fine(self, tx: Any, loan: Any, item: Any, found: Any) -> None:
        self.order_fine(tx, loan, item, found.branch, found.returned_at_ms)


def fined_by_a_wrong_clock(library: SimLibrary) -> None:
    """A fee is ordered by the clock as it is, whatever the others say of it."""
    become(core_of(library).books.owner.returns, _FinesAtOnce)


class _Forgetful(ClockWatch):
    def _decide_fees(self, _tx: Any) -> int:
        return 0


def waiting_fee_forgotten(library: SimLibrary) -> None:
    """A fee that waits for the right time waits for ever."""
    become(core_of(library).lookout.clock, _Forgetful)


class _TakesAnyClock(ClockWatch):
    @property
    def view(self) -> ClockView:
        return ClockView(measured=1)


def opens_behind_its_books(library: SimLibrary) -> None:
    """A library opens although its clock is behind its newest row and nobody agrees with it."""
    core = core_of(library)
    become(core.lookout.clock, _TakesAnyClock)
    core.store.run = _without_marks(core.store.run)  # type: ignore[method-assign]


def _without_marks(run: Any) -> Any:
    def running(work: Any, name: str) -> Any:
        return run((lambda _tx: 0) if name == "clock" else work, name)

    return running


PLANTS: tuple[Plant, ...] = (
    loan_of_the_future_stays,
    fined_by_a_wrong_clock,
    waiting_fee_forgotten,
    opens_behind_its_books,
)
