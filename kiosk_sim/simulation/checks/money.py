"""Fines and payments: I4 and I5 of the protocol, R7 and R8 of the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from kiosk_sim.simulation.checks.facts import Facts, civil
from kiosk_sim.simulation.checks.rows import Record

FEN_A_DAY = 20
MOST_FEN = 5000


def _owed_fen(facts: Facts, loan: Record) -> int:
    """By the rules, from the end of the loan that stands in the books, and the error of the clock that dated it."""
    if loan.closed_how != "returned":
        return 0
    off_ms = next((row.clock_off_ms for row in facts.evidence.get(loan.closed_by, ()) if row.loan == loan.op), 0)
    days = (civil(loan.closed_at_ms + off_ms) - date.fromisoformat(loan.due_on)).days
    return min(max(0, days) * FEN_A_DAY, MOST_FEN)


def a_late_return_has_one_fine(facts: Facts) -> Iterator[str]:
    """One order a loan, of the right amount, for a library at which the item came back after it was lent: the first of
    which the owner heard, and staying there."""
    for loan in facts:
        owed_fen, orders = _owed_fen(facts, loan), facts.orders_of_loan.get(loan.op, [])
        name = f"the loan {loan.op} at {loan.library}"
        if owed_fen and len(orders) != 1:
            yield f"{name} owes {owed_fen} fen and has {len(orders)} orders"
        for order in orders:
            branches = {row.branch for row in facts.returns_since(loan)}
            if order.amount_fen != owed_fen:
                yield f"{name} owes {owed_fen} fen, ordered are {order.amount_fen}"
            if order.ledger not in branches:
                yield f"{name} came back at {sorted(branches)}, its fine is owed at {order.ledger}"


def fines_are_booked_as_ordered(facts: Facts) -> Iterator[str]:
    """Each order where it was sent, and no fine without one; of a void order nothing is owed. A ledger whose clock was
    far behind when the item came back has no row of that day, and lists the order for its staff."""
    booked = {(row.library, row.fine): row for row in facts.books.all("fine")}
    for order in facts.books.all("fine_order"):
        fine = booked.pop((order.ledger, order.fine), None)
        if fine is None and _clock_was_behind(facts, order):
            continue
        if fine is None:
            yield f"the fine {order.fine} of {order.amount_fen} fen is not booked at {order.ledger}"
        elif (fine.amount_fen, fine.loan) != (order.amount_fen, order.loan):
            yield f"the fine {fine.fine} at {fine.library} is {fine.amount_fen} fen, ordered are {order.amount_fen}"
        if order.voided and order.amount_fen:
            yield f"the fine {order.fine} is void, and {order.amount_fen} fen are owed"
    for code, name in booked:
        yield f"the fine {name} at {code} was never ordered"


def _clock_was_behind(facts: Facts, order: Record) -> bool:
    loan = facts.loans[order.loan]
    at_s = facts.began_s(loan.closed_by or "")
    return facts.account.was_wrong(order.ledger, at_s - 1, at_s + 1)


def mirrors_agree(facts: Facts) -> Iterator[str]:
    mirrors = {(row.library, row.fine): row for row in facts.books.all("fine_mirror")}
    for fine in facts.books.all("fine"):
        mirror = mirrors.pop((fine.home, fine.fine), None)
        if mirror is None:
            yield f"{fine.home} does not know the fine {fine.fine} of {fine.library}"
        elif (mirror.amount_fen, mirror.paid_fen, mirror.ledger, mirror.reader) != (
            *(fine.amount_fen, fine.paid_fen),
            *(fine.library, fine.reader),
        ):
            yield f"{fine.home} has {mirror} for {fine}"
    for home, number in mirrors:
        yield f"{home} mirrors the fine {number}, which no library has booked"


def money_taken_is_money_booked(facts: Facts) -> Iterator[str]:
    """Payments, their lines and what the fines say is paid, at each library."""
    paid: dict[str, int] = defaultdict(int)
    lines: dict[str, int] = defaultdict(int)
    booked: dict[str, int] = defaultdict(int)
    for row in facts.books.all("payment"):
        paid[row.library] += row.amount_fen
    for row in facts.books.all("payment_line"):
        lines[row.library] += row.amount_fen
    for row in facts.books.all("fine"):
        booked[row.library] += row.paid_fen
    for code in facts.world.codes:
        if not paid[code] == lines[code] == booked[code]:
            yield f"{code}: {paid[code]} fen taken, {lines[code]} in lines, {booked[code]} on fines"


def payments_are_as_told(facts: Facts) -> Iterator[str]:
    for done in facts.account.intentions:
        if done.kind != "37" or done.ok is None or not facts.is_about(done):
            continue
        rows = [facts.payments[op] for op in done.ops if op in facts.payments]
        once = [row for row in rows if row.pay_key not in facts.listed_again] or rows[:1]
        if done.ok and sum(row.amount_fen for row in once) != done.amount_fen:
            yield f"intention {done.number}: told {done.amount_fen} fen are paid, booked: {rows}"
        if not done.ok and done.heard_op in facts.payments and not facts.said_yes(done.heard_op):
            yield f"intention {done.number}: told not paid, booked: {rows}"
