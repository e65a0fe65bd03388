"""A refusal because a request lacks something says what it lacks.

The desk decides as ever: what is missing is nobody's card, nobody's item, no amount. Only what is told changes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, NamedTuple

from federation.contract import Reason
from node.kiosk import texts
from node.kiosk.answered import Answered
from node.kiosk.terminal import Session
from node.observe.outcomes import EdgeReason
from sip2 import Message
from sip2 import messages as m


class Need(NamedTuple):
    """One of `fields` must be there; `reasons`: why a request is refused that has none of them."""

    fields: tuple[str, ...]
    reasons: frozenset[Reason]
    sentence: str


CARD: Final = Need(("patron_identifier",), frozenset((Reason.UNKNOWN_CARD,)), "card_missing")
ITEM: Final = Need(("item_identifier",), frozenset((Reason.UNKNOWN_ITEM,)), "item_missing")
WORK: Final = Need(
    ("item_identifier", "title_identifier"), frozenset((Reason.UNKNOWN_ITEM, Reason.NOT_SUPPORTED)), "work_missing"
)
AMOUNT: Final = Need(("fee_amount",), frozenset((Reason.BAD_AMOUNT,)), "amount_missing")

NEEDS: Final[dict[type[Message], tuple[Need, ...]]] = {
    m.PatronStatus: (CARD,),
    m.PatronInformation: (CARD,),
    m.BlockPatron: (CARD,),
    m.PatronEnable: (CARD,),
    m.FeePaid: (CARD, AMOUNT),
    m.Checkout: (CARD, ITEM),
    m.Checkin: (ITEM,),
    m.Renew: (CARD, WORK),
    m.RenewAll: (CARD,),
    m.Hold: (CARD, WORK),
    m.ItemInformation: (ITEM,),
    m.ItemStatusUpdate: (ITEM,),
}
"""What each request must have, beside what a login or a heartbeat has."""


def naming_what_is_missing(answered: Answered, request: Message, session: Session) -> Answered:
    """The answer, with the sentence and the reason of what is missing, if that is why it is a "no"."""
    for need in NEEDS.get(type(request), ()):
        if answered.reason in need.reasons and not any(_has(request, name) for name in need.fields):
            text = texts.sentence(need.sentence, session.language_of(getattr(request, "language", None)))
            response: Any = answered.response
            return answered._replace(
                response=replace(response, screen_message=(text,)), reason=EdgeReason.FIELD_MISSING
            )
    return answered


def _has(request: Message, name: str) -> bool:
    return bool((getattr(request, name) or "").strip())
