"""What another library says of debts, and our own rows do not bear out.

Such a notice is acknowledged, so that no outbox is ever stuck, and kept here: neither booked, nor shown to the reader,
nor counted. It is looked at again when something about its loan or its item changes. Staff see it on their list. Only
so many are kept of each library; it may say more, and nothing comes of it.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from federation import wire
from federation.contract import FineOrder, FineSnapshot
from node.domain.staff import StaffKind
from node.service.staff import call_staff
from node.storage.delivery import unconfirmed as rows
from node.storage.store import Tx

Debt: TypeAlias = FineOrder | FineSnapshot
MOST_KEPT: Final = 1_000
"""Of one library. Honest ones have a few, where the books of two were restored from old copies."""
DAY_MS: Final = 24 * 3600 * 1000


def keep(tx: Tx, debt: Debt, subject: str, at_ms: int, *, listed: bool) -> None:
    """Keep the newest version of it. `listed`: staff look at it; else its proof is expected to be on its way."""
    peer, key = _said_by(debt), _key(debt)
    row = rows.UnconfirmedRow(peer, key, subject, wire.encode_notice(debt), at_ms)
    known = rows.find_unconfirmed(tx, peer, key)
    if known is not None:
        if _stamp(debt) > _stamp(_debt(known)):
            rows.replace_unconfirmed(tx, row._replace(id=known.id))
    elif rows.count_unconfirmed(tx, peer) < MOST_KEPT:
        rows.add_unconfirmed(tx, row)
    else:
        op = f"unconfirmed:{peer}:{at_ms // DAY_MS}"
        call_staff(tx, StaffKind.MANY_UNCONFIRMED, op=op, at_ms=at_ms, detail=peer)
        return
    if listed:
        detail = f"{peer}, {debt.amount_fen} fen"
        kind = StaffKind.FINE_UNCONFIRMED
        call_staff(tx, kind, op=f"{peer}/{debt.fine}", at_ms=at_ms, barcode=debt.barcode, detail=detail)


def about(tx: Tx, subject: str) -> list[Debt]:
    """What is kept about a loan or an item."""
    return [_debt(row) for row in rows.unconfirmed_about(tx, subject)]


def drop(tx: Tx, debt: Debt) -> None:
    """It is booked now, or void."""
    rows.drop_unconfirmed(tx, _said_by(debt), _key(debt))


def _debt(row: rows.UnconfirmedRow) -> Debt:
    found = wire.decode_notice(row.payload)
    assert isinstance(found, FineOrder | FineSnapshot), "nothing else is kept"
    return found


def _said_by(debt: Debt) -> str:
    return debt.owner if isinstance(debt, FineOrder) else debt.ledger


def _key(debt: Debt) -> str:
    return f"{type(debt).__name__}/{debt.fine}"


def _stamp(debt: Debt) -> tuple[int, int]:
    return (0, debt.version) if isinstance(debt, FineOrder) else (debt.epoch, debt.version)
