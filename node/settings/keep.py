"""How long a library's books remember: the table `[keep]` of node.toml."""

from __future__ import annotations

from pydantic import Field, ValidationInfo, field_validator

from node.settings.model import Settings


class KeepSettings(Settings):
    """How long the books remember what nobody needs any more. docs/operations.md has the table of what leaves when."""

    operations_days: int = Field(
        400, ge=90, le=3650, description="How long operations, returns and ended loans are remembered."
    )
    loan_history_days: int = Field(
        30,
        ge=14,
        le=3650,
        description="How long after return and payment it can be told who borrowed what; at most operations_days.",
    )
    exceptions_days: int = Field(
        400, ge=90, le=3650, description="How long an exception stays on the list after staff closed it."
    )
    hour: int = Field(1, ge=0, le=23, description="Local hour at which forgetting begins at night.")

    @field_validator("loan_history_days")
    @classmethod
    def _is_no_longer_than_the_operations(cls, days: int, info: ValidationInfo) -> int:
        operations_days = info.data.get("operations_days", days)
        if days > operations_days:
            raise ValueError(f"more than operations_days ({operations_days}): the history would go with the operations")
        return days
