"""The tables of the office: accounts of staff and schools, their sessions on pages, and the audit log.

The audit log holds opaque references only. Names and reasons stand in rows of their own, which may be blanked: the
chain holds a salted digest of a reason, and no name.
"""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, UniqueConstraint

from node.storage.schema.columns import metadata, one_of
from node.storage.schema.columns import number_column as _number
from node.storage.schema.columns import text_column as _text

# `first_until_ms`: the password is the first one, printed once, and good until then. `factor_used_to`: the newest time
# step whose code was accepted, so that a code is good once.
account = Table(
    "account",
    metadata,
    _text("id", key=True),
    _text("kind"),
    _text("login"),
    _text("roles"),
    _text("password_hash"),
    _number("first_until_ms", null=True),
    _text("factor_secret", null=True),
    _text("factor_offered", null=True),
    _number("factor_used_to", default=0),
    _number("created_at_ms"),
    _number("disabled_at_ms", null=True),
    UniqueConstraint("login"),
    CheckConstraint(one_of("kind", "staff", "school"), name="kind"),
)

# Of the token only a digest: a copy of the database signs nobody in.
web_session = Table(
    "web_session",
    metadata,
    _text("token_digest", key=True),
    _text("account"),
    _text("door"),
    _number("factor_shown", default=0),
    _number("created_at_ms"),
    _number("seen_at_ms"),
    Index("ix_web_session_account", "account"),
    CheckConstraint(one_of("door", "staff", "school", "reader"), name="door"),
)

# What a form has done, by the id that stood in it: sent again, it does nothing again.
web_op = Table(
    "web_op",
    metadata,
    _text("op", key=True),
    _text("account"),
    _text("outcome"),
    _number("at_ms"),
    Index("ix_web_op_at_ms", "at_ms"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    _number("at_ms"),
    _text("actor"),
    _text("action"),
    _text("subject"),
    _text("reason_digest"),
    _text("hash"),
)

# The end of the chain: without it, rows cut off at the end would leave a chain that is whole.
audit_head = Table(
    "audit_head",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    _number("seq"),
    _text("hash"),
    CheckConstraint("one = 1", name="one"),
)

audit_reason = Table(
    "audit_reason",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    _text("salt"),
    _text("reason"),
)

audit_name = Table("audit_name", metadata, _text("ref", key=True), _text("name"))
