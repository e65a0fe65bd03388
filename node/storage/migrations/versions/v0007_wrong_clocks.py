"""What a wrong clock has dated: loans that were made before their dates say, returns with the error of their clock, and
fees that are decided later.

Moves a database from version 0006 to 0007. Earlier rows are taken as dated right.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("loan", sa.Column("made_before_ms", sa.BigInteger(), nullable=True))
    op.add_column("evidence", sa.Column("clock_off_ms", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_table(
        "fee_waiting",
        sa.Column("loan", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("off_ms", sa.BigInteger(), nullable=False),
        sa.Column("ours_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("loan", name=op.f("pk_fee_waiting")),
    )
