"""How long rows stand that nobody needs any more, and what stands in them for what was forgotten.

docs/operations.md has the table: which row, what leaves it when, and why that is safe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DAY_MS: Final = 24 * 3600 * 1000
FORGOTTEN: Final = ""
"""In place of a reader: it was known whose it was. None means that it is not known yet."""


@dataclass(frozen=True, slots=True)
class Keep:
    """`operations_days`: how long an operation is remembered after its end. `loan_history_days`: how long after return
    and payment it can be told who borrowed what. `exceptions_days`: after staff closed an exception."""

    operations_days: int = 400
    loan_history_days: int = 30
    exceptions_days: int = 400

    @property
    def operations_ms(self) -> int:
        return self.operations_days * DAY_MS

    @property
    def loan_history_ms(self) -> int:
        return self.loan_history_days * DAY_MS

    @property
    def exceptions_ms(self) -> int:
        return self.exceptions_days * DAY_MS
