"""Answers about the status of a card that a terminal changed, or may not change: 24 to a 01, and 26."""

from __future__ import annotations

from dataclasses import replace

from federation.contract import PinCheck, Reason, Refused, Standing
from node.kiosk import texts
from node.kiosk.answers import ALL_DENIED, pin_flag, sip_date
from node.kiosk.patron_answers import Occasion, flags, name_of, status
from node.kiosk.seen import Seen
from sip2 import messages as m


def blocked(occasion: Occasion, asked: m.BlockPatron, found: Seen | Refused) -> m.PatronStatusResponse:
    """24 after a block: the card is denied here, whether or not its home can be asked at this moment."""
    answer = status(occasion, asked, found)
    if isinstance(found, Refused) and found.reason is Reason.UNKNOWN_CARD:
        return answer
    denied = flags(found.standing) if isinstance(found, Seen) and found.standing.lending is not None else ALL_DENIED
    line = texts.sentence("card_blocked", occasion.language)
    return replace(answer, patron_status=denied, screen_message=(line,))


def not_blocked(
    occasion: Occasion, asked: m.BlockPatron, found: Seen | Refused, why: Refused
) -> m.PatronStatusResponse:
    """24 with the status as it is (reference 2.4)."""
    return replace(status(occasion, asked, found), screen_message=(occasion.refusal(why),))


def enabled(
    occasion: Occasion, asked: m.PatronEnable, found: Seen | Refused, why: Refused | None
) -> m.PatronEnableResponse:
    """26: the status as the home has it now; `why` the card is not enabled, if it is not."""
    card, known = asked.patron_identifier or "", isinstance(found, Seen)
    return m.PatronEnableResponse(
        patron_status=flags(found.standing) if isinstance(found, Seen) else ALL_DENIED,
        language=occasion.language,
        transaction_date=sip_date(occasion.now_ms),
        institution_id=occasion.voice.library,
        patron_identifier=card,
        personal_name=name_of(occasion, found, card) if isinstance(found, Seen) else "",
        valid_patron=True if known else _unknown(found),
        valid_patron_password=pin_flag(found.pin) if isinstance(found, Seen) else None,
        screen_message=(texts.sentence("card_enabled", occasion.language) if why is None else occasion.refusal(why),),
    )


def _unknown(found: Seen | Refused) -> bool | None:
    return False if isinstance(found, Refused) and found.reason is Reason.UNKNOWN_CARD else None


def pin_not_right(found: Standing | Refused) -> Refused | None:
    """Why nothing is done for whoever sent a PIN: it is wrong, or nobody could check it."""
    if isinstance(found, Refused):
        return found
    return None if found.pin is PinCheck.RIGHT else Refused(Reason.PIN_WRONG)


def with_pin_of(checked: Standing | Refused, standing: Standing | Refused) -> Standing | Refused:
    """The later standing, with what the home said of the PIN before."""
    if isinstance(checked, Refused) or isinstance(standing, Refused):
        return standing
    return replace(standing, pin=checked.pin)


def still_denied(found: Standing | Refused) -> Refused | None:
    """Why a card that this terminal may enable is not enabled all the same."""
    if isinstance(found, Refused):
        return found
    if found.lending is not None and found.lending.reason in (Reason.CARD_SUSPENDED, Reason.CARD_LOST):
        return found.lending
    return None
