"""What needs staff, as pages and commands work on it: a page of the list, one of them, closing it.

Promises: an exception is closed once, by a named person, with a reason that says nothing about a reader, and the audit
log has it in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from federation.clock import WallMs
from federation.directory import Directory
from node.service.office.accounts import Account
from node.service.office.audit import Action, Actor, Audit
from node.service.office.notes import names_a_reader, note_of
from node.service.office.once import once
from node.storage.desk import exceptions as rows
from node.storage.desk.exceptions import ExceptionRow
from node.storage.office import accounts
from node.storage.store import Store, Tx

__all__ = ["Closing", "ExceptionPage", "Exceptions", "close_audited"]

PAGE: Final = 20
_AFTER_ALL: Final = 2**62


class Closing(StrEnum):
    """What came of a form. The words are stored with the form's id."""

    CLOSED = "closed"
    CLOSED_BEFORE = "closed_before"
    NO_NOTE = "no_note"
    NAMES_A_READER = "names_a_reader"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ExceptionPage:
    """`open_count`: of all open ones. `more`: the number behind which the next page begins; None on the last page."""

    rows: Sequence[ExceptionRow]
    open_count: int
    more: int | None


def close_audited(tx: Tx, audit: Audit, actor: Actor, number: int, *, by: str, note: str, at_ms: int) -> bool:
    """False if there is no such exception, or it is closed already; then nothing is written."""
    if not rows.close_exception(tx, number, at_ms=at_ms, by=by, note=note):
        return False
    audit.record(tx, actor, Action.EXCEPTION_CLOSED, f"exception/{number}", at_ms=at_ms, reason=note)
    return True


class Exceptions:
    """Of one library."""

    def __init__(self, store: Store, audit: Audit, directory: Directory, wall_ms: WallMs) -> None:
        self._store = store
        self._audit = audit
        self._directory = directory
        self._wall_ms = wall_ms

    async def open_ones(self, after: int) -> ExceptionPage:
        """Oldest first."""
        return await self._store.read(lambda tx: _page(tx, rows.page_of_open(tx, after=after, most=PAGE + 1)))

    async def closed_ones(self, before: int) -> ExceptionPage:
        """Newest first; `before` 0: from the newest on."""
        behind = before or _AFTER_ALL
        return await self._store.read(lambda tx: _page(tx, rows.page_of_closed(tx, before=behind, most=PAGE + 1)))

    async def find(self, number: int) -> ExceptionRow | None:
        return await self._store.read(lambda tx: rows.find_exception(tx, number))

    async def close(self, account: Account, number: int, note: str, op: str) -> Closing:
        """By a form with the id `op`; sent again, it gives the same answer. Errors: LookupError, if the form is that of
        another account."""
        note = note_of(note)
        if not note:
            return Closing.NO_NOTE
        if names_a_reader(note, self._directory):
            return Closing.NAMES_A_READER
        at_ms = self._wall_ms()

        def work(tx: Tx) -> str:
            return once(tx, op, account.id, at_ms=at_ms, work=lambda: self._close(tx, account, number, note, at_ms))

        return Closing(await self._store.run(work, "web_close_exception"))

    def _close(self, tx: Tx, account: Account, number: int, note: str, at_ms: int) -> str:
        name = accounts.name_of(tx, account.id) or account.login
        if close_audited(tx, self._audit, account.actor, number, by=name, note=note, at_ms=at_ms):
            return Closing.CLOSED
        return Closing.UNKNOWN if rows.find_exception(tx, number) is None else Closing.CLOSED_BEFORE


def _page(tx: Tx, found: list[ExceptionRow]) -> ExceptionPage:
    open_count = sum(count for _kind, count in rows.count_open_by_kind(tx))
    shown = found[:PAGE]
    return ExceptionPage(shown, open_count, shown[-1].id if len(found) > PAGE else None)
