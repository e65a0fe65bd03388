"""What the branch forgets: whose request an operation was and what the answer named, then the operation itself.

Operations are numbered in the order in which they came (`seq`), so no index is needed: a piece goes on where the last
one stopped, and the place is kept from night to night. A row between older rows is as old as they are, whatever its own
time says: a clock may have been ahead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import bindparam, delete, exists, func, select, update

from node.storage import meta
from node.storage.keeping.pieces import Aging, Bounds, Kind, Paged, Piece, Place, aged, of_exceptions, of_operations
from node.storage.schema import denied_card, fine, kiosk_op, outbox, seen_card, staff_exception
from node.storage.statements import Statement
from node.storage.store import Row, Tx

ANSWERS: Final = "answers"
OPERATIONS: Final = "kiosk_operations"

_next = (
    select(kiosk_op.c.seq, kiosk_op.c.asked_at_ms, kiosk_op.c.told_at_ms, kiosk_op.c.lasting, kiosk_op.c.answer)
    .where(kiosk_op.c.seq > bindparam("after"))
    .order_by(kiosk_op.c.seq)
    .limit(bindparam("most"))
)
_NEXT = Statement(_next)
_THIN = Statement(
    update(kiosk_op).where(kiosk_op.c.seq == bindparam("key_")).values(card_digest="", answer=bindparam("thin"))
)
_NEWEST = Statement(select(func.max(kiosk_op.c.seq)))
_DROP = Statement(delete(kiosk_op).where(kiosk_op.c.seq == bindparam("key_")))


class _InOrder:
    """Told operations, oldest first."""

    name: str

    def __init__(self) -> None:
        self._reached = f"forgotten: {self.name}"
        self.start: Place = 0

    def _older(self, tx: Tx, after: Place, before_ms: int, most: int) -> tuple[list[Row], bool]:
        """(the next rows that are old enough, whether more may follow)."""
        reached = max(int(after), meta.place_reached(tx, self._reached))
        rows = tx.all(_NEXT, after=reached, most=most)
        old = max((place for place, row in enumerate(rows, 1) if row[1] < before_ms), default=0)
        return rows[:old], old == most

    def _ended(self, tx: Tx, rows: list[Row], gone: int, more: bool) -> Piece:
        if not rows:
            return Piece(0, 0, None)
        meta.keep_place(tx, self._reached, rows[-1][0])
        return Piece(len(rows), gone, rows[-1][0] if more else None)


class Answers(_InOrder):
    """Whose card it was, and what `thin` takes out of the answers. What is left decides as before."""

    name = ANSWERS

    def __init__(self, thin: Callable[[str], str]) -> None:
        super().__init__()
        self._thin = thin

    def piece(self, tx: Tx, bounds: Bounds, after: Place, most: int) -> Piece:
        rows, more = self._older(tx, after, bounds.history_ms, most)
        told = [row for row in rows if row[4] is not None]
        tx.many(_THIN, [{"key_": row[0], "thin": self._thin(row[4])} for row in told])
        return self._ended(tx, rows, len(told), more)


class Operations(_InOrder):
    """The rows; but those of what was done off line, for a kiosk may send that again at any time, and the newest."""

    name = OPERATIONS

    def piece(self, tx: Tx, bounds: Bounds, after: Place, most: int) -> Piece:
        rows, more = self._older(tx, after, bounds.operations_ms, most)
        if rows and (rows[-1][0],) == tx.one(_NEWEST):
            rows = rows[:-1]  # from its number on the next ones are counted
        gone = [row for row in rows if row[2] is not None and not row[3]]
        tx.many(_DROP, [{"key_": row[0]} for row in gone])
        return self._ended(tx, rows, len(gone), more)


_delivered = exists().where(
    outbox.c.peer == denied_card.c.home,
    outbox.c.key == denied_card.c.outbox_key,
    outbox.c.acked_at_ms.is_(None),
)
_owes_here = exists().where(
    fine.c.home == seen_card.c.home, fine.c.reader == seen_card.c.reader, fine.c.amount_fen > fine.c.paid_fen
)
_is_unused = (seen_card.c.noted_at_ms < bindparam("before")) & (seen_card.c.seen_at_ms < bindparam("before"))


def kinds(thin: Callable[[str], str]) -> tuple[Kind, ...]:
    return (
        Answers(thin),
        Operations(),
        Paged(
            "cards_seen",
            select(seen_card.c.card_digest, _is_unused & ~_owes_here)
            .where(seen_card.c.card_digest > bindparam("after"))
            .order_by(seen_card.c.card_digest)
            .limit(bindparam("most")),
            delete(seen_card).where(seen_card.c.card_digest == bindparam("key_")),
            before=of_operations,
        ),
        Paged(
            "cards_denied",
            select(denied_card.c.op, ~_delivered)
            .where(denied_card.c.op > bindparam("after"))
            .order_by(denied_card.c.op)
            .limit(bindparam("most")),
            delete(denied_card).where(denied_card.c.op == bindparam("key_")),
            before=of_operations,
        ),
        Aging(
            "exceptions",
            aged(staff_exception.c.closed_at_ms, staff_exception.c.id, staff_exception.c.closed_at_ms).where(
                staff_exception.c.closed_at_ms.is_not(None)
            ),
            delete(staff_exception).where(staff_exception.c.id == bindparam("key_")),
            before=of_exceptions,
        ),
    )
