"""The office of one library, composed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from federation.clock import Clock, WallMs
from federation.directory import Directory
from node.domain.accounts import AccountKind
from node.service.office import audit as chain
from node.service.office.accounts import Account, account_of
from node.service.office.audit import Audit, Line
from node.service.office.checking import Secrets
from node.service.office.devices import Devices
from node.service.office.exceptions import Exceptions
from node.service.office.sessions import SessionLimits, Sessions
from node.service.office.signing_in import SignIn
from node.storage.office import accounts as rows
from node.storage.store import Store, StoreUnavailable, Tx

__all__ = ["PAGE", "Office", "StoreUnavailable", "compose_office"]

PAGE = 50


@dataclass(frozen=True, slots=True)
class Office:
    """What pages may ask. `sessions` says who asks, the others do what is asked."""

    store: Store
    sessions: Sessions
    sign_in: SignIn
    exceptions: Exceptions

    async def staff(self, after: str) -> list[Account]:
        """The accounts of staff whose logins come behind `after`; one more than a page shows, if there are more."""

        def work(tx: Tx) -> list[Account]:
            found = rows.list_of_kind(tx, AccountKind.STAFF, after=after, most=PAGE + 1)
            return [account_of(tx, row) for row in found]

        return await self.store.read(work)

    async def log(self, before: int) -> list[Line]:
        """Of the audit log, newest first, those before that number (0: from the end on); one more than a page shows."""
        return await self.store.read(lambda tx: chain.lines_before(tx, before, PAGE + 1))


def compose_office(
    store: Store,
    directory: Directory,
    secrets: Secrets,
    limits: SessionLimits,
    *,
    digest_key: bytes,
    event: Callable[..., None],
    clock: Clock,
    wall_ms: WallMs,
    random_bytes: Callable[[int], bytes],
) -> Office:
    """`event` hears of guessing."""
    audit = Audit(random_bytes)
    sessions = Sessions(store, limits, wall_ms=wall_ms, random_bytes=random_bytes)
    sign_in = SignIn(
        *(store, sessions, audit, secrets),
        devices=Devices(digest_key),
        event=event,
        clock=clock,
        wall_ms=wall_ms,
        random_bytes=random_bytes,
    )
    return Office(store, sessions, sign_in, Exceptions(store, audit, directory, wall_ms))
