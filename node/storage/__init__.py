"""The only SQL: schema, units of work, migrations, outbox."""
