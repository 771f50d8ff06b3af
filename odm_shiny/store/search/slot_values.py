"""The values of chosen objects, as texts."""

from __future__ import annotations

import numpy as np

from odm_shiny.store.search.chunks import Ints
from odm_shiny.store.search.code_tables import CodeTables
from odm_shiny.store.search.rows import take_rows


def texts_at(tables: CodeTables, slots: Ints) -> list[tuple[str, ...]]:
    """Give the texts of an attribute for each of `slots`, in that order; empty = unset."""
    if tables.column_id is None or not len(slots):
        return [()] * len(slots)
    codes, places = np.unique(
        tables.reader.codes_at(tables.column_id, slots).astype(np.int64), return_inverse=True
    )
    of_codes = texts_of(tables, codes)
    return [of_codes[place] for place in places.tolist()]


def texts_of(tables: CodeTables, codes: Ints) -> list[tuple[str, ...]]:
    """Give the texts that each of `codes` stands for (ascending, distinct); 0 has none."""
    members = _members(tables, codes)
    scalars = {code for one in members.values() for code in one} | set(codes.tolist())
    texts = tables.texts(np.array(sorted(scalars), np.int64))
    if not members and len(texts) == len(codes):
        return [(text,) for text in map(texts.__getitem__, codes.tolist())]
    return [
        tuple(texts[code] for code in members.get(one, (one,) if one else ()))
        for one in codes.tolist()
    ]


def _members(tables: CodeTables, codes: Ints) -> dict[int, list[int]]:
    """Give the members of those of `codes` that stand for lists."""
    if tables.lists is None:
        return {}
    places = np.flatnonzero(np.isin(tables.lists.labels, codes))
    lists = take_rows(tables.lists, places)
    parts = np.split(lists.members, lists.offsets[1:-1])
    labels = tables.lists.labels[places].tolist()
    return {label: part.tolist() for label, part in zip(labels, parts, strict=False)}
