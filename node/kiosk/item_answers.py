"""Answers about items beside lending and returning: 16, 20 and 66."""

from __future__ import annotations

from datetime import date

from federation.contract import HoldTaken, Reason, Refused
from node.kiosk import texts
from node.kiosk.answers import CURRENCY, Voice, due_field, sip_date
from node.service.desk.memory import Told
from node.service.desk.results import AllRenewed, Kept
from sip2 import SipDate
from sip2 import messages as m
from sip2.amounts import amount
from sip2.codes import FeeType


def hold(voice: Voice, asked: m.Hold, told: Told, language: str, home: str) -> m.HoldResponse:
    """16. A fee that the reader has not agreed to yet is asked for with its type and amount."""
    taken = told.answer if isinstance(told.answer, HoldTaken) else None
    refused = told.answer if isinstance(told.answer, Refused) else Refused(Reason.BUSY)
    fee_fen = _fee_fen(taken, refused)
    return m.HoldResponse(
        ok=taken is not None,
        available=taken is not None and taken.available,
        transaction_date=sip_date(told.at_ms),
        expiration_date=None if taken is None else _end_of(taken.expires_on),
        queue_position=taken.position if taken is not None and taken.position else None,
        pickup_location=None if taken is None else taken.pickup,
        institution_id=voice.library,
        patron_identifier=asked.patron_identifier or "",
        item_identifier=(taken.barcode if taken is not None else asked.item_identifier) or None,
        title_identifier=(taken.title if taken is not None else refused.title) or None,
        fee_type=FeeType.HOLD if fee_fen else None,
        currency_type=CURRENCY if fee_fen else None,
        fee_amount=amount(fee_fen) if fee_fen else None,
        screen_message=(
            voice.refusal(refused, language, home) if taken is None else _hold_line(voice, asked, taken, language),
        ),
    )


def _fee_fen(taken: HoldTaken | None, refused: Refused) -> int:
    if taken is not None:
        return taken.fee_fen
    return refused.number if refused.reason is Reason.FEE_NOT_ACKNOWLEDGED else 0


def _end_of(day: date | None) -> SipDate | None:
    return None if day is None else SipDate(due_field(day))


def _hold_line(voice: Voice, asked: m.Hold, taken: HoldTaken, language: str) -> str:
    name = {"-": "hold_deleted", "*": "hold_changed"}.get(asked.hold_mode or "+", "hold_placed")
    return texts.sentence(name, language, number=taken.position, library=voice.name_of(taken.pickup))


def kept(voice: Voice, asked: m.ItemStatusUpdate, told: Told, language: str) -> m.ItemStatusUpdateResponse:
    """20."""
    done = told.answer if isinstance(told.answer, Kept) else None
    refused = told.answer if isinstance(told.answer, Refused) else Refused(Reason.BUSY)
    return m.ItemStatusUpdateResponse(
        item_properties_ok=done is not None,
        transaction_date=sip_date(told.at_ms),
        item_identifier=asked.item_identifier or "",
        title_identifier=(done.title if done is not None else refused.title) or None,
        item_properties=(asked.item_properties or None) if done is not None else None,
        screen_message=() if done is not None else (voice.refusal(refused, language),),
    )


def all_renewed(voice: Voice, told: Told, language: str, home: str) -> m.RenewAllResponse:
    """66: counts equal the lists; each item that was not renewed has its reason behind the barcode."""
    done = told.answer if isinstance(told.answer, AllRenewed) else None
    if done is None:
        refused = told.answer if isinstance(told.answer, Refused) else Refused(Reason.BUSY)
        line = voice.refusal(refused, language, home)
    else:
        line = texts.sentence("all_renewed", language, number=len(done.renewed), left=len(done.refused))
    refusals = () if done is None else done.refused
    return m.RenewAllResponse(
        ok=done is not None,
        renewed_count=0 if done is None else len(done.renewed),
        unrenewed_count=len(refusals),
        transaction_date=sip_date(told.at_ms),
        institution_id=voice.library,
        renewed_items=() if done is None else done.renewed,
        unrenewed_items=tuple(f"{barcode} {voice.refusal(why, language, home)}" for barcode, why in refusals),
        screen_message=(line,),
    )
