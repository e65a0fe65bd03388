"""What was done with an item at this branch, as its memory tells it: the latest first. A "no" did nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from federation.contract import ItemState, ItemView, Reason, Refused, TakenBack
from node.service.desk.kinds import Kind
from node.service.desk.memory import AGAIN_MS, Answer, Ask, read
from node.service.desk.results import Undone
from node.storage.desk import operations as rows
from node.storage.store import Tx


def done_with(tx: Tx, ask: Ask) -> Iterator[rows.KioskOpRow]:
    """What was done, or is being done, with the item of that request."""
    for row in rows.recent_about(tx, ask.barcode, ask.named or ask.owner):
        if row.answer is None or not isinstance(read(row.answer), Refused):
            yield row


def latest_done(tx: Tx, ask: Ask) -> rows.KioskOpRow | None:
    return next(done_with(tx, ask), None)


def checkout_to_undo(tx: Tx, ask: Ask) -> rows.KioskOpRow | None:
    """The checkout that this terminal made last with the item, if nothing followed."""
    latest = next((row for row in done_with(tx, ask) if row.message != ask.kind), None)
    if latest is None or latest.message != Kind.CHECKOUT or latest.terminal != ask.terminal:
        return None
    return latest


def loan_ended(row: rows.KioskOpRow) -> str:
    """The loan that this return ended; "" if it ended none, or its owner has not told it yet."""
    answer = _answer(row)
    return answer.loan if isinstance(answer, TakenBack) else ""


def returns_to_undo(tx: Tx, ask: Ask) -> list[rows.KioskOpRow]:
    """Of this terminal. If it told the return several times, each with another date, it means all of them. The first of
    them, which ended the loan, comes last."""
    told = list(takewhile(_is_return, (row for row in done_with(tx, ask) if row.message != ask.kind)))
    if told and told[0].terminal != ask.terminal:
        return []
    return list(takewhile(lambda row: _same_return(row, told[0]), told))


def corrected(ask: Ask, op: str, view: ItemView | Refused | None, loan: str) -> Undone | Refused:
    """What the kiosk is told of a correction that is on its way to the owner, if the owner did not answer at once."""
    if view is None:
        return Undone(op)
    if isinstance(view, Refused):
        return Refused(Reason.NOTHING_TO_UNDO)
    runs = view.state is ItemState.ON_LOAN and loan in ("", view.loan)
    if runs != (ask.kind is Kind.CANCEL_RETURN):
        return Refused(Reason.NOTHING_TO_UNDO, title=view.title)
    return Undone(op, view.title, view.due_on if runs else None)


def _is_return(row: rows.KioskOpRow) -> bool:
    return row.message == Kind.RETURN


def _same_return(row: rows.KioskOpRow, latest: rows.KioskOpRow) -> bool:
    """Whether the terminal told the same return twice, as far as its answers show."""
    loans = {answer.loan for answer in map(_answer, (row, latest)) if isinstance(answer, TakenBack)}
    return row.terminal == latest.terminal and latest.asked_at_ms - row.asked_at_ms <= AGAIN_MS and len(loans) < 2


def _answer(row: rows.KioskOpRow) -> Answer | None:
    answer: Answer | None = None if row.answer is None else read(row.answer)
    return answer
