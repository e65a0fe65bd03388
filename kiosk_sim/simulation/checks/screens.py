"""What a reader sees of the account when all is quiet (SIP2 64) is what the books of the whole city say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from kiosk_sim.simulation.account import Intention
from kiosk_sim.simulation.checks.facts import Facts


def the_screen_shows_the_books(facts: Facts) -> Iterator[str]:
    """The loans at all owners, the fees at all ledgers, the holds at all owners: never a false zero."""
    for done in facts.account.last_looks:
        assert done.reader is not None
        name = f"the account of {done.reader.reader} at {done.device.branch}"
        shown: Any = done.heard
        if shown is None:
            yield f"{name} can't be seen"
            continue
        yield from _differences(name, _shown(shown), _booked(facts, done))


def _differences(name: str, shown: dict[str, object], booked: dict[str, object]) -> Iterator[str]:
    for what, value in booked.items():
        if shown[what] != value:
            yield f"{name} shows {what} {shown[what]}, the books say {value}"


def _shown(answer: Any) -> dict[str, object]:
    return {
        "loans": Counter(answer.charged_items),
        "how many loans": answer.charged_items_count,
        "fees": answer.fee_amount,
        "holds": (answer.hold_items_count or 0) + (answer.unavailable_holds_count or 0),
    }


def _booked(facts: Facts, done: Intention) -> dict[str, object]:
    assert done.reader is not None
    mine = (done.reader.home, done.reader.reader)
    loans = [loan for loan in facts if loan.closed_at_ms is None and _of(facts, loan, mine)]
    owed_fen = sum(
        row.amount_fen - row.paid_fen
        for row in facts.books.all("fine")
        if (row.home, row.reader) == mine and row.amount_fen > row.paid_fen
    )
    holds = [hold for hold in facts.holds.values() if (hold.home, hold.reader) == mine]
    return {
        "loans": Counter(loan.barcode for loan in loans),
        "how many loans": len(loans),
        "fees": f"{owed_fen // 100}.{owed_fen % 100:02d}",
        "holds": sum(1 for hold in holds if hold.state in ("waiting", "ready")),
    }


def _of(facts: Facts, loan: Any, mine: tuple[str, str]) -> bool:
    """A loan made off line may be known by its place alone."""
    place = facts.places.get((loan.home, loan.op))
    return (loan.home, loan.reader) == mine or (place is not None and (loan.home, place.reader) == mine)
