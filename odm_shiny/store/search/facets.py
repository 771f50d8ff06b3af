"""How often each value of an attribute occurs among chosen objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from odm_shiny.store.search import chunks
from odm_shiny.store.search.chunks import Bools, Codes, Ints, SparseCodes
from odm_shiny.store.search.code_tables import CodeTables
from odm_shiny.store.search.rows import take_rows
from odm_shiny.store.search.value_codes import first_in_order
from odm_shiny.store.search_schema import CHUNK_SLOTS

_MANY: Final = 20_000


@dataclass(frozen=True, slots=True)
class Facet:
    """Counts of one attribute.

    Attributes
    ----------
    values
        (text, number of objects), most frequent first, then by text; the first `limit` of them.
    n_values
        Number of distinct values.
    n_unset
        Number of chosen objects without a value.
    """

    values: list[tuple[str, int]]
    n_values: int
    n_unset: int


def count_values(tables: CodeTables, mask: Bools, limit: int | None) -> Facet:
    """Count the values of one attribute among the objects of `mask`.

    Parameters
    ----------
    mask
        (n_slots,) objects that are there; an object with several values counts once for each
        distinct one.
    limit
        How many values to name; ``None`` for all.
    """
    n_chosen = int(np.count_nonzero(mask))
    counts = _count_codes(tables, mask, is_all=n_chosen == len(mask))
    n_set = int(counts.sum())
    _share_lists(tables, counts)
    present = np.flatnonzero(counts)
    chosen = _most_frequent(tables, counts, present, limit)
    return Facet(chosen, len(present), n_chosen - n_set)


def _count_codes(tables: CodeTables, mask: Bools, *, is_all: bool) -> Ints:
    counts = np.zeros(tables.n_codes + 1, np.int64)
    for number, codes in tables.chunks().items():
        start = number * CHUNK_SLOTS
        chosen = _chosen_codes(codes, mask[start : start + CHUNK_SLOTS], is_all=is_all)
        found = np.bincount(chosen)
        counts[: len(found)] += found
    counts[0] = 0
    return counts


def _chosen_codes(codes: Codes, mask: Bools, *, is_all: bool) -> chunks.AnyInts:
    if isinstance(codes, SparseCodes):
        return codes.codes[mask[codes.slots]]
    dense = chunks.as_dense(codes)
    return dense if is_all else dense[mask[: len(dense)]]


def _share_lists(tables: CodeTables, counts: Ints) -> None:
    """Count a list's objects for each of its distinct members, and no more for the list."""
    if tables.lists is None:
        return
    labels = tables.lists.labels
    used = np.flatnonzero(counts[labels])
    if not len(used):
        return
    lists = take_rows(tables.lists, used)
    owner = np.repeat(np.arange(len(used)), np.diff(lists.offsets))
    pairs = np.unique(np.stack([owner, lists.members], axis=1), axis=0)
    np.add.at(counts, pairs[:, 1], counts[labels[used]][pairs[:, 0]])
    counts[labels] = 0


def _most_frequent(
    tables: CodeTables, counts: Ints, present: Ints, limit: int | None
) -> list[tuple[str, int]]:
    if tables.column_id is None or not len(present) or limit == 0:
        return []
    if limit is None or len(present) <= limit:
        return _sorted(tables.texts(present), counts)
    least = int(np.partition(counts[present], len(present) - limit)[len(present) - limit])
    above = present[counts[present] > least]
    tied = present[counts[present] == least]
    found = _sorted(tables.texts(above), counts)
    n_missing = limit - len(above)
    if len(tied) > _MANY:
        texts = dict(first_in_order(tables.reader.conn, tables.column_id, tied, n_missing))
    else:
        texts = tables.texts(tied)
    return found + _sorted(texts, counts)[:n_missing]


def _sorted(texts: dict[int, str], counts: Ints) -> list[tuple[str, int]]:
    found = [(text, int(counts[code])) for code, text in texts.items()]
    return sorted(found, key=lambda one: (-one[1], one[0]))
