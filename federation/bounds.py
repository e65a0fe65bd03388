"""How much one message may hold: far more than an honest library sends, far less than what could fill the books.

We check everything that we receive, answers included. We never check what we send: a notice in our outbox must stay
readable here, even if another library would refuse it. Honest libraries stay far below these limits, because they limit
what they take in: titles of 300 characters (`tongjie items import`), fields of a kiosk's message of 255, cards and
barcodes of 64.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any, Final

from federation.contract import ItemReturned, LoanRecorded, RenewalRecorded

MESSAGE_MAX: Final = 256 * 1024
"""Bytes of a question or a delivery. Our own keep far below: `SENT_MAX`."""
ANSWER_MAX: Final = 1024 * 1024
"""Bytes of an answer. Older libraries put up to 64 long answers into one."""
SENT_MAX: Final = 160 * 1024
"""Bytes of what we put into one call, as far as it can be divided."""
CARRIED_BYTES_MAX: Final = 32 * 1024
"""Bytes of the notices that we put on one question."""
TEXT_MAX: Final = 1_000
"""Characters of a text."""
FEN_MAX: Final = 100_000_000
"""A million yuan, of one fine or fee."""
WHOLE_MAX: Final = 10**12
AHEAD_MS: Final = 24 * 3600 * 1000
"""How far an instant may lie ahead of our clock. One further ahead would win over everything said later."""
NOTICES_MAX: Final = 128
"""Of one delivery: twice what a courier sends."""
CARRIED_MAX: Final = 64
"""Notices on a question that are looked at: twice what is sent. All of them also come by the mailbox."""

NOT_HELD_AGAINST_THE_CLOCK: Final = frozenset(
    {(ItemReturned, "returned_at_ms"), (LoanRecorded, "lent_at_ms"), (RenewalRecorded, "renewed_at_ms")}
)
"""What has happened is never refused. The owner replaces such a date by one within its limits, and staff are told."""


def beyond(said: Any, now_ms: int) -> str:
    """What is too much in a question, notice or decision, "" if nothing is. Names the field, never its content.

    Does not look at the notices that a question carries; each of them is checked on its own.
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
