"""Write columns of one kind in one transaction: only the chunks that change are touched."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, func, insert, select, update

from odm_shiny.errors import StoreError
from odm_shiny.store.search import chunks
from odm_shiny.store.search.chunk_cache import ChunkCache
from odm_shiny.store.search.chunks import AnyInts, Codes, Floats, Ints, Rows
from odm_shiny.store.search.columns import WORDS_NAME, ColumnReader, Entry
from odm_shiny.store.search.rows import join_rows, part_of_rows, replace_rows, rows_of_codes
from odm_shiny.store.search_schema import (
    CHUNK_CHARACTERS,
    CHUNK_CODES,
    CHUNK_SLOTS,
    Part,
    Role,
    search_column,
    search_kind,
    search_part,
)

_Part = TypeVar("_Part")
_Scalar = TypeVar("_Scalar", np.int64, np.float64)

_change_kind = update(search_kind).where(search_kind.c.kind == bindparam("of_kind"))
_change_chunk = update(search_part).where(
    search_part.c.column_id == bindparam("of_column"),
    search_part.c.part == bindparam("of_part"),
    search_part.c.number == bindparam("of_number"),
)


class ColumnWriter(ColumnReader):
    """The columns of one kind in a writing transaction, of which there is one at a time.

    Call `finish` last.

    Raises
    ------
    StoreError
        There are more kinds than the text index can number.
    """

    def __init__(self, conn: Connection, kind: str, cache: ChunkCache) -> None:
        super().__init__(conn, kind, cache)
        self._made: set[int] = set()
        if self.number < 0:
            self._add_kind()

    def require(self, role: Role, names: Iterable[str]) -> dict[str, int]:
        """Give the column ids of `names`, making those that are not there."""
        known = self.columns()
        new = [name for name in dict.fromkeys(names) if (role, name) not in known]
        if new:
            first = 1 + (self.conn.execute(select(func.max(search_column.c.id))).scalar() or 0)
            self.conn.execute(
                insert(search_column),
                [
                    {"id": first + i, "kind": self.kind, "role": int(role), "name": name}
                    for i, name in enumerate(new)
                ],
            )
            self.columns_stamp = new_stamp()
            self._columns = {
                **known,
                **{(int(role), name): first + i for i, name in enumerate(new)},
            }
            made = range(first, first + len(new))
            self._layouts.update({column_id: {} for column_id in made})
            self._made.update(made)
        return {name: self.columns()[role, name] for name in names}

    def is_new(self, column_id: int) -> bool:
        """Say whether this writer made the column, and so nothing was in it before."""
        return column_id in self._made

    def set_codes(self, column_id: int, slots: Ints, codes: AnyInts) -> None:
        """Set the codes of `slots` (ascending, distinct); 0 unsets."""
        for number, here in chunk_slices(slots, CHUNK_SLOTS):
            local = slots[here] - number * CHUNK_SLOTS
            before = self._chunk(column_id, Part.CODES, number, Codes)
            after = _with_codes(before, local, codes[here])
            self._write_codes(column_id, Part.CODES, number, after)

    def set_numbers(self, name: str, slots: Ints, values: Ints) -> None:
        """Set the numbers of `slots` (ascending, distinct) in a system column; -1 unsets."""
        column_id = self.require(Role.NUMBER, [name])[name]
        for number, here in chunk_slices(slots, CHUNK_SLOTS):
            local = slots[here] - number * CHUNK_SLOTS
            before = self._chunk(column_id, Part.NUMBERS, number, np.ndarray)
            after = _longer(before, int(local[-1]) + 1, np.int64(-1))
            after[local] = values[here]
            n_set = int(np.count_nonzero(after != -1))
            self._write(column_id, Part.NUMBERS, number, chunks.encode_numbers(after), n_set)

    def set_rows(self, column_id: int, slots: Ints, rows: Rows) -> None:
        """Replace the rows of `slots` (ascending, distinct) in a link column.

        A chunk in which no row has more than one member is kept as codes, member + 1.
        """
        lengths = np.diff(rows.offsets)
        for number, here in chunk_slices(slots, CHUNK_SLOTS):
            local = slots[here] - number * CHUNK_SLOTS
            new = part_of_rows(rows, here)
            before = self._chunk(column_id, Part.TARGETS, number, object)
            if not isinstance(before, Rows) and lengths[here].max() <= 1:
                codes = np.zeros(len(local), np.uint32)
                codes[lengths[here] == 1] = new.members + 1
                old_codes = before if isinstance(before, Codes) else None
                after = _with_codes(old_codes, local, codes)
                self._write_codes(column_id, Part.TARGETS, number, after)
            else:
                old = rows_of_codes(before) if isinstance(before, Codes) else before
                assert old is None or isinstance(old, Rows)
                merged = replace_rows(old, local, new)
                n_set = int(np.count_nonzero(np.diff(merged.offsets)))
                self._write(column_id, Part.TARGETS, number, chunks.encode_rows(merged), n_set)

    def add_code_array(self, column_id: int, part: Part, codes: Ints, values: Floats) -> None:
        """Give numbers to new codes (ascending); chunks in which all are NaN are not stored."""
        for number, here in chunk_slices(codes, CHUNK_CODES):
            local = codes[here] - number * CHUNK_CODES
            before = self._chunk(column_id, part, number, np.ndarray)
            if before is None and np.isnan(values[here]).all():
                continue
            after = _longer(before, int(local[-1]) + 1, np.float64(np.nan))
            after[local] = values[here]
            n_set = int(np.count_nonzero(~np.isnan(after)))
            self._write(column_id, part, number, chunks.encode_floats(after), n_set)

    def add_code_rows(self, column_id: int, part: Part, rows: Rows) -> None:
        """Give members to new codes, ``rows.labels`` ascending."""
        for number, here in chunk_slices(rows.labels, CHUNK_CODES):
            new = part_of_rows(rows, here)
            before = self._chunk(column_id, part, number, Rows)
            after = new if before is None else join_rows([before, new])
            self._write(column_id, part, number, chunks.encode_rows(after), len(after.labels))

    def add_words(self, words: Iterable[str]) -> None:
        """Add to the words of the kind; the last chunk is filled up first."""
        column_id = self.require(Role.WORDS, [WORDS_NAME])[WORDS_NAME]
        numbers = [number for part, number in self.layout(column_id) if part == Part.WORDS]
        number = max(numbers, default=0)
        lines = self._chunk(column_id, Part.WORDS, number, str) or "\n"
        text = "".join(f"{word}\n" for word in words)
        at = 0
        while at < len(text):
            free = max(0, CHUNK_CHARACTERS - len(lines))
            end = 1 + text.find("\n", min(at + free, len(text) - 1))
            lines += text[at:end]
            self._write(column_id, Part.WORDS, number, chunks.encode_words(lines), 0)
            number, lines, at = number + 1, "\n", end

    def grow(self, n_slots: int) -> None:
        """Make room for `n_slots` slots; never shrinks."""
        self.n_slots = max(self.n_slots, n_slots)

    def finish(self) -> None:
        """Stamp the kind, so that readers see what changed."""
        self.stamp = new_stamp()
        self._layouts.clear()
        stamps = {"stamp": self.stamp, "columns_stamp": self.columns_stamp}
        self.conn.execute(_change_kind, {"of_kind": self.kind, "n_slots": self.n_slots, **stamps})

    def _add_kind(self) -> None:
        number = self.conn.execute(select(func.max(search_kind.c.number))).scalar()
        self.number = 0 if number is None else number + 1
        if self.number >= 64:
            raise StoreError(f"search index: no room for kind {self.kind!r}, 64 are there")
        self.stamp = self.columns_stamp = new_stamp()
        self.conn.execute(
            insert(search_kind).values(
                kind=self.kind,
                number=self.number,
                n_slots=0,
                stamp=self.stamp,
                columns_stamp=self.columns_stamp,
            )
        )

    def _chunk(self, column_id: int, part: Part, number: int, kind: type[_Part]) -> _Part | None:
        entry = self.layout(column_id).get((part, number))
        if entry is None:
            return None
        kept = self.cache.get((column_id, int(part), number), entry.stamp, kind)
        if kept is not None:
            return kept
        return self._read_chunks(column_id, part, [number], kind)[number]

    def _write_codes(self, column_id: int, part: Part, number: int, codes: AnyInts) -> None:
        n_set, top = int(np.count_nonzero(codes)), int(codes.max(initial=0))
        self._write(column_id, part, number, chunks.encode_codes(codes), n_set, top)

    def _write(
        self,
        column_id: int,
        part: Part,
        number: int,
        encoded: tuple[str, bytes],
        n_set: int,
        top: int = 0,
    ) -> None:
        form, data = encoded
        stamp = new_stamp()
        values = {"stamp": stamp, "form": form, "n_set": n_set, "top": top, "data": data}
        layout = dict(self.layout(column_id))
        if (part, number) in layout:
            place = {"of_column": column_id, "of_part": int(part), "of_number": number}
            self.conn.execute(_change_chunk, {**place, **values})
        else:
            place = {"column_id": column_id, "part": int(part), "number": number}
            self.conn.execute(insert(search_part), {**place, **values})
        layout[int(part), number] = Entry(stamp, n_set, top)
        self._layouts[column_id] = layout
        chunk = chunks.decode(form, data)
        self.cache.put((column_id, int(part), number), stamp, chunk, chunks.n_bytes(chunk))


def new_stamp() -> int:
    """Draw a stamp; 63 random bits do not repeat in the life of a store."""
    return secrets.randbits(63)


def chunk_slices(places: AnyInts, size: int) -> list[tuple[int, slice]]:
    """Cut ascending `places` by chunk: (chunk number, slice of `places`)."""
    if not len(places):
        return []
    numbers = places // size
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    stops = np.append(starts[1:], len(places))
    return [
        (int(numbers[start]), slice(int(start), int(stop)))
        for start, stop in zip(starts, stops, strict=True)
    ]


def _with_codes(before: Codes | None, slots: Ints, codes: AnyInts) -> AnyInts:
    n_before = 0 if before is None else chunks.n_slots_used(before)
    n_slots = max(n_before, int(slots[-1]) + 1)
    after = np.zeros(n_slots, np.uint32) if before is None else chunks.to_dense(before, n_slots)
    after[slots] = codes
    return after


def _longer(before: NDArray[_Scalar] | None, length: int, fill: _Scalar) -> NDArray[_Scalar]:
    n_before = 0 if before is None else len(before)
    after = np.full(max(n_before, length), fill)
    if before is not None:
        after[:n_before] = before
    return after
