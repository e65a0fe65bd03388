"""The table of what the database says of itself."""

from sqlalchemy import Table

from node.storage.schema.columns import metadata
from node.storage.schema.columns import text_column as _text

meta = Table("meta", metadata, _text("name", key=True), _text("value"))
