"""The search index as the rest of the store uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike
from sqlalchemy import Connection, delete, func, select

from odm_shiny.errors import StoreError
from odm_shiny.query.nodes import Expr
from odm_shiny.store.search.changes import Change, write_changes
from odm_shiny.store.search.chunk_cache import DEFAULT_BYTES, ChunkCache
from odm_shiny.store.search.chunks import Bools, Ints
from odm_shiny.store.search.code_tables import CodeTables
from odm_shiny.store.search.column_writer import ColumnWriter
from odm_shiny.store.search.columns import ColumnReader
from odm_shiny.store.search.facets import Facet, count_values
from odm_shiny.store.search.filters import FilterSearch
from odm_shiny.store.search.full_text import TextSearch
from odm_shiny.store.search.links import sources_of, targets_by_source, targets_of, write_links
from odm_shiny.store.search.mismatches import find_mismatches
from odm_shiny.store.search.slot_values import texts_at
from odm_shiny.store.search.text_index import TextIndex
from odm_shiny.store.search.text_order import slots_by_text
from odm_shiny.store.search_schema import (
    Part,
    Role,
    search_column,
    search_kind,
    search_part,
    search_value,
)


class Tx(Protocol):
    """What the search needs of a transaction."""

    @property
    def conn(self) -> Connection:
        """Connection inside the transaction, which sees one snapshot."""

    @property
    def is_write(self) -> bool:
        """Whether it may write; then nobody else does at the same time."""

    @property
    def memo(self) -> dict[str, Any]:
        """Room for what is worth keeping until the transaction ends."""


class Search:
    """The search index of one store; safe for threads, any number of processes may have one.

    Parameters
    ----------
    cache_bytes
        Memory for decoded columns.
    """

    def __init__(self, *, cache_bytes: int = DEFAULT_BYTES) -> None:
        self.cache = ChunkCache(cache_bytes)
        self._text_index = TextIndex()

    def update(self, tx: Tx, kind: str, changes: Iterable[Change]) -> None:
        """Follow changes of documents; all columns of many changes are written once.

        Parameters
        ----------
        changes
            One slot may occur more than once; then the last one counts.

        Raises
        ------
        StoreError
            `tx` only reads.
        """
        with _Writing(tx, kind, self.cache) as writer:
            write_changes(writer, self._text_index, changes)

    def set_numbers(
        self, tx: Tx, kind: str, column: str, slots: ArrayLike, values: ArrayLike
    ) -> None:
        """Set int64 numbers of objects in a system column, e.g. ``#owner``; -1 unsets.

        Parameters
        ----------
        slots, values
            (n,) int each; a slot occurs once.
        """
        where, numbers = np.asarray(slots, np.int64), np.asarray(values, np.int64)
        if not len(where):
            return
        order = np.argsort(where, kind="stable")
        with _Writing(tx, kind, self.cache) as writer:
            writer.set_numbers(column, where[order], numbers[order])
            writer.grow(int(where[order[-1]]) + 1)

    def set_links(
        self, tx: Tx, source_kind: str, target_kind: str, links: Mapping[int, Sequence[int]]
    ) -> None:
        """Replace all targets of some sources: source slot -> target slots, none to unlink."""
        if links:
            with _Writing(tx, source_kind, self.cache) as writer:
                write_links(writer, target_kind, links)

    def size(self, tx: Tx, kind: str) -> int:
        """Count the slots of a kind, deleted objects included: the length of its masks."""
        return self._reader(tx, kind).n_slots

    def alive(self, tx: Tx, kind: str) -> Bools:
        """Say which slots hold an object: (n_slots,)."""
        return self._reader(tx, kind).alive().copy()

    def filter(self, tx: Tx, kind: str, expr: Expr) -> Bools:
        """Find the objects that fulfil a metadata filter: (n_slots,).

        Raises
        ------
        QueryError
            `expr` is no filter.

        Notes
        -----
        Means what `odm_shiny.query.evaluate.evaluate` means.
        """
        reader = self._reader(tx, kind)
        return FilterSearch(reader).mask(expr) & reader.alive()

    def text(
        self,
        tx: Tx,
        kind: str,
        expr: Expr,
        expand: Callable[[str], Iterable[str]] | None = None,
    ) -> Bools:
        """Find the objects that fulfil a full-text query: (n_slots,).

        Parameters
        ----------
        expand
            Gives the labels and synonyms that stand for a term's text.

        Raises
        ------
        QueryError
            `expr` is no full-text query, or its wildcards stand for more than 10,000 words.
        StoreError
            The database is not SQLite.
        """
        reader = self._reader(tx, kind)
        return TextSearch(reader, self._text_index, expand).mask(expr) & reader.alive()

    def numbers(self, tx: Tx, kind: str, column: str) -> Ints:
        """Give a system column: (n_slots,) int64, read-only, -1 = unset."""
        return self._reader(tx, kind).numbers(column)

    def sources(self, tx: Tx, source_kind: str, target_kind: str, target_mask: Bools) -> Bools:
        """Find the objects with a link to one of `target_mask`: (n_source_slots,)."""
        reader = self._reader(tx, source_kind)
        return sources_of(reader, target_kind, target_mask) & reader.alive()

    def targets(self, tx: Tx, source_kind: str, target_kind: str, source_mask: Bools) -> Bools:
        """Find the objects that one of `source_mask` has a link to: (n_target_slots,)."""
        alive = self._reader(tx, target_kind).alive()
        reader = self._reader(tx, source_kind)
        return targets_of(reader, target_kind, source_mask, len(alive)) & alive

    def links_of(
        self, tx: Tx, source_kind: str, target_kind: str, slots: ArrayLike
    ) -> tuple[Ints, Ints]:
        """Give the targets of each of `slots`.

        Returns
        -------
        ``offsets`` (n_slots + 1,) and ``target_slots``: source i has
        ``target_slots[offsets[i]:offsets[i + 1]]``.
        """
        reader = self._reader(tx, source_kind)
        where = np.asarray(slots, np.int64)
        rows = targets_by_source(reader, target_kind, where)
        return rows.offsets, rows.members.astype(np.int64)

    def facets(
        self,
        tx: Tx,
        kind: str,
        mask: Bools | None,
        attributes: Iterable[str],
        limit: int | None = 100,
    ) -> dict[str, Facet]:
        """Count the values of attributes among the objects of `mask`.

        Parameters
        ----------
        mask
            (n_slots,); ``None`` for all objects.
        limit
            How many values of an attribute to name; ``None`` for all.

        Returns
        -------
        Attribute -> counts, in the order asked; an unknown attribute has no values.
        """
        reader = self._reader(tx, kind)
        alive = reader.alive()
        chosen = alive if mask is None else mask & alive
        names = list(attributes)
        reader.prefetch_attributes(names)
        tables = {name: CodeTables.of(reader, name) for name in names}
        return {name: count_values(one, chosen, limit) for name, one in tables.items()}

    def values(self, tx: Tx, kind: str, attribute: str, slots: ArrayLike) -> list[str | None]:
        """Give the text of an attribute's value for each of `slots`; ``None`` = unset.

        The values of a list stand in one text, with ``|`` between; `value_lists` keeps them apart.
        """
        found = self.value_lists(tx, kind, attribute, slots)
        return ["|".join(texts) if texts else None for texts in found]

    def value_lists(
        self, tx: Tx, kind: str, attribute: str, slots: ArrayLike
    ) -> list[tuple[str, ...]]:
        """Give the texts of an attribute's values for each of `slots`; empty = unset."""
        tables = CodeTables.of(self._reader(tx, kind), attribute)
        return texts_at(tables, np.asarray(slots, np.int64))

    def in_order(
        self, tx: Tx, kind: str, attributes: Sequence[str], *, descending: bool = False
    ) -> Ints:
        """Give all slots of a kind in the order of a text, kept until such a text changes.

        Parameters
        ----------
        attributes
            An object counts by its value of the first of these that is set; the values of a list
            are joined with ``|``, and an object with none of them counts as the empty text.
        descending
            Turn the order of the texts around; equal texts stay in ascending order of slots.

        Returns
        -------
        (n_slots,) int64, read-only, deleted objects included; texts are in code point order.
        """
        return slots_by_text(self._reader(tx, kind), attributes, descending=descending)

    def attributes(self, tx: Tx, kind: str) -> list[tuple[str, int]]:
        """Give the attributes that some object has, by name, with the number of objects."""
        n_set = func.sum(search_part.c.n_set)
        rows = tx.conn.execute(
            select(search_column.c.name, n_set)
            .join(search_part, search_part.c.column_id == search_column.c.id)
            .where(
                search_column.c.kind == kind,
                search_column.c.role == int(Role.ATTRIBUTE),
                search_part.c.part == int(Part.CODES),
            )
            .group_by(search_column.c.name)
            .having(n_set > 0)
            .order_by(search_column.c.name)
        )
        return [(name, int(count)) for name, count in rows]

    def mismatches(
        self, tx: Tx, kind: str, documents: Iterable[tuple[int, Mapping[str, Any]]]
    ) -> Iterator[str]:
        """Compare the index with all documents of a kind, which are the truth.

        Parameters
        ----------
        documents
            (slot, document) of every object that is there.

        Yields
        ------
        A sentence for every object, attribute or value that differs.
        """
        yield from find_mismatches(self._reader(tx, kind), documents)

    def clear(self, tx: Tx) -> None:
        """Forget everything, of all kinds; `update` with all documents builds the index again."""
        _must_write(tx)
        for table in (search_part, search_value, search_column, search_kind):
            tx.conn.execute(delete(table))
        self._text_index.clear(tx.conn)

    def _reader(self, tx: Tx, kind: str) -> ColumnReader:
        if tx.is_write:
            return ColumnReader(tx.conn, kind, self.cache)
        # One snapshot for the whole transaction, so what is known of a kind stays true.
        known = tx.memo.setdefault("search", {})
        if kind not in known:
            known[kind] = ColumnReader(tx.conn, kind, self.cache)
        reader: ColumnReader = known[kind]
        return reader


class _Writing:
    """A writer of one kind, finished if nothing went wrong."""

    def __init__(self, tx: Tx, kind: str, cache: ChunkCache) -> None:
        _must_write(tx)
        self.writer = ColumnWriter(tx.conn, kind, cache)

    def __enter__(self) -> ColumnWriter:
        return self.writer

    def __exit__(self, failed: Any, *_: object) -> None:
        if failed is None:
            self.writer.finish()


def _must_write(tx: Tx) -> None:
    if not tx.is_write:
        raise StoreError("a change was asked for in a read transaction; use store.write()")
