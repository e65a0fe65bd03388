"""The tables of the branch: what kiosks asked, what they were told, and what staff must look at."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, UniqueConstraint

from node.storage.schema.columns import metadata, partial_index
from node.storage.schema.columns import number_column as _number
from node.storage.schema.columns import text_column as _text

# `lasting`: it tells what happened off line, so the same words are the same operation for ever: it is never dropped.
kiosk_op = Table(
    "kiosk_op",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    _text("op"),
    _text("base"),
    _number("attempt"),
    _text("message"),
    _text("kiosk_date"),
    _text("terminal"),
    _text("card_digest"),
    _text("barcode"),
    _number("date_near"),
    _number("asked_at_ms"),
    _number("answer_by_ms"),
    _number("told_at_ms", null=True),
    _text("answer", null=True),
    _text("question", null=True),
    _text("owner", default=""),
    _number("lasting", default=0),
    UniqueConstraint("op"),
    UniqueConstraint("base", "attempt"),
    Index("ix_kiosk_op_barcode", "barcode", "seq"),
    partial_index("ix_kiosk_op_asked", "asked_at_ms", where="told_at_ms IS NULL"),
)

# Returns whose owner is not known yet, because a library that may own the item could not be asked.
undecided_return = Table(
    "undecided_return",
    metadata,
    _text("op", key=True),
    _text("barcode"),
    _number("returned_at_ms"),
    _number("no_block"),
    _text("earlier_op", default=""),
    _number("told_late_s", default=0),
)

# A card of another library as its home last described it: for gates, and for paying while the home is down.
# `noted_at_ms`: when it was last in use here, whether or not its home was asked.
seen_card = Table(
    "seen_card",
    metadata,
    _text("card_digest", key=True),
    _text("home"),
    _text("reader"),
    _text("status"),
    _text("expires_on", null=True),
    _number("seen_at_ms"),
    _number("noted_at_ms", default=0),
)

# A card that a terminal here blocked: nothing is lent to it here while its home has not acknowledged that.
denied_card = Table(
    "denied_card",
    metadata,
    _text("card_digest"),
    _text("op", key=True),
    _text("home"),
    _text("outbox_key"),
    Index("ix_denied_card_card_digest", "card_digest"),
)

# What staff must look at: nothing here is ever dropped, only closed by a person. `said_by`: the library that called,
# "" for this one: what another library says takes no row of ours, nor of a third one.
staff_exception = Table(
    "staff_exception",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _text("op"),
    _text("kind"),
    _text("barcode"),
    _text("terminal"),
    _text("detail", default=""),
    _number("at_ms"),
    _number("closed_at_ms", null=True),
    _text("closed_by", null=True),
    _text("closing_note", null=True),
    _text("said_by", default=""),
    UniqueConstraint("op", "kind", "said_by"),
    CheckConstraint(
        "(closed_at_ms IS NULL) = (closed_by IS NULL) AND (closed_by IS NULL) = (closing_note IS NULL)", name="closed"
    ),
    partial_index("ix_staff_exception_open", "id", where="closed_at_ms IS NULL"),
    partial_index("ix_staff_exception_closed", "closed_at_ms", where="closed_at_ms IS NOT NULL"),
)
