"""The transactional outbox: what this library owes others in words, until they acknowledge it (promise 7)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select, update

from node.storage.rows import Rows
from node.storage.schema import loan, outbox, seen_card
from node.storage.statements import Statement, alteration, insertion_if_absent
from node.storage.store import Tx


class OutboxRow(NamedTuple):
    id: int
    peer: str
    payload: bytes
    created_at_ms: int


_ADD = insertion_if_absent(
    outbox, *("peer", "key", "payload", "created_at_ms", "barcode", "reader"), unique=("peer", "key")
)
_MESSAGES = Rows(OutboxRow, outbox)
_UNACKNOWLEDGED = (
    _MESSAGES.select.where(outbox.c.peer == bindparam("peer_"), outbox.c.acked_at_ms.is_(None))
    .order_by(outbox.c.id)
    .limit(bindparam("most"))
)
_WAITING = _MESSAGES.selection(_UNACKNOWLEDGED.where(outbox.c.id > bindparam("after")))
_OF_CARD = select(seen_card.c.reader).where(
    seen_card.c.card_digest == bindparam("digest_"), seen_card.c.home == bindparam("peer_")
)
_OF_BORROWER = select(loan.c.reader).where(
    loan.c.barcode == bindparam("item_"), loan.c.closed_at_ms.is_(None), loan.c.home == bindparam("peer_")
)
_ABOUT = [
    _MESSAGES.selection(_UNACKNOWLEDGED.where(outbox.c.barcode == bindparam("item_"))),
    _MESSAGES.selection(_UNACKNOWLEDGED.where(outbox.c.reader == _OF_CARD.scalar_subquery())),
    _MESSAGES.selection(_UNACKNOWLEDGED.where(outbox.c.reader == _OF_BORROWER.scalar_subquery())),
]
_PEERS = Statement(
    select(outbox.c.peer, func.count(), func.min(outbox.c.created_at_ms))
    .where(outbox.c.acked_at_ms.is_(None))
    .group_by(outbox.c.peer)
)
_ACK = alteration(outbox, "id", "acked_at_ms")
_ACK_KEY = Statement(
    update(outbox)
    .where(outbox.c.peer == bindparam("peer_"), outbox.c.key == bindparam("key_"), outbox.c.acked_at_ms.is_(None))
    .values(acked_at_ms=bindparam("at"))
)
_HEARD = Statement(
    select(func.count()).where(
        outbox.c.peer == bindparam("peer_"),
        outbox.c.key >= bindparam("from_"),
        outbox.c.key < bindparam("to_"),
        outbox.c.acked_at_ms.is_not(None),
    )
)
_ACKED = (
    select(outbox.c.id)
    .where(outbox.c.acked_at_ms.is_not(None), outbox.c.acked_at_ms < bindparam("before"))
    .order_by(outbox.c.acked_at_ms)
    .limit(bindparam("most"))
)
_FORGET = Statement(delete(outbox).where(outbox.c.id.in_(_ACKED)))


def put(
    tx: Tx, *, peer: str, key: str, payload: bytes, created_at_ms: int, barcode: str = "", reader: str = ""
) -> bool:
    """False if the same message (peer, key) was put before. `barcode`, `reader`: what it is about, "" if not known."""
    about = {"barcode": barcode or None, "reader": reader or None}
    return bool(tx.run(_ADD, peer=peer, key=key, payload=payload, created_at_ms=created_at_ms, **about))


def waiting(tx: Tx, peer: str, most: int, after_id: int = 0) -> list[OutboxRow]:
    """Unacknowledged messages to `peer`, oldest first, those after `after_id`."""
    return _WAITING.all(tx, peer_=peer, after=after_id, most=most)


def waiting_about(tx: Tx, peer: str, most: int, *, item: str, card_digest: str) -> list[OutboxRow]:
    """Those about the item, then about the card's reader, as far as he is known here, then about whoever has the item
    on loan; each oldest first, some of them perhaps twice."""
    asked = {"peer_": peer, "most": most}
    by_item, by_card, by_borrower = _ABOUT
    return [
        *by_item.all(tx, **asked, item_=item),
        *by_card.all(tx, **asked, digest_=card_digest),
        *by_borrower.all(tx, **asked, item_=item),
    ]


def backlog(tx: Tx) -> list[tuple[str, int, int]]:
    """(peer, messages waiting, created_at_ms of the oldest)."""
    return [(row[0], row[1], row[2]) for row in tx.all(_PEERS)]


def acknowledge(tx: Tx, ids: list[int], at_ms: int) -> None:
    tx.many(_ACK, [{"key_id": number, "acked_at_ms": at_ms} for number in ids])


def acknowledge_key(tx: Tx, peer: str, key: str, at_ms: int) -> None:
    """The peer answered the message itself, so its delivery is done."""
    tx.run(_ACK_KEY, peer_=peer, key_=key, at=at_ms)


def heard(tx: Tx, peer: str, key_prefix: str) -> bool:
    """Whether the peer has acknowledged a message of such a key, in the time that they are kept."""
    row = tx.one(_HEARD, peer_=peer, from_=key_prefix, to_=f"{key_prefix}\x7f")
    return row is not None and row[0] > 0


def forget_acknowledged(tx: Tx, before_ms: int, most: int) -> int:
    """Acknowledged messages are kept 7 days (a restored peer asks for them), then dropped: `most` at a time, the oldest
    first. How many were."""
    return tx.run(_FORGET, before=before_ms, most=most)
