"""Clocks that jump: nobody owes for days that have not been, and no library opens behind its own books."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date

from kiosk_sim.simulation.checks.facts import Facts, civil
from kiosk_sim.simulation.checks.money import FEN_A_DAY
from kiosk_sim.simulation.world import EPOCH_MS

MOST_WRONG_S = 300.0
"""A clock that is less wrong may give another day, around midnight: nobody contradicts it for certain."""

_NEWEST = "SELECT max(asked_at_ms) FROM kiosk_op"
_MARKED = "SELECT 1 FROM meta WHERE name = 'clock_marks'"


def is_behind_its_books(database: sqlite3.Connection, now_ms: int) -> bool:
    """A minute and more, and nobody has said that the clock is right."""
    newest_ms = database.execute(_NEWEST).fetchone()[0]
    behind = newest_ms is not None and newest_ms - now_ms > 61_000
    return behind and database.execute(_MARKED).fetchone() is None


def no_library_opens_behind_its_books(facts: Facts) -> Iterator[str]:
    for code in facts.account.opened_behind:
        yield f"{code} opened although its clock was behind its newest row"


def nobody_owes_for_days_that_have_not_been(facts: Facts) -> Iterator[str]:
    """By the true time of the return that ended the loan, but where the owner could ask nobody for the time, or heard
    of the return late."""
    for loan in facts:
        ended = facts.operation(loan.closed_by or "")
        if ended is None or loan.op in facts.account.blind or loan.closed_by in facts.account.heard_late:
            continue
        back_on = civil(EPOCH_MS + int((ended.at_s + MOST_WRONG_S) * 1000))
        most_fen = max(0, (back_on - date.fromisoformat(loan.due_on)).days) * FEN_A_DAY
        for order in facts.orders_of_loan.get(loan.op, []):
            if order.amount_fen > most_fen:
                name = f"the loan {loan.op} of {loan.library}, due on {loan.due_on}"
                yield f"{name}, came back on {back_on} in truth, and {order.amount_fen} fen are owed"
