"""What the tables are made of: one `metadata`, the two kinds of column, texts and whole numbers, lists of words, and
indexes of some rows only."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, MetaData, String, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def text_column(name: str, *, null: bool = False, key: bool = False, default: str | None = None) -> Column[str]:
    return Column(
        name,
        String,
        primary_key=key,
        nullable=null,
        server_default=None if default is None else text(f"'{default}'"),
    )


def number_column(name: str, *, null: bool = False, default: int | None = None) -> Column[int]:
    return Column(name, BigInteger, nullable=null, server_default=None if default is None else text(str(default)))


def one_of(column: str, *words: str) -> str:
    """The condition that the column holds one of these. Not IN: SQLite builds a table of the words for each row."""
    return " OR ".join(f"{column} = '{word}'" for word in words)


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of the rows that meet the condition, in every database that we know."""
    condition = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


IN_FORCE = "state = 'waiting' OR state = 'ready'"
"""Of a hold; as the queries write it, else the index is not used."""
