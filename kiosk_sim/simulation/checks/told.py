"""What readers were told is what the books say (promise 5), and nothing was done twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from kiosk_sim.simulation.account import Intention, Operation
from kiosk_sim.simulation.checks.facts import Facts, civil
from kiosk_sim.simulation.checks.rows import Record
from kiosk_sim.simulation.world import EPOCH_MS
from node.domain.calendar import SHANGHAI
from sip2.dates import parse

LOAN = timedelta(days=30)
TRUE_DATE_S = 500.0
CLOCKS_APART_MS = 120_000
CLOCK_RIGHT_MS, WEEK_MS = 600_000, 7 * 86_400_000
"""A return date counts if the terminal's clock is right, and if it is not older than that."""
OWNER_ASKED_MS = 60_000 + CLOCKS_APART_MS
"""For a minute a kiosk's retry is told the same though the owner is silent."""


def _who(done: Intention) -> str:
    return f"intention {done.number} ({done.kind} at {done.device.login}, operation {done.heard_op})"


def accepted_returns_are_in_the_books(facts: Facts) -> Iterator[str]:
    """With their own time, at the owner, or on the list of what staff must find out."""
    known_at = {(row.library, row.barcode) for row in facts.books.all("item")}
    for done in facts.wanted("09", ok=True):
        assert done.item is not None
        rows = [row for row in facts.evidence.get(done.heard_op, ()) if (row.library, row.barcode) in known_at]
        known = facts.operation(done.heard_op)
        off_line = known is not None and known.intention is not None and known.intention.no_block
        if not rows and done.heard_op in facts.for_staff | facts.undone:
            continue  # staff find out whose it is; or it failed at the kiosk before its owner was known
        if not rows:
            yield f"{_who(done)} was told ok, and {done.item.owner} has no such return"
        elif known is not None and rows[0].returned_at_ms != _came_back_ms(known) and not (off_line or rows[0].voided):
            if rows[0].returned_at_ms < _came_back_ms(known) and facts.clocks_contradict(known.op):
                continue  # dated in the future by a clock that was far ahead of the owner's: taken as of now
            yield f"{_who(done)} came in at {_came_back_ms(known)}, the books say {rows[0].returned_at_ms}"
    for done in facts.wanted("09", ok=False):
        ended = [loan for loan in facts if loan.closed_by == done.heard_op]
        if ended and not facts.said_yes(done.heard_op):
            yield f"{_who(done)} was told no, and the books say it came back"


def _came_back_ms(known: Operation) -> int:
    """By the branch's clock; or as the terminal said, if it may and it can be: its clock is right, and the return date
    is at most a week before that of the transaction."""
    here_ms, done = known.stamped_ms, known.intention
    said_ms, dated = (None if done is None else done.came_back_ms), parse(known.kiosk_date, SHANGHAI)
    if done is None or said_ms is None or dated is None or not done.device.tells_return_date:
        return here_ms
    dated_ms = round(dated.timestamp() * 1000)
    if abs(dated_ms - here_ms) > CLOCK_RIGHT_MS or not dated_ms - WEEK_MS <= said_ms < dated_ms:
        return here_ms
    return min(said_ms, here_ms)


def what_was_lent_is_lent(facts: Facts) -> Iterator[str]:
    for done in facts.wanted("11", ok=True):
        assert done.reader is not None
        assert done.item is not None
        loan = facts.loans.get(facts.loan_told(done.heard_op))
        if loan is None:
            yield f"{_who(done)} was told lent, and there is no loan"
        elif (ended := _ended_before(facts, done, loan)) != "":
            yield f"{_who(done)} was told lent, and {ended} had ended the loan {loan.op}"
        elif loan.closed_how == "cancelled" and loan.op in facts.undone:
            continue  # the kiosk said that it failed
        elif loan.closed_how == "cancelled":
            yield f"{_who(done)} was told lent, and the loan was undone"
        elif loan.closed_how == "superseded" and loan.reader is None:
            continue  # made off line, and over before it was known
        elif (loan.home, loan.reader) != (done.reader.home, done.reader.reader) or loan.library != done.item.owner:
            yield f"{_who(done)} was told lent, and the loan is of {loan.reader} at {loan.library}"
        else:
            yield from _due_as_told(facts, done, loan)


