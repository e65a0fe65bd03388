"""Rare paths at the owner beside lending and returning: off line, undone at the kiosk, reserved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from federation.contract import LoanRecorded, Reason, Refused, ReopenLoan
from kiosk_sim.simulation.looking_on import after, before
from node.core import Core
from node.storage.owner import evidence as ev
from node.storage.owner import holds as hold_rows
from node.storage.owner import loans as owner_rows
from node.storage.store import Tx

RARE_PATHS = (
    "loan recorded from off line",
    "loan made off line, whose is known later",
    "return undone",
    "fine void",
    "place restored",
    "copy kept on its way",
    "copy ready",
    "hold collected",
    "kept copy refused to others",
    "hold expired",
    "hold undone",
    "collection undone",
)
RARER_PATHS = (
    "loan ended by one made off line",
    "loan made off line, over before it was known",
    "return undone too late",
    "return undone after the next one",
)
Count = Callable[[str, bool], None]


def observe(core: Core, count: Count) -> None:
    """Count what the owner of this core does. A step may run again after its transaction was lost: all the better."""
    owner = core.books.owner
    _off_line(core, count)
    before(owner.reopening, "reopen", lambda tx, notice: count("return undone", _is_known(tx, notice)))
    after(owner.reopening, "_lent_since", lambda *_a, result: count("return undone too late", result))
    before(owner.returns, "end_later", lambda *_a: count("return undone after the next one", True))
    before(owner.returns, "void_fines", lambda tx, loan, _i: count("fine void", bool(ev.orders_of(tx, loan.op))))
    before(core.books.home, "restore", lambda *_a: count("place restored", True))
    _holds(core, count)


def _off_line(core: Core, count: Count) -> None:
    offline = core.books.owner.offline

    def record(tx: Tx, notice: LoanRecorded) -> None:
        if owner_rows.find_op(tx, notice.op) is None and owner_rows.find_item(tx, notice.barcode) is not None:
            running = owner_rows.open_loan_of(tx, notice.barcode)
            since = running is not None and running.opened_at_ms > notice.lent_at_ms
            count("loan recorded from off line", True)
            count("loan ended by one made off line", running is not None and not since)
            count("loan made off line, over before it was known", since)

    before(offline, "record", record)
    before(offline, "reader_known", lambda *_a: count("loan made off line, whose is known later", True))


def _is_known(tx: Tx, notice: ReopenLoan) -> bool:
    found = ev.find_evidence(tx, notice.returned)
    return found is not None and not found.voided


def _holds(core: Core, count: Count) -> None:
    owner = core.books.owner

    def refused(_tx: Tx, *_question: Any, result: Any) -> None:
        reserved = isinstance(result, Refused) and result.reason is Reason.RESERVED
        count("kept copy refused to others", reserved)

    def ended(_tx: Tx, _hold: Any, state: str, *_by: Any) -> None:
        count("hold expired", state == "expired")

    def undone(tx: Tx, loan: owner_rows.LoanRow) -> None:
        count("collection undone", hold_rows.hold_ended_by(tx, loan.op, loan.barcode) is not None)

    before(owner.holds, "_keep", lambda *_a: count("copy kept on its way", True))
    before(owner.holds, "_make_ready", lambda *_a: count("copy ready", True))
    after(owner.holds, "collect", lambda *_a, result, **_kw: count("hold collected", result is not None))
    before(owner.holds, "end", ended)
    before(owner.holds, "undo_collection", undone)
    after(owner.checkouts, "examine", refused)
    after(owner.checkouts, "_last_objection", refused)
    before(owner.reserving, "undo", lambda *_a: count("hold undone", True))
