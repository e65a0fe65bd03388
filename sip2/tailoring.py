"""What a terminal is told, cut to its dialect: messages in, messages out, nothing else.

Promises: `asked` and `answered` never raise. They never change what was decided. A dialect without such switches costs
one comparison.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from typing import Any

from sip2.codec import loses_letters
from sip2.codes import AlertType
from sip2.declaring import Message
from sip2.dialects import FINE_LINE, FINE_LINE_EN, Dialect, sendable
from sip2.messages import (
    AcsStatus,
    CheckinResponse,
    FeePaid,
    PatronEnableResponse,
    PatronInformationResponse,
    PatronStatusResponse,
)

YUAN = "CNY"
_COUNTS = (
    *("hold_items_count", "overdue_items_count", "charged_items_count", "fine_items_count", "recall_items_count"),
    "unavailable_holds_count",
)
_TELLS_OF_PIN = (PatronStatusResponse, PatronInformationResponse, PatronEnableResponse)


def asked(request: Message, dialect: Dialect) -> Message:
    """The request as it is meant."""
    if not dialect.tailors:
        return request
    if dialect.ignore_no_block and getattr(request, "no_block", None):
        request = replace(request, no_block=False)  # type: ignore[type-var]  # every message is a dataclass
    if isinstance(request, FeePaid) and request.currency_type == dialect.currency:
        request = replace(request, currency_type=YUAN)
    return request


def answered(response: Message, dialect: Dialect) -> Message:
    """The response as the terminal wants it."""
    if not dialect.tailors:
        return response
    changes: dict[str, Any] = {}
    for field, change in _CHANGES.items():
        value = getattr(response, field, None)
        if value is not None and (changed := change(value, dialect)) != value:
            changes[field] = changed
    if isinstance(response, CheckinResponse):
        changes |= _checkin(response, dialect, changes)
    elif isinstance(response, AcsStatus):
        changes |= _status(response, dialect)
    elif isinstance(response, PatronInformationResponse):
        changes |= _counts(response, dialect)
    if dialect.unchecked_pin_valid and isinstance(response, _TELLS_OF_PIN) and response.valid_patron:
        changes["valid_patron_password"] = response.valid_patron_password is not False  # None: it was not checked
    if changes:
        response = replace(response, **changes)  # type: ignore[type-var]  # every message is a dataclass
    return response if dialect.has_chinese else _in_english(response, dialect)


def _counts(response: PatronInformationResponse, dialect: Dialect) -> dict[str, Any]:
    if dialect.counts_always:
        return {name: 0 for name in _COUNTS if getattr(response, name) is None}
    if dialect.counts_blank and response.valid_patron_password is False:
        return dict.fromkeys(_COUNTS)
    return {}


# --- values that mean the same in every message --------------------------------------------------------------


def _institution(value: str, dialect: Dialect) -> str:
    return dialect.institution or value


def _currency(value: str, dialect: Dialect) -> str:
    return dialect.currency if value == YUAN else value


_SIP_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})....([0-9]{2})([0-9]{2})[0-9]{2}")


def due(value: str, dialect: Dialect) -> str:
    """AH in the terminal's layout; what is no date stays as it is."""
    found = _SIP_DAY.fullmatch(value)
    if found is None or dialect.due_date == "sip":
        return value
    year, month, day, hour, minute = found.groups()
    match dialect.due_date:
        case "day":
            return f"{year}-{month}-{day}"
        case "minute":
            return f"{year}-{month}-{day} {hour}:{minute}"
        case "slashes":
            return f"{year}/{month}/{day}"
        case "chinese":
            chinese = f"{year}年{int(month)}月{int(day)}日"
            return chinese if dialect.has_chinese else f"{year}-{month}-{day}"


def name(value: str, dialect: Dialect) -> str:
    """A reader's name: in full, as 张**, or nothing. A replacement for a name (*2345) is shown as it is."""
    if dialect.names == "none":
        return ""
    return masked(value) if dialect.names == "masked" else value


def masked(name: str) -> str:
    """张**; a replacement for a name (*2345) stays as it is."""
    return name if not name or name.startswith("*") else name[0] + "*" * min(len(name) - 1, 2)


