"""The tables of one library. What must hold is held here, by constraints; code only explains (design 4).

Conventions: instants are integer milliseconds of UTC (`..._ms`); civil dates are ISO text (`..._on`); money is
integer fen (`..._fen`). A row that records a decision is never deleted by the code that decides.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    text,
)

from node.storage.columns import metadata, one_of
from node.storage.columns import number_column as _number
from node.storage.columns import text_column as _text
from node.storage.schema_holds import hold, hold_mirror

__all__ = [
    "card",
    "card_op",
    "denied_card",
    "evidence",
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
]

meta = Table("meta", metadata, _text("name", key=True), _text("value"))

# --- home: cards and their places in the quota ---------------------------------------------------------------

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
    UniqueConstraint("reader"),
    CheckConstraint("places_used >= 0 AND places_used <= max_loans", name="places"),
    CheckConstraint("foreign_used >= 0 AND foreign_used <= max_foreign", name="foreign"),
    CheckConstraint("forced_used >= 0", name="forced"),
)

# A place is the home's mirror of a loan, its memory of a refusal, and (freed, no reader) the tombstone of a
# release that came before its question.
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
    CheckConstraint(one_of("state", "held", "freed", "refused"), name="state"),
    CheckConstraint("state <> 'held' OR reader IS NOT NULL", name="held_by"),
    Index("ix_place_held", "reader", sqlite_where=text("state = 'held'"), postgresql_where=text("state = 'held'")),
    Index(
        "ix_place_owner",
        "owner",
        "op",
        sqlite_where=text("state = 'held'"),
        postgresql_where=text("state = 'held'"),
    ),
)

# What each ledger says of its fines. By ledger and fine: no library can take the place of another's news.
fine_mirror = Table(
    "fine_mirror",
    metadata,
    _text("ledger", key=True),
    _text("fine", key=True),
    _text("reader"),
    _text("barcode"),
    _text("title"),
    _text("due_on"),
    _number("amount_fen"),
    _number("paid_fen"),
    _number("epoch"),
    _number("version"),
    Index("ix_fine_mirror_reader", "reader"),
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
)

# --- owner: items, loans, the decisions about them -----------------------------------------------------------

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
    CheckConstraint(one_of("kind", "checkout", "renewal", "hold", "reopening", "unknown"), name="kind"),
    CheckConstraint(one_of("state", "reserving", "done", "refused", "aborted", "cancelled"), name="state"),
    Index("ix_owner_op_reserving", "at_ms", sqlite_where=text("state = 'reserving'")),
)

loan = Table(
    "loan",
    metadata,
    _text("op", key=True),
    _text("barcode"),
    _text("home"),
    _text("reader"),
    _text("category"),
    _text("branch"),
    _number("opened_at_ms"),
    _text("due_on"),
    _number("renewals", default=0),
    _number("version", default=1),
    _number("closed_at_ms", null=True),
    _text("closed_how", null=True),
    _text("closed_by", null=True),
    CheckConstraint(one_of("closed_how", "returned", "cancelled", "superseded"), name="closed_how"),
    CheckConstraint("(closed_at_ms IS NULL) = (closed_how IS NULL)", name="closed"),
    Index(
        "ix_loan_open",
        "barcode",
        unique=True,
        sqlite_where=text("closed_at_ms IS NULL"),
        postgresql_where=text("closed_at_ms IS NULL"),
    ),
    Index("ix_loan_barcode_opened", "barcode", "opened_at_ms"),
)

# Every return that was reported, whether or not a loan was open: evidence (design 4), and what was answered to it.
# A voided one was none: the check-in failed at the kiosk.
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
    Index("ix_evidence_barcode", "barcode", "returned_at_ms"),
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
    Index("ix_fine_order_loan_due_on", "loan", "due_on", unique=True, sqlite_where=text("voided = 0")),
    Index("ix_fine_order_loan", "loan"),
    CheckConstraint("amount_fen >= 0", name="amount"),
)

# --- the library where a fee arises: fines and payments ------------------------------------------------------

fine = Table(
    "fine",
    metadata,
    _text("fine", key=True),
    _text("loan"),
    _text("owner"),
    _text("home"),
    _text("reader"),
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
    CheckConstraint("amount_fen >= 0 AND paid_fen >= 0", name="amounts"),
    Index("ix_fine_reader", "home", "reader"),
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

# --- the branch: what kiosks asked, what they were told ------------------------------------------------------

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
    UniqueConstraint("op"),
    UniqueConstraint("base", "attempt"),
    Index("ix_kiosk_op_barcode", "barcode", "seq"),
    Index("ix_kiosk_op_asked", "asked_at_ms", sqlite_where=text("told_at_ms IS NULL")),
)

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
    Index(
        "ix_outbox_waiting",
        "peer",
        "id",
        sqlite_where=text("acked_at_ms IS NULL"),
        postgresql_where=text("acked_at_ms IS NULL"),
    ),
    *(
        Index(
            f"ix_outbox_{subject}",
            "peer",
            subject,
            sqlite_where=text(f"acked_at_ms IS NULL AND {subject} IS NOT NULL"),
            postgresql_where=text(f"acked_at_ms IS NULL AND {subject} IS NOT NULL"),
        )
        for subject in ("barcode", "reader")
    ),
)

# A card of another library as its home last described it: for gates, and for paying while the home is down.
seen_card = Table(
    "seen_card",
    metadata,
    _text("card_digest", key=True),
    _text("home"),
    _text("reader"),
    _text("status"),
    _text("expires_on", null=True),
    _number("seen_at_ms"),
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

# What staff must look at: nothing here is ever dropped, only closed by a person.
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
    UniqueConstraint("op", "kind"),
    CheckConstraint(
        "(closed_at_ms IS NULL) = (closed_by IS NULL) AND (closed_by IS NULL) = (closing_note IS NULL)", name="closed"
    ),
    Index(
        "ix_staff_exception_open",
        "id",
        sqlite_where=text("closed_at_ms IS NULL"),
        postgresql_where=text("closed_at_ms IS NULL"),
    ),
)
