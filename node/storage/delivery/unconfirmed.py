"""Rows of what other libraries said and our rows do not bear out. Neither shown nor counted."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select

from node.storage.rows import Rows
from node.storage.schema import unconfirmed
from node.storage.statements import Statement
from node.storage.store import Tx


class UnconfirmedRow(NamedTuple):
    """`peer` said it. `key`: what makes it the same one, in any version. `subject`: the loan or the item whose rows may
    bear it out yet. `id`: numbered by the database, 0 before."""

    peer: str
    key: str
    subject: str
    payload: bytes
    at_ms: int
    id: int = 0


_ROWS = Rows(UnconfirmedRow, unconfirmed)
_ADD = _ROWS.insertion()
_REPLACE = _ROWS.alteration("subject", "payload", "at_ms")
_FIND = _ROWS.selection(
    _ROWS.select.where(unconfirmed.c.peer == bindparam("peer_"), unconfirmed.c.key == bindparam("key_"))
)
_ABOUT = _ROWS.selection(
    _ROWS.select.where(unconfirmed.c.subject == bindparam("subject_")).order_by(unconfirmed.c.id).limit(16)
)
_COUNT = Statement(select(func.count()).where(unconfirmed.c.peer == bindparam("peer_")))
_DROP = Statement(
    delete(unconfirmed).where(unconfirmed.c.peer == bindparam("peer_"), unconfirmed.c.key == bindparam("key_"))
)


def find_unconfirmed(tx: Tx, peer: str, key: str) -> UnconfirmedRow | None:
    return _FIND.one(tx, peer_=peer, key_=key)


def add_unconfirmed(tx: Tx, row: UnconfirmedRow) -> None:
    _ADD.run(tx, row)


def replace_unconfirmed(tx: Tx, row: UnconfirmedRow) -> None:
    """The same in a newer version."""
    _REPLACE.run(tx, row)


def unconfirmed_about(tx: Tx, subject: str) -> list[UnconfirmedRow]:
    """The oldest of them first, and no more than an honest library ever has of one loan or item: whoever says more does
    not hold up everybody."""
    return _ABOUT.all(tx, subject_=subject)


def count_unconfirmed(tx: Tx, peer: str) -> int:
    row = tx.one(_COUNT, peer_=peer)
    return 0 if row is None else int(row[0])


def drop_unconfirmed(tx: Tx, peer: str, key: str) -> None:
    """It is borne out now, or void."""
    tx.run(_DROP, peer_=peer, key_=key)
