"""Money as text, `115.57`, and as an integer of the smallest unit (fen, cent), never as a float.

Promises: `minor_units` never raises; `None` means "not an amount".
"""

from __future__ import annotations

import re

_AMOUNT = re.compile(r"(-?)(?=[.,]?[0-9])([0-9]{0,15})(?:[.,]([0-9]{1,4}))?")


def minor_units(amount: str | None) -> int | None:
    """`"0.60"` -> 60, `".60"` too; a decimal comma is taken, a fraction of a fen is not."""
    match = _AMOUNT.fullmatch(amount.strip()) if amount else None
    if match is None:
        return None
    sign, whole, fraction = match.groups()
    fraction = (fraction or "").rstrip("0")
    if len(fraction) > 2:
        return None
    units = int(whole or 0) * 100 + int(fraction.ljust(2, "0"))
    return -units if sign else units


def amount(units: int) -> str:
    """`60` -> `"0.60"`: a point, two decimals, no grouping."""
    sign = "-" if units < 0 else ""
    return f"{sign}{abs(units) // 100}.{abs(units) % 100:02d}"
