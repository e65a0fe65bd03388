"""The second factor: codes by time (TOTP, RFC 6238), as every authenticator app makes them.

Promises: a code is good once, and for a minute around its time. The clock is passed in.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from typing import Final

import pyotp

__all__ = ["accepted_step", "address_of", "new_secret"]

STEP_S: Final = 30
_SECRET_BYTES: Final = 20
_DIGITS: Final = 6
_AROUND: Final = (0, -1, 1)


def new_secret(random_bytes: Callable[[int], bytes]) -> str:
    """In base 32, as it is typed where no camera is at hand."""
    return base64.b32encode(random_bytes(_SECRET_BYTES)).decode("ascii")


def address_of(secret: str, login: str, issuer: str) -> str:
    """What the QR code says to the app."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def accepted_step(secret: str, code: str, *, now_ms: int, used_to: int) -> int | None:
    """The time step to which that code belongs; None if it is wrong, too old, or was used before."""
    digits = "".join(each for each in code if not each.isspace())
    if len(digits) != _DIGITS or not digits.isascii() or not digits.isdigit():
        return None
    made, now = pyotp.TOTP(secret), now_ms // 1000 // STEP_S
    for step in (now + offset for offset in _AROUND):
        if step > used_to and hmac.compare_digest(made.generate_otp(step), digits):
            return step
    return None
