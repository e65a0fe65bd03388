"""Terminals whose password was right before: known again at once, by a keyed digest in place of a slow hash.

A city's terminals come back together after a restart, and a good hash of each would take minutes. Promises:

* A digest is of login, hash and password. So a new password in the settings makes the old one worthless.
* Its key is made of the database's own key and of a secret that is not in the database. So nobody can guess passwords
  with a copy of the database alone. Without such a secret nothing is kept on disk.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from federation.clock import Clock, DelayedCall
from node.kiosk.terminal import Terminal
from node.storage import meta
from node.storage.store import Store, StoreUnavailable

KEEP_AFTER_S: Final = 1.0
"""Many terminals log in within a second of a start: one write for them."""


class KnownLogins:
    """Of the terminals in `logins`, which follows the settings. `secret` b"": nothing is kept on disk."""

    def __init__(self, store: Store, clock: Clock, *, digest_key: bytes, secret: bytes, logins: Iterable[str]) -> None:
        self._store = store
        self._clock = clock
        self._kept = bool(secret)
        self._key = hmac.new(digest_key, b"logins" + secret, sha256).digest()
        self._logins = logins
        self._digests: dict[str, str] = {}
        self._planned: DelayedCall | None = None

    async def load(self) -> None:
        """What earlier runs have learnt."""
        if self._kept:
            self._digests = await self._store.read(meta.known_logins) | self._digests

    def knows(self, terminal: Terminal, password: str) -> bool:
        known = self._digests.get(terminal.login, "")
        return hmac.compare_digest(known, self._digest(terminal, password))

    def add(self, terminal: Terminal, password: str) -> None:
        """Its password was right."""
        self._digests[terminal.login] = self._digest(terminal, password)
        if self._kept and self._planned is None:
            self._planned = self._clock.callLater(KEEP_AFTER_S, self._keep)

    def keep_now(self) -> Deferred[None]:
        """Before the end: what has not been kept yet."""
        if self._planned is None:
            return succeed(None)
        self._planned.cancel()
        return self._keep()

    def _digest(self, terminal: Terminal, password: str) -> str:
        said = "\x1f".join((terminal.login, terminal.password_hash, password))
        return hmac.new(self._key, said.encode("utf-8", "surrogatepass"), sha256).hexdigest()

    def _keep(self) -> Deferred[None]:
        self._planned = None
        self._digests = {login: self._digests[login] for login in self._logins if login in self._digests}
        digests = dict(self._digests)
        kept = self._store.run(lambda tx: meta.keep_logins(tx, digests), "keep_logins")
        return kept.addErrback(_not_now)


def _not_now(failure: Failure) -> None:
    """The next login is kept with them, or they are checked once more after the next start."""
    failure.trap(StoreUnavailable)
