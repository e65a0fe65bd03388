"""Loans, places and returns: I1, I2, I3 and I8 of the protocol."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from kiosk_sim.simulation.checks.facts import Facts, civil
from kiosk_sim.simulation.checks.rows import Record
from kiosk_sim.simulation.world import EPOCH_MS, Item, Reader

CLOCKS_WRONG_S = 120.0
"""Twice as far as the clocks of this city are wrong, between two of its libraries."""
MEASURED_FOR_S = 3600.0
DOUBTS = ("return_too_soon", "return_before_loan")
HEARD_WITHIN_S = 7 * 86_400.0

_USED = "SELECT places_used, foreign_used, max_loans, max_foreign FROM card WHERE card = ?"
_PLACES = "SELECT COUNT(*), COALESCE(SUM(is_foreign), 0) FROM place WHERE reader = ? AND state = 'held' AND forced = 0"
_FORCED = "SELECT COUNT(*) FROM place WHERE reader = ? AND state = 'held' AND forced = 1"
_LOANS = "SELECT op FROM loan WHERE home = ? AND reader = ? AND closed_at_ms IS NULL"
_FREED = "SELECT 1 FROM place WHERE op = ? AND state = 'freed'"
_OPEN = "SELECT COUNT(*) FROM loan WHERE barcode = ? AND closed_at_ms IS NULL"


# --- after a step --------------------------------------------------------------------------------------------


def quota_now(databases: Mapping[str, sqlite3.Connection], reader: Reader) -> list[str]:
    """The card's counts, its places, and its open loans at all owners, but for those that go on because their return
    failed at the kiosk: the home may not have heard of that yet, and the place may be taken."""
    home = databases[reader.home]
    used, foreign_used, most, most_foreign = home.execute(_USED, (reader.card,)).fetchone()
    places, foreign = home.execute(_PLACES, (reader.reader,)).fetchone()
    ops = [op for database in databases.values() for op in database.execute(_LOANS, (reader.home, reader.reader))]
    loans = sum(1 for op in ops if home.execute(_FREED, op).fetchone() is None) if len(ops) > most else len(ops)
    forced = home.execute(_FORCED, (reader.reader,)).fetchone()[0]
    found = []
    if (used, foreign_used) != (places, foreign):
        found.append(f"quota: {reader.reader} counts {used}/{foreign_used} places and holds {places}/{foreign}")
    if places > most or foreign > most_foreign or loans - forced > most:
        found.append(f"quota: {reader.reader} has {loans} loans, {places}/{foreign} places of {most}/{most_foreign}")
    return found


def lent_once_now(owner: sqlite3.Connection, item: Item) -> list[str]:
    count = owner.execute(_OPEN, (item.barcode,)).fetchone()[0]
    return [f"lent twice: {item.barcode} of {item.owner} has {count} open loans"] if count > 1 else []


# --- in the calm ---------------------------------------------------------------------------------------------


def quotas_are_kept(facts: Facts) -> Iterator[str]:
    for card in facts.books.all("card"):
        held = [
            row
            for row in facts.books.all("place")
            if row.library == card.library and row.state == "held" and row.reader == card.reader and not row.forced
        ]
        foreign = sum(row.is_foreign for row in held)
        if (card.places_used, card.foreign_used) != (len(held), foreign):
            yield f"{card.reader} counts {card.places_used}/{card.foreign_used} and holds {len(held)}/{foreign}"
        if len(held) > card.max_loans or foreign > card.max_foreign:
            yield f"{card.reader} holds {len(held)}/{foreign} of {card.max_loans}/{card.max_foreign}"


def no_item_is_lent_to_two(facts: Facts) -> Iterator[str]:
    for (owner, barcode), loans in facts.loans_of_item.items():
        if sum(1 for loan in loans if loan.closed_at_ms is None) > 1:
            yield f"{barcode} of {owner} has several open loans"


def loans_and_places_agree(facts: Facts) -> Iterator[str]:
    for loan in facts:
        place = facts.places.get((loan.home, loan.op))
        if loan.closed_at_ms is not None:
            continue
        if place is None or place.state != "held":
            yield f"the open loan {loan.op} of {loan.library} has no place at {loan.home}"
        elif (difference := _difference(facts, loan, place)) != "":
            yield f"the loan {loan.op} of {loan.library} and its place at {loan.home} differ: {difference}"
    for place in facts.books.all("place"):
        held_for = facts.loans.get(place.op)
        open_there = held_for is not None and held_for.closed_at_ms is None and held_for.library == place.owner
        if place.state == "held" and not open_there:
            yield f"the place {place.op} at {place.library} has no open loan at {place.owner}"


def _difference(facts: Facts, loan: Record, place: Record) -> str:
    for column in ("due_on", "renewals", "barcode"):
        if getattr(loan, column) != getattr(place, column):
            return f"{column} {getattr(loan, column)} and {getattr(place, column)}"
    known = loan.reader in (place.reader, None)
    return "" if known and (loan.home, place.reader) in facts.readers else "the reader"


def a_return_ends_the_loan_that_ran(facts: Facts) -> Iterator[str]:
    """In true time: the first return after a loan was made ended it, at the time that its branch put on it (or at
    that of a later return whose branch's clock was behind); without a return it runs."""
    for key, loans in facts.loans_of_item.items():
        returns = facts.returns_of_item.get(key, [])
        for loan, following in zip(loans, [*loans[1:], None], strict=True):
            if loan.closed_how == "superseded":
                continue
            until_s = float("inf") if following is None else facts.began_s(following.op)
            during = [
                row
                for row in returns
                if facts.began_s(loan.op) <= facts.began_s(row.op) < until_s and not _in_doubt(facts, loan, row)
            ]
            if not any(
                _wrongly_stamped(facts, loan, row) for row in (*during, *facts.evidence.get(loan.closed_by, ()))
            ):
                yield from _judged(loan, during)


def _wrongly_stamped(facts: Facts, loan: Record, row: Record) -> bool:
    """A return elsewhere, so soon before or after the loan began that a wrong clock may put it on the other side of it,
    or into the loan before, and one of the clocks was set since it was measured: nobody can tell by its time."""
    if row.op in facts.account.heard_late and _clock_was_wrong(facts, loan, row):
        return True
    after_s = facts.began_s(row.op) - facts.began_s(loan.op)
    stamped_s = (row.returned_at_ms - loan.opened_at_ms) / 1000
    soon, wrong = abs(after_s) <= CLOCKS_WRONG_S, abs(stamped_s - after_s) > 1
    return bool(row.branch != loan.branch and soon and wrong and _set_since_measured(facts, loan, row))


def _clock_was_wrong(facts: Facts, loan: Record, row: Record) -> bool:
    """Whether the clock of the owner or of a branch jumped while the loan ran, or until the owner heard of the return:
    a date that is told late can't be put right."""
    until_s = facts.began_s(row.op) + HEARD_WITHIN_S
    return any(
        facts.account.was_wrong(code, facts.began_s(loan.op), until_s)
        for code in (loan.library, loan.branch, row.branch)
    )


def _set_since_measured(facts: Facts, loan: Record, row: Record) -> bool:
    """Whether a clock of the two was set in the hour before the earlier of both, or until the owner heard of the
    return: what was measured before that is no longer so, or what is measured now was not so then."""
    from_s = min(facts.began_s(loan.op), facts.began_s(row.op)) - MEASURED_FOR_S
    until_s = max(facts.began_s(row.op), (row.at_ms - EPOCH_MS) / 1000) + CLOCKS_WRONG_S
    clocks = (loan.branch, row.branch)
    return any(code in clocks and from_s <= at_s <= until_s for code, at_s in facts.account.clocks_set)


def _in_doubt(facts: Facts, loan: Record, row: Record) -> bool:
    """The owner could not tell which loan the return ended, and has listed it."""
    doubted, _ahead_ms = facts.account.doubted.get(row.op, ("", None))
    return bool(doubted == loan.op and row.loan != loan.op)


def what_was_returned_is_off_the_account(facts: Facts) -> Iterator[str]:
    """Told "returned" at a kiosk: no loan of that very item from before runs on, but for those that clocks leave in
    doubt, and those of which staff must find out whose item it was."""
    for done in facts.wanted("09", ok=True):
        if done.no_block or done.item is None or done.ended_s is None or not facts.for_staff.isdisjoint(done.ops):
            continue
        told = [row for op in done.ops for row in facts.evidence.get(op, ())]
        if any(row.voided or row.op in facts.account.doubted for row in told) or not facts.undone.isdisjoint(done.ops):
            continue
        for loan in facts.loans_of_item.get((done.item.owner, done.item.barcode), ()):
            of_item = facts.item_of(loan.op) in (None, done.item)
            running = of_item and facts.began_s(loan.op) < done.began_s and loan.closed_how != "superseded"
            over = loan.closed_at_ms is not None and _ended_s(facts, loan) <= done.ended_s
            if running and not over and not any(_wrongly_stamped(facts, loan, row) for row in told):
                yield f"intention {done.number} at {done.device.login} was told returned, and the loan {loan.op} ran on"


def _ended_s(facts: Facts, loan: Record) -> float:
    """When it came back: by the day that its terminal told later, where it did."""
    began_s, back = float(facts.began_s(loan.closed_by)), facts.operation(loan.closed_by)
    how = None if back is None else back.intention
    told_late = how is not None and (how.no_block or how.came_back_ms is not None)
    return min(began_s, (loan.closed_at_ms - EPOCH_MS) / 1000) if told_late else began_s


def doubts_have_their_reason(facts: Facts) -> Iterator[str]:
    """A return elsewhere is in doubt only as far as the clocks may differ, and it is listed then."""
    listed = {row.op for row in facts.books.all("staff_exception") if row.kind in DOUBTS}
    for row in (row for rows in facts.evidence.values() for row in rows):
        op, ahead_ms = facts.account.doubted.get(row.op, ("", None))
        loan = facts.loans.get(op)
        if loan is None:
            continue
        name = f"the return {row.op} at {row.branch}, {row.returned_at_ms - loan.opened_at_ms} ms after the loan {op}"
        if ahead_ms is not None and row.returned_at_ms - loan.opened_at_ms >= max(ahead_ms, 0):
            yield f"{name}, was in doubt although its clock was known to be {ahead_ms} ms ahead at the most"
        if row.op not in listed and loan.closed_at_ms is None:
            yield f"{name}, was in doubt and nobody was told"


def _judged(loan: Record, during: list[Record]) -> Iterator[str]:
    name = f"the loan {loan.op} of {loan.barcode} at {loan.library}"
    if not during:
        if loan.closed_at_ms is not None:
            yield f"{name} was ended by {loan.closed_by} although the item did not come back while it ran"
        return
    if loan.closed_at_ms is None:
        yield f"{name} still runs although the item came back ({during[0].op} at {during[0].branch})"
    elif loan.closed_by not in {row.op for row in during}:
        yield f"{name} was ended by {loan.closed_by}, but came back by {during[0].op}"
    elif loan.closed_at_ms > max(during[0].returned_at_ms, loan.opened_at_ms):
        yield f"{name} ended at {loan.closed_at_ms}, but came back at {during[0].returned_at_ms}"


def a_return_ends_the_loan_of_its_item(facts: Facts) -> Iterator[str]:
    """Of two items with one barcode, the one that came back. Where that one was on no account nobody can know."""
    for loan in facts:
        ended = facts.operation(loan.closed_by or "")
        back, gone = facts.item_of(loan.closed_by or ""), facts.item_of(loan.op)
        if loan.closed_how != "returned" or back is None or gone is None or back.number == gone.number:
            continue
        assert ended is not None
        own = facts.loans_of_item.get((back.owner, back.barcode), ())
        if any(_ran(facts, other, ended.at_s, back) for other in own):
            name = f"the loan {loan.op} of {loan.barcode} at {loan.library}"
            yield f"{name} was ended by {loan.closed_by}, which brought back the item of {back.owner}"


def _ran(facts: Facts, loan: Record, at_s: float, item: Item) -> bool:
    """Whether the item's own loan, of which its reader heard, ran at that true time and was known to its owner."""
    lent = facts.operation(loan.op)
    of_item = lent is not None and lent.intention is not None and lent.intention.item is item
    on_line = of_item and lent is not None and lent.intention is not None and not lent.intention.no_block
    ended_s = float("inf") if loan.closed_by is None else facts.began_s(loan.closed_by)
    return on_line and facts.said_yes(loan.op) and facts.began_s(loan.op) < at_s < ended_s


# --- by the rules --------------------------------------------------------------------------------------------


def renewals_keep_the_rules(facts: Facts) -> Iterator[str]:
    """R5 and R6, by the branch's clock: so many days from the day of renewal, more than before, not once it is overdue,
    not while somebody else waits for that very item."""
    for decided in facts.owner_ops.values():
        known = facts.operation(decided.op)
        if decided.kind != "renewal" or decided.state != "done" or known is None:
            continue
        on = civil(known.stamped_ms)
        due_on = on + timedelta(days=facts.world.renewal_days)
        later = facts.clocks_contradict(decided.op) and date.fromisoformat(decided.due_after) > due_on
        name = f"the renewal {decided.op} of {decided.barcode} on {on}"
        if date.fromisoformat(decided.due_after) != due_on and not later:
            yield f"{name} runs until {decided.due_after}"
        if date.fromisoformat(decided.due_before) < on:
            yield f"{name} came after the item was due on {decided.due_before}"
        if decided.due_after <= decided.due_before:
            yield f"{name} gained no day: it was due on {decided.due_before}"
        for hold in facts.holds.values():
            if _waited(facts, hold, decided, known.at_s):
                yield f"{name} passed the hold {hold.hold}"


def _waited(facts: Facts, hold: Record, decided: Record, at_s: float) -> bool:
    """Somebody was told before the renewal was asked that the hold is placed, and it still waits at the end."""
    if (hold.library, hold.barcode, hold.state) != (decided.library, decided.barcode, "waiting"):
        return False
    placed = next((each for each in facts.wanted("15", ok=True) if each.heard_op == hold.hold), None)
    return placed is not None and placed.ended_s is not None and placed.ended_s < at_s


def loans_begin_when_they_were_asked(facts: Facts) -> Iterator[str]:
    """Both ends of a loan carry the branch's time (design 3)."""
    for loan in facts:
        known = facts.operation(loan.op)
        off_line = known is not None and known.intention is not None and known.intention.no_block
        if known is not None and not off_line and loan.opened_at_ms != known.stamped_ms:
            yield f"the loan {loan.op} was asked at {known.stamped_ms}, the books say {loan.opened_at_ms}"
