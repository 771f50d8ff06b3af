"""Links between objects of two kinds as columns of the source, and joins over them.

A chunk in which every source has at most one target is kept as codes (target slot + 1), else as
rows of target slots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from odm_shiny.store.search import chunks
from odm_shiny.store.search.chunks import AnyInts, Bools, Codes, Ints, Rows, SparseCodes
from odm_shiny.store.search.column_writer import ColumnWriter
from odm_shiny.store.search.columns import ColumnReader
from odm_shiny.store.search.masks import look_up
from odm_shiny.store.search.rows import any_member, join_rows, make_rows, rows_of_codes, take_rows
from odm_shiny.store.search_schema import CHUNK_SLOTS, Part, Role


def write_links(writer: ColumnWriter, target_kind: str, links: Mapping[int, Sequence[int]]) -> None:
    """Replace all targets of the given sources: slot -> slots, without repeats."""
    column_id = writer.require(Role.LINK, [target_kind])[target_kind]
    slots = np.array(sorted(links), np.int64)
    lists = [list(dict.fromkeys(links[slot])) for slot in slots.tolist()]
    writer.set_rows(column_id, slots, make_rows(lists))
    writer.grow(int(slots[-1]) + 1)


def sources_of(reader: ColumnReader, target_kind: str, target_mask: Bools) -> Bools:
    """Find the sources that have a target in `target_mask`: (n_slots,)."""
    mask = np.zeros(reader.n_slots, np.bool_)
    codes: dict[int, Codes] = {}
    for number, chunk in _chunks(reader, target_kind).items():
        if isinstance(chunk, Codes):
            codes[number] = chunk
        else:
            start = number * CHUNK_SLOTS
            n_targets = int(chunk.members.max(initial=-1)) + 1
            wanted = _padded(target_mask, n_targets)
            mask[start : start + len(chunk.offsets) - 1] = any_member(wanted, chunk)
    if codes:
        layout = reader.layout(reader.columns()[Role.LINK, target_kind])
        top = max(entry.top for entry in layout.values())
        mask |= look_up(codes, np.concatenate([[False], _padded(target_mask, top)]), len(mask))
    return mask


def targets_of(reader: ColumnReader, target_kind: str, source_mask: Bools, n_targets: int) -> Bools:
    """Find the targets of the sources in `source_mask`: (n_targets,)."""
    mask = np.zeros(n_targets + 1, np.bool_)
    for number, chunk in _chunks(reader, target_kind).items():
        start = number * CHUNK_SLOTS
        found = _linked(chunk, source_mask[start : start + CHUNK_SLOTS])
        mask[found[found <= n_targets]] = True
    return mask[1:]


def targets_by_source(reader: ColumnReader, target_kind: str, slots: Ints) -> Rows:
    """Give the targets of each of `slots`, in that order."""
    found = _chunks(reader, target_kind)
    parts = []
    for place, slot_range in _runs(slots):
        chunk = found.get(place)
        rows = rows_of_codes(chunk) if isinstance(chunk, Codes) else chunk
        parts.append(take_rows(rows or make_rows([]), slot_range - place * CHUNK_SLOTS))
    return join_rows(parts) if parts else make_rows([])


def _chunks(reader: ColumnReader, target_kind: str) -> dict[int, Codes | Rows]:
    column_id = reader.column(Role.LINK, target_kind)
    if column_id is None:
        return {}
    found = reader.read(column_id, Part.TARGETS, object)
    return {number: one for number, one in found.items() if isinstance(one, Codes | Rows)}


def _linked(chunk: Codes | Rows, chosen: Bools) -> AnyInts:
    """Give target slot + 1 of the chosen sources of a chunk, 0 for none."""
    if isinstance(chunk, SparseCodes):
        return chunk.codes[chosen[chunk.slots]]
    if isinstance(chunk, Codes):
        dense = chunks.as_dense(chunk)
        return dense[chosen[: len(dense)]]
    return take_rows(chunk, np.flatnonzero(chosen[: len(chunk.offsets) - 1])).members + 1


def _padded(mask: Bools, length: int) -> Bools:
    if len(mask) >= length:
        return mask[:length] if length else mask
    return np.concatenate([mask, np.zeros(length - len(mask), np.bool_)])


def _runs(slots: Ints) -> list[tuple[int, Ints]]:
    """Cut `slots`, in any order, where the chunk changes."""
    if not len(slots):
        return []
    numbers = slots // CHUNK_SLOTS
    cuts = np.flatnonzero(np.diff(numbers)) + 1
    return [(int(part[0]) // CHUNK_SLOTS, part) for part in np.split(slots, cuts)]
