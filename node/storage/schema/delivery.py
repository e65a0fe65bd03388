"""The tables of what waits for other libraries, and of what they said that waits for proof."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, UniqueConstraint

from node.storage.schema.columns import metadata, partial_index
from node.storage.schema.columns import number_column as _number
from node.storage.schema.columns import text_column as _text

# `barcode`, `reader` (opaque): what the message is about, as far as its writer knows; never a card.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _text("peer"),
    _text("key"),
    Column("payload", LargeBinary, nullable=False),
    _number("created_at_ms"),
    _number("acked_at_ms", null=True),
    _text("barcode", null=True),
    _text("reader", null=True),
    UniqueConstraint("peer", "key"),
    partial_index("ix_outbox_waiting", "peer", "id", where="acked_at_ms IS NULL"),
    partial_index("ix_outbox_acked", "acked_at_ms", where="acked_at_ms IS NOT NULL"),
    *(
        partial_index(f"ix_outbox_{subject}", "peer", subject, where=f"acked_at_ms IS NULL AND {subject} IS NOT NULL")
        for subject in ("barcode", "reader")
    ),
)

# Notices that were acknowledged and that the own rows do not bear out: neither shown nor counted. `peer` said it,
# `key` is what makes it the same one in any version, `subject` is the loan or the item whose rows may bear it out yet.
unconfirmed = Table(
    "unconfirmed",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _text("peer"),
    _text("key"),
    _text("subject"),
    Column("payload", LargeBinary, nullable=False),
    _number("at_ms"),
    UniqueConstraint("peer", "key"),
    Index("ix_unconfirmed_subject", "subject"),
    Index("ix_unconfirmed_at_ms", "at_ms"),
)
