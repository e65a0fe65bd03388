"""What CQBB asks of CQSPB in the contract suite: each question and notice under an id of its own."""

from __future__ import annotations

from itertools import count
from typing import Any

from federation.contract import (
    CancelOp,
    CheckoutQuestion,
    ItemReturned,
    Lent,
    Library,
    Notice,
    PlaceQuestion,
    Reason,
    Refused,
    RenewQuestion,
    StandingQuestion,
)
from tests.contract.facts import ASKER, DAY_MS, LIBRARY, NOW_MS, CardFact, ItemFact

WAIT_S = 5.0
_ids = count(1)


def new_op() -> str:
    return f"op-{next(_ids)}"


def checkout(card: CardFact | str, item: ItemFact | str, *carried: Notice, at_ms: int = NOW_MS) -> CheckoutQuestion:
    number, barcode = _number(card), _barcode(item)
    return CheckoutQuestion(new_op(), number, LIBRARY, barcode, ASKER, at_ms, at_ms + 4_000, carried)


def renewal(card: CardFact, item: ItemFact, *carried: Notice, at_ms: int = NOW_MS + DAY_MS) -> RenewQuestion:
    """By default on the day after the loans were made: on the day itself a renewal gains nothing."""
    return RenewQuestion(new_op(), card.number, LIBRARY, item.barcode, ASKER, at_ms, at_ms + 4_000, carried)


def place(card: CardFact | str, *carried: Notice) -> PlaceQuestion:
    """CQBB lends an item of its own to a card of CQSPB."""
    barcode = f"CQBB01{next(_ids):08}"
    return PlaceQuestion(new_op(), _number(card), ASKER, barcode, "重庆掌故", "book", False, ASKER, NOW_MS, carried)


def returned(item: ItemFact | str, at_ms: int = NOW_MS + DAY_MS) -> ItemReturned:
    return ItemReturned(new_op(), _barcode(item), ASKER, at_ms)


def standing(card: CardFact | str, pin: str | None = None, *carried: Notice) -> StandingQuestion:
    return StandingQuestion(_number(card), ASKER, NOW_MS, pin, carried)


def _number(card: CardFact | str) -> str:
    return card.number if isinstance(card, CardFact) else card


def _barcode(item: ItemFact | str) -> str:
    return item.barcode if isinstance(item, ItemFact) else item


def cancel(question: CheckoutQuestion | RenewQuestion) -> CancelOp:
    return CancelOp(question.op, question.barcode, question.branch)


async def lend(library: Library, card: CardFact, item: ItemFact) -> CheckoutQuestion:
    question = checkout(card, item)
    assert isinstance(await library.checkout(question, WAIT_S), Lent)
    return question


async def reason(answer: Any) -> Reason:
    decision = await answer
    assert isinstance(decision, Refused)
    return decision.reason
