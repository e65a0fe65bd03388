"""What Alembic runs for every command: on the connection, and in the transaction, that it is handed."""

from __future__ import annotations

from alembic import context

from node.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    transactional_ddl=True,  # it can, though Alembic does not trust its driver
)
with context.begin_transaction():
    context.run_migrations()
