"""Answers about items beside lending and returning: 16, 20 and 66."""

from __future__ import annotations

from datetime import date
from typing import Any

from federation.contract import HoldDecision, HoldTaken, Reason, Refused
from node.kiosk import texts
from node.kiosk.answers import CURRENCY, Voice, due_field, sip_date
from node.service.desk.memory import Told
from node.service.desk.results import AllRenewed, Kept
from sip2 import SipDate
from sip2 import messages as m
from sip2.amounts import amount
from sip2.codes import FeeType


def hold(voice: Voice, asked: m.Hold, told: Told[HoldDecision], language: str, home: str) -> m.HoldResponse:
    """16. A fee that the reader has not agreed to yet is asked for with its type and amount."""
    if isinstance(told.answer, Refused):
        return _not_held(voice, asked, told.at_ms, told.answer, voice.refusal(told.answer, language, home))
    taken = told.answer
    return m.HoldResponse(
        ok=True,
        available=taken.available,
        transaction_date=sip_date(told.at_ms),
        expiration_date=_end_of(taken.expires_on),
        queue_position=taken.position or None,
        pickup_location=taken.pickup,
        institution_id=voice.library,
        patron_identifier=asked.patron_identifier or "",
        item_identifier=taken.barcode or None,
        title_identifier=taken.title or None,
        screen_message=(_hold_line(voice, asked, taken, language),),
        **_fee(taken.fee_fen),
    )


def _not_held(voice: Voice, asked: m.Hold, at_ms: int, refused: Refused, line: str) -> m.HoldResponse:
    return m.HoldResponse(
        ok=False,
        available=False,
        transaction_date=sip_date(at_ms),
        institution_id=voice.library,
        patron_identifier=asked.patron_identifier or "",
        item_identifier=asked.item_identifier or None,
        title_identifier=refused.title or None,
        screen_message=(line,),
        **_fee(refused.number if refused.reason is Reason.FEE_NOT_ACKNOWLEDGED else 0),
    )


def _fee(fee_fen: int) -> dict[str, Any]:
    """BT, BH, BV: none if it costs nothing."""
    if not fee_fen:
        return {}
    return {"fee_type": FeeType.HOLD, "currency_type": CURRENCY, "fee_amount": amount(fee_fen)}


def _end_of(day: date | None) -> SipDate | None:
    return None if day is None else SipDate(due_field(day))


def _hold_line(voice: Voice, asked: m.Hold, taken: HoldTaken, language: str) -> str:
    name = {"-": "hold_deleted", "*": "hold_changed"}.get(asked.hold_mode or "+", "hold_placed")
    return texts.sentence(name, language, number=taken.position, library=voice.name_of(taken.pickup, language))


def kept(
    voice: Voice, asked: m.ItemStatusUpdate, told: Told[Kept | Refused], language: str
) -> m.ItemStatusUpdateResponse:
    """20."""
    answer = told.answer
    refused = isinstance(answer, Refused)
    return m.ItemStatusUpdateResponse(
        item_properties_ok=not refused,
        transaction_date=sip_date(told.at_ms),
        item_identifier=asked.item_identifier or "",
        title_identifier=answer.title or None,
        item_properties=None if refused else asked.item_properties or None,
        screen_message=(voice.refusal(answer, language),) if isinstance(answer, Refused) else (),
    )


def all_renewed(voice: Voice, told: Told[AllRenewed | Refused], language: str, home: str) -> m.RenewAllResponse:
    """66: counts equal the lists; each item that was not renewed has its reason behind the barcode."""
    answer = told.answer
    if isinstance(answer, Refused):
        return _renewal_of_all(voice, told.at_ms, None, (), voice.refusal(answer, language, home))
    renewed, refused = answer.renewed, answer.refused
    left = tuple(f"{barcode} {voice.refusal(why, language, home)}" for barcode, why in refused)
    line = texts.sentence("all_renewed", language, number=len(renewed), left=len(left))
    return _renewal_of_all(voice, told.at_ms, renewed, left, line)


def _renewal_of_all(
    voice: Voice, at_ms: int, renewed: tuple[str, ...] | None, left: tuple[str, ...], line: str
) -> m.RenewAllResponse:
    """`renewed` None: nothing was tried."""
    return m.RenewAllResponse(
        ok=renewed is not None,
        renewed_count=len(renewed or ()),
        unrenewed_count=len(left),
        transaction_date=sip_date(at_ms),
        institution_id=voice.library,
        renewed_items=renewed or (),
        unrenewed_items=left,
        screen_message=(line,),
    )
