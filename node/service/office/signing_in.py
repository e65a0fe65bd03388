"""Signing in: a password, then a code where the account needs one, then, the first time, a password of one's own and a
second factor.

Promises: a wrong login, a wrong password and a disabled account get the same answer after the same time. Slow hashes
run in a thread (`checking.py`). Guesses are slowed (`guesses.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from federation.clock import Clock, WallMs
from node.domain.accounts import AccountKind
from node.service.office import factors
from node.service.office.accounts import account_of, is_usable
from node.service.office.audit import Action, Audit
from node.service.office.checking import Checks, Secrets
from node.service.office.devices import Devices
from node.service.office.guesses import CODES, PASSWORDS, GuessAlarm, Guesses, Place
from node.service.office.passwords import canonical_login, canonical_password, why_weak
from node.service.office.sessions import Guest, Sessions
from node.storage.office import accounts as rows
from node.storage.office.accounts import AccountRow
from node.storage.store import Store, Tx

__all__ = ["Entered", "SignIn", "SignInRefusal", "Visitor"]

DOORS = {AccountKind.STAFF: "staff", AccountKind.SCHOOL: "school"}


class SignInRefusal(StrEnum):
    """Why somebody does not get further."""

    WRONG = "wrong"
    WAIT = "wait"
    BUSY = "busy"
    WRONG_CODE = "wrong_code"
    OVER = "over"
    SAME = "same"
    DIFFER = "differ"
    SHORT = "short"
    LONG = "long"
    PLAIN = "plain"
    LOGIN = "login"


@dataclass(frozen=True, slots=True)
class Visitor:
    """From where somebody signs in. `mark`: what `Devices` gave to that browser; `doors`: audiences of the listener."""

    address: str
    mark: str
    doors: Collection[str]


@dataclass(frozen=True, slots=True)
class Entered:
    """The token of the session, and the mark of the device ("": as before)."""

    token: str
    mark: str = ""

    def __repr__(self) -> str:
        return "Entered()"


class SignIn:
    """Of one library."""

    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        audit: Audit,
        secrets: Secrets,
        *,
        devices: Devices,
        event: Callable[..., None],
        clock: Clock,
        wall_ms: WallMs,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._audit = audit
        self._secrets = secrets
        self._checks = Checks(secrets)
        self._devices = devices
        self._wall_ms = wall_ms
        self._random_bytes = random_bytes
        self._passwords = Guesses(clock, PASSWORDS)
        self._codes = Guesses(clock, CODES)
        self._alarm = GuessAlarm(clock, event)

    async def enter(self, login: str, password: str, visitor: Visitor) -> Entered | SignInRefusal:
        """The first step, for whoever has an account that may come through that door."""
        login = canonical_login(login)
        row = await self._store.read(lambda tx: rows.find_by_login(tx, login))
        if row is not None and DOORS[row.kind] not in visitor.doors:
            row = None
        place = self._place(row, visitor)
        if not self._passwords.admits(login, place):
            return SignInRefusal.WAIT
        usable = row is not None and is_usable(row, self._wall_ms())
        hashed = row.password_hash if row is not None and usable else ""
        right = await self._checks.verify(hashed, canonical_password(password), self._passwords.rank(place))
        if right is None:
            self._passwords.unchecked(login, place)
            return SignInRefusal.BUSY
        if not right or row is None:
            if row is not None:
                self._alarm.wrong(row.id, "wrong_password")
            return SignInRefusal.WRONG
        self._passwords.right(login, place)
        return await self._store.run(lambda tx: self._open(tx, row, visitor), "web_sign_in")

    def _place(self, row: AccountRow | None, visitor: Visitor) -> Place:
        return Place(visitor.address, "" if row is None else self._devices.known(visitor.mark, row))

    def _open(self, tx: Tx, seen: AccountRow, visitor: Visitor) -> Entered | SignInRefusal:
        row = rows.find(tx, seen.id)
        if row is None or row.password_hash != seen.password_hash or not is_usable(row, self._wall_ms()):
            return SignInRefusal.WRONG  # reset or disabled while the password was checked
        if row.factor_secret is not None:
            # who is not in yet: neither the log nor the device knows of it before the code was right
            return Entered(self._sessions.open(tx, row.id, DOORS[row.kind]))
        self._signed_in(tx, row)
        return Entered(self._sessions.open(tx, row.id, DOORS[row.kind]), self._marked(visitor.mark, row))

    def _signed_in(self, tx: Tx, row: AccountRow) -> None:
        self._audit.record(tx, account_of(tx, row).actor, Action.SIGNED_IN, f"account/{row.id}", at_ms=self._wall_ms())

    def _marked(self, mark: str, row: AccountRow) -> str:
        return self._devices.marked(mark, row, self._random_bytes(16).hex())

    async def show_code(self, guest: Guest, code: str, visitor: Visitor) -> Entered | SignInRefusal:
        """The second step: the code of the app."""
        login = guest.account.login
        row = await self._store.read(lambda tx: rows.find(tx, guest.account.id))
        place = self._place(row, visitor)
        if not self._codes.admits(login, place):
            return SignInRefusal.WAIT
        entered = await self._store.run(lambda tx: self._accept_code(tx, guest, code, visitor), "web_code")
        if isinstance(entered, Entered):
            self._codes.right(login, place)
        elif entered is SignInRefusal.WRONG_CODE:
            self._alarm.wrong(guest.account.id, "wrong_code")
        return entered

    def _accept_code(self, tx: Tx, guest: Guest, code: str, visitor: Visitor) -> Entered | SignInRefusal:
        row = rows.find(tx, guest.account.id)
        if row is None or row.factor_secret is None:
            return SignInRefusal.OVER
        step = factors.accepted_step(row.factor_secret, code, now_ms=self._wall_ms(), used_to=row.factor_used_to)
        if step is None:
            return SignInRefusal.WRONG_CODE
        rows.change(tx, row._replace(factor_used_to=step))
        token = self._sessions.promote(tx, guest, factor_shown=True)
        if token is None:
            return SignInRefusal.OVER
        self._signed_in(tx, row)
        return Entered(token, self._marked(visitor.mark, row))

    async def choose_password(
        self, guest: Guest, present: str, chosen: str, again: str, visitor: Visitor
    ) -> Entered | SignInRefusal:
        """A password of one's own. The present one is asked for once more, and every other session ends."""
        account = guest.account
        wrong = _why_not(present, chosen, again, account.login)
        if wrong is not None:
            return wrong
        row = await self._store.read(lambda tx: rows.find(tx, account.id))
        place = self._place(row, visitor)
        if row is None or not self._passwords.admits(account.login, place):
            return SignInRefusal.WAIT
        right = await self._checks.verify(row.password_hash, canonical_password(present), 0)
        if right is None:
            self._passwords.unchecked(account.login, place)
            return SignInRefusal.BUSY
        if not right:
            return SignInRefusal.WRONG
        self._passwords.right(account.login, place)
        hashed = await self._secrets.make(canonical_password(chosen))
        return await self._store.run(lambda tx: self._change(tx, guest, row, hashed, visitor), "web_password")

    def _change(self, tx: Tx, guest: Guest, seen: AccountRow, hashed: str, visitor: Visitor) -> Entered | SignInRefusal:
        row, session = rows.find(tx, seen.id), rows.find_session(tx, guest.digest)
        if row is None or session is None or row.password_hash != seen.password_hash:
            return SignInRefusal.OVER  # changed or reset meanwhile
        changed = row._replace(password_hash=hashed, first_until_ms=None)
        rows.change(tx, changed)
        rows.end_sessions_of(tx, row.id)
        self._audit.record(tx, guest.account.actor, Action.PASSWORD_CHANGED, f"account/{row.id}", at_ms=self._wall_ms())
        token = self._sessions.open(tx, row.id, session.door, factor_shown=session.factor_shown)
        return Entered(token, self._marked(visitor.mark, changed))

    async def offer_factor(self, guest: Guest) -> str:
        """The secret that the person puts into an app: the same until it is confirmed. "": there is no such account."""

        def work(tx: Tx) -> str:
            row = rows.find(tx, guest.account.id)
            if row is None or row.factor_secret is not None:
                return ""
            if row.factor_offered is None:
                row = row._replace(factor_offered=factors.new_secret(self._random_bytes))
                rows.change(tx, row)
            return row.factor_offered or ""

        return await self._store.run(work, "web_factor")

    async def confirm_factor(self, guest: Guest, code: str, visitor: Visitor) -> Entered | SignInRefusal:
        """The first code of the app shows that it was set up."""

        def work(tx: Tx) -> Entered | SignInRefusal:
            row = rows.find(tx, guest.account.id)
            if row is None or row.factor_offered is None or row.factor_secret is not None:
                return SignInRefusal.OVER
            step = factors.accepted_step(row.factor_offered, code, now_ms=self._wall_ms(), used_to=0)
            if step is None:
                return SignInRefusal.WRONG_CODE
            rows.change(tx, row._replace(factor_secret=row.factor_offered, factor_offered=None, factor_used_to=step))
            self._audit.record(
                tx, guest.account.actor, Action.FACTOR_ENROLLED, f"account/{row.id}", at_ms=self._wall_ms()
            )
            token = self._sessions.promote(tx, guest, factor_shown=True)
            return SignInRefusal.OVER if token is None else Entered(token, self._marked(visitor.mark, row))

        return await self._store.run(work, "web_factor")


def _why_not(present: str, chosen: str, again: str, login: str) -> SignInRefusal | None:
    if canonical_password(chosen) != canonical_password(again):
        return SignInRefusal.DIFFER
    if canonical_password(chosen) == canonical_password(present):
        return SignInRefusal.SAME
    weak = why_weak(chosen, login)
    return SignInRefusal(weak) if weak else None
