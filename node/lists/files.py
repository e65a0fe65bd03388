"""A workbook that is being written, with the errors of any other file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

__all__ = ["written"]


@contextmanager
def written(out: Path, **options: Any) -> Iterator[xlsxwriter.Workbook]:
    """Whole at the end of the block. Errors: OSError."""
    try:
        with xlsxwriter.Workbook(str(out), options) as workbook:
            yield workbook
    except FileCreateError as error:
        reason = error.args[0]
        raise reason if isinstance(reason, OSError) else OSError(str(reason)) from error
