"""What a form does, it does once: its id is kept with the outcome, in the transaction of the work."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from node.storage.office import accounts as rows
from node.storage.office.accounts import DoneRow
from node.storage.store import Tx

__all__ = ["is_form_id", "once"]

_FORM_ID: Final = re.compile(r"[0-9a-f]{32}")


def is_form_id(text: str) -> bool:
    return _FORM_ID.fullmatch(text) is not None


def once(tx: Tx, op: str, account_id: str, *, at_ms: int, work: Callable[[], str]) -> str:
    """The outcome of the work; of the first time, if the form was sent before. A form of another account is no repeat:
    LookupError."""
    done = rows.find_done(tx, op)
    if done is None:
        outcome = work()
        rows.add_done(tx, DoneRow(op, account_id, outcome, at_ms))
        return outcome
    if done.account != account_id:
        raise LookupError("the form of another account")
    return done.outcome
