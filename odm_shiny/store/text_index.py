"""Full text of the value dictionary: words and phrases -> codes of the values that hold them.

What is indexed is each distinct value of each attribute, once, and not each object: an attribute
with twenty values costs twenty rows for a million objects, a changed object costs nothing but its
new values, nothing ever has to be taken out again, and a phrase cannot run from one value into the
next because every value is a row of its own.

This is the one file that knows SQLite's FTS5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import numpy as np
from sqlalchemy import Connection

from odm_shiny.errors import QueryError, StoreError
from odm_shiny.query.full_text import tokenize
from odm_shiny.store.chunks import Ints

MAX_WORDS: Final = 10_000
"""Words that the wildcards of one term may stand for."""

_PHRASES: Final = 100
_CODE_BITS: Final = 32
_KIND_BITS: Final = 56
_WILD: Final = frozenset("*?")

_INSERT: Final = "INSERT INTO search_text (rowid, body) VALUES (?, ?)"
_MATCH: Final = (
    "SELECT json_group_array(rowid) FROM search_text"
    " WHERE search_text MATCH ? AND rowid BETWEEN ? AND ?"
)
_WORDS: Final = "SELECT term FROM search_word WHERE term >= ? AND term < ? AND term GLOB ? LIMIT ?"


class TextIndex:
    """Words and phrases of one store's values; the rows are numbered kind, column, code."""

    def add(
        self, conn: Connection, kind: int, column_id: int, codes: Ints, texts: Sequence[str]
    ) -> None:
        """Index new values; on other databases than SQLite nothing is kept.

        Parameters
        ----------
        kind
            Number of the kind, below 64.
        codes
            (n,) codes of the n texts.
        """
        if conn.dialect.name != "sqlite":
            return
        base = (kind << _KIND_BITS) + (column_id << _CODE_BITS)
        bodies = (" ".join(tokenize(text)) for text in texts)
        rows = [
            (base + code, body) for code, body in zip(codes.tolist(), bodies, strict=True) if body
        ]
        if rows:
            conn.exec_driver_sql(_INSERT, rows)

    def find(
        self, conn: Connection, kind: int, phrases: Iterable[Sequence[str]]
    ) -> dict[int, Ints]:
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
        if conn.dialect.name != "sqlite":
            raise StoreError(
                f"full text is not there on {conn.dialect.name}: use filters, or a SQLite store"
            )
        low = kind << _KIND_BITS
        high = low + (1 << _KIND_BITS) - 1
        written = dict.fromkeys(
            text for phrase in phrases if phrase for text in self._write(conn, phrase)
        )
        texts = list(written)
        found = [np.empty(0, np.int64)]
        for start in range(0, len(texts), _PHRASES):
            query = " OR ".join(texts[start : start + _PHRASES])
            rows = conn.exec_driver_sql(_MATCH, (query, low, high)).scalar_one()
            found.append(np.array(msgspec.json.decode(rows, type=list[int]), np.int64))
        return _by_column(np.unique(np.concatenate(found)) - low)

    def _write(self, conn: Connection, phrase: Sequence[str]) -> list[str]:
        """Write a phrase as FTS5 expressions, any of which may match."""
        *before, last = phrase
        prefix = last[:-1] if last.endswith("*") else ""
        is_prefix = bool(prefix) and _WILD.isdisjoint(prefix)
        words = [*before, prefix] if is_prefix else list(phrase)
        spelled: list[list[str]] = [[]]
        for word in words:
            choices = [word] if _WILD.isdisjoint(word) else self._words(conn, word)
            spelled = [[*some, choice] for some in spelled for choice in choices]
            if len(spelled) > MAX_WORDS:
                raise _too_many(" ".join(phrase))
        return [_quoted(words) + ("*" if is_prefix else "") for words in spelled]

    def _words(self, conn: Connection, pattern: str) -> list[str]:
        start = pattern[: min(pattern.find(wild) % (len(pattern) + 1) for wild in _WILD)]
        place = (start, start + chr(0x10FFFF), pattern, MAX_WORDS + 1)
        words = [row[0] for row in conn.exec_driver_sql(_WORDS, place)]
        if len(words) > MAX_WORDS:
            raise _too_many(pattern)
        return words


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
