"""A hold knows the category of its reader: how long a copy is kept goes by it.

Moves a database from version 0002 to 0003. Holds that were placed before count as those of pupils, as they did.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # as it was declared: reflection would put its default into brackets
    barcode = sa.Column("barcode", sa.String(), server_default=sa.text("''"), nullable=False)
    with op.batch_alter_table("hold", reflect_args=(barcode,)) as table:
        table.add_column(sa.Column("category", sa.String(), server_default=sa.text("'pupil'"), nullable=False))
