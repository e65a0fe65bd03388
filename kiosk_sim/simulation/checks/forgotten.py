"""The books of a city that forgets, beside those of the same city, with the same history, that never does.

What may be missing or empty is said here again, apart from the code that forgets. Everything else must be the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kiosk_sim.simulation.checks.rows import CityRows, Record

DAY_MS = 86_400_000
HISTORY_MS, OPERATIONS_MS = 30 * DAY_MS, 400 * DAY_MS
NIGHTS_MS = 25 * DAY_MS
"""So long after that it must have happened: the nights of the simulation are this far apart at the most."""

KEYS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("owner_op", "loan", "evidence", "place", "kiosk_op", "card_op", "denied_card"), ("op",)),
    **dict.fromkeys(("hold", "hold_mirror"), ("hold",)),
    **dict.fromkeys(("fine", "fine_order"), ("fine",)),
    "fine_mirror": ("ledger", "fine"),
    "payment": ("pay_key",),
    "payment_line": ("pay_key", "fine"),
    "card": ("card",),
    "item": ("barcode",),
    "seen_card": ("card_digest",),
    "staff_exception": ("op", "kind", "said_by"),
    "unconfirmed": ("peer", "key"),
    "outbox": ("peer", "key"),
}
NUMBERS = ("id", "seq", "attempt", "payload")
"""What is not compared: numbers that count what was there before, and bytes that have such names in them."""
_OP = re.compile("[0-9a-f]{32}")
EMPTIED: Mapping[str, tuple[str, ...]] = {
    "kiosk_op": ("card_digest", "answer"),
    "loan": ("reader",),
    "place": ("reader", "title"),
    "hold": ("reader", "title"),
    "hold_mirror": ("reader", "title"),
    "fine": ("title", "barcode"),
    "fine_mirror": ("reader", "title", "barcode"),
    "seen_card": ("status", "expires_on", "seen_at_ms"),
}
"""What may be empty in a row that stands."""


class _City:
    """The books with everything, and what is needed of them."""

    def __init__(self, books: CityRows, now_ms: int) -> None:
        self._now_ms = now_ms
        self._loans = books.by("loan", "op")
        owed = [row for row in books.all("fine") if row.amount_fen > row.paid_fen]
        self._owed = {row.loan for row in owed}
        self._paid_ms = {row.loan: row.settled_at_ms for row in books.all("fine") if row.settled_at_ms is not None}
        self._owed_at = {(library, row.loan) for row in owed for library in (row.library, row.home)}

    def _old(self, at_ms: int | None, kept_ms: int) -> bool:
        return at_ms is not None and at_ms < self._now_ms - kept_ms

    def may_be_empty(self, table: str, row: Record) -> bool:
        """A month after it was over, and paid."""
        over: Mapping[str, Callable[[], int | None]] = {
            "kiosk_op": lambda: row.told_at_ms,
            # its owner hears of a payment only where the fee is owed, or where the reader is at home
            "loan": lambda: None if (row.library, row.op) in self._owed_at else row.closed_at_ms,
            "place": lambda: None if row.op in self._owed or row.state == "held" else row.ended_at_ms,
            "hold": lambda: row.ended_at_ms,
            "hold_mirror": lambda: row.ended_at_ms,
            "fine": lambda: None if row.amount_fen > row.paid_fen else row.settled_at_ms,
            "fine_mirror": lambda: None if row.amount_fen > row.paid_fen else row.settled_at_ms,
        }
        if table == "seen_card":  # it was gone, and came again
            return self._old(row.seen_at_ms, OPERATIONS_MS)
        return self._old(over[table](), HISTORY_MS)

    def may_be_gone(self, table: str, row: Record) -> bool:
        """More than a year after it was over; what was done off line, money and cards never."""
        loan = self._loans.get(getattr(row, "loan", None) or "")
        runs = loan is not None and not self._old(loan.closed_at_ms, OPERATIONS_MS)
        over: Mapping[str, Callable[[], int | None]] = {
            "kiosk_op": lambda: None if row.lasting else row.told_at_ms,
            "owner_op": lambda: None if runs else row.at_ms,
            "evidence": lambda: None if runs else row.at_ms,
            "fine_order": lambda: None if runs else 0,
            "loan": lambda: row.closed_at_ms,
            "place": lambda: row.ended_at_ms,
            "hold": lambda: row.ended_at_ms,
            "hold_mirror": lambda: row.ended_at_ms,
            "fine_mirror": lambda: row.settled_at_ms,
            "card_op": lambda: row.at_ms,
            "seen_card": lambda: max(row.seen_at_ms, row.noted_at_ms),
            "unconfirmed": lambda: row.at_ms,
            "staff_exception": lambda: row.closed_at_ms,
        }
        if table == "outbox":
            return self._old(row.acked_at_ms, 7 * DAY_MS)
        if table == "denied_card":
            return True
        return table in over and self._old(over[table](), OPERATIONS_MS)

    def must_be_empty(self, table: str, row: Record) -> bool:
        """It is time, with some nights to spare; late returns, whose fee may still come, aside."""
        if table == "loan" and row.op not in self._owed and row.closed_at_ms is not None:
            over_ms = max(row.closed_at_ms, self._paid_ms.get(row.op, 0))
            return self._old(over_ms, HISTORY_MS + OPERATIONS_MS)
        return table == "kiosk_op" and self._old(row.told_at_ms, HISTORY_MS + NIGHTS_MS)


def what_was_forgotten(whole: CityRows, books: CityRows, now_ms: int) -> Iterator[str]:
    """Where the books that forget differ from the whole ones in more than they may; and what they should have
    forgotten."""
    city, names = _City(whole, now_ms), _names_of(whole, books)
    for table, key in KEYS.items():
        left = {_key(row, key): row for row in (_renamed(row, names) for row in books.all(table))}
        for row in whole.all(table):
            found = left.pop(_key(row, key), None)
            if found is None:
                if not city.may_be_gone(table, row):
                    yield f"{table} is gone: {row}"
                continue
            yield from _compared(city, table, row, found)
        yield from (f"{table} is only there when the others forget: {row}" for row in left.values())


def _names_of(whole: CityRows, books: CityRows) -> dict[str, str]:
    """An operation is named after its attempt, among other things, which is 1 again after the others were forgotten."""
    found: dict[str, str] = {}
    for table, when in (("kiosk_op", ("base", "asked_at_ms")), ("loan", ("barcode", "opened_at_ms"))):
        named = {_key(row, when): row.op for row in whole.all(table)}
        found |= {row.op: named.get(_key(row, when), row.op) for row in books.all(table)}
    return {op: name for op, name in found.items() if op != name}


def _renamed(row: Record, names: dict[str, str]) -> Record:
    if not names:
        return row
    columns = {
        column: _OP.sub(lambda op: names.get(op[0], op[0]), value) if isinstance(value, str) else value
        for column, value in vars(row).items()
    }
    return Record(columns.pop("library"), columns)


def _key(row: Record, key: tuple[str, ...]) -> tuple[Any, ...]:
    return (row.library, *(getattr(row, column) for column in key))


def _compared(city: _City, table: str, row: Record, found: Record) -> Iterator[str]:
    before, after = vars(row), vars(found)
    changed = [column for column in before if column not in NUMBERS and before[column] != after[column]]
    strange = [column for column in changed if column not in EMPTIED.get(table, ())]
    if strange:
        yield f"{table}.{strange[0]} is {after[strange[0]]!r}, not {before[strange[0]]!r}: {row}"
    elif changed and not city.may_be_empty(table, row):
        yield f"{table}.{changed[0]} is forgotten too early: {row}"
    name = {"loan": "reader", "kiosk_op": "card_digest"}.get(table)
    if name is not None and after[name] and city.must_be_empty(table, row):
        yield f"{table}.{name} is not forgotten: {row}"
