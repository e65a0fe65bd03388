"""The audit log: who did what, when and why, as a chain in which a changed, added or removed link is found.

Promises:

* A link is written in the transaction of the action: neither is there without the other.
* The chain holds opaque references and a salted digest of the reason. The name and the reason stand beside it. They may
  be blanked, and the chain still verifies. Where they are not blanked, a changed reason is found as well.
* A program that may write the database could rewrite the whole chain. So note the head now and then, outside of the
  machine: `verify` takes it and finds that the chain does not lead there any more.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final

from node.storage.office import audit as rows
from node.storage.office.audit import AuditRow, Line
from node.storage.store import Tx

__all__ = ["Action", "Actor", "Audit", "Flaw", "Head", "Line", "lines_before", "person", "verify"]

RandomBytes = Callable[[int], bytes]

_PAGE: Final = 1_000
_REF_CHARACTERS: Final = 16


class Action(StrEnum):
    """What people do. The words are stored: never change one."""

    SIGNED_IN = "signed_in"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a word, no password
    FACTOR_ENROLLED = "factor_enrolled"
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_ROLES = "account_roles"
    ACCOUNT_RESET = "account_reset"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_FORGOTTEN = "account_forgotten"
    EXCEPTION_CLOSED = "exception_closed"
    REASON_BLANKED = "reason_blanked"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an opaque reference, and the name that stands beside the chain ("": it stands there already)."""

    ref: str
    name: str = ""

    def __repr__(self) -> str:
        return f"Actor({self.ref!r})"


@dataclass(frozen=True, slots=True)
class Head:
    """How far the chain goes: to be noted outside of the machine."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first link that is not as it was written. `what`: hash, missing, reason, end or head."""

    seq: int
    what: str


class Audit:
    """Writes links."""

    def __init__(self, random_bytes: RandomBytes) -> None:
        self._random_bytes = random_bytes

    def record(self, tx: Tx, actor: Actor, action: Action, subject: str, *, at_ms: int, reason: str = "") -> None:
        """`subject`: a kind and an opaque reference, as "exception/12"."""
        seq, before = rows.head(tx)
        salt = self._random_bytes(16).hex()
        row = AuditRow(seq + 1, at_ms, actor.ref, action, subject, _digest_of(salt, reason), "")
        rows.append(tx, row._replace(hash=_hash_of(before, row)), salt=salt, reason=reason)
        self.name(tx, actor)

    def name(self, tx: Tx, actor: Actor) -> None:
        """Beside the chain stands who that is."""
        if actor.name:
            rows.keep_name(tx, actor.ref, actor.name)

    def blank_reason(self, tx: Tx, seq: int, actor: Actor, *, at_ms: int, reason: str) -> bool:
        """The reason of that link is erased, its digest stays. False if there is no such link."""
        if not rows.blank_reason(tx, seq):
            return False
        self.record(tx, actor, Action.REASON_BLANKED, f"audit/{seq}", at_ms=at_ms, reason=reason)
        return True


def person(key: bytes, name: str) -> Actor:
    """Somebody who is known by a name alone, at the command line: the same name is the same reference."""
    digest = hmac.new(key, b"person" + name.encode("utf-8", "surrogatepass"), sha256).hexdigest()
    return Actor(f"person-{digest[:_REF_CHARACTERS]}", name)


def lines_before(tx: Tx, seq: int, most: int) -> list[Line]:
    """Newest first, those before that number; 0: from the end on."""
    return rows.lines_before(tx, seq or rows.head(tx)[0] + 1, most)


def verify(tx: Tx, noted: Head | None = None) -> tuple[Head, Flaw | None]:
    """The end of the chain, and the first flaw if there is one. `noted`: a head that was noted earlier."""
    seq, before = 0, ""
    met_noted = noted is None or noted.seq == 0
    while lines := rows.lines_after(tx, seq, _PAGE):
        for line in lines:
            flaw = _flaw_of(line, seq, before)
            if flaw is not None:
                return Head(seq, before), flaw
            seq, before = line.row.seq, line.row.hash
            if noted is not None and noted.seq == seq:
                met_noted = noted.hash == before
    head = Head(seq, before)
    if rows.head(tx) != (seq, before):
        return head, Flaw(seq, "end")
    return head, None if met_noted else Flaw(noted.seq if noted else 0, "head")


def _flaw_of(line: Line, seq: int, before: str) -> Flaw | None:
    row = line.row
    if row.seq != seq + 1:
        return Flaw(seq + 1, "missing")
    if row.hash != _hash_of(before, row):
        return Flaw(row.seq, "hash")
    if line.salt and row.reason_digest != _digest_of(line.salt, line.reason):
        return Flaw(row.seq, "reason")
    return None if line.salt or not line.reason else Flaw(row.seq, "reason")


def _hash_of(before: str, row: AuditRow) -> str:
    said = [before, *row[:-1]]
    return sha256(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _digest_of(salt: str, reason: str) -> str:
    return sha256(f"{salt}\x1f{reason}".encode("utf-8", "surrogatepass")).hexdigest()
