"""The tables of holds: at the owner of the items, and mirrored at the homes of the readers."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Table, text

from node.storage.columns import metadata, one_of
from node.storage.columns import number_column as _number
from node.storage.columns import text_column as _text

_IN_FORCE = text("state = 'waiting' OR state = 'ready'")  # as the queries write it: else the index is not used

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
    CheckConstraint(one_of("state", "waiting", "ready", "collected", "expired", "deleted"), name="state"),
    CheckConstraint("state <> 'ready' OR (item IS NOT NULL AND shelf_until_on IS NOT NULL)", name="ready"),
    Index("ix_hold_wanted", "home", "reader", "barcode", "title", unique=True, sqlite_where=_IN_FORCE),
    Index(
        "ix_hold_item",
        "item",
        unique=True,
        sqlite_where=text("item IS NOT NULL AND (state = 'waiting' OR state = 'ready')"),
    ),
    Index("ix_hold_barcode", "barcode", "placed_at_ms", sqlite_where=_IN_FORCE),
    Index("ix_hold_ended_by", "ended_by", sqlite_where=text("ended_by IS NOT NULL")),
    Index("ix_hold_title", "title", "placed_at_ms", sqlite_where=_IN_FORCE),
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
    Index("ix_hold_mirror_reader", "reader", sqlite_where=_IN_FORCE),
)
