"""The code tables of SIP2 (section 3): what the positions and codes of fields mean.

Promises: every member is the text that goes on the wire, or a position in such a text.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum


class PatronFlag(IntEnum):
    """Positions of `patron_status` (3.9); set means the condition is true."""

    CHARGE_DENIED = 0
    RENEWAL_DENIED = 1
    RECALL_DENIED = 2
    HOLD_DENIED = 3
    CARD_LOST = 4
    TOO_MANY_CHARGED = 5
    TOO_MANY_OVERDUE = 6
    TOO_MANY_RENEWALS = 7
    TOO_MANY_CLAIMS_RETURNED = 8
    TOO_MANY_LOST = 9
    EXCESSIVE_FINES = 10
    EXCESSIVE_FEES = 11
    RECALL_OVERDUE = 12
    TOO_MANY_BILLED = 13


class SummaryList(IntEnum):
    """Positions of `summary` in 63 (3.10): the list that is wanted in 64."""

    HOLD_ITEMS = 0
    OVERDUE_ITEMS = 1
    CHARGED_ITEMS = 2
    FINE_ITEMS = 3
    RECALL_ITEMS = 4
    UNAVAILABLE_HOLDS = 5


class CirculationStatus(StrEnum):
    """3.7."""

    OTHER = "01"
    ON_ORDER = "02"
    AVAILABLE = "03"
    CHARGED = "04"
    CHARGED_NOT_RECALLABLE = "05"
    IN_PROCESS = "06"
    RECALLED = "07"
    WAITING_ON_HOLD_SHELF = "08"
    WAITING_TO_BE_RESHELVED = "09"
    IN_TRANSIT = "10"
    CLAIMED_RETURNED = "11"
    LOST = "12"
    MISSING = "13"


class SecurityMarker(StrEnum):
    """3.8; RFID has no code of its own."""

    OTHER = "00"
    NONE = "01"
    TATTLE_TAPE = "02"
    WHISPER_TAPE = "03"


class FeeType(StrEnum):
    """3.3."""

    OTHER = "01"
    ADMINISTRATIVE = "02"
    DAMAGE = "03"
    OVERDUE = "04"
    PROCESSING = "05"
    RENTAL = "06"
    REPLACEMENT = "07"
    COMPUTER_ACCESS = "08"
    HOLD = "09"


class MediaType(StrEnum):
    """3.2."""

    OTHER = "000"
    BOOK = "001"
    MAGAZINE = "002"
    BOUND_JOURNAL = "003"
    AUDIO_TAPE = "004"
    VIDEO_TAPE = "005"
    CD = "006"
    DISKETTE = "007"
    BOOK_WITH_DISKETTE = "008"
    BOOK_WITH_CD = "009"
    BOOK_WITH_AUDIO_TAPE = "010"


class AlertType(StrEnum):
    """3.12, an extension."""

    UNKNOWN = "00"
    HOLD_HERE = "01"
    HOLD_ELSEWHERE = "02"
    HOLD_INTERLIBRARY = "03"
    SEND_TO_OTHER_BRANCH = "04"
    OTHER = "99"


# fmt: off
SUPPORTED_MESSAGES_ORDER = (
    "23", "11", "09", "01", "99", "97", "93", "63", "35", "37", "17", "19", "25", "15", "29", "65",
)
# fmt: on
"""The requests in the order of the positions of BX (3.11)."""


def patron_status(flags: Iterable[PatronFlag] = ()) -> str:
    """The fourteen characters of `patron_status`."""
    held = set(flags)
    return "".join("Y" if flag in held else " " for flag in PatronFlag)


def supported_messages(commands: Iterable[str]) -> str:
    """The sixteen characters of BX in 98."""
    supported = set(commands)
    return "".join("Y" if command in supported else "N" for command in SUPPORTED_MESSAGES_ORDER)
