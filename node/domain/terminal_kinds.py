"""What a terminal of each kind may ask, by the codes of SIP2 requests: one table.

`node.toml` may change it for a terminal (`may_also`, `may_not`). Payments (37) are not in it: `may_take_payment` of the
terminal says who takes money.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ALWAYS: Final = frozenset(("35", "93", "97", "99"))
"""About the line and the session itself, whoever asks."""
UNDO_RETURN: Final = "11 BI"
"""A 11 that says that a return failed after its answer. Machines that take returns must be able to say that."""
PAYMENT: Final = "37"

_TAKES_RETURNS: Final = frozenset(("09", "17", "19", UNDO_RETURN))
_READERS_BUSINESS: Final = frozenset(("01", "09", "11", UNDO_RETURN, "15", "17", "19", "23", "25", "29", "63", "65"))

MAY_ASK: Final[Mapping[str, frozenset[str]]] = {
    "gate": frozenset(("23", "63")),
    "return": _TAKES_RETURNS,
    "sorter": _TAKES_RETURNS,
    "selfcheck": _READERS_BUSINESS,
    "staff": _READERS_BUSINESS,
}
FOR_HOLD_SLIPS: Final = frozenset(("63",))
"""A sorter that prints them (`hold_slip`) looks up for whom."""
TAKE_PAYMENT: Final = frozenset(("selfcheck", "staff"))
"""The kinds that take money unless the settings say otherwise."""
