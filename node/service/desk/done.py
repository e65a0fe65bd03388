"""What was done with an item at this branch, as its memory tells it: the latest first. A "no" did nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from federation.contract import Refused, TakenBack
from node.service.desk.kinds import Kind
from node.service.desk.memory import AGAIN_MS, Answer, Ask, read
from node.storage.desk import operations as rows
from node.storage.store import Tx


def done_with(tx: Tx, ask: Ask) -> Iterator[rows.KioskOpRow]:
    """What was done, or is being done, with the item of that request."""
    for row in rows.recent_about(tx, ask.barcode, ask.named or ask.owner):
        if row.answer is None or not isinstance(read(row.answer), Refused):
            yield row


def latest_done(tx: Tx, ask: Ask) -> rows.KioskOpRow | None:
    return next(done_with(tx, ask), None)


def returns_to_undo(tx: Tx, ask: Ask) -> list[rows.KioskOpRow]:
    """A terminal that told the return several times, each with another date, means all of them. The first of them,
    which ended the loan, comes last."""
    told = list(takewhile(_is_return, (row for row in done_with(tx, ask) if row.message != ask.kind)))
    return list(takewhile(lambda row: _same_return(row, told[0]), told))


def _is_return(row: rows.KioskOpRow) -> bool:
    return row.message == Kind.RETURN


def _same_return(row: rows.KioskOpRow, latest: rows.KioskOpRow) -> bool:
    """Whether the terminal told the same return twice, as far as its answers show."""
    loans = {answer.loan for answer in map(_answer, (row, latest)) if isinstance(answer, TakenBack)}
    return row.terminal == latest.terminal and latest.asked_at_ms - row.asked_at_ms <= AGAIN_MS and len(loans) < 2


def _answer(row: rows.KioskOpRow) -> Answer | None:
    answer: Answer | None = None if row.answer is None else read(row.answer)
    return answer
