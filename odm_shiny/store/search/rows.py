"""Arithmetic on rows of different length; pure functions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from odm_shiny.store.search import chunks
from odm_shiny.store.search.chunks import AnyInts, Bools, Codes, Ints, Rows

NO_LABELS: Ints = np.empty(0, np.int64)


def make_rows(lists: Sequence[Sequence[int]], labels: AnyInts = NO_LABELS) -> Rows:
    """Lay lists of integers behind each other."""
    offsets = np.zeros(len(lists) + 1, np.int64)
    np.cumsum([len(one) for one in lists], out=offsets[1:])
    members = np.fromiter((member for one in lists for member in one), np.int64, int(offsets[-1]))
    return Rows(offsets, members, labels)


def rows_of_codes(codes: Codes) -> Rows:
    """Make rows of no or one member from codes, member = code - 1."""
    dense = chunks.to_dense(codes, chunks.n_slots_used(codes))
    is_set = dense != 0
    offsets = np.concatenate([[0], np.cumsum(is_set)]).astype(np.int64)
    return Rows(offsets, dense[is_set].astype(np.int64) - 1, NO_LABELS)


def part_of_rows(rows: Rows, here: slice) -> Rows:
    """Give consecutive rows, with offsets from 0."""
    offsets = rows.offsets[here.start : here.stop + 1]
    members = rows.members[offsets[0] : offsets[-1]]
    return Rows(offsets - offsets[0], members, rows.labels[here])


def join_rows(parts: Sequence[Rows]) -> Rows:
    """Put rows behind each other."""
    lengths = np.concatenate([np.diff(part.offsets) for part in parts])
    return Rows(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.concatenate([part.members for part in parts]).astype(np.int64),
        np.concatenate([part.labels for part in parts]).astype(np.int64),
    )


def replace_rows(before: Rows | None, places: Ints, new: Rows) -> Rows:
    """Replace the rows at `places` (ascending, distinct); rows that were not there are empty."""
    n_before = 0 if before is None else len(before.offsets) - 1
    lengths = np.zeros(max(n_before, int(places[-1]) + 1), np.int64)
    owners, members = np.repeat(places, np.diff(new.offsets)), new.members
    if before is not None:
        lengths[:n_before] = np.diff(before.offsets)
        old_owners = np.repeat(np.arange(n_before), np.diff(before.offsets))
        is_kept = ~np.isin(old_owners, places)
        owners = np.concatenate([old_owners[is_kept], owners])
        members = np.concatenate([before.members[is_kept], members])
    lengths[places] = np.diff(new.offsets)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Rows(offsets, members[np.argsort(owners, kind="stable")], NO_LABELS)


def any_member(table: Bools, rows: Rows) -> Bools:
    """Say of every row whether ``table[member]`` is true for one of its members."""
    hits = np.concatenate([[0], np.cumsum(table[rows.members])])
    found: Bools = hits[rows.offsets[1:]] > hits[rows.offsets[:-1]]
    return found


def take_rows(rows: Rows, places: AnyInts) -> Rows:
    """Give the rows at `places`, in that order; places beyond the last row are empty."""
    n_rows = len(rows.offsets) - 1
    inside = np.minimum(places, max(n_rows - 1, 0))
    starts = rows.offsets[inside].astype(np.int64)
    lengths = np.where(places < n_rows, rows.offsets[inside + (n_rows > 0)] - starts, 0)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    shift = np.repeat(starts - offsets[:-1], lengths)
    return Rows(offsets, rows.members[np.arange(offsets[-1]) + shift], NO_LABELS)
