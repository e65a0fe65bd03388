"""Sessions of people on pages: from signing in until they sign out, are idle, or a day's work is over.

Promises: the database holds a digest of the token, no token. A session belongs to the door through which it came. Each
request asks for the account anew, so a disabled one is out at once.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from federation.clock import WallMs
from node.domain.accounts import Stage
from node.service.office.accounts import Account, account_of
from node.storage.office import accounts as rows
from node.storage.office.accounts import SessionRow
from node.storage.store import Store, Tx

__all__ = ["Guest", "SessionLimits", "Sessions"]

_TOKEN_BYTES: Final = 32
_TOKEN_MAX: Final = 64
SEEN_EVERY_MS: Final = 60_000
"""So seldom a session is written again: a page that is only read costs no write to the disk."""
MOST_OF_ACCOUNT: Final = 8
"""Sessions of one account at once: a new one ends the oldest."""
OPS_KEPT_MS: Final = 7 * 86_400_000


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """When a session ends by itself."""

    idle_s: int
    longest_s: int


@dataclass(frozen=True, slots=True)
class Guest:
    """Who sends a request: a session that is open, and its account."""

    account: Account
    stage: Stage
    digest: str

    def __repr__(self) -> str:
        return f"Guest({self.account!r}, {self.stage})"


class Sessions:
    """Of one library."""

    def __init__(
        self, store: Store, limits: SessionLimits, *, wall_ms: WallMs, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._store = store
        self._limits = limits
        self._wall_ms = wall_ms
        self._random_bytes = random_bytes

    def new_token(self) -> str:
        return base64.urlsafe_b64encode(self._random_bytes(_TOKEN_BYTES)).decode("ascii").rstrip("=")

    def open(self, tx: Tx, account_id: str, door: str, *, factor_shown: bool = False) -> str:
        """Its token. A step: it is open once the transaction is kept."""
        token, now_ms = self.new_token(), self._wall_ms()
        row = SessionRow(_digest(token), account_id, door, factor_shown, now_ms, now_ms)
        rows.add_session(tx, row, most=MOST_OF_ACCOUNT)
        return token

    def promote(self, tx: Tx, guest: Guest, *, factor_shown: bool) -> str | None:
        """Under a new token, for whoever has shown more: the old one is worth nothing. None if it has ended."""
        row = rows.find_session(tx, guest.digest)
        if row is None:
            return None
        rows.end_session(tx, guest.digest)
        return self.open(tx, row.account, row.door, factor_shown=factor_shown)

    async def guest(self, token: str, doors: Collection[str]) -> Guest | None:
        """Who that is, at a listener for these audiences; None if no session is open under that token."""
        if not token or len(token) > _TOKEN_MAX:
            return None
        found = await self._store.read(lambda tx: self._find(tx, _digest(token), doors))
        if found is None:
            return None
        guest, row = found
        now_ms = self._wall_ms()
        if now_ms - row.seen_at_ms >= SEEN_EVERY_MS:
            await self._store.run(lambda tx: rows.change_session(tx, row._replace(seen_at_ms=now_ms)), "web_seen")
        return guest

    def _find(self, tx: Tx, digest: str, doors: Collection[str]) -> tuple[Guest, SessionRow] | None:
        row, now_ms = rows.find_session(tx, digest), self._wall_ms()
        if row is None or row.door not in doors or self._is_over(row, now_ms):
            return None
        found = rows.find(tx, row.account)
        if found is None or found.disabled_at_ms is not None:
            return None
        account = account_of(tx, found)
        return Guest(account, account.stage(factor_shown=row.factor_shown), digest), row

    def _is_over(self, row: SessionRow, now_ms: int) -> bool:
        idle_ms, longest_ms = self._limits.idle_s * 1000, self._limits.longest_s * 1000
        return now_ms - row.seen_at_ms >= idle_ms or now_ms - row.created_at_ms >= longest_ms

    async def end(self, guest: Guest) -> None:
        await self._store.run(lambda tx: rows.end_session(tx, guest.digest), "web_sign_out")

    async def sweep(self) -> None:
        """Rows of ended sessions, and of forms that were sent long ago: from time to time."""
        now_ms = self._wall_ms()

        def work(tx: Tx) -> None:
            rows.end_sessions_over(
                tx,
                seen_before=now_ms - self._limits.idle_s * 1000,
                made_before=now_ms - self._limits.longest_s * 1000,
            )
            rows.forget_done(tx, now_ms - OPS_KEPT_MS)

        await self._store.run(work, "web_sweep")


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
