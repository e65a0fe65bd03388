"""A sheet as rows of text, whatever file it came from, with what is known of each cell beside its text.

Promises: `number` is the row that the sheet shows, empty and hidden rows counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from node.lists.remarks import Kind

__all__ = ["Facts", "SheetRow", "Table"]


@dataclass(slots=True)
class Facts:
    """What a workbook tells of a sheet beside the values. Rows count from 1; a set of places is a bit mask."""

    rows: int = 0
    columns: int = 0
    formulas: dict[int, int] = field(default_factory=dict)
    blank_formulas: dict[int, int] = field(default_factory=dict)
    """Those whose result is a text, which may be empty. Any other formula makes its row not empty."""
    errors: dict[int, int] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    merged_from: dict[int, int] = field(default_factory=dict)
    """The first row of merged ranges, and the last row of the longest of them."""
    merged_rows: int = 0


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row. `broken`: the row as a whole can't be read."""

    number: int
    cells: Sequence[str] = field(repr=False)
    formulas: int = 0
    blank_formulas: int = 0
    errors: int = 0
    merged: int = 0
    hidden: bool = False
    broken: Kind | None = None

    def cell(self, place: int) -> str:
        return self.cells[place] if place < len(self.cells) else ""

    def fault(self, place: int) -> Kind | None:
        """What is wrong with a cell, whatever stands in it."""
        if not (self.merged or self.formulas or self.errors):
            return None
        if self.merged >> place & 1:
            return Kind.MERGED
        if self.errors >> place & 1:
            return Kind.FORMULA_FAILED
        return Kind.FORMULA if self.formulas >> place & 1 else None

    def is_empty(self, places: Sequence[int]) -> bool:
        if self.broken or any(self.cell(place).strip() for place in places):
            return False
        shown = self.errors | self.formulas & ~self.blank_formulas
        return not any(shown >> place & 1 for place in places)


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet, or a CSV file. `rows` may be asked again and begins anew."""

    name: str
    rows: Callable[[], Iterator[SheetRow]]
    hidden: bool = False
    merged_from: Mapping[int, int] = field(default_factory=dict)
