"""Facts about the database itself: its epoch, the key that turns card numbers into digests, and the terminals that
logged in before."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, select

from node.storage import tally
from node.storage.schema import kiosk_op, meta
from node.storage.statements import Statement, insertion_if_absent
from node.storage.store import Tx

_FIND = Statement(select(meta.c.value).where(meta.c.name == bindparam("name_")))
_ADD = insertion_if_absent(meta, "name", "value")
_REMOVE = Statement(delete(meta).where(meta.c.name == bindparam("name_")))

_OPERATIONS = Statement(select(func.min(kiosk_op.c.seq), func.max(kiosk_op.c.seq)))

_LOGINS = "known_logins"
_OLDER_IDS_TO = "older_ids_to"
_PROOF = "proof_of_writing"
_PROOF_CHARACTERS = 65_536  # more than a unit of work writes


@dataclass(frozen=True, slots=True)
class LibraryIdentity:
    """`epoch` rises when a database is restored from a backup; `digest_key` never leaves the library. `older_ids`: some
    operations bear ids of an older program, which did not begin with a minute."""

    library: str
    epoch: int
    digest_key: bytes
    older_ids: bool = False

    def __repr__(self) -> str:
        return f"LibraryIdentity(library={self.library!r}, epoch={self.epoch})"


def _get(tx: Tx, name: str) -> str | None:
    row = tx.one(_FIND, name_=name)
    return None if row is None else str(row[0])


def establish(tx: Tx, library: str, random_bytes: Callable[[int], bytes]) -> LibraryIdentity:
    """Read the identity of this database, made at its first use. A database of another library is an error."""
    tx.run(_ADD, name="library", value=library)
    tx.run(_ADD, name="epoch", value="1")
    tx.run(_ADD, name="digest_key", value=random_bytes(32).hex())
    tally.begin(tx)
    found = _get(tx, "library")
    if found != library:
        raise ValueError(f"this database belongs to library {found}, not {library}: check `database` in node.toml")
    digest_key = bytes.fromhex(_get(tx, "digest_key") or "")
    return LibraryIdentity(library, int(_get(tx, "epoch") or 1), digest_key, _has_older_ids(tx))


def _has_older_ids(tx: Tx) -> bool:
    """Its operations are numbered, and the number is kept up to which they were there when this was first asked."""
    oldest, newest = tx.one(_OPERATIONS) or (None, None)
    tx.run(_ADD, name=_OLDER_IDS_TO, value=str(newest or 0))
    return oldest is not None and int(oldest) <= int(_get(tx, _OLDER_IDS_TO) or 0)


def known_identity(tx: Tx) -> LibraryIdentity | None:
    """The same, only read; None in a database that no node has used yet."""
    library = _get(tx, "library")
    if library is None:
        return None
    return LibraryIdentity(library, int(_get(tx, "epoch") or 1), bytes.fromhex(_get(tx, "digest_key") or ""))


def prove_writable(tx: Tx, count: int) -> None:
    """Write something as large as real work. `count` differs from call to call: SQLite leaves out an equal write."""
    remove_proof(tx)
    tx.run(_ADD, name=_PROOF, value=f"{count:0{_PROOF_CHARACTERS}d}")


def remove_proof(tx: Tx) -> None:
    """What `prove_writable` wrote takes no room any longer."""
    tx.run(_REMOVE, name_=_PROOF)


def kept(tx: Tx, name: str) -> str | None:
    """What was kept under that name."""
    return _get(tx, name)


def keep(tx: Tx, name: str, value: str) -> None:
    """In place of what was kept under that name."""
    tx.run(_REMOVE, name_=name)
    tx.run(_ADD, name=name, value=value)


def known_logins(tx: Tx) -> dict[str, str]:
    """The terminals that were right before, with the digest that each is known by."""
    kept: dict[str, str] = json.loads(_get(tx, _LOGINS) or "{}")
    return kept


def keep_logins(tx: Tx, digests: Mapping[str, str]) -> None:
    """In place of those that were kept."""
    keep(tx, _LOGINS, json.dumps(digests))


def place_reached(tx: Tx, name: str) -> int:
    """Up to where a nightly work has come; 0 at first."""
    return int(_get(tx, name) or 0)


def keep_place(tx: Tx, name: str, place: int) -> None:
    tx.run(_REMOVE, name_=name)
    tx.run(_ADD, name=name, value=str(place))
