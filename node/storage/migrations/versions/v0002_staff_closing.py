"""Who closed an exception, and why; the open ones are found by an index.

Moves a database from version 0001 to 0002. A row that somebody closed by hand before is kept as closed, by nobody.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("staff_exception") as table:
        table.add_column(sa.Column("closed_by", sa.String(), nullable=True))
        table.add_column(sa.Column("closing_note", sa.String(), nullable=True))
    op.execute("UPDATE staff_exception SET closed_by = '', closing_note = '' WHERE closed_at_ms IS NOT NULL")
    # as it was declared: reflection would put its default into brackets
    detail = sa.Column("detail", sa.String(), server_default=sa.text("''"), nullable=False)
    with op.batch_alter_table("staff_exception", reflect_args=(detail,)) as table:
        table.create_check_constraint(
            op.f("ck_staff_exception_closed"),
            "(closed_at_ms IS NULL) = (closed_by IS NULL) AND (closed_by IS NULL) = (closing_note IS NULL)",
        )
        table.create_index(
            "ix_staff_exception_open",
            ["id"],
            sqlite_where=sa.text("closed_at_ms IS NULL"),
            postgresql_where=sa.text("closed_at_ms IS NULL"),
        )
