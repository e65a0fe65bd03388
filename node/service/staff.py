"""Calling the staff: what a person must look at goes on a library's list of exceptions, once per operation and kind.

`call_staff` is the only way onto this library's own list. Another library is told with a `StaffCalled` notice, and puts
it on its list by `take_call`. Nothing here decides: whoever calls has decided already, and staff look at it afterwards.
"""

from __future__ import annotations

from federation.contract import NotPermitted, StaffCalled
from node.domain.staff import StaffKind, may_come_from_elsewhere
from node.storage.desk import exceptions
from node.storage.store import Tx

MAX_KIND = 64
"""The longest kind that is taken from another library."""
HOUR_MS = 3600 * 1000
MANY_CALLS = 500
"""Of this library's staff, by one other in an hour: more than a day off line makes. The rest waits over there."""


def call_staff(
    tx: Tx, kind: StaffKind, *, op: str, at_ms: int, barcode: str = "", terminal: str = "", detail: str = ""
) -> None:
    """Onto this library's list. `op`: the operation that it is about, or what else is listed only once.

    `detail` is read by staff: another library's code, an amount. Never a name, never a whole card number.
    """
    exceptions.add_exception(tx, op=op, kind=kind, barcode=barcode, terminal=terminal, detail=detail, at_ms=at_ms)


def take_call(tx: Tx, called: StaffCalled, *, own_library: str, at_ms: int) -> None:
    """What a library noticed goes on the list of `own_library`, beside what we noticed ourselves. A kind that only a
    newer library knows is kept as it is. NotPermitted if that library calls too often, or for what it can't know."""
    elsewhere = called.library != own_library
    if elsewhere and not may_come_from_elsewhere(called.kind):
        raise NotPermitted(f"{called.library} may not call the staff for {called.kind[:MAX_KIND]}")
    if elsewhere and exceptions.count_calls(tx, called.library, at_ms - HOUR_MS) >= MANY_CALLS:
        raise NotPermitted(f"{called.library} has called the staff {MANY_CALLS} times within an hour")
    if elsewhere and exceptions.is_own(tx, called.op, called.kind[:MAX_KIND]):
        return  # nothing new
    exceptions.add_exception(
        tx,
        op=called.op,
        kind=called.kind[:MAX_KIND],
        barcode=called.barcode,
        terminal="",
        detail=called.library,
        at_ms=at_ms,
        said_by=called.library if elsewhere else "",
    )
