"""Holds: what readers were told, what is kept for whom, and what the homes know of it (R6, promises 5 and 7)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from kiosk_sim.simulation.checks.facts import Facts
from kiosk_sim.simulation.world import Item

IN_FORCE = ("waiting", "ready")

_KEPT_ON_LOAN = (
    "SELECT hold.hold FROM hold JOIN loan ON loan.barcode = hold.item AND loan.closed_at_ms IS NULL"
    " WHERE hold.item = ? AND hold.state IN ('waiting', 'ready') AND loan.reader IS NOT NULL"
)
"""A loan made off line lets the copy go, or is the reader's own, once the home has said whose it is."""


def kept_now(owner: sqlite3.Connection, item: Item) -> list[str]:
    """After a step: a copy that is kept for somebody is not with somebody else."""
    return [
        f"kept copy lent: {item.barcode} of {item.owner} is kept for the hold {hold} and on loan"
        for (hold,) in owner.execute(_KEPT_ON_LOAN, (item.barcode,))
    ]


def holds_are_as_told(facts: Facts) -> Iterator[str]:
    for done in facts.account.intentions:
        if done.kind != "15" or done.ok is None or not facts.is_about(done):
            continue
        decided = facts.owner_ops.get(done.heard_op)
        stands = decided is not None and decided.state == "done"
        if done.ok and not stands:
            yield f"intention {done.number} ({done.extra!r}) was told done, and {done.heard_op} is not"
        if not done.ok and stands and not facts.said_yes(done.heard_op):
            yield f"intention {done.number} ({done.extra!r}) was told no, and {done.heard_op} is done"


def kept_copies_are_there(facts: Facts) -> Iterator[str]:
    on_loan = {(loan.library, loan.barcode) for loan in facts if loan.closed_at_ms is None}
    for hold in facts.holds.values():
        if hold.state in IN_FORCE and (hold.library, hold.item) in on_loan:
            yield f"{hold.item} of {hold.library} is kept for the hold {hold.hold} and on loan"


def holds_are_collected_by_their_readers(facts: Facts) -> Iterator[str]:
    for hold in facts.holds.values():
        if hold.state != "collected":
            continue
        loan = facts.loans.get(hold.ended_by)
        if loan is None or (loan.home, loan.reader) != (hold.home, hold.reader):
            yield f"the hold {hold.hold} of {hold.reader} was collected by {loan}"


def no_reader_waits_for_a_title_that_was_borrowed(facts: Facts) -> Iterator[str]:
    """Any copy that the reader borrowed on line, after being told that the title is reserved, collects the hold."""
    titles = {(row.library, row.barcode): row.title for row in facts.books.all("item")}
    told_s = {each.heard_op: each.ended_s for each in facts.wanted("15", ok=True) if each.ended_s is not None}
    waiting = [hold for hold in facts.holds.values() if hold.state in IN_FORCE and hold.barcode == ""]
    for hold in waiting:
        for loan in facts:
            mine = (loan.library, loan.home, loan.reader) == (hold.library, hold.home, hold.reader)
            if not mine or loan.closed_at_ms is not None or titles[loan.library, loan.barcode] != hold.title:
                continue
            if facts.began_s(loan.op) > told_s.get(hold.hold, float("inf")):
                yield f"the hold {hold.hold} of {hold.reader} waits for {hold.title}, borrowed by {loan.op}"


def mirrors_agree(facts: Facts) -> Iterator[str]:
    mirrors = {(row.library, row.hold): row for row in facts.books.all("hold_mirror")}
    for hold in facts.holds.values():
        mirror = mirrors.pop((hold.home, hold.hold), None)
        if mirror is None:
            yield f"{hold.home} does not know the hold {hold.hold} of {hold.library}"
        elif (mirror.state, mirror.pickup, mirror.reader, mirror.owner) != (
            *(hold.state, hold.pickup),
            *(hold.reader, hold.library),
        ):
            yield f"{hold.home} has {mirror} for {hold}"
    for home, number in mirrors:
        yield f"{home} mirrors the hold {number}, which no library keeps"
