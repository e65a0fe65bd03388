"""The tables of the library where a fee arises: fines and payments."""

from sqlalchemy import CheckConstraint, Index, Table, UniqueConstraint

from node.storage.schema.columns import metadata, one_of, partial_index
from node.storage.schema.columns import number_column as _number
from node.storage.schema.columns import text_column as _text

# `fine` is the name that it has here, `ordered` the one that its owner gave it: two owners may give the same.
# `reader` NULL: a loan made off line whose reader its owner did not know. `borne_by`: the return or the loan at this
# branch that bears it out, "" where this library owns the item. `settled_at_ms`: since when nothing is owed for it.
fine = Table(
    "fine",
    metadata,
    _text("fine", key=True),
    _text("loan"),
    _text("owner"),
    _text("home"),
    _text("reader", null=True),
    _text("barcode"),
    _text("title"),
    _text("due_on"),
    _text("returned_on"),
    _number("days_late"),
    _number("amount_fen"),
    _number("paid_fen", default=0),
    _number("order_version"),
    _number("version", default=1),
    _number("booked_at_ms"),
    _text("kind", default="late"),
    _text("ordered"),
    _text("borne_by", default=""),
    _number("settled_at_ms", null=True),
    CheckConstraint(one_of("kind", "late", "hold"), name="kind"),
    UniqueConstraint("owner", "ordered"),
    CheckConstraint("amount_fen >= 0 AND paid_fen >= 0", name="amounts"),
    Index("ix_fine_reader", "home", "reader"),
    Index("ix_fine_loan", "loan"),
    partial_index("ix_fine_owed", "home", "fine", where="amount_fen > paid_fen"),
    partial_index("ix_fine_settled", "settled_at_ms", where="settled_at_ms IS NOT NULL AND barcode <> ''"),
    partial_index("ix_fine_borne_by", "borne_by", where="borne_by <> '' AND amount_fen > 0"),
)

payment = Table(
    "payment",
    metadata,
    _text("pay_key", key=True),
    _text("receipt"),
    _text("terminal"),
    _text("home"),
    _text("reader"),
    _text("method"),
    _number("amount_fen"),
    _number("at_ms"),
    CheckConstraint("amount_fen > 0", name="amount"),
    Index("ix_payment_reader", "home", "reader", "at_ms"),
)

payment_line = Table(
    "payment_line",
    metadata,
    _text("pay_key", key=True),
    _text("fine", key=True),
    _number("amount_fen"),
    CheckConstraint("amount_fen > 0", name="amount"),
)
