"""The tables of one library, by who decides. What must hold is held here, by constraints; code only
explains (design 4).

Conventions: instants are integer milliseconds of UTC (`..._ms`); civil dates are ISO text (`..._on`); money is
integer fen (`..._fen`). A row that records a decision is never deleted by the code that decides.
"""

from node.storage.schema.columns import metadata
from node.storage.schema.delivery import outbox, unconfirmed
from node.storage.schema.desk import denied_card, kiosk_op, seen_card, staff_exception, undecided_return
from node.storage.schema.home import card, card_op, fine_mirror, hold_mirror, place
from node.storage.schema.identity import meta, tally
from node.storage.schema.money import fine, payment, payment_line
from node.storage.schema.office import account, audit, audit_head, audit_name, audit_reason, web_op, web_session
from node.storage.schema.owner import evidence, fee_waiting, fine_order, hold, item, loan, owner_op

__all__ = [
    "account",
    "audit",
    "audit_head",
    "audit_name",
    "audit_reason",
    "card",
    "card_op",
    "denied_card",
    "evidence",
    "fee_waiting",
    "fine",
    "fine_mirror",
    "fine_order",
    "hold",
    "hold_mirror",
    "item",
    "kiosk_op",
    "loan",
    "meta",
    "metadata",
    "outbox",
    "owner_op",
    "payment",
    "payment_line",
    "place",
    "seen_card",
    "staff_exception",
    "tally",
    "unconfirmed",
    "undecided_return",
    "web_op",
    "web_session",
]
