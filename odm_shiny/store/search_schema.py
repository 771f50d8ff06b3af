"""Tables of the search index; they live in the metadata database, beside the documents.

::

    search_kind     one row a kind: size, and a stamp that changes with every write
    search_column   the names: attributes, system numbers, links
    search_value    per attribute: distinct value text <-> code (1, 2, ...; 0 = unset, never stored)
    search_part     per column: arrays in chunks, as blobs with a stamp each
    search_text     full text of the distinct values (made by `create_text_index`)

Nothing here is the truth: all of it can be made again from the documents.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from odm_shiny.store.schema import metadata

CHUNK_SLOTS: Final = 65_536
"""Objects per chunk; a chunk of a common attribute is then one blob of 64 KiB."""

CHUNK_CODES: Final = 8_192
"""Codes per chunk of a dictionary array: 64 KiB of float64."""

CHUNK_CHARACTERS: Final = 65_536
"""Characters after which a chunk of words is full."""


class Role(IntEnum):
    """What a row of ``search_column`` is."""

    ATTRIBUTE = 0
    NUMBER = 1
    LINK = 2
    ALIVE = 3
    WORDS = 4


class Part(IntEnum):
    """Which array of a column a row of ``search_part`` belongs to.

    ``CODES``, ``NUMBERS`` and ``TARGETS`` run over slots, ``CODE_...`` over codes; ``WORDS`` are
    all words of a kind, for the wildcards of full text.
    """

    CODES = 0
    NUMBERS = 1
    TARGETS = 2
    CODE_NUMBERS = 3
    CODE_DATES = 4
    CODE_MEMBERS = 5
    WORDS = 6


# Byte order of UTF-8 is code point order, which is how Python sorts: SQLite's default.
_BYTEWISE_TEXT = Text().with_variant(Text(collation="C"), "postgresql")

search_kind = Table(
    "search_kind",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("n_slots", Integer, nullable=False),
    Column("stamp", BigInteger, nullable=False),
    Column("columns_stamp", BigInteger, nullable=False),
)

search_column = Table(
    "search_column",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("role", Integer, nullable=False),
    Column("name", _BYTEWISE_TEXT, nullable=False),
    UniqueConstraint("kind", "role", "name", name="search_column_name"),
)

search_value = Table(
    "search_value",
    metadata,
    Column("column_id", Integer, primary_key=True, autoincrement=False),
    Column("code", Integer, primary_key=True, autoincrement=False),
    Column("is_list", Integer, nullable=False),
    Column("key", _BYTEWISE_TEXT, nullable=False),
    Column("text", Text, nullable=True),  # NULL: the key is the text
    sqlite_with_rowid=False,
)
Index(
    "search_value_key",
    search_value.c.column_id,
    search_value.c.is_list,
    search_value.c.key,
    unique=True,
)

search_part = Table(
    "search_part",
    metadata,
    Column("column_id", Integer, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("stamp", BigInteger, nullable=False),
    Column("form", Text, nullable=False),
    Column("n_set", Integer, nullable=False),
    Column("top", Integer, nullable=False),
    # Last, so that reading stamps never touches the blob's pages.
    Column("data", LargeBinary, nullable=False),
)


def create_text_index(conn: Connection) -> None:
    """Make the full-text table, which SQLAlchemy cannot describe; harmless when it is there.

    Notes
    -----
    Text arrives as lower-case tokens with spaces between (`odm_shiny.query.full_text.tokenize`).
    The ``ascii`` tokenizer, for which every non-ASCII character belongs to a word, only cuts at
    those spaces, so database and parser cannot differ over what a word is. Rows are never changed
    or deleted, because they hold dictionary values and the dictionary only grows; so the table
    needs no content. Other databases have no such table: see `odm_shiny.store.search.text_index`.
    """
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql(
            "CREATE VIRTUAL TABLE IF NOT EXISTS search_text"
            " USING fts5(body, content='', tokenize=\"ascii tokenchars '_'\")"
        )
