"""What the home forgets: what its readers had, then the places; mirrors of holds and fines likewise.

A place that was freed after its due date keeps its reader until the fee is known and paid: the news of a fee may come
long after that of the return, and is borne out by the place alone. If none comes, it goes with the operations.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeAlias

from sqlalchemy import and_, bindparam, delete, exists, or_, update

from federation.contract import FineKind
from node.domain.calendar import civil_date
from node.domain.keeping import FORGOTTEN
from node.storage.keeping.pieces import Aging, Bounds, Kind, aged, is_needed, of_history, of_operations
from node.storage.schema import card, card_op, fine_mirror, hold_mirror, place
from node.storage.store import Row

FeeMayCome: TypeAlias = Callable[[date, date], bool]
"""(due, freed): whether a late fee may follow."""

_of_place = fine_mirror.c.loan == place.c.op
_open = or_(fine_mirror.c.amount_fen > fine_mirror.c.paid_fen, fine_mirror.c.settled_at_ms >= bindparam("history"))
_is_owed = exists().where(_of_place, _open)
_is_charged = exists().where(_of_place, fine_mirror.c.kind == FineKind.LATE)
_is_wanted = exists().where(card.c.reader == place.c.reader, card.c.keeps_history == 1)
_is_remembered = exists().where(place.c.op == fine_mirror.c.loan, place.c.reader != FORGOTTEN)
_later = card_op.alias("later")
_is_latest = ~exists().where(_later.c.card == card_op.c.card, _later.c.at_ms > card_op.c.at_ms)


def kinds(fee_may_come: FeeMayCome) -> tuple[Kind, ...]:
    return (*_places(fee_may_come), *_HOLDS, *_FINES, *_CARDS)


def _places(fee_may_come: FeeMayCome) -> tuple[Kind, ...]:
    def stays(row: Row, bounds: Bounds) -> bool:
        _op, ended_at_ms, is_needed, due_on, is_charged = row
        if is_needed or is_charged or due_on is None or ended_at_ms < bounds.operations_ms:
            return bool(is_needed)
        return fee_may_come(date.fromisoformat(due_on), civil_date(ended_at_ms))

    found = (place.c.op, place.c.ended_at_ms, or_(_is_owed, _is_wanted), place.c.due_on, _is_charged)
    return (
        Aging(
            "readers_of_places",
            aged(place.c.ended_at_ms, *found).where(place.c.ended_at_ms.is_not(None), place.c.reader != FORGOTTEN),
            update(place).where(place.c.op == bindparam("key_")).values(reader=FORGOTTEN, title=""),
            before=of_history,
            stays=stays,
        ),
        Aging(
            "places",
            aged(place.c.ended_at_ms, place.c.op, place.c.ended_at_ms, place.c.barred).where(
                place.c.ended_at_ms.is_not(None), or_(place.c.reader.is_(None), place.c.reader == FORGOTTEN)
            ),
            delete(place).where(place.c.op == bindparam("key_")),
            before=of_operations,
            stays=is_needed,
        ),
    )


_HOLDS: tuple[Kind, ...] = (
    Aging(
        "readers_of_mirrored_holds",
        aged(hold_mirror.c.ended_at_ms, hold_mirror.c.hold, hold_mirror.c.ended_at_ms).where(
            hold_mirror.c.ended_at_ms.is_not(None), hold_mirror.c.reader != FORGOTTEN
        ),
        update(hold_mirror).where(hold_mirror.c.hold == bindparam("key_")).values(reader=FORGOTTEN, title=""),
        before=of_history,
    ),
    Aging(
        "mirrored_holds",
        aged(hold_mirror.c.ended_at_ms, hold_mirror.c.hold, hold_mirror.c.ended_at_ms, hold_mirror.c.barred).where(
            hold_mirror.c.ended_at_ms.is_not(None), hold_mirror.c.reader == FORGOTTEN
        ),
        delete(hold_mirror).where(hold_mirror.c.hold == bindparam("key_")),
        before=of_operations,
        stays=is_needed,
    ),
)

# A name may be that of fines at two ledgers; both are looked at apart, and one that is still needed keeps the other.
_same_fine = and_(fine_mirror.c.fine == bindparam("key_"), fine_mirror.c.settled_at_ms.is_not(None))
_FINES: tuple[Kind, ...] = (
    Aging(
        "readers_of_mirrored_fines",
        aged(fine_mirror.c.settled_at_ms, fine_mirror.c.fine, fine_mirror.c.settled_at_ms, _is_remembered).where(
            fine_mirror.c.settled_at_ms.is_not(None), fine_mirror.c.barcode != ""
        ),
        update(fine_mirror).where(_same_fine).values(reader=FORGOTTEN, title="", barcode=""),
        before=of_history,
        stays=is_needed,
    ),
    Aging(
        "mirrored_fines",
        aged(fine_mirror.c.settled_at_ms, fine_mirror.c.fine, fine_mirror.c.settled_at_ms).where(
            fine_mirror.c.settled_at_ms.is_not(None), fine_mirror.c.barcode == ""
        ),
        delete(fine_mirror).where(_same_fine, fine_mirror.c.barcode == ""),
        before=of_operations,
    ),
)
_CARDS: tuple[Kind, ...] = (
    Aging(
        "blocks_of_cards",
        aged(card_op.c.at_ms, card_op.c.op, card_op.c.at_ms, _is_latest),
        delete(card_op).where(card_op.c.op == bindparam("key_")),
        before=of_operations,
        stays=is_needed,
    ),
)