def _ended_before(facts: Facts, done: Intention, loan: Record) -> str:
    """The return that had ended the loan when the kiosk was asked: it knew of it, or its owner had for a minute."""
    for row in facts.evidence.get(loan.closed_by, ()) if loan.closed_how == "returned" else ():
        here = row.branch == done.device.branch and not done.no_block
        known_ms = EPOCH_MS + done.began_s * 1000 - OWNER_ASKED_MS
        if facts.began_s(row.op) < done.began_s and (here or row.at_ms < known_ms):
            return str(row.op)
    return ""


def _due_as_told(facts: Facts, done: Intention, loan: Record) -> Iterator[str]:
    """By the branch's clock; later, if the clocks contradicted each other."""
    heard: Any = done.heard
    promised = civil(loan.opened_at_ms) + LOAN
    later = facts.clocks_contradict(loan.op) and str(heard.due_date)[:8] > f"{promised:%Y%m%d}"
    if not later and not str(heard.due_date).startswith(f"{promised:%Y%m%d}"):
        yield f"{_who(done)} was told due {heard.due_date!r}, 30 days are until {promised}"


def what_was_refused_is_not_lent(facts: Facts) -> Iterator[str]:
    """Unless something followed before the "no" reached the owner: a return, or a renewal by the reader."""
    for done in facts.wanted("11", ok=False):
        loan = facts.loans.get(done.heard_op)
        if loan is None or loan.renewals or facts.said_yes(done.heard_op):
            continue
        if loan.closed_at_ms is None:
            yield f"{_who(done)} was told not lent, and the loan runs at {loan.library}"
        elif loan.closed_how == "returned" and _undone_before(facts, loan):
            yield f"{_who(done)} was told not lent, and {loan.library}, which knew that, lent it until it came back"


def _undone_before(facts: Facts, loan: Record) -> bool:
    """Whether the owner had acknowledged the cancellation long before the return that ended the loan."""
    heard = facts.cancelled_ms.get(loan.op)
    ended = next((row.at_ms for row in facts.evidence.get(loan.closed_by, ()) if row.library == loan.library), None)
    return heard is not None and ended is not None and heard + CLOCKS_APART_MS < ended


def renewals_are_as_told(facts: Facts) -> Iterator[str]:
    for done in facts.wanted("29", ok=True):
        decided = facts.owner_ops.get(done.heard_op)
        heard: Any = done.heard
        if decided is None or decided.state != "done":
            yield f"{_who(done)} was told renewed, and it is not"
        elif str(heard.due_date)[:8] != decided.due_after.replace("-", ""):
            yield f"{_who(done)} was told due {heard.due_date!r}, the books say {decided.due_after}"
    for done in facts.wanted("29", ok=False):
        decided = facts.owner_ops.get(done.heard_op)
        loan = facts.loans.get(decided.loan) if decided is not None and decided.loan else None
        running = loan is not None and loan.closed_at_ms is None
        if decided is not None and decided.state == "done" and running and not facts.said_yes(done.heard_op):
            yield f"{_who(done)} was told not renewed, and it is"
    for loan in facts:
        done_ops = [row for row in facts.owner_ops.values() if row.kind == "renewal" and row.loan == loan.op]
        renewals = sum(1 for row in done_ops if row.state == "done")
        if loan.renewals != renewals or renewals > 1:
            yield f"the loan {loan.op} counts {loan.renewals} renewals, {renewals} were decided"


def renewals_of_all_are_as_told(facts: Facts) -> Iterator[str]:
    """A 65 is told item by item: as renewed if it is, as not renewed if it is not."""
    for done in facts.wanted("65", ok=True):
        renewed = {known.barcode for known in _decided_of_all(facts, done)}
        for barcode in done.told_renewed - renewed:
            yield f"{_who(done)} was told that {barcode} is renewed, and it is not"
        for known in _decided_of_all(facts, done):
            loan = facts.loans.get(facts.owner_ops[known.op].loan)
            running = loan is not None and loan.closed_at_ms is None
            if running and known.barcode not in done.told_renewed and not facts.said_yes(known.op):
                yield f"{_who(done)} was told that {known.barcode} is not renewed, and it is"


