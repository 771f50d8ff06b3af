"""Columns of one kind as one transaction sees them: arrays in chunks, cached by stamp."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

import numpy as np
from sqlalchemy import Connection, bindparam, select

from odm_shiny.errors import StoreError
from odm_shiny.store.search import chunks
from odm_shiny.store.search.chunk_cache import ChunkCache
from odm_shiny.store.search.chunks import AnyInts, Bools, Codes, Floats, Ints, Rows
from odm_shiny.store.search.masks import look_up
from odm_shiny.store.search.rows import join_rows
from odm_shiny.store.search_schema import (
    CHUNK_CODES,
    CHUNK_SLOTS,
    Part,
    Role,
    search_column,
    search_kind,
    search_part,
)

BATCH: Final = 1_000
"""Values bound in one ``IN`` list; every database takes this many."""

ALIVE_NAME: Final = "#alive"
WORDS_NAME: Final = "#words"
_IS_SET: Final[Bools] = np.array([False, True])
_LAYOUT_BYTES: Final = 250  # of one entry in memory, roughly


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a chunk without reading it.

    Attributes
    ----------
    stamp
        Random number drawn when the chunk was written.
    n_set
        Slots with a value.
    top
        Largest code in it; 0 where the chunk holds no codes.
    """

    stamp: int
    n_set: int
    top: int


Layout: TypeAlias = Mapping[tuple[int, int], Entry]
"""(part, chunk number) -> entry."""

_Part = TypeVar("_Part")

_find_kind = select(search_kind).where(search_kind.c.kind == bindparam("kind"))
_find_columns = select(search_column.c.role, search_column.c.name, search_column.c.id).where(
    search_column.c.kind == bindparam("kind")
)
_find_layouts = select(
    search_part.c.column_id,
    search_part.c.part,
    search_part.c.number,
    search_part.c.stamp,
    search_part.c.n_set,
    search_part.c.top,
).where(search_part.c.column_id.in_(bindparam("columns", expanding=True)))
_place = (
    search_part.c.column_id == bindparam("of_column"),
    search_part.c.part == bindparam("of_part"),
)
_read_part = select(
    search_part.c.number, search_part.c.stamp, search_part.c.form, search_part.c.data
).where(*_place)
_read_chunk = _read_part.where(search_part.c.number == bindparam("of_number"))


