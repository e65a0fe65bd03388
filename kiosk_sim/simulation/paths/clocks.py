"""Rare paths of clocks that jump: loans of the future, fees that wait, starts that wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiosk_sim.simulation.account import Account
from kiosk_sim.simulation.library import SimLibrary
from kiosk_sim.simulation.looking_on import after, before
from node.service.owner.dating import JUST_NOW_MS, is_fresh
from node.storage.store import Tx

RARE_PATHS = (
    "clock contradicted by most",
    "fee waits for the right time",
    "fee that waited is decided",
    "loan of the future ended",
)
RARER_PATHS = (
    "return before a loan of the future listed",
    "loan of the future marked",
    "start waits for the clock",
)
Count = Callable[[str, bool], None]


def observe(library: SimLibrary, account: Account, count: Count) -> None:
    """Count what this core does about clocks, and tell the account what its owner could know of them."""
    core = library.core
    assert core is not None
    returns, links, watch = core.books.owner.returns, core.links, core.lookout.clock

    def taken(_tx: Tx, notice: Any, *, on_line: bool = False) -> None:
        made = account.operations.get(notice.op)
        late = made is None or library.clock.seconds() - made.at_s > JUST_NOW_MS / 1000
        if late or not is_fresh(core.books.owner.own, notice, on_line=on_line):
            account.heard_late.add(notice.op)

    def ordered(_tx: Tx, loan: Any, *_found: Any) -> None:
        if not links.peers.clocks.view().measured:
            account.blind.add(loan.op)

    def judged(_tx: Tx, loan: Any, _item: Any, _found: Any) -> None:
        count("fee waits for the right time", core.books.owner.own.clock_off_ms() is not None)

    before(returns, "take_back", taken)
    before(returns, "order_fine", ordered)
    before(returns, "_fine", judged)
    before(returns, "_end_future", lambda *_a: count("loan of the future ended", True))
    before(returns, "_doubt_dates", lambda _tx, loan, found: _doubted(account, loan, found, count))
    before(watch, "_tell", lambda view: count("clock contradicted by most", view.contradicted))
    after(watch, "_mark", lambda _tx, result: count("loan of the future marked", result > 0))
    after(watch, "_decide_fees", lambda _tx, result: count("fee that waited is decided", result > 0))
    library.waits = lambda: count("start waits for the clock", True)


def _doubted(account: Account, loan: Any, found: Any, count: Count) -> None:
    count("return before a loan of the future listed", True)
    account.doubted[found.op] = (loan.op, None)