def _decided_of_all(facts: Facts, done: Intention) -> Iterator[Operation]:
    """The renewals of the 65 it was told about that stand in the owners' books: its parts have its date. A device
    whose clock stands still may have asked for them before in the same words."""
    whole = facts.operation(done.heard_op)
    same = [each for each in facts.account.intentions if each.kind == "65" and done.heard_op in each.ops]
    for op in {op for each in same for op in each.ops}:
        known, decided = facts.operation(op), facts.owner_ops.get(op)
        part = known is not None and known.message == "29" and (whole is None or known.kiosk_date == whole.kiosk_date)
        if known is not None and part and decided is not None and decided.state == "done":
            yield known


def what_failed_at_the_kiosk_is_undone(facts: Facts) -> Iterator[str]:
    """A checkout or a return that the kiosk took back (BI): told undone it is, told not undone it stands. A return that
    ended no loan, because the dates left that in doubt, may stand: the loan goes on as it should."""
    for done in facts.account.intentions:
        if done.undoes is None or done.ok is None or not done.heard_op:
            continue
        for op in done.undoes.ops:
            stands = _stands(facts, done, op)
            if done.ok and stands and op not in facts.account.doubted and not _lent_since(facts, done, op):
                yield f"{_who(done)} was told that {op} is undone, and it stands"
            # (a return that ended no loan is void as well, and the kiosk hears that no loan goes on)
            if not done.ok and stands is False and done.undoes.ok and done.kind == "09 cancel":
                yield f"{_who(done)} was told that {op} can't be undone, and it is"


def _stands(facts: Facts, done: Intention, op: str) -> bool | None:
    """None: it never came to be, or something followed it."""
    assert done.item is not None
    if done.kind == "09 cancel":
        loan = facts.loans.get(op)
        followed = loan is not None and (loan.renewals > 0 or loan.closed_how not in (None, "cancelled"))
        return None if loan is None or followed else loan.closed_at_ms is None
    rows = [row for row in facts.evidence.get(op, ()) if row.library == done.item.owner]
    return None if not rows else not all(row.voided for row in rows)


def _lent_since(facts: Facts, done: Intention, op: str) -> bool:
    """A return stands if the item was lent before its owner heard that it was none."""
    if done.kind != "11 cancel" or done.item is None:
        return False
    later = facts.loans_of_item.get((done.item.owner, done.item.barcode), ())
    return any(facts.began_s(row.op) > facts.began_s(op) for row in later)


def nothing_is_executed_twice(facts: Facts) -> Iterator[str]:
    """However often a kiosk sent it, what somebody wanted once is in the books once at the most.

    An operation counts for the intention that asked it first: a second scan within the same second is told what the
    first one was, and may be meant again later.
    """
    asked_before: set[str] = set()
    for done in facts.account.intentions:
        effects = [op for op in done.ops if op not in asked_before and _has_effect(facts, done.kind, op)]
        asked_before.update(done.ops)
        if len(effects) > 1 and not _may_be_meant(facts, done):
            yield f"intention {done.number} ({done.kind} at {done.device.login}) was executed as {effects}"


def _has_effect(facts: Facts, kind: str, op: str) -> bool:
    match kind:
        case "11":
            return op in facts.loans and facts.loans[op].closed_how != "cancelled"
        case "09":
            return any(row.loan for row in facts.evidence.get(op, ()))
        case "37":
            return op in facts.payments and op not in facts.listed_again
        case "29":
            return op in facts.owner_ops and facts.owner_ops[op].state == "done"
    return False


def _may_be_meant(facts: Facts, done: Intention) -> bool:
    """A device whose dates say nothing asked again after something else was done with the item at that branch:
    nobody can tell whether it repeats itself."""
    device = done.device
    dated = device.clock == "right" and abs(device.skew_s) < TRUE_DATE_S and device.retry != "fresh"
    between = (
        each
        for each in facts.account.operations.values()
        if done.item is not None
        and (each.branch, each.barcode) == (device.branch, done.item.barcode)
        and each.op not in done.ops
        and done.began_s <= each.begun_s <= (done.ended_s or each.begun_s)
    )
    return not dated and next(between, None) is not None
