"""How much one message may hold: far more than any honest library says, far less than what fills another one's books.

Whoever is told something holds it against this, the asker its answers too; nobody's own words are: what stands in an
outbox, and would be refused elsewhere, must still be readable here. Honest libraries stay within it by what they take
in: titles of 300 characters (`tongjie items import`), fields of a kiosk's message of 255, cards and barcodes of 64.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any, Final

from federation.contract import ItemReturned, LoanRecorded, RenewalRecorded

TEXT_MAX: Final = 1_000
"""Characters of a text."""
FEN_MAX: Final = 100_000_000
"""A million yuan, of one fine or fee."""
WHOLE_MAX: Final = 10**12
AHEAD_MS: Final = 24 * 3600 * 1000
"""How far an instant may lie ahead of the clock here: further, and it would win over all that is said later."""
NOTICES_MAX: Final = 128
"""Of one delivery: twice what a courier sends."""
CARRIED_MAX: Final = 64
"""Notices that are looked at of those that ride on a question: twice what is sent; all come by the mailbox as well."""

NOT_HELD_AGAINST_THE_CLOCK: Final = frozenset(
    {(ItemReturned, "returned_at_ms"), (LoanRecorded, "lent_at_ms"), (RenewalRecorded, "renewed_at_ms")}
)
"""What has happened is never refused: the owner takes such a date for one within its own bounds, and staff look."""


def beyond(said: Any, now_ms: int) -> str:
    """What is too much in a question, notice or decision ("" if nothing is): names the field, never its content.

    Notices that a question carries are not looked at: each is held against the bounds for itself.
    """
    kind: Any = type(said)
    for name in _names(kind):
        why = _too_much(kind, name, getattr(said, name), now_ms)
        if why:
            return why
    return ""


def _too_much(kind: type[Any], name: str, value: Any, now_ms: int) -> str:
    if isinstance(value, str):
        return f"{kind.__name__}.{name}: longer than {TEXT_MAX} characters" if len(value) > TEXT_MAX else ""
    if isinstance(value, int):
        return _too_large(kind, name, value, now_ms)
    if isinstance(value, tuple):
        return next(filter(None, (beyond(each, now_ms) for each in value)), "")
    return beyond(value, now_ms) if is_dataclass(value) else ""


def _too_large(kind: type[Any], name: str, value: int, now_ms: int) -> str:
    if name.endswith("_ms"):
        ahead = value > now_ms + AHEAD_MS and (kind, name) not in NOT_HELD_AGAINST_THE_CLOCK
        return f"{kind.__name__}.{name}: more than a day ahead of the clock here" if ahead else ""
    most = FEN_MAX if name.endswith("_fen") else WHOLE_MAX
    return f"{kind.__name__}.{name}: more than {most}" if value > most else ""


@lru_cache(maxsize=256)
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.name != "carried")
