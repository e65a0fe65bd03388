"""How a request of a kiosk ended. Whoever decides says it; metrics and log pass it on.

Both enums are label values of the metrics, so they are bounded.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from federation.contract import Reason


class Outcome(StrEnum):
    """One for each request: the label `outcome` of `tongjie_sip2_requests_total`."""

    OK = "ok"
    """Done, or told, as asked."""
    REFUSED = "refused"
    """A "no" that stands. Its reason is counted in `tongjie_sip2_refusals_total`."""
    UNKNOWN = "unknown"
    """The kiosk was told "no" because another library did not say, or because nobody can say any more (promise 1)."""
    REPEATED = "repeated"
    """The same request came before; it was told the same again."""
    LATE = "late"
    """No answer within `Limits.answer_guard_s`; the kiosk was told "no"."""
    MALFORMED = "malformed"
    """It could not be read as it was sent."""
    ERROR = "error"
    """An accident of ours; the kiosk was told "busy"."""


class EdgeReason(StrEnum):
    """Why the edge itself said "no": no desk was asked, no sentence of `Reason` fits."""

    UNKNOWN_LOGIN = "unknown_login"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a reason
    TOO_MANY_WRONG_LOGINS = "too_many_wrong_logins"
    LOGINS_BUSY = "logins_busy"
    LOGIN_ENCRYPTED = "login_encrypted"
    LOGIN_REQUIRED = "login_required"
    NOT_FOR_THIS_TERMINAL = "not_for_this_terminal"
    OLD_VERSION = "old_version"
    NOT_WRITABLE = "not_writable"
    FIELD_MISSING = "field_missing"
    FOREIGN_CURRENCY = "foreign_currency"


REASONS: Final = (*(reason.value for reason in Reason), *(reason.value for reason in EdgeReason))
"""Every value of the label `reason`."""
