"""What can be asked of the desk, whoever asks: a kiosk today, a page tomorrow."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """The value is what is stored (`kiosk_op.message`) and what an operation's id is derived from: it never changes.

    It is the code of the SIP2 message that asks it at a kiosk, for the first operations came from kiosks. A new kind
    that no kiosk asks takes any other word.
    """

    CHECKOUT = "11"
    RETURN = "09"
    RENEWAL = "29"
    RENEW_ALL = "65"
    HOLD = "15"
    PAYMENT = "37"
    BLOCK = "01"
    ENABLE = "25"
    KEEP = "19"
    CANCEL_CHECKOUT = "09 cancel"
    """The checkout that was answered last failed at the kiosk. It comes as a 09, and the other as an 11."""
    CANCEL_RETURN = "11 cancel"


OFF_LINE: Final = "no block"
"""What makes a request that tells what a kiosk did off line another one than the same words on line."""