class ColumnReader:
    """The columns of one kind in one transaction.

    Parameters
    ----------
    conn
        Connection inside a transaction with a stable snapshot (SQLite always; PostgreSQL from
        REPEATABLE READ).
    kind
        Kind of object; one that was never written has no slots and no columns.
    cache
        Shared by all readers of a store.

    Attributes
    ----------
    number : int
        Number of the kind, -1 if it was never written.
    n_slots : int
        Slots ever used, deleted objects included.
    """

    def __init__(self, conn: Connection, kind: str, cache: ChunkCache) -> None:
        self.conn = conn
        self.kind = kind
        self.cache = cache
        row = conn.execute(_find_kind, {"kind": kind}).one_or_none()
        self.number: int = -1 if row is None else row.number
        self.n_slots: int = 0 if row is None else row.n_slots
        self.stamp: int = 0 if row is None else row.stamp
        self.columns_stamp: int = 0 if row is None else row.columns_stamp
        self._layouts: dict[int, Layout] = {}
        self._columns: dict[tuple[int, str], int] | None = None

    def columns(self) -> Mapping[tuple[int, str], int]:
        """Give (role, name) -> column id of every column of the kind."""
        if self._columns is not None:
            return self._columns
        key = ("columns", self.kind)
        found = self.cache.get(key, self.columns_stamp, dict)
        if found is None:
            rows = self.conn.execute(_find_columns, {"kind": self.kind})
            found = {(row.role, row.name): row.id for row in rows}
            self.cache.put(key, self.columns_stamp, found, len(found) * _LAYOUT_BYTES)
        self._columns = found
        return found

    def column(self, role: Role, name: str) -> int | None:
        """Find a column's id; ``None`` if the kind has no such column."""
        return self.columns().get((role, name))

    def layout(self, column_id: int) -> Layout:
        """Say which chunks a column has."""
        if column_id not in self._layouts:
            self.prefetch([column_id])
        return self._layouts[column_id]

    def prefetch(self, column_ids: Iterable[int]) -> None:
        """Read the layouts of several columns at once."""
        missing = []
        for column_id in column_ids:
            if column_id in self._layouts:
                continue
            found = self.cache.get(("layout", column_id), self.stamp, dict)
            if found is None:
                missing.append(column_id)
            else:
                self._layouts[column_id] = found
        for start in range(0, len(missing), BATCH):
            self._read_layouts(missing[start : start + BATCH])

    def prefetch_attributes(self, names: Iterable[str]) -> None:
        """Read the layouts of those attributes that are there."""
        columns = self.columns()
        found = (columns.get((Role.ATTRIBUTE, name)) for name in names)
        self.prefetch(column_id for column_id in found if column_id is not None)

    def top(self, column_id: int) -> int:
        """Largest code that any object has or had last; 0 if none."""
        layout = self.layout(column_id).items()
        return max((entry.top for (part, _), entry in layout if part == Part.CODES), default=0)

    def read(
        self,
        column_id: int,
        part: Part,
        kind: type[_Part],
        numbers: Container[int] | None = None,
    ) -> dict[int, _Part]:
        """Give the chunks of a part by number, in order; absent ones hold nothing.

        Parameters
        ----------
        kind
            What the chunks decode to.
        numbers
            Chunks that are needed; ``None`` for all.

        Raises
        ------
        StoreError
            A chunk does not decode, or is not of this kind.
        """
        found: dict[int, _Part | None] = {}
        missing = []
        for (of_part, number), entry in sorted(self.layout(column_id).items()):
            if of_part == part and (numbers is None or number in numbers):
                found[number] = self.cache.get((column_id, int(part), number), entry.stamp, kind)
                if found[number] is None:
                    missing.append(number)
        if missing:
            found.update(self._read_chunks(column_id, part, missing, kind))
        return {number: chunk for number, chunk in found.items() if chunk is not None}

    def stamps(self, column_id: int, part: Part) -> tuple[int, ...]:
        """Give what changes whenever a part of a column does; empty where nothing is in it."""
        layout = self.layout(column_id)
        return tuple(layout[at].stamp for at in sorted(layout) if at[0] == part)

    def codes(self, column_id: int) -> dict[int, Codes]:
        """Give the coded chunks of an attribute."""
        return self.read(column_id, Part.CODES, Codes)

    def codes_at(self, column_id: int, slots: Ints) -> AnyInts:
        """Give the codes of `slots` (any order): (n,) uint32, 0 = unset."""
        found = np.zeros(len(slots), np.uint32)
        numbers = slots // CHUNK_SLOTS
        needed = set(np.unique(numbers).tolist())
        for number, codes in self.read(column_id, Part.CODES, Codes, needed).items():
            here = np.flatnonzero(numbers == number)
            found[here] = chunks.codes_at(codes, slots[here] - number * CHUNK_SLOTS)
        return found

    def numbers(self, name: str) -> Ints:
        """Give an int64 system column: (n_slots,), -1 = unset; not to be changed."""
        column_id = self.column(Role.NUMBER, name)
        if column_id is None:
            return np.full(self.n_slots, -1, np.int64)
        key, stamp = ("numbers", column_id), (self.stamps(column_id, Part.NUMBERS), self.n_slots)
        values: Ints | None = self.cache.get(key, stamp, np.ndarray)
        if values is None:
            values = np.full(self.n_slots, -1, np.int64)
            for number, chunk in self.read(column_id, Part.NUMBERS, np.ndarray).items():
                start = number * CHUNK_SLOTS
                values[start : start + len(chunk)] = chunk
            values.flags.writeable = False
            self.cache.put(key, stamp, values, values.nbytes)
        return values

    def alive(self) -> Bools:
        """Say which slots hold an object: (n_slots,); not to be changed."""
        column_id = self.column(Role.ALIVE, ALIVE_NAME)
        if column_id is None:
            return np.zeros(self.n_slots, np.bool_)
        key, stamp = ("alive", column_id), (self.stamps(column_id, Part.CODES), self.n_slots)
        mask: Bools | None = self.cache.get(key, stamp, np.ndarray)
        if mask is None:
            mask = look_up(self.codes(column_id), _IS_SET, self.n_slots)
            mask.flags.writeable = False
            self.cache.put(key, stamp, mask, mask.nbytes)
        return mask

    def words(self) -> list[str]:
        """Give all words of the kind, in texts with every word between newlines."""
        column_id = self.column(Role.WORDS, WORDS_NAME)
        return [] if column_id is None else list(self.read(column_id, Part.WORDS, str).values())

    def code_array(self, column_id: int, part: Part, n_codes: int) -> Floats | None:
        """Give one number per code: (n_codes + 1,), NaN = none; ``None`` if no code has one."""
        stamps = self.stamps(column_id, part)
        if not stamps:
            return None
        key = ("codes", column_id, int(part))
        stamp = (stamps, n_codes)
        array: Floats | None = self.cache.get(key, stamp, np.ndarray)
        if array is None:
            array = np.full(n_codes + 1, np.nan)
            for number, chunk in self.read(column_id, part, np.ndarray).items():
                start = number * CHUNK_CODES
                wanted = chunk[: max(0, n_codes + 1 - start)]
                array[start : start + len(wanted)] = wanted
            array.flags.writeable = False
            self.cache.put(key, stamp, array, array.nbytes)
        return array

    def code_rows(self, column_id: int, part: Part) -> Rows | None:
        """Give the rows of codes that stand for lists, in one; ``None`` if there are none."""
        stamps = self.stamps(column_id, part)
        if not stamps:
            return None
        key = ("rows", column_id, int(part))
        joined = self.cache.get(key, stamps, Rows)
        if joined is None:
            joined = join_rows(list(self.read(column_id, part, Rows).values()))
            self.cache.put(key, stamps, joined, chunks.n_bytes(joined))
        return joined

    def _read_layouts(self, column_ids: list[int]) -> None:
        found: dict[int, dict[tuple[int, int], Entry]] = {one: {} for one in column_ids}
        rows = self.conn.execute(_find_layouts, {"columns": column_ids})
        for column_id, part, number, stamp, n_set, top in rows:
            found[column_id][part, number] = Entry(stamp, n_set, top)
        self._layouts.update(found)
        for column_id, layout in found.items():
            size = (1 + len(layout)) * _LAYOUT_BYTES
            self.cache.put(("layout", column_id), self.stamp, layout, size)

    def _read_chunks(
        self, column_id: int, part: Part, numbers: list[int], kind: type[_Part]
    ) -> dict[int, _Part]:
        place = {"of_column": column_id, "of_part": int(part)}
        if len(numbers) <= 2:
            rows = [
                self.conn.execute(_read_chunk, {**place, "of_number": number}).one()
                for number in numbers
            ]
        else:
            wanted = set(numbers)
            rows = [row for row in self.conn.execute(_read_part, place) if row.number in wanted]
        found: dict[int, _Part] = {}
        for number, stamp, form, data in rows:
            chunk = chunks.decode(form, data)
            if not isinstance(chunk, kind):
                raise StoreError(f"search index: form {form!r} does not belong to part {part.name}")
            key = (column_id, int(part), number)
            self.cache.put(key, stamp, chunk, chunks.n_bytes(chunk))
            found[number] = chunk
        return found
