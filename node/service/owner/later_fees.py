"""Fees that were not decided when the item came back: most libraries contradicted this one's clock.

They are decided once most of them agree with it. Whose clock was wrong then shows by what became of ours: if it was set
since, by what the others said, it was wrong by that. If nobody set it, it was right, and whoever answered was wrong. So
nobody is told of days that are not owed.
"""

from __future__ import annotations

from federation.clocks import APART_MS
from node.domain.states import LoanState
from node.service.owner.owning import Owning
from node.service.owner.returns import Returns
from node.storage.owner import evidence as ev
from node.storage.owner import loans as rows
from node.storage.owner import waiting_fees
from node.storage.store import Tx

AT_ONCE = 200
"""So many are decided in one transaction."""
SAME_MOMENT_MS = 1_000
"""A return and its fee are judged in one transaction."""


def decide_later_fees(tx: Tx, own: Owning, returns: Returns) -> int:
    """Order what is owed. What was undone in between owes nothing. How many were decided."""
    waiting = waiting_fees.waiting_fees(tx, AT_ONCE)
    for each in waiting:
        waiting_fees.drop_waiting_fee(tx, each.loan)
        loan = rows.find_loan(tx, each.loan)
        if loan is None or loan.closed_how != LoanState.RETURNED or loan.closed_by is None:
            continue
        item, found = rows.find_item(tx, loan.barcode), ev.find_evidence(tx, loan.closed_by)
        if item is not None and found is not None and not ev.orders_of(tx, loan.op):
            found = _corrected(tx, own, each, found)
            returns.order_fine(tx, loan, item, found.branch, found.right_ms)
    return len(waiting)


def _corrected(tx: Tx, own: Owning, waited: waiting_fees.WaitingFeeRow, found: ev.EvidenceRow) -> ev.EvidenceRow:
    """With what is known by now. After a restart of the machine the timers began anew: then what the others said
    stands. So does the date of a return that was heard of at another time: it was judged then."""
    set_by_ms = own.against_timers_ms() - waited.ours_ms
    if abs(set_by_ms) > APART_MS or abs(found.at_ms - waited.at_ms) > SAME_MOMENT_MS:
        return found
    off_ms = found.clock_off_ms - waited.off_ms
    return ev.correct_evidence(tx, found, off_ms if abs(off_ms) > APART_MS else 0)
