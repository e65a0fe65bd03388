"""Accounts of staff and schools, their sessions on pages, and the audit log.

Moves a database from version 0008 to 0010. Exceptions that were closed before are in no audit log.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _accounts()
    _audit()


def _accounts() -> None:
    op.create_table(
        "account",
        *(_text(name) for name in ("id", "kind", "login", "roles", "password_hash")),
        sa.Column("first_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("factor_secret", sa.String(), nullable=True),
        sa.Column("factor_offered", sa.String(), nullable=True),
        sa.Column("factor_used_to", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        _number("created_at_ms"),
        sa.Column("disabled_at_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("login", name=op.f("uq_account_login")),
        sa.CheckConstraint("kind = 'staff' OR kind = 'school'", name=op.f("ck_account_kind")),
    )
    op.create_table(
        "web_session",
        *(_text(name) for name in ("token_digest", "account", "door")),
        sa.Column("factor_shown", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        *(_number(name) for name in ("created_at_ms", "seen_at_ms")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_web_session")),
        sa.CheckConstraint("door = 'staff' OR door = 'school' OR door = 'reader'", name=op.f("ck_web_session_door")),
    )
    op.create_index("ix_web_session_account", "web_session", ["account"])
    op.create_table(
        "web_op",
        *(_text(name) for name in ("op", "account", "outcome")),
        _number("at_ms"),
        sa.PrimaryKeyConstraint("op", name=op.f("pk_web_op")),
    )
    op.create_index("ix_web_op_at_ms", "web_op", ["at_ms"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        _number("at_ms"),
        *(_text(name) for name in ("actor", "action", "subject", "reason_digest", "hash")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_table(
        "audit_head",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        _number("seq"),
        _text("hash"),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_audit_head")),
        sa.CheckConstraint("one = 1", name=op.f("ck_audit_head_one")),
    )
    op.create_table(
        "audit_reason",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        *(_text(name) for name in ("salt", "reason")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_reason")),
    )
    op.create_table(
        "audit_name",
        *(_text(name) for name in ("ref", "name")),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_audit_name")),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)
