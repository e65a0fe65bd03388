"""What is forgotten in time: since when rows are over, the indexes that find them, and counts that are kept.

Moves a database from version 0007 to 0008. Of what was over before, it is not known since when: it counts from now, so
that nothing leaves too early.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"
branch_labels = None
depends_on = None

_NOW = "CAST(strftime('%s', 'now') AS INTEGER) * 1000"
_OWED = "amount_fen > paid_fen"
_INDEXES: tuple[tuple[str, str, list[str], str | None], ...] = (
    ("ix_place_history", "place", ["ended_at_ms"], "ended_at_ms IS NOT NULL AND reader <> ''"),
    ("ix_place_over", "place", ["ended_at_ms"], "ended_at_ms IS NOT NULL AND (reader IS NULL OR reader = '')"),
    ("ix_fine_mirror_loan", "fine_mirror", ["loan"], None),
    ("ix_fine_mirror_owed", "fine_mirror", ["ledger", "fine"], _OWED),
    ("ix_fine_mirror_history", "fine_mirror", ["settled_at_ms"], "settled_at_ms IS NOT NULL AND barcode <> ''"),
    ("ix_fine_mirror_over", "fine_mirror", ["settled_at_ms"], "settled_at_ms IS NOT NULL AND barcode = ''"),
    ("ix_card_op_at_ms", "card_op", ["at_ms"], None),
    ("ix_hold_mirror_history", "hold_mirror", ["ended_at_ms"], "ended_at_ms IS NOT NULL AND reader <> ''"),
    ("ix_hold_mirror_over", "hold_mirror", ["ended_at_ms"], "ended_at_ms IS NOT NULL AND reader = ''"),
    ("ix_fine_loan", "fine", ["loan"], None),
    ("ix_fine_owed", "fine", ["home", "fine"], _OWED),
    ("ix_fine_settled", "fine", ["settled_at_ms"], "settled_at_ms IS NOT NULL AND barcode <> ''"),
    ("ix_owner_op_at_ms", "owner_op", ["at_ms"], None),
    ("ix_loan_open_of_home", "loan", ["home", "barcode"], "closed_at_ms IS NULL"),
    ("ix_loan_history", "loan", ["closed_at_ms"], "closed_at_ms IS NOT NULL AND (reader IS NULL OR reader <> '')"),
    ("ix_loan_over", "loan", ["closed_at_ms"], "closed_at_ms IS NOT NULL AND reader = ''"),
    ("ix_evidence_at_ms", "evidence", ["at_ms"], None),
    ("ix_hold_history", "hold", ["ended_at_ms"], "ended_at_ms IS NOT NULL AND reader <> ''"),
    ("ix_hold_over", "hold", ["ended_at_ms"], "ended_at_ms IS NOT NULL AND reader = ''"),
    ("ix_outbox_acked", "outbox", ["acked_at_ms"], "acked_at_ms IS NOT NULL"),
    ("ix_unconfirmed_at_ms", "unconfirmed", ["at_ms"], None),
    ("ix_staff_exception_closed", "staff_exception", ["closed_at_ms"], "closed_at_ms IS NOT NULL"),
)
_OVER = (
    ("place", "ended_at_ms", "state <> 'held'"),
    ("hold", "ended_at_ms", "state <> 'waiting' AND state <> 'ready'"),
    ("hold_mirror", "ended_at_ms", "state <> 'waiting' AND state <> 'ready'"),
    ("fine", "settled_at_ms", f"NOT ({_OWED})"),
    ("fine_mirror", "settled_at_ms", f"NOT ({_OWED})"),
)


def upgrade() -> None:
    zero = sa.text("0")
    for table, column in (("card", "keeps_history"), ("kiosk_op", "lasting"), ("seen_card", "noted_at_ms")):
        op.add_column(table, sa.Column(column, sa.BigInteger(), server_default=zero, nullable=False))
    for table, column, _over in _OVER:
        op.add_column(table, sa.Column(column, sa.BigInteger(), nullable=True))
    for table, column, over in _OVER:
        op.execute(f"UPDATE {table} SET {column} = {_NOW} WHERE {over}")
    op.execute(f"UPDATE seen_card SET noted_at_ms = {_NOW}")
    # what kiosks lent and renewed off line; of returns it can't be told any more
    op.execute("UPDATE kiosk_op SET lasting = 1 WHERE answer LIKE 'Recorded %'")
    op.create_table(
        "tally",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tally")),
    )
    op.execute("INSERT INTO tally SELECT 'loans_active', COUNT(*) FROM loan WHERE closed_at_ms IS NULL")
    op.execute(
        "INSERT INTO tally SELECT 'fines_outstanding_fen', COALESCE(SUM(amount_fen - paid_fen), 0) "
        f"FROM fine WHERE {_OWED}"
    )
    for name, table, columns, where in _INDEXES:
        condition = None if where is None else sa.text(where)
        op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
