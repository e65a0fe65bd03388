"""What spreadsheets, exports and other programs make of a value. Imports of CSV files and schools' lists share it."""

from __future__ import annotations

import csv
import re
from typing import Final

__all__ = ["FORMULA_FAILED", "NO_NUMBERS", "NO_VALUES", "SHORTENED", "cells_of"]

SHORTENED: Final = re.compile(
    r"[0-9]+(?:[.,][0-9]*)?E[+-][0-9]+|[0-9](?:[.,][0-9]+)?E[0-9]{1,3}|[0-9]+[.,]0+", re.IGNORECASE
)
"""What spreadsheets and other programs make of a long number that they take for a quantity."""
NO_VALUES: Final = frozenset(("NULL", "(NULL)", "(null)", "[NULL]", "[null]", "<NULL>", "<null>", "\\N"))
"""What exports of databases write where nothing stands."""
NO_NUMBERS: Final = frozenset(("null", "none", "nan", "n/a", "nil"))
"""What other programs write there. In a name or a title these may be words, so they are nothing in a number alone."""
FORMULA_FAILED: Final = re.compile(r"#(?:N/A|[A-Z/0_]+[!?])")
"""What spreadsheets show where a formula failed: #N/A, #NAME?, #REF!, #VALUE!, #DIV/0!, ..."""


def cells_of(line: str, delimiter: str = ",") -> list[str]:
    """The cells of one line of a CSV file. A row is one line, always: so a stray quote spoils its own line, not all
    that come after it. Errors: csv.Error."""
    return next(csv.reader((line.rstrip("\r\n"),), strict=True, delimiter=delimiter), [])
