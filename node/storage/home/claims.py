"""Which library holds which places of this home's readers, for staff. Nothing is written."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select

from node.domain.states import PlaceState
from node.storage.home.cards import PlaceRow
from node.storage.rows import Rows
from node.storage.schema import place
from node.storage.statements import Statement
from node.storage.store import Tx

_PLACES = Rows(PlaceRow, place, foreign="is_foreign")
_HELD = place.c.state == PlaceState.HELD
_BY_OWNER = Statement(
    select(place.c.owner, func.count(), func.count(place.c.reader.distinct()))
    .where(_HELD)
    .group_by(place.c.owner)
    .order_by(place.c.owner)
)
_OF_OWNER = _PLACES.selection(
    _PLACES.select.where(_HELD, place.c.owner == bindparam("owner_")).order_by(place.c.op).limit(bindparam("most"))
)


def held_by_owner(tx: Tx) -> list[tuple[str, int, int]]:
    """(owner, places that it holds, readers)."""
    return [(str(row[0]), int(row[1]), int(row[2])) for row in tx.all(_BY_OWNER)]


def held_of_owner(tx: Tx, owner: str, most: int) -> list[PlaceRow]:
    """The places that the owner holds, in the order of their operations."""
    return _OF_OWNER.all(tx, owner_=owner, most=most)
