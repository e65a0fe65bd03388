"""What the desk knows an item by: its barcode, and its owner where somebody named it."""

from __future__ import annotations

from typing import NamedTuple


class ItemName(NamedTuple):
    """`named`: the owner's code, where it was named and the barcode alone does not tell it; else ""."""

    barcode: str
    named: str = ""

    @property
    def key(self) -> str:
        """The same name has the same key. Without `named` it is the barcode, as it was before items had names."""
        return f"{self.named}\x1e{self.barcode}" if self.named else self.barcode
