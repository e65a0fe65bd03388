"""What staff must see: whatever broke a rule, and money to be given back, is on a list (promise 6, design 4)."""

from __future__ import annotations

from collections.abc import Iterator

from kiosk_sim.simulation.checks.facts import Facts
from kiosk_sim.simulation.checks.rows import Record

NOT_LENT = "reference"
"""The only type of item in these histories that is not lent."""


def refunds_due_are_listed(facts: Facts) -> Iterator[str]:
    listed = {(row.library, row.op.partition("/")[0]) for row in _of_kind(facts, "refund_due")}
    for fine in facts.books.all("fine"):
        if fine.paid_fen > fine.amount_fen and (fine.library, fine.fine) not in listed:
            yield f"{fine.library} owes {fine.paid_fen - fine.amount_fen} fen of the fine {fine.fine} back, unlisted"


def broken_rules_are_listed(facts: Facts) -> Iterator[str]:
    """Of a loan made off line, at the branch where it was made."""
    not_lendable = {(row.library, row.op) for row in _of_kind(facts, "no_block_not_lendable")}
    over_quota = {(row.library, row.op) for row in _of_kind(facts, "no_block_quota")}
    for done in facts.wanted("11", ok=True):
        made_here = (done.device.branch, done.heard_op)
        if not done.no_block or done.item is None or done.heard_op not in facts.loans:
            continue
        if done.item.item_type == NOT_LENT and made_here not in not_lendable:
            yield f"the loan {done.heard_op} of what is not lent was made off line at {made_here[0]}, unlisted"
        assert done.reader is not None
        if _always_over_quota(facts, done.heard_op, done.reader.home) and made_here not in over_quota:
            yield f"the loan {done.heard_op} over the quota was made off line at {made_here[0]}, unlisted"


def _always_over_quota(facts: Facts, op: str, home: str) -> bool:
    """It still has a forced place, and the card has no other one free at the end, nor had one before: what was returned
    and goes on after all (the return failed at the kiosk) may have been free meanwhile."""
    place = facts.places.get((home, op))
    if place is None or not place.forced or place.state != "held":
        return False
    others = [row for row in facts.books.all("place") if row.library == home and row.reader == place.reader]
    card = next(row for row in facts.books.all("card") if row.library == home and row.reader == place.reader)
    went_on = {(row.library, row.barcode) for row in facts.books.all("evidence") if row.voided}
    lasting = [
        row
        for row in others
        if row.state == "held"
        and not row.forced
        and row.at_ms < place.at_ms
        and (row.owner, row.barcode) not in went_on
    ]
    return len(lasting) >= int(card.max_loans)


def _of_kind(facts: Facts, kind: str) -> Iterator[Record]:
    return (row for row in facts.books.all("staff_exception") if row.kind == kind)
