"""What staff write as a reason: short, printable, and nothing about a reader."""

from __future__ import annotations

import re
from typing import Final

from federation.directory import Directory

__all__ = ["LONGEST_NOTE", "names_a_reader", "note_of"]

LONGEST_NOTE: Final = 300
SHORTEST_CARD: Final = 9
"""What is shorter is a date or a number of a receipt, whatever prefixes the cards of the libraries have."""
_PHONE_OR_ID: Final = re.compile(r"1[3-9][0-9]{9}|[0-9]{17}[0-9Xx]")


def note_of(text: str, longest: int = LONGEST_NOTE) -> str:
    """The text without blanks around it; "" if it is empty, too long, or holds what can't be printed."""
    text = " ".join(text.split())
    return text if len(text) <= longest and text.isprintable() else ""


def names_a_reader(note: str, directory: Directory) -> bool:
    """Whether a word of it looks like a telephone, ID number or card."""
    return any(_is_private(word, directory) for word in re.findall("[0-9A-Za-z]+", note))


def _is_private(word: str, directory: Directory) -> bool:
    if _PHONE_OR_ID.fullmatch(word):
        return True
    return len(word) >= SHORTEST_CARD and directory.home_of(word) is not None
