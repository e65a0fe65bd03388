"""The refusal of any request, derived from the declarations: right code, every required field, an AF (lesson 1).

Used where the desk decided nothing: not logged in, not supported, an accident inside.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

from node.kiosk.answers import ALL_DENIED, sip_date
from sip2 import LAYOUTS, Message

RESPONSE_TO = {
    **{"23": "24", "01": "24", "11": "12", "09": "10", "63": "64", "35": "36", "37": "38", "17": "18"},
    **{"19": "20", "25": "26", "15": "16", "29": "30", "65": "66", "93": "94", "99": "98"},
}
"""The response that belongs to each request (reference, section 2)."""

# What a refusal says in each required field; a count is blank, "not supplied": never a false zero.
_VALUES: dict[str, Any] = {
    "patron_status": ALL_DENIED,
    "language": "000",
    "magnetic_media": "U",
    "circulation_status": "01",
    "security_marker": "00",
    "fee_type": "01",
    "personal_name": "",
    "title_identifier": "",
    "due_date": "",
    "permanent_location": "",
    "renewed_count": 0,
    "unrenewed_count": 0,
    "timeout_period": 0,
    "retries_allowed": 0,
    "supported_messages": "N" * 16,
}
_COPIED = ("patron_identifier", "item_identifier", "language")
_FLAGS = (
    *("ok", "renewal_ok", "desensitize", "resensitize", "alert", "end_session", "payment_accepted", "available"),
    *("item_properties_ok", "online_status", "checkin_ok", "checkout_ok", "acs_renewal_policy", "status_update_ok"),
    "offline_ok",
)


@cache
def _required(command: str) -> tuple[str, ...]:
    response: Any = LAYOUTS[command].message
    return tuple(
        each.name
        for each in dataclasses.fields(response)
        if each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
    )


def failed(request: Message, library: str, now_ms: int, text: str) -> Message:
    """A response that says no, with `text` on the screen."""
    response = LAYOUTS[RESPONSE_TO[request.command]].message
    values: dict[str, Any] = {}
    for name in _required(response.command):
        copied = getattr(request, name, None) if name in _COPIED else None
        if copied and (name != "language" or (copied.isascii() and copied.isdigit())):
            values[name] = copied
        elif name in ("transaction_date", "date_time_sync"):
            values[name] = sip_date(now_ms)
        elif name == "institution_id":
            values[name] = library
        elif name in _FLAGS:
            values[name] = False
        else:
            values[name] = _VALUES.get(name, None if name.endswith("_count") else "")
    if "screen_message" in response.__slots__:
        values["screen_message"] = (text,)
    return response(**values)
