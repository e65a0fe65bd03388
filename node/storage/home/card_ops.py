"""Rows of the home about cards that terminals blocked or enabled."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select

from node.storage.schema import card_op
from node.storage.statements import Statement, insertion_if_absent
from node.storage.store import Tx

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
