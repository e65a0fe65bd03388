"""Rows as the product writes them, of any number of loans, put into a new database at the speed of the disk.

Cards, items, loans and kiosks are all of one library, which writes the most rows for a loan. Loans are spread evenly
over the days. Each is given back some weeks later; those of the last weeks are open. One in `LATE_EVERY` comes back
late, and most of those fees are paid. `tests/kiosk_sim/test_year.py` compares the rows with those of a real node.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, Final

from federation.contract import FineKind, FineOrder, Lent, Route, TakenBack
from kiosk_sim.simulation.streams import Random
from node.domain.calendar import civil_date
from node.domain.rules import LendingRule, days_late, late_fee_fen
from node.service.desk.memory import written
from node.storage import meta
from node.storage.opening import prepare_database
from node.storage.sqlite import SqliteTx

DAY_MS: Final = 86_400_000
LATE_EVERY: Final = 20
PAID: Final = 0.9
BATCH: Final = 20_000
_RULE: Final = LendingRule()
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is. `loans` over `days`, which end at `until_ms`."""

    library: str
    readers: int
    items: int
    loans: int
    days: int
    until_ms: int
    card_prefix: str = "23500"
    item_prefix: str = "CQSPB01"

    def card(self, number: int) -> str:
        return f"{self.card_prefix}{number:08d}"

    def barcode(self, number: int) -> str:
        return f"{self.item_prefix}{number:08d}"


@dataclass(frozen=True, slots=True)
class _Loan:
    number: int
    op: str
    reader: int
    item: int
    lent_ms: int
    back_ms: int | None

    @property
    def due_on(self) -> date:
        return civil_date(self.lent_ms) + timedelta(days=_RULE.loan_days)


def make_books(path: Path, size: Size, rng: Random, progress: Callable[[str], None] = lambda _text: None) -> None:
    """Write the database of that size; there must be none yet."""
    prepare_database(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-2000000")
        indexes = _without_indexes(connection)
        connection.execute("BEGIN")
        meta.establish(SqliteTx(connection.cursor()), size.library, rng.randbytes)
        held = _write_operations(connection, size, rng, progress)
        progress("cards and items")
        _write(connection, "card", _cards(size, held))
        _write(connection, "item", _items(size))
        connection.execute(
            "UPDATE tally SET value = (SELECT COUNT(*) FROM loan WHERE closed_at_ms IS NULL) "
            "WHERE name = 'loans_active'"
        )
        connection.execute(
            "UPDATE tally SET value = (SELECT COALESCE(SUM(amount_fen - paid_fen), 0) FROM fine) "
            "WHERE name = 'fines_outstanding_fen'"
        )
        connection.execute("COMMIT")
        progress("indexes")
        for statement in indexes:
            connection.execute(statement)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _without_indexes(connection: sqlite3.Connection) -> list[str]:
    """Made again at the end: row by row they would take hours. What is unique by a constraint stays."""
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    for name, _sql in found:
        connection.execute(f'DROP INDEX "{name}"')
    return [sql for _name, sql in found]


def _write(connection: sqlite3.Connection, table: str, rows: Iterable[Row]) -> None:
    waiting: list[Row] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == BATCH:
            _insert(connection, table, waiting)
            waiting.clear()
    _insert(connection, table, waiting)


def _insert(connection: sqlite3.Connection, table: str, rows: Sequence[Row]) -> None:
    if rows:
        names = list(rows[0])
        marks = ", ".join(f":{name}" for name in names)
        connection.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)


# --- what happened, in its order -------------------------------------------------------------------------------


def _loans(size: Size, rng: Random) -> Iterator[_Loan]:
    step_ms = size.days * DAY_MS / size.loans
    first_ms = size.until_ms - size.days * DAY_MS
    for number in range(size.loans):
        lent_ms = int(first_ms + number * step_ms)
        late = number % LATE_EVERY == 0
        back_ms = lent_ms + int(rng.uniform(31, 45) * DAY_MS if late else rng.uniform(0.1, 29) * DAY_MS)
        reader = number * 7_919 % size.readers
        open_still = back_ms > size.until_ms
        yield _Loan(number, _new_op(rng), reader, number % size.items, lent_ms, None if open_still else back_ms)


def _new_op(rng: Random) -> str:
    return f"{rng.getrandbits(128):032x}"


def _write_operations(
    connection: sqlite3.Connection, size: Size, rng: Random, progress: Callable[[str], None]
) -> dict[int, int]:
    """Loans and returns, each as its time comes. How many places each reader holds in the end."""
    held: dict[int, int] = {}
    waiting: dict[str, list[Row]] = {}
    coming: list[tuple[int, int, _Loan]] = []

    def put(rows: Iterable[tuple[str, Row]]) -> None:
        for table, row in rows:
            listed = waiting.setdefault(table, [])
            listed.append(row)
            if len(listed) == BATCH:
                _insert(connection, table, listed)
                listed.clear()

    def give_back(until_ms: int) -> None:
        while coming and coming[0][0] <= until_ms:
            put(_returned(size, heappop(coming)[2], rng))

    for loan in _loans(size, rng):
        give_back(loan.lent_ms)
        put(_lent(size, loan, rng))
        if loan.back_ms is None:
            held[loan.reader] = held.get(loan.reader, 0) + 1
        else:
            heappush(coming, (loan.back_ms, loan.number, loan))
        if loan.number % 100_000 == 0:
            progress(f"{loan.number:,} loans")
    give_back(size.until_ms)
    for table, rows in waiting.items():
        _insert(connection, table, rows)
    return held


def _reader(loan: _Loan) -> str:
    return f"{loan.reader:032x}"


def _title(item: int) -> str:
    return f"一本书的题名 第{item}册"


