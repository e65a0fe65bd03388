"""What the own rows do not bear out: notices that wait for proof, what bears out a fine, what staff have freed, and
which library called the staff.

Moves a database from version 0005 to 0006. Fines, places and exceptions from before are left as they are.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels = None
depends_on = None

_BORNE = sa.text("borne_by <> '' AND amount_fen > 0")


def upgrade() -> None:
    op.create_table(
        "unconfirmed",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("peer", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unconfirmed")),
        sa.UniqueConstraint("peer", "key", name=op.f("uq_unconfirmed_peer_key")),
    )
    op.create_index("ix_unconfirmed_subject", "unconfirmed", ["subject"])
    op.add_column("fine", sa.Column("borne_by", sa.String(), server_default=sa.text("''"), nullable=False))
    op.create_index("ix_fine_borne_by", "fine", ["borne_by"], sqlite_where=_BORNE, postgresql_where=_BORNE)
    for name in ("hold_mirror", "place"):
        op.add_column(name, sa.Column("barred", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    # as it was declared: reflection would put its default into brackets
    detail = sa.Column("detail", sa.String(), server_default=sa.text("''"), nullable=False)
    with op.batch_alter_table("staff_exception", reflect_args=(detail,)) as table:
        table.add_column(sa.Column("said_by", sa.String(), server_default=sa.text("''"), nullable=False))
        table.drop_constraint(op.f("uq_staff_exception_op_kind"), type_="unique")
        table.create_unique_constraint(op.f("uq_staff_exception_op_kind_said_by"), ["op", "kind", "said_by"])
