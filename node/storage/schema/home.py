"""The tables of the home: cards, places in their quota, and the mirrors of fines and holds."""

from sqlalchemy import CheckConstraint, Index, Table, UniqueConstraint

from node.domain.states import PlaceState
from node.storage.schema.columns import IN_FORCE, metadata, one_of, partial_index
from node.storage.schema.columns import number_column as _number
from node.storage.schema.columns import text_column as _text

# `keeps_history`: the reader wants to find old loans again, so titles stay. Nothing sets it yet.
card = Table(
    "card",
    metadata,
    _text("card", key=True),
    _text("reader"),
    _text("name", default=""),
    _text("category", default="pupil"),
    _text("status", default="active"),
    _text("expires_on", null=True),
    _text("pin_hash", null=True),
    _number("violation", default=0),
    _number("max_loans"),
    _number("max_foreign"),
    _number("places_used", default=0),
    _number("foreign_used", default=0),
    _number("forced_used", default=0),
    _number("keeps_history", default=0),
    UniqueConstraint("reader"),
    CheckConstraint("places_used >= 0 AND places_used <= max_loans", name="places"),
    CheckConstraint("foreign_used >= 0 AND foreign_used <= max_foreign", name="foreign"),
    CheckConstraint("forced_used >= 0", name="forced"),
)

# A place is the home's mirror of a loan, its memory of a refusal, and (freed, no reader) the tombstone of a
# release that came before its question. A barred one was freed by staff here: the owner's word holds it no more.
# `ended_at_ms`: since when it is freed or refused. `reader` '': forgotten (node/storage/keeping/).
place = Table(
    "place",
    metadata,
    _text("op", key=True),
    _text("state"),
    _text("reader", null=True),
    _text("owner"),
    _text("barcode", default=""),
    _text("title", default=""),
    _number("is_foreign", default=0),
    _number("forced", default=0),
    _text("due_on", null=True),
    _number("renewals", default=0),
    _number("epoch", default=0),
    _number("version", default=0),
    _text("branch", default=""),
    _number("at_ms"),
    _text("refusal", null=True),
    _number("barred", default=0),
    _number("ended_at_ms", null=True),
    CheckConstraint(one_of("state", *PlaceState), name="state"),
    CheckConstraint("state <> 'held' OR reader IS NOT NULL", name="held_by"),
    partial_index("ix_place_held", "reader", where="state = 'held'"),
    partial_index("ix_place_owner", "owner", "op", where="state = 'held'"),
    partial_index("ix_place_history", "ended_at_ms", where="ended_at_ms IS NOT NULL AND reader <> ''"),
    partial_index("ix_place_over", "ended_at_ms", where="ended_at_ms IS NOT NULL AND (reader IS NULL OR reader = '')"),
)

# What each ledger says of its fines. By ledger and fine: no library can take the place of another's news.
# `reader` NULL: he is not known here yet, `loan` is; '' where an older ledger does not say it. `settled_at_ms`: since
# when nothing is owed for it.
fine_mirror = Table(
    "fine_mirror",
    metadata,
    _text("ledger", key=True),
    _text("fine", key=True),
    _text("reader", null=True),
    _text("barcode"),
    _text("title"),
    _text("due_on"),
    _number("amount_fen"),
    _number("paid_fen"),
    _number("epoch"),
    _number("version"),
    _text("kind", default="late"),
    _text("loan", default=""),
    _number("settled_at_ms", null=True),
    CheckConstraint(one_of("kind", "late", "hold"), name="kind"),
    Index("ix_fine_mirror_reader", "reader"),
    Index("ix_fine_mirror_loan", "loan"),
    partial_index("ix_fine_mirror_owed", "ledger", "fine", where="amount_fen > paid_fen"),
    partial_index("ix_fine_mirror_history", "settled_at_ms", where="settled_at_ms IS NOT NULL AND barcode <> ''"),
    partial_index("ix_fine_mirror_over", "settled_at_ms", where="settled_at_ms IS NOT NULL AND barcode = ''"),
    partial_index("ix_fine_mirror_unknown", "loan", where="reader IS NULL"),
)

# What was done to a card from a terminal, each once, in the order in which the home learned of it.
card_op = Table(
    "card_op",
    metadata,
    _text("op", key=True),
    _text("card"),
    _text("kind"),
    _text("branch"),
    _number("at_ms"),
    CheckConstraint(one_of("kind", "block", "enable"), name="kind"),
    Index("ix_card_op_card", "card", "at_ms"),
    Index("ix_card_op_at_ms", "at_ms"),
)

hold_mirror = Table(
    "hold_mirror",
    metadata,
    _text("hold", key=True),
    _text("owner"),
    _text("reader"),
    _text("barcode"),
    _text("title"),
    _text("state"),
    _text("pickup"),
    _number("epoch"),
    _number("version"),
    _number("barred", default=0),
    _number("ended_at_ms", null=True),
    partial_index("ix_hold_mirror_reader", "reader", where=IN_FORCE),
    partial_index("ix_hold_mirror_history", "ended_at_ms", where="ended_at_ms IS NOT NULL AND reader <> ''"),
    partial_index("ix_hold_mirror_over", "ended_at_ms", where="ended_at_ms IS NOT NULL AND reader = ''"),
)
