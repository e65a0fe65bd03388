"""When all is quiet nothing is half done, and nobody knows a reader who need not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from kiosk_sim.simulation.checks.facts import Facts
from kiosk_sim.simulation.checks.rows import CityRows, Record
from kiosk_sim.simulation.world import NAME_CANARY, PIN_CANARY

NAME_THE_CARD = frozenset(("LoanRecorded", "RenewalRecorded", "ForcedPlace", "CardBlocked", "CardEnabled"))


def _rows(table: str, is_left: Callable[[Record], bool]) -> Callable[[CityRows], Iterator[str]]:
    def check(books: CityRows) -> Iterator[str]:
        return (repr(row) for row in books.all(table) if is_left(row))

    return check


UNFINISHED: Mapping[str, Callable[[CityRows], Iterator[str]]] = {
    "the outbox is empty": _rows("outbox", lambda row: row.acked_at_ms is None),
    "nothing is being reserved": _rows("owner_op", lambda row: row.state == "reserving"),
    "no item is being lent": _rows("item", lambda row: row.pending_op is not None),
    "every return has its owner": _rows("undecided_return", lambda _row: True),
    "every kiosk was told": _rows("kiosk_op", lambda row: row.told_at_ms is None),
}


def no_reader_is_known_elsewhere(facts: Facts) -> Iterator[str]:
    """No card number, name or PIN in the books of a library that is not the home, nor in any but the card's rows."""
    for table, rows in facts.books.tables.items():
        for row in rows:
            text = _text_of(row)
            known_here = table in ("card", "card_op")
            if not known_here and (NAME_CANARY in text or PIN_CANARY in text):
                yield f"{table} of {row.library} shows a name or a PIN"
            if not known_here and any(reader.card in text for reader in facts.world.readers):
                yield f"{table} of {row.library} shows a card number"
            if known_here and not any(r.card == row.card and r.home == row.library for r in facts.world.readers):
                yield f"{row.library} has the card of a reader of another library"


def _text_of(row: Record) -> str:
    return "\x1f".join(
        value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        for name, value in row.__dict__.items()
        if isinstance(value, str | bytes) and name != "library" and not _in_transit(row, name)
    )


def _in_transit(row: Record, name: str) -> bool:
    """A loan made off line, and a blocked card, name the card on their way to its home; notices are kept a week."""
    return name == "payload" and row.key.partition("/")[0] in NAME_THE_CARD
