"""Holds: what readers were told, what is kept for whom, and what the homes know of it (R6, promises 5 and 7)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from kiosk_sim.simulation.checks.facts import Facts
from kiosk_sim.simulation.checks.rows import Record
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


def copies_kept_in_vain_are_listed(facts: Facts) -> Iterator[str]:
    """Who waited for a title and took another copy than the one that was kept: staff are told where that one stands."""
    listed = {(row.op.partition("/")[0], row.barcode) for row in facts.books.all("staff_exception")}
    for hold in facts.holds.values():
        loan = facts.loans.get(hold.ended_by) if hold.state == "collected" and hold.barcode == "" else None
        kept = _last_kept(facts, hold.hold)
        if loan is None or kept is None or kept.barcode == loan.barcode or _gone_since(facts, kept):
            continue
        if (hold.hold, kept.barcode) not in listed:
            yield f"the hold {hold.hold} kept {kept.barcode} and was collected by {loan.barcode}, unlisted"


def _last_kept(facts: Facts, hold: str) -> Record | None:
    """The return that last brought in a copy for this hold."""
    rows = [row for rows in facts.returns_of_item.values() for row in rows if row.hold == hold]
    return max(rows, key=lambda row: row.at_ms, default=None)


def _gone_since(facts: Facts, kept: Record) -> bool:
    """Whether that copy was lent since then (off line, or once it was free): it was kept no more."""
    loans = facts.loans_of_item.get((kept.library, kept.barcode), ())
    return any(loan.closed_at_ms is None or facts.began_s(loan.op) >= facts.began_s(kept.op) for loan in loans)


def no_copy_travels_for_nobody(facts: Facts) -> Iterator[str]:
    """A copy is on its way to another library only for a reader who waits for it there."""
    kept = {(hold.library, hold.item, hold.pickup) for hold in facts.holds.values() if hold.state in IN_FORCE}
    for item in facts.books.all("item"):
        away = item.transit_to not in ("", item.library)
        if away and (item.library, item.barcode, item.transit_to) not in kept:
            yield f"{item.barcode} of {item.library} is on its way to {item.transit_to} for nobody"


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
