"""How much a list may bring. What is beyond is refused before it is read."""

from __future__ import annotations

from typing import Final

__all__ = [
    "BATCH_ROWS",
    "CELL_CHARACTERS",
    "FILE_BYTES",
    "HEADER_ROWS",
    "LINE_CHARACTERS",
    "MERGED_ROWS",
    "MIB",
    "PARTS",
    "PUPILS",
    "RATIO",
    "RATIO_FROM_BYTES",
    "READER_BYTES",
    "READER_S",
    "SHEETS",
    "SHEET_CELLS",
    "SHEET_COLUMNS",
    "SHEET_ROWS",
    "STRINGS_BYTES",
    "TAG_BYTES",
    "UNPACKED_BYTES",
]

MIB: Final = 1 << 20

FILE_BYTES: Final = 32 * MIB
"""Of an uploaded file. 100,000 rows take 6 MiB as XLSX, 8 as CSV, 20 as XLS."""
UNPACKED_BYTES: Final = 320 * MIB
"""Of all parts of an XLSX together. A million empty rows with formats take 200 MiB."""
STRINGS_BYTES: Final = 48 * MIB
"""Of the texts of an XLSX, which the reader holds in memory."""
TAG_BYTES: Final = MIB // 4
"""Of one tag in a part of an XLSX, attributes included."""
RATIO: Final = 200
"""How many times larger a part of an XLSX may be than it is packed, once it has RATIO_FROM_BYTES."""
RATIO_FROM_BYTES: Final = 8 * MIB
PARTS: Final = 1_000
"""Parts in an XLSX."""
SHEETS: Final = 30
SHEET_ROWS: Final = 200_000
"""The last row with anything in it."""
SHEET_COLUMNS: Final = 64
"""The last column with anything in it (BL)."""
SHEET_CELLS: Final = 4_000_000
"""Rows times columns, over all sheets of a workbook that are read: a reader takes 24 bytes for each, empty or not."""
MERGED_ROWS: Final = 400_000
"""Rows of all merged ranges of a sheet, counted for each range."""
PUPILS: Final = 100_000
"""Rows of a list that are not empty."""
HEADER_ROWS: Final = 30
"""The column names stand within the first so many rows that are not empty."""
CELL_CHARACTERS: Final = 32_767
"""Of one cell, as spreadsheets have it."""
READER_BYTES: Final = 1024 * MIB
"""Address space of the process that reads a workbook."""
READER_S: Final = 120
"""Processor time of that process, for one sheet."""
LINE_CHARACTERS: Final = 20_000
"""Of one line of a CSV file."""
BATCH_ROWS: Final = 1_000
"""Document numbers in one question whether a library knows them."""
