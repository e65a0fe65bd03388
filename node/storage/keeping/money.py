"""What the ledger forgets: which item a fee was for, once it is paid. Amounts, payments and opaque readers stay, for
the books must add up. And between libraries: what was acknowledged, and what nobody has borne out."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, delete, update

from node.storage.delivery import outbox as outbox_rows
from node.storage.keeping.pieces import Aging, Bounds, Kind, Piece, Place, aged, of_history, of_operations
from node.storage.schema import fine, unconfirmed
from node.storage.store import Tx


class Acknowledged:
    """Notices that were acknowledged more than 7 days ago, whatever the settings say: `kept_ms`."""

    name = "acknowledged_notices"
    start: Place = 0

    def __init__(self, kept_ms: int) -> None:
        self._kept_ms = kept_ms

    def piece(self, tx: Tx, bounds: Bounds, after: Place, most: int) -> Piece:
        gone = outbox_rows.forget_acknowledged(tx, bounds.now_ms - self._kept_ms, most)
        return Piece(gone, gone, None if gone < most else 0)


KINDS: Final[tuple[Kind, ...]] = (
    Aging(
        "items_of_fines",
        aged(fine.c.settled_at_ms, fine.c.fine, fine.c.settled_at_ms).where(
            fine.c.settled_at_ms.is_not(None), fine.c.barcode != ""
        ),
        update(fine).where(fine.c.fine == bindparam("key_")).values(title="", barcode=""),
        before=of_history,
    ),
    Aging(
        "unconfirmed_notices",
        aged(unconfirmed.c.at_ms, unconfirmed.c.id, unconfirmed.c.at_ms),
        delete(unconfirmed).where(unconfirmed.c.id == bindparam("key_")),
        before=of_operations,
    ),
)
