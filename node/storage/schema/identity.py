"""The tables of what the database says of itself: its identity, and how many rows of a kind it has."""

from sqlalchemy import Table

from node.storage.schema.columns import metadata
from node.storage.schema.columns import number_column as _number
from node.storage.schema.columns import text_column as _text

meta = Table("meta", metadata, _text("name", key=True), _text("value"))

# Counted as the rows are written, because a scrape may not count a million of them. Checked every night.
tally = Table("tally", metadata, _text("name", key=True), _number("value"))
