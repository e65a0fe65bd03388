"""Names whose form means something to more than one authority."""

from typing import Final

UNKNOWN_READER: Final = "op:"
"""Before its operation: the reader of a loan made off line, until the home has said whose it is."""
HOLD_FEE: Final = ":hold"
"""Ends the name of a fee that is none for being late: it stands in no reader's way (R6 speaks of late fees)."""
