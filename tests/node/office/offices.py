"""An office over a database in memory, with a clock and chance under the test's hand."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pyotp
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from federation.directory import Directory, GroupEntry, LibraryEntry
from node.domain.accounts import AccountKind, Role
from node.domain.staff import StaffKind
from node.service.office.accounts import Account, Accounts
from node.service.office.audit import Actor, Audit
from node.service.office.composing import Office, compose_office
from node.service.office.sessions import SessionLimits
from node.service.office.signing_in import Visitor
from node.service.staff import call_staff
from node.storage.office import accounts as rows
from node.storage.opening import new_memory_database
from node.storage.sqlite import InlineStore
from node.storage.store import Work

T = TypeVar("T")

HERE = "CQSPB"
START_MS = 1_700_000_000_000
FIRST, CHOSEN = "abcd-efgh-jkmn-pqrs", "七步之内必有芳草 2026"
ADMINISTRATOR = Actor("person-1", "馆长")
LIMITS = SessionLimits(idle_s=1800, longest_s=36_000)


class PlainSecrets:
    """Hashes that cost nothing. `hold`: checks wait until `let_go`."""

    def __init__(self) -> None:
        self.hold = False
        self.checked = 0
        self.waiting: list[tuple[Deferred[bool], bool]] = []

    def verify(self, hashed: str, secret: str) -> Deferred[bool]:
        self.checked += 1
        right = bool(hashed) and hashed == f"hash of {secret}"
        if not self.hold:
            return succeed(right)
        answer: Deferred[bool] = Deferred()
        self.waiting.append((answer, right))
        return answer

    def let_go(self) -> None:
        answer, right = self.waiting.pop(0)
        answer.callback(right)

    def make(self, secret: str) -> Deferred[str]:
        return succeed(f"hash of {secret}")


@dataclass
class Counting:
    """Bytes that never repeat, the same in every run."""

    count: int = 0

    def __call__(self, length: int) -> bytes:
        self.count += 1
        return self.count.to_bytes(4, "big").rjust(length, b"\x07")[:length]


def directory() -> Directory:
    entry = LibraryEntry(
        code=HERE,
        name="沙坪坝区图书馆",
        group="central",
        card_prefixes=("235001",),
        item_prefixes=(HERE,),
        host="127.0.0.1",
        port=1,
    )
    return Directory([entry], [GroupEntry("central", "中心城区")])


@dataclass
class Bench:
    """`office` and what it stands on."""

    clock: Clock = field(default_factory=Clock)
    secrets: PlainSecrets = field(default_factory=PlainSecrets)
    random_bytes: Counting = field(default_factory=Counting)
    events: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    store: InlineStore = field(default_factory=lambda: InlineStore(new_memory_database()))

    def __post_init__(self) -> None:
        self.audit = Audit(self.random_bytes)
        self.accounts = Accounts(self.audit, self.random_bytes)
        self.directory = directory()
        self.office: Office = compose_office(
            *(self.store, self.directory, self.secrets, LIMITS),
            digest_key=b"k" * 32,
            event=lambda name, **fields: self.events.append((name, fields)),
            clock=self.clock,
            wall_ms=self.wall_ms,
            random_bytes=self.random_bytes,
        )

    def wall_ms(self) -> int:
        return START_MS + round(self.clock.seconds() * 1000)

    def pass_s(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def done(self, work: Work[T]) -> T:
        return self.store.run_now(work, "test")

    def add(self, login: str, *roles: Role, kind: AccountKind = AccountKind.STAFF, password: str = FIRST) -> Account:
        added = self.done(
            lambda tx: self.accounts.add(
                *(tx, ADMINISTRATOR),
                kind=kind,
                login=login,
                name=f"{login}老师",
                roles=frozenset(roles),
                password_hash=f"hash of {password}",
                now_ms=self.wall_ms(),
            )
        )
        assert isinstance(added, Account), added
        return added

    def add_ready(self, login: str, *roles: Role, kind: AccountKind = AccountKind.STAFF) -> str:
        """An account that has changed its first password and set up its second factor, if it needs one: its secret."""
        account = self.add(login, *roles, kind=kind, password=CHOSEN)
        row = self.done(lambda tx: rows.find(tx, account.id))
        assert row is not None
        secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
        needs = kind is AccountKind.SCHOOL or set(roles) - {Role.DESK}
        ready = row._replace(first_until_ms=None, factor_secret=secret if needs else None)
        self.done(lambda tx: rows.change(tx, ready))
        return secret

    def code(self, secret: str) -> str:
        return pyotp.TOTP(secret).generate_otp(self.wall_ms() // 30_000)

    def call(self, kind: StaffKind, op: str = "o1", barcode: str = "CQSPB0100000001", detail: str = "") -> None:
        self.done(
            lambda tx: call_staff(tx, kind, op=op, at_ms=self.wall_ms(), barcode=barcode, terminal="K1", detail=detail)
        )


def visitor(address: str = "10.0.0.7", mark: str = "", door: str = "staff") -> Visitor:
    return Visitor(address, mark, (door,))


def now(work: Coroutine[Any, Any, T]) -> T:
    """The result of what does not have to wait."""
    found: list[T] = []
    failed: list[Any] = []
    Deferred.fromCoroutine(work).addCallbacks(found.append, failed.append)
    if failed:
        raise failed[0].value
    assert found, "it waits for something"
    return found[0]
