"""Full text of the value dictionary: words and phrases -> codes of the values that hold them.

What is indexed is each distinct value of each attribute, once, and not each object: an attribute
with twenty values costs twenty rows for a million objects, a changed object costs nothing but its
new values, nothing ever has to be taken out again, and a phrase cannot run from one value into the
next because every value is a row of its own.

This is the one file that knows SQLite's FTS5. All text is bound or stands in quotes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
import numpy as np
from sqlalchemy import Connection

from odm_shiny.errors import QueryError, StoreError
from odm_shiny.query.full_text import tokenize
from odm_shiny.store.search.bulk_insert import execute_many
from odm_shiny.store.search.chunks import Ints
from odm_shiny.store.search.column_writer import ColumnWriter
from odm_shiny.store.search.columns import ColumnReader
from odm_shiny.store.search.word_patterns import has_wildcard, words_like

MAX_WORDS: Final = 10_000
"""Words that the wildcards of one term may stand for."""

_FEW_VALUES: Final = 200
_PHRASES: Final = 100
_CODE_BITS: Final = 32
_KIND_BITS: Final = 56

_INSERT: Final = "INSERT INTO search_text (rowid, body) VALUES (?, ?)"
_CLEAR: Final = "INSERT INTO search_text (search_text) VALUES ('delete-all')"
_OF_KIND: Final = "FROM search_text WHERE search_text MATCH ? AND rowid BETWEEN ? AND ?"
_MATCH: Final = f"SELECT json_group_array(rowid) {_OF_KIND}"
_EXISTS: Final = f"SELECT rowid {_OF_KIND} LIMIT 1"


class TextIndex:
    """Words and phrases of one store's values; the rows are numbered kind, column, code."""

    def add(self, writer: ColumnWriter, column_id: int, codes: Ints, texts: Sequence[str]) -> None:
        """Index new values; on other databases than SQLite nothing is kept.

        Parameters
        ----------
        codes
            (n,) codes of the n texts.
        """
        if writer.conn.dialect.name != "sqlite":
            return
        base = (writer.number << _KIND_BITS) + (column_id << _CODE_BITS)
        words: dict[str, None] = {}

        def rows() -> Iterator[tuple[int, str]]:
            for code, text in zip(codes.tolist(), texts, strict=True):
                tokens = tokenize(text)
                if tokens:
                    words.update(dict.fromkeys(tokens))
                    yield base + code, " ".join(tokens)

        # Words that are there already would only be listed twice: not worth a look for many.
        if len(texts) <= _FEW_VALUES:
            few = list(rows())
            new = [word for word in words if not self._is_known(writer, word)]
            execute_many(writer.conn, _INSERT, few)
            writer.add_words(new)
        else:
            execute_many(writer.conn, _INSERT, rows())
            writer.add_words(words)

    def find(self, reader: ColumnReader, phrases: Iterable[Sequence[str]]) -> dict[int, Ints]:
        """Find the values that hold one of `phrases`.

        Parameters
        ----------
        phrases
            Each a sequence of tokens that must follow each other; a token may hold ``*`` (any run
            of characters) and ``?`` (one character).

        Returns
        -------
        Column id -> codes (ascending) of the kind.

        Raises
        ------
        QueryError
            Wildcards stand for more than 10,000 words.
        StoreError
            The database has no full text.
        """
        name = reader.conn.dialect.name
        if name != "sqlite":
            raise StoreError(f"full text is not there on {name}: use filters, or a SQLite store")
        written = dict.fromkeys(
            text for phrase in phrases if phrase for text in _write(reader, phrase)
        )
        texts = list(written)
        found = [np.empty(0, np.int64)]
        for start in range(0, len(texts), _PHRASES):
            query = " OR ".join(texts[start : start + _PHRASES])
            rows = reader.conn.exec_driver_sql(_MATCH, (query, *_rows_of(reader))).scalar_one()
            found.append(np.array(msgspec.json.decode(rows, type=list[int]), np.int64))
        return _by_column(np.unique(np.concatenate(found)) - _rows_of(reader)[0])

    def clear(self, conn: Connection) -> None:
        """Forget all values of all kinds."""
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql(_CLEAR)

    def _is_known(self, reader: ColumnReader, word: str) -> bool:
        place = (_quoted([word]), *_rows_of(reader))
        return reader.conn.exec_driver_sql(_EXISTS, place).first() is not None


def _rows_of(reader: ColumnReader) -> tuple[int, int]:
    low = reader.number << _KIND_BITS
    return low, low + (1 << _KIND_BITS) - 1


def _write(reader: ColumnReader, phrase: Sequence[str]) -> list[str]:
    """Write a phrase as FTS5 expressions, any of which may match."""
    prefix = phrase[-1][:-1]
    is_prefix = phrase[-1].endswith("*") and bool(prefix) and not has_wildcard(prefix)
    words = [*phrase[:-1], prefix] if is_prefix else list(phrase)
    spelled: list[list[str]] = [[]]
    for word in words:
        choices = _words(reader, word) if has_wildcard(word) else [word]
        spelled = [[*some, choice] for some in spelled for choice in choices]
        if len(spelled) > MAX_WORDS:
            raise _too_many(" ".join(phrase))
    return [_quoted(one) + ("*" if is_prefix else "") for one in spelled]


def _words(reader: ColumnReader, pattern: str) -> list[str]:
    # A word may be listed more than once, so the limit is on the distinct ones.
    words = set[str]()
    for word in words_like(pattern, reader.words()):
        words.add(word)
        if len(words) > MAX_WORDS:
            raise _too_many(pattern)
    return sorted(words)


def _quoted(words: Sequence[str]) -> str:
    # Inside quotes nothing is an operator; a token has no quote, and one would be doubled.
    return '"' + " ".join(words).replace('"', '""') + '"'


def _too_many(pattern: str) -> QueryError:
    return QueryError(
        f"the wildcards of {pattern!r} stand for more than {MAX_WORDS:,} words: "
        "write more letters, best the first ones"
    )


def _by_column(rows: Ints) -> dict[int, Ints]:
    columns = rows >> _CODE_BITS
    starts = np.flatnonzero(np.diff(columns, prepend=-1))
    parts = np.split(rows & ((1 << _CODE_BITS) - 1), starts[1:]) if len(starts) else []
    return dict(zip(columns[starts].tolist(), parts, strict=True))
