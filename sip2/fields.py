"""The field dictionary: every field of SIP2 2.00 declared once, with the Python type it is read as.

Promises: a value of a tidy message, read and written again, gives the same characters. A value that is not tidy is read
as well as possible, with a warning that never contains the value. `None` always means "absent".

A field is an `Annotated` type. Its metadata is either `Fixed` (a place in the fixed part) or `Tag` (a tagged field).
Section numbers refer to the SIP2 reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NewType
from urllib.parse import unquote

SipDate = NewType("SipDate", str)
"""Eighteen characters `YYYYMMDDZZZZHHMMSS` as sent (1.8); `sip2.dates` turns them into a datetime and back."""

BLANK_DATE = " " * 18
NO_DATE_SYNC = SipDate("0" * 18)
"""In 98: this server does not offer its clock (1.8)."""

Rescue = Callable[[str, str], tuple[Any, str | None]]
"""Reads an untidy value: `(raw, label) -> (value, warning or None)`; never raises."""


def _keep(raw: str, label: str) -> tuple[Any, str | None]:
    return raw, f"{label} not as specified"


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of value: its tidy form as a regular expression, and the expressions that read and write it.

    `read` and `write` are Python expressions over `{0}`; the compiler puts them into the generated functions, so that
    a field costs no call.
    """

    tidy: str
    read: str = "{0}"
    write: str = "{0}"
    width: int = 0
    is_number: bool = False
    rescue: Rescue = _keep
    is_date: bool = False
    """A date of the fixed part: it has a place even where there is none to tell, and is blank then."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A field of the fixed part; its place is its place in the class."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class Tag:
    """A tagged field. Without a default in the class it is required; a secret one has no repr."""

    tag: str
    kind: Kind
    repeatable: bool = False
    secret: bool = False


DELIMITER = "<delimiter>"
"""Placeholder in `Kind.tidy` for the delimiter, which depends on the dialect."""

_FLAGS = {"Y": True, "N": False, "1": True, "0": False}


def _rescue_flag(raw: str, label: str) -> tuple[bool, str]:
    value = _FLAGS.get(raw.upper())
    if value is None:
        return False, f"{label} unreadable, taken as N"
    return value, f"{label} lower case" if raw.islower() else f"{label} not as specified"


def _rescue_optional_flag(raw: str, label: str) -> tuple[bool | None, str]:
    value = _FLAGS.get(raw.strip().upper())
    if value is None:
        return None, f"{label} unreadable, taken as absent" if raw.strip() else f"{label} empty"
    return value, f"{label} lower case" if raw.islower() else f"{label} not as specified"


def _rescue_yes_no_unknown(raw: str, label: str) -> tuple[str, str]:
    value = raw.upper()
    return (value if value in ("Y", "N", "U") else "U"), f"{label} not as specified"


def _rescue_obsolete_unknown(raw: str, label: str) -> tuple[bool, str | None]:
    return (False, None) if raw == "U" else _rescue_flag(raw, label)  # 2.2: U is obsolete and means N


def _rescue_condition_flags(raw: str, label: str) -> tuple[str, str | None]:
    marks = raw.upper()
    tidy = "".join("Y" if mark == "Y" else " " for mark in marks)
    if tidy == raw:
        return raw, f"several Y in {label}"
    return tidy, f"{label} not only Y and blank"


def _rescue_number(raw: str, label: str) -> tuple[int | None, str]:
    digits = raw.strip()
    if digits.isascii() and digits.isdigit() and len(digits) <= 9:
        return int(digits), f"{label} not zero-padded"
    return None, f"{label} unreadable, taken as absent" if digits else f"{label} empty"


def _rescue_print_width(raw: str, label: str) -> tuple[int, str]:
    value, _ = _rescue_number(raw, label)
    return value or 0, "short or blank-padded print width"


def _rescue_small_number(raw: str, label: str) -> tuple[int, str]:
    value, warning = _rescue_number(raw, label)
    return value or 0, warning


def _rescue_algorithm(raw: str, label: str) -> tuple[str, str]:
    """Blank or left out is 0: in clear, as every device sends it."""
    return (raw, f"{label} not as specified") if raw.strip() else ("0", f"{label} blank, taken as 0")


def _rescue_date(raw: str, label: str) -> tuple[SipDate | None, str | None]:
    if not raw.strip():
        return None, f"{label} blank"
    if raw == NO_DATE_SYNC:
        return NO_DATE_SYNC, None
    if raw[8:12] == "0000" and len(raw) == 18:
        return SipDate(raw), "zone 0000"
    return SipDate(raw), f"{label} not a date"


def _rescue_amount(raw: str, label: str) -> tuple[str, str]:
    if re.fullmatch(r"-?[0-9]+,[0-9]{1,2}", raw):
        return raw.replace(",", "."), f"{label} decimal comma"
    return raw, f"{label} not an amount"


def _rescue_login(raw: str, label: str) -> tuple[str, str | None]:
    try:
        plain = unquote(raw, errors="strict")
    except UnicodeDecodeError:
        return raw, f"{label} not percent-encoded UTF-8"
    return plain, f"{label} percent-encoded" if plain != raw else None


def _text(width: int, tidy: str) -> Kind:
    return Kind(tidy, width=width)


_YES_NO = "'Y' if {0} else 'N'"
_DATE = r"[0-9]{8}(?:    |   [A-IK-Z])[0-9]{6}"

FLAG = Kind("[YN]", "{0} == 'Y'", _YES_NO, 1, rescue=_rescue_flag)
OK = Kind("[01]", "{0} == '1'", "'1' if {0} else '0'", 1, rescue=_rescue_flag)
FLAG_OR_OBSOLETE = Kind("[YN]", "{0} == 'Y'", _YES_NO, 1, rescue=_rescue_obsolete_unknown)
YES_NO_UNKNOWN = Kind("[YNU]", width=1, rescue=_rescue_yes_no_unknown)
DATE = Kind(rf"(?:{_DATE}| {{18}})", "{0}", "{0} or BLANK_DATE", 18, rescue=_rescue_date, is_date=True)
COUNT = Kind(
    "(?:[0-9]{4}|    )",
    "None if {0} == '    ' else int({0})",
    "'    ' if {0} is None else FOUR_DIGITS[{0}]",
    4,
    is_number=True,
    rescue=_rescue_number,
)
THREE_DIGITS = Kind("[0-9]{3}", "int({0})", "format({0}, '03d')", 3, True, _rescue_small_number)
PRINT_WIDTH = Kind("[0-9]{3}", "int({0})", "format({0}, '03d')", 3, True, _rescue_print_width)
PATRON_STATUS = Kind("[Y ]{14}", width=14, rescue=_rescue_condition_flags)
SUMMARY = Kind("(?! {0,9}Y {0,8}Y)[Y ]{10}", width=10, rescue=_rescue_condition_flags)

ALGORITHM = Kind("[0-9A-Za-z]", width=1, rescue=_rescue_algorithm)

TEXT = Kind(f"[^{DELIMITER}]*+")
LOGIN = Kind(f"[^{DELIMITER}%]*+", rescue=_rescue_login)
OPTIONAL_FLAG = Kind("[YN]", "{0} == 'Y'", _YES_NO, rescue=_rescue_optional_flag)
TAGGED_DATE = Kind(_DATE, rescue=_rescue_date)
NUMBER = Kind("[0-9]{1,9}", "int({0})", "str({0})", rescue=_rescue_number)
LIMIT = Kind("[0-9]{4}", "int({0})", "FOUR_DIGITS[min({0}, 9999)]", rescue=_rescue_number)
AMOUNT = Kind(r"-?[0-9]{1,15}(?:\.[0-9]{1,4})?", rescue=_rescue_amount)

# Fixed fields, named as in section 2.
Flag = Annotated[bool, Fixed(FLAG)]
Ok = Annotated[bool, Fixed(OK)]
Desensitize = Annotated[bool, Fixed(FLAG_OR_OBSOLETE)]
YesNoUnknown = Annotated[Literal["Y", "N", "U"], Fixed(YES_NO_UNKNOWN)]
Date = Annotated[SipDate | None, Fixed(DATE)]
Count = Annotated[int | None, Fixed(COUNT)]
TimeoutPeriod = Annotated[int, Fixed(THREE_DIGITS)]
RetriesAllowed = Annotated[int, Fixed(THREE_DIGITS)]
MaxPrintWidth = Annotated[int, Fixed(PRINT_WIDTH)]
PatronStatusFlags = Annotated[str, Fixed(PATRON_STATUS)]
Summary = Annotated[str, Fixed(SUMMARY)]
Language = Annotated[str, Fixed(_text(3, "[0-9]{3}"))]
ProtocolVersion = Annotated[str, Fixed(_text(4, r"[0-9]\.[0-9]{2}"))]
StatusCode = Annotated[str, Fixed(_text(1, "[0-2]"))]
Algorithm = Annotated[str, Fixed(ALGORITHM)]
HoldMode = Annotated[str, Fixed(_text(1, r"[+\-*]"))]
TwoDigitCode = Annotated[str, Fixed(_text(2, "[0-9]{2}"))]
FixedCurrencyType = Annotated[str, Fixed(_text(3, "[A-Z]{3}"))]

# Tagged fields of 2.00, section 4.1.
PatronIdentifier = Annotated[str | None, Tag("AA", TEXT)]
ItemIdentifier = Annotated[str | None, Tag("AB", TEXT)]
TerminalPassword = Annotated[str | None, Tag("AC", TEXT, secret=True)]
PatronPassword = Annotated[str | None, Tag("AD", TEXT, secret=True)]
PersonalName = Annotated[str | None, Tag("AE", TEXT)]
ScreenMessage = Annotated[tuple[str, ...], Tag("AF", TEXT, repeatable=True)]
PrintLine = Annotated[tuple[str, ...], Tag("AG", TEXT, repeatable=True)]
DueDate = Annotated[str | None, Tag("AH", TEXT)]
TitleIdentifier = Annotated[str | None, Tag("AJ", TEXT)]
BlockedCardMsg = Annotated[str | None, Tag("AL", TEXT)]
LibraryName = Annotated[str | None, Tag("AM", TEXT)]
TerminalLocation = Annotated[str | None, Tag("AN", TEXT)]
InstitutionId = Annotated[str | None, Tag("AO", TEXT)]
CurrentLocation = Annotated[str | None, Tag("AP", TEXT)]
PermanentLocation = Annotated[str | None, Tag("AQ", TEXT)]
HoldItems = Annotated[tuple[str, ...], Tag("AS", TEXT, repeatable=True)]
OverdueItems = Annotated[tuple[str, ...], Tag("AT", TEXT, repeatable=True)]
ChargedItems = Annotated[tuple[str, ...], Tag("AU", TEXT, repeatable=True)]
FineItems = Annotated[tuple[str, ...], Tag("AV", TEXT, repeatable=True)]
HomeAddress = Annotated[str | None, Tag("BD", TEXT)]
EmailAddress = Annotated[str | None, Tag("BE", TEXT)]
HomePhoneNumber = Annotated[str | None, Tag("BF", TEXT)]
Owner = Annotated[str | None, Tag("BG", TEXT)]
CurrencyType = Annotated[str | None, Tag("BH", TEXT)]
Cancel = Annotated[bool | None, Tag("BI", OPTIONAL_FLAG)]
TransactionId = Annotated[str | None, Tag("BK", TEXT)]
ValidPatron = Annotated[bool | None, Tag("BL", OPTIONAL_FLAG)]
RenewedItems = Annotated[tuple[str, ...], Tag("BM", TEXT, repeatable=True)]
UnrenewedItems = Annotated[tuple[str, ...], Tag("BN", TEXT, repeatable=True)]
FeeAcknowledged = Annotated[bool | None, Tag("BO", OPTIONAL_FLAG)]
StartItem = Annotated[int | None, Tag("BP", NUMBER)]
EndItem = Annotated[int | None, Tag("BQ", NUMBER)]
QueuePosition = Annotated[int | None, Tag("BR", NUMBER)]
PickupLocation = Annotated[str | None, Tag("BS", TEXT)]
FeeType = Annotated[str | None, Tag("BT", TEXT)]
RecallItems = Annotated[tuple[str, ...], Tag("BU", TEXT, repeatable=True)]
FeeAmount = Annotated[str | None, Tag("BV", AMOUNT)]
ExpirationDate = Annotated[SipDate | None, Tag("BW", TAGGED_DATE)]
SupportedMessages = Annotated[str | None, Tag("BX", TEXT)]
HoldType = Annotated[str | None, Tag("BY", TEXT)]
HoldItemsLimit = Annotated[int | None, Tag("BZ", LIMIT)]
OverdueItemsLimit = Annotated[int | None, Tag("CA", LIMIT)]
ChargedItemsLimit = Annotated[int | None, Tag("CB", LIMIT)]
FeeLimit = Annotated[str | None, Tag("CC", AMOUNT)]
UnavailableHoldItems = Annotated[tuple[str, ...], Tag("CD", TEXT, repeatable=True)]
HoldQueueLength = Annotated[int | None, Tag("CF", NUMBER)]
FeeIdentifier = Annotated[str | None, Tag("CG", TEXT)]
ItemProperties = Annotated[str | None, Tag("CH", TEXT)]
SecurityInhibit = Annotated[bool | None, Tag("CI", OPTIONAL_FLAG)]
RecallDate = Annotated[SipDate | None, Tag("CJ", TAGGED_DATE)]
MediaType = Annotated[str | None, Tag("CK", TEXT)]
SortBin = Annotated[str | None, Tag("CL", TEXT)]
HoldPickupDate = Annotated[SipDate | None, Tag("CM", TAGGED_DATE)]
LoginUserId = Annotated[str | None, Tag("CN", LOGIN)]
LoginPassword = Annotated[str | None, Tag("CO", TEXT, secret=True)]
LocationCode = Annotated[str | None, Tag("CP", LOGIN)]
ValidPatronPassword = Annotated[bool | None, Tag("CQ", OPTIONAL_FLAG)]

# Extensions, section 4.2.
CollectionCode = Annotated[str | None, Tag("CR", TEXT)]
CallNumber = Annotated[str | None, Tag("CS", TEXT)]
DestinationLocation = Annotated[str | None, Tag("CT", TEXT)]
AlertType = Annotated[str | None, Tag("CV", TEXT)]
HoldPatronId = Annotated[str | None, Tag("CY", TEXT)]
HoldPatronName = Annotated[str | None, Tag("DA", TEXT)]
VendorPa = Annotated[str | None, Tag("PA", TEXT)]
PatronBirthDate = Annotated[str | None, Tag("PB", TEXT)]
PatronClass = Annotated[str | None, Tag("PC", TEXT)]
PatronInternetProfile = Annotated[str | None, Tag("PI", TEXT)]