def _kiosk_op(size: Size, rng: Random, op: str, *, message: str, at_ms: int, barcode: str, answer: str) -> Row:
    return {
        "op": op,
        "base": _new_op(rng),
        "attempt": 1,
        "message": message,
        "kiosk_date": "20260101    120000",
        "terminal": f"{size.library}-SC{at_ms % 32}",
        "card_digest": _new_op(rng),
        "barcode": barcode,
        "date_near": 1,
        "asked_at_ms": at_ms,
        "answer_by_ms": at_ms + 4_000,
        "told_at_ms": at_ms,
        "answer": answer,
        "owner": "",
        "lasting": 0,
    }


def _lent(size: Size, loan: _Loan, rng: Random) -> Iterator[tuple[str, Row]]:
    here, barcode, reader = size.library, size.barcode(loan.item), _reader(loan)
    answer = written(Lent(loan.op, reader, _title(loan.item), "book", False, loan.due_on))
    asked = _kiosk_op(size, rng, loan.op, message="11", at_ms=loan.lent_ms, barcode=barcode, answer=answer)
    yield "kiosk_op", asked
    about = {"op": loan.op, "barcode": barcode, "branch": here}
    decided = {"kind": "checkout", "state": "done", "home": here, "loan": loan.op, "at_ms": loan.lent_ms}
    yield "owner_op", {**about, **decided}
    over = loan.back_ms is not None
    ended = {
        "closed_at_ms": loan.back_ms,
        "closed_how": "returned" if over else None,
        "closed_by": f"{loan.number:032x}" if over else None,
        "version": 2 if over else 1,
    }
    due_on = loan.due_on.isoformat()
    lent = {"home": here, "reader": reader, "category": "pupil", "opened_at_ms": loan.lent_ms, "due_on": due_on}
    yield "loan", {**about, **lent, **ended}
    yield (
        "place",
        {
            **about,
            "state": "freed" if over else "held",
            "reader": reader,
            "owner": here,
            "title": _title(loan.item),
            "due_on": due_on,
            "epoch": 1 if over else 0,
            "version": 2 if over else 0,
            "at_ms": loan.lent_ms,
            "ended_at_ms": loan.back_ms,
        },
    )


def _returned(size: Size, loan: _Loan, rng: Random) -> Iterator[tuple[str, Row]]:
    assert loan.back_ms is not None
    here, op, barcode, at_ms = size.library, f"{loan.number:032x}", size.barcode(loan.item), loan.back_ms
    order = _order(size, loan)
    taken = TakenBack(op, True, _title(loan.item), "book", "一楼", "I287.4/12", Route.SHELF, fine=order, loan=loan.op)
    yield "kiosk_op", _kiosk_op(size, rng, op, message="09", at_ms=at_ms, barcode=barcode, answer=written(taken))
    seen = {"op": op, "barcode": barcode, "branch": here, "returned_at_ms": at_ms, "loan": loan.op, "at_ms": at_ms}
    yield "evidence", {**seen, "route": "shelf"}
    if order is not None:
        yield from _fined(order, at_ms, rng)


def _order(size: Size, loan: _Loan) -> FineOrder | None:
    assert loan.back_ms is not None
    back_on = civil_date(loan.back_ms)
    days, here = days_late(loan.due_on, back_on), size.library
    if days <= 0:
        return None
    fine, fen, barcode = f"{loan.op}:{loan.due_on.isoformat()}", late_fee_fen(_RULE, days), size.barcode(loan.item)
    who = (here, here, here, _reader(loan))
    return FineOrder(
        fine, 1, loan.op, *who, barcode, _title(loan.item), loan.due_on, back_on, days, fen, kind=FineKind.LATE
    )


def _fined(order: FineOrder, at_ms: int, rng: Random) -> Iterator[tuple[str, Row]]:
    paid = rng.random() < PAID
    due_on, back_on = order.due_on.isoformat(), order.returned_on.isoformat()
    named = {"fine": order.fine, "loan": order.loan, "due_on": due_on, "amount_fen": order.amount_fen}
    late = {"returned_on": back_on, "days_late": order.days_late}
    yield "fine_order", {**named, **late, "ledger": order.ledger, "version": 1}
    about = {"reader": order.reader, "barcode": order.barcode, "title": order.title, "kind": "late"}
    stands = {
        "paid_fen": order.amount_fen if paid else 0,
        "version": 2 if paid else 1,
        "settled_at_ms": at_ms if paid else None,
    }
    whose = {"owner": order.owner, "home": order.home, "order_version": 1, "booked_at_ms": at_ms, "ordered": order.fine}
    yield "fine", {**named, **late, **about, **stands, **whose}
    yield "fine_mirror", {**named, **about, **stands, "ledger": order.ledger, "epoch": 1}
    if paid:
        key = _new_op(rng)
        money = {"pay_key": key, "amount_fen": order.amount_fen}
        by = {"terminal": "desk", "home": order.home, "reader": order.reader, "method": "cash", "at_ms": at_ms}
        yield "payment", {**money, **by, "receipt": f"{order.ledger}-{key[:8].upper()}"}
        yield "payment_line", {**money, "fine": order.fine}


# --- who and what there is -------------------------------------------------------------------------------------


def _cards(size: Size, held: dict[int, int]) -> Iterator[Row]:
    for number in range(size.readers):
        used = held.get(number, 0)
        limits = {"max_loans": max(8, used), "max_foreign": 3, "places_used": used}
        yield {"card": size.card(number), "reader": f"{number:032x}", "name": f"读者{number}", **limits}


def _items(size: Size) -> Iterator[Row]:
    for number in range(size.items):
        more = {"author": "某某", "call_number": "I287.4/12", "item_type": "book", "location": "一楼"}
        yield {"barcode": size.barcode(number), "title": _title(number), "price_fen": 2_500, **more}
