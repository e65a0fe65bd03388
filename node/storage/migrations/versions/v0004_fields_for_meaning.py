"""What names and references meant by their form stands in fields: the kind of a fee, an unknown reader, a hold.

Moves a database from version 0003 to 0004. A fee's name that ended with `:hold` has the kind `hold`; the reader `op:`
and an operation is no reader; a fine `owner/name` was ordered as `name`; the hold of an operation stands apart from
its loan.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels = None
depends_on = None

_HELD = "substr(fine, -5) = ':hold'"


def upgrade() -> None:
    _loans()
    _operations()
    _fines()
    _mirrors()


def _run(sql: str) -> None:
    """As it is: in `op.execute` a colon begins a parameter."""
    op.get_bind().exec_driver_sql(sql)


def _loans() -> None:
    with op.batch_alter_table("loan") as table:
        table.alter_column("reader", existing_type=sa.String(), nullable=True)
    _run("UPDATE loan SET reader = NULL WHERE reader = 'op:' || op")


def _operations() -> None:
    op.add_column("owner_op", sa.Column("hold", sa.String(), nullable=True))
    _run("UPDATE owner_op SET hold = loan, loan = NULL WHERE kind = 'hold'")


def _fines() -> None:
    with op.batch_alter_table("fine") as table:
        table.alter_column("reader", existing_type=sa.String(), nullable=True)
        table.add_column(sa.Column("kind", sa.String(), server_default=sa.text("'late'"), nullable=False))
        table.add_column(sa.Column("ordered", sa.String(), nullable=True))
    _run("UPDATE fine SET reader = NULL WHERE reader = 'op:' || loan")
    _run(f"UPDATE fine SET kind = 'hold' WHERE {_HELD}")
    beside = "substr(fine, 1, length(owner) + 1) = owner || '/'"
    _run(f"UPDATE fine SET ordered = CASE WHEN {beside} THEN substr(fine, length(owner) + 2) ELSE fine END")
    # as it was declared: reflection would put its default into brackets
    kind = sa.Column("kind", sa.String(), server_default=sa.text("'late'"), nullable=False)
    with op.batch_alter_table("fine", reflect_args=(kind,)) as table:
        table.alter_column("ordered", existing_type=sa.String(), nullable=False)
        table.create_check_constraint(op.f("ck_fine_kind"), "kind = 'late' OR kind = 'hold'")
        table.create_unique_constraint(op.f("uq_fine_owner_ordered"), ["owner", "ordered"])


def _mirrors() -> None:
    with op.batch_alter_table("fine_mirror") as table:
        table.alter_column("reader", existing_type=sa.String(), nullable=True)
        table.add_column(sa.Column("kind", sa.String(), server_default=sa.text("'late'"), nullable=False))
        table.add_column(sa.Column("loan", sa.String(), server_default=sa.text("''"), nullable=False))
    _run(f"UPDATE fine_mirror SET kind = 'hold' WHERE {_HELD}")
    _run("UPDATE fine_mirror SET loan = substr(reader, 4), reader = NULL WHERE substr(reader, 1, 3) = 'op:'")
    kind = sa.Column("kind", sa.String(), server_default=sa.text("'late'"), nullable=False)
    loan = sa.Column("loan", sa.String(), server_default=sa.text("''"), nullable=False)
    with op.batch_alter_table("fine_mirror", reflect_args=(kind, loan)) as table:
        table.create_check_constraint(op.f("ck_fine_mirror_kind"), "kind = 'late' OR kind = 'hold'")
        unknown = sa.text("reader IS NULL")
        table.create_index("ix_fine_mirror_unknown", ["loan"], sqlite_where=unknown, postgresql_where=unknown)
