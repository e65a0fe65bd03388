"""The tables of the owner: items, loans, holds, and the decisions about them."""

from sqlalchemy import CheckConstraint, Index, Table

from federation.contract import HoldState
from node.domain.states import CLOSED, OpState
from node.storage.schema.columns import IN_FORCE, metadata, one_of, partial_index
from node.storage.schema.columns import number_column as _number
from node.storage.schema.columns import text_column as _text

item = Table(
    "item",
    metadata,
    _text("barcode", key=True),
    _text("title"),
    _text("author", default=""),
    _text("isbn", default=""),
    _text("call_number", default=""),
    _text("item_type"),
    _text("location", default=""),
    _number("is_foreign", default=0),
    _number("price_fen", default=0),
    _text("whereabouts", default=""),
    _text("transit_to", default=""),
    _text("properties", default=""),
    _number("properties_at_ms", default=0),
    _text("pending_op", null=True),
    Index("ix_item_title", "title"),
)

owner_op = Table(
    "owner_op",
    metadata,
    _text("op", key=True),
    _text("kind"),
    _text("state"),
    _text("barcode"),
    _text("branch"),
    _text("home", default=""),
    _text("loan", null=True),
    _text("due_before", null=True),
    _text("due_after", null=True),
    _text("refusal", null=True),
    _text("before", null=True),
    _number("at_ms"),
    _text("hold", null=True),
    CheckConstraint(one_of("kind", "checkout", "renewal", "hold", "reopening", "unknown"), name="kind"),
    CheckConstraint(one_of("state", *OpState), name="state"),
    partial_index("ix_owner_op_reserving", "at_ms", where="state = 'reserving'"),
    Index("ix_owner_op_at_ms", "at_ms"),
)

# `reader` NULL: a loan made off line, until the home has said whose it is; '': it is over, and forgotten.
# `made_before_ms`: it bears the date of a clock that was ahead, and was made before this moment.
loan = Table(
    "loan",
    metadata,
    _text("op", key=True),
    _text("barcode"),
    _text("home"),
    _text("reader", null=True),
    _text("category"),
    _text("branch"),
    _number("opened_at_ms"),
    _text("due_on"),
    _number("renewals", default=0),
    _number("version", default=1),
    _number("closed_at_ms", null=True),
    _text("closed_how", null=True),
    _text("closed_by", null=True),
    _number("made_before_ms", null=True),
    CheckConstraint(one_of("closed_how", *CLOSED), name="closed_how"),
    CheckConstraint("(closed_at_ms IS NULL) = (closed_how IS NULL)", name="closed"),
    partial_index("ix_loan_open", "barcode", unique=True, where="closed_at_ms IS NULL"),
    Index("ix_loan_barcode_opened", "barcode", "opened_at_ms"),
    partial_index("ix_loan_open_of_home", "home", "barcode", where="closed_at_ms IS NULL"),
    partial_index(
        "ix_loan_history", "closed_at_ms", where="closed_at_ms IS NOT NULL AND (reader IS NULL OR reader <> '')"
    ),
    partial_index("ix_loan_over", "closed_at_ms", where="closed_at_ms IS NOT NULL AND reader = ''"),
)

# Every return that was reported, whether or not a loan was open: evidence (design 4), and what was answered to it.
# A voided one was none: the check-in failed at the kiosk. `clock_off_ms`: the clock that gave its date was so far
# behind the right time, as measured when it was heard of.
evidence = Table(
    "evidence",
    metadata,
    _text("op", key=True),
    _text("barcode"),
    _text("branch"),
    _number("returned_at_ms"),
    _text("loan", null=True),
    _number("at_ms"),
    _number("voided", default=0),
    _number("arrived", default=0),
    _text("route", default=""),
    _text("destination", default=""),
    _text("hold", null=True),
    _number("told_late_s", default=0),
    _number("clock_off_ms", default=0),
    Index("ix_evidence_barcode", "barcode", "returned_at_ms"),
    Index("ix_evidence_at_ms", "at_ms"),
)

fine_order = Table(
    "fine_order",
    metadata,
    _text("fine", key=True),
    _text("loan"),
    _text("due_on"),
    _text("ledger"),
    _text("returned_on"),
    _number("days_late"),
    _number("amount_fen"),
    _number("version"),
    _number("voided", default=0),
    partial_index("ix_fine_order_loan_due_on", "loan", "due_on", unique=True, where="voided = 0"),
    Index("ix_fine_order_loan", "loan"),
    CheckConstraint("amount_fen >= 0", name="amount"),
)

# Returned loans whose fee is decided later: when they came back, most libraries contradicted this one's clock, and said
# that it was `off_ms` behind. `ours_ms`: that clock then, against timers that nobody sets.
fee_waiting = Table(
    "fee_waiting", metadata, _text("loan", key=True), _number("at_ms"), _number("off_ms"), _number("ours_ms")
)

# `barcode` is '' while any copy of the title will do; `item` is the copy that is kept for the reader: on its way to
# the pickup library while the hold waits, on the shelf there when it is ready.
hold = Table(
    "hold",
    metadata,
    _text("hold", key=True),
    _text("barcode", default=""),
    _text("title"),
    _text("home"),
    _text("reader"),
    _text("branch"),
    _text("pickup"),
    _text("state"),
    _number("placed_at_ms"),
    _text("expires_on", null=True),
    _text("item", null=True),
    _text("shelf_until_on", null=True),
    _number("fee_fen", default=0),
    _text("ended_by", null=True),
    _number("version", default=1),
    _text("category", default="pupil"),
    _number("ended_at_ms", null=True),
    CheckConstraint(one_of("state", *HoldState), name="state"),
    CheckConstraint("state <> 'ready' OR (item IS NOT NULL AND shelf_until_on IS NOT NULL)", name="ready"),
    partial_index("ix_hold_wanted", "home", "reader", "barcode", "title", unique=True, where=IN_FORCE),
    partial_index(
        "ix_hold_item", "item", unique=True, where="item IS NOT NULL AND (state = 'waiting' OR state = 'ready')"
    ),
    partial_index("ix_hold_barcode", "barcode", "placed_at_ms", where=IN_FORCE),
    partial_index("ix_hold_ended_by", "ended_by", where="ended_by IS NOT NULL"),
    partial_index("ix_hold_title", "title", "placed_at_ms", where=IN_FORCE),
    partial_index("ix_hold_history", "ended_at_ms", where="ended_at_ms IS NOT NULL AND reader <> ''"),
    partial_index("ix_hold_over", "ended_at_ms", where="ended_at_ms IS NOT NULL AND reader = ''"),
)
