"""Rows about blocked cards: what a home learned from terminals, and what a branch denies until its home knows."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select

from node.storage.schema import card_op, denied_card, outbox
from node.storage.transaction import Statement, Tx, insertion_if_absent

_ADD = insertion_if_absent(card_op, "op", "card", "kind", "branch", "at_ms")
_LATEST = Statement(
    select(card_op.c.kind)
    .where(card_op.c.card == bindparam("card_"))
    .order_by(card_op.c.at_ms.desc(), card_op.c.kind.desc())
    .limit(1)
)
_BLOCKED = Statement(
    select(func.count())
    .select_from(card_op)
    .where(card_op.c.kind == "block", card_op.c.branch == bindparam("branch_"), card_op.c.at_ms > bindparam("since"))
)
_DENY = insertion_if_absent(denied_card, "op", "card_digest", "home", "outbox_key")
_DENIED = Statement(
    select(denied_card.c.op)
    .select_from(
        denied_card.join(outbox, (outbox.c.peer == denied_card.c.home) & (outbox.c.key == denied_card.c.outbox_key))
    )
    .where(denied_card.c.card_digest == bindparam("digest_"), outbox.c.acked_at_ms.is_(None))
    .limit(1)
)


def add_card_op(tx: Tx, *, op: str, card: str, kind: str, branch: str, at_ms: int) -> bool:
    """True if it is new: a block that is delivered again after the card was enabled blocks nothing."""
    return bool(tx.run(_ADD, op=op, card=card, kind=kind, branch=branch, at_ms=at_ms))


def count_blocks(tx: Tx, branch: str, since_ms: int) -> int:
    """How many cards terminals of `branch` have blocked since then."""
    row = tx.one(_BLOCKED, branch_=branch, since=since_ms)
    return 0 if row is None else int(row[0])


def blocked_by_terminal(tx: Tx, card: str) -> bool:
    """Whether the last thing that a terminal did to the card was to block it."""
    row = tx.one(_LATEST, card_=card)
    return row is not None and row[0] == "block"


def deny(tx: Tx, *, op: str, card_digest: str, home: str, outbox_key: str) -> None:
    tx.run(_DENY, op=op, card_digest=card_digest, home=home, outbox_key=outbox_key)


def is_denied(tx: Tx, card_digest: str) -> bool:
    """Whether a terminal here blocked the card, and its home has not acknowledged that yet."""
    return tx.one(_DENIED, digest_=card_digest) is not None
