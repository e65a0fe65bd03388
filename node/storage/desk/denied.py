"""Rows of the branch about cards that it denies until their home knows of the block."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from node.storage.schema import denied_card, outbox
from node.storage.statements import Statement, insertion_if_absent
from node.storage.store import Tx

_DENY = insertion_if_absent(denied_card, "op", "card_digest", "home", "outbox_key")
_DENIED = Statement(
    select(denied_card.c.op)
    .select_from(
        denied_card.join(outbox, (outbox.c.peer == denied_card.c.home) & (outbox.c.key == denied_card.c.outbox_key))
    )
    .where(denied_card.c.card_digest == bindparam("digest_"), outbox.c.acked_at_ms.is_(None))
    .limit(1)
)


def deny(tx: Tx, *, op: str, card_digest: str, home: str, outbox_key: str) -> None:
    tx.run(_DENY, op=op, card_digest=card_digest, home=home, outbox_key=outbox_key)


def is_denied(tx: Tx, card_digest: str) -> bool:
    """Whether a terminal here blocked the card, and its home has not acknowledged that yet."""
    return tx.one(_DENIED, digest_=card_digest) is not None