def _screen(lines: tuple[str, ...], dialect: Dialect) -> tuple[str, ...]:
    if dialect.join_screen_messages and lines:
        return (("；" if dialect.has_chinese else "; ").join(lines),)
    return lines


_CHANGES: dict[str, Callable[[Any, Dialect], Any]] = {
    "institution_id": _institution,
    "currency_type": _currency,
    "due_date": due,
    "personal_name": name,
    "hold_patron_name": name,
    "screen_message": _screen,
}


# --- 10 and 98 -----------------------------------------------------------------------------------------------


def _checkin(response: CheckinResponse, dialect: Dialect, changes: dict[str, Any]) -> dict[str, Any]:
    alert, kind = response.alert, response.alert_type
    if dialect.alert == "never" or (dialect.alert == "accepted_only" and not response.ok):
        alert, kind = False, None
    if dialect.cv_always or (dialect.cv_00_on_success and response.ok):
        kind = kind or AlertType.UNKNOWN
    changed: dict[str, Any] = {"alert": alert, "alert_type": kind}
    if dialect.ct_always and not response.destination_location:
        changed["destination_location"] = changes.get("institution_id", response.institution_id)
    if dialect.sort_bins and response.ok:
        changed["sort_bin"] = _sort_bin(response, dialect) or response.sort_bin
    if not dialect.checkin_message and response.ok and not response.alert and len(response.screen_message) == 1:
        changed["screen_message"] = ()
    return changed


def _sort_bin(response: CheckinResponse, dialect: Dialect) -> str | None:
    away = bool(response.destination_location)
    facts = {"*", response.destination_location or "here"}
    facts |= {"hold"} if response.alert_type in (AlertType.HOLD_HERE, AlertType.HOLD_ELSEWHERE) else set()
    facts |= {"staff"} if response.alert_type == AlertType.OTHER else set()
    facts |= {"away"} if away else set()
    rules = (rule.partition("=") for rule in dialect.sort_bins)
    return next((sort_bin for what, _, sort_bin in rules if what in facts), None)


def _status(response: AcsStatus, dialect: Dialect) -> dict[str, Any]:
    if not response.online_status:
        return {}  # time-out 000 says that the library is not on line
    told = {
        "timeout_period": dialect.timeout_tenths,
        "retries_allowed": dialect.retries,
        "offline_ok": dialect.offline_ok,
    }
    return {name: value for name, value in told.items() if value is not None}


# --- what an encoding without Chinese can't say ----------------------------------------------------------------

CHINESE_TITLE, _CHINESE_NAME, _CHINESE_TEXT = "(Chinese title)", "(Chinese name)", "(Chinese text)"
_INSTEAD = {"title_identifier": CHINESE_TITLE, "personal_name": _CHINESE_NAME, "hold_patron_name": _CHINESE_NAME}


def said(value: str, dialect: Dialect, instead: str) -> str:
    """The value, or a few English words where letters of it would be sent as question marks."""
    return instead if not sendable(value, dialect.encoding) and loses_letters(value, dialect.encoding) else value


def fine_line(dialect: Dialect, *, english: bool) -> str:
    """The line of AV in that language: a line that the settings give stays, if the encoding has it."""
    if (english and dialect.fine_line == FINE_LINE) or not sendable(dialect.fine_line, dialect.encoding):
        return FINE_LINE_EN
    return dialect.fine_line


def _in_english(response: Message, dialect: Dialect) -> Message:
    changes: dict[str, Any] = {}
    for each in fields(response):  # type: ignore[arg-type]  # every message is a dataclass
        value, instead = getattr(response, each.name), _INSTEAD.get(each.name, _CHINESE_TEXT)
        if isinstance(value, str):
            changes[each.name] = said(value, dialect, instead)
        elif isinstance(value, tuple):
            changes[each.name] = tuple(said(line, dialect, instead) for line in value)
    return replace(response, **changes)  # type: ignore[type-var]


def day_text(on: date | None, dialect: Dialect) -> str:
    """A day inside a line of text (AV), in the layout of AH."""
    return "" if on is None else due(f"{on:%Y%m%d}    235900", dialect).strip()
