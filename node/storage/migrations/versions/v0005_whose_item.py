"""Whose item an operation of a kiosk was about, and the returns of which that is not known yet. How long after the day
that the terminal told a returned item was seen.

Moves a database from version 0004 to 0005. Earlier operations on a barcode that this library has were taken
for its own item. Of the others the owner is not known: "".
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"
branch_labels = None
depends_on = None

# as the step before left it; read back from the database, the defaults would come in brackets
_EVIDENCE = sa.Table(
    "evidence",
    sa.MetaData(),
    sa.Column("op", sa.String(), nullable=False),
    sa.Column("barcode", sa.String(), nullable=False),
    sa.Column("branch", sa.String(), nullable=False),
    sa.Column("returned_at_ms", sa.BigInteger(), nullable=False),
    sa.Column("loan", sa.String(), nullable=True),
    sa.Column("at_ms", sa.BigInteger(), nullable=False),
    sa.Column("voided", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    sa.Column("arrived", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    sa.Column("route", sa.String(), server_default=sa.text("''"), nullable=False),
    sa.Column("destination", sa.String(), server_default=sa.text("''"), nullable=False),
    sa.Column("hold", sa.String(), nullable=True),
    sa.PrimaryKeyConstraint("op", name="pk_evidence"),
    sa.Index("ix_evidence_barcode", "barcode", "returned_at_ms"),
)


def upgrade() -> None:
    with op.batch_alter_table("kiosk_op") as table:
        table.add_column(sa.Column("owner", sa.String(), server_default=sa.text("''"), nullable=False))
    own = "(SELECT value FROM meta WHERE name = 'library')"
    op.execute(f"UPDATE kiosk_op SET owner = COALESCE({own}, '') WHERE barcode IN (SELECT barcode FROM item)")
    with op.batch_alter_table("evidence", copy_from=_EVIDENCE) as table:
        table.add_column(sa.Column("told_late_s", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_table(
        "undecided_return",
        sa.Column("op", sa.String(), nullable=False),
        sa.Column("barcode", sa.String(), nullable=False),
        sa.Column("returned_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("no_block", sa.BigInteger(), nullable=False),
        sa.Column("earlier_op", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("told_late_s", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("op", name=op.f("pk_undecided_return")),
    )
